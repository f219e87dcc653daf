"""Processes of the shared runner."""

import json
import os
from pathlib import Path

from tests.support import forked
from tests.support.forked import Program
from tests.support.installation import SHARED_RUNNER


def start_runner(
    url: str, data: Path, work_dir: Path, log: Path, *, concurrency: int = 1, program: Path | None = None
) -> Program:
    """Start a process of the shared runner, whose keys are in `data`; `program` is a file that runs instead of `blockyard runner`."""
    keys = json.loads((data / "runner-api-key.json").read_text())
    settings = {
        "SERVER_URL": url,
        "RUNNER_UUID": SHARED_RUNNER,
        "CLIENT_ID": keys["clientId"],
        "CLIENT_SECRET": keys["clientSecret"],
        "PRIVATE_KEY_FILE": str(data / "runner-key.pem"),
        "WORK_DIR": str(work_dir),
        "ENGINE_FALLBACK": "warn",
        "OFFLINE": "true",
        "CONCURRENCY": str(concurrency),
    }
    environment = {f"BLOCKYARD_RUNNER_{name}": text for name, text in settings.items()}
    with log.open("ab") as file:
        return forked.start(
            ["runner"],
            env={**environment, "PATH": os.environ["PATH"], "HOME": str(data.parent / "home")},
            stdout=file,
            stderr=file,
            program=program,
            start_new_session=True,
        )
