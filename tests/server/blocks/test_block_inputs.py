"""What people may set, what is kept, what is missing: pure rules."""

from collections.abc import Mapping

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import BlockStatus, InputValue
from blockyard.server.blocks.model.inputs import (
    SentInput,
    changeable,
    merge_inputs,
    missing_inputs,
    waiting_status,
)
from blockyard.server.blocks.model.upgrades import carried_over
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.definitions.model.hiding import with_defaults
from blockyard.server.kit.errors import Denied, Invalid
from blockyard.server.runners.model import StoredSecret

OPERATOR_INPUT = AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT
KEY = "runner-key"


def spec(key: str, **members: object) -> InputSpec:
    """Return a STRING user input unless told otherwise."""
    defaults: dict[str, object] = {
        "key": key,
        "display_name": key,
        "type": InputType.STRING,
        "assignment_type": AssignmentType.USER_INPUT,
    }
    return InputSpec(**(defaults | members))  # type: ignore[arg-type]  # members are checked by the tests themselves


def specs(*items: InputSpec) -> Mapping[str, InputSpec]:
    return {item.key: item for item in items}


def opens(secret: StoredSecret) -> bool:
    return secret.key == KEY


def seal(key: str, plaintext: str) -> StoredSecret:
    return StoredSecret(hash=f"hash of {len(plaintext)} in {key}", sealed="envelope", key=KEY)


SPECS = specs(
    spec("name"),
    spec("size", type=InputType.INTEGER, updateable_by_consumer=True),
    spec("token", is_sensitive=True, updateable_by_consumer=True),
    spec("quota", assignment_type=OPERATOR_INPUT),
    spec("region", assignment_type=AssignmentType.STATIC, argument="eu"),
    spec("stage", type=InputType.SINGLE_SELECT, selectable_values=("dev", "prod"), default_value="dev"),
)
OLD_TOKEN = StoredSecret(hash="hash of old", sealed="old envelope", key=KEY)
STORED: Mapping[str, InputValue] = {"name": "a", "size": 1, "token": OLD_TOKEN, "quota": "10", "stage": "dev"}


def merge(
    sent: Mapping[str, Json], *, stored: Mapping[str, InputValue] = STORED, operator: bool = True
) -> tuple[Mapping[str, InputValue], frozenset[str]]:
    merged = merge_inputs(
        SPECS,
        stored,
        {key: SentInput(value) for key, value in sent.items()},
        operator=operator,
        opens=opens,
        seal=seal,
    )
    return merged.values, merged.changed


OTHER: Mapping[str, Json] = {
    "name": "other",
    "size": 7,
    "token": {"plaintext": "other"},
    "quota": "77",
    "region": "us",
    "stage": "prod",
}


@pytest.mark.parametrize("operator", [True, False])
@pytest.mark.parametrize("stored", [STORED, {}, {**STORED, "name": ""}])
def test_what_people_are_told_they_may_change_is_what_a_request_may_change(
    stored: Mapping[str, InputValue], *, operator: bool
) -> None:
    def is_taken(key: str) -> bool:
        try:
            return key in merge({key: OTHER[key]}, stored=stored, operator=operator)[1]
        except (Denied, Invalid):
            return False

    told = {spec.key for spec in changeable(SPECS, stored, operator=operator, opens=opens)}

    assert told == {key for key in SPECS if is_taken(key)}


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({}, set()),
        ({"name": "a", "size": 1}, set()),
        ({"token": {"hash": "hash of old"}}, set()),
        ({"name": "b"}, {"name"}),
        ({"size": 2, "stage": "prod"}, {"size", "stage"}),
        ({"token": {"plaintext": "new"}}, {"token"}),
        ({"quota": None}, {"quota"}),
        ({"token": None}, {"token"}),
        ({"token": {}}, {"token"}),
    ],
)
def test_only_what_differs_counts_as_changed(sent: Mapping[str, Json], changed: set[str]) -> None:
    values, found = merge(sent)

    assert found == changed
    assert {key: value for key, value in values.items() if key not in changed} == {
        key: value for key, value in STORED.items() if key not in changed
    }


def test_sending_the_same_plaintext_again_is_no_change() -> None:
    once, _ = merge({"token": {"plaintext": "fresh"}})

    assert merge({"token": {"plaintext": "fresh"}}, stored=once)[1] == frozenset()


