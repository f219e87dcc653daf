"""What tenants need of the building blocks on them; the application passes it in."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.tenants.model import Replication, Tenant, TenantId


class TenantBlocks(Protocol):
    """The building blocks on tenants. Implemented by blocks; everything happens in the transaction that asks for it."""

    def order_mandatory(
        self,
        tx: Transaction,
        principal: Principal,
        tenant: Tenant,
        definitions: Sequence[DefinitionId],
        inputs: Mapping[DefinitionId, Mapping[str, Json]],
    ) -> None:
        """Order what the landing zone asks for on a new tenant, with these values of inputs.

        Raises Invalid: an input has neither value nor default, or a value that does not fit.
        """

    def refuse_added(self, tx: Transaction, tenant: Tenant) -> None:
        """Refuse while there are building blocks that people added, and name them. Raises Conflict."""

    def refuse_running(self, tx: Transaction, tenant: Tenant) -> None:
        """Refuse while a run of a building block on the tenant is unfinished. Raises Conflict."""

    def all_destroyed(self, tx: Transaction, tenant: Tenant) -> bool:
        """Whether a run will destroy what each of the building blocks made, and there is one."""

    def moved(self, tx: Transaction, before: Tenant, after: Tenant) -> None:
        """Let the building blocks and their runs follow a tenant to another project, and run those again that hand on its people."""

    def people_changed(self, tx: Transaction, tenant: Tenant) -> None:
        """Run those again that hand the people of the tenant to their module."""

    def remove(self, tx: Transaction, tenant: Tenant, author: Author, *, again: bool = False) -> None:
        """Destroy what the building blocks made, children first; `again` also what could not be destroyed before.

        Once none is left `TenantService.emptied` is called, at once or in the transaction of the end of the last run.
        """

    def forget(self, tx: Transaction, tenant: Tenant, author: Author) -> None:
        """Purge all building blocks, children first."""

    def replications(self, tx: Transaction, tenants: Collection[Tenant]) -> Mapping[TenantId, Replication]:
        """Return how far the building blocks of each of the tenants are."""
