"""A building block that orders others and waits for them ends, however few slots its runner has."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support import starter_kit
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, installation, status, terraform, text_of, value

pytestmark = pytest.mark.usefixtures("engine")

ORDER = """
import json, os, time, urllib.request

def send(method, path, body=None):
    headers = {
        "Authorization": "Bearer " + os.environ["MESHSTACK_API_TOKEN"],
        "Content-Type": KIND,
        "Accept": KIND,
    }
    address = os.environ["MESHSTACK_ENDPOINT"] + "/api/meshobjects/meshbuildingblocks" + path
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method)) as answer:
        return json.load(answer)

if os.environ["INPUT_CHILD"] != "none":
    child = send("POST", "", json.loads(os.environ["INPUT_CHILD"]))["metadata"]["uuid"]
    while (now := send("GET", "/" + child)["status"]["status"]) not in {"SUCCEEDED", "FAILED", "ABORTED"}:
        time.sleep(0.2)
    assert now == "SUCCEEDED", now
"""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard whose one runner executes one run at a time."""
    data: Path = tmp_path_factory.mktemp("narrow") / "data"
    with installation(data, {"BLOCKYARD_RUNNER_CONCURRENCY": "1"}) as running:
        yield running


def an_order(version: str, child: JsonObject | None) -> JsonObject:
    """Return the body of an order of a block that orders another one."""
    return {
        "apiVersion": "v2-preview",
        "kind": "meshBuildingBlock",
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": {"uuid": version, "kind": "meshBuildingBlockDefinitionVersion"},
            "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": "shop"},
            "displayName": "leaf" if child is None else "composition",
            "inputs": {"INPUT_CHILD": value("none" if child is None else json.dumps(child))},
            "parentBuildingBlockRefs": [],
            "parentBuildingBlocks": [],
        },
        "status": None,
    }


def test_three_levels_end_on_one_slot(narrow: Installation, module: Callable[..., Repository]) -> None:
    source = f"""
resource "terraform_data" "ordered" {{
  provisioner "local-exec" {{
    command = "{sys.executable} ${{path.module}}/order.py"
  }}
}}
"""
    repository = module(main_tf=source)
    repository.commit({"main.tf": source, "order.py": f"KIND = {kinds.BLOCK_V2.media!r}\n{ORDER}"})
    inputs = {"INPUT_CHILD": an_input(isEnvironment=True)}
    permissions: list[Json] = ["BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE"]
    version = narrow.define(terraform(repository), inputs=inputs, permissions=permissions)
    narrow.workspace("shop")
    top = an_order(version, an_order(version, an_order(version, None)))
    made = narrow.call("POST", "/api/meshobjects/meshbuildingblocks", kinds.BLOCK_V2.media, top)

    block = narrow.settled(text_of(made, "metadata", "uuid"))

    assert status(block) == "SUCCEEDED", narrow.logs(block)
    answer = narrow.client.get("/api/blockyard/v1/blocks", params={"workspaceIdentifier": "shop"})
    found = answer.json()["_embedded"]["meshBuildingBlocks"]
    assert [one["status"]["status"] for one in found] == ["SUCCEEDED"] * 3
    blocks = [narrow.client.get(f"/api/blockyard/v1/blocks/{one['metadata']['uuid']}").json() for one in found]
    makers = [block["author"]["displayName"] for block in blocks]
    assert sorted(makers)[1:] == ["building block 'composition'"] * 2
    assert b"bykey" not in narrow.dump()


def test_a_starter_kit_makes_an_environment_and_takes_it_away_again(
    blockyard: Installation, module: Callable[..., Repository], tmp_path: Path
) -> None:
    blockyard.workspace("shop")
    member: JsonObject = {
        "metadata": {"name": "admin-in-the-kit"},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "admin"},
    }
    blockyard.call("POST", kinds.WORKSPACE_USER_BINDING.collection, kinds.WORKSPACE_USER_BINDING.media, member)
    leaf = blockyard.define(terraform(module(main_tf='output "o" { value = 1 }')), name="Leaf")
    path = tmp_path / "kit.py"
    path.write_text(starter_kit.script(starter_kit.a_platform(blockyard), leaf))
    main = starter_kit.MODULE.replace("PYTHON", sys.executable).replace("SCRIPT", str(path))
    kit = blockyard.define(
        terraform(module(main_tf=main)),
        name="Starter kit",
        inputs={"notes": an_input()},
        permissions=[*starter_kit.PERMISSIONS],
    )

    block = blockyard.ordered(kit, {"notes": value(str(tmp_path / "made.json"))})

    assert status(block) == "SUCCEEDED", blockyard.logs(block)
    made = json.loads((tmp_path / "made.json").read_text())
    tenant = blockyard.client.get(f"/api/blockyard/v1/tenants/{made['tenant']}").json()
    nested = blockyard.client.get(f"/api/blockyard/v1/blocks/{made['block']}").json()
    identity = f"block-{text_of(block, 'metadata', 'uuid')}"
    assert {one["author"]["identifier"] for one in (tenant, nested)} == {identity}
    events = blockyard.client.get(
        "/api/meshobjects/mesheventlogs",
        params={"authorIdentifier": identity},
        headers={"Accept": kinds.EVENT_LOG.media},
    ).json()["_embedded"]["meshEventLogs"]
    titles = {event["spec"]["title"] for event in events}
    assert {"Project Created", "Tenant Created", "Building Block Created"} <= titles

    blockyard.delete(text_of(block, "metadata", "uuid"))
    gone = blockyard.settled(text_of(block, "metadata", "uuid"))

    assert text_of(gone, "status", "lifecycle", "state") == "DELETED", blockyard.logs(gone)
    media = kinds.PROJECT.media
    blockyard.call("GET", kinds.PROJECT.path("shop.kit"), media, expect=404)
    left = blockyard.client.get(f"/api/blockyard/v1/blocks/{made['block']}").json()
    assert left["lifecycle"] == "DELETED"
    binding = kinds.WORKSPACE_USER_BINDING
    blockyard.call(
        "DELETE", binding.path("admin-in-the-kit"), binding.media
    )  # others count the people of the workspace