def test_a_plaintext_sealed_to_another_key_is_a_change_even_if_it_is_the_same() -> None:
    once, _ = merge({"token": {"plaintext": "fresh"}})
    sealed = once["token"]
    assert isinstance(sealed, StoredSecret)
    old = {**once, "token": StoredSecret(hash=sealed.hash, sealed=sealed.sealed, key="old key")}

    assert merge({"token": {"plaintext": "fresh"}}, stored=old)[1] == {"token"}


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({"region": "us"}, "InputNotSettable", "/spec/inputs/region"),
        ({"region": "eu"}, "InputNotSettable", "/spec/inputs/region"),
        ({"unknown": 1}, "InputNotSettable", "/spec/inputs/unknown"),
        ({"size": "2"}, "InvalidValue", "/spec/inputs/size/value"),
        ({"size": True}, "InvalidValue", "/spec/inputs/size/value"),
        ({"stage": "test"}, "InvalidValue", "/spec/inputs/stage/value"),
        ({"token": "clear"}, "NotASecret", "/spec/inputs/token/value"),
        ({"token": {"plaintext": 5}}, "NotASecret", "/spec/inputs/token/value"),
        ({"token": {"hash": "of something else"}}, "UnknownSecretHash", "/spec/inputs/token/value/hash"),
    ],
)
def test_what_cannot_be_set_is_refused_with_its_place(sent: Mapping[str, Json], code: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        merge(sent)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert refusal.value.remedy


def test_the_refusal_of_a_computed_input_has_the_words_clients_look_for() -> None:
    with pytest.raises(Invalid, match="is not defined as a customer or platform-operator input"):
        merge({"region": "us"})


def test_slashes_in_keys_are_escaped_in_pointers() -> None:
    with pytest.raises(Invalid) as refusal:
        merge({"sub/na~me.yaml": "x"})

    assert refusal.value.field == "/spec/inputs/sub~1na~0me.yaml"


@pytest.mark.parametrize(("key", "said"), [("token", False), ("name", True)])
def test_the_sensitivity_has_to_be_the_one_of_the_definition(key: str, said: bool) -> None:  # noqa: FBT001  a table
    sent = {key: SentInput({"plaintext": "x"} if key == "token" else "x", is_sensitive=said)}

    with pytest.raises(Invalid) as refusal:
        merge_inputs(SPECS, {}, sent, operator=True, opens=opens, seal=seal)

    assert refusal.value.field == f"/spec/inputs/{key}/isSensitive"


def test_a_value_that_looks_like_a_secret_is_kept_verbatim_where_nothing_is_sensitive() -> None:
    code = specs(spec("plaintext", type=InputType.CODE))
    sent = {"plaintext": SentInput('{"hash": "x"}', is_sensitive=False)}

    merged = merge_inputs(code, {}, sent, operator=False, opens=opens, seal=seal)

    assert merged.values == {"plaintext": '{"hash": "x"}'}


@pytest.mark.parametrize("sent", [{"size": 5}, {"token": {"plaintext": "new"}}, {"name": "a"}, {"quota": "10"}])
def test_consumers_may_change_updateable_inputs_and_repeat_all_others(sent: Mapping[str, Json]) -> None:
    merge(sent, operator=False)


@pytest.mark.parametrize("sent", [{"name": "b"}, {"quota": "11"}, {"name": None}, {"stage": "prod"}])
def test_consumers_may_not_change_other_inputs(sent: Mapping[str, Json]) -> None:
    with pytest.raises(Denied, match="you don't have sufficient permissions") as refusal:
        merge(sent, operator=False)

    assert refusal.value.field == f"/spec/inputs/{next(iter(sent))}/value"


FIXED_TOKEN = {**SPECS, "token": spec("token", is_sensitive=True)}
"""The token may not be changed by consumers once it has a value."""


@pytest.mark.parametrize(
    "guess", [{"plaintext": "right"}, {"plaintext": "wrong"}, {"plaintext": ""}, {"hash": "wrong"}]
)
def test_who_may_not_change_a_secret_gets_the_same_answer_for_every_guess(guess: Json) -> None:
    stored = {"token": seal("token", "right")}
    sent = {"token": SentInput(guess, is_sensitive=True)}

    with pytest.raises(Denied) as refusal:
        merge_inputs(FIXED_TOKEN, stored, sent, operator=False, opens=opens, seal=seal)

    assert (refusal.value.code, refusal.value.field) == ("InputNotUpdateable", "/spec/inputs/token/value")


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ({"token": OLD_TOKEN}, {"hash": "hash of old"}),
        ({"quota": "10"}, "10"),
        ({}, None),
    ],
)
def test_who_may_not_change_an_input_may_send_what_is_shown(stored: Mapping[str, InputValue], sent: Json) -> None:
    key = next(iter(stored), "quota")

    merged = merge_inputs(FIXED_TOKEN, stored, {key: SentInput(sent)}, operator=False, opens=opens, seal=seal)

    assert (merged.values, merged.changed) == (stored, frozenset())


