"""Generated inputs and ready-made trust: what a module needs to sign in to clouds, and what these are told. Source: concepts.md 6.4, 14."""

import json
from base64 import b64decode
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.kinds import RUNNER
from blockyard.protocol.names import TOKEN_PATHS, Cloud
from blockyard.server.definitions.model.identities import VersionIdentity
from blockyard.server.definitions.model.trust import Known, Way, clouds_of_platforms, generate, policies
from blockyard.server.issuer.model.workload import IdentityOptions, Installation
from blockyard.server.kit.errors import Conflict
from blockyard.server.runners.model import CloudIdentity
from tests.support import aws_trust
from tests.support.definitions import VERSIONS, Catalogue, changed, terraform
from tests.support.principals import a_key
from tests.support.runner_keys import a_runner_key

HERE = Installation("https://blockyard.example.org")
DEFINITION = UUID("0a4f5f2e-6a6e-4f0b-8c58-1f6f2f1c9a10")


def an_identity(*, owner: str = "team", plans: bool = False, tags: bool = False, others: Any = ()) -> VersionIdentity:
    subject = HERE.definition_subject(owner, DEFINITION)
    return VersionIdentity(
        issuer=HERE.issuer,
        subject=subject,
        plan_subject=f"{subject}.plan" if plans else None,
        other_subjects=others,
        clouds={one: CloudIdentity(audience=HERE.audience(one), token_path=TOKEN_PATHS[one]) for one in Cloud},
        used=(),
        options=IdentityOptions(separates_plan=plans, tags_sessions=tags),
        is_ours=True,
    )


def by_kind(identity: VersionIdentity, cloud: Cloud, **known: str) -> dict[str, Any]:
    return {one.kind: one.content for one in policies(identity, cloud, Known(**known), name="Bucket")}


@pytest.mark.parametrize(
    ("cloud", "way", "keys"),
    [
        (Cloud.AWS, Way.KEY, "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"),
        (Cloud.AZURE, Way.KEY, "ARM_CLIENT_ID ARM_CLIENT_SECRET ARM_TENANT_ID ARM_SUBSCRIPTION_ID"),
        (Cloud.GCP, Way.KEY, "GOOGLE_APPLICATION_CREDENTIALS credentials_json"),
        (Cloud.AWS, Way.FEDERATION, "AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE"),
        (
            Cloud.AZURE,
            Way.FEDERATION,
            "ARM_USE_OIDC ARM_TENANT_ID ARM_CLIENT_ID ARM_SUBSCRIPTION_ID ARM_OIDC_TOKEN_FILE_PATH",
        ),
        (Cloud.GCP, Way.FEDERATION, "GOOGLE_APPLICATION_CREDENTIALS gcp-credentials.json"),
    ],
)
def test_each_cloud_and_way_has_its_inputs(cloud: Cloud, way: Way, keys: str) -> None:
    made = generate(cloud, way, an_identity(), Known())

    assert [spec.key for spec in made.inputs] == keys.split()
    assert all(spec.assignment_type == "STATIC" for spec in made.inputs)
    assert all(spec.is_environment is (spec.type != "FILE") for spec in made.inputs)
    assert all(spec.is_sensitive for spec in made.inputs if "SECRET" in spec.key or "credentials_json" in spec.key)
    prefilled = {spec.key: spec.argument for spec in made.inputs if spec.argument is not None}
    if way is Way.FEDERATION and cloud is not Cloud.GCP:
        assert TOKEN_PATHS[cloud] in prefilled.values()


def test_the_credential_file_of_google_cloud_points_to_the_token() -> None:
    known = Known(
        project_number="1", pool="blockyard", provider="bucket", service_account="sa@p.iam.gserviceaccount.com"
    )
    [_, file] = generate(Cloud.GCP, Way.FEDERATION, an_identity(), known).inputs

    content = json.loads(b64decode(str(file.argument).partition(",")[2]))

    assert content["type"] == "external_account"
    assert content["credential_source"]["file"] == TOKEN_PATHS[Cloud.GCP]
    assert content["audience"].endswith("/projects/1/locations/global/workloadIdentityPools/blockyard/providers/bucket")
    assert content["service_account_impersonation_url"].endswith("/sa@p.iam.gserviceaccount.com:generateAccessToken")
    assert generate(Cloud.GCP, Way.FEDERATION, an_identity(), known).missing == ()
    assert generate(Cloud.GCP, Way.FEDERATION, an_identity(), Known()).missing == ("gcp-credentials.json",)


