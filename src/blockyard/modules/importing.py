"""Proposes the inputs and outputs of a building block definition from an OpenTofu module. Source: hub-usage.md A7."""

import posixpath
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from blockyard.modules import literals
from blockyard.modules.frontmatter import read_front_matter
from blockyard.modules.module import Module, Output, Unread, Variable, read
from blockyard.modules.output_type import KnownVariable, shown
from blockyard.modules.patterns import for_input
from blockyard.modules.syntax import quoted
from blockyard.protocol.jsontypes import Json

README = "README.md"
APP_TEAM_README = "APP_TEAM_README.md"
PERMISSION_FIELDS = frozenset({"meshIdentifier", "username", "firstName", "lastName", "email", "euid", "roles"})
"""Members of one entry of the USER_PERMISSIONS input. Source: runner.md 1.5.1."""

MAX_OPTION = 255
MAX_INTEGER = 2**63 - 1
"""What inputs can hold; a variable that needs more becomes text or code."""

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
    nullable: bool = False
    """Its default is null: a run without a value has what the module does without one."""
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
    optional: bool = False
    """Its value can be null: the run may leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A definition to start from. `warnings` say what its author should look at."""

    name: str | None
    description: str | None
    readme: str | None
    supported_platforms: tuple[str, ...]
    inputs: tuple[ProposedInput, ...]
    outputs: tuple[ProposedOutput, ...]
    has_backend: bool
    """The module keeps its state where it says; else the server keeps it."""
    required_versions: tuple[str, ...]
    warnings: tuple[str, ...]
    unread: tuple[Unread, ...] = ()
    """Files that could not be read: what is proposed lacks what they declare."""


def propose(files: Mapping[str, str]) -> Proposal:
    """Return the definition that the files of one module folder (name to text) suggest."""
    module = read(files, with_texts=True)
    front = read_front_matter(files.get(README, ""))
    return Proposal(
        name=front.name,
        description=front.description,
        readme=files.get(APP_TEAM_README) or front.body or None,
        supported_platforms=tuple(name for name in front.supported_platforms if name != "meshstack"),
        inputs=tuple(_input(variable) for variable in _own_inputs(module)),
        outputs=tuple(_output(output, module) for output in module.outputs.values()),
        has_backend=module.own_backend is not None,
        required_versions=module.required_versions,
        warnings=(*module.warnings, *_backend_warnings(module), *_pattern_warnings(module), *_source_warnings(module)),
        unread=module.unread,
    )


