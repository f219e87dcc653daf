"""What a catalogue expects to be there: a team, a platform with landing zones, and what compositions order besides."""

from dataclasses import dataclass

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.git_repositories import Repository
from tests.support.installation import SHARED_RUNNER, Installation, an_input, an_output, terraform, text_of
from tests.support.tags import a_tag

TEAM = "platform-team"
STAGES = ("dev", "prod")
_REPOSITORY = (
    *("repo_name", "repo_owner", "repo_visibility", "template_owner", "template_repo"),
    *("name", "description", "clone_addr"),
)
"""What compositions say of a repository that they order."""

_ICON = "data:image/png;base64,iVBORw0KGgo="
_TENANT = """
variable "workspace" { type = string }
variable "project" { type = string }
resource "terraform_data" "tenant" { input = "${var.workspace}-${var.project}" }
output "tenant" { value = terraform_data.tenant.output }
"""


@dataclass(frozen=True)
class World:
    """References that values of roots are made of."""

    platform: JsonObject
    landing_zones: JsonObject
    versions: JsonObject
    """References to versions of manual definitions that stand for those that need a cloud."""
    definitions: JsonObject
    forgejo: str


def furnish(running: Installation, repository: Repository, url: str, forgejo: str) -> World:
    """Make a platform whose tenants are made by a block, and the blocks that compositions order."""
    running.workspace(TEAM)
    running.call("POST", kinds.TAG_DEFINITION.collection, kinds.TAG_DEFINITION.media, a_tag(key="environment"))
    for name in ("REPOSITORY", "STACKIT", "IONOS", "SAP-BTP", "AZURE-DEVOPS", "GITHUB", "OCI"):
        _make(running, kinds.PLATFORM_TYPE, {"name": name}, {"displayName": name, "icon": _ICON})
    platform = _platform(running)
    repository.commit({"main.tf": _TENANT})
    implementation = terraform(url)
    tenant = _define(
        running,
        "Tenant",
        implementation,
        level="TENANT_LEVEL",
        inputs={
            "workspace": an_input("STRING", "WORKSPACE_IDENTIFIER"),
            "project": an_input("STRING", "PROJECT_IDENTIFIER"),
        },
        outputs={"tenant": an_output("STRING", "PLATFORM_TENANT_ID")},
    )
    zones: JsonObject = {stage: _landing_zone(running, platform, tenant[0], stage) for stage in STAGES}
    made = _stand_ins(running)
    return World(
        platform={"uuid": platform, "kind": "meshPlatform"},
        landing_zones=zones,
        versions={name: {"uuid": version} for name, (_, version) in made.items()},
        definitions={name: definition for name, (definition, _) in made.items()},
        forgejo=forgejo,
    )


def _stand_ins(running: Installation) -> dict[str, tuple[str, str]]:
    text, code = an_input(), an_input("CODE")
    address = an_input("STRING", "STATIC", argument="https://git.example.test/sample")
    optional = {key: an_input(defaultValue="none") for key in _REPOSITORY}
    flags = {key: an_input("BOOLEAN", defaultValue=False) for key in ("archive_repo_on_destroy", "use_template")}
    found = {"repo_html_url": address, "repository_id": an_input("INTEGER", "STATIC", argument=1)}
    repository = _manual(running, "git-repository", "WORKSPACE_LEVEL", {**optional, **flags, **found})
    actions = {"github_environment_name": text, "additional_environment_variables": code}
    forgejo = {"stage": text, "app_hostname": text}
    cidr = an_input("STRING", "STATIC", argument="10.0.0.0/25")
    prefix = an_input("INTEGER")
    network = {"network_name": text, "network_prefix_length": prefix, "ipv4_nameservers": code, "network_cidr": cidr}
    return {
        "git-repository": repository,
        "github-actions-connector": _manual(running, "actions", "TENANT_LEVEL", actions, repository[0]),
        "forgejo-connector": _manual(running, "forgejo", "TENANT_LEVEL", forgejo, repository[0]),
        "network": _manual(running, "network", "TENANT_LEVEL", network),
    }