def test_platform_types_choose_the_clouds() -> None:
    assert clouds_of_platforms(None) == tuple(Cloud)
    assert clouds_of_platforms(["AZURE_RESOURCE_GROUP"]) == (Cloud.AZURE,)
    assert clouds_of_platforms(["AWS", "GCP"]) == (Cloud.AWS, Cloud.GCP)
    assert clouds_of_platforms(["GIT_REPOSITORY"]) == tuple(Cloud)


def asks(identity: VersionIdentity, subject: str, **context: list[str]) -> aws_trust.Request:
    name = "blockyard.example.org"
    provider = f"arn:aws:iam::111122223333:oidc-provider/{name}"
    values = {f"{name}:sub": [subject], f"{name}:aud": [identity.clouds[Cloud.AWS].audience], **context}
    actions = ("sts:AssumeRoleWithWebIdentity", *(["sts:TagSession"] if context else []))
    return aws_trust.Request(actions, frozenset({provider}), values)


def test_the_role_of_aws_trusts_the_definition_and_nobody_else() -> None:
    identity = an_identity(tags=True)
    policy = by_kind(identity, Cloud.AWS, account="111122223333")["aws-role-trust"]
    tags = {"aws:TagKeys": ["blockyard:workspace", "blockyard:run"]}

    assert aws_trust.refusal(policy, asks(identity, identity.subject, **tags)) is None
    for other in (identity.subject + "x", HERE.definition_subject("shop", DEFINITION), f"{identity.subject}.plan"):
        assert "sub" in str(aws_trust.refusal(policy, asks(identity, other)))
    assert "TagKeys" in str(aws_trust.refusal(policy, asks(identity, identity.subject, **{"aws:TagKeys": ["admin"]})))
    untagged = by_kind(an_identity(), Cloud.AWS, account="111122223333")["aws-role-trust"]
    assert "sts:TagSession" in str(aws_trust.refusal(untagged, asks(identity, identity.subject, **tags)))


def test_plans_that_are_told_apart_have_a_role_of_their_own() -> None:
    identity = an_identity(plans=True)
    found = by_kind(identity, Cloud.AWS, account="111122223333")

    assert aws_trust.refusal(found["aws-plan-role-trust"], asks(identity, f"{identity.subject}.plan")) is None
    assert aws_trust.refusal(found["aws-plan-role-trust"], asks(identity, identity.subject)) is not None
    assert aws_trust.refusal(found["aws-role-trust"], asks(identity, f"{identity.subject}.plan")) is not None


def test_a_resource_of_another_account_can_trust_without_a_role() -> None:
    tagged, plain = (an_identity(tags=tags) for tags in (True, False))
    role = "arn:aws:iam::111122223333:role/buckets"

    [statement] = by_kind(tagged, Cloud.AWS, role=role)["aws-resource-policy"]["Statement"]
    assert statement["Principal"] == {"AWS": role}
    assert "aws:PrincipalTag/blockyard:workspace" in statement["Condition"]["StringEquals"]
    [untagged] = [one for one in policies(plain, Cloud.AWS, Known(), name="x") if one.kind == "aws-resource-policy"]
    assert "The runs of all workspaces may use the resource" in " ".join(untagged.warnings)


def test_azure_needs_a_credential_for_each_subject() -> None:
    identity = an_identity(plans=True, others=("system:serviceaccount:here:old",))

    found = [one.content for one in policies(identity, Cloud.AZURE, Known(), name="Bucket")]

    assert [one["subject"] for one in found] == [*identity.all_subjects]
    assert len({str(one["name"]) for one in found}) == 3
    assert {str(one["audiences"]) for one in found} == {"['api://AzureADTokenExchange']"}


