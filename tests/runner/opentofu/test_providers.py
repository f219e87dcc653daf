"""Providers from an operator's mirror, through the cache that runs share."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from blockyard.runner.frame.executor import Outcome
from tests.support.http_server import served
from tests.support.opentofu_runs import OpenTofuRun
from tests.support.providers import PACKAGE, PROGRAM, SYSTEM, a_provider, uses_provider

NewRun = Callable[..., OpenTofuRun]
USES_PROVIDER = {"main.tf": uses_provider("registry.test/acme/fake")}


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A packed mirror with one provider: `init` installs it. It is no program that the engine could start after that."""
    folder = tmp_path / "mirror" / "registry.test" / "acme" / "fake"
    folder.mkdir(parents=True)
    (folder / PACKAGE).write_bytes(a_provider("#!/bin/sh\n"))
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
    cached = tmp_path / "runner" / "plugins" / "platform" / "registry.test" / "acme" / "fake" / "1.0.0" / SYSTEM
    for run in runs:
        installed = run.run_dir / ".terraform" / "providers" / "registry.test" / "acme" / "fake" / "1.0.0" / SYSTEM
        assert installed.resolve() == cached


def test_a_provider_that_is_not_in_the_mirror_fails_the_init(new_run: NewRun, mirror: Path) -> None:
    other = {"main.tf": uses_provider("registry.test/acme/other")}
    run = new_run(files=other, settings={"provider_mirror_dir": mirror})

    assert run.execute().outcome is Outcome.FAILED
    assert "registry.test/acme/other" in run.reporter.user_messages["init_tf"]
    assert "required_providers" in run.reporter.text("init_tf")


def test_without_a_cache_each_run_installs_its_own(new_run: NewRun, mirror: Path) -> None:
    run = new_run(files=USES_PROVIDER, settings={"provider_mirror_dir": mirror, "plugin_cache_dir": "none"})

    run.execute()
    assert run.reporter.steps["init_tf"] == "SUCCEEDED", run.reporter.whole_text()
    assert not (run.folder / "runner" / "plugins").exists()


@pytest.fixture
def registry() -> Iterator[str]:
    """A host that is no registry and says so at once."""
    with served(FastAPI()) as server:
        yield server.url.removeprefix("http://127.0.0.1")


@pytest.mark.parametrize(
    "place", ["terraform.d/plugins", "home/.terraform.d/plugins", "home/.local/share/terraform/plugins"]
)
def test_a_provider_that_a_module_brings_along_is_never_installed(
    new_run: NewRun, registry: str, tmp_path: Path, place: str
) -> None:
    """Installed, it would lie in the cache under the name of the real one, and be the program of later runs."""
    source = f"localhost{registry}/acme/fake"
    run = new_run(
        files={
            "main.tf": uses_provider(source),
            f"{place}/{source}/{PACKAGE}": a_provider("#!/bin/sh\n"),
        },
        settings={"work_dir": tmp_path / "runner"},
    )
    if place.startswith("home"):
        run.environ = {"HOME": str(run.run_dir / "home")}

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.steps["init_tf"] == "FAILED"
    assert not list((tmp_path / "runner" / "plugins").rglob(PROGRAM))


def test_what_one_workspace_puts_into_its_cache_reaches_no_other(new_run: NewRun, mirror: Path, tmp_path: Path) -> None:
    settings = {"provider_mirror_dir": mirror, "work_dir": tmp_path / "runner"}
    first, second, third = (
        new_run(files=USES_PROVIDER, settings=settings, owner=owner) for owner in ("evil", "evil", "shop")
    )
    first.execute()
    (cached,) = (tmp_path / "runner" / "plugins").rglob(PROGRAM)
    shutil.copy2(cached, tmp_path / "copy")
    cached.parent.chmod(0o755)
    cached.unlink()
    cached.write_text("#!/bin/sh\necho poisoned\n")

    second.execute()
    third.execute()

    assert [installed(run) for run in (second, third)] == ["#!/bin/sh\necho poisoned\n", "#!/bin/sh\n"]


def installed(run: OpenTofuRun) -> str:
    """Return the program of the provider that `init` installed."""
    (program,) = (run.run_dir / ".terraform" / "providers").glob(f"*/*/*/*/*/{PROGRAM}")
    return program.read_text()


def test_a_run_has_no_business_writing_into_the_cache(new_run: NewRun, mirror: Path, tmp_path: Path) -> None:
    run = new_run(files=USES_PROVIDER, settings={"provider_mirror_dir": mirror, "work_dir": tmp_path / "runner"})
    run.execute()

    (cached,) = (tmp_path / "runner" / "plugins").rglob(PROGRAM)
    assert (cached.stat().st_mode & 0o777, cached.parent.stat().st_mode & 0o777) == (0o555, 0o555)


@pytest.mark.parametrize(("owner", "folder"), [("shop-1", "shop-1"), ("../evil", "_"), ("Shop", "_"), ("", None)])
def test_the_folder_of_a_workspace_is_its_own_whatever_it_is_called(
    new_run: NewRun, mirror: Path, tmp_path: Path, owner: str, folder: str | None
) -> None:
    settings = {"provider_mirror_dir": mirror, "work_dir": tmp_path / "runner"}
    new_run(files=USES_PROVIDER, settings=settings, owner=owner).execute()

    plugins = tmp_path / "runner" / "plugins"
    names = [path.name for path in plugins.iterdir()] if plugins.exists() else []
    assert [name if name == folder else name[:1] for name in names] == ([] if folder is None else [folder])
    assert not (tmp_path / "runner" / "evil").exists()
