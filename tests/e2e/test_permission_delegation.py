"""The six ways to delegate permissions on AWS, and the access building block of a third team. Source: concepts.md 24 and 25.

The definitions are those of `examples/permission-delegation-aws`, their modules stand-ins (`tests/support/delegation.py`). Who may take
which role is decided by trust policies, behind a front that verifies tokens; nobody's word counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.aws_accounts import Account, by_principal
from tests.support.delegation import ACCOUNT, CENTRAL, NETWORK, apply, estate, modules, programs, runner_of
from tests.support.git_repositories import Repository
from tests.support.installation import (
    Installation,
    an_input,
    an_output,
    installation,
    outputs,
    status,
    terraform,
    text_of,
    value,
)
from tests.support.sts_front import StsFront, sts_front
from tests.support.teams import JSON, Team

pytestmark = pytest.mark.usefixtures("engine")


_PUBLISHED = (
    "Central VPC",
    "Central VPC by key",
    "VPC access",
    "Managed VPC",
    "VPC access by key",
    "Managed VPC by key",
    "VPC of your own",
    "VPC of your own by key",
)


@dataclass
class Delegation:
    """A central team, a network team with what each has in AWS, and a shop with an account."""

    admin: Installation
    front: StsFront
    central: Team
    network: Team
    shop: Team
    runners: Mapping[str, str]
    secrets: Mapping[str, str]
    repository: Repository
    tenant: str = ""

    def _found(self, name: str) -> Any:
        path = f"{kinds.DEFINITION.collection}?includeAllPublished=true&size=100"
        listed: Any = self.admin.call("GET", path, kinds.DEFINITION.media)
        found = listed["_embedded"]["meshBuildingBlockDefinitions"]
        return next(one for one in found if one["spec"]["displayName"] == name)

    def definition(self, name: str) -> str:
        """Return the id of a definition."""
        return str(self._found(name)["metadata"]["uuid"])

    def version(self, name: str) -> str:
        """Return the latest version of a definition."""
        return str(self._found(name)["status"]["latestVersionUuid"])

    def body(self, name: str, *, parents: Sequence[str] = (), **inputs: Json) -> JsonObject:
        """Return an order of a building block for the shop's tenant."""
        refs: list[Json] = [{"kind": kinds.BLOCK_V2.name, "uuid": parent} for parent in parents]
        return {
            "apiVersion": "v2-preview",
            "kind": kinds.BLOCK_V2.name,
            "metadata": {"uuid": None, "ownedByWorkspace": ""},
            "spec": {
                "buildingBlockDefinitionVersionRef": {"uuid": self.version(name), "kind": kinds.VERSION.name},
                "targetRef": {"kind": kinds.TENANT.name, "uuid": self.tenant, "name": None},
                "displayName": name,
                "inputs": {key: value(one) for key, one in inputs.items()},
                "parentBuildingBlockRefs": refs,
            },
        }

    def order(self, name: str, *, parents: Sequence[str] = (), **inputs: Json) -> str:
        """Order a building block for the shop's tenant; return its id."""
        sent = self.body(name, parents=parents, **inputs)
        made = self.shop.api.call("POST", kinds.BLOCK_V2.collection, kinds.BLOCK_V2.media, sent)
        return text_of(made, "metadata", "uuid")

    def confirm(self, block: str, **inputs: Json) -> None:
        """Give inputs that a block waits for, as the shop."""
        self.shop.api.change(block, {key: value(one) for key, one in inputs.items()})

    def settled(self, block: str, wanted: str = "SUCCEEDED") -> Any:
        """Return a block once nothing goes on with it; its status must be as wanted."""
        found = self.admin.settled(block)
        assert status(found) == wanted, self.admin.logs(found)
        return found

    def submit(self, owner: Installation, definition: str) -> None:
        """Let the owner of a definition submit it, and the administrator approve that, unless it is published."""
        path = f"/api/blockyard/v1/definitions/{definition}/publication"
        if owner.call("GET", path, JSON)["state"] == "PUBLISHED":
            return
        submitted: Any = owner.call("POST", f"{path}/submit", JSON, {"message": "ready"})
        if submitted["state"] != "PUBLISHED":
            request = submitted["requests"][0]["uuid"]
            self.admin.call("POST", f"/api/blockyard/v1/publications/{request}/approve", JSON, {})

    def marketplace(self, team: Team) -> set[str]:
        """Return what a team can order."""
        listed: Any = team.api.call("GET", "/api/blockyard/v1/marketplace?size=100", JSON)
        return {str(one["uuid"]) for one in listed["_embedded"]["definitions"]}

    def runs(self, block: str) -> list[Any]:
        """Return the runs of a block, the newest first."""
        path = f"{kinds.RUN.collection}?buildingBlockUuid={block}"
        listed: Any = self.admin.call("GET", path, kinds.RUN.media)
        items = listed["_embedded"]["meshBuildingBlockRuns"]
        return [self.admin.call("GET", f"/api/blockyard/v1/runs/{one['metadata']['uuid']}", JSON) for one in items]

    def roles(self) -> set[str]:
        """Return the roles of the shop's account."""
        return Account(self.front, ACCOUNT).roles()


