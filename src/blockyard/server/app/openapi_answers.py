"""What answers of the API lead to: the form in which that is said, and the first object of every list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import OWN, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one answer tells of.

    Attributes:
        to: the operation and the status of the answer.
        addresses: which parameters of which addresses (and of all below them) the answer has.
        queries: parameters of single operations.
        bodies: what of the answer belongs into the bodies of which operations.
    """

    to: tuple[str, str, str]
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    queries: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    bodies: Mapping[tuple[str, str], JsonObject] = field(default_factory=dict)


def address_of(kind: Kind, parameter: str = "uuid") -> str:
    """Return the address of one object of a kind."""
    return f"{kind.collection}/{{{parameter}}}"


def first_of(kind: Kind, member: str = "metadata/uuid") -> str:
    """Return the expression for a member of the first object of a list."""
    return f"$response.body#/_embedded/{kind.plural}/0/{member}"


_OBJECTS: Mapping[Kind, tuple[str, str, tuple[str, ...]]] = {
    kinds.API_KEY: ("uuid", "uuid", ("apikeys/{uuid}",)),
    kinds.BLOCK_V2: ("uuid", "uuid", ("blocks/{uuid}", "blocks/{block_id}")),
    kinds.DEFINITION: ("uuid", "uuid", ("definitions/{uuid}",)),
    kinds.VERSION: ("uuid", "uuid", ("definitionversions/{uuid}",)),
    kinds.EVENT_LOG: ("uuid", "uuid", ()),
    kinds.INTEGRATION: ("uuid", "uuid", ()),
    kinds.LANDING_ZONE: ("name", "name", ("landingzones/{name}",)),
    kinds.LOCATION: ("name", "name", ()),
    kinds.PAYMENT_METHOD: ("name", "name", ()),
    kinds.PLATFORM: ("uuid", "uuid", ()),
    kinds.PLATFORM_TYPE: ("name", "name", ("platformtypes/{name}",)),
    kinds.POLICY: ("uuid", "uuid", ()),
    kinds.RUN: ("run_id", "uuid", ("runs/{run_id}",)),
    kinds.RUNNER: ("uuid", "uuid", ("runners/{uuid}",)),
    kinds.SERVICE_INSTANCE: ("instance_id", "instanceId", ("serviceinstances/{instance_id}",)),
    kinds.TAG_DEFINITION: ("name", "name", ()),
    kinds.TENANT: ("uuid", "uuid", ("tenants/{uuid}",)),
    kinds.WORKSPACE: ("name", "name", ("workspaces/{workspace}",)),
}
"""The parameter of the address of an object, the member of its metadata that has it, and its own addresses."""

_OWN_LISTS: Mapping[str, tuple[str, str, str]] = {
    "admin-bindings": ("/_embedded/adminBindings/0/uuid", "uuid", "admin-bindings"),
    "binding-requests": ("/_embedded/bindingRequests/0/uuid", "uuid", "binding-requests"),
    "blocks": ("/_embedded/meshBuildingBlocks/0/metadata/uuid", "uuid", "blocks"),
    "bulk-jobs": ("/_embedded/bulkJobs/0/uuid", "uuid", "bulk-jobs"),
    "groups": ("/_embedded/groups/0/name", "name", "groups"),
    "identity-providers": ("/identityProviders/0/alias", "alias", "identity-providers"),
    "me/client-sessions": ("/clientSessions/0/uuid", "uuid", "me/client-sessions"),
    "me/identities": ("/identities/0/provider", "alias", "me/identities"),
    "me/sessions": ("/sessions/0/uuid", "uuid", "me/sessions"),
    "me/sign-in-methods": ("/passkeys/0/uuid", "uuid", "me/passkeys"),
    "order-drafts": ("/_embedded/orderDrafts/0/uuid", "uuid", "order-drafts"),
    "project-roles": ("/_embedded/projectRoles/0/name", "name", "project-roles"),
    "publications": ("/_embedded/publications/0/uuid", "uuid", "publications"),
    "runs": ("/_embedded/meshBuildingBlockRuns/0/metadata/uuid", "run_id", "runs"),
    "tenants": ("/_embedded/meshTenants/0/metadata/uuid", "uuid", "tenants"),
    "users": ("/_embedded/users/0/uuid", "uuid", "users"),
}
"""Lists of Blockyard's own interface: where the first one's name stands, its parameter, and below which address it is."""


def of_lists() -> Iterator[Answer]:
    """Yield what each list leads to: the first object in it."""
    for kind, (parameter, member, own) in _OBJECTS.items():
        found = first_of(kind, f"metadata/{member}")
        addresses = {address_of(kind, parameter): {parameter: found}}
        for address in own:
            addresses[f"{OWN}/{address}"] = {address.partition("{")[2].rstrip("}"): found}
        queries: dict[tuple[str, str], Mapping[str, str]] = {}
        if kind is kinds.RUNNER:
            queries = {("post", kinds.RUN.path("create")): {"forRunnerUuid": found}}
        yield Answer(to=("get", _list_of(kind), "200"), addresses=addresses, queries=queries)
    for path, (where, parameter, below) in _OWN_LISTS.items():
        one = {f"{OWN}/{below}/{{{parameter}}}": {parameter: f"$response.body#{where}"}}
        yield Answer(to=("get", f"{OWN}/{path}", "200"), addresses=one)
    owner, name = (first_of(kinds.PROJECT, f"metadata/{member}") for member in ("ownedByWorkspace", "name"))
    identifier = {"identifier": f"{{{owner}}}.{{{name}}}"}
    yield Answer(
        to=("get", kinds.PROJECT.collection, "200"),
        addresses={address_of(kinds.PROJECT, "identifier"): identifier, f"{OWN}/projects/{{identifier}}": identifier},
    )


def _list_of(kind: Kind) -> str:
    """Return the path of the list of a kind; keys are listed for each workspace."""
    return f"{OWN}/workspaces/{{workspace}}/apikeys" if kind is kinds.API_KEY else kind.collection
