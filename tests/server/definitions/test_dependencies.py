"""Dependencies between definitions, inputs from parents' outputs, outputs that others consume."""

from typing import Any
from uuid import uuid4

from tests.support.definitions import (
    DEFINITIONS,
    VERSIONS,
    Catalogue,
    a_definition,
    an_input,
    an_output,
    changed,
    definition_ref,
    next_draft,
    terraform,
)
from tests.support.principals import a_key

REFS = "/spec/dependencyDefinitionRefs"


def refused(catalogue: Catalogue, draft: Any, **spec: Any) -> tuple[str, str]:
    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, **spec))
    assert error["remedy"]
    return error["errorCode"], error["field"]


def from_output(definition: Any, key: str = "url", **members: Any) -> Any:
    argument = f"{definition['metadata']['uuid']}.{key}"
    return an_input(assignmentType="BUILDING_BLOCK_OUTPUT", argument=argument, **members)


def test_an_output_of_a_dependency_becomes_an_input(catalogue: Catalogue) -> None:
    outputs = {"url": an_output(), "size.gb": an_output(type="INTEGER")}
    parent, _version = catalogue.released({"implementation": terraform(), "outputs": outputs})
    inputs = {"url": from_output(parent), "size": from_output(parent, "size.gb", type="INTEGER")}

    version = catalogue.edit(
        catalogue.draft(catalogue.define()),
        implementation=terraform(),
        dependencyDefinitionRefs=[definition_ref(parent)],
        inputs=inputs,
    )

    assert version["spec"]["dependencyDefinitionRefs"] == [definition_ref(parent)]
    assert version["spec"]["inputs"]["url"]["argument"] == inputs["url"]["argument"]


def test_an_output_must_be_there_and_fit(catalogue: Catalogue) -> None:
    parent, _version = catalogue.released({"implementation": terraform(), "outputs": {"url": an_output()}})
    draft = catalogue.draft(catalogue.define())
    refs = {"dependencyDefinitionRefs": [definition_ref(parent)]}
    pointer = "/spec/inputs/a/argument"

    assert refused(catalogue, draft, inputs={"a": from_output(parent, "gone")}, **refs) == ("UnknownOutput", pointer)
    mistyped = {"a": from_output(parent, type="INTEGER")}
    assert refused(catalogue, draft, inputs=mistyped, **refs) == ("OutputMismatch", pointer)
    assert refused(catalogue, draft, inputs={"a": from_output(parent)}) == ("MissingDependency", pointer)


def test_dependencies_must_exist_and_be_known_to_the_author(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    nobody = {"kind": "meshBuildingBlockDefinition", "uuid": str(uuid4())}
    assert refused(catalogue, draft, dependencyDefinitionRefs=[nobody]) == ("UnknownDefinition", f"{REFS}/0/uuid")

    catalogue.be(a_key("shop"))
    foreign = catalogue.ok("POST", DEFINITIONS, a_definition("shop"))
    foreign_draft = catalogue.draft(foreign)
    catalogue.be(a_key("team"))
    refs = [definition_ref(foreign)]
    assert refused(catalogue, draft, dependencyDefinitionRefs=refs)[0] == "UnknownDefinition"
    catalogue.be(a_key("shop"))
    catalogue.edit(foreign_draft, state="RELEASED")
    catalogue.be(a_key("team"))
    catalogue.edit(draft, dependencyDefinitionRefs=refs)


def test_a_block_of_a_workspace_depends_on_no_block_of_a_tenant(catalogue: Catalogue) -> None:
    catalogue.seed_platform_types()
    tenant = {"targetType": "TENANT_LEVEL", "supportedPlatforms": [{"name": "AWS"}]}
    parent, _version = catalogue.released(**tenant)
    refs = [definition_ref(parent)]

    draft = catalogue.draft(catalogue.define())
    assert refused(catalogue, draft, dependencyDefinitionRefs=refs) == ("TenantDependency", f"{REFS}/0/uuid")
    catalogue.edit(catalogue.draft(catalogue.define(**tenant)), dependencyDefinitionRefs=refs)


def test_a_definition_never_depends_on_itself(catalogue: Catalogue) -> None:
    first, second = catalogue.define(), catalogue.define()
    draft = catalogue.draft(first)

    assert refused(catalogue, draft, dependencyDefinitionRefs=[definition_ref(first)]) == ("DependencyCycle", REFS)
    catalogue.edit(catalogue.draft(second), dependencyDefinitionRefs=[definition_ref(first)])
    assert refused(catalogue, draft, dependencyDefinitionRefs=[definition_ref(second)]) == ("DependencyCycle", REFS)


def test_chains_of_dependencies_end_somewhere(catalogue: Catalogue) -> None:
    below = catalogue.define()
    for _depth in range(10):
        above = catalogue.define()
        catalogue.edit(catalogue.draft(above), dependencyDefinitionRefs=[definition_ref(below)])
        below = above

    draft = catalogue.draft(catalogue.define())
    assert refused(catalogue, draft, dependencyDefinitionRefs=[definition_ref(below)]) == ("DependenciesTooDeep", REFS)


def test_a_version_has_twenty_dependencies_at_the_most(catalogue: Catalogue) -> None:
    parents = [definition_ref(catalogue.define()) for _index in range(21)]
    draft = catalogue.draft(catalogue.define())

    catalogue.edit(draft, dependencyDefinitionRefs=parents[:20])
    assert refused(catalogue, draft, dependencyDefinitionRefs=parents) == ("TooManyDependencies", REFS)


def test_an_output_that_others_consume_cannot_go_with_a_release(catalogue: Catalogue) -> None:
    parent, released = catalogue.released({"implementation": terraform(), "outputs": {"url": an_output()}})
    content = {"dependencyDefinitionRefs": [definition_ref(parent)], "inputs": {"a": from_output(parent)}}
    catalogue.released({"implementation": terraform(), **content}, displayName="Consumer")
    draft = catalogue.ok("POST", VERSIONS, next_draft(released))
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"

    for outputs in ({}, {"url": an_output(type="BOOLEAN")}):
        edited = catalogue.edit(draft, outputs=outputs)
        error = catalogue.refused(409, "PUT", path, changed(edited, state="RELEASED"))
        assert (error["errorCode"], error["field"]) == ("OutputConsumed", "/spec/outputs/url")
        assert "'Consumer'" in error["message"]
    catalogue.edit(draft, outputs={"url": an_output(type="CODE")}, state="RELEASED")