@pytest.fixture(scope="module")
def delegation(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delegation]:
    """All of it, with the tenant made."""
    folder: Path = tmp_path_factory.mktemp("delegation")
    with ExitStack() as stack:
        front = stack.enter_context(sts_front(aws))
        path = programs(folder / "programs")
        settings = {"BLOCKYARD_RUNNER_CONCURRENCY": "2", "BLOCKYARD_PUBLICATION_REVIEW": "true", "PATH": path}
        admin = stack.enter_context(installation(folder / "data", settings))
        teams = {name: Team.of(admin, name) for name in ("central", "network", "shop")}
        runners = {
            name: stack.enter_context(runner_of(teams[name], f"{name} runner", folder / name, path=path))
            for name in ("central", "network")
        }
        repository = modules(folder / "modules.git")
        made = Delegation(
            admin,
            front,
            teams["central"],
            teams["network"],
            teams["shop"],
            runners=runners,
            secrets=_principals(front),
            repository=repository,
        )
        files = folder / "estate"
        apply(admin, files, estate(files, repository=repository, cloud=front.url, **made.secrets))
        for name in ("Account", *_PUBLISHED):
            made.submit(admin, made.definition(name))
        _trust_central(made)
        platform: Any = admin.call("GET", f"{kinds.PLATFORM.collection}?identifier=accounts", kinds.PLATFORM.media)
        [found] = [one for one in platform["_embedded"]["meshPlatforms"] if one["metadata"]["name"] == "accounts"]
        project = teams["shop"].project("dev")
        body: JsonObject = {
            "metadata": {"ownedByWorkspace": "shop", "ownedByProject": project},
            "spec": {
                "platformRef": kinds.PLATFORM.ref(found["metadata"]["uuid"]),
                "landingZoneRef": {"kind": kinds.LANDING_ZONE.name, "name": "account"},
                "platformTenantId": None,
            },
        }
        tenant = admin.call("POST", kinds.TENANT.collection, kinds.TENANT.media, body)
        made.tenant = text_of(tenant, "metadata", "uuid")
        teams["shop"].until(made.tenant, "replicationStatus", "SUCCESSFUL")
        yield made
        for team in teams.values():
            team.api.client.close()


def _principals(front: StsFront) -> Mapping[str, str]:
    """Make who signs in to AWS: a user with a key for each team, and the role that the organization takes in new accounts."""
    secrets: dict[str, str] = {}
    for name, number in (("CENTRAL", CENTRAL), ("NETWORK", NETWORK)):
        secrets[f"{name}_KEY_ID"], secrets[f"{name}_SECRET_KEY"] = Account(front, number).user_key(name.lower())
    organization = by_principal(f"arn:aws:iam::{CENTRAL}:role/central")
    Account(front, ACCOUNT).role("OrganizationAccountAccessRole", organization)
    return secrets


def _trust_central(made: Delegation) -> None:
    """Let each team's role trust the definitions of that team, by the policies that Blockyard shows."""
    definitions = {"central": ("Account", "Central VPC", "VPC access"), "network": ("Managed VPC", "VPC of your own")}
    for name, number in (("central", CENTRAL), ("network", NETWORK)):
        account, statements = Account(made.front, number), []
        for definition in definitions[name]:
            path = f"/api/blockyard/v1/definitionversions/{made.version(definition)}/trust-policies?cloud=aws&account={number}"
            found: Any = made.admin.call("GET", path, JSON)
            content = {one["kind"]: one["content"] for one in found["policies"]}
            statements += content["aws-role-trust"]["Statement"]
        account.trust(content["aws-oidc-provider"]["Url"], *content["aws-oidc-provider"]["ClientIDList"])
        account.role(name, *statements)


def test_the_six_combinations(delegation: Delegation) -> None:
    _make_their_own_access(delegation)
    for access, main in (("VPC access", "Managed VPC"), ("VPC access by key", "Managed VPC by key")):
        _wait_for_their_sidecar(delegation, access, main)
    for name in ("VPC of your own", "VPC of your own by key"):
        _wait_for_the_owner(delegation, name)


