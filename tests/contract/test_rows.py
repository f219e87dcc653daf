"""What newer public clients ask, row by row: and what may be deleted when: each row has tests that are there; lengths of texts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol import kinds
from tests.support.echo import found, put
from tests.support.installation import an_input, an_output, text_of
from tests.support.whole_server import VERSIONS, Request, Tenancy, WholeServer, a_definition, a_version, error_of

ROOT = Path(__file__).parents[2]

OF_DEFINITIONS = {
    "displayName": 128,
    "description": 255,
    "displayNameTemplate": 255,
    "supportUrl": 255,
    "documentationUrl": 255,
}
OF_INPUTS = {"displayName": 255, "description": 255, "validationRegexErrorMessage": 255, "valueValidationRegex": 1000}


def rows(table: str) -> Iterator[tuple[str, str]]:
    """Yield each row of a table with each of its tests."""
    row = ""
    for line in (ROOT / "tests" / "data" / table).read_text().splitlines():
        if line.startswith(" "):
            yield row, line.strip()
        elif not line.startswith("#"):
            row = line


@pytest.mark.parametrize(("table", "least"), [("contract_rows.txt", 20), ("deletion_rows.txt", 12)])
def test_the_tests_of_every_row_are_there(table: str, least: int) -> None:
    missing = []
    for row, test in rows(table):
        file, _, name = test.partition("::")
        if not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE):
            missing.append(f"{row}: {test}")

    assert missing == []
    assert len({row for row, _ in rows(table)}) > least


def _of_length(length: int, member: str) -> str:
    return ("https://example.org/" if member.endswith("Url") else "").ljust(length, "x")


@pytest.mark.one_database
@pytest.mark.usefixtures("tenancy")
def test_texts_of_a_definition_are_as_long_as_clients_let_them_be(server: WholeServer) -> None:
    for member, length in OF_DEFINITIONS.items():
        for over in (0, 1):
            document = put(a_definition(), f"spec/{member}", _of_length(length + over, member))
            answer = server.send(Request("POST", kinds.DEFINITION.collection, document, kinds.DEFINITION.media))
            assert answer.is_success is not bool(over), (member, answer.text)
            if over:
                assert (answer.status_code, error_of(answer)["field"]) == (400, f"/spec/{member}")


@pytest.mark.one_database
def test_texts_of_a_version_are_as_long_as_clients_let_them_be(server: WholeServer, tenancy: Tenancy) -> None:
    body = a_version(tenancy.definition, "", number=2, state="DRAFT")
    body["metadata"] = {"ownedByWorkspace": "platform"}
    address = (
        f"{VERSIONS}/{text_of(server.ok(Request('POST', VERSIONS, body, kinds.VERSION.media)), 'metadata', 'uuid')}"
    )
    base: Any = {**body, "spec": {**spec_of(body), "inputs": {"k": an_input()}, "outputs": {"k": an_output()}}}
    texts = [(f"inputs/k/{member}", length) for member, length in OF_INPUTS.items()]
    for path, length in [*texts, ("outputs/k/displayName", 255)]:
        for over in (0, 1):
            member = f"spec/{path}"
            document = put(base, member, "x" * (length + over))
            answer = server.send(Request("PUT", address, document, kinds.VERSION.media))
            assert answer.status_code == (400 if over else 200), (path, answer.text)
            if over:
                assert error_of(answer)["field"] == f"/spec/{path}"
            else:
                assert found(answer.json(), member) == "x" * length
    for part in ("inputs", "outputs"):
        for over in (0, 1):
            key = "k" * (255 + over)
            document = put(base, f"spec/{part}", {key: an_input() if part == "inputs" else an_output()})
            answer = server.send(Request("PUT", address, document, kinds.VERSION.media))
            assert answer.status_code == (400 if over else 200), (part, answer.text)


def spec_of(document: Any) -> dict[str, Any]:
    """Return the specification of an object."""
    spec: dict[str, Any] = document["spec"]
    return spec
