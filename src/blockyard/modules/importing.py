"""Proposes the inputs and outputs of a building block definition from an OpenTofu module. Source: hub-usage.md A7."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from blockyard.modules import literals
from blockyard.modules.frontmatter import FrontMatter, read_front_matter
from blockyard.modules.module import Module, Output, Variable, read
from blockyard.modules.output_type import guess
from blockyard.protocol.jsontypes import Json

README = "README.md"
APP_TEAM_README = "APP_TEAM_README.md"
PERMISSION_FIELDS = frozenset({"meshIdentifier", "username", "firstName", "lastName", "email", "euid", "roles"})
"""Members of one entry of the USER_PERMISSIONS input. Source: runner.md 1.5.1."""

OWN_VARIABLES = frozenset(
    {"meshstack_building_block_id", "meshstack_building_block_run_id", "meshstack_building_block_run_b64"}
)
"""Variables every run sets; they are no inputs. Source: runner.md 3.9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedInput:
    """An input to start from. `default` is a plain value; for CODE the text as its author wrote it."""

    key: str
    display_name: str
    type: str
    assignment_type: str
    default: Json = None
    description: str = ""
    sensitive: bool = False
    required: bool = True
    options: tuple[str, ...] = ()
    regex: str | None = None
    regex_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedOutput:
    """An output to start from."""

    key: str
    display_name: str
    type: str = "STRING"
    assignment_type: str = "NONE"
    description: str = ""
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A definition to start from. `warnings` say what its author should look at."""

    name: str | None
    description: str | None
    readme: str | None
    target_type: str
    supported_platforms: tuple[str, ...]
    inputs: tuple[ProposedInput, ...]
    outputs: tuple[ProposedOutput, ...]
    has_backend: bool
    required_versions: tuple[str, ...]
    warnings: tuple[str, ...]


def propose(files: Mapping[str, str]) -> Proposal:
    """Return the definition that the files of one module folder (name to text) suggest."""
    module = read(files)
    front = read_front_matter(files.get(README, ""))
    return Proposal(
        name=front.name,
        description=front.description,
        readme=files.get(APP_TEAM_README) or front.body or None,
        target_type=_target_type(front),
        supported_platforms=tuple(name for name in front.supported_platforms if name != "meshstack"),
        inputs=tuple(_input(variable) for name, variable in module.variables.items() if name not in OWN_VARIABLES),
        outputs=tuple(_output(output, module) for output in module.outputs.values()),
        has_backend=module.own_backend is not None,
        required_versions=module.required_versions,
        warnings=_warnings(module),
    )


def display_name(key: str) -> str:
    """Return `key` as words: `bucket_name` becomes `Bucket Name`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"[_\-.]+", " ", key)).split()
    return " ".join(word[0].upper() + word[1:] for word in words) or key


def _target_type(front: FrontMatter) -> str:
    on_platform = any(name != "meshstack" for name in front.supported_platforms)
    return "TENANT_LEVEL" if on_platform else "WORKSPACE_LEVEL"


def _warnings(module: Module) -> tuple[str, ...]:
    if module.own_backend is None:
        return module.warnings
    return (*module.warnings, f'the module declares its own backend "{module.backend}"; its state is kept there')


def _input(variable: Variable) -> ProposedInput:
    type_, assignment = _types(variable)
    regex, message = variable.pattern or (None, None)
    return ProposedInput(
        key=variable.name,
        display_name=display_name(variable.name),
        type=type_,
        assignment_type=assignment,
        default=None if variable.sensitive or assignment != "USER_INPUT" else _default(variable, type_),
        description=(variable.description or "").strip(),
        sensitive=variable.sensitive,
        required=variable.default_text is None,
        options=variable.options if type_ == "SINGLE_SELECT" else (),
        regex=_whole_match(regex) if type_ in {"STRING", "INTEGER"} else None,
        regex_message=message if type_ in {"STRING", "INTEGER"} else None,
    )


def _whole_match(pattern: str | None) -> str | None:
    """Return the pattern for inputs, where the whole value must match; the engine's `regex` looks for a match anywhere."""
    if pattern is None:
        return None
    anything = r"[\s\S]*"
    if "|" in pattern:
        return f"{anything}(?:{pattern}){anything}"
    before = "" if pattern.startswith("^") else anything
    after = "" if pattern.endswith("$") and not pattern.endswith(r"\$") else anything
    return f"{before}{pattern}{after}"


def _types(variable: Variable) -> tuple[str, str]:
    """Return the input type and the assignment type."""
    match (variable.type_text or "").strip('"'):
        case "string":
            choose = variable.options and not variable.sensitive
            return ("SINGLE_SELECT" if choose else "STRING"), "USER_INPUT"
        case "number":
            return "INTEGER", "USER_INPUT"
        case "bool":
            return "BOOLEAN", "USER_INPUT"
        case text:
            return "CODE", "USER_PERMISSIONS" if _is_permissions(text) else "USER_INPUT"


def _is_permissions(type_text: str) -> bool:
    if not re.match(r"\s*(?:list|set)\s*\(\s*object\s*\(", type_text):
        return False
    fields = set(re.findall(r"\b(\w+)\s*=", type_text))
    return {"username", "roles"} <= fields <= PERMISSION_FIELDS


def _default(variable: Variable, type_: str) -> Json:
    value = variable.default()
    match type_:
        case "CODE":
            is_text = isinstance(value, str)
            return None if value is None else str(value) if is_text else textwrap.dedent(variable.default_text or "")
        case "STRING":
            return value if isinstance(value, str) else None
        case "SINGLE_SELECT":
            return value if isinstance(value, str) and value in variable.options else None
        case _:
            return literals.to_json(value)


def _output(output: Output, module: Module) -> ProposedOutput:
    def type_of_variable(name: str) -> str | None:
        variable = module.variables.get(name)
        return None if variable is None else _types(variable)[0]

    assignment = "NONE"
    if output.name == "summary":
        assignment = "SUMMARY"
    elif re.search(r"(?:^|[_-])(?:url|link)$", output.name):
        assignment = "RESOURCE_URL"
    return ProposedOutput(
        key=output.name,
        display_name=display_name(output.name),
        type=guess(output.value_text, type_of_variable),
        assignment_type=assignment,
        description=(output.description or "").strip(),
        sensitive=output.sensitive,
    )
