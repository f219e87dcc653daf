"""What two tabs have made of one draft."""

from collections.abc import Mapping, Sequence

from blockyard.server.order_drafts.model import DraftContent, Typed

_LONGEST = 200


def differences(mine: DraftContent, theirs: DraftContent, labels: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
    """Return the fields, as people call them, that hold something else, with how both begin; fields without a label are left out."""
    found = []
    for name, label in labels.items():
        one, other = mine.fields.get(name, ""), theirs.fields.get(name, "")
        if _text(one) != _text(other):
            found.append((label, _text(one)[:_LONGEST], _text(other)[:_LONGEST]))
    return found


def _text(typed: Typed) -> str:
    return typed.replace("\r\n", "\n") if isinstance(typed, str) else ", ".join(typed)
