"""How a definition signs in to clouds, on the command line: inputs, trust policies, inventory, trust test."""

from pathlib import Path

import pytest

from blockyard.cli.documents import members, objects, text
from tests.cli.conftest import Cli
from tests.support.git_repositories import create_repository

OWNER = ("-w", "clouds")
ROLE = "arn:aws:iam::111122223333:role/buckets"
MODULE = 'output "o" { value = 1 }'


@pytest.fixture
def bucket(cli: Cli, tmp_path: Path) -> str:
    """The name of a definition with a draft."""
    cli("workspaces", "create", "clouds", "--builder")
    repository = create_repository(tmp_path / "bucket.git")
    repository.commit({"main.tf": MODULE})
    name = f"Bucket {tmp_path.name}"
    cli.does("definitions", "import", repository.path.as_uri(), "--name", name, *OWNER)
    return name


def test_a_draft_gets_what_its_module_needs_and_clouds_are_told(cli: Cli, bucket: str) -> None:
    lacking = cli("definitions", "generate-inputs", bucket, "aws")
    assert (lacking.code, "no value for AWS_ROLE_ARN" in lacking.err) == (2, True)

    done = cli.does("definitions", "generate-inputs", bucket, "aws", "--role", ROLE)
    assert "AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE" in done.out
    assert "nothing" in cli.does("definitions", "generate-inputs", bucket, "aws", "--role", ROLE).out
    keyed = cli.with_environment(ARM_CLIENT_SECRET="0n1y-here", ARM_SUBSCRIPTION_ID="s").does(
        *("definitions", "generate-inputs", bucket, "azure", "--key", "--from-environment"),
        *("--set", "ARM_CLIENT_ID=client-1", "--set", "ARM_TENANT_ID=t", "-o", "json"),
    )
    inputs = members(keyed.document, "spec", "inputs")
    assert text(inputs, "ARM_CLIENT_ID", "argument") == "client-1"
    assert "0n1y-here" not in keyed.out

    shown = cli.does("definitions", "trust", bucket, "aws", "--account", "111122223333").out
    assert "buildingblockdefinition." in shown
    assert '"sts:AssumeRoleWithWebIdentity"' in shown
    assert "needs 1 of the 20 federated credentials" in shown
    listed = cli.does("identities", "list", *OWNER, "--identity", ROLE).out
    assert bucket in listed
    assert objects(cli.does("definitions", "trust", bucket, "-o", "json").document, "policies")


def test_a_released_version_gets_nothing_any_more(cli: Cli, bucket: str) -> None:
    cli.does("definitions", "release", bucket)

    refused = cli("definitions", "generate-inputs", bucket, "aws", "--role", ROLE)
    assert (refused.code, "new-draft" in refused.err) == (1, True)


def test_a_block_that_signs_in_nowhere_says_so(cli: Cli, bucket: str) -> None:
    cli.does("definitions", "release", bucket)
    cli.does("blocks", "order", bucket, *OWNER, "--name", f"block of {bucket}")

    tested = cli("blocks", "trust-test", f"block of {bucket}")

    assert tested.code == 5
    assert "signs in to no cloud" in tested.out
