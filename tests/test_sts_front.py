"""The front of the simulated AWS believes what AWS believes, and refuses in its words: other tests rely on it."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.aws_accounts import Account, by_principal, by_token
from tests.support.sts_front import TAGS_CLAIM, StsFront, sts_front
from tests.support.token_issuer import TokenIssuer, token_issuer

SUBJECT, AUDIENCE = "system:serviceaccount:here:workspace.team.buildingblockdefinition.1", "aws-pool"
TAGS = {"principal_tags": {"workspace": ["shop"]}, "transitive_tag_keys": ["workspace"]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    """An issuer of tokens."""
    with token_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def front(aws: str) -> Iterator[StsFront]:
    """The front of this process's AWS."""
    with sts_front(aws) as running:
        yield running


@pytest.fixture(scope="module")
def role(front: StsFront, issuer: TokenIssuer) -> str:
    """A role that trusts one subject of the issuer."""
    account = Account(front, "210000000001")
    return account.role("runs", by_token(account.trust(issuer.url, AUDIENCE), SUBJECT, AUDIENCE, tags=["workspace"]))


def assume(front: StsFront, role: str, token: str) -> Any:
    client = boto3.client("sts", endpoint_url=front.url, region_name="us-east-1", **NOBODY)
    return client.assume_role_with_web_identity(RoleArn=role, RoleSessionName="run", WebIdentityToken=token)


NOBODY = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}


def test_a_token_of_the_subject_gets_credentials_of_the_role(front: StsFront, issuer: TokenIssuer, role: str) -> None:
    answer = assume(front, role, issuer.token(SUBJECT, AUDIENCE, **{TAGS_CLAIM: TAGS}))

    key = answer["Credentials"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], region_name="us-east-1")
    seen = session.client("sts", endpoint_url=front.url).get_caller_identity()
    assert seen["Arn"] == "arn:aws:sts::210000000001:assumed-role/runs/run"
    assert front.given[-1].tags == {"workspace": "shop"}


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({"sub": SUBJECT + "2"}, "AccessDenied", "sub"),
        ({"aud": "another"}, "InvalidIdentityToken", "audience"),
        ({"exp": 1_700_000_000}, "ExpiredTokenException", "expired"),
        ({"iss": "http://127.0.0.1:1"}, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        ({TAGS_CLAIM: {"principal_tags": {"owner": ["x"]}}}, "AccessDenied", "aws:TagKeys"),
    ],
    ids=["subject", "audience", "expiry", "issuer", "tag"],
)
def test_a_token_that_says_something_else_is_refused(
    front: StsFront, issuer: TokenIssuer, role: str, *, said: dict[str, Any], code: str, words: str
) -> None:
    claims = {"sub": SUBJECT, "aud": AUDIENCE, **said}

    with pytest.raises(ClientError) as refused:
        assume(front, role, issuer.token(claims.pop("sub"), claims.pop("aud"), **claims))

    assert refused.value.response["Error"]["Code"] == code
    assert words in refused.value.response["Error"]["Message"]


def test_a_signature_of_somebody_else_is_refused(front: StsFront, issuer: TokenIssuer, role: str) -> None:
    head, claims, signature = issuer.token(SUBJECT, AUDIENCE).split(".")
    forged = f"{head}.{claims}.{signature[:-8]}{'A' * 8}"

    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        assume(front, role, forged)


def test_a_role_is_assumed_by_whom_it_names_and_with_its_external_id(front: StsFront) -> None:
    backplane, target = Account(front, "210000000002"), Account(front, "210000000003")
    secrets = {name: backplane.user_key(name) for name in ("deployer", "other")}
    named = by_principal("arn:aws:iam::210000000002:user/deployer", external_id="block-1")
    role = target.role("managed", named)

    def take(user: str, **external: str) -> Any:
        key, secret = secrets[user]
        client = boto3.client(
            "sts", endpoint_url=front.url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
        )
        return client.assume_role(RoleArn=role, RoleSessionName="run", **external)

    assert take("deployer", ExternalId="block-1")["AssumedRoleUser"]["Arn"].startswith("arn:aws:sts::210000000003:")
    for user, external in (
        ("deployer", {}),
        ("deployer", {"ExternalId": "block-2"}),
        ("other", {"ExternalId": "block-1"}),
    ):
        with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
            take(user, **external)
    assert "AWS_ACCESS_KEY_ID" not in os.environ
