"""Input values as a run gets them: resolved from the block, its version, its parents and its workspace.

Source: concepts.md 6.3, runner.md 1.5.1.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import InputType, OutputType
from blockyard.server.blocks.model.block import Block, BlockOutput, InputValue
from blockyard.server.blocks.model.inputs import SETTABLE
from blockyard.server.definitions.model import AssignmentType, DefinitionId, InputSpec, TagOwner, Value, Version
from blockyard.server.definitions.model.hiding import hidden_inputs
from blockyard.server.definitions.model.values import input_from_output, usable_value
from blockyard.server.kit.errors import Conflict
from blockyard.server.runners.model import HASH, IS_RENAMED, SEALED_FOR, StoredSecret
from blockyard.server.tenants.model import Tenant

ResolvedValue: TypeAlias = Value

_NAME_LENGTH = 255
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]{1,255}?)\s*\}\}")
_MUSTACHE = re.compile(r"\{\{\{\s*([^{}]{1,255}?)\s*\}\}\}|\{\{&?\s*([^{}&]{1,255}?)\s*\}\}")
_TEXT = frozenset({InputType.STRING, InputType.CODE, InputType.LIST, InputType.SINGLE_SELECT, InputType.FILE})
_CODE = frozenset({InputType.CODE, InputType.LIST})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What computed inputs are computed from.

    Attributes:
        people: who has which role in the block's workspace, or in the project of its tenant; asked only when an input needs it.
        tenant: the tenant that the block is on.
        parents: the outputs of the block's parents, by definition.
        tags: the tags of what the block belongs to, asked only when an input needs them.
    """

    people: Callable[[], Sequence[JsonObject]]
    tenant: Tenant | None = None
    parents: Mapping[DefinitionId, Mapping[str, BlockOutput]] = field(default_factory=dict)
    tags: Callable[[TagOwner], Mapping[str, Sequence[str]]] = lambda _: {}


@dataclass(frozen=True, slots=True)
class ResolvedInput:
    """One input with its value of now, None if there is none yet; no run gets that of a hidden one."""

    spec: InputSpec
    value: ResolvedValue = field(repr=False)
    is_hidden: bool = False


def resolve_inputs(block: Block, specs: Mapping[str, InputSpec], around: Surroundings) -> list[ResolvedInput]:
    """Return all inputs of the version with their values of this moment."""
    standing = block.standing(specs)
    hidden = hidden_inputs(specs, standing)
    return [
        ResolvedInput(spec, _resolve(block, standing, spec, around), is_hidden=key in hidden)
        for key, spec in specs.items()
    ]


def run_input(item: ResolvedInput) -> JsonObject:
    """Return an input as run documents carry it: a secret is its envelope, code and lists are strings.

    What is delivered as sensitive was stored as a secret, and nothing else: the runner opens whatever is called so.

    Raises:
        Conflict: the value is a secret and the input is not sensitive, or the other way round.
    """
    spec, value = item.spec, item.value
    if isinstance(value, StoredSecret) is not spec.is_sensitive:
        raise Conflict(
            f"input '{spec.key}' is {'' if spec.is_sensitive else 'not '}sensitive, but its value was not entered so",
            code="VoidInput",
            remedy="Enter the value again.",
        )
    document: JsonObject = {
        "key": spec.key,
        "type": spec.type.value,
        "isSensitive": spec.is_sensitive,
        "isEnvironment": spec.is_environment,
    }
    if isinstance(value, StoredSecret):
        bound: JsonObject = {} if value.place is None else {SEALED_FOR: value.place.document()}
        if value.is_renamed:
            bound[IS_RENAMED] = True
        return {**document, "value": value.sealed, **bound, HASH: value.hash}
    return {**document, "value": _shaped(spec, value)}


def consumes(specs: Mapping[str, InputSpec], definition: DefinitionId, outputs: frozenset[str]) -> bool:
    """Whether an input takes its value from one of these outputs of a block of `definition`."""
    references = (spec.parent_output for spec in specs.values())
    return any(
        reference is not None and reference[0] == definition and reference[1] in outputs for reference in references
    )


def consumed_outputs(specs: Mapping[str, InputSpec], definition: DefinitionId) -> tuple[str, ...]:
    """Return which outputs of a block of `definition` the inputs take."""
    references = [spec.parent_output for spec in specs.values()]
    return tuple(sorted({found[1] for found in references if found is not None and found[0] == definition}))


def without_tenant_id(specs: Mapping[str, InputSpec], tenant: Tenant | None) -> list[str]:
    """Return the keys of inputs that take what the platform calls the tenant, which is not known; in a workspace it never will be."""
    if tenant is not None and tenant.platform_tenant_id is not None:
        return []
    return sorted(key for key, spec in specs.items() if spec.assignment_type is AssignmentType.PLATFORM_TENANT_ID)


