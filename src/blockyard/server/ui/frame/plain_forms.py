"""Forms of texts, choices and days: what they ask for, what came back, and what is wrong with it, all at once.

A refused form is kept as every draft is (`frame/drafts.py`): the page shows it again with what was typed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from fastapi import Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.errors import Refusal
from blockyard.server.ui.frame.refusals import sentence, shown
from blockyard.server.ui.frame.site import NOT_ABOUT_THE_FORM, Site, document_of
from blockyard.server.ui.frame.visitor import Visitor

T = TypeVar("T")

_LOOKS_AGAIN = frozenset({"review", "change"})

_LONGEST = 2000
"""Characters of a text that is kept for the next page."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: its word, what people read, and what it means; `off` says why it cannot be chosen now."""

    word: str
    label: str
    about: str = ""
    off: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a form asks for.

    Attributes:
        kind: `text`, `area`, `select`, `radios`, `checkboxes`, `date`, `number`, `hidden`, or `secret`, which no draft keeps.
        value, chosen: what its control holds.
        pointers: the members of a request, by JSON pointer, whose refusal is shown here.
        error: what is wrong with it.
        off: why it cannot be changed here; it is shown all the same.
    """

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    needed: bool = False
    value: str = ""
    chosen: Sequence[str] = ()
    options: Sequence[Option] = ()
    pointers: Sequence[str] = ()
    placeholder: str = ""
    longest: int = 255
    error: str = ""
    off: str = ""

    @property
    def answer(self) -> str:
        """What was filled in, in the words that people read; empty if nothing was."""
        if self.kind == "checkboxes":
            return ", ".join(option.label for option in self.options if option.word in self.chosen)
        labels = {option.word: option.label for option in self.options}
        return labels.get(self.value, "") if self.options else self.value


@dataclass(frozen=True, slots=True)
class Filled:
    """What came back from a form, by the names of what it asked for."""

    texts: Mapping[str, str] = field(repr=False)
    lists: Mapping[str, Sequence[str]] = field(repr=False)

    def day(self, name: str) -> date | None:
        """Return a day; None if none was given."""
        text = self.texts.get(name, "")
        return date.fromisoformat(text) if text else None


def filled_in(asks: Sequence[Ask], form: Form) -> tuple[Filled, dict[str, str]]:
    """Return what was filled in, and what is wrong with it, by name."""
    texts = {one.name: form.texts.get(one.name, "").replace("\0", "").replace("\r\n", "\n").strip() for one in asks}
    lists = {one.name: [text for text in form.lists.get(one.name, []) if text] for one in asks}
    errors: dict[str, str] = {}
    for one in asks:
        wrong = _wrong(one, texts[one.name], lists[one.name])
        if wrong and not one.off:
            errors[one.name] = wrong
    return Filled(texts, lists), errors


def _wrong(one: Ask, text: str, chosen: Sequence[str]) -> str:
    is_given = bool(chosen) if one.kind == "checkboxes" else bool(text)
    if not is_given:
        return "" if not one.needed else "Choose at least one." if one.kind == "checkboxes" else "This is needed."
    if one.kind == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            return "Enter a day, such as 2027-01-31."
    known = {option.word for option in one.options if not option.off}
    if one.kind in {"select", "radios"} and text not in known:
        return "Choose one of the options."
    if one.kind == "checkboxes" and not set(chosen) <= known:
        return "Choose among the options."
    return f"This has more than {one.longest} characters." if len(text) > one.longest else ""


async def send(
    site: Site,
    visitor: Visitor,
    asks: Sequence[Ask],
    form: Form,
    *,
    at: str,
    work: Callable[[Filled], Awaitable[T]],
    done: Callable[[T], Response],
) -> Response:
    """Do what a form asks for, and answer with what `done` makes of it; what is wrong is shown by the page `at`.

    `at` may have a query; refusals that are not about the form are raised. A form whose `intent` is `review` or `change` comes
    back as it is, to be looked through or to be changed once more.
    """
    filled, errors = filled_in(asks, form)
    refusal: Refusal | None = None
    intent = form.texts.get("intent", "")
    if not errors and intent not in _LOOKS_AGAIN:
        try:
            result = await work(filled)
        except NOT_ABOUT_THE_FORM:
            raise
        except Refusal as caught:
            refusal = caught
        else:
            return done(result)
    if refusal is not None and (about := _about(asks, refusal)):
        errors, refusal = {about: f"{sentence(refusal.message)} {refusal.remedy}"}, None
    response = site.go(at, visitor)
    draft = _draft(asks, filled, {} if intent == "change" else errors, refusal)
    draft["review"] = intent == "review" and not errors
    site.drafts.keep(response, at.partition("?")[0], visitor.cookie, draft)
    return response


def _about(asks: Sequence[Ask], refusal: Refusal) -> str:
    """Return what a refusal is about: the name of the first that has its pointer, or one above it."""
    for one in asks:
        if refusal.field and any((refusal.field + "/").startswith(pointer + "/") for pointer in one.pointers):
            return one.name
    return ""


def _draft(asks: Sequence[Ask], filled: Filled, errors: Mapping[str, str], refusal: Refusal | None) -> JsonObject:
    secrets = {one.name for one in asks if one.kind == "secret"}
    kept = {name: text for name, text in filled.texts.items() if text and name not in secrets}
    texts: dict[str, Json] = {name: text[:_LONGEST] for name, text in kept.items()}
    lists: dict[str, Json] = {name: [*items] for name, items in filled.lists.items() if items}
    return {"texts": texts, "lists": lists, "errors": {**errors}, "refusal": document_of(shown(refusal))}


def is_review(request: Request, site: Site, visitor: Visitor) -> bool:
    """Whether the page shows what was filled in, to be looked through before anything is done."""
    match site.drafts.read(request, visitor.cookie):
        case {"review": True}:
            return True
        case _:
            return False


def again(asks: Sequence[Ask], request: Request, site: Site, visitor: Visitor) -> list[Ask]:
    """Return what a form asks for, filled in as it was sent if it was refused."""
    match site.drafts.read(request, visitor.cookie):
        case {"texts": dict(texts), "lists": dict(lists), "errors": dict(errors)}:
            return [_again(one, texts, lists, errors) for one in asks]
        case _:
            return [*asks]


def _again(one: Ask, texts: JsonObject, lists: JsonObject, errors: JsonObject) -> Ask:
    chosen = lists.get(one.name, [])
    return replace(
        one,
        value=str(texts.get(one.name, "")) if not one.off else one.value,
        chosen=one.chosen if one.off else [str(item) for item in chosen] if isinstance(chosen, list) else [],
        error=str(errors.get(one.name, "")),
    )
