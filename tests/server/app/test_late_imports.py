"""What the modules of the server import, each in a process that has imported nothing else."""

import json
import subprocess
import sys

import pytest

LATE = ["scim2_models"]
"""What few need is not imported before it is wanted: it would cost every start its time and its memory."""

PROGRAM = f"""
import json, sys
from blockyard.server.app.tables import metadata
tables = set(metadata.tables)
import blockyard.server.app.application
print(json.dumps({{"late": [name for name in {LATE} if name in sys.modules], "more tables": sorted(set(metadata.tables) - tables)}}))
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """What came with the application: modules that should come later, and tables that `tables` does not know of."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60, capture_output=True, text=True)
    found: dict[str, list[str]] = json.loads(ended.stdout)
    return found


def test_a_server_starts_without_what_few_need(imported: dict[str, list[str]]) -> None:
    assert imported["late"] == []


def test_whoever_asks_for_all_tables_gets_all_of_them(imported: dict[str, list[str]]) -> None:
    assert imported["more tables"] == []
