"""Rules between definitions: dependencies, parents' outputs, outputs that others consume. Source: concepts.md 5.3, 8 and 28."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.server.definitions.model.definition import (
    Definition,
    DefinitionId,
    InputSpec,
    OutputSpec,
    TargetType,
    VersionContent,
    input_pointer,
    output_pointer,
)
from blockyard.server.definitions.model.values import feeds
from blockyard.server.kit.errors import Conflict, Invalid

MAX_DEPENDENCIES = 20
MAX_DEPTH = 10

_POINTER = "/spec/dependencyDefinitionRefs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A definition that a version depends on, and the outputs of its latest and its latest released version."""

    definition: Definition
    outputs: Sequence[Mapping[str, OutputSpec]] = field(default_factory=tuple)


def check_parents(content: VersionContent, target: TargetType, parents: Mapping[DefinitionId, Parent]) -> None:
    """Refuse dependencies that are unknown or do not fit, and inputs from outputs that are not there. Raises Invalid."""
    if len(content.dependencies) > MAX_DEPENDENCIES:
        raise Invalid(
            f"a version depends on at most {MAX_DEPENDENCIES} definitions",
            code="TooManyDependencies",
            field=_POINTER,
            remedy="Remove dependencies.",
        )
    for index, dependency in enumerate(content.dependencies):
        parent = parents.get(dependency)
        if parent is None:
            raise Invalid(
                f"there is no building block definition '{dependency}'",
                code="UnknownDefinition",
                field=f"{_POINTER}/{index}/uuid",
                remedy="Name an own definition, or one with a released version.",
            )
        if target is TargetType.WORKSPACE_LEVEL and parent.definition.target_type is TargetType.TENANT_LEVEL:
            raise Invalid(
                f"'{parent.definition.display_name}' is for tenants; a block of a workspace cannot depend on it",
                code="TenantDependency",
                field=f"{_POINTER}/{index}/uuid",
                remedy="Depend on definitions for workspaces only.",
            )
    for spec in content.inputs.values():
        _check_parent_output(spec, parents)


def check_graph(
    definition_id: DefinitionId,
    dependencies: Sequence[DefinitionId],
    edges: Mapping[DefinitionId, Sequence[DefinitionId]],
) -> None:
    """Refuse cycles and chains of more than `MAX_DEPTH`; `edges` are the dependencies of everything below. Raises Invalid."""
    level, seen = set(dependencies), set(dependencies)
    for _depth in range(MAX_DEPTH):
        if definition_id in level:
            raise Invalid(
                "the definition would depend on itself",
                code="DependencyCycle",
                field=_POINTER,
                remedy="Remove the dependency that leads back here.",
            )
        level = {parent for child in level for parent in edges.get(child, ())}
        seen |= level
        if not level:
            return
    code = "DependencyCycle" if definition_id in seen else "DependenciesTooDeep"
    raise Invalid(
        f"the dependencies are more than {MAX_DEPTH} definitions deep",
        code=code,
        field=_POINTER,
        remedy="Shorten the chain of dependencies.",
    )


def check_consumed_outputs(content: VersionContent, consumers: Sequence[tuple[str, InputSpec]]) -> None:
    """Refuse to release a version without an output that released versions of other definitions take. Raises Conflict.

    `consumers` are the names of those definitions and their inputs.
    """
    for name, spec in consumers:
        if spec.parent_output is None:
            continue
        output = content.outputs.get(spec.parent_output[1])
        if output is None or not feeds(output.type, spec.type):
            key = spec.parent_output[1]
            raise Conflict(
                f"output '{key}' is consumed by input '{spec.key}' of '{name}'"
                + (" and cannot be removed" if output is None else f", which is {spec.type}"),
                code="OutputConsumed",
                field=output_pointer(key),
                remedy=f"Keep the output and its type, or first release a version of '{name}' that does not need it.",
            )


def _check_parent_output(spec: InputSpec, parents: Mapping[DefinitionId, Parent]) -> None:
    if spec.parent_output is None:
        return
    definition, key = spec.parent_output
    pointer = input_pointer(spec.key, "argument")
    parent = parents.get(definition)
    if parent is None:
        raise Invalid(
            f"input '{spec.key}' takes an output of a definition that is not a dependency",
            code="MissingDependency",
            field=pointer,
            remedy=f"Add '{definition}' to dependencyDefinitionRefs.",
        )
    found = [outputs[key] for outputs in parent.outputs if key in outputs]
    if not found:
        raise Invalid(
            f"'{parent.definition.display_name}' has no output '{key}'",
            code="UnknownOutput",
            field=pointer,
            remedy="Name an output of its latest version.",
        )
    if not any(feeds(output.type, spec.type) for output in found):
        raise Invalid(
            f"output '{key}' of '{parent.definition.display_name}' is {found[0].type} and cannot become {spec.type}",
            code="OutputMismatch",
            field=pointer,
            remedy="Change the type of the input.",
        )
