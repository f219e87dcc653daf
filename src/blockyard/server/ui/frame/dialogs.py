"""Questions that come before something which cannot be taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question: a dialog of the page where the act is offered, and a page of its own where no script opens that.

    Attributes:
        id: of the dialog; one page may have several.
        act: what the page of the question is called, such as "Delete a building block".
        text: what happens, and what stays.
        action: where the form goes.
        fields: what it carries.
        yes, icon: the button that does it.
        no, back: the button that does not, and where it leads.
    """

    id: str
    act: str
    title: str
    text: str
    action: str
    yes: str
    icon: str
    back: str
    no: str = "Cancel"
    fields: Mapping[str, str] = field(default_factory=dict)
