"""Identity tokens of runs: who gets one, what it says, and that clouds would accept it. Source: concepts.md 14."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from blockyard.protocol.identity import IdentityToken
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Cloud, RunStatus
from blockyard.protocol.run import RunDocument
from blockyard.protocol.status import StatusUpdate
from blockyard.protocol.version import PROTOCOL_VERSION
from blockyard.runner.identity import IdentityFiles
from blockyard.runner.journal import FileJournal
from blockyard.server.issuer.model import KEY_AHEAD
from blockyard.server.kit.database import Database
from tests.support.block_world import OWN, PLATFORM, SHOP, BlockWorld, Claimed, definition_of, dump, uuid_of
from tests.support.clock import FixedClock
from tests.support.cloud_rules import Refused, Trust, accepted
from tests.support.opentofu_runs import RecordingReporter
from tests.support.principals import ADMINISTRATOR, a_run_token

ISSUER = "https://identity.example.org"
NAME = "identity-example-org"
AUDIENCES = {
    Cloud.AWS: f"aws-workload-identity-provider:{NAME}",
    Cloud.AZURE: "api://AzureADTokenExchange",
    Cloud.GCP: f"gcp-workload-identity-provider:{NAME}",
}
KEYS = "/api/blockyard/v1/signing-keys"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """A world whose issuer has an https address, as clouds want it."""
    return a_world(database, clock)


def a_world(database: Database, clock: FixedClock, **chosen: Json) -> BlockWorld:
    """Return a world whose shared runner is ours."""
    world = BlockWorld(database, clock, workload_issuer_url=ISSUER, **chosen)
    world.protocol = PROTOCOL_VERSION
    world.db.write_now(
        lambda tx: world.runners.seed_shared(
            tx, workspace="admin", public_key=world.key.public_pem, protocol=PROTOCOL_VERSION
        )
    )
    return world


def run_of(world: BlockWorld, **spec: Any) -> tuple[Claimed, str]:
    """Return a run in the hands of its runner, and the definition."""
    version = world.define(**spec)
    world.order(version)
    return world.claimed(), definition_of(version)


def asked(world: BlockWorld, claimed: Claimed, cloud: str = "aws") -> httpx2.Response:
    """Ask for a token as whoever works on a run."""
    world.api.be(claimed.principal)
    try:
        return world.api.send("POST", f"/api/blockyard/v1/runs/{claimed.run_id}/identity-tokens/{cloud}")
    finally:
        world.api.be(ADMINISTRATOR)


def token_of(world: BlockWorld, claimed: Claimed, cloud: str = "aws") -> str:
    """Return a token."""
    response = asked(world, claimed, cloud)
    assert response.status_code == 200, response.text
    return str(response.json()["token"])


def fetching(world: BlockWorld) -> Callable[[str], JsonObject]:
    """Return what reads the issuer's addresses."""

    def fetch(address: str) -> JsonObject:
        assert address.startswith(f"{ISSUER}/")
        document: JsonObject = world.api.ok("GET", address.removeprefix(ISSUER))
        return document

    return fetch


def trust_of(definition: str, cloud: Cloud = Cloud.AWS, **more: Any) -> Trust:
    """Return what the provider told a cloud."""
    subject = f"system:serviceaccount:{NAME}:workspace.platform.buildingblockdefinition.{definition}"
    return Trust(cloud=cloud, issuer=ISSUER, audience=AUDIENCES[cloud], **{"subject": subject, **more})


