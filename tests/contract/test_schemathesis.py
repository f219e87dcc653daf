"""Generated requests to every operation of the OpenAPI document: no defect, and answers as the document says."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.openapi import from_asgi
from schemathesis.schemas import BaseSchema

from tests.support.document_checks import CHECKS
from tests.support.whole_server import Tenancy, WholeServer

EXAMPLES = int(os.environ.get("GENERATED_EXAMPLES", "5"))
"""For each operation; on PostgreSQL half of them, the first ones, since they are the same and tell of the database only."""

_DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
OPERATIONS = [
    (method.upper(), path)
    for path, operations in _DOCUMENT["paths"].items()
    for method in operations
    if method in {"get", "put", "post", "patch", "delete"}
]


@pytest.fixture(scope="module")
def server(own_server: WholeServer) -> WholeServer:
    """The application, whose loops run: the library that sends the requests starts them."""
    return own_server


@pytest.fixture(scope="module")
def api(server: WholeServer) -> BaseSchema:
    """The document that the application itself hands out."""
    return from_asgi("/api/openapi.json", server.app)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_no_request_meets_a_defect(
    server: WholeServer, tenancy: Tenancy, api: BaseSchema, method: str, path: str
) -> None:
    operation = api[path][method]
    known = _known(tenancy, path) if method != "DELETE" else {}
    strategy = operation.as_strategy()
    if "{" in path or _takes_input(method, path):
        strategy |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    count = 0

    @settings(
        max_examples=EXAMPLES if server.db.is_sqlite else (EXAMPLES + 1) // 2,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Case[APIOperation[Any, Any, Any, Any]]) -> None:
        nonlocal count
        count += 1
        if count % 2:  # every other request goes to what is there
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        if "wait" in case.query:
            case.query["wait"] = 0
        token = tenancy.run_token if count % 4 == 3 else server.token
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})

    ask()


def _takes_input(method: str, path: str) -> bool:
    """Tell whether an operation has something that can be wrong."""
    operation = _DOCUMENT["paths"][path][method.lower()]
    return bool(operation.get("parameters") or operation.get("requestBody"))


def _known(tenancy: Tenancy, path: str) -> Mapping[str, str]:
    """Return parameters of what is there."""
    things = {
        "meshbuildingblocks": tenancy.block,
        "blocks": tenancy.block,
        "meshbuildingblockdefinitions": tenancy.definition,
        "meshbuildingblockdefinitionversions": tenancy.version,
        "definitionversions": tenancy.version,
    }
    thing = next((uuid for word, uuid in things.items() if f"/{word}/{{uuid}}" in path), None)
    known = {"run_id": tenancy.run, "block_id": tenancy.block, "workspace": "shop", "name": "shop", "number": "1"}
    return known | ({"uuid": thing} if thing else {})