def _make_their_own_access(delegation: Delegation) -> None:
    """Combinations 1 and 4."""
    by_token, by_key = delegation.order("Central VPC"), delegation.order("Central VPC by key")

    for block, role in ((by_token, "managed-vpc-central"), (by_key, "managed-vpc-central-by-key")):
        assert outputs(delegation.settled(block)) == {"vpc_id": f"vpc-{block[:8]}"}
        assert role in delegation.roles()
    assert [run["runnerUuid"] for run in delegation.runs(by_token)] == [delegation.runners["central"]]
    _has_no_stored_secret(delegation, "Central VPC")
    _shows_no_secret(delegation, "Central VPC by key")


def _wait_for_their_sidecar(delegation: Delegation, access: str, main: str) -> None:
    """Combinations 2 and 5."""
    is_by_key = "key" in access
    alone = delegation.shop.api.client.post(
        kinds.BLOCK_V2.collection,
        headers={"Content-Type": kinds.BLOCK_V2.media, "Accept": kinds.BLOCK_V2.media},
        json=delegation.body(main),
    )
    assert alone.status_code == 400, alone.text  # wrong order: there is no sidecar yet

    sidecar = delegation.order(access)
    block = delegation.order(main, parents=[sidecar])

    made, managed = delegation.settled(sidecar), delegation.settled(block)
    assert outputs(managed) == {"vpc_id": f"vpc-{block[:8]}"}
    role = str(outputs(made)["role_arn"])
    taken = [one for one in delegation.front.given if one.role == role]
    principal = "user/network" if is_by_key else "assumed-role/network/"
    assert taken
    assert all(principal in one.caller and one.external_id == sidecar for one in taken)
    [first], [second] = delegation.runs(sidecar), delegation.runs(block)
    assert first["finishedAt"] <= second["createdAt"]
    if not is_by_key:
        runners = delegation.runners
        assert (first["runnerUuid"], second["runnerUuid"]) == (runners["central"], runners["network"])
    _keys_never_cross(delegation, sidecar, block)

    refused = delegation.shop.api.client.delete(kinds.BLOCK_V2.path(sidecar), headers={"Accept": kinds.BLOCK_V2.media})
    assert refused.status_code == 409, refused.text  # the sidecar outlives what stands on it
    for one in (block, sidecar):
        delegation.shop.api.call("DELETE", kinds.BLOCK_V2.path(one), kinds.BLOCK_V2.media)
        assert text_of(delegation.admin.settled(one), "status", "lifecycle", "state") == "DELETED"
    assert role.rpartition("/")[2] not in delegation.roles()


def _wait_for_the_owner(delegation: Delegation, name: str) -> None:
    """Combinations 3 and 6."""
    principal = f"arn:aws:iam::{NETWORK}:{'user' if 'key' in name else 'role'}/network"
    account, role = Account(delegation.front, ACCOUNT), f"owned-{len(name)}"
    block = delegation.order(name)
    assert status(delegation.admin.settled(block)) == "WAITING_FOR_USER_INPUT"
    assert delegation.runs(block) == []

    arn = account.role(role, by_principal(f"arn:aws:iam::{NETWORK}:user/somebody"))
    delegation.confirm(block, role_arn=arn, trust="trust established")
    failed = delegation.settled(block, "FAILED")
    assert f"The role {arn} does not trust this building block." in delegation.admin.logs(failed)

    account.trusts_instead(role, by_principal(principal, external_id="managed-vpc"))
    delegation.shop.api.run_again(block)  # the owner has corrected it, and repeats
    assert outputs(delegation.settled(block)) == {"vpc_id": f"vpc-{block[:8]}"}