@pytest.mark.parametrize("cloud", [*Cloud])
def test_clouds_accept_the_token_of_a_run(world: BlockWorld, clock: FixedClock, cloud: Cloud) -> None:
    claimed, definition = run_of(world)
    reply = asked(world, claimed, cloud)
    trust = trust_of(definition, cloud, google_subject="definition")
    claims = accepted(trust, reply.json()["token"], fetching(world), clock())

    assert reply.headers["cache-control"] == "no-store"
    assert reply.json() | {"token": ""} == {
        "token": "",
        "audience": AUDIENCES[cloud],
        "lifeSeconds": 7200,
        "renewAfterSeconds": 3600,
    }
    assert claims["run"] == str(claimed.run_id)
    assert (claims["workspace"], claims["definition"], claims["definition_workspace"]) == (
        "shop",
        definition,
        "platform",
    )
    assert (claims["attempt"], claims["behavior"], claims["phase"]) == ("1", "APPLY", "apply")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"subject": f"system:serviceaccount:{NAME}:workspace.platform.buildingblockdefinition.other"}, "subject"),
        ({"audience": "aws-workload-identity-provider:other"}, "InvalidAudienceError"),
        ({"issuer": "http://identity.example.org"}, "issuer is no https address"),
    ],
)
@pytest.mark.one_database
def test_clouds_that_were_told_otherwise_refuse(
    world: BlockWorld, clock: FixedClock, other: dict[str, Any], why: str
) -> None:
    claimed, definition = run_of(world)
    token = token_of(world, claimed)

    with pytest.raises(Refused, match=why):
        accepted(replace(trust_of(definition), **other), token, fetching(world), clock())


@pytest.mark.one_database
def test_a_token_ends_after_two_hours_and_a_changed_one_is_none(world: BlockWorld, clock: FixedClock) -> None:
    claimed, definition = run_of(world)
    token = token_of(world, claimed)
    head, body, signature = token.split(".")
    changed = ".".join((head, body, ("B" if signature[0] == "A" else "A") + signature[1:]))

    with pytest.raises(Refused, match="InvalidSignatureError"):
        accepted(trust_of(definition), changed, fetching(world), clock())
    clock.advance(7199)
    assert accepted(trust_of(definition), token, fetching(world), clock())
    clock.advance(1)
    with pytest.raises(Refused, match="expired"):
        accepted(trust_of(definition), token, fetching(world), clock())


def test_es256_is_for_those_who_verify_it(database: Database, clock: FixedClock) -> None:
    world = a_world(database, clock, workload_signing_algorithm="ES256")
    claimed, definition = run_of(world)
    algorithms = {}
    for cloud in Cloud:
        token = token_of(world, claimed, cloud)
        accepted(trust_of(definition, cloud, google_subject="definition"), token, fetching(world), clock())
        algorithms[cloud] = _header(token)["alg"]

    assert algorithms == {Cloud.AWS: "ES256", Cloud.GCP: "ES256", Cloud.AZURE: "RS256"}


def test_each_definition_has_a_subject_of_its_own(world: BlockWorld, clock: FixedClock) -> None:
    first, one = run_of(world)
    second, two = run_of(world)

    accepted(trust_of(one), token_of(world, first), fetching(world), clock())
    accepted(trust_of(two), token_of(world, second), fetching(world), clock())
    with pytest.raises(Refused, match="subject"):
        accepted(trust_of(one), token_of(world, second), fetching(world), clock())


def test_a_version_may_separate_plans_and_tag_sessions(world: BlockWorld, clock: FixedClock) -> None:
    said = {"clouds": ["aws"], "separatePlanSubject": True, "awsSessionTags": True}
    version: Any = world.define(workloadIdentity=said)
    block = world.order(version)
    applied, definition = world.claimed(), definition_of(version)
    tags = accepted(trust_of(definition, tags_sessions=True), token_of(world, applied), fetching(world), clock())
    with pytest.raises(Refused, match="sts:TagSession"):
        accepted(trust_of(definition), token_of(world, applied), fetching(world), clock())
    world.report(applied)
    assert world.api.send("POST", f"{OWN}/{uuid_of(block)}/detect", media="application/json").status_code == 202
    planned = world.claimed()
    plan = trust_of(definition, subject=trust_of(definition).subject + ".plan", tags_sessions=True)
    claims = accepted(plan, token_of(world, planned), fetching(world), clock())

    assert version["spec"]["workloadIdentity"] == said
    assert _member(applied.document, "spec", "workloadIdentity")["needed"] == ["aws"]
    assert (claims["phase"], claims["behavior"]) == ("plan", "DETECT")
    assert tags["https://aws.amazon.com/tags"]["principal_tags"]["blockyard:run"] == [str(applied.run_id)]
    with pytest.raises(Refused, match="subject"):
        accepted(trust_of(definition, tags_sessions=True), token_of(world, planned), fetching(world), clock())


