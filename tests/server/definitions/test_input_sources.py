"""Inputs of type JSON, tags and payment methods: what versions may say of them, and how it comes back."""

import json
from typing import Any

import pytest

from blockyard.server.definitions.model import TagOwner
from blockyard.server.definitions.model.json_schemas import SchemaError, check_schema, misfit
from blockyard.server.kit.errors import Conflict
from blockyard.server.tags.model import TargetKind
from tests.support.definitions import VERSIONS, Catalogue, an_input, changed, terraform
from tests.support.principals import ADMINISTRATOR
from tests.support.tags import declare

SCHEMA = json.dumps({"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]})
TENANT: Any = {"targetType": "TENANT_LEVEL", "supportedPlatforms": [{"name": "AWS"}]}


def a_tag(argument: Any = "WORKSPACE.cost-center", **members: Any) -> Any:
    return an_input(type="CODE", assignmentType="TAG", argument=argument, **members)


def a_payment(**members: Any) -> Any:
    return an_input(type="CODE", assignmentType="PAYMENT_METHOD", **members)


def a_json(**members: Any) -> Any:
    return an_input(**{"type": "JSON", "jsonSchema": SCHEMA, **members})


@pytest.mark.parametrize("target", [{}, TENANT])
def test_new_kinds_of_inputs_come_back_as_they_were_sent(catalogue: Catalogue, target: Any) -> None:
    inputs: Any = {
        "settings": a_json(defaultValue={"size": 3}),
        "text": a_json(jsonSchema=None, defaultValue='{"size": 3}'),
        "fixed": a_json(assignmentType="STATIC", argument=[1, "a", None]),
        "secret": a_json(isSensitive=True, defaultValue={"plaintext": '{"size": 3}'}),
        "tag": a_tag("WORKSPACE.cost.center"),
    }
    inputs |= {"project": a_tag("PROJECT.stage")} if target else {"payment": a_payment()}
    catalogue.seed_platform_types()
    draft = catalogue.draft(catalogue.define(**target))

    saved = catalogue.edit(draft, implementation=terraform(), inputs=inputs)

    shown = saved["spec"]["inputs"]
    assert shown["secret"].pop("defaultValue").keys() == {"hash"}
    del inputs["secret"]["defaultValue"]
    for key, sent in inputs.items():
        expected = {member: value for member, value in sent.items() if value is not None}
        assert {member: value for member, value in shown[key].items() if value is not None} == expected
    again = catalogue.ok("GET", f"{VERSIONS}/{draft['metadata']['uuid']}")
    assert again["spec"]["inputs"]["settings"] == shown["settings"]


BAD: list[tuple[Any, Any, str, str]] = [
    ({}, a_json(jsonSchema="{"), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(jsonSchema="[]"), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(jsonSchema='{"type": "objekt"}'), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(jsonSchema='{"$ref": "http://127.0.0.1:9/x"}'), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(jsonSchema='{"$schema": "http://127.0.0.1:9/x"}'), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(jsonSchema='{"$ref": "other.json"}'), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(type="CODE"), "BadJsonSchema", "jsonSchema"),
    ({}, a_json(valueValidationRegex="a"), "BadRegex", "valueValidationRegex"),
    ({}, a_json(selectableValues=["a"]), "BadOptions", "selectableValues"),
    ({}, a_json(defaultValue="{"), "InvalidValue", "defaultValue"),
    ({}, a_json(assignmentType="WORKSPACE_IDENTIFIER"), "BadInputType", "type"),
    ({}, a_tag(None), "MissingArgument", "argument"),
    ({}, a_tag("cost-center"), "BadArgument", "argument"),
    ({}, a_tag("PLANET.x"), "BadArgument", "argument"),
    ({}, a_tag("WORKSPACE. "), "BadArgument", "argument"),
    ({}, a_tag(5), "BadArgument", "argument"),
    ({}, a_tag("PROJECT.stage"), "TenantOnly", "argument"),
    ({}, a_tag("LANDING_ZONE.x"), "TenantOnly", "argument"),
    ({}, {**a_tag(), "type": "STRING"}, "BadInputType", "type"),
    ({}, a_tag({"plaintext": "WORKSPACE.x"}, isSensitive=True), "BadSensitivity", "isSensitive"),
    ({}, a_tag(defaultValue="x"), "UnexpectedDefault", "defaultValue"),
    ({}, a_tag(isOptional=True), "BadOptional", "isOptional"),
    (TENANT, a_payment(), "WorkspaceOnly", "assignmentType"),
    ({}, {**a_payment(), "type": "STRING"}, "BadInputType", "type"),
    ({}, a_payment(defaultValue="x"), "UnexpectedDefault", "defaultValue"),
    ({}, a_payment(argument="x"), "UnexpectedArgument", "argument"),
    ({}, a_payment(isSensitive=True), "BadSensitivity", "isSensitive"),
    ({}, a_payment(selectableValues=["a"]), "BadOptions", "selectableValues"),
    ({}, a_payment(valueValidationRegex="a"), "BadRegex", "valueValidationRegex"),
    ({}, a_payment(validationRegexErrorMessage="a"), "BadRegex", "validationRegexErrorMessage"),
]


@pytest.mark.parametrize(("target", "bad", "code", "member"), BAD)
@pytest.mark.one_database
def test_what_versions_may_not_say_of_them_is_refused(
    catalogue: Catalogue, target: Any, bad: Any, code: str, member: str
) -> None:
    catalogue.seed_platform_types()
    draft = catalogue.draft(catalogue.define(**target))
    document = changed(draft, implementation=terraform(), inputs={"k": bad})

    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", document)

    assert (error["errorCode"], error["field"]) == (code, f"/spec/inputs/k/{member}")
    assert error["remedy"]


def test_a_tag_knows_the_versions_that_read_it_until_none_does(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    catalogue.edit(draft, implementation=terraform(), inputs={"a": a_tag(), "b": a_tag(), "c": a_tag("WORKSPACE.x")})

    def users(owner: TagOwner, key: str) -> list[str]:
        return catalogue.database.read_now(lambda tx: catalogue.definitions.of_tag(tx, owner, key))

    read = users(TagOwner.WORKSPACE, "cost-center")
    others = [users(TagOwner.PROJECT, "cost-center"), users(TagOwner.WORKSPACE, "cost")]
    catalogue.edit(draft, implementation=terraform(), inputs={"c": a_tag("WORKSPACE.x")})

    assert read == ["version 1 of 'Bucket'"]
    assert others == [[], []]
    assert users(TagOwner.WORKSPACE, "cost-center") == []
    assert users(TagOwner.WORKSPACE, "x") == ["version 1 of 'Bucket'"]


def test_a_tag_definition_stays_while_a_version_reads_it(catalogue: Catalogue) -> None:
    tags, kind = catalogue.tag_definitions, TargetKind.WORKSPACE
    declare(catalogue.database, tags, kind, "cost-center")
    draft = catalogue.draft(catalogue.define())
    catalogue.edit(draft, implementation=terraform(), inputs={"a": a_tag()})

    def delete() -> None:
        catalogue.database.write_now(lambda tx: tags.delete(tx, ADMINISTRATOR, f"{kind}.cost-center"))

    with pytest.raises(Conflict, match="version 1 of 'Bucket'"):
        delete()
    catalogue.edit(draft, implementation=terraform(), inputs={})
    delete()


@pytest.mark.parametrize(
    ("schema", "text", "problem"),
    [
        (SCHEMA, '{"size": 3}', None),
        (SCHEMA, "{}", '"size" is a required property'),
        (SCHEMA, '{"size": "x"}', 'at \'size\': "x" is not of type "integer"'),
        ('{"pattern": "^(a+)+$"}', json.dumps("a" * 40 + "b"), "does not match"),
        ('{"items": {"$ref": "#"}}', "[[1]]", None),
    ],
)
def test_a_value_is_compared_with_a_schema_that_stays_small(schema: str, text: str, problem: str | None) -> None:
    check_schema(schema)
    found = misfit(schema, text)

    assert (found is None) if problem is None else problem in (found or "")


def test_a_schema_that_grows_when_it_is_written_out_is_taken_and_never_evaluated() -> None:
    doubled = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}
    schema = json.dumps({"$ref": "#/$defs/d0", "$defs": {**doubled, "d60": {"type": "integer"}}})

    check_schema(schema)

    assert misfit(schema, '"text"') is None


@pytest.mark.parametrize("schema", ["x" * 65_537, "[" * 100_000, '{"not":' * 200 + "{}" + "}" * 200, '{"const": NaN}'])
def test_a_schema_is_neither_long_nor_deep(schema: str) -> None:
    with pytest.raises(SchemaError):
        check_schema(schema)
