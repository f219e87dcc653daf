"""The module of all blocks of graphs, and their definitions.

A block's script appends `apply <block>` and `destroy <block>` to the file `acts` of its graph's folder each time it is applied and
destroyed: from these lines is read what was done twice, and what before what. A gate `<verb>-<block>` that exists as a file
is waited for once it is noted.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from chaos.graphs.shapes import Shape
from tests.support.installation import Installation, an_input, an_output, terraform, text_of

SCRIPT = """\
#!/bin/sh
# usage: act <folder> plan|apply|destroy <block>
echo "$2 $3" >> "$1/acts"
while [ -e "$1/gates/$2-$3" ]; do : > "$1/reached"; sleep 0.05; done
if [ "$2" = apply ] && [ "${INPUT_ORDERS:-none}" != none ]; then PYTHON "$(dirname "$0")/compose.py" "$1" "$3" || exit 1; fi
echo "done $2 $3"
"""

TOOK_EFFECT = "took effect but its answer is not there"
"""What a server says of a request whose handler was killed between its commit and its answer."""

_COMPOSE = """\
import json, os, pathlib, sys, time, urllib.error, urllib.request

folder, name = sys.argv[1:]
path = os.environ["MESHSTACK_ENDPOINT"] + "/api/meshobjects/meshbuildingblocks"

def send(method, address, body=None):
    key, handled = f"{folder} {name}", 0
    headers = {
        "Authorization": "Bearer " + os.environ["INPUT_TOKEN"],
        "Blockyard-Run": os.environ["TF_HTTP_PASSWORD"],
        "Content-Type": KIND,
        "Accept": KIND,
    }
    while True:
        given = {**headers, "Idempotency-Key": f"{key} {handled // 30}"} if method == "POST" else headers
        try:
            with urllib.request.urlopen(urllib.request.Request(address, body, given, method=method)) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            text = refusal.read()
            if b"is still being handled" in text:
                handled += 1  # whoever handled it for 3 seconds was killed: it had no effect
            elif b"took effect" in text:
                return found(json.loads(body)["spec"]["displayName"])
            elif refusal.code != 503:
                raise SystemExit(f"{refusal.code} {text.decode()}")
        except OSError:
            pass
        time.sleep(0.1)

def found(name):
    listed = send("GET", os.environ["MESHSTACK_ENDPOINT"] + LISTED + name.replace(" ", "%20"))["_embedded"]["meshBuildingBlocks"]
    return next(block for block in listed if block["spec"]["displayName"] == name)

made = send("POST", path, os.environ["INPUT_ORDERS"].encode())["metadata"]["uuid"]
(pathlib.Path(folder) / "ordered").open("a").write(made + chr(10))
while (now := send("GET", path + "/" + made)["status"]["status"]) not in {"SUCCEEDED", "FAILED", "ABORTED"}:
    time.sleep(0.1)
if now != "SUCCEEDED":
    raise SystemExit(f"what was ordered is {now}")
"""
"""Orders a block and waits for its end; orders the same one again where it was killed, since the key is the same."""


def write_scripts(folder: Path) -> Path:
    """Write what the module starts, and return its path."""
    script = folder / "graph.sh"
    script.write_text(SCRIPT.replace("PYTHON", sys.executable))
    listed = "/api/blockyard/v1/blocks?workspaceIdentifier=shop&name="
    constants = f"KIND = {kinds.BLOCK_V2.media!r}\nLISTED = {listed!r}\n"
    (folder / "compose.py").write_text(f"{constants}{_COMPOSE}")
    return script


FIRST, SECOND = "first", "second"
"""The inputs that take what parents give; a root's `first` is entered."""

_MODULE = """
variable "folder" { type = string }
variable "name" { type = string }
variable "first" { type = string }
variable "second" {
  type    = string
  default = ""
}
locals {
  given = var.second == "" ? var.first : "${var.first},${var.second}"
  trail = "${var.name}(${local.given})"
}
resource "terraform_data" "applied" {
  triggers_replace = [timestamp()]
  provisioner "local-exec" { command = "sh SCRIPT ${var.folder} apply ${var.name}" }
}
resource "terraform_data" "kept" {
  input = { folder = var.folder, name = var.name }
  provisioner "local-exec" {
    when    = destroy
    command = "sh SCRIPT ${self.input.folder} destroy ${self.input.name}"
  }
}
output "trail" { value = local.trail }
"""


def module_text(script: Path) -> str:
    """Return the module; its script is `script`, which must exist when the module is applied."""
    return _MODULE.replace("SCRIPT", str(script))


@dataclass(frozen=True, slots=True)
class Definitions:
    """The versions of the blocks of one shape, by the names of the blocks."""

    shape: Shape
    versions: Mapping[str, str]


def define(blockyard: Installation, shape: Shape, repository: str, name: str) -> Definitions:
    """Release a definition for each block of a shape."""
    versions: dict[str, str] = {}
    uuids: dict[str, str] = {}
    for node in shape:
        taken = dict(zip((FIRST, SECOND), node.parents, strict=False))
        inputs = {"folder": an_input(), "name": an_input(), FIRST: an_input()}
        inputs |= {
            key: an_input(source="BUILDING_BLOCK_OUTPUT", argument=f"{uuids[parent]}.trail", updateableByConsumer=False)
            for key, parent in taken.items()
        }
        refs: list[Json] = [{"uuid": uuids[parent], "kind": "meshBuildingBlockDefinition"} for parent in node.parents]
        version = blockyard.define(
            terraform(repository),
            inputs=inputs,
            outputs={"trail": an_output()},
            name=f"{name} {node.name}",
            dependencyDefinitionRefs=refs,
        )
        versions[node.name] = version
        uuids[node.name] = definition_of(blockyard, version)
    return Definitions(shape, versions)


