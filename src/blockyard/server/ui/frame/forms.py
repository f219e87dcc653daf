"""Fields of a form: their labels, what their controls hold, and what is wrong with what was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from blockyard.protocol.jsontypes import Json
from blockyard.server.ui.frame.values import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form.

    Attributes:
        name: of its control, without the prefix of what is sent.
        control: `lines`, `number`, `select`, `switch`, `radios` (a switch that was not set yet), `checkboxes`, `code`,
            `secret` or `file`.
        was: mark of what the control holds.
        needed: nothing works while this is empty.
        missing: it is waited for.
        kept: what is there stays unless something else is entered; the control cannot show it.
        theirs: what somebody else has made of it since the visitor opened the form.
        prefix: before the names of its controls, where a form is about several things.
        labels: what people read in place of options.
        condition: when it is asked for, as a tree; while that is false it `is_hidden`.
        has_default: an empty control does not mean that there is no value.
        schema: of JSON, what it has to be like.
        language: of code.
        offered: those of the options that are offered now, where not all are.
        sources: of options that depend on something, pairs of a tree and texts.
        defaults: that depend on something: a tree, what the control holds then, and the mark of that.
        as_of: how old the list is that a runner fetched.
    """

    key: str
    name: str
    label: str
    help: str | None
    control: str
    was: str
    text: str = field(default="", repr=False)
    options: Sequence[str] = ()
    chosen: Sequence[str] = field(default=(), repr=False)
    is_secret: bool = False
    needed: bool = False
    missing: bool = False
    kept: Shown | None = None
    error: str | None = None
    theirs: Shown | None = None
    prefix: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    condition: Json = None
    is_hidden: bool = False
    has_default: bool = False
    schema: str | None = None
    language: str | None = None
    offered: Sequence[str] | None = None
    sources: Json = None
    defaults: Json = None
    as_of: datetime | None = None
