"""The table of definitions."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    and_,
    delete,
    false,
    insert,
    or_,
    select,
)

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.definitions.model import Definition, DefinitionFilter, DefinitionId, TargetType, VersionId
from blockyard.server.definitions.model.policies import (
    ApprovalPolicies,
    ApprovalRules,
    Lifetimes,
    Schedule,
    ScheduleFrequency,
    ScheduleMode,
    TimeoutResult,
)
from blockyard.server.definitions.store.grams import note_grams
from blockyard.server.definitions.store.tags import note_tags
from blockyard.server.identity.model import Reach
from blockyard.server.kit.columns import Instant, JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.publications.model import Audience, Publication, PublicationState, Restriction

_COUNTED = ("target_type", "publication_state", "restriction", "only_in_zones", "released_version_id")
"""What decides who may order a definition: lists in the order of names count in their indexes."""

definitions = Table(
    "definitions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("sort_name", String(255), nullable=False, server_default=""),
    Column("target_type", Word(TargetType, 16), nullable=False),
    Column("spec", JsonText, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("latest_version_id", Uuid, nullable=False),
    Column("released_version_id", Uuid),
    Column("publication_state", Word(PublicationState, 16), nullable=False, server_default="UNPUBLISHED"),
    Column("restriction", Word(Restriction, 16), nullable=False, server_default="PUBLIC"),
    Column("audience", JsonText, nullable=False, server_default="[]"),
    Column("only_in_zones", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_definitions_created_at", "created_at", "id"),
    Index("ix_definitions_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_definitions_sort_name", "sort_name", "id", "workspace", *_COUNTED),
    Index("ix_definitions_workspace_sort_name", "workspace", "sort_name", "id", *_COUNTED),
)
platform_types = Table(
    "definition_platform_types",
    metadata,
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), primary_key=True),
    Column("type_name", String(255), primary_key=True),
    Index("ix_definition_platform_types_type_name", "type_name"),
)
"""Which platform types definitions for tenants support, to be found by type; older definitions may name what never was one."""

_audiences = Table(
    "definition_audiences",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_definition_audiences_definition_id", "definition_id"),
)
"""The workspaces that a restricted definition reaches, to be found by; the definition has them, too."""


def _values(definition: Definition) -> dict[str, object]:
    platforms = definition.supported_platforms
    spec: JsonObject = {
        "description": definition.description,
        "readme": definition.readme,
        "runTransparency": definition.run_transparency,
        "useInLandingZonesOnly": definition.use_in_landing_zones_only,
        "supportUrl": definition.support_url,
        "documentationUrl": definition.documentation_url,
        "notificationSubscribers": list(definition.notification_subscribers),
        "symbol": definition.symbol,
        "supportedPlatforms": None if platforms is None else list(platforms),
        "displayNameTemplate": definition.display_name_template,
        "approvalPolicies": members(definition.approval_policies),
        "schedule": members(definition.schedule),
        "approvalRules": None if definition.approval_rules is None else _stored_rules(definition.approval_rules),
    }
    if definition.lifetimes != Lifetimes():
        spec["lifetimes"] = members(definition.lifetimes)
    return {
        "id": definition.id,
        "workspace": definition.workspace,
        "display_name": definition.display_name,
        "sort_name": definition.display_name.casefold()[:255],
        "target_type": definition.target_type,
        "spec": spec,
        "tags": definition.tags,
        "latest_version_id": definition.latest_version_id,
        "released_version_id": definition.released_version_id,
        "publication_state": definition.publication.state,
        "restriction": definition.publication.audience.restriction,
        "audience": list(definition.publication.audience.workspaces),
        "only_in_zones": definition.use_in_landing_zones_only,
        "created_at": definition.created_at,
        "revision": definition.revision,
    }


def _definition(row: dict[str, Any]) -> Definition:  # Any: what the columns' types make of the row
    spec: dict[str, Any] = row.pop("spec")
    del row["sort_name"], row["only_in_zones"]
    platforms = spec["supportedPlatforms"]
    audience = Audience(restriction=row.pop("restriction"), workspaces=tuple(row.pop("audience")))
    return Definition(
        publication=Publication(state=row.pop("publication_state"), audience=audience),
        **row,
        description=spec["description"],
        readme=spec["readme"],
        run_transparency=spec["runTransparency"],
        use_in_landing_zones_only=spec["useInLandingZonesOnly"],
        support_url=spec["supportUrl"],
        documentation_url=spec["documentationUrl"],
        notification_subscribers=tuple(spec["notificationSubscribers"]),
        symbol=spec["symbol"],
        supported_platforms=None if platforms is None else tuple(platforms),
        display_name_template=spec.get("displayNameTemplate"),
        approval_policies=ApprovalPolicies(**spec.get("approvalPolicies", {})),
        schedule=_schedule(spec.get("schedule")),
        approval_rules=_rules(spec.get("approvalRules")),
        lifetimes=Lifetimes(**spec.get("lifetimes", {})),
    )


def _stored_rules(rules: ApprovalRules) -> JsonObject:
    return {**members(rules), "precious": list(rules.precious), "timeout_result": rules.timeout_result.value}


def _rules(stored: dict[str, Any] | None) -> ApprovalRules | None:  # Any: as above
    if stored is None:
        return None
    result = TimeoutResult(stored.get("timeout_result", TimeoutResult.DECLINE))
    return ApprovalRules(**{**stored, "precious": tuple(stored["precious"]), "timeout_result": result})


def _schedule(stored: dict[str, Any] | None) -> Schedule:  # Any: as above; None of definitions from before
    if stored is None:
        return Schedule()
    mode, frequency = ScheduleMode(stored["mode"]), ScheduleFrequency(stored["frequency"])
    return Schedule(mode=mode, frequency=frequency, automatic_approval=stored["automatic_approval"])


rows: Rows[Definition, DefinitionId] = Rows(
    definitions, Definition, "id", write=_values, read=_definition, remembered=True
)


class DefinitionStore(Store[Definition, DefinitionId]):
    """Reads and writes definitions; with one its versions are removed."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, rows)

    def add(self, model: Definition) -> Definition:
        """Write a new definition, which platform types it supports, whom it reaches and what it is found by."""
        added = super().add(model)
        self._note_types(added)
        self._add_audience(added)
        note_grams(self._tx, added)
        note_tags(self._tx, added)
        return added

    def save(self, model: Definition) -> Definition:
        """Write a changed definition, which platform types it supports, whom it reaches and what it is found by. Raises Stale."""
        saved = super().save(model)
        if saved.target_type is TargetType.TENANT_LEVEL:
            self._tx.execute(delete(platform_types).where(platform_types.c.definition_id == saved.id))
            self._note_types(saved)
        self._tx.execute(delete(_audiences).where(_audiences.c.definition_id == saved.id))
        self._add_audience(saved)
        note_grams(self._tx, saved)
        note_tags(self._tx, saved)
        return saved

    def reaching(self, workspace: str) -> Sequence[Definition]:
        """Return the definitions that are restricted to a workspace, and maybe to others; oldest first."""
        restricted = select(_audiences.c.definition_id).where(_audiences.c.workspace == workspace)
        return self.where(definitions.c.id.in_(restricted))

    def supporting(self, type_name: str, request: PageRequest) -> Page[Definition]:
        """Return one page of the definitions that support a platform type, oldest first."""
        columns = platform_types.c
        found = select(columns.definition_id).where(columns.type_name == type_name)
        return self.page_of(request, definitions.c.id.in_(found))

    def visible(self, reach: Reach, wanted: DefinitionFilter, request: PageRequest) -> Page[Definition]:
        """Return one page of the definitions in `reach`, oldest first, with published ones of others if wanted."""
        conditions = self.with_members({"workspace": wanted.workspace})
        if reach.owners is not None:
            own = definitions.c.workspace.in_(sorted(reach.owners))
            offered = wanted.include_published and bool(reach.owners)
            conditions.append(or_(own, offered_to(reach.owners)) if offered else own)
        return self.page_of(request, *conditions)

    def names(self, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, str]:
        """Return the display names of these definitions, and read nothing else."""
        if not definition_ids:
            return {}
        columns = definitions.c
        found = self._tx.execute(select(columns.id, columns.display_name).where(columns.id.in_(set(definition_ids))))
        return {DefinitionId(row.id): row.display_name for row in found}

    def with_latest(self, version_ids: Sequence[VersionId]) -> Sequence[Definition]:
        """Return the definitions whose latest version is one of `version_ids`."""
        return self.where(definitions.c.latest_version_id.in_(version_ids))

    def with_released(self, version_ids: Sequence[VersionId]) -> Sequence[Definition]:
        """Return the definitions whose latest released version is one of `version_ids`."""
        return self.where(definitions.c.released_version_id.in_(version_ids))

    def _note_types(self, definition: Definition) -> None:
        names = sorted(set(definition.supported_platforms or ()))
        if names:
            found = [{"definition_id": definition.id, "type_name": name} for name in names]
            self._tx.execute(insert(platform_types), found)

    def _add_audience(self, definition: Definition) -> None:
        reached: list[dict[str, object]] = [
            {"workspace": workspace, "definition_id": definition.id}
            for workspace in sorted(set(definition.publication.audience.workspaces))
        ]
        if reached:
            self._tx.execute(insert(_audiences), reached)


def offered_to(workspaces: Collection[str]) -> ColumnElement[bool]:
    """Return that a definition is released, published and reaches one of these workspaces."""
    columns = definitions.c
    restricted = select(_audiences.c.definition_id).where(_audiences.c.workspace.in_(sorted(workspaces)))
    reaches = or_(
        columns.restriction == Restriction.PUBLIC,
        and_(columns.restriction == Restriction.RESTRICTED, columns.id.in_(restricted)),
    )
    return and_(
        columns.released_version_id.is_not(None), columns.publication_state == PublicationState.PUBLISHED, reaches
    )