def test_an_access_block_of_the_central_team_lets_another_team_in(delegation: Delegation) -> None:
    central, network, shop = delegation.central, delegation.network, delegation.shop
    signs_in = {"central": f"arn:aws:iam::{CENTRAL}:role/access", "network": f"arn:aws:iam::{NETWORK}:role/database"}
    access = Offer(delegation, central, "Access for database team", "modules/vpc-access", role=signs_in["central"])  # 1
    access.write(
        {
            "account_id": an_input(source="PLATFORM_TENANT_ID"),
            "external_id": an_input(source="TENANT_BUILDING_BLOCK_UUID"),
            "trusted_principal": an_input(source="STATIC", argument=signs_in["network"]),
        },
        {"role_arn": an_output(), "external_id": an_output()},
        runner=delegation.runners["central"],
    )
    assert access.id not in delegation.marketplace(shop)
    access.publish()  # 2

    database = Offer(delegation, network, "Managed database", "modules/managed-vpc", role=signs_in["network"])  # 3, 4
    inputs = {
        "role_arn": an_input(source="BUILDING_BLOCK_OUTPUT", argument=f"{access.id}.role_arn"),
        "external_id": an_input(source="BUILDING_BLOCK_OUTPUT", argument=f"{access.id}.external_id"),
        "cidr": an_input(defaultValue="small"),
    }
    unknown = inputs | {"role_arn": an_input(source="BUILDING_BLOCK_OUTPUT", argument=f"{access.id}.role_id")}
    outs, runner = {"vpc_id": an_output()}, delegation.runners["network"]
    database.write(unknown, outs, runner=runner, parents=[access.id], expect=400)
    database.write(inputs, outs, runner=runner, parents=[access.id])
    identity: Any = network.api.call("GET", f"/api/blockyard/v1/definitionversions/{database.version}/identity", JSON)
    assert f"workspace.network.buildingblockdefinition.{database.id}" in identity["subject"]
    for offer, number in ((access, CENTRAL), (database, NETWORK)):  # 5: outside of the product
        offer.trusted_by(number)
    database.publish()  # 6

    form: Any = shop.api.call("GET", f"/api/blockyard/v1/definitionversions/{database.version}/form", JSON)  # 7
    assert {access.id, database.id} <= delegation.marketplace(shop)
    assert form["dependencyDefinitionUuids"] == [access.id]

    account = Account(delegation.front, ACCOUNT)
    delegated = by_principal(signs_in["central"])
    account.trusts_instead("permission-delegation", by_principal(signs_in["network"]))
    grant = delegation.order(access.name)  # 8
    block = delegation.order(database.name, parents=[grant])
    delegation.settled(grant, "FAILED")
    waiting: Any = shop.api.call("GET", f"/api/blockyard/v1/blocks/{block}", JSON)
    assert status(delegation.admin.block(block)) == "WAITING_FOR_DEPENDENT_INPUT"
    assert access.name in str(waiting["waits"])
    assert delegation.runs(block) == []

    account.trusts_instead("permission-delegation", delegated)
    central.api.run_again(grant)  # 9
    delegation.settled(grant)
    made = delegation.settled(block)  # 10: by itself
    assert outputs(made) == {"vpc_id": f"vpc-{block[:8]}"}  # 11
    assert [one["runnerUuid"] for one in (delegation.runs(grant)[0], delegation.runs(block)[0])] == [
        delegation.runners["central"],
        delegation.runners["network"],
    ]
    assert _status_for(network, grant) == 404
    assert [_status_for(team, grant) for team in (central, shop)] == [200, 200]
    assert _status_for(central, block) == 404

    managed = str(outputs(delegation.admin.block(grant))["role_arn"]).rpartition("/")[2]
    account.trusts_instead(managed, by_principal(signs_in["central"]))
    other = delegation.order(database.name, parents=[grant])
    assert "is not authorized to perform: sts:AssumeRole" in network.api.logs(delegation.settled(other, "FAILED"))
    account.trusts_instead(managed, by_principal(signs_in["network"], external_id=grant))
    network.api.run_again(other)
    delegation.settled(other)

    _end(delegation, access, [other, block], grant)


def _end(delegation: Delegation, access: "Offer", blocks: Sequence[str], grant: str) -> None:
    """What is granted ends after what was made with it, and is granted to nobody any more."""
    shop, central = delegation.shop, delegation.central
    managed = str(outputs(delegation.admin.block(grant))["role_arn"]).rpartition("/")[2]
    refused = shop.api.client.delete(kinds.BLOCK_V2.path(grant), headers={"Accept": kinds.BLOCK_V2.media})  # 12
    assert refused.status_code == 409, refused.text
    for one in (*blocks, grant):
        shop.api.delete(one)
        assert text_of(delegation.admin.settled(one), "status", "lifecycle", "state") == "DELETED"
    assert managed not in delegation.roles()
    path = f"/api/blockyard/v1/definitions/{access.id}/publication/deprecate"
    central.api.call("POST", path, JSON, {"reason": "the databases move"})  # 13
    again = delegation.shop.api.client.post(
        kinds.BLOCK_V2.collection,
        headers={"Content-Type": kinds.BLOCK_V2.media, "Accept": kinds.BLOCK_V2.media},
        json=delegation.body(access.name),
    )
    assert (again.status_code, again.json()["errorCode"]) == (409, "DefinitionDeprecated")


