"""Which tags things may have, as plain rules. Source: api.md 2.3, concepts.md 20."""

from collections.abc import Mapping
from contextvars import Context
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.ids import new_id
from blockyard.server.tags.model import (
    TagDefinition,
    TagDefinitionId,
    Tags,
    TargetKind,
    ValueType,
    ValueTypeName,
    checked_tags,
)
from tests.support.clock import NOON

STRING: JsonObject = {}
SELECT: JsonObject = {"options": ["dev", "prod"]}


def a_definition(
    tag: str,
    type_: str = "string",
    content: JsonObject = STRING,
    *,
    mandatory: bool = False,
    immutable: bool = False,
    restricted: bool = False,
) -> TagDefinition:
    return TagDefinition(
        id=TagDefinitionId(new_id()),
        created_at=NOON,
        target_kind=TargetKind.PROJECT,
        tag=tag,
        value_type=ValueType(ValueTypeName(type_), content),
        display_name=tag,
        description="",
        sort_order=0,
        replication_key=None,
        mandatory=mandatory,
        immutable=immutable,
        restricted=restricted,
    )


def checked(
    definition: TagDefinition | None,
    sent: Tags,
    before: Tags | None = None,
    *,
    unrestricted: bool = False,
    kind: TargetKind = TargetKind.PROJECT,
) -> Tags:
    definitions: Mapping[str, TagDefinition] = {} if definition is None else {definition.tag: definition}
    return checked_tags(definitions, kind, sent, before, unrestricted=unrestricted)


FITTING: list[tuple[str, JsonObject, list[str]]] = [
    ("string", {}, ["a"]),
    ("string", {}, [""]),
    ("string", {"validationRegex": "[a-z]+"}, ["abc"]),
    ("string", {"validationRegex": ""}, ["abc"]),
    ("email", {}, ["a@example.org"]),
    ("integer", {}, ["-5"]),
    ("number", {}, ["1.5e3"]),
    ("singleSelect", SELECT, ["prod"]),
    ("multiSelect", SELECT, ["prod", "dev", "prod"]),
]


@pytest.mark.parametrize(("type_", "content", "values"), FITTING)
def test_values_that_fit_stay_in_their_order(type_: str, content: JsonObject, values: list[str]) -> None:
    assert checked(a_definition("k", type_, content), {"k": values}) == {"k": values}


MISFITS: list[tuple[str, JsonObject, list[str], str]] = [
    ("string", {"validationRegex": "[a-z]+"}, ["abc1"], "the value of tag 'k' must match [a-z]+"),
    ("email", {}, ["a"], "the value of tag 'k' must be an email address"),
    ("email", {"validationRegex": ".*@a"}, ["b@b"], "the value of tag 'k' must match .*@a"),
    ("integer", {}, ["1.5"], "the value of tag 'k' must be a whole number"),
    ("integer", {}, ["٣"], "the value of tag 'k' must be a whole number"),
    ("number", {}, ["1,5"], "the value of tag 'k' must be a number such as 1.5"),
    ("singleSelect", SELECT, ["test"], "the value of tag 'k' must be one of 'dev', 'prod'"),
    ("singleSelect", SELECT, ["dev", "prod"], "tag 'k' has one value, not 2"),
    ("multiSelect", SELECT, ["dev", "x"], "the value of tag 'k' must be one of 'dev', 'prod'"),
]


@pytest.mark.parametrize(("type_", "content", "values", "reason"), MISFITS)
def test_values_that_do_not_fit_are_refused(type_: str, content: JsonObject, values: list[str], reason: str) -> None:
    with pytest.raises(Refusal, match="tag") as refused:
        checked(a_definition("k", type_, content), {"k": values})

    assert refused.value.message.startswith(reason)
    assert str(refused.value.field).startswith("/spec/tags/k")


def test_a_value_that_cannot_be_compared_in_time_is_refused() -> None:
    slow = a_definition("k", content={"validationRegex": r"(a|aa)+$(?<!a)"})

    with pytest.raises(Refusal, match="cannot be compared with the regular expression"):
        Context().run(checked, slow, {"k": ["a" * 255]})  # matches share a budget in one context


