"""What a program may do: what the person may now, at most the level they chose, in the workspace they chose."""

import re
from functools import partial
from typing import Any

import pytest

from blockyard.protocol.kinds import API_KEY, PROJECT, WORKSPACE
from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.database import Database
from blockyard.server.workspaces.model import BindingKind
from tests.support.clock import FixedClock
from tests.support.matrix_operations import PATHS
from tests.support.page_world import PASSWORD, PageWorld
from tests.support.principals import ADMINISTRATOR
from tests.support.program import Program

OWN = "/api/blockyard/v1"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of people."""
    return PageWorld(database, clock)


@pytest.fixture
def program(world: PageWorld) -> Program:
    """The command line of sam, who owns the workspace `shop`."""
    return Program(world)


def workspaces_of(program: Program, token: str) -> list[str]:
    """Return the workspaces that a program sees."""
    answer = program.call(token, WORKSPACE.path(), headers={"Accept": WORKSPACE.media})
    assert answer.status_code == 200, answer.text
    return sorted(one["metadata"]["name"] for one in answer.json()["_embedded"]["meshWorkspaces"])


def save_project(program: Program, token: str, workspace: str = "shop", method: str = "POST") -> tuple[int, str]:
    """Make a project, or delete it; return how that was answered."""
    body = {
        "apiVersion": PROJECT.version,
        "kind": PROJECT.name,
        "metadata": {"name": "web", "ownedByWorkspace": workspace},
        "spec": {"displayName": "Web"},
    }
    headers = {"Accept": PROJECT.media, "Content-Type": PROJECT.media}
    if method == "DELETE":
        path = PROJECT.path(f"{workspace}.web")
        answer = program.call(token, path, method, headers={"Accept": PROJECT.media})
    else:
        answer = program.call(token, PROJECT.path(), method, json=body, headers=headers)
    return answer.status_code, answer.json()["errorCode"] if answer.status_code >= 400 else ""


def test_the_access_level_bounds_what_a_program_does(program: Program) -> None:
    read, write, full = (program.sign_in(level)["access_token"] for level in ("read", "write", "full"))

    assert save_project(program, read) == (403, "AccessLevelTooLow")
    assert save_project(program, write)[0] == 201
    assert workspaces_of(program, read) == ["shop"]
    assert save_project(program, write, method="DELETE") == (403, "AccessLevelTooLow")
    assert save_project(program, full, method="DELETE")[0] in {200, 202, 204}


@pytest.mark.one_database
def test_whatever_a_program_sends_that_only_reads_changes_nothing(program: Program) -> None:
    token = program.sign_in("read")["access_token"]
    answers = {}
    for path, operations in PATHS.items():
        if path == f"{OWN}/logout":
            continue  # a program may always sign itself out
        for method in sorted(set(operations) - {"get"}):
            media = next(iter(operations[method].get("requestBody", {}).get("content", {})), None)
            sent: dict[str, Any] = (
                {} if media is None else {"content": "{}", "headers": {"Content-Type": media, "Accept": "*/*"}}
            )
            answer = program.call(token, re.sub(r"\{[^}]+\}", UNKNOWN, path), method.upper(), **sent)
            answers[f"{method.upper()} {path}"] = (answer.status_code, answer.json().get("errorCode"))

    others = {name for name, answer in answers.items() if answer != (403, "AccessLevelTooLow")}
    assert others == {"POST /api/login", f"POST {OWN}/login"}, "which take no credential"
    assert len(answers) > 100


def test_a_program_makes_no_key_that_may_more_than_it(program: Program) -> None:
    def make_key(token: str, code: str) -> tuple[int, str]:
        body = {
            "apiVersion": API_KEY.version,
            "kind": API_KEY.name,
            "metadata": {"ownedByWorkspace": "shop"},
            "spec": {"displayName": code, "permissions": [code]},
        }
        headers = {"Accept": API_KEY.media, "Content-Type": API_KEY.media}
        answer = program.call(token, API_KEY.path(), "POST", json=body, headers=headers)
        return answer.status_code, answer.json().get("errorCode", "")

    write = program.sign_in("write")["access_token"]

    assert make_key(write, "PROJECT_DELETE")[0] == 403
    assert make_key(write, "PROJECT_SAVE")[0] == 201


def test_no_program_changes_how_a_person_signs_in(program: Program) -> None:
    token = program.sign_in()["access_token"]
    password = {"currentPassword": PASSWORD, "password": "another long passphrase"}
    ways: list[tuple[str, str, Any]] = [
        ("POST", "passkeys/options", None),
        ("POST", "authenticator-app", None),
        ("POST", "recovery-codes", None),
        ("DELETE", f"identities/{UNKNOWN}", None),
        ("PUT", "password", password),
        ("PUT", "password", {**password, "currentPassword": "a guess"}),
    ]

    for method, path, body in ways:
        answer = program.call(token, f"{OWN}/me/{path}", method, json=body)
        assert (answer.status_code, answer.json()["errorCode"]) == (403, "NotForPrograms"), answer.text


def test_a_program_in_one_workspace_knows_of_no_other(program: Program, world: PageWorld) -> None:
    world.bind("sam", "other", WorkspaceRole.OWNER)
    everywhere = program.sign_in()["access_token"]
    chosen = program.sign_in(workspace="shop")

    assert workspaces_of(program, everywhere) == ["other", "shop"]
    assert workspaces_of(program, chosen["access_token"]) == ["shop"]
    assert save_project(program, chosen["access_token"], "other") == (403, "MissingPermission")
    again = program.refresh(chosen["refresh_token"], "openid c:other").json()
    assert workspaces_of(program, again["access_token"]) == ["shop"], "what the person chose stays"


def test_a_refresh_binds_a_token_to_one_workspace(program: Program, world: PageWorld) -> None:
    world.bind("sam", "other", WorkspaceRole.MEMBER)
    tokens = program.sign_in()

    bound = program.refresh(tokens["refresh_token"], "openid c:other").json()
    free = program.refresh(bound["refresh_token"]).json()
    foreign = program.refresh(free["refresh_token"], "openid c:platform").json()

    assert workspaces_of(program, bound["access_token"]) == ["other"]
    assert "c:other" in bound["scope"].split()
    assert save_project(program, bound["access_token"], "other")[0] == 403, "a member makes no project"
    assert workspaces_of(program, free["access_token"]) == ["other", "shop"]
    assert "c:platform" not in foreign["scope"]
    assert save_project(program, foreign["access_token"], "platform") == (403, "MissingPermission")


@pytest.mark.one_database
def test_a_refresh_for_several_workspaces_is_refused_and_uses_nothing_up(program: Program) -> None:
    token = program.sign_in()["refresh_token"]

    answer = program.refresh(token, "openid c:shop c:other")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert program.refresh(token).status_code == 200


def test_a_person_can_choose_no_workspace_they_are_not_in(program: Program) -> None:
    asked = program.address().partition("?")[2]
    answer = program.person.post(
        "/oidc/authorize",
        {"asked": asked, "answer": "allow", "level": "full", "workspace": "platform"},
        form_at=program.address(),
    )

    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_program_never_may_more_than_the_person_may_now(program: Program, world: PageWorld) -> None:
    token = program.sign_in()["access_token"]
    before = save_project(program, token)
    world.bind("sam", "other", WorkspaceRole.OWNER)
    with_more = workspaces_of(program, token)
    for name in ("sam-other", "sam-shop"):
        take = partial(world.services.bindings.delete, principal=ADMINISTRATOR, kind=BindingKind.USER, name=name)
        world.db.write_now(take)

    assert before[0] == 201
    assert with_more == ["other", "shop"]
    assert workspaces_of(program, token) == []
    assert save_project(program, token, method="DELETE") == (404, "NotFound")


def test_an_administrator_rules_everywhere_unless_bound_to_a_workspace_that_is_not_theirs(world: PageWorld) -> None:
    world.add("admin")
    program = Program(world, "admin")
    tokens = program.sign_in()
    inside = program.refresh(tokens["refresh_token"], "openid c:shop").json()
    ruling = program.refresh(inside["refresh_token"], "openid c:admin").json()

    assert workspaces_of(program, tokens["access_token"]) == ["admin", "other", "platform", "shop"]
    assert workspaces_of(program, inside["access_token"]) == ["shop"]
    assert save_project(program, inside["access_token"], "shop")[0] == 201
    assert save_project(program, inside["access_token"], "other") == (403, "MissingPermission")
    assert workspaces_of(program, ruling["access_token"]) == ["admin", "other", "platform", "shop"]


def test_a_new_password_signs_programs_out(program: Program, world: PageWorld) -> None:
    token = program.sign_in()["access_token"]
    user = world.add("sam")

    world.db.write_now(lambda tx: world.users.set_password(tx, ADMINISTRATOR, user.id, "hash of another password"))

    assert program.call(token).status_code == 401
