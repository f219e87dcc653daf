"""Who identity tokens say a run is. Source: concepts.md 14."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from blockyard.protocol.names import TOKEN_PATHS, Behavior, Cloud
from blockyard.server.issuer.model.workload import (
    NO_OPTIONS,
    RENEW_AFTER,
    TAGS_CLAIM,
    TOKEN_LIFE,
    Identity,
    IdentityOptions,
    Installation,
    RunFacts,
    SubjectForm,
    SubjectSwitch,
)
from blockyard.server.runners.model import Federation

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
INSTALLATION = Installation("https://Blocks.example.org:8443/x")
DEFINITION, RUN, BLOCK, TENANT = (UUID(int=number) for number in range(1, 5))
SUBJECT = f"system:serviceaccount:blocks-example-org:workspace.platform-team.buildingblockdefinition.{DEFINITION}"
FACTS = RunFacts(
    definition=DEFINITION,
    definition_workspace="platform-team",
    version=3,
    workspace="app-team",
    block=BLOCK,
    run=RUN,
    attempt=2,
    behavior=Behavior.APPLY,
    project="shop",
    tenant=TENANT,
    platform="aws.eu",
)


def an_identity(cloud: Cloud = Cloud.AWS) -> Identity:
    """Return who a run of the definition is to a cloud."""
    subject = INSTALLATION.definition_subject("platform-team", DEFINITION)
    return Identity(issuer=INSTALLATION.issuer, audience=INSTALLATION.audience(cloud), subject=subject, cloud=cloud)


def claims(identity: Identity, facts: RunFacts = FACTS, options: IdentityOptions = NO_OPTIONS) -> dict[str, object]:
    """Return what a token says."""
    return {**identity.claims(facts, options, token_id=UUID(int=9), now=NOW)}


def test_a_token_says_who_a_run_is_and_for_how_long() -> None:
    assert claims(an_identity()) == {
        "iss": "https://Blocks.example.org:8443/x",
        "sub": SUBJECT,
        "aud": "aws-workload-identity-provider:blocks-example-org",
        "jti": str(UUID(int=9)),
        "iat": int(NOW.timestamp()),
        "nbf": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(hours=2)).timestamp()),
        "definition": str(DEFINITION),
        "definition_workspace": "platform-team",
        "version": "3",
        "workspace": "app-team",
        "project": "shop",
        "tenant": str(TENANT),
        "platform": "aws.eu",
        "block": str(BLOCK),
        "run": str(RUN),
        "attempt": "2",
        "behavior": "APPLY",
        "phase": "apply",
    }


def test_what_a_block_of_a_workspace_does_not_have_is_left_out() -> None:
    alone = claims(an_identity(), replace(FACTS, project=None, tenant=None, platform=None))

    assert not {"project", "tenant", "platform"} & alone.keys()


@pytest.mark.parametrize(
    ("cloud", "audience"),
    [
        (Cloud.AWS, "aws-workload-identity-provider:blocks-example-org"),
        (Cloud.GCP, "gcp-workload-identity-provider:blocks-example-org"),
        (Cloud.AZURE, "api://AzureADTokenExchange"),
    ],
)
def test_each_cloud_has_an_audience_and_a_path(cloud: Cloud, audience: str) -> None:
    assert INSTALLATION.audience(cloud) == audience
    assert TOKEN_PATHS[cloud] == f"/var/run/secrets/workload-identity/{cloud}/token"


@pytest.mark.parametrize(
    ("behavior", "phase", "suffix"),
    [(Behavior.APPLY, "apply", ""), (Behavior.DESTROY, "apply", ""), (Behavior.DETECT, "plan", ".plan")],
)
def test_plans_have_a_subject_of_their_own_where_a_version_asks_for_it(
    behavior: Behavior, phase: str, suffix: str
) -> None:
    facts = replace(FACTS, behavior=behavior)
    asked = claims(an_identity(), facts, IdentityOptions(separates_plan=True))
    shared = claims(replace(an_identity(), is_shared=True), facts, IdentityOptions(separates_plan=True))

    assert (asked["phase"], asked["sub"]) == (phase, SUBJECT + suffix)
    assert asked["sub"] == INSTALLATION.definition_subject("platform-team", DEFINITION, plan=bool(suffix))
    assert [claims(an_identity(), facts)["sub"], shared["sub"]] == [SUBJECT] * 2


def test_session_tags_are_for_aws_alone_and_where_a_version_asks_for_them() -> None:
    asked = IdentityOptions(tags_sessions=True)
    tagged = [cloud for cloud in Cloud if TAGS_CLAIM in claims(an_identity(cloud), options=asked)]

    assert tagged == [Cloud.AWS]
    assert TAGS_CLAIM not in claims(an_identity())
    assert claims(an_identity(), options=asked)[TAGS_CLAIM] == {
        "principal_tags": {
            "blockyard:workspace": ["app-team"],
            "blockyard:building-block": [str(BLOCK)],
            "blockyard:run": [str(RUN)],
        },
        "transitive_tag_keys": ["blockyard:workspace", "blockyard:building-block", "blockyard:run"],
    }


def test_the_template_names_what_subjects_have() -> None:
    template = Federation(issuer=INSTALLATION.issuer, subject_template=INSTALLATION.subject_template)

    assert template.subject_of("platform-team", DEFINITION) == SUBJECT
    assert INSTALLATION.runner_subject(RUN) == f"system:serviceaccount:blocks-example-org:{RUN}"


def test_a_runner_moves_to_subjects_of_definitions_at_its_day() -> None:
    both = SubjectSwitch(form=SubjectForm.BOTH, moves_at=NOW)

    assert both.at(NOW - timedelta(seconds=1)) is SubjectForm.BOTH
    assert both.at(NOW) is SubjectForm.NEW
    assert SubjectSwitch(form=SubjectForm.BOTH).at(NOW) is SubjectForm.BOTH
    assert SubjectSwitch(form=SubjectForm.OLD, moves_at=NOW).at(NOW) is SubjectForm.OLD
    assert SubjectSwitch().at(NOW) is SubjectForm.NEW


def test_a_token_is_renewed_at_half_of_its_life() -> None:
    assert RENEW_AFTER * 2 == TOKEN_LIFE == timedelta(hours=2)