def test_consumers_may_fill_in_a_user_input_without_a_value() -> None:
    assert merge({"name": "b"}, stored={}, operator=False)[0] == {"name": "b"}


def test_consumers_may_not_fill_in_an_operator_input() -> None:
    with pytest.raises(Denied):
        merge({"quota": "1"}, stored={}, operator=False)


def test_defaults_fill_what_has_no_value() -> None:
    secret = StoredSecret(hash="h", sealed="s", key=KEY)
    known = specs(
        spec("a", default_value="x"), spec("b", default_value=False), spec("c"), spec("d", default_value=secret)
    )

    assert with_defaults(known, {"a": "mine"}) == {"a": "mine", "b": False, "d": secret}


def test_the_hash_of_a_secret_default_takes_the_default() -> None:
    secret = StoredSecret(hash="h", sealed="s", key=KEY)
    known = specs(spec("d", default_value=secret, is_sensitive=True))
    sent = {"d": SentInput({"hash": "h"}, is_sensitive=True)}

    merged = merge_inputs(known, {}, sent, operator=False, opens=opens, seal=seal)

    assert with_defaults(known, merged.values) == {"d": secret}


@pytest.mark.parametrize(
    ("item", "value", "is_missing"),
    [
        (spec("i"), None, True),
        (spec("i"), "", True),
        (spec("i", default_value="x"), "", False),
        (spec("i"), "x", False),
        (spec("i", type=InputType.BOOLEAN), False, False),
        (spec("i", type=InputType.INTEGER), 0, False),
        (spec("i", type=InputType.INTEGER), "was a string before the draft changed", True),
        (spec("i", is_sensitive=True), OLD_TOKEN, False),
        (spec("i", is_sensitive=True), StoredSecret(hash="h", sealed="s", key="old"), True),
        (spec("i", is_sensitive=True), "clear", True),
        (spec("i"), OLD_TOKEN, True),
        (spec("i", assignment_type=AssignmentType.STATIC), None, False),
    ],
)
def test_inputs_without_a_usable_value_are_missing(item: InputSpec, value: InputValue, is_missing: bool) -> None:  # noqa: FBT001  a table
    values = {} if value is None else {"i": value}

    assert missing_inputs(specs(item), values, opens) == ({"i"} if is_missing else frozenset())


@pytest.mark.parametrize(
    ("missing", "parents_ready", "status"),
    [
        ({"name", "quota"}, False, BlockStatus.WAITING_FOR_DEPENDENT_INPUT),
        ({"name", "quota"}, True, BlockStatus.WAITING_FOR_OPERATOR_INPUT),
        ({"name"}, True, BlockStatus.WAITING_FOR_USER_INPUT),
        (set(), False, BlockStatus.WAITING_FOR_DEPENDENT_INPUT),
        (set(), True, None),
    ],
)
def test_the_first_thing_missing_gives_the_status(
    missing: set[str],
    parents_ready: bool,  # noqa: FBT001  a table
    status: BlockStatus | None,
) -> None:
    assert waiting_status(SPECS, missing, parents_ready=parents_ready) is status


def test_an_upgrade_keeps_values_where_key_type_and_sensitivity_match_and_the_value_is_still_allowed() -> None:
    old = specs(
        spec("same"),
        spec("retyped"),
        spec("gone"),
        spec("hidden"),
        spec("static"),
        spec("secret", is_sensitive=True),
        spec("option", type=InputType.SINGLE_SELECT, selectable_values=("a", "b")),
    )
    new = specs(
        spec("same", assignment_type=OPERATOR_INPUT),
        spec("retyped", type=InputType.INTEGER),
        spec("hidden", is_sensitive=True),
        spec("static", assignment_type=AssignmentType.STATIC),
        spec("secret", is_sensitive=True),
        spec("option", type=InputType.SINGLE_SELECT, selectable_values=("b", "c")),
    )
    values: Mapping[str, InputValue] = {
        "same": "1",
        "retyped": "2",
        "gone": "3",
        "hidden": "4",
        "static": "5",
        "secret": OLD_TOKEN,
        "option": "a",
    }

    assert carried_over(old, new, values) == {"same": "1", "secret": OLD_TOKEN}
