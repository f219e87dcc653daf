"""Content of versions as JSON: what is stored is read back, what is shown has no secrets, the hash follows the content."""

from dataclasses import replace
from uuid import UUID

import pytest

from blockyard.protocol.names import ImplementationType, InputType
from blockyard.server.definitions.model import (
    AssignmentType,
    DeclaredType,
    DefinitionId,
    DeletionMode,
    InputSpec,
    OutputAssignment,
    OutputSpec,
    VersionContent,
)
from blockyard.server.definitions.model.documents import content_hash, read_content, shown_content, stored_content
from blockyard.server.definitions.model.implementation import Implementation
from blockyard.server.runners.model import StoredSecret

SECRET = StoredSecret(hash="sha256:00", sealed="ENVELOPE", key="fingerprint")
TOKEN = InputSpec(
    key="token",
    display_name="Token",
    type=InputType.STRING,
    assignment_type=AssignmentType.STATIC,
    is_sensitive=True,
    argument=SECRET,
)
SIZE = InputSpec(
    key="size",
    display_name="",
    type=InputType.SINGLE_SELECT,
    assignment_type=AssignmentType.USER_INPUT,
    default_value="b",
    selectable_values=("b", "a"),
    description="",
    display_order=-1,
)
CONTENT = VersionContent(
    deletion_mode=DeletionMode.PURGE,
    only_apply_once_per_tenant=True,
    permissions=("TENANT_LIST", "TENANT_SAVE"),
    dependencies=(DefinitionId(UUID(int=1)), DefinitionId(UUID(int=2))),
    inputs={"token": TOKEN, "size": SIZE},
    outputs={
        "url": OutputSpec(
            key="url", display_name="URL", type=DeclaredType.STRING, assignment_type=OutputAssignment.RESOURCE_URL
        )
    },
    implementation=Implementation(
        type=ImplementationType.TERRAFORM,
        settings={"terraformVersion": "1.9.0", "repositoryUrl": "git@host:a", "async": False, "refName": None},
        secrets={"sshPrivateKey": SECRET},
    ),
)


def test_stored_content_is_read_back() -> None:
    assert read_content(stored_content(CONTENT)) == CONTENT
    assert read_content(stored_content(VersionContent())) == VersionContent()


def test_shown_content_has_hashes_only() -> None:
    shown = str(shown_content(CONTENT))
    assert "sha256:00" in shown
    assert "ENVELOPE" not in shown
    assert "ENVELOPE" not in repr(CONTENT)


@pytest.mark.parametrize(
    "same",
    [
        replace(CONTENT, permissions=("TENANT_SAVE", "TENANT_LIST")),
        replace(CONTENT, inputs={"size": SIZE, "token": TOKEN}),
        replace(CONTENT, inputs={"token": TOKEN, "size": replace(SIZE, description=None)}),
        replace(CONTENT, inputs={"token": replace(TOKEN, argument=replace(SECRET, sealed="AGAIN")), "size": SIZE}),
    ],
)
def test_the_hash_does_not_change_with_order_and_absence(same: VersionContent) -> None:
    assert content_hash(same) == content_hash(CONTENT)


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTENT, deletion_mode=DeletionMode.DELETE),
        replace(CONTENT, inputs={"token": TOKEN, "size": replace(SIZE, default_value="a")}),
        replace(CONTENT, inputs={"token": TOKEN, "size": replace(SIZE, display_order=0)}),
        replace(CONTENT, inputs={"token": replace(TOKEN, argument=replace(SECRET, hash="sha256:01")), "size": SIZE}),
        replace(CONTENT, outputs={}),
        VersionContent(),
    ],
)
def test_the_hash_changes_with_the_content(other: VersionContent) -> None:
    assert content_hash(other) != content_hash(CONTENT)


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (CONTENT, "4a2d27ece76354d4e18145d11f863ad556d394ea288ed806fdd95405b73d2a0e"),
        (VersionContent(), "9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"),
    ],
)
def test_the_hash_of_content_without_new_members_is_that_of_earlier_releases(
    content: VersionContent, known: str
) -> None:
    assert content_hash(content) == known


NEW_MEMBERS = [
    replace(SIZE, is_optional=True),
    replace(SIZE, condition="input.token != ''"),
    replace(TOKEN, type=InputType.CODE, is_json=True),
    replace(TOKEN, type=InputType.CODE, is_json=True, json_schema="{}"),
]


@pytest.mark.parametrize("spec", NEW_MEMBERS)
def test_new_members_are_stored_and_change_the_hash(spec: InputSpec) -> None:
    content = replace(CONTENT, inputs={**CONTENT.inputs, spec.key: spec})

    assert read_content(stored_content(content)) == content
    assert content_hash(content) != content_hash(CONTENT)


@pytest.mark.parametrize(
    ("key", "name", "label"),
    [
        ("CLIENT_SECRET", "", "Client secret"),
        ("consoleUrl", "", "Console URL"),
        ("ca.pem", "", "Ca.pem"),
        ("_", "", "_"),
        ("k", "Name", "Name"),
    ],
)
def test_an_input_without_a_name_is_called_by_its_key(key: str, name: str, label: str) -> None:
    assert replace(SIZE, key=key, display_name=name).label == label