def lacking_parents(block: Block, version: Version) -> list[DefinitionId]:
    """Return the definitions of which the version needs a parent, and the block has none."""
    has = {parent.definition_id for parent in block.parents}
    return [needed for needed in version.dependencies if needed not in has]


def parents_provide(specs: Mapping[str, InputSpec], around: Surroundings) -> bool:
    """Whether every output that the inputs consume is there, with a value that fits."""
    return all(_parent_output(spec, around) is not None for spec in specs.values() if spec.parent_output is not None)


def resolved_name(template: str, values: Mapping[str, InputValue]) -> str:
    """Return a display name with `{{inputKey}}` replaced by the input's value, at most 255 characters.

    Unknown keys, secrets and inputs without a value stay as they are written. NUL characters, which a name cannot
    hold, are replaced.
    """

    def fill(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        if value is None or isinstance(value, StoredSecret):
            return match.group(0)
        return as_text(value)

    return _PLACEHOLDER.sub(fill, template)[:_NAME_LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}")


def block_name(display_name: str, template: str | None, values: Mapping[str, InputValue]) -> str:
    """Return what people call a block: `display_name` filled in.

    One that is called by the template of its definition is called by the whole of it, or by the template as it is
    written where one of its inputs has no value. Source: api.md 3.16.
    """
    if display_name != template:
        return resolved_name(display_name, values)
    keys = [match[1] or match[2] for match in _MUSTACHE.finditer(template)]
    texts = {key: as_text(value) for key in keys if not isinstance(value := values.get(key), StoredSecret | None)}
    if len(texts) < len({*keys}) or "{{" in _MUSTACHE.sub("", template):
        return template
    filled = _MUSTACHE.sub(lambda match: texts[match[1] or match[2]], template)
    return filled[:_NAME_LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}")


def as_text(value: Json) -> str:
    """Return a JSON value as text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _resolve(block: Block, standing: Mapping[str, InputValue], spec: InputSpec, around: Surroundings) -> ResolvedValue:
    if spec.assignment_type in SETTABLE:
        return standing.get(spec.key)
    compute = _COMPUTED.get(spec.assignment_type)
    return compute(block, spec, around) if compute is not None else None


def _shaped(spec: InputSpec, value: Json) -> Json:
    return as_text(value) if spec.type in _CODE and value is not None else value


def _tag(spec: InputSpec, around: Surroundings) -> Json:
    """Return the values of a tag as code, `null` where there is none. Source: api.md 3.17."""
    if spec.tag is None:
        return None
    owner, key = spec.tag
    values = around.tags(owner).get(key)
    return as_text(None if values is None else [*values])


def _parent_output(spec: InputSpec, around: Surroundings) -> Json:
    if spec.parent_output is None:
        return None
    definition, key = spec.parent_output
    output = around.parents.get(definition, {}).get(key)
    if output is None or output.is_sensitive or output.value is None:
        return None
    return _converted(spec, output)


def _converted(spec: InputSpec, output: BlockOutput) -> Json:
    if spec.type in _TEXT:
        return as_text(output.value)
    fits = {InputType.INTEGER: OutputType.INTEGER, InputType.BOOLEAN: OutputType.BOOLEAN}
    if fits.get(spec.type, output.type) is not output.type:
        return None
    try:
        return input_from_output(spec.type, output.value)
    except ValueError:
        return None


_Compute: TypeAlias = Callable[[Block, InputSpec, Surroundings], ResolvedValue]


def _of_tenant(member: Callable[[Tenant], str | None]) -> _Compute:
    """Return what gives a member of the tenant; a block in a workspace has none."""
    return lambda _, __, around: None if around.tenant is None else member(around.tenant)


_COMPUTED: Mapping[AssignmentType, _Compute] = {
    AssignmentType.STATIC: lambda _, spec, __: usable_value(spec.type, spec.argument),
    AssignmentType.WORKSPACE_IDENTIFIER: lambda block, _, __: block.workspace,
    AssignmentType.TENANT_BUILDING_BLOCK_UUID: lambda block, _, __: str(block.id),
    AssignmentType.AUTHOR: lambda block, _, __: as_text(block.author.document()),
    AssignmentType.USER_PERMISSIONS: lambda _, __, around: as_text(list(around.people())),
    AssignmentType.TAG: lambda _, spec, around: _tag(spec, around),
    AssignmentType.BUILDING_BLOCK_OUTPUT: lambda _, spec, around: _parent_output(spec, around),
    AssignmentType.PLATFORM_TENANT_ID: _of_tenant(lambda tenant: tenant.platform_tenant_id),
    AssignmentType.MESHSTACK_TENANT_UUID: _of_tenant(lambda tenant: str(tenant.id)),
    AssignmentType.PROJECT_IDENTIFIER: _of_tenant(lambda tenant: tenant.project),
    AssignmentType.FULL_PLATFORM_IDENTIFIER: _of_tenant(lambda tenant: tenant.platform),
}
"""The last four have no value in a workspace."""