@pytest.mark.parametrize("owner", ["team", "a-workspace-with-a-name-that-is-long-enough"])
def test_the_subject_that_google_cloud_sees_is_short_enough(owner: str) -> None:
    identity = an_identity(owner=owner)
    found = by_kind(identity, Cloud.GCP, project_number="1", pool="p", provider="x")

    provider, [member] = found["gcp-pool-provider"], found["gcp-iam-binding"]["members"]
    subject = member.partition("/subject/")[2]
    assert provider["attributeCondition"] == f"assertion.sub == '{identity.subject}'"
    assert len(subject) <= 127
    assert subject == (identity.subject if owner == "team" else str(DEFINITION))
    assert ("extract" in provider["attributeMapping"]["google.subject"]) is (owner != "team")


def test_an_issuer_that_no_cloud_can_reach_is_warned_of() -> None:
    identity = an_identity()
    plain = VersionIdentity(**{name: getattr(identity, name) for name in identity.__slots__} | {"issuer": "http://x"})

    assert all("https" in one.warnings[-1] for one in policies(plain, Cloud.AWS, Known(), name="x"))


def test_a_runner_without_identity_leaves_keys() -> None:
    with pytest.raises(Conflict, match="no identity for AWS"):
        generate(Cloud.AWS, Way.FEDERATION, None, Known())


def path_of(version: Any, what: str) -> str:
    return f"/api/blockyard/v1/definitionversions/{version['metadata']['uuid']}/{what}"


def declare_identity(catalogue: Catalogue) -> str:
    """Return a runner that declares where its runs get tokens."""
    federation = {
        "issuer": "https://oidc.example.org",
        "subjectTemplate": "runs:{{ workspaceIdentifier }}:{{ buildingBlockDefinitionUuid }}",
        "aws": {"audience": "sts", "tokenPath": "/tokens/aws"},
    }
    spec = {
        "displayName": "own",
        "publicKey": a_runner_key().public_pem,
        "implementationType": "TERRAFORM",
        "restriction": "PRIVATE",
    }
    body = {"metadata": {"ownedByWorkspace": "team"}, "spec": {**spec, "workloadIdentityFederation": federation}}
    made = catalogue.http.ok("POST", RUNNER.collection, body, media=RUNNER.media)
    return str(made["metadata"]["uuid"])


def test_a_draft_has_inputs_and_policies_before_it_is_released(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    ref = {"uuid": declare_identity(catalogue), "kind": "meshBuildingBlockRunner"}
    draft = catalogue.edit(draft, implementation=terraform(), runnerRef=ref)

    ways = catalogue.ok("GET", path_of(draft, "generated-inputs"))["ways"]
    assert [(one["cloud"], one["way"]) for one in ways] == [
        ("aws", "FEDERATION"),
        ("aws", "KEY"),
        ("azure", "KEY"),
        ("gcp", "KEY"),
    ]
    query = "cloud=aws&way=FEDERATION&role=arn:aws:iam::111122223333:role/buckets"
    [made] = catalogue.ok("GET", path_of(draft, f"generated-inputs?{query}"))["ways"]
    assert made["missing"] == []
    stored = catalogue.ok("PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, inputs=made["inputs"]))
    assert stored["spec"]["inputs"]["AWS_WEB_IDENTITY_TOKEN_FILE"]["argument"] == "/tokens/aws"

    found = catalogue.ok("GET", path_of(draft, "trust-policies?account=111122223333"))
    assert found["issuer"] == "https://oidc.example.org"
    assert found["subjects"] == [f"runs:team:{draft['spec']['buildingBlockDefinitionRef']['uuid']}"]
    assert found["federatedCredentials"] == {"needed": 1, "atMost": 20}
    assert {one["cloud"] for one in found["policies"]} == {"aws"}
    refused = catalogue.refused(409, "GET", path_of(draft, "trust-policies?cloud=gcp"))
    assert refused["errorCode"] == "NoWorkloadIdentity"
    catalogue.be(a_key("shop"))
    for what in ("generated-inputs", "trust-policies"):
        catalogue.refused(404, "GET", path_of(draft, what))


def test_pipelines_sign_in_on_their_own(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())

    assert catalogue.refused(409, "GET", path_of(draft, "generated-inputs"))["errorCode"] == "NotAModule"
    assert catalogue.refused(409, "GET", path_of(draft, "trust-policies"))["errorCode"] == "NoWorkloadIdentity"
