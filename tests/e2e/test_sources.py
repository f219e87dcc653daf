"""Modules from git servers: https with a certificate authority of one's own, ssh with strict host keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import JsonObject
from tests.support.certificates import Authority
from tests.support.git_repositories import create_repository
from tests.support.git_servers import GitHttpServer, GitSshServer
from tests.support.installation import Installation, an_output, installation, outputs, status, terraform

pytestmark = pytest.mark.usefixtures("engine")
MODULE = 'output "where" { value = "here" }\n'


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Installation]:
    """A Blockyard whose runner trusts the test's certificate authority."""
    data: Path = tmp_path_factory.mktemp("trusting") / "data"
    with installation(data, {"GIT_SSL_CAINFO": str(authority.ca_file)}) as running:
        yield running


def test_a_module_is_cloned_over_https(trusting: Installation, git_https: GitHttpServer, git_root: Path) -> None:
    create_repository(git_root / "blocks.git", {"modules/where/main.tf": MODULE})
    version = trusting.define(
        terraform(git_https.url("blocks.git"), repositoryPath="modules/where", refName="main"),
        outputs={"where": an_output()},
    )

    block = trusting.ordered(version)

    assert status(block) == "SUCCEEDED", trusting.logs(block)
    assert outputs(block) == {"where": "here"}


def _over_ssh(git_ssh: GitSshServer, known_host: JsonObject) -> JsonObject:
    return terraform(
        git_ssh.url("blocks.git"), sshPrivateKey={"plaintext": git_ssh.private_key}, sshKnownHost=known_host
    )


def test_a_module_is_cloned_over_ssh(trusting: Installation, git_ssh: GitSshServer, git_root: Path) -> None:
    create_repository(git_root / "blocks.git", {"main.tf": MODULE})
    version = trusting.define(_over_ssh(git_ssh, _known(git_ssh)), outputs={"where": an_output()})

    block = trusting.ordered(version)

    assert status(block) == "SUCCEEDED", trusting.logs(block)
    assert outputs(block) == {"where": "here"}


def test_an_unknown_host_key_is_refused(trusting: Installation, git_ssh: GitSshServer, git_root: Path) -> None:
    create_repository(git_root / "blocks.git", {"main.tf": MODULE})
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIBGK1eHJ9GYFcJ0dJ1x4y7mXvQ7iA2m0ZJ9bqk3J3l1S"
    version = trusting.define(_over_ssh(git_ssh, {**_known(git_ssh), "keyValue": other}))

    block = trusting.ordered(version)

    assert status(block) == "FAILED"
    assert "host key" in trusting.logs(block).lower()
    assert git_ssh.private_key not in trusting.logs(block)


def _known(git_ssh: GitSshServer) -> JsonObject:
    host, key_type, key_value = git_ssh.known_host.split()[:3]
    return {"host": host, "keyType": key_type, "keyValue": key_value}
