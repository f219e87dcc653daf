"""How tenants end: asked for, approved or declined, emptied, gone. Source: concepts.md 3 and 23, api.md 3.11.

Each step happens whole in one transaction: of a request, or of the end of the run that destroyed the last building block.
"""

from dataclasses import replace
from uuid import UUID

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.kit.usage import Above
from blockyard.server.landing_zones.model import LandingZone
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.tenants.model import MAX_COMMENT_LENGTH, Tenant, TenantId
from blockyard.server.tenants.service.access import (
    DELETE,
    is_administrator,
    require_decide,
    require_known,
    require_purge,
)
from blockyard.server.tenants.service.news import News
from blockyard.server.tenants.service.ports import TenantBlocks
from blockyard.server.tenants.service.related import TenantRelations
from blockyard.server.tenants.store import TenantStore


class Ending:
    """Ends the life of tenants."""

    def __init__(
        self,
        basics: Basics,
        *,
        blocks: Above[TenantBlocks],
        landing_zones: LandingZoneService,
        relations: TenantRelations,
        news: News,
    ) -> None:
        self._clock = basics.clock
        self._blocks = blocks
        self._landing_zones = landing_zones
        self._relations = relations
        self._news = news

    def delete(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        """Ask for the deletion of a tenant; where nobody has to approve it, it begins.

        Asking again changes nothing, but destroys again what could not be destroyed, and is the approval of an administrator.
        """
        tenant = self._held(tx, principal, tenant_id)
        principal.require(DELETE, workspace=tenant.workspace)
        if tenant.deleted_at is not None:
            return tenant
        if tenant.is_leaving:
            self._blocks().remove(tx, tenant, principal.author, again=True)
            return self._now(tx, tenant)
        blocks = self._blocks()
        blocks.refuse_added(tx, tenant)
        blocks.refuse_running(tx, tenant)
        was_active = tenant.is_active
        if was_active:
            tenant = TenantStore(tx).save(tenant.marked(principal.author, self._clock()))
            self._news.tell(tx, principal.author, tenant, "Deletion Request Submitted", EventType.REQUESTED)
        zone, is_admin = self._zone_of(tx, tenant), is_administrator(principal)
        if is_admin or (zone is not None and zone.automate_deletion_approval):
            return self._approved(tx, principal.author, tenant, zone, confirms=is_admin)
        if was_active:
            blocks.people_changed(tx, tenant)
        return self._now(tx, tenant)

    def approve(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        """Approve that a tenant is deleted; doing it again changes nothing. Raises NotFound, Denied, Conflict."""
        tenant = self._held(tx, principal, tenant_id)
        require_decide(principal, tenant)
        if tenant.approved_at is not None or tenant.deleted_at is not None:
            return tenant
        self._require_asked(tenant)
        self._blocks().refuse_added(tx, tenant)
        return self._approved(tx, principal.author, tenant, self._zone_of(tx, tenant))

    def decline(self, tx: Transaction, principal: Principal, tenant_id: UUID, comment: str) -> Tenant:
        """Decline that a tenant is deleted: it can be used again. Raises NotFound, Denied, Invalid, Conflict."""
        tenant = self._held(tx, principal, tenant_id)
        require_decide(principal, tenant)
        if not comment.strip() or len(comment) > MAX_COMMENT_LENGTH:
            raise Invalid(
                f"a comment has 1 to {MAX_COMMENT_LENGTH} characters",
                code="BadComment",
                field="/comment",
                remedy="Say in a sentence why the tenant stays.",
            )
        self._require_asked(tenant)
        if tenant.approved_at is not None:
            raise Conflict(
                f"the deletion of tenant '{tenant.name}' is approved and cannot be stopped",
                code="DeletionApproved",
                remedy="Make a new tenant once this one is gone.",
            )
        declined = TenantStore(tx).save(tenant.declined(comment))
        self._news.tell(
            tx, principal.author, declined, "Deletion Request Rejected", EventType.REJECTED, comment=comment
        )
        self._blocks().people_changed(tx, declined)
        return self._now(tx, declined)

    def confirm(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        """Say that a tenant which nothing destroys is gone from the platform. Raises NotFound, Denied, Conflict."""
        tenant = self._held(tx, principal, tenant_id)
        require_decide(principal, tenant)
        if tenant.deleted_at is not None:
            return tenant
        if not tenant.is_leaving:
            raise Conflict(
                f"the deletion of tenant '{tenant.name}' is not approved",
                code="DeletionNotApproved",
                remedy="Approve it first.",
            )
        if tenant.by_hand:
            tenant = TenantStore(tx).save(replace(tenant, by_hand=False))
        self._blocks().remove(tx, tenant, principal.author)
        return self._now(tx, tenant)

    def purge(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        """Forget a tenant with its building blocks, and leave the platform as it is; doing it again changes nothing.

        Raises NotFound, Denied, Conflict (people have added building blocks).
        """
        tenant = self._held(tx, principal, tenant_id)
        require_purge(principal, tenant)
        if tenant.deleted_at is not None:
            return tenant
        return self.purged(tx, tenant, principal.author)

    # For other services: no principal is asked

    def purged(self, tx: Transaction, tenant: Tenant, author: Author) -> Tenant:
        """Do what `purge` does with a tenant that is held."""
        blocks = self._blocks()
        blocks.refuse_added(tx, tenant)
        gone = TenantStore(tx).save(
            tenant.deleted(self._clock())
        )  # first: the end of a building block does nothing more
        self._relations.gone(tx, gone)
        blocks.forget(tx, gone, author)
        self._news.tell(tx, author, gone, "Purged", EventType.DELETED)
        return gone

    def emptied(self, tx: Transaction, tenant: Tenant, author: Author) -> None:
        """A tenant that is leaving has no building block any more: it is gone, unless somebody has to confirm that."""
        if tenant.by_hand or tenant.deleted_at is not None:
            return
        gone = TenantStore(tx).save(tenant.deleted(self._clock()))
        self._relations.gone(tx, gone)
        self._news.tell(tx, author, gone, "Deleted", EventType.DELETED)

    def _approved(
        self, tx: Transaction, author: Author, tenant: Tenant, zone: LandingZone | None, *, confirms: bool = False
    ) -> Tenant:
        """Begin the deletion; `confirms` says that `author` vouches for what no building block destroys."""
        is_automatic = confirms or (zone is not None and zone.automate_deletion_replication)
        by_hand = not (is_automatic or self._blocks().all_destroyed(tx, tenant))
        approved = TenantStore(tx).save(tenant.approved(self._clock(), by_hand=by_hand))
        self._news.tell(tx, author, approved, "Deletion Request Approved", EventType.APPROVED)
        self._blocks().remove(tx, approved, author)
        return self._now(tx, approved)

    def _zone_of(self, tx: Transaction, tenant: Tenant) -> LandingZone | None:
        return None if tenant.landing_zone is None else self._landing_zones.by_name(tx, tenant.landing_zone)

    def _held(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        """Return a tenant for a change; nobody can order a building block on it meanwhile."""
        tenants = TenantStore(tx)
        key = TenantId(tenant_id)
        return require_known(principal, tenants.hold(key) or tenants.get(key), tenant_id)

    def _now(self, tx: Transaction, tenant: Tenant) -> Tenant:
        """Return a tenant as it is after what was done to its building blocks."""
        return TenantStore(tx).get(tenant.id) or tenant

    def _require_asked(self, tenant: Tenant) -> None:
        if tenant.marked_at is None or tenant.deleted_at is not None:
            raise Conflict(
                f"nobody has asked to delete tenant '{tenant.name}'",
                code="NoDeletionRequest",
                remedy="Delete it first.",
            )
