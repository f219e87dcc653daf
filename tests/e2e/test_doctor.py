"""`blockyard doctor` beside a running installation."""

import json
import os
import time

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUNNER
from tests.support import forked
from tests.support.installation import SHARED_RUNNER, Installation

pytestmark = pytest.mark.usefixtures("engine")


def _doctor(*words: str, **settings: str) -> tuple[int, dict[str, JsonObject]]:
    done = forked.run(["doctor", "--output", "json", *words], env={"PATH": os.environ["PATH"], **settings})
    findings = json.loads(done.stdout)["findings"]
    return done.returncode, {finding["name"]: finding for finding in findings}


def _database(blockyard: Installation) -> dict[str, str]:
    return {"BLOCKYARD_DATABASE_URL": blockyard.database_url} if blockyard.database_url else {}


def _wait_for_runner(blockyard: Installation) -> None:
    """Wait until the shared runner has asked for work, which it does a moment after the server answers."""
    path, deadline = f"/api/meshobjects/meshbuildingblockrunners/{SHARED_RUNNER}", time.monotonic() + 20
    while '"lastSeen": null' in json.dumps(blockyard.call("GET", path, RUNNER.media)):
        assert time.monotonic() < deadline, blockyard.log.read_text()
        time.sleep(0.1)


def test_nothing_is_wrong_with_a_running_installation(blockyard: Installation) -> None:
    _wait_for_runner(blockyard)

    code, findings = _doctor(
        "--data-dir", str(blockyard.data), BLOCKYARD_PUBLIC_URL=blockyard.url, **_database(blockyard)
    )

    wrong = {name for name, finding in findings.items() if finding["outcome"] == "failed"}
    assert (code, wrong) == (0, set())
    assert {"database", "tables", "master key", "server", "git", "bash", "engine"} <= findings.keys()
    assert str(findings["shared runner"]["text"]).startswith("seen ")


@pytest.mark.one_database
def test_nothing_is_wrong_with_a_running_runner(blockyard: Installation) -> None:
    key = json.loads((blockyard.data / "runner-api-key.json").read_text())
    settings = {
        "BLOCKYARD_RUNNER_SERVER_URL": blockyard.url,
        "BLOCKYARD_RUNNER_RUNNER_UUID": SHARED_RUNNER,
        "BLOCKYARD_RUNNER_CLIENT_ID": key["clientId"],
        "BLOCKYARD_RUNNER_PRIVATE_KEY_FILE": str(blockyard.data / "runner-key.pem"),
        "BLOCKYARD_RUNNER_WORK_DIR": str(blockyard.data / "runner"),
    }

    code, findings = _doctor("--runner", BLOCKYARD_RUNNER_CLIENT_SECRET=key["clientSecret"], **settings)
    wrong_code, wrong = _doctor("--runner", BLOCKYARD_RUNNER_CLIENT_SECRET="another", **settings)

    assert code == 0, findings
    assert findings["sign-in"]["outcome"] == findings["private key"]["outcome"] == "ok"
    assert (wrong_code, wrong["sign-in"]["outcome"]) == (1, "failed")
