"""What can be done with rows of a list that are selected."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.identity.model.factors import SignInAgain
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal, Unauthenticated
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.listings import MAX_TEXT, Act, Listing
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor

T = TypeVar("T")

_MOST_SELECTED = 200
_COUNT = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def add_acts(router: APIRouter, site: Site, listing: Listing[T]) -> None:
    """Add the route of what can be done with rows that are selected."""
    acts = {act.name: act for act in listing.acts}

    @router.post(listing.path)
    async def act_on_rows(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        asked = listing.asked(request)
        back = listing.address(asked, page=asked.page)
        act = acts.get(form.texts.get("act", ""))
        chosen = _chosen(form)
        if act is None or not (chosen.keys or (chosen.every and act.begin)):
            return site.go(back, visitor, said="Select at least one row first.")
        if act.ask is not None and "confirmed" not in form.texts:
            await site.db.read(lambda tx: listing.around(tx, visitor.principal, asked))
            question = _question(act, chosen, back)
            return site.ask(request, visitor, question, crumbs=[(listing.title, listing.at(asked))])
        if act.begin is not None:
            begin, keys = act.begin, None if chosen.every else chosen.keys
            return await _begin(site, visitor, lambda tx: begin(tx, visitor.principal, keys, asked), back)
        return await _do_each(site, visitor, act, chosen.keys, back)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which rows: those with these keys, or `every` one that the list finds, so many."""

    keys: Sequence[str]
    every: int = 0

    @property
    def count(self) -> int:
        return self.every or len(self.keys)


def _chosen(form: Form) -> _Chosen:
    keys = [key for key in form.texts.get("all", "").split(",") if key] or form.lists.get("chosen", [])
    keys = [key[:MAX_TEXT].replace("\0", "") for key in keys][:_MOST_SELECTED]
    every = form.texts.get("every", "")
    return _Chosen(keys, int(every) if _COUNT.fullmatch(every) else 0)


async def _begin(site: Site, visitor: Visitor, begin: Callable[[Transaction], str], back: str) -> Response:
    """Make one job of all rows, and lead to its page."""
    return await submit(
        site.db.write(begin),
        again=site.back_to(back, visitor),
        done=lambda path: site.go(path, visitor),
        passes=(Unauthenticated, SignInAgain),
    )


async def _do_each(site: Site, visitor: Visitor, act: Act, keys: Sequence[str], back: str) -> Response:
    """Do it to each row, in a transaction of its own."""
    done, refused = 0, None
    for key in keys:
        try:
            await site.db.write(partial(_do, act=act, principal=visitor.principal, key=key))
            done += 1
        except Refusal as refusal:
            refused = refused or refusal
    said = act.done(done) if done else None
    return site.go(back, visitor, said=said, refusal=refused)


def _do(tx: Transaction, act: Act, principal: Principal, key: str) -> object:
    return act.do(tx, principal, key) if act.do is not None else None


def _question(act: Act, chosen: _Chosen, action: str) -> Question:
    title, text = act.ask(chosen.count) if act.ask else (f"{act.label}?", "")
    rows = {"every": str(chosen.every)} if chosen.every else {"all": ",".join(chosen.keys)}
    return Question(
        id="selected",
        act=act.label,
        title=title,
        text=text,
        action=action,
        fields={"act": act.name, "confirmed": "yes", **rows},
        yes=act.label,
        icon=act.icon,
        back=action,
    )