def test_a_key_nobody_declared_is_refused_unless_it_stood_there() -> None:
    with pytest.raises(Refusal) as refused:
        checked(None, {"a/b": ["x"]})

    assert (refused.value.code, refused.value.field) == ("UnknownTag", "/spec/tags/a~1b")
    assert checked(None, {"a/b": ["x"]}, {"a/b": ["x"]}) == {"a/b": ["x"]}
    assert checked(None, {}, {"a/b": ["x"]}) == {}
    assert checked(None, {"a/b": []}) == {}


def test_what_stood_there_passes_though_the_definition_says_otherwise_now() -> None:
    narrower = a_definition("k", "singleSelect", SELECT, mandatory=True)

    assert checked(narrower, {"k": ["old"]}, {"k": ["old"]}) == {"k": ["old"]}
    assert checked(narrower, {}, {}) == {}


REFUSED: list[tuple[dict[str, bool], Any, Any, str]] = [
    ({"mandatory": True}, {}, None, "MissingTag"),
    ({"mandatory": True}, {"k": [" "]}, None, "MissingTag"),
    ({"mandatory": True}, {}, {"k": ["a"]}, "MissingTag"),
    ({"immutable": True}, {"k": ["b"]}, {"k": ["a"]}, "ImmutableTag"),
    ({"immutable": True}, {}, {"k": ["a"]}, "ImmutableTag"),
    ({"restricted": True}, {"k": ["a"]}, None, "RestrictedTag"),
    ({"restricted": True}, {"k": ["b"]}, {"k": ["a"]}, "RestrictedTag"),
    ({"restricted": True}, {}, {"k": ["a"]}, "RestrictedTag"),
]


@pytest.mark.parametrize(("flags", "sent", "before", "code"), REFUSED)
def test_each_switch_refuses_what_it_is_for(flags: dict[str, bool], sent: Tags, before: Tags | None, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked(a_definition("k", "string", STRING, **flags), sent, before)

    assert (refused.value.code, refused.value.field) == (code, "/spec/tags/k")


ALLOWED: list[tuple[dict[str, bool], Any, Any, bool]] = [
    ({"immutable": True}, {"k": ["a"]}, {}, False),
    ({"restricted": True}, {"k": ["a"]}, {"k": ["a"]}, False),
    ({"restricted": True}, {"k": ["b"]}, {"k": ["a"]}, True),
    ({"restricted": True, "mandatory": True}, {}, None, False),
]


@pytest.mark.parametrize(("flags", "sent", "before", "unrestricted"), ALLOWED)
def test_each_switch_lets_everything_else_pass(
    flags: dict[str, bool], sent: Tags, before: Tags | None, *, unrestricted: bool
) -> None:
    assert checked(a_definition("k", "string", STRING, **flags), sent, before, unrestricted=unrestricted) == sent


def test_a_new_thing_gets_the_default_of_a_restricted_tag_where_its_key_was_not_sent() -> None:
    restricted = a_definition("k", content={"defaultValue": "d"}, restricted=True)

    assert checked(restricted, {"k": ["d"]}) == {"k": ["d"]}
    assert checked(restricted, {}) == {"k": ["d"]}
    assert checked(restricted, {"k": ["x"]}, unrestricted=True) == {"k": ["x"]}
    assert checked(restricted, {"k": []}, unrestricted=True) == {}
    assert checked(restricted, {}, {}) == {}
    assert checked(a_definition("k", content={"defaultValue": "d"}), {}) == {}
    assert checked(restricted, {}, kind=TargetKind.WORKSPACE) == {}


@pytest.mark.parametrize(
    ("type_", "content", "default"),
    [
        ("integer", {"defaultValue": 5}, ["5"]),
        ("number", {"defaultValue": 0.5}, ["0.5"]),
        ("multiSelect", {"options": ["a", "b"], "defaultValue": ["b", "a"]}, ["b", "a"]),
    ],
)
def test_a_default_is_written_as_values_of_a_tag_are(type_: str, content: JsonObject, default: list[str]) -> None:
    assert checked(a_definition("k", type_, content, restricted=True), {}) == {"k": default}
