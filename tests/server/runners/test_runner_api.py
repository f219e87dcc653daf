"""The API of runners: CRUD, permissions, refusals."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from blockyard.protocol.kinds import RUNNER
from blockyard.protocol.names import ImplementationType
from blockyard.protocol.version import PROTOCOL_HEADER
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId
from blockyard.server.runners.service import RunnerService
from tests.support.clock import FixedClock
from tests.support.http import client_for
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.routes import Routes
from tests.support.runner_keys import a_runner_key
from tests.support.world import World, world_of

PATH = "/api/meshobjects/meshbuildingblockrunners"
FIRST = a_runner_key()


@pytest.fixture
def whole(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> World:
    whole = world_of(database, clock, ids)
    whole.add_workspaces("team", "shop", "demo-partner")
    return whole


@pytest.fixture
def runners(whole: World) -> RunnerService:
    return whole.services.runners


@pytest.fixture
def api(whole: World, runners: RunnerService) -> Routes:
    del runners
    return Routes(whole, media=RUNNER.media, principal=a_key("team"))


def a_body(workspace: str = "team", **spec: Any) -> Any:
    return {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockRunner",
        "metadata": {"ownedByWorkspace": workspace},
        "spec": {"displayName": "my runner", "publicKey": FIRST.public_pem, "implementationType": "TERRAFORM", **spec},
    }


def test_a_runner_is_returned_as_it_was_sent_with_what_the_server_adds(api: Routes) -> None:
    created = api.ok("POST", PATH, a_body(restriction="PRIVATE"))

    uuid = created["metadata"]["uuid"]
    assert created == {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockRunner",
        "metadata": {
            "uuid": uuid,
            "ownedByWorkspace": "team",
            "createdOn": "2026-01-01T12:00:00Z",
            "lastSeen": None,
        },
        "spec": {
            "displayName": "my runner",
            "publicKey": FIRST.public_pem,
            "implementationType": "TERRAFORM",
            "restriction": "PRIVATE",
            "isSelfHosted": True,
            "workloadIdentityFederation": None,
        },
        "_links": {"self": {"href": f"http://blockyard.test{PATH}/{uuid}"}},
    }
    assert api.ok("GET", f"{PATH}/{uuid}") == created


def test_the_owner_may_change_name_key_and_identity(api: Routes) -> None:
    uuid = the_uuid(api.ok("POST", PATH, a_body()))
    federation = {
        "issuer": "https://oidc.test",
        "subject": "system:serviceaccount:ns:x",
        "aws": {"audience": "aws", "tokenPath": "/var/run/token"},
    }
    certificate = a_runner_key("second").certificate_pem

    answer = api.send(
        "PUT",
        f"{PATH}/{uuid}",
        a_body(displayName="other", publicKey=certificate, workloadIdentityFederation=federation),
    )

    assert answer.status_code == 200
    spec = answer.json()["spec"]
    assert (spec["displayName"], spec["publicKey"]) == ("other", certificate)
    assert spec["workloadIdentityFederation"] == {**federation, "subjectTemplate": "system:serviceaccount:ns:x"}


OLD = "ns:<bbd-workspace>.<bbd-uuid>"
NEW = "ns:{{ workspaceIdentifier }}.{{ buildingBlockDefinitionUuid }}"
TIGHT = "ns:{{workspaceIdentifier}}.x"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"subject": OLD}, {"subject": OLD, "subjectTemplate": NEW}),
        ({"subjectTemplate": NEW}, {"subject": OLD, "subjectTemplate": NEW}),
        ({"subjectTemplate": TIGHT}, {"subject": "ns:<bbd-workspace>.x", "subjectTemplate": TIGHT}),
        ({"subject": OLD, "subjectTemplate": "fixed"}, {"subject": "fixed", "subjectTemplate": "fixed"}),
    ],
)
@pytest.mark.one_database
def test_a_subject_is_taken_and_shown_in_the_notations_of_old_and_new_clients(
    api: Routes, sent: dict[str, str], shown: dict[str, str]
) -> None:
    cloud = {"gcp": {"audience": "gcp", "tokenPath": "/token"}}

    created = api.ok("POST", PATH, a_body(workloadIdentityFederation={"issuer": "i", **cloud, **sent}))

    federation = created["spec"]["workloadIdentityFederation"]
    assert federation == {"issuer": "i", **cloud, **shown}
    assert api.ok("PUT", f"{PATH}/{the_uuid(created)}", a_body(workloadIdentityFederation=federation)) == created


@pytest.mark.parametrize("subject", [None, "", "{{ planet }}", "{{#workspaceIdentifier}}", "{{ workspaceIdentifier"])
@pytest.mark.one_database
def test_a_subject_with_unknown_placeholders_is_refused(api: Routes, subject: str | None) -> None:
    cloud = {"gcp": {"audience": "gcp", "tokenPath": "/token"}}
    federation = {"issuer": "i", "subjectTemplate": subject, **cloud}

    error = api.send("POST", PATH, a_body(workloadIdentityFederation=federation))

    assert error.status_code == 400
    assert error.json()["field"].startswith("/spec/workloadIdentityFederation")


def test_a_put_without_restriction_keeps_it(api: Routes) -> None:
    api.be(ADMINISTRATOR)
    uuid = the_uuid(api.ok("POST", PATH, a_body(restriction="PUBLIC")))

    assert api.ok("PUT", f"{PATH}/{uuid}", a_body())["spec"]["restriction"] == "PUBLIC"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"implementationType": "ALL"}, "/spec/implementationType"),
        ({"restriction": "PUBLIC"}, "/spec/restriction"),
    ],
)
def test_type_and_restriction_never_change(api: Routes, change: dict[str, str], field: str) -> None:
    uuid = the_uuid(api.ok("POST", PATH, a_body()))

    error = api.refused(400, "PUT", f"{PATH}/{uuid}", a_body(**change))

    assert (error["errorCode"], error["field"]) == ("Immutable", field)
    assert error["remedy"]


def test_the_owner_never_changes(api: Routes) -> None:
    api.be(ADMINISTRATOR)
    uuid = the_uuid(api.ok("POST", PATH, a_body()))

    assert api.refused(400, "PUT", f"{PATH}/{uuid}", a_body("shop"))["field"] == "/metadata/ownedByWorkspace"


def test_only_administrators_register_public_runners(api: Routes) -> None:
    error = api.refused(403, "POST", PATH, a_body(restriction="PUBLIC"))
    assert error["errorCode"] == "MissingPermission"

    api.be(ADMINISTRATOR)
    api.ok("POST", PATH, a_body(restriction="PUBLIC"))


def _elliptic() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("rubbish", "BadPublicKey"),
        ("-----BEGIN PUBLIC KEY-----\nMIIC\n-----END PUBLIC KEY-----\n", "BadPublicKey"),
        (_elliptic(), "BadPublicKey"),
        (a_runner_key("short", bits=1024).public_pem, "WeakPublicKey"),
        (FIRST.private_pem, "PrivateKey"),
    ],
)
@pytest.mark.one_database
def test_a_key_that_cannot_seal_is_refused_and_never_repeated(api: Routes, key: str, code: str) -> None:
    error = api.refused(400, "POST", PATH, a_body(publicKey=key))

    assert (error["errorCode"], error["field"]) == (code, "/spec/publicKey")
    assert error["remedy"]
    assert key not in api.answers[-1]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"displayName": ""}, "/spec/displayName"),
        ({"displayName": 5}, "/spec/displayName"),
        ({"implementationType": "HELM"}, "/spec/implementationType"),
        ({"restriction": "SECRET"}, "/spec/restriction"),
        ({"workloadIdentityFederation": {"issuer": "i", "subject": "s"}}, "/spec/workloadIdentityFederation"),
    ],
)
@pytest.mark.one_database
def test_a_malformed_member_is_named(api: Routes, spec: Any, field: str) -> None:
    error = api.refused(400, "POST", PATH, a_body(**spec))

    assert (error["errorCode"], error["field"]) == ("InvalidRequest", field)


def test_a_runner_of_an_unknown_workspace_is_refused(api: Routes) -> None:
    api.be(ADMINISTRATOR)
    error = api.refused(404, "POST", PATH, a_body("nobody"))
    assert (error["errorCode"], error["field"]) == ("UnknownWorkspace", "/metadata/ownedByWorkspace")


def test_others_neither_see_nor_touch_a_private_runner(api: Routes) -> None:
    uuid = the_uuid(api.ok("POST", PATH, a_body()))
    api.be(a_key("shop"))

    for method, body in (("GET", None), ("PUT", a_body()), ("DELETE", None)):
        assert api.refused(404, method, f"{PATH}/{uuid}", body)["errorCode"] == "UnknownRunner"
    assert api.refused(403, "POST", PATH, a_body())["errorCode"] == "MissingPermission"


def test_others_see_a_public_runner_but_do_not_touch_it(api: Routes) -> None:
    api.be(ADMINISTRATOR)
    uuid = the_uuid(api.ok("POST", PATH, a_body(restriction="PUBLIC")))
    api.be(a_key("shop"))

    api.ok("GET", f"{PATH}/{uuid}")
    api.refused(403, "PUT", f"{PATH}/{uuid}", a_body())
    api.refused(403, "DELETE", f"{PATH}/{uuid}")


def test_a_list_shows_own_and_public_runners_and_is_filtered(
    api: Routes, database: Database, runners: RunnerService
) -> None:
    database.write_now(lambda tx: runners.seed_shared(tx, workspace="demo-partner", public_key=FIRST.public_pem))
    own = the_uuid(api.ok("POST", PATH, a_body()))
    api.be(a_key("shop"))
    other = the_uuid(api.ok("POST", PATH, a_body("shop", implementationType="MANUAL")))
    api.be(a_key("team"))

    def listed(**filters: str) -> set[str]:
        answer = api.send("GET", PATH, params=filters)
        assert answer.status_code == 200, answer.text
        return {item["metadata"]["uuid"] for item in answer.json()["_embedded"]["meshBuildingBlockRunners"]}

    assert listed() == {str(SHARED_RUNNER), own}
    assert listed(ownedByWorkspace="team") == {own}
    assert listed(ownedByWorkspace="shop") == set()
    assert listed(implementationType="ALL") == {str(SHARED_RUNNER)}
    assert listed(restriction="PRIVATE") == {own}
    api.be(ADMINISTRATOR)
    assert listed() == {str(SHARED_RUNNER), own, other}


def test_a_runner_in_use_cannot_be_deleted_and_the_message_names_who_uses_it(
    api: Routes, runners: RunnerService
) -> None:
    uuid = the_uuid(api.ok("POST", PATH, a_body()))
    users = ["version 1 of 'Bucket'"]
    runners.uses.add(lambda _tx, runner: users if str(runner) == uuid else [])

    error = api.refused(409, "DELETE", f"{PATH}/{uuid}")
    assert error["errorCode"] == "InUse"
    assert "version 1 of 'Bucket'" in str(error["message"])

    users.clear()
    assert [api.send("DELETE", f"{PATH}/{uuid}").status_code for _time in range(2)] == [204, 204]
    api.refused(404, "GET", f"{PATH}/{uuid}")


def test_the_shared_runner_is_seeded_once_and_stays(api: Routes, database: Database, runners: RunnerService) -> None:
    keys = (FIRST, FIRST, a_runner_key("second"))
    database.write_now(
        lambda tx: [runners.seed_shared(tx, workspace="demo-partner", public_key=key.public_pem) for key in keys]
    )
    api.be(ADMINISTRATOR)

    shared = api.ok("GET", f"{PATH}/{SHARED_RUNNER}")
    assert shared["spec"]["publicKey"] == a_runner_key("second").public_pem
    assert api.refused(409, "DELETE", f"{PATH}/{SHARED_RUNNER}")["errorCode"] == "SharedRunner"


def test_a_runner_that_serves_others_is_changed_and_deleted_by_administrators_alone(api: Routes) -> None:
    api.be(ADMINISTRATOR)
    uuid = the_uuid(api.ok("POST", PATH, a_body(restriction="PUBLIC")))
    own_key = a_body(restriction="PUBLIC", publicKey=a_runner_key("second").public_pem)
    api.be(a_key("team"))

    assert api.refused(403, "PUT", f"{PATH}/{uuid}", own_key)["errorCode"] == "MissingPermission"
    api.refused(403, "DELETE", f"{PATH}/{uuid}")

    api.be(ADMINISTRATOR)
    assert api.ok("PUT", f"{PATH}/{uuid}", own_key)["spec"]["publicKey"] == a_runner_key("second").public_pem
    assert api.send("DELETE", f"{PATH}/{uuid}").status_code == 204


def test_when_a_runner_was_seen_is_written_at_most_every_few_seconds(
    api: Routes, database: Database, runners: RunnerService, clock: FixedClock
) -> None:
    uuid = the_uuid(api.ok("POST", PATH, a_body()))

    def seen_after(seconds: float) -> object:
        clock.advance(seconds)
        database.write_now(lambda tx: runners.seen(tx, RunnerId(UUID(uuid)), clock(), protocol=0))
        return api.ok("GET", f"{PATH}/{uuid}")["metadata"]["lastSeen"]

    assert seen_after(1) == "2026-01-01T12:00:01Z"
    assert seen_after(2) == "2026-01-01T12:00:01Z"
    assert seen_after(3) == "2026-01-01T12:00:06Z"
    api.ok("PUT", f"{PATH}/{uuid}", a_body(displayName="other"))
    assert seen_after(0) == "2026-01-01T12:00:06Z"


def test_envelopes_are_bound_only_while_every_process_of_a_runner_opens_such(
    api: Routes, database: Database, runners: RunnerService, clock: FixedClock
) -> None:
    runner_id = RunnerId(UUID(the_uuid(api.ok("POST", PATH, a_body()))))

    def takes_bound_after(protocol: int, *, hours: float = 0) -> bool:
        clock.advance(hours * 3600)
        database.write_now(lambda tx: runners.seen(tx, runner_id, clock(), protocol=protocol))
        return database.read_now(lambda tx: runners.get_by_id(tx, runner_id)).takes_bound

    assert not database.read_now(lambda tx: runners.get_by_id(tx, runner_id)).takes_bound
    assert takes_bound_after(2)
    assert not takes_bound_after(0)
    assert not takes_bound_after(2, hours=1)
    assert not takes_bound_after(1, hours=1)
    assert not takes_bound_after(2, hours=23)
    assert takes_bound_after(2, hours=2)


def test_secrets_of_renamed_inputs_are_given_only_to_runners_all_of_whose_processes_open_them(
    api: Routes, database: Database, runners: RunnerService, clock: FixedClock
) -> None:
    runner_id = RunnerId(UUID(the_uuid(api.ok("POST", PATH, a_body()))))

    def takes_after(protocol: int, *, hours: float = 0) -> tuple[bool, bool]:
        clock.advance(hours * 3600)
        database.write_now(lambda tx: runners.seen(tx, runner_id, clock(), protocol=protocol))
        runner = database.read_now(lambda tx: runners.get_by_id(tx, runner_id))
        return runner.takes_bound, runner.takes_renamed

    assert takes_after(3) == (True, True)
    assert takes_after(2) == (True, False)
    assert takes_after(3, hours=23) == (True, False)
    assert takes_after(3, hours=2) == (True, True)


@pytest.mark.anyio
async def test_a_runner_may_be_registered_as_one_that_opens_bound_envelopes(
    api: Routes, database: Database, runners: RunnerService
) -> None:
    async with client_for(api.app) as client:
        headers = {"Accept": RUNNER.media, "Content-Type": RUNNER.media, PROTOCOL_HEADER: "2"}
        answer = await client.post(PATH, json=a_body(), headers=headers)

    runner_id = RunnerId(UUID(the_uuid(answer.json())))
    assert database.read_now(lambda tx: runners.get_by_id(tx, runner_id)).takes_bound


def test_versions_may_name_own_and_public_runners_that_execute_their_type(
    api: Routes, database: Database, runners: RunnerService
) -> None:
    runner_id = RunnerId(UUID(the_uuid(api.ok("POST", PATH, a_body(implementationType="GITLAB_PIPELINE")))))

    def usable(workspace: str, implementation: ImplementationType, wanted: RunnerId = runner_id) -> str:
        try:
            return str(database.read_now(lambda tx: runners.usable(tx, wanted, workspace, implementation)).id)
        except Invalid as error:
            return error.code

    assert usable("team", ImplementationType.GITLAB_CICD) == str(runner_id)
    assert usable("team", ImplementationType.TERRAFORM) == "WrongRunnerType"
    assert usable("shop", ImplementationType.GITLAB_CICD) == "UnknownRunner"
    assert usable("team", ImplementationType.MANUAL, RunnerId(uuid4())) == "UnknownRunner"


def the_uuid(runner: Any) -> str:
    return str(runner["metadata"]["uuid"])
