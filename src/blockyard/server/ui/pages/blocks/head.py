"""What all pages of one block have in common: how it stands, why, what to do next, and the way to its parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from blockyard.protocol.names import ImplementationType
from blockyard.server.blocks.api.feed import Cursor
from blockyard.server.blocks.model.block import WAITING, Lifecycle
from blockyard.server.blocks.model.deletion import DeletionEffect
from blockyard.server.blocks.service import BlockDetail, BlockView, LastChange
from blockyard.server.events.model import SYSTEM
from blockyard.server.home.model import Kind, Thing
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.runs.service import RunDetail
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.offers import order_path, symbol_of
from blockyard.server.ui.frame.places import Scope, place_of_block, workspace_place
from blockyard.server.ui.frame.values import output_rows
from blockyard.server.ui.pages.blocks.notes import notes, reasons

_DELETIONS = {
    DeletionEffect.DESTROYS: "A run destroys what this building block made. That cannot be undone.",
    DeletionEffect.KEEPS: "Blockyard forgets this building block. What it made is not destroyed.",
    DeletionEffect.REMOVES: "The building block is removed at once. That cannot be undone.",
}
_PURGE = (
    "Blockyard forgets this building block without a run. What it made stays where it is, and nobody here looks after it any more. "
    "That cannot be undone."
)
_MOST_CHILDREN = 5
"""So many children are named in a question."""

_MOST_LINKS = 2
"""So many outputs lead out of the head of a page; all of them stand in the overview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A block with what the head of its pages says of it; `workspace` is what people call that."""

    detail: BlockDetail
    latest: RunDetail | None
    change: LastChange
    workspace: str

    @property
    def view(self) -> BlockView:
        """The block with its definition and its version."""
        return self.detail.view

    @property
    def dry_run(self) -> Run | None:
        """The newest run if it was a dry run: what it found still holds."""
        newest = self.latest.run if self.latest is not None else None
        return newest if newest is not None and newest.id == self.view.block.latest_dry_run_id else None


class Heads:
    """Reads and says what all pages of a block have in common."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def read(self, tx: Transaction, principal: Principal, block_id: UUID) -> About:
        """Return a block with what its head says. Raises NotFound."""
        detail = self._services.blocks.detail(tx, principal, block_id)
        return self.around(tx, principal, detail)

    def around(self, tx: Transaction, principal: Principal, detail: BlockDetail) -> About:
        """Return what the head says of a block that was read already."""
        block = detail.view.block
        latest = self._services.views.detail(tx, principal, detail.runs[0].id) if detail.runs else None
        workspace = self._services.workspaces.find_all(tx, [block.workspace]).get(block.workspace)
        return About(
            detail=detail,
            latest=latest,
            change=self._services.blocks.last_changes(tx, [block])[block.id],
            workspace="" if workspace is None else workspace.display_name,
        )


def head_of(about: About, page: str | None) -> dict[str, object]:
    """Return what the templates need for the head; `page` is what the part is called, None for the overview."""
    detail, block = about.detail, about.view.block
    is_live, is_leaving = block.is_live, block.lifecycle is Lifecycle.MARKED_FOR_DELETION
    path = f"/blocks/{block.id}"
    badge = badge_of(about)
    return {
        "block": block,
        "crumbs": [("Blocks", "/blocks"), (block.name, path if page else None), *([(page, None)] if page else [])],
        "cursor": _cursor(about),
        "scope": _scope(about),
        "thing": Thing(kind=Kind.BLOCK, id=str(block.id), name=block.name, where=block.workspace),
        "definition": about.view.definition,
        "symbol_shown": symbol_of(about.view.definition),
        "latest": detail.latest.number if detail.latest is not None and is_live else None,
        "state": badge,
        "status": badge,
        "changed": _changed(about),
        "reasons": reasons(detail),
        "running": block.is_running,
        "leaving": is_leaving,
        "notes": notes(detail, about.latest, about.dry_run),
        "open_links": [row for row in output_rows(about.view) if row.value.kind == "link"][:_MOST_LINKS]
        if is_live
        else [],
        "may_run": detail.may_run and is_live and not (is_leaving and block.is_running),  # one button that deletes
        "can_run": not block.is_running and (is_leaving or block.status not in WAITING),
        "may_check": detail.may_run and block.lifecycle is Lifecycle.ACTIVE and _is_plannable(about.view),
        "may_delete": detail.may_delete and is_live,
        "order_again": f"{order_path(block.definition_id)}?from={block.id}" if detail.may_save else None,
        "deletion": deletion_question(detail),
        "tabs": tabs_of(path, detail),
    }


def _scope(about: About) -> Scope:
    block = about.view.block
    workspace = workspace_place(block.workspace, about.workspace)
    if block.tenant is None:
        return place_of_block(workspace, None)
    return place_of_block(workspace, block.tenant.project, (block.tenant.id, block.tenant.platform))


def badge_of(about: About) -> words.Badge:
    """Return how the block is."""
    return words.block_badge(about.view.block, is_yours=about.view.is_yours, dry_run=about.dry_run)


def tabs_of(path: str, detail: BlockDetail) -> list[tuple[str, str]]:
    """Return the parts of a block and their addresses."""
    parts = ["Inputs", "Runs", "Graph", "Activity", *(["Settings"] if detail.view.block.is_live else [])]
    return [("Overview", path), *((part, f"{path}/{part.lower()}") for part in parts)]


def deletion_question(detail: BlockDetail) -> Question:
    """Return what is asked before the block is deleted."""
    block = detail.view.block
    return Question(
        id="delete",
        act="Delete a building block",
        title=f"Delete {block.name}?",
        text=" ".join((*_children_first(detail), _DELETIONS[detail.deletion])),
        action=f"/blocks/{block.id}/delete",
        fields={"deletion": detail.deletion.value},
        yes="Delete",
        icon="trash-2",
        back=f"/blocks/{block.id}",
    )


def _children_first(detail: BlockDetail) -> Iterator[str]:
    """Yield what has to be done first where it would be refused."""
    names = [child.name for child in detail.children]
    if names:
        more = f" and {len(names) - _MOST_CHILDREN} more" if len(names) > _MOST_CHILDREN else ""
        yield f"First delete what depends on it: {', '.join(names[:_MOST_CHILDREN])}{more}."


def purge_question(detail: BlockDetail) -> Question:
    """Return what is asked before the block is forgotten."""
    block = detail.view.block
    return Question(
        id="purge",
        act="Forget a building block",
        title=f"Forget {block.name} and leave what it made?",
        text=_PURGE,
        action=f"/blocks/{block.id}/purge",
        yes="Forget it",
        icon="trash-2",
        back=f"/blocks/{block.id}/settings",
    )


def deletion_in_words(detail: BlockDetail) -> str:
    """Return what deleting the block now would do."""
    return _DELETIONS[detail.deletion]


@dataclass(frozen=True, slots=True)
class Changed:
    """When something was changed last, and by whom."""

    at: datetime
    by: str
    verb: str


def _changed(about: About) -> Changed:
    author = about.change.author
    by = "Blockyard" if author == SYSTEM else author.display_name
    return Changed(about.change.at, by, "Ordered" if about.change.is_order else "Changed")


def _cursor(about: About) -> Cursor:
    revision = about.view.block.revision
    return Cursor(revision) if about.latest is None else Cursor(revision, about.latest.run.id, about.latest.position)


def _is_plannable(view: BlockView) -> bool:
    return view.version.implementation_type is ImplementationType.TERRAFORM