def display_name(key: str) -> str:
    """Return `key` as words: `bucket_name` becomes `Bucket Name`, `page_url` `Page URL`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"[_\-.]+", " ", key)).split()
    shown_words = (word.upper() if word.lower() in _ABBREVIATIONS else word[0].upper() + word[1:] for word in words)
    return " ".join(shown_words) or key


_ABBREVIATIONS = frozenset(
    {"api", "arn", "cidr", "cpu", "dns", "id", "ip", "ram", "ssh", "tls", "ttl", "uri", "url", "vm", "vpc"}
)
"""Words of keys that people write in capitals."""


def _own_inputs(module: Module) -> list[Variable]:
    return [variable for name, variable in module.variables.items() if name not in OWN_VARIABLES]


def _backend_warnings(module: Module) -> list[str]:
    if module.backend is None:
        return []
    if module.own_backend is not None:
        return [f'the module declares its own backend "{module.backend}"; its state is kept there']
    where = "on the disk of the runner" if module.backend == "local" else "at no address"
    return [f'the module declares a backend "{module.backend}", {where}: the server keeps its state in its stead']


def _pattern_warnings(module: Module) -> list[str]:
    return [
        f"the pattern of variable '{variable.name}' is left out: inputs are matched by other rules; the module checks it in each run"
        for variable in _own_inputs(module)
        if variable.pattern and _types(variable)[0] in _WITH_PATTERN and for_input(variable.pattern[0]) is None
    ]


def _source_warnings(module: Module) -> list[str]:
    return [
        f"the module calls '{source}', which is outside of its folder: runs take this folder alone, and will fail"
        for source in module.module_sources
        if source.startswith(("./", "../")) and _leads_out(source)
    ]


def _leads_out(path: str) -> bool:
    return posixpath.normpath(path).startswith("..")


def _input(variable: Variable) -> ProposedInput:
    type_, assignment = _types(variable)
    regex, message = variable.pattern or (None, None)
    pattern = for_input(regex) if regex is not None and type_ in _WITH_PATTERN else None
    return ProposedInput(
        key=variable.name,
        display_name=display_name(variable.name),
        type=type_,
        assignment_type=assignment,
        default=None if variable.sensitive or assignment != "USER_INPUT" else _default(variable, type_),
        description=(variable.description or "").strip(),
        sensitive=variable.sensitive,
        required=variable.default_text is None,
        nullable=_is_null(variable),
        options=variable.options if type_ == "SINGLE_SELECT" else (),
        regex=pattern,
        regex_message=message if pattern else None,
    )


def _is_null(variable: Variable) -> bool:
    return variable.default_text is not None and variable.default_text.strip() == "null"


_WITH_PATTERN = frozenset({"STRING", "INTEGER"})


def _types(variable: Variable) -> tuple[str, str]:
    """Return the input type and the assignment type. Secrets are text, or code that holds anything."""
    match variable.type_text:
        case "string":
            choose = _can_be_chosen(variable.options) and not variable.sensitive
            return ("SINGLE_SELECT" if choose else "STRING"), "USER_INPUT"
        case "bool" if not variable.sensitive:
            return "BOOLEAN", "USER_INPUT"
        case "number" if not variable.sensitive:
            return ("INTEGER" if _is_integer(variable.default()) else "CODE"), "USER_INPUT"
        case text:
            may_be_people = not variable.sensitive and _is_permissions(text or "")
            return "CODE", "USER_PERMISSIONS" if may_be_people else "USER_INPUT"


def _can_be_chosen(options: tuple[str, ...]) -> bool:
    return bool(options) and all(text.strip() and len(text) <= MAX_OPTION for text in options)


def _is_integer(default: literals.Literal) -> bool:
    """Tell whether an input of whole numbers can hold a default; one without has none to hold."""
    if isinstance(default, int | float | Decimal):
        return bool(default == int(default)) and abs(int(default)) <= MAX_INTEGER
    return True


def _is_permissions(type_text: str) -> bool:
    if not re.match(r"\s*(?:list|set)\s*\(\s*object\s*\(", type_text):
        return False
    fields = set(re.findall(r"\b(\w+)\s*=", type_text))
    return {"username", "roles"} <= fields <= PERMISSION_FIELDS


def _default(variable: Variable, type_: str) -> Json:
    """Return the default as an input holds it: delivered to the module, it is the value that the engine would take."""
    value = variable.default()
    match type_:
        case "CODE":
            return None if value is None else _code(value, variable.default_text or "")
        case "SINGLE_SELECT":
            return value if isinstance(value, str) and value in variable.options else None
        case _:
            return literals.to_json(value)


def _code(value: literals.Literal, source: str) -> str:
    """Return the source of an expression with this value. A text keeps its quotes: without them it could be anything."""
    if isinstance(value, str):
        return quoted(value)
    return literals.dumps(value) if isinstance(value, Decimal) else textwrap.dedent(source)


_OF_TYPE = {"string": "STRING", "number": "INTEGER", "bool": "BOOLEAN"}


def _output(output: Output, module: Module) -> ProposedOutput:
    def known(name: str) -> KnownVariable | None:
        variable = module.variables.get(name)
        if variable is None:
            return None
        return KnownVariable(type=_OF_TYPE.get(variable.type_text or "", "CODE"), is_nullable=_is_null(variable))

    found = shown(output.value_text, known, module.texts)
    assignment = "NONE"
    if output.name == "summary":
        assignment = "SUMMARY"
    elif found.is_link and re.search(r"(?:^|[_-])(?:url|link)$", output.name):
        assignment = "RESOURCE_URL"
    return ProposedOutput(
        key=output.name,
        display_name=display_name(output.name),
        type=found.type or "STRING",
        assignment_type=assignment,
        description=(output.description or "").strip(),
        sensitive=output.sensitive,
        optional=found.is_nullable,
    )
