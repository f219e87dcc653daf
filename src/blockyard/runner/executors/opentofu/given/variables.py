"""The variable file of a run. Source: runner.md 3.9.

It is JSON, whose strings are literal: no escaping can go wrong. Departures from the official runner: null stays null,
integers keep every digit, lists whose texts look like templates stay lists.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.modules import literals
from blockyard.modules.module import Module
from blockyard.protocol.run import InputType
from blockyard.runner.executors.opentofu.given.environment import VARIABLE_PREFIX
from blockyard.runner.executors.opentofu.own_names import VARIABLE_FILE
from blockyard.runner.frame.inputs import PlainInput

_ALWAYS_FIRST_READ = ("terraform.tfvars", "terraform.tfvars.json")

BLOCK_ID = "meshstack_building_block_id"
RUN_ID = "meshstack_building_block_run_id"
RUN_JSON = "meshstack_building_block_run_b64"

_REQUIRED = 'variable "{name}" {{\n  type     = string\n  nullable = false\n}}\n'
_OPTIONAL = 'variable "{name}" {{\n  type     = string\n  nullable = true\n  default  = null\n}}\n'
_DECLARATIONS = {BLOCK_ID: _REQUIRED, RUN_ID: _OPTIONAL, RUN_JSON: _OPTIONAL}
_TEXT_TYPES = frozenset({InputType.STRING, InputType.SINGLE_SELECT})


@dataclass(frozen=True, slots=True)
class Variables:
    """Values by variable name, and what to tell about them."""

    values: Mapping[str, literals.Literal] = field(repr=False)
    warnings: tuple[str, ...] = ()

    def file_text(self) -> str:
        """Return the content of the variable file, names in byte order."""
        ordered = sorted(self.values.items(), key=lambda item: item[0].encode())
        members = [f"  {json.dumps(name)}: {literals.dumps(value)}" for name, value in ordered]
        return "{\n" + ",\n".join(members) + "\n}\n"


def from_inputs(inputs: Sequence[PlainInput], module: Module) -> Variables:
    """Return the variables that the inputs of a run set."""
    keys = {given.key for given in inputs}
    values: dict[str, literals.Literal] = {}
    warnings: list[str] = []
    for given in sorted(inputs, key=lambda one: one.key.encode()):
        name = _variable_name(given, keys)
        if name is None:
            continue
        declared = module.variables.get(name)
        try:
            value = _value(given, declares_text=declared is not None and declared.is_text)
            literals.dumps(value)
            values[name] = value
        except (literals.NotLiteralError, RecursionError) as error:
            values[name] = given.value if isinstance(given.value, str) else json.dumps(given.value)
            warnings.append(f"Warning: the value of '{given.key}' is not a literal expression: {error}.")
            warnings.append(f"It is handed to the variable '{name}' as text.")
    return Variables(values, tuple(warnings))


def own_values(block_id: str, run_id: str | None, run_json_base64: str | None) -> dict[str, literals.Literal]:
    """Return the values every run sets. Runs around saved plans leave out what differs from run to run."""
    own: dict[str, literals.Literal] = {BLOCK_ID: block_id, RUN_ID: run_id, RUN_JSON: run_json_base64}
    return {name: value for name, value in own.items() if value is not None}


def is_variable_file(name: str) -> bool:
    """Tell whether the engine takes values from a file of the module by itself."""
    if name == VARIABLE_FILE or name.startswith("."):
        return False
    return name in _ALWAYS_FIRST_READ or name.endswith((".auto.tfvars", ".auto.tfvars.json"))


def goes_before_inputs(name: str) -> bool:
    """Tell whether values of a variable file replace those of the run: the engine reads it later."""
    return name not in _ALWAYS_FIRST_READ and name.encode() > VARIABLE_FILE.encode()


def declarations(declared: Iterable[str]) -> str | None:
    """Return the text of the declaration file; None if the module declares everything itself."""
    missing = [text.format(name=name) for name, text in _DECLARATIONS.items() if name not in set(declared)]
    return "\n".join(missing) or None


def _variable_name(given: PlainInput, keys: set[str]) -> str | None:
    if given.type is InputType.FILE:
        return None
    if not given.is_environment:
        return given.key
    name = given.key.removeprefix(VARIABLE_PREFIX)
    return name if name != given.key and name not in keys else None


def _value(given: PlainInput, *, declares_text: bool) -> literals.Literal:
    """Return what the variable shall be. Raises NotLiteralError."""
    value = given.meant()
    if value is None:
        return None
    if declares_text and given.type not in _TEXT_TYPES:
        return literals.dumps(value, sort_keys=True, ensure_ascii=False)
    return value
