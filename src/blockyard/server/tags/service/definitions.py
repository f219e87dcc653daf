"""Use cases of tag definitions. Source: api.md 3.7, concepts.md 20, 23."""

from collections.abc import Mapping
from dataclasses import replace

from blockyard.protocol.kinds import TAG_DEFINITION
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound, require_same
from blockyard.server.kit.members import changed, members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses
from blockyard.server.tags.model import (
    MAX_DEFINITIONS,
    TagDefinition,
    TagDefinitionId,
    TagSpec,
    TargetKind,
    parse_address,
)
from blockyard.server.tags.model.definition import require_address
from blockyard.server.tags.service.ports import TagHolder
from blockyard.server.tags.store import TagDefinitionStore, TagUseStore

LIST, SAVE, DELETE = "TAGDEFINITION_LIST", "TAGDEFINITION_SAVE", "TAGDEFINITION_DELETE"


class TagDefinitionService:
    """Use cases of tag definitions; only administrators have any.

    Higher features add what reads a tag to `uses`, and themselves to `holders` if they have things with tags.
    """

    def __init__(self, basics: Basics) -> None:
        self._basics = basics
        self._changes: Changes[TagDefinition] = Changes(
            basics.event_log, TAG_DEFINITION, "Tag Definition", TagSpec.document
        )
        self.uses: Uses[TagDefinition] = Uses()
        self.holders: dict[TargetKind, TagHolder] = {}

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[TagDefinition]:
        """Return one page of the tag definitions, oldest first. Raises Denied."""
        principal.require(LIST, workspace=None)
        return TagDefinitionStore(tx).page(request, owners=None)

    def get(self, tx: Transaction, principal: Principal, address: str) -> TagDefinition:
        """Return a tag definition. Raises Denied, NotFound."""
        principal.enter(LIST, _unknown(address))
        return _living(tx, address)

    def create(self, tx: Transaction, principal: Principal, name: str, spec: TagSpec) -> TagDefinition:
        """Make a tag definition; `name` came with it. Raises Denied, Invalid, Conflict (key, or too many)."""
        principal.require(SAVE, workspace=None)
        spec.check()
        require_address(spec, name)
        definitions = TagDefinitionStore(tx)
        there = definitions.living(spec.target_kind, spec.tag.casefold())
        if there is not None:
            raise Conflict(
                f"there is a tag definition '{there.key}' already",
                code="NameTaken",
                field="/spec/key",
                remedy="Choose another key; upper and lower case are alike.",
            )
        if definitions.count() >= MAX_DEFINITIONS:
            raise Conflict(
                f"there are {MAX_DEFINITIONS} tag definitions already",
                code="TooManyTagDefinitions",
                remedy="Delete one that is not needed any more.",
            )
        definition = TagDefinition(
            id=TagDefinitionId(self._basics.new_id()), created_at=self._basics.clock(), **members(spec)
        )
        return self._changes.tell(tx, principal.author, EventType.CREATED, definitions.add(definition))

    def update(self, tx: Transaction, principal: Principal, address: str, name: str, spec: TagSpec) -> TagDefinition:
        """Change a tag definition; values that stand somewhere stay. `name` came with it. Raises Denied, NotFound, Invalid."""
        principal.enter(SAVE, _unknown(address))
        before = _living(tx, address)
        require_same(
            "a tag definition",
            {
                "/spec/targetKind": (before.target_kind, spec.target_kind),
                "/spec/key": (before.tag, spec.tag),
                "/metadata/name": (before.key, name),
            },
        )
        spec.check()
        after = changed(before, spec)
        return self._changes.save(tx, principal.author, TagDefinitionStore(tx), after, before=before)

    def delete(self, tx: Transaction, principal: Principal, address: str) -> None:
        """Delete a tag definition and its values everywhere; deleting it again changes nothing.

        Raises:
            Conflict: something reads the tag.
            Denied: the principal may not.
            NotFound: there never was such a tag definition.
        """
        principal.enter(DELETE, _unknown(address))
        found = _at(tx, address)
        if found is None:
            raise _unknown(address)
        if found.deleted_at is not None:
            return
        gone = TagDefinitionStore(tx).save(replace(found, deleted_at=self._basics.clock()))  # first: uses clash with it
        self.uses.refuse_used(tx, gone, f"tag definition '{gone.key}'")
        removed = self._remove_values(tx, gone)
        self._changes.tell(tx, principal.author, EventType.DELETED, gone, also={"valuesRemoved": removed})

    # For other services: no principal is asked

    def of_kind(self, tx: Transaction, kind: TargetKind) -> Mapping[str, TagDefinition]:
        """Return the tag definitions of a kind by their keys."""
        return TagDefinitionStore(tx).of_kind(kind)

    def _remove_values(self, tx: Transaction, definition: TagDefinition) -> int:
        """Take the values of a tag from everything that has them; return from how many things."""
        uses, holder = TagUseStore(tx), self.holders.get(definition.target_kind)
        ids = uses.of(definition.target_kind, definition.tag)
        uses.remove_all(definition.target_kind, definition.tag)
        return holder.remove_tag(tx, definition.tag, ids) if holder is not None and ids else 0


def _at(tx: Transaction, address: str) -> TagDefinition | None:
    """Return what this address has, or had last; None if it never had anything."""
    parsed = parse_address(address)
    if parsed is None:
        return None
    kind, tag = parsed
    found = TagDefinitionStore(tx).at(kind, tag.casefold())
    return found if found is not None and found.tag == tag else None


def _living(tx: Transaction, address: str) -> TagDefinition:
    found = _at(tx, address)
    if found is None or found.deleted_at is not None:
        raise _unknown(address)
    return found


def _unknown(address: str) -> NotFound:
    return NotFound(
        f"there is no tag definition '{address}'", remedy="Address it as <targetKind>.<key>, such as meshProject.env."
    )
