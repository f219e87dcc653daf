"""Conditions in the browser and on the server: one table of cases, which both are held to."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model.conditions import Values, parsed, tree_of
from tests.support.machine import find_program, need

ROOT = Path(__file__).parents[3]
CASES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "conditions.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[f"{case['condition']} {case['values']}" for case in CASES])
def test_the_server_reads_and_decides_each_case_as_the_table_says(case: dict[str, Any]) -> None:
    root = parsed(case["condition"])

    assert tree_of(root) == case["tree"]
    assert Values({key: _value(one) for key, one in case["values"].items()}).hold(root) is case["holds"]


def test_the_browser_decides_each_case_as_the_table_says() -> None:
    node = need(find_program("node"), "Node.js", "nodejs")

    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", ROOT / "tests" / "browser" / "conditions.test.mjs"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert f"# pass {len(CASES) + 1}" in done.stdout


def _value(found: Json) -> Json:
    if isinstance(found, list):
        return [_value(one) for one in found]
    return int(str(found["int"])) if isinstance(found, dict) else found
