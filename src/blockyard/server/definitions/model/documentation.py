"""The documentation of a building block, made from a version: what it takes, gives, needs and may do. Markdown (GFM).

Texts of authors stand inside one line each, with everything escaped that means something in markdown or HTML: they can end no table,
open no heading, and bring no link, image or tag.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model.adaptive import InputCheck
from blockyard.server.definitions.model.definition import (
    AssignmentType,
    Definition,
    DefinitionId,
    DeletionMode,
    InputSpec,
    OutputAssignment,
    OutputSpec,
    TargetType,
    Version,
)
from blockyard.server.identity.permissions import permissions_in_words
from blockyard.server.runners.model import StoredSecret

_MEANING = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~&^$=@:])")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\u0085\u2028\u2029]+")
_MOST = 200
"""Longer values are cut: a default may be a whole file."""

_LEVELS = {TargetType.WORKSPACE_LEVEL: "workspace", TargetType.TENANT_LEVEL: "tenant"}
_DELETIONS = {
    DeletionMode.DELETE: "destroys what it made",
    DeletionMode.PURGE: "forgets it; what it made stays",
}
_EXECUTED = {
    ImplementationType.MANUAL: "people",
    ImplementationType.TERRAFORM: "OpenTofu",
    ImplementationType.GITHUB_WORKFLOW: "GitHub Actions",
    ImplementationType.GITLAB_CICD: "GitLab CI/CD",
    ImplementationType.AZURE_DEVOPS: "Azure DevOps",
}
_GIVEN = {
    AssignmentType.USER_INPUT: "Given by who orders",
    AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT: "Given by the platform team",
}
_USES = {
    OutputAssignment.NONE: "",
    OutputAssignment.PLATFORM_TENANT_ID: "id of the tenant on its platform",
    OutputAssignment.SIGN_IN_URL: "address to sign in at",
    OutputAssignment.RESOURCE_URL: "link to what was made",
    OutputAssignment.SUMMARY: "summary",
}


def documentation(definition: Definition, version: Version, names: Mapping[DefinitionId, str]) -> str:
    """Return the documentation of a version; `names` are those of its dependencies that the reader may know of."""
    inputs = sorted(version.inputs.values(), key=lambda spec: (spec.display_order, spec.key))
    outputs = sorted(version.outputs.values(), key=lambda spec: (spec.display_order, spec.key))
    parts = [
        [f"# {inline(definition.display_name)}, version {version.number}", inline(definition.description)],
        [_facts(definition, version)],
        ["## Inputs", *_inputs(inputs, names), _checks(version.input_checks)],
        ["## Outputs", _outputs(outputs)],
        ["## Dependencies", _dependencies(version.dependencies, names)],
        ["## Permissions", _permissions(version.run_permissions)],
    ]
    return "\n\n".join(paragraph for part in parts for paragraph in part if paragraph) + "\n"


def inline(text: str) -> str:
    """Return a text of an author as one line of plain text in markdown."""
    return _MEANING.sub(r"\\\1", _BREAKS.sub(" ", text).strip())


def code(text: str) -> str:
    """Return a text as code in one line; empty for an empty one."""
    said = _BREAKS.sub(" ", text).strip()
    if not said:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", said)), default=0) + 1)
    edge = " " if "`" in (said[0], said[-1]) else ""
    return f"{fence}{edge}{said}{edge}{fence}".replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _facts(definition: Definition, version: Version) -> str:
    engine = version.implementation.text("terraformVersion")
    executed = _EXECUTED[version.implementation_type] + (f" {code(engine)}" if engine else "")
    facts = [
        ("Definition", code(str(definition.id))),
        ("Offered by", f"workspace {code(definition.workspace)}"),
        ("State", version.state.value.lower()),
        ("Defective", "" if version.defect is None else inline(version.defect.reason)),
        ("Belongs to", f"a {_LEVELS[definition.target_type]}"),
        ("Platforms", ", ".join(code(name) for name in definition.supported_platforms or ())),
        ("Executed by", executed),
        ("Deletion", _DELETIONS[version.deletion_mode]),
        ("Documentation", inline(definition.documentation_url or "")),
        ("Support", inline(definition.support_url or "")),
    ]
    return table(("", ""), [fact for fact in facts if fact[1]])


def _inputs(inputs: Sequence[InputSpec], names: Mapping[DefinitionId, str]) -> list[str]:
    if not inputs:
        return ["None."]
    parts: list[str] = []
    for source, title in _GIVEN.items():
        rows = [_given(spec) for spec in inputs if spec.assignment_type is source]
        if rows:
            parts += [f"### {title}", table(("Key", "Name", "Type", "Default", "Description"), rows)]
    rows = [
        [code(spec.key), inline(spec.label), _type(spec), _source(spec, names), inline(spec.description or "")]
        for spec in inputs
        if spec.assignment_type not in _GIVEN
    ]
    if rows:
        parts += ["### Filled in", table(("Key", "Name", "Type", "Source", "Description"), rows)]
    return parts


def _given(spec: InputSpec) -> list[str]:
    options = ", ".join(code(option) for option in spec.selectable_values or ())
    said = [
        inline(spec.description or ""),
        f"One of {options}." if options else "",
        "Its options depend on other values." if spec.option_sources else "",
        "Its default depends on other values." if spec.dependent_defaults else "",
        f"Matches {code(spec.value_validation_regex)}." if spec.value_validation_regex else "",
        "May be changed later." if spec.updateable_by_consumer else "",
    ]
    return [code(spec.key), inline(spec.label), _type(spec), _default(spec), " ".join(part for part in said if part)]


def _checks(checks: Sequence[InputCheck]) -> str:
    lines = [f"- {inline(check.message)}" for check in checks]
    return "\n".join(["Between them has to hold:", "", *lines]) if lines else ""


def _type(spec: InputSpec) -> str:
    return spec.type.value + (", secret" if spec.is_sensitive else "")


def _default(spec: InputSpec) -> str:
    value = spec.default_value
    if value is None:
        return "required"
    if isinstance(value, StoredSecret) or spec.is_sensitive:
        return "a secret"
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return code(said if len(said) <= _MOST else said[:_MOST] + "…") or "empty"


def _source(spec: InputSpec, names: Mapping[DefinitionId, str]) -> str:
    if spec.parent_output is not None:
        definition, output = spec.parent_output
        return f"output {code(output)} of {_named(definition, names)}"
    if spec.assignment_type is AssignmentType.STATIC:
        return "fixed by the platform team"
    return spec.assignment_type.value.lower().replace("_", " ")


def _outputs(outputs: Sequence[OutputSpec]) -> str:
    if not outputs:
        return "None."
    rows = [
        [
            code(spec.key),
            inline(spec.display_name or spec.key),
            spec.type.value + (", may be absent" if spec.is_optional else ""),
            _USES[spec.assignment_type],
        ]
        for spec in outputs
    ]
    return table(("Key", "Name", "Type", "Used as"), rows)


def _dependencies(dependencies: Sequence[DefinitionId], names: Mapping[DefinitionId, str]) -> str:
    return "\n".join(f"- {_named(definition, names)}" for definition in dependencies) or "None."


def _permissions(permissions: Sequence[str]) -> str:
    if not permissions:
        return "None: its runs have no access to this installation."
    head = "While it runs, its API key may do this in the workspace that has ordered it:"
    said = "\n".join(f"- {sentence}" for sentence in permissions_in_words(permissions))
    return f"{head}\n\n{said}\n\nPermissions: {', '.join(code(permission) for permission in sorted(permissions))}"


def _named(definition: DefinitionId, names: Mapping[DefinitionId, str]) -> str:
    return inline(names[definition]) if definition in names else code(str(definition))
