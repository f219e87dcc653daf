"""Definitions for tests: their services on a database, and documents to send."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.kinds import DEFINITION, INTEGRATION, OWN, VERSION
from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.definitions.model.inventory import Places
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database, Transaction, metadata
from blockyard.server.runners.model import SHARED_RUNNER, RunnerSpec, RunnerType
from blockyard.server.tags.model import TargetKind
from tests.support.principals import a_key
from tests.support.routes import Routes
from tests.support.runner_keys import RunnerKey, a_runner_key
from tests.support.tags import declare
from tests.support.world import world_of

DEFINITIONS = "/api/meshobjects/meshbuildingblockdefinitions"
INTEGRATIONS = "/api/meshobjects/meshintegrations"
VERSIONS = "/api/meshobjects/meshbuildingblockdefinitionversions"
SHARED_KEY = a_runner_key("shared")


@dataclass
class Blocks:
    """What was made from definitions, as a test says."""

    of_definition: dict[UUID, int] = field(default_factory=dict)
    of_version: dict[UUID, int] = field(default_factory=dict)
    forgotten: list[UUID] = field(default_factory=list)

    def live_blocks(self, tx: Transaction, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, int]:
        del tx
        return {one: self.of_definition.get(one, 0) for one in definition_ids}

    def named_blocks(self, tx: Transaction, definition_id: DefinitionId) -> Sequence[str]:
        del tx
        return [f"block of {definition_id}"][: self.of_definition.get(definition_id, 0)]

    def live_blocks_of_versions(self, tx: Transaction, version_ids: Collection[VersionId]) -> Mapping[VersionId, int]:
        del tx
        return {one: self.of_version.get(one, 0) for one in version_ids}

    def places(self, tx: Transaction, version_ids: Collection[VersionId]) -> Mapping[VersionId, Places]:
        return {one: Places((), total) for one, total in self.live_blocks_of_versions(tx, version_ids).items()}

    def forget(self, tx: Transaction, definition_id: DefinitionId) -> None:
        del tx
        self.forgotten.append(definition_id)


class Catalogue:
    """Definitions and versions over HTTP, in the workspaces `team` (the first principal's), `shop` and `demo-partner`."""

    def __init__(
        self, database: Database, clock: Clock, ids: Callable[[], UUID], *, allow_files: bool = False, **chosen: Json
    ) -> None:
        whole = world_of(database, clock, ids, allow_file_repositories=allow_files, **chosen)
        self.database, self.events = database, whole.events
        self.runners = whole.services.runners
        self.workspaces = whole.services.workspaces
        self.integrations = whole.services.integrations
        self.platform_types = whole.services.platform_types
        self.definitions = whole.services.definitions
        self.tag_definitions = whole.services.tag_definitions
        self.blocks = Blocks()
        self.definitions.usage.put(self.blocks)
        whole.add_workspaces("team", "shop", "demo-partner")
        database.write_now(
            lambda tx: self.runners.seed_shared(tx, workspace="demo-partner", public_key=SHARED_KEY.public_pem)
        )
        self.http = Routes(whole, media=DEFINITION.media, principal=a_key("team"))

    def be(self, principal: Principal) -> None:
        """Send the following requests as `principal`."""
        self.http.be(principal)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must succeed."""
        return self.http.ok(method, path, body, media=_media(path))

    def refused(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must be refused; every refusal of content says where and what to do."""
        answer = self.http.send(method, path, body, media=_media(path))
        assert answer.status_code == status, answer.text
        return answer.json()

    def define(self, **spec: Any) -> Any:
        """Make a definition of `team`."""
        return self.ok("POST", DEFINITIONS, a_definition(**spec))

    def seed_platform_types(self) -> None:
        """Make the built-in platform types, which definitions for tenants name."""
        self.database.write_now(lambda tx: self.platform_types.seed(tx, "demo-partner"))

    def declare_tags(self, *keys: str, options: Sequence[str] = ()) -> None:
        """Let definitions have any text by these keys; with options, any of these."""
        declare(self.database, self.tag_definitions, TargetKind.DEFINITION, *keys, options=options)

    def connect(self, type_: str = "github", **settings: Any) -> Any:
        """Make an integration of `team`."""
        return self.ok("POST", INTEGRATIONS, an_integration(type_, **settings))

    def draft(self, definition: Any) -> Any:
        """Return the only version of a new definition."""
        listed = self.ok("GET", f"{VERSIONS}?buildingBlockDefinitionUuid={definition['metadata']['uuid']}")
        return listed["_embedded"]["meshBuildingBlockDefinitionVersions"][-1]

    def released(self, version: Any = None, **spec: Any) -> tuple[Any, Any]:
        """Make a definition and release its first version with members of `version`."""
        definition = self.define(**spec)
        draft = self.draft(definition)
        return definition, self.edit(draft, state="RELEASED", **(version or {}))

    def edit(self, version: Any, **spec: Any) -> Any:
        """Put other members into a draft."""
        return self.ok("PUT", f"{VERSIONS}/{version['metadata']['uuid']}", changed(version, **spec))

    def dump(self) -> str:
        """Return everything that is in the database."""

        def read(tx: Transaction) -> str:
            from_tables = []
            for table in metadata.tables:
                from_tables += [repr(row) for row in tx.execute(text(f'SELECT * FROM "{table}"'))]  # noqa: S608  own names
            return "\n".join(from_tables)

        return self.database.read_now(read)


def a_runner_for(catalogue: Catalogue, key: RunnerKey, workspace: str = "team") -> UUID:
    """Register a runner of a workspace that executes everything."""
    spec = RunnerSpec(
        workspace=workspace,
        display_name="own runner",
        public_key=key.public_pem,
        implementation_type=RunnerType.ALL,
    )
    return catalogue.database.write_now(lambda tx: catalogue.runners.create(tx, a_key(workspace), spec)).id


def a_definition(workspace: str = "team", tags: Any = None, **spec: Any) -> Any:
    """Return the document of a definition, as the client sends it."""
    return {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockDefinition",
        "metadata": {"ownedByWorkspace": workspace, "tags": tags or {}},
        "spec": {
            "displayName": "Bucket",
            "targetType": "WORKSPACE_LEVEL",
            "description": "Creates a bucket",
            "runTransparency": False,
            "useInLandingZonesOnly": False,
            "supportedPlatforms": None,
            **spec,
        },
    }


def changed(version: Any, **spec: Any) -> Any:
    """Return the document of a version with other members in its spec."""
    metadata = {"uuid": version["metadata"]["uuid"], "ownedByWorkspace": version["metadata"]["ownedByWorkspace"]}
    return {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockDefinitionVersion",
        "metadata": {**metadata, "createdOn": ""},
        "spec": {**version["spec"], **spec},
    }


def next_draft(version: Any, **spec: Any) -> Any:
    """Return the document that derives a new draft from a version."""
    number = version["spec"]["versionNumber"] + 1
    document = changed(version, state="DRAFT", versionNumber=number, **spec)
    document["metadata"]["uuid"] = ""
    return document


def terraform(**settings: Any) -> Any:
    """Return an implementation."""
    return {
        "type": "terraform",
        "terraform": {
            "terraformVersion": "1.9.0",
            "repositoryUrl": "https://git.example.org/bucket.git",
            "async": False,
            "useMeshHttpBackendFallback": True,
            **settings,
        },
    }


def an_integration(type_: str = "github", workspace: str = "team", **settings: Any) -> Any:
    """Return the document of an integration."""
    standard: dict[str, dict[str, Any]] = {
        "github": {
            "owner": "acme",
            "baseUrl": "https://github.example.org/api/v3",
            "appId": "4711",
            "appPrivateKey": {"plaintext": "-----BEGIN RSA PRIVATE KEY-----"},
        },
        "gitlab": {"baseUrl": "https://gitlab.example.org"},
        "azuredevops": {
            "baseUrl": "https://dev.azure.example.org",
            "organization": "acme",
            "personalAccessToken": {"plaintext": "pat-of-acme"},
        },
        "entraid": {
            "tenantId": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "clientId": "yyyyyyyy",
            "clientSecret": {"plaintext": "secret-of-acme"},
        },
    }
    runner = {} if type_ == "entraid" else {"runnerRef": runner_ref()}
    config = {**standard[type_], **runner, **settings}
    return {
        "apiVersion": "v1",
        "kind": "meshIntegration",
        "metadata": {"ownedByWorkspace": workspace},
        "spec": {
            "displayName": "CI",
            "config": {"type": type_, type_: config},
        },
        "status": None,
    }


def integration_ref(integration: Any) -> Any:
    """Return a reference to an integration."""
    return {"uuid": integration["metadata"]["uuid"], "kind": "meshIntegration"}


def an_input(**members: Any) -> Any:
    """Return an input of type STRING that its user fills."""
    return {
        "displayName": "Name",
        "type": "STRING",
        "assignmentType": "USER_INPUT",
        "isEnvironment": False,
        "isSensitive": False,
        "argument": None,
        "defaultValue": None,
        "updateableByConsumer": False,
        "displayOrder": 0,
        **members,
    }


def a_secret_input(plaintext: str, **members: Any) -> Any:
    """Return a sensitive STATIC input."""
    return an_input(assignmentType="STATIC", isSensitive=True, argument={"plaintext": plaintext}, **members)


def an_output(**members: Any) -> Any:
    """Return an output."""
    return {"displayName": "URL", "type": "STRING", "assignmentType": "NONE", "displayOrder": 0, **members}


def runner_ref(uuid: UUID = SHARED_RUNNER) -> Any:
    """Return a reference to a runner."""
    return {"uuid": str(uuid), "kind": "meshBuildingBlockRunner"}


def definition_ref(definition: Any) -> Any:
    """Return a reference to a definition."""
    return {"uuid": definition["metadata"]["uuid"], "kind": "meshBuildingBlockDefinition"}


def _media(path: str) -> str:
    if path.startswith(INTEGRATIONS):
        return INTEGRATION.media
    if path.startswith(OWN):
        return "application/json"
    return VERSION.media if path.startswith(VERSIONS) else DEFINITION.media
