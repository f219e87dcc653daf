"""What can be done with rows of a list that are selected."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.listings import MAX_TEXT, Act, Listing
from blockyard.server.ui.frame.site import Site

T = TypeVar("T")

_MOST_SELECTED = 200


def add_acts(router: APIRouter, site: Site, listing: Listing[T]) -> None:
    """Add the route of what can be done with rows that are selected: each in a transaction of its own."""
    acts = {act.name: act for act in listing.acts}

    @router.post(listing.path)
    async def act_on_rows(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        asked = listing.asked(request)
        back = listing.address(asked, page=asked.page)
        act = acts.get(form.texts.get("act", ""))
        keys = [key for key in form.texts.get("all", "").split(",") if key] or form.lists.get("chosen", [])
        keys = [key[:MAX_TEXT].replace("\0", "") for key in keys][:_MOST_SELECTED]
        if act is None or not keys:
            return site.go(back, visitor, said="Select at least one row first.")
        if act.ask is not None and "confirmed" not in form.texts:
            await site.db.read(lambda tx: listing.around(tx, visitor.principal, asked))
            return site.ask(request, visitor, _question(act, keys, back), crumbs=[(listing.title, listing.at(asked))])
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
    return act.do(tx, principal, key)


def _question(act: Act, keys: Sequence[str], action: str) -> Question:
    title, text = act.ask(len(keys)) if act.ask else (f"{act.label}?", "")
    return Question(
        id="selected",
        act=act.label,
        title=title,
        text=text,
        action=action,
        fields={"act": act.name, "all": ",".join(keys), "confirmed": "yes"},
        yes=act.label,
        icon=act.icon,
        back=action,
    )
