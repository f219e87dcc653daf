"""The code keeps to the layers that docs/architecture.md draws."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom in Blockyard."""
    return grimp.build_graph("blockyard", cache_dir=None)


def test_the_import_contracts_hold() -> None:
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout


def test_a_store_is_used_by_the_use_cases_of_its_own_feature_only(graph: grimp.ImportGraph) -> None:
    strangers = [
        f"{importer} imports {module}"
        for module in sorted(graph.modules)
        if (feature := feature_of(module, "store"))
        for importer in sorted(graph.find_modules_that_directly_import(module))
        if feature_of(importer, "service") != feature and feature_of(importer, "store") != feature
    ]

    assert strangers == []


def feature_of(module: str, part: str) -> str | None:
    """Return the feature whose `part` (or a module inside it) `module` is: `blockyard.server.runs.store` → `runs`."""
    words = module.split(".")
    if words[:2] != ["blockyard", "server"] or len(words) < 4 or words[3] != part:
        return None
    return words[2]
