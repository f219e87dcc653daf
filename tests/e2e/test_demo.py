"""The demo goes through by itself: order, update, destroy, verified on disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("engine")


def test_the_demo_orders_updates_and_destroys(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COLUMNS": "120"}

    demo = subprocess.run(
        [sys.executable, "-m", "blockyard", "demo", "--exit", "--port", "0", "--data-dir", str(tmp_path / "demo")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert demo.returncode == 0, demo.stdout + demo.stderr
    for words in (
        "there is a bare repository",
        "waits for",
        "approved",
        "the description of the repository has changed",
        "is gone",
        "The demo went through.",
    ):
        assert words in " ".join(demo.stdout.split())
    assert list((tmp_path / "demo" / "repositories" / "shop").iterdir()) == []
    assert not (tmp_path / ".config").exists()
