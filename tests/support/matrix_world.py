"""What the permission matrix asks about: something of every kind, and everybody who may ask.

The workspace `platform` provides, `shop` consumes, `other` has nothing to do with either of them. Of what a provider can keep to
itself there are two: one that is shown to everybody, and a restricted one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import Kind
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from blockyard.server.identity.api.scim.answering import MEDIA
from blockyard.server.identity.model import NewUser
from blockyard.server.identity.permissions import EPHEMERAL
from blockyard.server.identity.service import Subject, SubjectKind
from blockyard.server.identity.service.tokens import KEY_TOKEN_LIFE
from tests.support.installation import text_of
from tests.support.matrix_bodies import (
    A_FREEZE,
    A_POLICY,
    A_PROVIDER,
    AN_ADMIN_BINDING,
    LOCK,
    NEEDED,
    PASSWORD,
    SCIM,
    SOURCE,
    STATE,
    a_binding,
    a_binding_request,
    a_project_binding,
    a_runner,
    a_scim_group,
    a_tag,
    an_instance,
    an_integration,
    bodies_of,
)
from tests.support.places import (
    KUBERNETES,
    a_landing_zone,
    a_location,
    a_platform,
    a_platform_type,
    a_tenant,
    an_availability,
    properties,
)
from tests.support.runner_keys import a_runner_key
from tests.support.whole_server import (
    BLOCKS,
    RUNS,
    Request,
    Tenancy,
    WholeServer,
    a_definition,
    a_version,
    a_workspace,
    an_order,
    claim,
    furnish,
)

OWN = kinds.OWN
UNKNOWN = "0f0f0f0f-0000-4000-8000-000000000000"
PEOPLE = {
    "owner": ("Workspace Owner", "shop"),
    "manager": ("Workspace Manager", "shop"),
    "member": ("Workspace Member", "shop"),
    "provider": ("Workspace Owner", "platform"),
    "foreign": ("Workspace Owner", "other"),
}
"""What they are, and where."""

STRANGERS = ("anonymous", "expired", "revoked", "ended")
"""Those who are nobody: without a token, with the token of a key whose last day is over, or that was deleted, or with the ephemeral API
key of a run that has ended."""

PRINCIPALS = ("admin", *PEOPLE, "powerless", "key", "run", "runner", *STRANGERS)
"""Everybody who asks; a powerless key belongs to the shop and has no code that any operation asks for. `key` is the ephemeral API key of
a run of another block of the shop, with all that a version can ask for; `run` the token of the run that is asked about."""


@dataclass(frozen=True)
class MatrixWorld:
    """Tokens by principal; names and ids of things by the word before them in an address, restricted ones by `restricted <word>`."""

    tenancy: Tenancy
    tokens: Mapping[str, str]
    things: Mapping[str, str]
    bodies: Mapping[str, "Json | bytes"]

    def address(self, template: str, *, restricted: bool = False, unknown: bool = False) -> str:
        """Return the address of what is there, or of what nobody knows."""
        words = template.split("/")
        return "/".join(
            self._thing(words, place, restricted, unknown) if word.startswith("{") else word
            for place, word in enumerate(words)
        )

    def parameters(self, template: str) -> Mapping[str, str]:
        """Return the parameters of the address of what is there."""
        words = zip(template.split("/"), self.address(template).split("/"), strict=True)
        return {word.strip("{}"): value for word, value in words if word.startswith("{")}

    def can_be_restricted(self, template: str) -> bool:
        """Whether there is a restricted thing of the kind that an address is about."""
        return self.address(template) != self.address(template, restricted=True)

    def _thing(self, words: list[str], place: int, restricted: bool, unknown: bool) -> str:  # noqa: FBT001  both are passed on
        before = words[place - 1]
        name = f"{words[place - 2]}/{before}" if before in {"userbindings", "groupbindings"} else before
        if unknown and before not in PARTS:
            return f"shop.{UNKNOWN}" if words[place] == "{identifier}" else UNKNOWN
        return self.things.get(f"restricted {name}" if restricted else name) or self.things[name]


def a_matrix_world(server: WholeServer) -> MatrixWorld:
    """Make all of it."""
    builder = _Builder(server)
    builder.people()
    builder.keys()
    builder.keys_of_runs()
    builder.things_of_shop()
    builder.things_of_platform()
    builder.things_of_everybody()
    return MatrixWorld(builder.tenancy, builder.tokens, builder.things, bodies_of(builder.things))


PARTS = {"breakers", "identity-tokens", "workspace", "versions", "source", "members", "v2", "kept", "{kind}"}
"""Words of addresses before what is part of another thing."""

_BY_ID = {kinds.API_KEY, kinds.INTEGRATION, kinds.PLATFORM, kinds.RUNNER, kinds.TENANT}


class _Builder:
    def __init__(self, server: WholeServer) -> None:
        self.server = server
        self.tenancy: Tenancy = furnish(server)
        self.things: dict[str, str] = {
            "source": "source",
            "versions": "1",
            "breakers": "TRANSIENT",
            "members": "nora",
            "v2": "Schemas",
            "kept": "block",
            "{kind}": "a block",
            "passkeys": UNKNOWN,
            "client-sessions": UNKNOWN,
            "sessions": UNKNOWN,
            "identities": UNKNOWN,
            "identity-tokens": "aws",
        }
        self.tokens: dict[str, str] = {
            "admin": server.token,
            "anonymous": "",
            "run": self.tenancy.run_token,
        }
        self._clients: dict[str, str] = {}
        self.make(kinds.WORKSPACE, a_workspace("other"))

    def make(self, kind: Kind, body: JsonObject, *words: str, restricted: bool = False) -> str:
        made = self.server.ok(Request("POST", kind.collection, body, kind.media))
        metadata: Any = made["metadata"]
        found = str(metadata["uuid" if kind in _BY_ID else "name"])
        self.know(found, kind.collection.removeprefix("/api/meshobjects/"), *words, restricted=restricted)
        return found

    def make_own(self, path: str, body: JsonObject, method: str = "POST") -> JsonObject:
        return self.server.ok(Request(method, f"{OWN}/{path}", body))

    def know(self, thing: str, *words: str, restricted: bool = False) -> None:
        self.things |= {f"restricted {word}" if restricted else word: thing for word in words}

    def people(self) -> None:
        for name, (role, workspace) in PEOPLE.items():
            self.user(name)
            signed_in = self.make_own("login", {"username": name, "password": PASSWORD})
            self.tokens[name] = text_of(signed_in, "access_token")
            self.make(kinds.WORKSPACE_USER_BINDING, a_binding(f"{name}-in-{workspace}", role, workspace, name))
        self.know(self.user("nora"), "users", "Users")
        self.user("iris")
        self.make(kinds.WORKSPACE_USER_BINDING, a_binding("nora-in-shop", "Workspace Member", "shop", "nora"))

    def user(self, name: str) -> str:
        users = self.server.services.users
        new = NewUser(username=name, first_name=name, last_name="Doe", email=f"{name}@x.test")
        self.server.db.write_now(lambda tx: users.seed(tx, new, PASSWORD))
        user = self.server.db.read_now(lambda tx: users.by_username(tx, name))
        assert user is not None
        return str(user.id)

    def keys(self) -> None:
        self.know(self.key("powerless", "COMMUNICATION_LIST"), "apikeys", "meshapikeys")
        back = timedelta(days=3).total_seconds()
        last_day = (self.server.clock() - timedelta(days=2)).date().isoformat()
        self.server.clock.advance(-back)
        self.key("expired", "PROJECT_LIST", expiresAt=last_day)
        self.server.clock.advance(back)
        revoked = self.key("revoked", "PROJECT_LIST")
        self.tokens |= {name: self.token(self._clients[name]) for name in ("powerless", "expired", "revoked")}
        self.server.ok(Request("DELETE", kinds.API_KEY.path(revoked), media=kinds.API_KEY.media))
        machine = self.make_own(f"runners/{SHARED_RUNNER_UUID}/keys", {"displayName": "machine"})
        self.tokens["runner"] = self.token(str(machine["clientId"]))

    def keys_of_runs(self) -> None:
        """Let two other blocks of the shop run, with every permission that a version can ask for; one of the runs ends."""
        made = self.server.ok(Request("POST", kinds.DEFINITION.collection, a_definition(), kinds.DEFINITION.media))
        version = text_of(made, "status", "latestVersionUuid")
        content = a_version(text_of(made, "metadata", "uuid"), version, permissions=[*sorted(EPHEMERAL)])
        self.server.ok(Request("PUT", kinds.VERSION.path(version), content, kinds.VERSION.media))
        ended = self._run_with_key("ended", version)
        report = f"{RUNS}/{text_of(ended, 'metadata', 'uuid')}/status/source"
        token = text_of(ended, "spec", "runToken")
        failed: JsonObject = {"status": "FAILED"}
        self.server.ok(Request("POST", report, SOURCE, kinds.RUN.media, token))
        self.server.ok(Request("PATCH", f"{report}/source", failed, kinds.RUN.media, token))
        self._run_with_key("key", version)

    def _run_with_key(self, name: str, version: str) -> JsonObject:
        """Order a block, claim its run, and know the key of the run by a name."""
        self.server.ok(Request("POST", BLOCKS, an_order(version), kinds.BLOCK_V2.media))
        run: Any = claim(self.server)
        inputs = run["spec"]["buildingBlock"]["spec"]["inputs"]
        [sealed] = [one["value"] for one in inputs if one["key"] == "MESHSTACK_API_TOKEN"]
        self.tokens[name] = a_runner_key().open(sealed)
        found: JsonObject = run
        return found

    def key(self, name: str, *codes: str, **more: Json) -> str:
        spec: JsonObject = {"displayName": name, "permissions": [*codes], **more}
        body: JsonObject = {"metadata": {"ownedByWorkspace": "shop"}, "spec": spec}
        made = self.server.ok(Request("POST", kinds.API_KEY.collection, body, kinds.API_KEY.media))
        self._clients[name] = text_of(made, "status", "clientId")
        return text_of(made, "metadata", "uuid")

    def token(self, client: str) -> str:
        return self.server.services.tokens.issue(Subject(SubjectKind.API_KEY, UUID(client)), KEY_TOKEN_LIFE)

    def things_of_shop(self) -> None:
        tenancy = self.tenancy
        self.know("shop", "workspaces", "meshworkspaces", "workspace", "meshpaymentmethods")
        self.know(tenancy.block, "meshbuildingblocks", "blocks", "buildingBlock")
        self.know(tenancy.run, "meshbuildingblockruns", "runs")
        self._report()
        self.server.ok(Request("POST", BLOCKS, an_order(tenancy.version), kinds.BLOCK_V2.media))
        self.make_own(
            "groups", {"name": "devs", "displayName": "Devs", "workspaceIdentifier": "shop", "members": ["nora"]}
        )
        self.know("devs", "groups")
        self.make(kinds.WORKSPACE_GROUP_BINDING, a_binding("devs-in-shop", "Workspace Member", "shop", "devs"))
        self.know("shop.dev", "projects", "meshprojects")
        for kind, who in ((kinds.PROJECT_USER_BINDING, "nora"), (kinds.PROJECT_GROUP_BINDING, "devs")):
            self.make(kind, a_project_binding(f"{who}-in-dev", who))
        self.make(kinds.TENANT, a_tenant(tenancy.platform, "dev", "shop"), "tenants", "meshtenants")
        self.make_own("serviceinstances/db", an_instance(), "PUT")
        self.know("db", "serviceinstances", "meshserviceinstances")
        body: JsonObject = {"definitionUuid": tenancy.definition, "fields": {}}
        drafted = self.server.ok(Request("POST", f"{OWN}/order-drafts", body, token=self.tokens["owner"]))
        self.know(str(drafted["uuid"]), "order-drafts")
        chosen: JsonObject = {"action": "RUN", "buildingBlockUuids": [self.things["blocks"]]}
        job = self.server.ok(Request("POST", f"{OWN}/bulk-jobs", chosen, token=self.tokens["owner"]))
        self.know(str(job["uuid"]), "bulk-jobs")
        frozen = self.server.ok(Request("POST", f"{OWN}/brakes", A_FREEZE, token=self.tokens["owner"]))
        self.know(str(frozen["uuid"]), "brakes")
        made = self.make_own("binding-requests", a_binding_request("asked"))
        self.know(str(made["uuid"]), "binding-requests")

    def _report(self) -> None:
        run, token, media = f"{RUNS}/{self.tenancy.run}", self.tenancy.run_token, kinds.RUN.media
        state = f"/api/terraform/state/workspace/shop/buildingBlock/{self.tenancy.block}"
        for request in (
            Request("POST", f"{run}/status/source", SOURCE, media, token),
            Request("POST", state, STATE, token=token),
            Request("POST", f"{state}/lock", LOCK, token=token),
            Request("POST", f"{OWN}/runs/{self.tenancy.run}/log", b"log", "application/octet-stream", token, NEEDED),
        ):
            answer = self.server.send(request)
            assert answer.is_success, f"{request.path}: {answer.text}"

    def things_of_platform(self) -> None:
        tenancy = self.tenancy
        self.know(tenancy.definition, "meshbuildingblockdefinitions", "definitions")
        self.know(tenancy.version, "meshbuildingblockdefinitionversions", "definitionversions")
        self.know(tenancy.platform, "meshplatforms")
        self.make(kinds.RUNNER, a_runner("PUBLIC"), "runners")
        draft = self.server.ok(Request("POST", kinds.DEFINITION.collection, a_definition(), kinds.DEFINITION.media))
        self.know(text_of(draft, "metadata", "uuid"), "meshbuildingblockdefinitions", "definitions", restricted=True)
        self.know(
            text_of(draft, "status", "latestVersionUuid"),
            "meshbuildingblockdefinitionversions",
            "definitionversions",
            restricted=True,
        )
        private = a_platform("mine", "platform", config=KUBERNETES, availability=an_availability("PRIVATE"))
        self.make(kinds.PLATFORM, private, restricted=True)
        for name in ("zone", "closed"):
            zone = a_landing_zone(
                tenancy.platform,
                name,
                "platform",
                platformProperties=properties("kubernetes"),
                restricted=name == "closed",
            )
            self.make(kinds.LANDING_ZONE, zone, "landingzones", restricted=name == "closed")
        self.make(kinds.RUNNER, a_runner(), "runners", restricted=True)
        self.make(kinds.INTEGRATION, an_integration())
        self.make(kinds.LOCATION, a_location("fra", "platform"))
        self.make(kinds.PLATFORM_TYPE, a_platform_type("MAINFRAME", "platform"), "platformtypes")

    def things_of_everybody(self) -> None:
        keys: Any = self.make_own("signing-keys", {})
        self.know(keys["signingKeys"][0]["keyId"], "signing-keys")
        self.make_own("identity-providers", {"alias": "corp", **A_PROVIDER})
        self.know("corp", "identity-providers")
        bound = self.make_own("admin-bindings", AN_ADMIN_BINDING)
        self.know(str(bound["uuid"]), "admin-bindings")
        self.make(kinds.TAG_DEFINITION, a_tag("meshWorkspace.stages"))
        self.make(kinds.TAG_DEFINITION, a_tag("meshProject.stage"), "meshtagdefinitions")
        policy = self.make_own("policies", A_POLICY)
        metadata: Any = policy["metadata"]
        self.know(metadata["uuid"], "policies")
        everybody = self.server.ok(Request("POST", f"{SCIM}/Groups", a_scim_group("everybody"), MEDIA))
        self.know(text_of(everybody, "id"), "Groups")
        self.make_own("project-roles", {"name": "guest", "displayName": "Guest"})
        self.know("guest", "project-roles")
        found: Any = self.server.ok(Request("GET", f"{OWN}/publications"))
        self.know(found["_embedded"]["publications"][0]["uuid"], "publications")
        own = self.tokens["owner"]
        found = self.server.ok(Request("GET", kinds.EVENT_LOG.collection, media=kinds.EVENT_LOG.media, token=own))
        self.know(found["_embedded"]["meshEventLogs"][0]["metadata"]["uuid"], "mesheventlogs")
