"""A building block that orders others and waits for them ends, however few slots its runner has."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, installation, status, terraform, text_of, value

pytestmark = pytest.mark.usefixtures("engine")

ORDER = """
import json, os, time, urllib.request

def send(method, path, body=None):
    headers = {
        "Authorization": "Bearer " + os.environ["API_TOKEN"],
        "Blockyard-Run": os.environ["TF_HTTP_PASSWORD"],
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


def an_order(version: str, token: str, child: JsonObject | None) -> JsonObject:
    """Return the body of an order of a block that orders another one."""
    return {
        "apiVersion": "v2-preview",
        "kind": "meshBuildingBlock",
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": {"uuid": version, "kind": "meshBuildingBlockDefinitionVersion"},
            "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": "shop"},
            "displayName": "leaf" if child is None else "composition",
            "inputs": {
                "INPUT_CHILD": value("none" if child is None else json.dumps(child)),
                "API_TOKEN": value(token),
            },
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
    inputs = {key: an_input(isEnvironment=True) for key in ("INPUT_CHILD", "API_TOKEN")}
    version = narrow.define(terraform(repository), inputs=inputs)
    narrow.workspace("shop")
    token = narrow.client.get("/mesh/info").request.headers["Authorization"].removeprefix("Bearer ")
    leaf = an_order(version, token, None)
    top = an_order(version, token, an_order(version, token, leaf))
    made = narrow.call("POST", "/api/meshobjects/meshbuildingblocks", kinds.BLOCK_V2.media, top)

    block = narrow.settled(text_of(made, "metadata", "uuid"))

    assert status(block) == "SUCCEEDED", narrow.logs(block)
    answer = narrow.client.get("/api/blockyard/v1/blocks", params={"workspaceIdentifier": "shop"})
    statuses = [one["status"]["status"] for one in answer.json()["_embedded"]["meshBuildingBlocks"]]
    assert statuses == ["SUCCEEDED"] * 3
