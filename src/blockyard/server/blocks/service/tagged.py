"""Follows tags: blocks that hand tags to their module run again when their values change. Source: concepts.md 6.3."""

from collections.abc import Iterable, Mapping, Sequence

from blockyard.server.blocks.model.block import WAITING, Block, Lifecycle
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import TagOwner
from blockyard.server.kit.database import Transaction
from blockyard.server.landing_zones.model import LandingZone
from blockyard.server.payment_methods.model import PaymentMethod
from blockyard.server.projects.model import Project
from blockyard.server.runs.model import TriggerReason
from blockyard.server.tags.model import Tags
from blockyard.server.tenants.model import Tenant
from blockyard.server.tenants.service import TenantService
from blockyard.server.workspaces.model import Workspace

Read = frozenset[tuple[TagOwner, str]]
"""Whose tags, and which."""


class TagFollower:
    """Told by what has tags that they changed; asks no principal. An input whose value stays as it is runs nothing."""

    def __init__(self, *, reading: Reading, starter: RunStarter, tenants: TenantService) -> None:
        self._reading = reading
        self._starter = starter
        self._tenants = tenants

    def workspace_changed(self, tx: Transaction, before: Workspace, after: Workspace) -> None:
        """Run the blocks of a workspace again, also those on its tenants, that read what changed."""
        changed = _changed(TagOwner.WORKSPACE, before.tags, after.tags)
        if changed:
            self._run(tx, BlockStore(tx).active_anywhere_in(after.name), changed)

    def project_changed(self, tx: Transaction, before: Project, after: Project) -> None:
        """Run the blocks on tenants of a project again that read what changed; another payment method has other tags."""
        changed = _changed(TagOwner.PROJECT, before.tags, after.tags)
        old, new = before.payment_method_identifier, after.payment_method_identifier
        if old != new:
            tags = self._tenants.tags_of_payment_methods(tx, {name for name in (old, new) if name is not None})
            changed |= _changed(TagOwner.PAYMENT_METHOD, tags.get(old or "", {}), tags.get(new or "", {}))
        if changed:
            self._run_on(tx, self._tenants.in_project(tx, after.key), changed)

    def payment_method_changed(self, tx: Transaction, before: PaymentMethod, after: PaymentMethod) -> None:
        """Run the blocks on tenants again whose project is paid with a payment method, and that read what changed."""
        changed = _changed(TagOwner.PAYMENT_METHOD, before.tags, after.tags)
        if changed:
            self._run_on(tx, self._tenants.paid_with(tx, after), changed)

    def landing_zone_changed(self, tx: Transaction, before: LandingZone, after: LandingZone) -> None:
        """Run the blocks on tenants of a landing zone again that read what changed."""
        changed = _changed(TagOwner.LANDING_ZONE, before.tags, after.tags)
        if changed:
            self._run_on(tx, self._tenants.in_landing_zone(tx, after.name), changed)

    def _run_on(self, tx: Transaction, tenants: Sequence[Tenant], changed: Read) -> None:
        self._run(tx, BlockStore(tx).on_tenants([tenant.id for tenant in tenants]), changed)

    def _run(self, tx: Transaction, blocks: Sequence[Block], changed: Read) -> None:
        reader, store = self._reading(tx), BlockStore(tx)
        reader.load_versions(blocks)
        for block in store.one_by_one(blocks):
            _, version = reader.version_of(block)
            reads = {spec.tag for spec in version.inputs.values() if spec.tag is not None}
            if reads & changed and block.lifecycle is Lifecycle.ACTIVE and block.status not in WAITING:
                self._starter.rerun(tx, block, TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE)


def _changed(owner: TagOwner, before: Tags, after: Tags) -> Read:
    return frozenset(
        (owner, key) for key in before.keys() | after.keys() if _values(before, key) != _values(after, key)
    )


def _values(tags: Mapping[str, Iterable[str]], key: str) -> list[str] | None:
    values = tags.get(key)
    return None if values is None else [*values]
