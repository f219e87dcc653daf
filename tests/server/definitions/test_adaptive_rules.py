"""Options, defaults and checks that depend on something: what cannot be declared, and what a declaration costs."""

from typing import Any
from uuid import uuid4

import pytest

from blockyard.server.definitions.model import VersionContent
from blockyard.server.definitions.model.documents import content_hash
from tests.support.definitions import VERSIONS, Catalogue, an_input, changed

ZERO = "00000000-0000-0000-0000-000000000000"


def select(**members: Any) -> Any:
    """Return a select."""
    return an_input(type="SINGLE_SELECT", **members)


def with_default(**default: Any) -> Any:
    """Return what gives an input a default that depends on something."""
    return {"dependentDefaults": [{"condition": "input.region == 'eu'", **default}]}


OTHERS: dict[str, Any] = {"region": an_input(), "size": an_input(type="INTEGER")}
WRONG: list[tuple[Any, str, str]] = [
    (an_input(optionSources=[{"values": ["a"]}]), "BadOptionSource", "optionSources"),
    (select(optionSources=[{"values": ["a"], "tag": "WORKSPACE.x"}]), "BadOptionSource", "optionSources/0"),
    (select(optionSources=[{"condition": "true"}]), "BadOptionSource", "optionSources/0"),
    (select(optionSources=[{"values": ["a"]}, {"values": ["b", "b"]}]), "BadOptionSource", "optionSources/1"),
    (select(optionSources=[{"tag": "PROJECT.x"}]), "BadOptionSource", "optionSources/0"),
    (select(optionSources=[{"tag": "nothing"}]), "BadOptionSource", "optionSources/0"),
    (select(optionSources=[{"block": "mine.names"}]), "BadOptionSource", "optionSources/0"),
    (select(optionSources=[{"output": f"{ZERO}.name"}]), "UnknownDefinition", "optionSources/0/output"),
    (select(optionSources=[{"values": ["a"]}] * 51), "BadOptionSource", "optionSources"),
    (
        select(optionSources=[{"values": ["a"], "condition": "input.k == 'a'"}]),
        "BadCondition",
        "optionSources/0/condition",
    ),
    (select(optionSources=[{"values": ["a"], "condition": "input.size"}]), "BadCondition", "optionSources/0/condition"),
    (select(), "BadOptions", "selectableValues"),
    (an_input(**with_default(value=3)), "InvalidValue", "dependentDefaults/0/value"),
    (an_input(isOptional=True, **with_default(value="a")), "BadDependentDefault", "dependentDefaults"),
    (an_input(isSensitive=True, **with_default(value="a")), "BadDependentDefault", "dependentDefaults"),
    (
        an_input(dependentDefaults=[{"condition": "input.k == ''", "value": "a"}]),
        "BadCondition",
        "dependentDefaults/0/condition",
    ),
    (
        an_input(dependentDefaults=[{"condition": "true", "value": "a"}] * 51),
        "BadDependentDefault",
        "dependentDefaults",
    ),
]


@pytest.mark.one_database
def test_what_cannot_be_used_is_refused_and_says_where(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    for input_, code, member in WRONG:
        told = catalogue.refused(400, "PUT", path, changed(draft, inputs={**OTHERS, "k": input_}))

        assert (told["errorCode"], told["field"]) == (code, f"/spec/inputs/k/{member}"), told


@pytest.mark.one_database
def test_checks_and_lists_are_bounded_and_read_only_what_people_fill_in(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    right = {"condition": "input.size > 1", "message": "At least two"}
    lists = select(optionSources=[{"block": f"{uuid4()}.x"} for _ in range(11)])
    circle = {
        "a": an_input(dependentDefaults=[{"condition": "input.b == 'x'", "value": "y"}]),
        "b": an_input(condition="input.a == 'y'"),
    }
    wrong: list[tuple[Any, str, str]] = [
        ({"inputChecks": [{**right, "message": " "}]}, "BadInputCheck", "/spec/inputChecks/0/message"),
        ({"inputChecks": [{**right, "inputKey": "none"}]}, "BadInputCheck", "/spec/inputChecks/0/inputKey"),
        (
            {"inputChecks": [right, {**right, "condition": "input.none > 1"}]},
            "BadCondition",
            "/spec/inputChecks/1/condition",
        ),
        ({"inputChecks": [right] * 51}, "TooManyInputChecks", "/spec/inputChecks"),
        ({"inputs": {"k": lists}}, "TooManyOptionSources", "/spec/inputs"),
    ]
    for members, code, field in wrong:
        told = catalogue.refused(400, "PUT", path, changed(draft, **{"inputs": OTHERS, **members}))
        assert (told["errorCode"], told["field"]) == (code, field), told

    around = catalogue.refused(400, "PUT", path, changed(draft, inputs=circle))

    assert (around["errorCode"], "circle" in around["message"]) == ("BadCondition", True)


def test_the_hash_of_a_version_without_them_is_what_it_was() -> None:
    assert content_hash(VersionContent()) == "9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"
