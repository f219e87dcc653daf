"""An S3 bucket through the real AWS provider against a simulated AWS: apply, change, destroy, state versions."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.git_repositories import Repository
from tests.support.installation import (
    Installation,
    an_input,
    an_output,
    installation,
    outputs,
    status,
    terraform,
    text_of,
    value,
)
from tests.support.machine import find_provider_mirror

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.aws]

BUCKET = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}
variable "bucket" { type = string }
variable "owner" { type = string }
resource "aws_s3_bucket" "this" {
  bucket = var.bucket
  tags   = { owner = var.owner }
}
output "arn" { value = aws_s3_bucket.this.arn }
"""


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard whose runner installs providers from the machine's mirror."""
    mirror = find_provider_mirror()
    assert mirror is not None, "the marker `aws` chooses these tests only where the provider is"
    data: Path = tmp_path_factory.mktemp("cloudy") / "data"
    with installation(data, {"BLOCKYARD_RUNNER_PROVIDER_MIRROR_DIR": str(mirror)}) as running:
        yield running


def test_a_bucket_is_made_changed_and_destroyed(
    cloudy: Installation, module: Callable[..., Repository], aws: str
) -> None:
    environment = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    static = {
        name: an_input("STRING", "STATIC", isEnvironment=True, argument=text) for name, text in environment.items()
    }
    version = cloudy.define(
        terraform(module(main_tf=BUCKET)),
        inputs={"bucket": an_input(), "owner": an_input(), **static},
        outputs={"arn": an_output()},
    )
    name = f"blockyard-{os.getpid()}"

    block = cloudy.ordered(version, {"bucket": value(name), "owner": value("ada")})
    assert status(block) == "SUCCEEDED", cloudy.logs(block)
    assert outputs(block) == {"arn": f"arn:aws:s3:::{name}"}
    assert httpx2.head(f"{aws}/{name}").status_code == 200

    uuid = text_of(block, "metadata", "uuid")
    cloudy.change(uuid, {"owner": value("grace")})
    assert status(cloudy.settled(uuid)) == "SUCCEEDED"
    assert "grace" in httpx2.get(f"{aws}/{name}?tagging").text
    versions = cloudy.call("GET", f"/api/blockyard/v1/blocks/{uuid}/state/versions", "application/json")
    assert len(str(versions)) > 2

    cloudy.delete(uuid)
    assert text_of(cloudy.settled(uuid), "status", "lifecycle", "state") == "DELETED"
    assert httpx2.head(f"{aws}/{name}").status_code == 404
