"""Inputs that adapt to each other, in the browser and on the server: one table of cases, which both are held to."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.definitions.model.adaptive import DependentDefault, InputCheck, OptionSource
from blockyard.server.definitions.model.conditions import parsed, tree_of
from blockyard.server.definitions.model.hiding import settled
from tests.support.machine import find_program, need

ROOT = Path(__file__).parents[3]
CASES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "adaptive.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["about"] for case in CASES])
def test_the_server_settles_each_case_as_the_table_says(case: dict[str, Any]) -> None:
    specs = {key: _spec(key, document) for key, document in case["inputs"].items()}
    checks = [InputCheck(*check) for check in case.get("checks", [])]
    given = {key: _value(value) for key, value in case["given"].items()}

    now = settled(specs, given, fill=True)

    assert sorted(now.hidden) == case.get("hidden", [])
    assert now.known == {key: _value(value) for key, value in case["values"].items()}
    assert now.options(specs, {}) == case.get("options", {})
    assert [check.message for check in now.failed(checks)] == case.get("failed", [])


def test_the_browser_settles_each_case_as_the_table_says(tmp_path: Path) -> None:
    node = need(find_program("node"), "Node.js", "nodejs")
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps([_with_trees(case) for case in CASES]))

    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", ROOT / "tests" / "browser" / "adaptive.test.mjs"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CASES": str(cases)},
    )

    assert done.returncode == 0, done.stdout
    assert f"# pass {len(CASES)}" in done.stdout


def _spec(key: str, document: dict[str, Any]) -> InputSpec:
    defaults, options = document.get("defaults", []), document.get("options")
    return InputSpec(
        key=key,
        display_name=key,
        type=InputType.STRING if options is None else InputType.SINGLE_SELECT,
        assignment_type=AssignmentType.USER_INPUT,
        condition=document.get("condition"),
        default_value=next((_value(value) for when, value in defaults if when is None), None),
        dependent_defaults=tuple(DependentDefault(when, _value(value)) for when, value in defaults if when),
        selectable_values=tuple(text for when, texts in options or [] if when is None for text in texts),
        option_sources=tuple(
            OptionSource(condition=when, values=tuple(texts)) for when, texts in options or [] if when
        ),
    )


def _with_trees(case: dict[str, Any]) -> dict[str, Any]:
    inputs = {
        key: {
            name: [[_tree(when), found] for when, found in spec[name]]
            for name in ("defaults", "options")
            if name in spec
        }
        | ({"condition": _tree(spec["condition"])} if "condition" in spec else {})
        for key, spec in case["inputs"].items()
    }
    checks = [[_tree(when), message, key] for when, message, key in case.get("checks", [])]
    return {**case, "inputs": inputs, "checks": checks}


def _tree(text: str | None) -> Json:
    return None if text is None else tree_of(parsed(text))


def _value(found: Json) -> Json:
    if isinstance(found, list):
        return [_value(one) for one in found]
    return int(str(found["int"])) if isinstance(found, dict) else found
