"""What the modules of one workspace can do to the runs of another."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.git_repositories import create_repository
from tests.support.http_server import served
from tests.support.installation import Installation, installation, status, terraform
from tests.support.providers import PACKAGE, PROGRAM, a_provider, uses_provider

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(scope="module")
def blockyard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard with an operator's mirror of one provider."""
    folder = tmp_path_factory.mktemp("isolation")
    place = folder / "mirror" / "registry.test" / "acme" / "fake"
    place.mkdir(parents=True)
    (place / PACKAGE).write_bytes(a_provider("#!/bin/sh\n# the real one\n"))
    with installation(folder / "data", {"BLOCKYARD_RUNNER_PROVIDER_MIRROR_DIR": str(folder / "mirror")}) as running:
        yield running


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard whose operator says nothing about providers."""
    with installation(tmp_path_factory.mktemp("bare") / "data", {}) as running:
        yield running


def cached(blockyard: Installation) -> list[str]:
    """Return the paths of the providers in all caches."""
    plugins = blockyard.data / "runner" / "plugins"
    return sorted(str(path.relative_to(plugins)) for path in plugins.rglob(PROGRAM))


def test_a_provider_that_the_module_of_one_workspace_brings_along_reaches_no_cache(
    bare: Installation, tmp_path: Path
) -> None:
    with served(FastAPI()) as no_registry:
        source = f"localhost{no_registry.url.removeprefix('http://127.0.0.1')}/acme/fake"
        for owner in ("evil", "honest"):
            package = a_provider(f"#!/bin/sh\n# by {owner}\n")
            files: dict[str, str | bytes | None] = {"main.tf": uses_provider(source)}
            files |= {f"terraform.d/plugins/{source}/{PACKAGE}": package}
            repository = create_repository(tmp_path / f"{owner}.git", files)
            version = bare.define(terraform(repository), owner=owner)

            block = bare.ordered(version, {})
            assert status(block) == "FAILED"
            assert "required_providers" in bare.logs(block)

    assert cached(bare) == []


def test_each_workspace_that_owns_definitions_has_a_cache_of_its_own(blockyard: Installation, tmp_path: Path) -> None:
    repository = create_repository(tmp_path / "shared.git", {"main.tf": uses_provider("registry.test/acme/fake")})
    for owner in ("first", "second"):
        blockyard.ordered(blockyard.define(terraform(repository), owner=owner), {})

    assert {path.partition("/")[0] for path in cached(blockyard)} == {"first", "second"}