def define_composition(blockyard: Installation, repository: str) -> str:
    """Release the definition of blocks that order another one and wait for it; return its version."""
    inputs = {"folder": an_input(), "name": an_input(), FIRST: an_input()}
    inputs |= {key: an_input(isEnvironment=True) for key in ("INPUT_TOKEN", "INPUT_ORDERS")}
    return blockyard.define(terraform(repository), inputs=inputs, outputs={"trail": an_output()}, name="Composition")


def define_planned(blockyard: Installation, repository: str) -> str:
    """Release the definition of a block whose changes are seen and approved first; return its version."""
    inputs = {"folder": an_input(), "name": an_input(), FIRST: an_input()}
    about: JsonObject = {"approvalPolicies": {"userInputChanges": True}}
    return blockyard.define(
        terraform(repository), inputs=inputs, outputs={"trail": an_output()}, name="Planned", about=about
    )


def release_next(blockyard: Installation, version: str) -> str:
    """Release a second version of a definition, with the content of the first, and return its id."""
    path = "/api/meshobjects/meshbuildingblockdefinitionversions"
    found = blockyard.call("GET", f"{path}/{version}", kinds.VERSION.media)
    metadata, spec = found["metadata"], found["spec"]
    assert isinstance(metadata, dict)
    assert isinstance(spec, dict)
    body: JsonObject = {
        "metadata": {"ownedByWorkspace": metadata["ownedByWorkspace"]},
        "spec": {**spec, "versionNumber": 2, "state": "RELEASED"},
    }
    return text_of(blockyard.call("POST", path, kinds.VERSION.media, body), "metadata", "uuid")


def definition_of(blockyard: Installation, version: str) -> str:
    """Return the id of the definition of a version."""
    path = f"/api/meshobjects/meshbuildingblockdefinitionversions/{version}"
    found = blockyard.call("GET", path, kinds.VERSION.media)
    return text_of(found, "spec", "buildingBlockDefinitionRef", "uuid")


def order(
    blockyard: Installation, version: str, inputs: Mapping[str, JsonObject], parents: Sequence[str], *, name: str
) -> str:
    """Order a block below its parents and return its id; `name` is no other block's."""
    return send_order(blockyard, an_order(blockyard, version, inputs, parents, name=name), name)


def send_order(blockyard: Installation, body: JsonObject, name: str) -> str:
    """Send an order and return the id of the block; where its answer died with a server, the block is looked up."""
    media = kinds.BLOCK_V2.media
    answer = blockyard.client.post(
        "/api/meshobjects/meshbuildingblocks", json=body, headers={"Accept": media, "Content-Type": media}
    )
    if TOOK_EFFECT not in answer.text:
        assert answer.is_success, f"the order: {answer.status_code} {answer.text}"
        return text_of(answer.json(), "metadata", "uuid")
    called = {"workspaceIdentifier": "shop", "name": name}
    listed = blockyard.client.get("/api/blockyard/v1/blocks", params=called).raise_for_status().json()
    found = [
        text_of(block, "metadata", "uuid")
        for block in listed["_embedded"]["meshBuildingBlocks"]
        if block["spec"]["displayName"] == name
    ]
    assert len(found) == 1, f"{len(found)} blocks are called {name}"
    return found[0]


def an_order(
    blockyard: Installation, version: str, inputs: Mapping[str, JsonObject], parents: Sequence[str], *, name: str
) -> JsonObject:
    """Return what is sent to order a block."""
    return {
        "apiVersion": "v2-preview",
        "kind": "meshBuildingBlock",
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": {"uuid": version, "kind": "meshBuildingBlockDefinitionVersion"},
            "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": blockyard.workspace("shop")},
            "displayName": name,
            "inputs": dict(inputs),
            "parentBuildingBlockRefs": [{"uuid": parent, "kind": "meshBuildingBlock"} for parent in parents],
            "parentBuildingBlocks": [],
        },
        "status": None,
    }


@dataclass(frozen=True, slots=True)
class Yard:
    """The folder that the blocks of one graph use."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Yard":
        """Make the folder."""
        (folder / "gates").mkdir(parents=True)
        return cls(folder)

    def close_gate(self, name: str) -> None:
        """Let a script wait."""
        (self.folder / "reached").unlink(missing_ok=True)
        (self.folder / "gates" / name).touch()

    def open_all(self) -> None:
        """Let everybody go on."""
        for gate in (self.folder / "gates").iterdir():
            gate.unlink(missing_ok=True)

    def wait(self, seconds: float) -> bool:
        """Wait until a script waits; tell whether one does."""
        end = time.monotonic() + seconds
        while not (self.folder / "reached").exists():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def acts(self) -> list[str]:
        """Return what was done, in its order, as `apply root`."""
        path = self.folder / "acts"
        return path.read_text().splitlines() if path.exists() else []
