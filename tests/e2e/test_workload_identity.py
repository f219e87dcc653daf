"""Two definitions sign in to AWS by the identity tokens of their runs, at the same time, with the real AWS provider.

The front of the simulated AWS knows the server by its address alone: it reads discovery document and keys, and decides by trust
policies that are those of `trust-policies`, unchanged.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from tests.support.aws_accounts import Account
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
)
from tests.support.machine import find_provider_mirror
from tests.support.sts_front import StsFront, sts_front

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.aws]
ACCOUNT = "330000000001"
JSON = "application/json"

BUCKET = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {}
variable "bucket" { type = string }
data "aws_caller_identity" "this" {}
resource "aws_s3_bucket" "this" { bucket = var.bucket }
output "who" { value = data.aws_caller_identity.this.arn }
"""

MEET = """
touch "$INPUT_PLACE/$INPUT_NAME"
for turn in $(seq 600); do
  test "$(ls "$INPUT_PLACE" | wc -l)" -ge 2 && exit 0
  sleep 0.1
done
echo "the other run did not come" > "$MESHSTACK_USER_MESSAGE"
exit 1
"""
"""A script that ends when both runs have come to it."""


@pytest.fixture(scope="module")
def front(aws: str) -> Iterator[StsFront]:
    """The front of this process's AWS."""
    with sts_front(aws) as running:
        yield running


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard whose runner installs providers from the machine's mirror."""
    mirror = find_provider_mirror()
    assert mirror is not None, "the marker `aws` chooses these tests only where the provider is"
    data: Path = tmp_path_factory.mktemp("trusted") / "data"
    with installation(data, {"BLOCKYARD_RUNNER_PROVIDER_MIRROR_DIR": str(mirror)}) as running:
        yield running


def a_definition(cloudy: Installation, front: StsFront, module: Repository, name: str, *, place: Path) -> str:
    """Make a definition whose runs take the role of its name; return its version."""
    environment = {
        "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/workload-identity/aws/token",
        "AWS_ENDPOINT_URL": front.url,
        "AWS_ENDPOINT_URL_STS": front.url,
        "AWS_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "INPUT_PLACE": str(place),
        "INPUT_NAME": name,
    }
    static = {key: an_input("STRING", "STATIC", isEnvironment=True, argument=text) for key, text in environment.items()}
    return cloudy.define(
        terraform(module, preRunScript=MEET),
        inputs={**static, "bucket": an_input("STRING", "STATIC", argument=f"bucket-of-{name}")},
        outputs={"who": an_output()},
        name=name,
        workloadIdentity={"awsSessionTags": True},
    )


def trust_of(cloudy: Installation, version: str) -> Any:
    """Return what AWS has to be told about a version."""
    path = f"/api/blockyard/v1/definitionversions/{version}/trust-policies?cloud=aws&account={ACCOUNT}"
    return cloudy.call("GET", path, JSON)


def content(trust: Any, kind: str) -> Any:
    """Return one of the ready-made policies."""
    return next(one["content"] for one in trust["policies"] if one["kind"] == kind)


def test_two_definitions_at_once_get_what_each_of_them_is_trusted_with(
    cloudy: Installation, front: StsFront, module: Callable[..., Repository], tmp_path: Path
) -> None:
    place = tmp_path / "meeting"
    place.mkdir()
    repository, account = module(main_tf=BUCKET), Account(front, ACCOUNT)
    versions = {name: a_definition(cloudy, front, repository, name, place=place) for name in ("logs", "files")}
    trusts = {name: trust_of(cloudy, version) for name, version in versions.items()}
    provider = content(trusts["logs"], "aws-oidc-provider")
    account.trust(provider["Url"], *provider["ClientIDList"])
    for name, trust in trusts.items():
        account.role(name, *content(trust, "aws-role-trust")["Statement"])

    ordered = {name: text_of(cloudy.order(version), "metadata", "uuid") for name, version in versions.items()}
    blocks = {name: cloudy.settled(uuid) for name, uuid in ordered.items()}

    for name, block in blocks.items():
        assert status(block) == "SUCCEEDED", cloudy.logs(block)
        assert f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/" in str(outputs(block)["who"])
        mine = [one for one in front.given if one.role.endswith(f":role/{name}")]
        assert {one.caller for one in mine} == {trusts[name]["subjects"][0]}
        assert {one.tags["blockyard:building-block"] for one in mine} == {ordered[name]}
        assert all(one.claims["phase"] == "apply" and one.claims["workspace"] == "shop" for one in mine)
    assert not [one for one in front.exchanges if one.refused]

    _try_trust(cloudy, front, account, ordered["logs"], trusts)


def _try_trust(cloudy: Installation, front: StsFront, account: Account, block: str, trusts: Any) -> None:
    """The same is tried without a module, and told apart once the role trusts the other definition."""
    tested = _trust_test(cloudy, block)
    assert tested["status"] == "SUCCEEDED", tested
    before = cloudy.block(block)["status"]

    account.trusts_instead("logs", *content(trusts["files"], "aws-role-trust")["Statement"])
    tested = _trust_test(cloudy, block)

    [step] = tested["steps"]
    assert tested["status"] == "FAILED"
    assert "its claim 'sub' does not match" in step["userMessage"]
    assert trusts["logs"]["subjects"][0] in step["userMessage"]
    assert cloudy.block(block)["status"] == before
    assert front.exchanges[-1].refused is not None


def _trust_test(cloudy: Installation, block: str) -> Any:
    started: JsonObject = cloudy.call("POST", f"/api/blockyard/v1/blocks/{block}/trust-test", JSON)
    return cloudy.ended(text_of(started, "runUuid"))