def test_nobody_but_the_attempt_at_work_gets_a_token(world: BlockWorld) -> None:
    claimed, _ = run_of(world)
    other, _ = run_of(world)
    late = Claimed(claimed.document, replace_attempt(claimed, 2))
    answers = {
        "foreign run": asked(world, Claimed(claimed.document, other.principal)),
        "later attempt": asked(world, late),
        "provider": asked(world, Claimed(claimed.document, PLATFORM)),
        "consumer": asked(world, Claimed(claimed.document, SHOP)),
        "administrator": asked(world, Claimed(claimed.document, ADMINISTRATOR)),
    }
    ended = replace_state(world, claimed)

    codes = {name: (answer.status_code, answer.json()["errorCode"]) for name, answer in answers.items()}
    assert codes == {
        "foreign run": (403, "ForeignRunToken"),
        "later attempt": (409, "AttemptSuperseded"),
        "provider": (403, "RunTokenNeeded"),
        "consumer": (403, "RunTokenNeeded"),
        "administrator": (403, "RunTokenNeeded"),
    }
    assert (ended.status_code, ended.json()["errorCode"]) == (409, "AttemptSuperseded")


def test_an_apply_after_an_approval_gets_a_new_token_with_what_it_may_do(world: BlockWorld, clock: FixedClock) -> None:
    version = world.define()
    block = world.order(version)
    world.report(world.claimed())
    definition = definition_of(version)
    assert world.api.send("POST", f"{OWN}/{uuid_of(block)}/detect", media="application/json").status_code == 202
    planned = world.claimed()
    plan = accepted(trust_of(definition), token_of(world, planned), fetching(world), clock())
    document: JsonObject = {"status": "SUCCEEDED", "artifact": "YSBwbGFu", "changesDetected": True}
    update = StatusUpdate.model_validate(document)
    world.db.write_now(lambda tx: world.reports.report(tx, planned.principal, planned.run_id, "runner", update))
    clock.advance(3 * 3600)
    over = asked(world, planned)
    applied = world.api.send("POST", f"{OWN}/{uuid_of(block)}/apply-plan", media="application/json")
    assert applied.status_code == 202, applied.text
    claimed = world.claimed()
    apply = accepted(trust_of(definition), token_of(world, claimed), fetching(world), clock())

    assert over.status_code == 409
    assert (plan["phase"], apply["phase"]) == ("plan", "apply")
    assert (plan["run"], apply["run"]) == (str(planned.run_id), str(claimed.run_id))
    assert apply["iat"] == int(clock().timestamp())


def test_a_run_of_three_hours_always_has_a_token_that_lives_for_an_hour_more(
    world: BlockWorld, clock: FixedClock, tmp_path: Path
) -> None:
    claimed, definition = run_of(world)
    begin = clock()
    document = RunDocument.model_validate(claimed.document)
    assert document.spec.workload_identity is not None

    def seconds() -> float:
        return (clock() - begin).total_seconds()

    files = IdentityFiles(
        tmp_path / "identity",
        document.spec.workload_identity,
        fetch=lambda cloud: IdentityToken.model_validate(asked(world, claimed, cloud).json()),
        journal=FileJournal(tmp_path / "journal"),
        can_mount=lambda: True,
        secrets=RecordingReporter(),
        clock=seconds,
    )
    files.placed("/var/run/secrets/workload-identity/aws/token")
    files.provide()
    files.close()
    (source, _), *_ = files.mounts()
    seen = set()
    for _ in range(36):
        clock.advance(300)
        world.db.write_now(lambda tx: world.reports.heartbeat(tx, claimed.principal, claimed.run_id))
        files.renew_due()
        claims = accepted(trust_of(definition), (source / "token").read_text(), fetching(world), clock())
        assert claims["exp"] - clock().timestamp() > 3600
        seen.add(claims["jti"])

    assert len(seen) == 4


