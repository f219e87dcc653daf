"""What is in the form of an order: sent by a browser, kept in a draft, or prefilled by a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.server.kit.bodies import Form, SentFile
from blockyard.server.order_drafts.model import MAX_FIELDS, DraftContent, OrderDraft, Typed
from blockyard.server.ui.frame.controls import Entry, as_sent

INPUT, WAS, PARENT = "input.", "was.", "parent."
"""Names of fields: an input, the mark of what its control held, and which block a dependency is; what follows that, `.input.…`,
is of a block that is ordered with it."""

WHERE = (
    "workspace",
    "name",
    "place",
    "tenant",
    "project_place",
    "project",
    "project_name",
    "project_display_name",
    "platform",
    "also",
)
"""Fields that say where a block shall be and what it is called."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form; `is_whole` unless only some of them were given, as by a link."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    files: Mapping[str, SentFile] = field(default_factory=dict, repr=False)
    is_whole: bool = False

    @classmethod
    def of_form(cls, form: Form) -> "Fields":
        """Return what a browser sent."""
        return cls(form.texts, form.lists, form.files, is_whole=True)

    @classmethod
    def of_draft(cls, draft: OrderDraft) -> "Fields":
        """Return what a draft keeps."""
        return cls._of(draft.fields, is_whole=any(name.startswith(WAS) for name in draft.fields))

    @classmethod
    def of_link(cls, asked: Sequence[tuple[str, str]]) -> "Fields":
        """Return what the address of the page prefills."""
        lists: dict[str, list[str]] = {}
        for name, text in asked[:MAX_FIELDS]:
            if name in WHERE or name.startswith((INPUT, PARENT)):
                lists.setdefault(name, []).append(text.replace("\0", "\ufffd"))
        return cls({name: found[-1] for name, found in lists.items()}, lists)

    @classmethod
    def _of(cls, fields: Mapping[str, Typed], *, is_whole: bool) -> "Fields":
        lists = {name: [typed] if isinstance(typed, str) else typed for name, typed in fields.items()}
        return cls({name: found[-1] for name, found in lists.items() if found}, lists, is_whole=is_whole)

    def text(self, name: str) -> str:
        """Return what a field holds, without blanks around it."""
        return self.texts.get(name, "").strip()

    def several(self, name: str) -> Sequence[str]:
        """Return everything that fields of one name hold."""
        return [text for text in dict.fromkeys(self.lists.get(name, ())) if text]

    def entry(self, prefix: str, name: str) -> Entry | None:
        """Return what was entered for an input; None if its control was not there."""
        at, was = f"{prefix}{INPUT}{name}", self.texts.get(f"{prefix}{WAS}{name}")
        if was is None and at not in self.lists and at not in self.files:
            return None
        return Entry(
            was=was or "",
            text=as_sent(self.texts.get(at, "")),
            chosen=[as_sent(item) for item in self.lists.get(at, [])],
            file=self.files.get(at),
        )

    def with_texts(self, **texts: str) -> "Fields":
        """Return these fields, where nothing is in them, with others."""
        missing = {name: text for name, text in texts.items() if name not in self.texts}
        lists = {name: [text] for name, text in missing.items()}
        return Fields({**self.texts, **missing}, {**self.lists, **lists}, self.files, is_whole=self.is_whole)

    def content(self) -> DraftContent:
        """Return what a draft keeps: everything but files; the use case leaves secrets out."""
        kept: dict[str, Typed] = {}
        for name, found in self.lists.items():
            if name in WHERE or name.startswith((INPUT, WAS, PARENT)):
                kept[name] = found[0] if len(found) == 1 else list(found)
        named = tuple(name for name, file in self.files.items() if file.content)
        return DraftContent(fields=kept, left_out=named)
