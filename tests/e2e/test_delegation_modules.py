"""The modules of the example with the real AWS provider: all are valid, and a sidecar and what stands on it are applied."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.aws_accounts import Account, by_principal
from tests.support.delegation import EXAMPLE
from tests.support.machine import find_provider_mirror
from tests.support.sts_front import StsFront, sts_front

pytestmark = pytest.mark.aws
BACKPLANE, TARGET = "550000000001", "550000000002"
ALL = """
module "account" {
  source       = "./account"
  name         = "shop-dev"
  delegated_to = ["arn:aws:iam::111111111111:role/central"]
}
module "vpc_access" {
  source            = "./vpc-access"
  account_id        = "222222222222"
  external_id       = "block"
  trusted_principal = "arn:aws:iam::111111111111:role/network"
}
module "managed_vpc" {
  source      = "./managed-vpc"
  role_arn    = "arn:aws:iam::222222222222:role/managed-vpc"
  external_id = "block"
}
module "managed_vpc_by_central" {
  source            = "./managed-vpc-by-central"
  account_id        = "222222222222"
  role_name         = "managed-vpc-central"
  trusted_principal = "arn:aws:iam::111111111111:role/central"
}
"""
"""A module that uses those of the example: one `init` does for all."""


@pytest.fixture(scope="module")
def front(aws: str) -> Iterator[StsFront]:
    """The front of this process's AWS."""
    with sts_front(aws) as running:
        yield running


def engine_of(engine: Path, place: Path, environment: Mapping[str, str], *words: str) -> str:
    """Run the engine in a folder and return what it printed."""
    settings = place / "terraformrc"
    mirror = find_provider_mirror()
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
    kept = {"PATH": os.environ["PATH"], "HOME": str(place), "TF_CLI_CONFIG_FILE": str(settings)}
    ended = subprocess.run(
        [engine, *words, "-no-color"],
        cwd=place,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{place.name}: {ended.stdout}\n{ended.stderr}"
    return ended.stdout


def test_the_modules_of_the_example_are_valid(engine: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "modules", tmp_path, dirs_exist_ok=True)
    (tmp_path / "main.tf").write_text(ALL)
    engine_of(engine, tmp_path, {}, "init", "-input=false")

    assert json.loads(engine_of(engine, tmp_path, {}, "validate", "-json"))["valid"] is True


def test_what_the_sidecar_makes_lets_the_main_block_in(engine: Path, tmp_path: Path, front: StsFront) -> None:
    backplane, target = Account(front, BACKPLANE), Account(front, TARGET)
    central, network = backplane.user_key("central"), backplane.user_key("network")
    target.role("permission-delegation", by_principal(f"arn:aws:iam::{BACKPLANE}:user/central"))

    def as_user(key: tuple[str, str], **variables: str) -> Mapping[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": key[0],
            "AWS_SECRET_ACCESS_KEY": key[1],
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": front.url,
            "AWS_ENDPOINT_URL_STS": front.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **{f"TF_VAR_{name}": text for name, text in variables.items()},
        }

    block, principal = "0a4f5f2e-6a6e-4f0b-8c58-1f6f2f1c9a10", f"arn:aws:iam::{BACKPLANE}:user/network"
    sidecar = as_user(central, account_id=TARGET, external_id=block, trusted_principal=principal)
    apply = ("apply", "-auto-approve", "-input=false")
    shutil.copytree(EXAMPLE / "modules", tmp_path, dirs_exist_ok=True)
    places = [tmp_path / name for name in ("vpc-access", "managed-vpc")]
    for place in places:
        engine_of(engine, place, {}, "init", "-input=false")
    engine_of(engine, places[0], sidecar, *apply)
    role = json.loads(engine_of(engine, places[0], sidecar, "output", "-json"))["role_arn"]["value"]
    engine_of(engine, places[1], as_user(network, role_arn=role, external_id=block), *apply)

    assert role == f"arn:aws:iam::{TARGET}:role/managed-vpc-0a4f5f2e"
    assert {one.external_id for one in front.given if one.role == role} == {block}
