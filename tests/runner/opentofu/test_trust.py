"""The trust test: a run exchanges its identity tokens, and says which claim a cloud does not accept."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.executors.opentofu.trust.verdicts import cause_of, claims_of, refusal
from blockyard.runner.frame.executor import Outcome
from tests.support.aws_accounts import Account, by_token
from tests.support.opentofu_runs import OpenTofuRun, a_data_url, an_input
from tests.support.scripted_http import Answer, scripted_server
from tests.support.sts_front import StsFront, sts_front
from tests.support.token_endpoints import ACCESS_TOKEN, TokenEndpoints, token_endpoints
from tests.support.token_issuer import TokenIssuer, token_issuer

NewRun = Callable[..., OpenTofuRun]
SUBJECT, TENANT, CLIENT, POOL = "definition-1", "tenant-1", "client-1", "//iam.googleapis.com/projects/1/pool/provider"
ACCOUNT = "sa@project.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    """An issuer of tokens."""
    with token_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def clouds(issuer: TokenIssuer) -> Iterator[TokenEndpoints]:
    """Azure and Google Cloud, which trust one subject of the issuer."""
    with token_endpoints() as running:
        credential = {"issuer": issuer.url, "subject": SUBJECT, "audience": "azure"}
        running.credentials[TENANT, CLIENT] = [credential]
        running.providers[POOL] = {"issuer": issuer.url, "audiences": ["gcp"], "subject": SUBJECT}
        running.members[ACCOUNT] = [SUBJECT]
        yield running


@pytest.fixture(scope="module")
def front(aws: str, issuer: TokenIssuer) -> Iterator[StsFront]:
    """AWS with a role that trusts one subject of the issuer."""
    with sts_front(aws) as running:
        account = Account(running, "220000000001")
        account.role("runs", by_token(account.trust(issuer.url, "aws"), SUBJECT, "aws"))
        yield running


def tried(new_run: NewRun, **environment: str) -> OpenTofuRun:
    """Return a trust test with these environment inputs, executed; its module is one that no engine could read.

    Those whose names begin with `@` are files.
    """
    run = new_run(files={"main.tf": "this is no module"}, trust_test=True)
    for key, value in environment.items():
        if key.startswith("@"):
            run.inputs.append(an_input(key[1:], a_data_url(value.encode()), "FILE"))
        else:
            run.inputs.append(an_input(key, value, environment=True))
    run.execute()
    return run


def on_aws(front: StsFront, token: str, role: str = "arn:aws:iam::220000000001:role/runs") -> dict[str, str]:
    named = {"AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": "aws.token", "AWS_ENDPOINT_URL_STS": front.url}
    return {**named, "@aws.token": token}


def on_azure(clouds: TokenEndpoints, token: str) -> dict[str, str]:
    named = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT, "AZURE_AUTHORITY_HOST": clouds.url}
    return {**named, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": "azure.token", "@azure.token": token}


def on_google(clouds: TokenEndpoints, token: str, **other: Any) -> dict[str, str]:
    account: JsonObject = {
        "type": "external_account",
        "audience": POOL,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{clouds.url}/v1/token",
        "credential_source": {"file": "gcp.token"},
        "service_account_impersonation_url": f"{clouds.url}/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken",
        **other,
    }
    return {"GOOGLE_APPLICATION_CREDENTIALS": "gcp.json", "@gcp.json": json.dumps(account), "@gcp.token": token}


def test_all_clouds_are_tried_and_nothing_else_is_done(
    new_run: NewRun, issuer: TokenIssuer, front: StsFront, clouds: TokenEndpoints
) -> None:
    tokens = {cloud: issuer.token(SUBJECT, cloud) for cloud in ("aws", "azure", "gcp")}

    run = tried(
        new_run,
        **on_aws(front, tokens["aws"]),
        **on_azure(clouds, tokens["azure"]),
        **on_google(clouds, tokens["gcp"]),
    )

    assert run.reporter.steps == {"trust_test": "SUCCEEDED"}, run.reporter.whole_text()
    told = run.reporter.user_messages["trust_test"]
    assert "arn:aws:sts::220000000001:assumed-role/runs/blockyard-trust-test" in told
    assert "application client-1 of tenant tenant-1" in told
    assert f"as service account {ACCOUNT}" in told
    assert run.commands == []
    assert run.state.requests == []


def test_every_cloud_names_the_claim_that_does_not_match(
    new_run: NewRun, issuer: TokenIssuer, front: StsFront, clouds: TokenEndpoints
) -> None:
    strange = issuer.token("another-definition", "aws")
    azure, google = issuer.token(SUBJECT, "api://x"), issuer.token("other", "gcp")

    run = tried(new_run, **on_aws(front, strange), **on_azure(clouds, azure), **on_google(clouds, google))

    assert run.reporter.steps == {"trust_test": "FAILED"}
    told = run.reporter.user_messages["trust_test"]
    assert "AWS refused the identity token: its claim 'sub' does not match. It is 'another-definition'." in told
    assert "Azure refused the identity token: its claim 'aud' does not match. It is 'api://x'." in told
    assert "Google Cloud refused the identity token: its claim 'sub' does not match. It is 'other'." in told
    assert strange.rpartition(".")[2] not in run.reporter.whole_text()


@pytest.mark.parametrize(
    ("role", "audience", "claim"),
    [
        ("arn:aws:iam::220000000001:role/runs", "gcp", "aud"),
        ("arn:aws:iam::220000000009:role/runs", "aws", None),
        ("arn:aws:iam::220000000001:role/none", "aws", None),
    ],
)
def test_what_aws_does_not_have_is_told(
    new_run: NewRun, issuer: TokenIssuer, front: StsFront, *, role: str, audience: str, claim: str | None
) -> None:
    run = tried(new_run, **on_aws(front, issuer.token(SUBJECT, audience), role))

    told = run.reporter.user_messages["trust_test"]
    assert (f"its claim '{claim}' does not match" if claim else "There is no role of this ARN.") in told


def test_a_service_account_that_others_may_use_is_told(
    new_run: NewRun, issuer: TokenIssuer, clouds: TokenEndpoints
) -> None:
    foreign = f"{clouds.url}/v1/projects/-/serviceAccounts/foreign@x:generateAccessToken"
    token = issuer.token(SUBJECT, "gcp")

    run = tried(new_run, **on_google(clouds, token, service_account_impersonation_url=foreign))

    assert "Bind roles/iam.workloadIdentityUser" in run.reporter.user_messages["trust_test"]
    assert ACCESS_TOKEN not in run.reporter.whole_text()


def test_a_module_that_signs_in_nowhere_has_nothing_to_try(new_run: NewRun) -> None:
    run = tried(new_run, **{"GOOGLE_APPLICATION_CREDENTIALS": "gcp.json", "@gcp.json": '{"type": "service_account"}'})

    assert run.execute().outcome is Outcome.FAILED
    assert "signs in to no cloud" in run.reporter.user_messages["trust_test"]


def test_nothing_but_files_of_the_run_is_told_to_a_cloud(new_run: NewRun, front: StsFront, tmp_path: Path) -> None:
    key = tmp_path / "runner-key.pem"
    key.write_text("the key of the runner")
    for path in (str(key), "../runner-key.pem", "/nonexistent/token"):
        run = tried(new_run, **on_aws(front, "") | {"AWS_WEB_IDENTITY_TOKEN_FILE": path})

        assert f"there is no file {path}" in run.reporter.user_messages["trust_test"]


def test_an_unreachable_cloud_is_told(new_run: NewRun, issuer: TokenIssuer, front: StsFront) -> None:
    environment = on_aws(front, issuer.token()) | {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}

    assert "AWS cannot be reached" in tried(new_run, **environment).reporter.user_messages["trust_test"]


def test_an_answer_without_end_is_not_read_to_it(new_run: NewRun, issuer: TokenIssuer, front: StsFront) -> None:
    with scripted_server({"/": [Answer(400, b"x" * 300_000)]}) as cloud:
        environment = on_aws(front, issuer.token()) | {"AWS_ENDPOINT_URL_STS": cloud.url}
        told = tried(new_run, **environment).reporter.user_messages["trust_test"]

    assert "AWS answers with more than 262144 bytes" in told


@pytest.mark.parametrize(
    ("cloud", "answer", "claim"),
    [
        ("AWS", "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://x", "iss"),
        ("AWS", "InvalidIdentityToken: Incorrect token audience", "aud"),
        ("AWS", "ExpiredTokenException: Token expired: current date/time 1 must be before the expiration", "exp"),
        ("AWS", "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider", "iss"),
        ("AWS", "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "sub"),
        ("AWS", "AccessDenied: Not authorized to perform sts:TagSession", "https://aws.amazon.com/tags"),
        ("Azure", "invalid_client: AADSTS700211: No matching federated identity record found", "iss"),
        ("Azure", "invalid_client: AADSTS700212: No matching federated identity record found", "aud"),
        ("Azure", "invalid_client: AADSTS700213: No matching federated identity record found", "sub"),
        ("Azure", "invalid_client: AADSTS700024: Client assertion is not within its valid time range", "exp"),
        ("Google Cloud", "invalid_grant: The audience in ID Token [x] does not match the expected", "aud"),
        ("Google Cloud", "unauthorized_client: The given credential is rejected by the attribute condition.", "sub"),
        ("Google Cloud", "invalid_grant: The issuer in ID Token x does not match the expected ones", "iss"),
        ("Google Cloud", "invalid_grant: ID Token issued at 1 is stale to sign-in.", "exp"),
    ],
)
def test_the_words_of_clouds_are_understood(cloud: str, answer: str, claim: str) -> None:
    cause = cause_of(cloud, answer)

    assert cause is not None
    assert cause.claim == claim
    assert f"its claim '{claim}' does not match. It is \"odd\"" not in refusal(cloud, answer, {claim: "odd"})
    assert f"its claim '{claim}' does not match. It is 'odd'" in refusal(cloud, answer, {claim: "odd"})


@pytest.mark.parametrize("token", ["", "a.b.c", "..", "x", "eyJh.bm9qc29u.x"])
def test_what_is_no_token_says_nothing(token: str) -> None:
    assert claims_of(token) == {}