@dataclass
class Offer:
    """A definition that a team makes, writes and publishes with its own key."""

    delegation: Delegation
    team: Team
    name: str
    path: str
    role: str
    id: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        spec: JsonObject = {
            "displayName": self.name,
            "description": self.name,
            "targetType": "TENANT_LEVEL",
            "runTransparency": False,
            "supportedPlatforms": [{"kind": "meshPlatformType", "name": "AWS-ACCOUNT"}],
        }
        made = self.team.make(kinds.DEFINITION, {"tags": {}}, spec)
        self.id, self.version = text_of(made, "metadata", "uuid"), text_of(made, "status", "latestVersionUuid")

    def write(
        self,
        inputs: Mapping[str, JsonObject],
        outs: Mapping[str, JsonObject],
        *,
        runner: str,
        parents: Sequence[str] = (),
        expect: int = 200,
    ) -> None:
        """Write the draft; what lets its runs sign in is the same for all."""
        cloud = self.delegation.front.url
        environment = {
            "AWS_ROLE_ARN": self.role,
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/workload-identity/aws/token",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": cloud,
            "AWS_ENDPOINT_URL_STS": cloud,
        }
        static = {
            key: an_input(source="STATIC", isEnvironment=True, argument=text) for key, text in environment.items()
        }
        repository = self.delegation.repository
        spec: JsonObject = {
            "buildingBlockDefinitionRef": kinds.DEFINITION.ref(self.id),
            "versionNumber": 1,
            "state": "DRAFT",
            "runnerRef": kinds.RUNNER.ref(runner),
            "onlyApplyOncePerTenant": not parents,
            "deletionMode": "DELETE",
            "dependencyDefinitionRefs": [kinds.DEFINITION.ref(parent) for parent in parents],
            "inputs": {**inputs, **static},
            "outputs": dict(outs),
            "implementation": terraform(repository, repositoryPath=self.path),
        }
        self._put(spec, expect=expect)

    def _put(self, spec: JsonObject, *, expect: int = 200) -> None:
        body: JsonObject = {"metadata": {"uuid": self.version, "ownedByWorkspace": self.team.name}, "spec": spec}
        self.team.api.call("PUT", kinds.VERSION.path(self.version), kinds.VERSION.media, body, expect=expect)

    def publish(self) -> None:
        """Release it, submit it, and let the administrator approve that."""
        stored: Any = self.team.api.call("GET", kinds.VERSION.path(self.version), kinds.VERSION.media)
        self._put({**stored["spec"], "state": "RELEASED"})
        self.delegation.submit(self.team.api, self.id)

    def trusted_by(self, number: str) -> None:
        """Let the role in an account trust this definition, by the policy that Blockyard shows."""
        path = f"/api/blockyard/v1/definitionversions/{self.version}/trust-policies?cloud=aws&account={number}"
        found: Any = self.team.api.call("GET", path, JSON)
        [trust] = [one["content"] for one in found["policies"] if one["kind"] == "aws-role-trust"]
        Account(self.delegation.front, number).role(self.role.rpartition("/")[2], *trust["Statement"])


def _status_for(team: Team, block: str) -> int:
    """Return how a team's request for a block is answered."""
    return team.api.client.get(kinds.BLOCK_V2.path(block), headers={"Accept": kinds.BLOCK_V2.media}).status_code


def _keys_never_cross(delegation: Delegation, sidecar: str, block: str) -> None:
    """No run has a key of the other team in clear or sealed, and no key is shown to anybody."""
    for one, foreign in ((sidecar, "NETWORK"), (block, "CENTRAL")):
        shown = str([delegation.runs(one), delegation.admin.block(one)]) + delegation.admin.logs(
            delegation.admin.block(one)
        )
        assert delegation.secrets[f"{foreign}_KEY_ID"] not in shown
        assert not any(secret in shown for name, secret in delegation.secrets.items() if name.endswith("SECRET_KEY"))


def _has_no_stored_secret(delegation: Delegation, name: str) -> None:
    version = delegation.admin.call("GET", kinds.VERSION.path(delegation.version(name)), kinds.VERSION.media)
    assert "'isSensitive': True" not in str(version)


def _shows_no_secret(delegation: Delegation, name: str) -> None:
    version = delegation.admin.call("GET", kinds.VERSION.path(delegation.version(name)), kinds.VERSION.media)
    assert "'isSensitive': True" in str(version)
    assert not any(secret in str(version) for secret in delegation.secrets.values())
