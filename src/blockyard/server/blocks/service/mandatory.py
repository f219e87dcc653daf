"""What a landing zone asks for on a new tenant. Source: concepts.md 3 and 4, api.md 3.11 (creation)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.model.block import Block, Parent
from blockyard.server.blocks.model.inputs import SentInput, missing_inputs
from blockyard.server.blocks.service.ordering import NewBlock, Ordering, Site
from blockyard.server.blocks.service.parents import check_parents
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import AssignmentType, Definition, DefinitionId, Version
from blockyard.server.definitions.model.hiding import with_defaults
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.tenants.model import Tenant

FIELD = "/spec/landingZoneRef"
INPUTS_FIELD = "/spec/buildingBlockInputs"

_OF_ORDERS = "/spec/inputs/"
"""How refusals of an order point at inputs."""

Inputs = Mapping[DefinitionId, Mapping[str, Json]]
"""Values of inputs by definition and key."""


class Mandatory:
    """Orders the building blocks of landing zones."""

    def __init__(self, *, definitions: DefinitionService, ordering: Ordering, reading: Reading) -> None:
        self._definitions = definitions
        self._ordering = ordering
        self._reading = reading

    def order(
        self,
        tx: Transaction,
        principal: Principal,
        tenant: Tenant,
        definitions: Sequence[DefinitionId],
        inputs: Inputs,
    ) -> None:
        """Order one block of each definition, those that others need first, with the values that were sent.

        Each gets the latest released version; where nothing is released, tenants of the definition's own workspace get the draft
        and others no block.

        Raises:
            Invalid: somebody would have to fill in an input, a value does not fit or is of no block that is made, or a building
                block is needed that is not there.
            Denied: an input that only the platform team fills in.
        """
        wanted = {
            definition.id: (definition, version)
            for definition_id in definitions
            for definition, version in self._definitions.usable(tx, definition_id, tenant.workspace)
        }
        for definition_id in inputs.keys() - wanted.keys():
            raise _not_made(tenant, definition_id)
        self._refuse_gaps(tx, tenant, [*wanted.values()], inputs)
        made: dict[DefinitionId, Block] = {}
        for definition, version in _in_order(wanted):
            parents = check_parents(
                tx,
                version,
                tenant.workspace,
                [self._parent(tx, tenant, made, needed).block_id for needed in version.dependencies],
                tenant_id=tenant.id,
            )
            sent = {key: SentInput(value) for key, value in inputs.get(definition.id, {}).items()}
            new = NewBlock(definition, version, Site(tenant.workspace, tenant), parents=parents, inputs=sent)
            with _pointing_at(definition.id):
                made[definition.id] = self._ordering.add(tx, principal, new, of_landing_zone=True)

    def _refuse_gaps(
        self, tx: Transaction, tenant: Tenant, wanted: Sequence[tuple[Definition, Version]], inputs: Inputs
    ) -> None:
        gaps = [
            f"'{version.inputs[key].label}' of '{definition.display_name}'"
            for definition, version in wanted
            for key in self._missing(tx, version, inputs.get(definition.id, {}))
        ]
        if gaps:
            raise Invalid(
                f"landing zone '{tenant.landing_zone}' has building blocks with inputs that have no default: "
                + ", ".join(gaps),
                code="InputsNeeded",
                field=FIELD,
                remedy="Send them as spec.buildingBlockInputs.<id of the definition>.<key>.value, or choose another landing zone.",
            )

    def _missing(self, tx: Transaction, version: Version, sent: Mapping[str, Json]) -> Iterator[str]:
        """Yield the keys of the inputs that the orderer would have to fill in; what was sent is checked later."""
        opens = self._reading(tx).runner_key(version).opens
        given = {key: value for key, value in sent.items() if key in version.inputs and value is not None}
        for key in sorted(missing_inputs(version.inputs, with_defaults(version.inputs, given), opens) - given.keys()):
            if version.inputs[key].assignment_type is AssignmentType.USER_INPUT:
                yield key

    def _parent(
        self, tx: Transaction, tenant: Tenant, made: Mapping[DefinitionId, Block], needed: DefinitionId
    ) -> Parent:
        """Return the block of a definition that another one needs: of the same tenant, or the only one of the workspace."""
        if needed in made:
            return Parent(made[needed].id, needed)
        found = BlockStore(tx).active_of(needed, tenant.workspace)
        if len(found) == 1:
            return Parent(found[0].id, needed)
        name = self._definitions.definition(tx, needed).display_name
        raise Invalid(
            f"landing zone '{tenant.landing_zone}' needs a building block of '{name}' in workspace '{tenant.workspace}', and there "
            + ("is none" if not found else f"are {len(found)}"),
            code="ParentMissing",
            field=FIELD,
            remedy=f"See to it that the workspace has one building block of '{name}'.",
        )


@contextmanager
def _pointing_at(definition: DefinitionId) -> Iterator[None]:
    """Let refusals of an order point at the inputs of a definition in the request for a tenant."""
    try:
        yield
    except Refusal as refusal:
        if refusal.field is not None and refusal.field.startswith(_OF_ORDERS):
            refusal.field = f"{INPUTS_FIELD}/{definition}/{refusal.field.removeprefix(_OF_ORDERS)}"
        raise


def _not_made(tenant: Tenant, definition: DefinitionId) -> Invalid:
    where = "no landing zone" if tenant.landing_zone is None else f"landing zone '{tenant.landing_zone}'"
    return Invalid(
        f"no building block of definition '{definition}' comes with the tenant: it has {where}",
        code="NotOfLandingZone",
        field=f"{INPUTS_FIELD}/{definition}",
        remedy="Send inputs of the mandatory building blocks of the landing zone only; order others once the tenant is there.",
    )


def _in_order(
    wanted: Mapping[DefinitionId, tuple[Definition, Version]],
) -> Iterator[tuple[Definition, Version]]:
    """Yield definitions after those that they depend on."""
    edges = {key: [one for one in version.dependencies if one in wanted] for key, (_, version) in wanted.items()}
    for key in TopologicalSorter(edges).static_order():
        yield wanted[key]
