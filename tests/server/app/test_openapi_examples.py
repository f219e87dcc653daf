"""The examples of the OpenAPI document: one of each kind, and each is what its schema takes."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from blockyard.protocol.kinds import OBJECTS, RUN

DOCUMENT: Any = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
BODIES = {
    f"{method} {path} {media.split('.', 3)[-1]}": content
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith(OBJECTS) and not path.startswith(RUN.collection)
    for media, content in operation.get("requestBody", {}).get("content", {}).items()
    if "vnd.meshcloud" in media
}
EXAMPLES: Any = json.loads((Path(__file__).parents[3] / "src/blockyard/server/app/examples.json").read_text())


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_request_about_an_object_has_an_example_that_its_schema_takes(body: Any) -> None:
    schema = {**body["schema"], "components": DOCUMENT["components"]}

    errors = [error.message for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(body["example"])]

    assert errors == []


def test_each_example_is_of_its_kind_and_holds_no_id_of_an_installation() -> None:
    assert {kind: example["kind"] for kind, example in EXAMPLES.items()} == {
        kind: kind.partition(".")[0] for kind in EXAMPLES
    }
    assert "localhost" not in json.dumps(EXAMPLES)
