"""Providers from an operator's mirror, through the cache that runs share."""

import platform
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.runner.executors.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun

NewRun = Callable[..., OpenTofuRun]
SYSTEM = f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}[platform.machine()] }"
USES_PROVIDER = {
    "main.tf": 'terraform {\n  required_providers {\n    fake = { source = "registry.test/acme/fake" }\n  }\n}\n'
    'output "o" { value = 1 }\n'
}


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A packed mirror with one provider: `init` installs it. It is no program that the engine could start after that."""
    folder = tmp_path / "mirror" / "registry.test" / "acme" / "fake"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f"terraform-provider-fake_1.0.0_{SYSTEM}.zip", "w") as package:
        program = zipfile.ZipInfo("terraform-provider-fake_v1.0.0")
        program.external_attr = 0o755 << 16
        package.writestr(program, "#!/bin/sh\n")
    return tmp_path / "mirror"


def test_runs_at_the_same_time_share_the_provider_cache(new_run: NewRun, mirror: Path, tmp_path: Path) -> None:
    settings = {"provider_mirror_dir": mirror, "work_dir": tmp_path / "runner"}
    runs = [new_run(files=USES_PROVIDER, settings=settings) for _ in range(3)]
    threads = [threading.Thread(target=run.execute) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [run.reporter.steps["init_tf"] for run in runs] == ["SUCCEEDED"] * 3
    cached = tmp_path / "runner" / "plugins" / "registry.test" / "acme" / "fake" / "1.0.0" / SYSTEM
    for run in runs:
        installed = run.run_dir / ".terraform" / "providers" / "registry.test" / "acme" / "fake" / "1.0.0" / SYSTEM
        assert installed.resolve() == cached


def test_a_provider_that_is_not_in_the_mirror_fails_the_init(new_run: NewRun, mirror: Path) -> None:
    other = {"main.tf": USES_PROVIDER["main.tf"].replace("acme/fake", "acme/other")}
    run = new_run(files=other, settings={"provider_mirror_dir": mirror})

    assert run.execute().outcome is Outcome.FAILED
    assert "registry.test/acme/other" in run.reporter.user_messages["init_tf"]
    assert "required_providers" in run.reporter.text("init_tf")


def test_without_a_cache_each_run_installs_its_own(new_run: NewRun, mirror: Path) -> None:
    run = new_run(files=USES_PROVIDER, settings={"provider_mirror_dir": mirror, "plugin_cache_dir": "none"})

    run.execute()
    assert run.reporter.steps["init_tf"] == "SUCCEEDED", run.reporter.whole_text()
    assert not (run.folder / "runner" / "plugins").exists()
