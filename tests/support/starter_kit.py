"""A starter kit: a block whose module makes a project, a binding, a tenant and a nested block by the key of its run.

What the script sends is what the public Terraform provider sends for these resources: the same addresses, media types and bodies, with
the token and the endpoint that it finds in its environment, and nothing else.
"""

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.installation import Installation, text_of

PERMISSIONS = [
    f"{thing}_{verb}"
    for thing in ("BUILDINGBLOCK", "PROJECT", "PROJECTPRINCIPALROLE", "TENANT")
    for verb in ("LIST", "SAVE", "DELETE")
]
"""What such a kit asks for. Source: concepts.md 15."""

_SCRIPT = """\
import json, os, sys, time, urllib.error, urllib.request

def send(method, path, media, body=None):
    headers = {"Authorization": "Bearer " + os.environ["MESHSTACK_API_TOKEN"], "Accept": media, "Content-Type": media}
    address = os.environ["MESHSTACK_ENDPOINT"] + path
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method)) as answer:
            text = answer.read()
            return json.loads(text) if text else {}
    except urllib.error.HTTPError as refusal:
        if method == "GET" and refusal.code == 404:
            return None
        raise SystemExit(f"{method} {path}: {refusal.code} {refusal.read().decode()}")

def until(read, holds):
    while not holds(found := read()):
        time.sleep(0.1)
    return found

def create():
    send("POST", PROJECTS, PROJECT, {"metadata": {"name": "kit", "ownedByWorkspace": "shop"}, "spec": {"displayName": "kit"}})
    binding = {"metadata": {"name": "kit-reader"}, "roleRef": {"name": "Project Reader"},
               "targetRef": {"name": "kit", "ownedByWorkspace": "shop"}, "subject": {"name": "admin"}}
    send("POST", BINDINGS, BINDING, binding)
    tenant = send("POST", TENANTS, TENANT, {"metadata": {"ownedByWorkspace": "shop", "ownedByProject": "kit"},
                  "spec": {"platformRef": {"uuid": PLATFORM, "kind": "meshPlatform"}, "landingZoneRef": None, "platformTenantId": None}})
    made = send("POST", BLOCKS, BLOCK, {"metadata": {"uuid": None, "ownedByWorkspace": ""}, "spec": {
        "buildingBlockDefinitionVersionRef": {"uuid": LEAF, "kind": "meshBuildingBlockDefinitionVersion"},
        "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": "shop"},
        "displayName": "leaf", "inputs": {}, "parentBuildingBlockRefs": []}})
    block = made["metadata"]["uuid"]
    now = until(lambda: send("GET", f"{BLOCKS}/{block}", BLOCK), lambda one: one["status"]["status"] in ENDS)["status"]["status"]
    json.dump({"tenant": tenant["metadata"]["uuid"], "block": block}, open(sys.argv[2], "w"))
    if now != "SUCCEEDED":
        raise SystemExit(f"the nested block is {now}")

def delete():
    made = json.load(open(sys.argv[2]))
    block, tenant = made["block"], made["tenant"]
    send("DELETE", f"{BLOCKS}/{block}", BLOCK)
    until(lambda: send("GET", f"{BLOCKS}/{block}", BLOCK), lambda one: one is None or one["status"]["lifecycle"]["state"] == "DELETED")
    send("DELETE", f"{TENANTS}/{tenant}", TENANT)
    until(lambda: send("GET", f"{TENANTS}/{tenant}", TENANT), lambda one: one is None or one["status"]["lifecycle"]["state"] == "DELETED")
    send("DELETE", f"{BINDINGS}/kit-reader", BINDING)
    send("DELETE", f"{PROJECTS}/shop.kit", PROJECT)

{"create": create, "delete": delete}[sys.argv[1]]()
"""

MODULE = """
variable "notes" { type = string }
resource "terraform_data" "kit" {
  input = { python = "PYTHON", script = "SCRIPT", notes = var.notes }
  provisioner "local-exec" { command = "${self.input.python} ${self.input.script} create ${self.input.notes}" }
  provisioner "local-exec" {
    when    = destroy
    command = "${self.input.python} ${self.input.script} delete ${self.input.notes}"
  }
}
"""


def script(platform: str, leaf: str) -> str:
    """Return the script that stands in for the provider; `leaf` is the version of the nested block."""
    constants = {
        "PROJECTS": kinds.PROJECT.collection,
        "PROJECT": kinds.PROJECT.media,
        "BINDINGS": kinds.PROJECT_USER_BINDING.collection,
        "BINDING": kinds.PROJECT_USER_BINDING.media,
        "TENANTS": kinds.TENANT.collection,
        "TENANT": kinds.TENANT.media,
        "BLOCKS": kinds.BLOCK_V2.collection,
        "BLOCK": kinds.BLOCK_V2.media,
        "PLATFORM": platform,
        "LEAF": leaf,
        "ENDS": ("SUCCEEDED", "FAILED", "ABORTED"),
    }
    return "".join(f"{name} = {value!r}\n" for name, value in constants.items()) + _SCRIPT


def a_platform(running: Installation) -> str:
    """Make a platform whose tenants need nobody; return its id."""
    team = running.workspace("platform-team")
    icon = "data:image/png;base64,iVBORw0KGgo="
    _make(running, kinds.PLATFORM_TYPE, team, {"name": "KIT"}, {"displayName": "Kit", "icon": icon})
    of_type: JsonObject = {"platformTypeRef": {"name": "KIT", "kind": "meshPlatformType"}}
    platform = _make(
        running,
        kinds.PLATFORM,
        team,
        {"name": "kits"},
        {
            "displayName": "Kits",
            "description": "Stands for a cloud",
            "endpoint": "https://kit.example.test",
            "locationRef": {"name": "global", "kind": "meshLocation"},
            "availability": {"restriction": "PUBLIC", "publicationState": "PUBLISHED"},
            "config": {"type": "custom", "custom": of_type},
        },
    )
    _make(
        running,
        kinds.LANDING_ZONE,
        team,
        {"name": "kits-plain", "tags": {}},
        {
            "displayName": "Plain",
            "description": "Nothing besides",
            "automateDeletionApproval": True,
            "automateDeletionReplication": True,
            "platformRef": kinds.PLATFORM.ref(platform),
            "platformProperties": {"type": "custom", "custom": {}},
        },
    )
    return platform


def _make(running: Installation, kind: kinds.Kind, owner: str, metadata: JsonObject, spec: JsonObject) -> str:
    body: JsonObject = {"metadata": {**metadata, "ownedByWorkspace": owner}, "spec": spec}
    made = running.call("POST", kind.collection, kind.media, body)
    name: Json = made["metadata"]
    return text_of(made, "metadata", "uuid") if isinstance(name, dict) and "uuid" in name else ""