def replace_attempt(claimed: Claimed, attempt: int) -> Any:
    """Return the run token of another attempt of a run."""
    run = claimed.principal.run
    assert run is not None
    return a_run_token(run.run_id, block_id=run.block_id, workspace=run.workspace, attempt=attempt)


def replace_state(world: BlockWorld, claimed: Claimed) -> httpx2.Response:
    """End a run, and ask for a token of it then."""
    world.report(claimed, RunStatus.FAILED)
    return asked(world, claimed)


def test_a_lost_attempt_gets_no_token_and_the_next_one_does(world: BlockWorld, clock: FixedClock) -> None:
    claimed, _ = run_of(world)
    clock.advance(3600)
    world.sweep()
    lost = asked(world, claimed)
    clock.advance(3600)
    following = world.claimed()

    assert (lost.status_code, lost.json()["errorCode"]) == (409, "AttemptSuperseded")
    assert asked(world, claimed).status_code == 409
    assert token_of(world, following)


def test_tokens_are_kept_nowhere(world: BlockWorld) -> None:
    claimed, _ = run_of(world)
    before = len(world.all_events())
    token = token_of(world, claimed)

    everything = dump(world.db)
    assert token not in everything
    assert token.rpartition(".")[2] not in everything
    assert len(world.all_events()) == before


@pytest.mark.one_database
def test_only_our_runner_is_told_of_tokens_and_only_for_modules(world: BlockWorld) -> None:
    ours, _ = run_of(world)

    identity = _member(ours.document, "spec", "workloadIdentity")
    assert identity["clouds"]["gcp"] == {"tokenPath": "/var/run/secrets/workload-identity/gcp/token"}
    assert identity["needed"] == []
    link = _member(ours.document, "_links", "blockyard:identity")["href"]
    assert link.endswith(f"/api/blockyard/v1/runs/{ours.run_id}/identity-tokens")


def test_keys_rotate_while_twenty_runs_are_under_way(world: BlockWorld, clock: FixedClock) -> None:
    version = world.define()
    definition = definition_of(version)
    world.order(version)
    token_of(world, world.claimed())
    shown = world.api.ok("POST", KEYS)["signingKeys"]
    again = world.api.send("POST", KEYS)
    clock.advance(KEY_AHEAD.total_seconds() - 3600)
    for _ in range(20):
        world.order(version)
    runs = [world.claimed() for _ in range(20)]
    last = [token_of(world, one) for one in runs]
    clock.advance(3600)
    renewed = [token_of(world, one) for one in runs]

    assert [one["use"] for one in shown] == ["SIGNING", "NEXT"]
    assert (again.status_code, again.json()["errorCode"]) == (409, "KeyRotating")
    assert {_header(token)["kid"] for token in last} == {shown[0]["keyId"]}
    assert {_header(token)["kid"] for token in renewed} == {shown[1]["keyId"]}
    for token in (*last, *renewed):
        accepted(trust_of(definition), token, fetching(world), clock())
    clock.advance(KEY_AHEAD.total_seconds())
    token_of(world, runs[0])
    assert [one["keyId"] for one in world.api.ok("GET", KEYS)["signingKeys"]] == [shown[1]["keyId"]]


def test_a_key_that_others_know_is_withdrawn_but_never_the_last(world: BlockWorld, clock: FixedClock) -> None:
    claimed, definition = run_of(world)
    token = token_of(world, claimed)
    only = world.api.ok("GET", KEYS)["signingKeys"][0]["keyId"]
    refused = world.api.send("DELETE", f"{KEYS}/{only}")
    world.api.ok("POST", KEYS)
    assert world.api.send("DELETE", f"{KEYS}/{only}").status_code == 204

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "LastSigningKey")
    with pytest.raises(Refused, match="key"):
        accepted(trust_of(definition), token, fetching(world), clock())
    accepted(trust_of(definition), token_of(world, claimed), fetching(world), clock())
    titles = [event.title for event in world.all_events()]
    assert {"Signing Key Added", "Signing Key Withdrawn"} <= set(titles)


def _header(token: str) -> Any:
    return jwt.get_unverified_header(token)


def _member(document: Any, *path: str) -> Any:
    for name in path:
        document = document[name]
    return json.loads(json.dumps(document))