def _manual(
    running: Installation, name: str, level: str, inputs: dict[str, JsonObject], *parents: str
) -> tuple[str, str]:
    implementation: JsonObject = {"type": "manual", "manual": {}}
    return _define(running, name, implementation, level=level, inputs=inputs, parents=parents)


def _define(
    running: Installation,
    name: str,
    implementation: JsonObject,
    *,
    level: str,
    inputs: dict[str, JsonObject],
    outputs: dict[str, JsonObject] | None = None,
    parents: tuple[str, ...] = (),
) -> tuple[str, str]:
    """Make a released definition and return its id and its version's."""
    platforms: Json = [{"name": "REPOSITORY", "kind": "meshPlatformType"}] if level == "TENANT_LEVEL" else None
    spec: JsonObject = {
        "displayName": name,
        "description": name,
        "targetType": level,
        "runTransparency": True,
        "useInLandingZonesOnly": False,
        "supportedPlatforms": platforms,
    }
    made = _make(running, kinds.DEFINITION, {"tags": {}}, spec)
    definition, version = text_of(made, "metadata", "uuid"), text_of(made, "status", "latestVersionUuid")
    ordered: JsonObject = {key: {**one, "displayOrder": at} for at, (key, one) in enumerate(inputs.items())}
    content: JsonObject = {
        "buildingBlockDefinitionRef": {"uuid": definition, "kind": "meshBuildingBlockDefinition"},
        "versionNumber": 1,
        "state": "RELEASED",
        "runnerRef": {"uuid": SHARED_RUNNER, "kind": "meshBuildingBlockRunner"},
        "onlyApplyOncePerTenant": False,
        "deletionMode": "DELETE" if outputs else "PURGE",
        "inputs": ordered,
        "outputs": dict(outputs or {}),
        "implementation": implementation,
        "dependencyDefinitionRefs": [kinds.DEFINITION.ref(parent) for parent in parents],
    }
    body: JsonObject = {"metadata": {"uuid": version, "ownedByWorkspace": TEAM, "createdOn": ""}, "spec": content}
    running.call("PUT", kinds.VERSION.path(version), kinds.VERSION.media, body)
    return definition, version


def _platform(running: Installation) -> str:
    spec: JsonObject = {
        "displayName": "Repositories",
        "description": "Stands for platforms that are not here",
        "endpoint": "https://git.example.test",
        "locationRef": {"name": "global", "kind": "meshLocation"},
        "availability": {"restriction": "PUBLIC", "publicationState": "PUBLISHED"},
        "config": {"type": "custom", "custom": {"platformTypeRef": {"name": "REPOSITORY", "kind": "meshPlatformType"}}},
    }
    return text_of(_make(running, kinds.PLATFORM, {"name": "repositories"}, spec), "metadata", "uuid")


def _landing_zone(running: Installation, platform: str, definition: str, stage: str) -> JsonObject:
    name = f"repositories-{stage}"
    spec: JsonObject = {
        "displayName": stage,
        "description": stage,
        "automateDeletionApproval": True,
        "automateDeletionReplication": True,
        "platformRef": kinds.PLATFORM.ref(platform),
        "platformProperties": {"type": "custom", "custom": {}},
        "mandatoryBuildingBlockRefs": [kinds.DEFINITION.ref(definition)],
    }
    _make(running, kinds.LANDING_ZONE, {"name": name, "tags": {}}, spec)
    return {"name": name, "kind": "meshLandingZone"}


def _make(running: Installation, kind: kinds.Kind, metadata: JsonObject, spec: JsonObject) -> JsonObject:
    body: JsonObject = {"metadata": {**metadata, "ownedByWorkspace": TEAM}, "spec": spec}
    return running.call("POST", kind.collection, kind.media, body)
