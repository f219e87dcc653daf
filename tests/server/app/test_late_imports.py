"""What few need is not imported before it is wanted: it would cost every start its time and its memory."""

import subprocess
import sys

import pytest

LATE = ["scim2_models"]


@pytest.mark.parametrize("module", LATE)
def test_a_server_starts_without(module: str) -> None:
    code = f"import sys, blockyard.server.app.application; sys.exit({module!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
