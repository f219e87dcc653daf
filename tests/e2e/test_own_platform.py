"""A team offers its own platform, from the platform type to the deletion of a tenant. Source: concepts.md 26."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, an_output, status, terraform, text_of
from tests.support.teams import Team

pytestmark = pytest.mark.usefixtures("engine")
Module = Callable[..., Repository]

REPOSITORY = """
variable "root" { type = string }
variable "workspace" { type = string }
variable "project" { type = string }
variable "branch" { type = string }
variable "omit" { type = bool }
locals { name = "${var.workspace}-${var.project}" }
resource "terraform_data" "repository" {
  input = { path = "${var.root}/${local.name}.git", branch = var.branch }
  triggers_replace = local.name
  provisioner "local-exec" { command = "git init --quiet --bare ${self.input.path}" }
  provisioner "local-exec" {
    when    = destroy
    command = "test ! -e ${self.input.path}/locked && rm -r ${self.input.path}"
  }
}
output "repo_name" { value = var.omit ? null : local.name }
output "repo_html_url" { value = "https://git.example.test/${local.name}" }
"""
"""Makes bare repositories below `root`; one with a file `locked` in it cannot be destroyed."""

JSON = "application/json"


class Platform:
    """Repositories of a git host as tenants, offered by a team."""

    def __init__(self, team: Team, module: Repository, root: Path) -> None:
        self.team = team
        self.implementation = terraform(module)
        self.root = root
        icon = "data:image/png;base64,iVBORw0KGgo="
        team.make(kinds.PLATFORM_TYPE, {"name": "REPOSITORY"}, {"displayName": "Repository", "icon": icon})
        spec: JsonObject = {
            "displayName": "Repositories",
            "description": "Bare repositories",
            "endpoint": "https://git.example.test",
            "locationRef": {"name": "global", "kind": "meshLocation"},
            "availability": {"restriction": "PRIVATE", "publicationState": "UNPUBLISHED"},
            "config": {"type": "custom", "custom": {"platformTypeRef": _platform_type()}},
        }
        self.document = team.make(kinds.PLATFORM, {"name": "repositories"}, spec)
        self.id = text_of(self.document, "metadata", "uuid")
        self.definition = self._define()
        self.version = text_of(self.definition, "status", "latestVersionUuid")
        self.fill(1, omit=True)
        team.make(
            kinds.LANDING_ZONE,
            {"name": "plain-repository", "tags": {}},
            {
                "displayName": "Plain",
                "description": "One repository",
                "automateDeletionApproval": False,
                "automateDeletionReplication": True,
                "platformRef": kinds.PLATFORM.ref(self.id),
                "platformProperties": {"type": "custom", "custom": {}},
                "mandatoryBuildingBlockRefs": [kinds.DEFINITION.ref(text_of(self.definition, "metadata", "uuid"))],
            },
        )

    def fill(self, number: int, *, omit: bool = False, released: bool = False, branch: str = "main") -> None:
        """Write the content of a version: a new one, or the draft."""
        inputs: JsonObject = {
            "root": an_input("STRING", "STATIC", argument=str(self.root)),
            "workspace": an_input("STRING", "WORKSPACE_IDENTIFIER"),
            "project": an_input("STRING", "PROJECT_IDENTIFIER"),
            "branch": an_input("STRING", defaultValue=branch),
            "omit": an_input("BOOLEAN", "STATIC", argument=omit),
        }
        outputs: JsonObject = {
            "repo_name": an_output("STRING", "PLATFORM_TENANT_ID"),
            "repo_html_url": an_output("STRING", "SIGN_IN_URL"),
        }
        spec: JsonObject = {
            "buildingBlockDefinitionRef": kinds.DEFINITION.ref(text_of(self.definition, "metadata", "uuid")),
            "versionNumber": number,
            "state": "RELEASED" if released else "DRAFT",
            "runnerRef": {"uuid": "98520496-627d-43e6-82da-ce499179ff3f", "kind": "meshBuildingBlockRunner"},
            "onlyApplyOncePerTenant": True,
            "deletionMode": "DELETE",
            "inputs": inputs,
            "outputs": outputs,
            "implementation": self.implementation,
        }
        body: JsonObject = {"metadata": {"uuid": self.version, "ownedByWorkspace": self.team.name}, "spec": spec}
        is_new = number > 1
        path = kinds.VERSION.collection if is_new else kinds.VERSION.path(self.version)
        made = self.team.api.call("POST" if is_new else "PUT", path, kinds.VERSION.media, body)
        self.version = text_of(made, "metadata", "uuid")

    def publish(self, admin: Installation) -> None:
        """Offer the platform to everybody."""
        spec: Any = self.document["spec"]
        open_: JsonObject = {"restriction": "PUBLIC", "publicationState": "PUBLISHED"}
        body: JsonObject = {**self.document, "spec": {**spec, "availability": open_}}
        admin.call("PUT", kinds.PLATFORM.path(self.id), kinds.PLATFORM.media, body)

    def repository(self, name: str) -> Path:
        """Return where a repository is, if it is there."""
        return self.root / f"{name}.git"

    def board(self) -> str:
        """Make a definition of something that people add to their tenants; return its version."""
        owner = text_of(self.definition, "metadata", "uuid")
        definition = self._define("Board", in_landing_zones_only=False)
        version = text_of(definition, "status", "latestVersionUuid")
        spec: JsonObject = {
            "buildingBlockDefinitionRef": kinds.DEFINITION.ref(text_of(definition, "metadata", "uuid")),
            "versionNumber": 1,
            "state": "RELEASED",
            "runnerRef": {"uuid": "98520496-627d-43e6-82da-ce499179ff3f", "kind": "meshBuildingBlockRunner"},
            "deletionMode": "PURGE",
            "dependencyDefinitionRefs": [kinds.DEFINITION.ref(owner)],
            "inputs": {"repository": an_input("STRING", "PLATFORM_TENANT_ID")},
            "outputs": {},
            "implementation": {"type": "manual"},
        }
        body: JsonObject = {"metadata": {"uuid": version, "ownedByWorkspace": self.team.name}, "spec": spec}
        self.team.api.call("PUT", kinds.VERSION.path(version), kinds.VERSION.media, body)
        return version

    def _define(self, name: str = "Repository", *, in_landing_zones_only: bool = True) -> JsonObject:
        spec: JsonObject = {
            "displayName": name,
            "description": "A bare repository",
            "targetType": "TENANT_LEVEL",
            "supportedPlatforms": [_platform_type()],
            "useInLandingZonesOnly": in_landing_zones_only,
            "runTransparency": True,
        }
        return self.team.make(kinds.DEFINITION, {"tags": {}}, spec)


def test_a_team_offers_its_own_platform_from_the_beginning_to_the_end(
    blockyard: Installation, module: Module, tmp_path: Path
) -> None:
    devtools, shop = Team.of(blockyard, "devtools"), Team.of(blockyard, "web-shop")
    root = tmp_path / "repositories"
    root.mkdir()
    with devtools.api.client, shop.api.client:
        platform = Platform(devtools, module(main_tf=REPOSITORY), root)  # A, B, C

        _try_out(platform, devtools)  # D
        platform.fill(1, released=True)
        assert shop.order_tenant(shop.project("dev"), platform.id, expect=400)["field"] == "/spec/platformRef/uuid"
        platform.publish(blockyard)
        dev = _use(platform, shop)  # E
        _change(platform, devtools, shop, dev)  # F
        _end(platform, devtools, shop, dev)  # G
        _purge_what_cannot_be_destroyed(platform, devtools, shop)


def _try_out(platform: Platform, devtools: Team) -> None:
    """A tenant of the own workspace is made from the draft, which says too little at first."""
    tenant = text_of(devtools.order_tenant(devtools.project("test"), platform.id), "metadata", "uuid")
    block = devtools.block_of(tenant)
    assert status(devtools.api.settled(block)) == "FAILED"
    assert "Output 'repo_name' was expected but not provided" in devtools.api.logs(devtools.api.block(block))
    assert devtools.tenant(tenant)["replicationStatus"] == "FAILED"

    platform.fill(1)
    devtools.api.run_again(block)

    shown = devtools.until(tenant, "replicationStatus", "SUCCESSFUL")
    assert text_of(shown, "spec", "platformTenantId") == "devtools-test"
    assert shown["signInUrl"] == "https://git.example.test/devtools-test"
    assert platform.repository("devtools-test").is_dir()
    devtools.delete_tenant(tenant)
    comment: JsonObject = {"comment": "We still try things out there."}
    assert devtools.decide(tenant, "decline-deletion", comment)["declineComment"] == comment["comment"]
    assert text_of(devtools.tenant(tenant), "status", "lifecycle", "state") == "ACTIVE"


def _use(platform: Platform, shop: Team) -> str:
    """Another team gets its tenants with one request each; one in each project."""
    shop.project("prod")
    tenants = {}
    for project in ("dev", "prod"):
        tenants[project] = text_of(shop.order_tenant(project, platform.id), "metadata", "uuid")
        assert shop.order_tenant(project, platform.id, expect=409)["errorCode"] == "TenantExists"
    for project, tenant in tenants.items():
        shown = shop.until(tenant, "replicationStatus", "SUCCESSFUL")
        assert text_of(shown, "spec", "platformTenantId") == f"web-shop-{project}"
        assert platform.repository(f"web-shop-{project}").is_dir()
    return tenants["dev"]


def _change(platform: Platform, devtools: Team, shop: Team, tenant: str) -> None:
    """A new version leaves tenants where they are until their blocks are upgraded."""
    block = shop.block_of(tenant)
    first = platform.version
    platform.fill(2, released=True)
    assert _version_of(shop, block) == first

    document: Any = devtools.api.block(block)
    document["spec"] |= {"buildingBlockDefinitionVersionRef": kinds.VERSION.ref(platform.version), "inputs": {}}
    devtools.api.call("PUT", kinds.BLOCK_V2.path(block), kinds.BLOCK_V2.media, document)

    assert status(shop.api.settled(block)) == "SUCCEEDED"
    assert _version_of(shop, block) == platform.version
    assert text_of(shop.tenant(tenant), "spec", "platformTenantId") == "web-shop-dev"


def _end(platform: Platform, devtools: Team, shop: Team, tenant: str) -> None:
    """What people added goes first; then the team that offers the platform approves, and a run destroys the repository."""
    repository = shop.block_of(tenant)
    order: JsonObject = {
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": kinds.VERSION.ref(platform.board()),
            "targetRef": {"kind": "meshTenant", "uuid": tenant, "name": None},
            "displayName": "our board",
            "inputs": {},
            "parentBuildingBlockRefs": [kinds.BLOCK_V2.ref(repository)],
        },
    }
    board = shop.api.call("POST", kinds.BLOCK_V2.collection, kinds.BLOCK_V2.media, order)
    assert text_of(board, "spec", "inputs", "repository", "value") == "web-shop-dev"
    assert "'our board'" in str(shop.delete_tenant(tenant, expect=409)["message"])
    shop.api.delete(text_of(board, "metadata", "uuid"))

    shop.delete_tenant(tenant)
    assert shop.tenant(tenant)["statusText"] == "Requires approval"
    assert platform.repository("web-shop-dev").is_dir()
    devtools.decide(tenant, "approve-deletion")

    gone = shop.until(tenant, "statusText", "Deleted")
    assert gone["signInUrl"] is None
    assert not platform.repository("web-shop-dev").exists()
    assert text_of(shop.api.block(repository), "status", "lifecycle", "state") == "DELETED"
    state = shop.api.client.get(f"/api/terraform/state/workspace/{shop.name}/buildingBlock/{repository}")
    assert state.status_code in {404, 204}


def _purge_what_cannot_be_destroyed(platform: Platform, devtools: Team, shop: Team) -> None:
    """A destroy run that fails keeps the tenant; it is tried again, then the tenant is forgotten and the repository stays."""
    listed: Any = shop.api.call("GET", f"{kinds.TENANT.collection}?projectIdentifier=prod", kinds.TENANT.media)
    [document] = [one for one in listed["_embedded"]["meshTenants"] if one["metadata"]["ownedByWorkspace"] == shop.name]
    tenant = str(document["metadata"]["uuid"])
    lock = platform.repository("web-shop-prod") / "locked"
    lock.touch()
    shop.delete_tenant(tenant)
    devtools.decide(tenant, "approve-deletion")
    shop.until(tenant, "replicationStatus", "FAILED")
    assert shop.tenant(tenant)["statusText"] == "Pending deletion"

    shop.delete_tenant(tenant)
    shop.until(tenant, "replicationStatus", "FAILED")

    assert devtools.decide(tenant, "purge")["statusText"] == "Deleted"
    assert lock.exists()


def _version_of(team: Team, block: str) -> str:
    return text_of(team.api.block(block), "spec", "buildingBlockDefinitionVersionRef", "uuid")


def _platform_type() -> JsonObject:
    return {"name": "REPOSITORY", "kind": "meshPlatformType"}
