"""Outputs of a module as the run reports them. Source: runner.md 3.10, architecture.md 4.

They are read from the state. The value of a sensitive output is never sent. A number that JSON readers would round is sent as
the text of its digits.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from blockyard.modules import literals
from blockyard.protocol.masking import Masker
from blockyard.protocol.run import OutputType
from blockyard.protocol.status import OutputValue

State: TypeAlias = dict[str, literals.Literal]
"""A state, or a part of one, its numbers exact."""

_TYPES = {"string": OutputType.STRING, "number": OutputType.INTEGER, "bool": OutputType.BOOLEAN}
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def read_outputs(document: literals.Literal) -> dict[str, OutputValue]:
    """Return the outputs of a state's `outputs`, or of what the engine's `output -json` prints."""
    if not isinstance(document, dict):
        return {}
    return {name: _output(entry) for name, entry in document.items() if isinstance(entry, dict) and _is_set(entry)}


def of_state(state: State | None) -> dict[str, OutputValue]:
    """Return the outputs in a state."""
    return read_outputs((state or {}).get("outputs"))


def without_tokens(outputs: Mapping[str, OutputValue], *tokens: str) -> dict[str, OutputValue]:
    """Return the outputs with the tokens of the run masked, however they are spelled: people read outputs, nobody needs them there.

    No other secret is masked in outputs: a value that was changed would be used as it is.
    """
    masker = Masker([*tokens], urls=False)
    return {
        name: output.model_copy(update={"value": masker.mask(output.value)})
        if isinstance(output.value, str)
        else output
        for name, output in outputs.items()
    }


def is_encrypted(state: State | None) -> bool:
    """Tell whether only the engine can read this state."""
    return state is not None and "encrypted_data" in state


def _is_set(entry: State) -> bool:
    return entry.get("value") is not None


def _output(entry: State) -> OutputValue:
    declared = entry.get("type")
    type_ = _TYPES.get(declared, OutputType.CODE) if isinstance(declared, str) else OutputType.CODE
    if entry.get("sensitive") is True:
        return OutputValue(value=None, type=type_, is_sensitive=True)
    value = entry.get("value")
    if isinstance(value, str | bool | int | float) and type_ is not OutputType.CODE:
        return OutputValue(value=value, type=type_)
    if isinstance(value, Decimal) and type_ is not OutputType.CODE:
        return OutputValue(value=literals.digits(value), type=type_)
    return OutputValue(value=_pretty(value), type=OutputType.CODE)


def _pretty(value: literals.Literal) -> str:
    text = literals.pretty(value)
    return re.sub("[<>&\u2028\u2029]", lambda found: _ESCAPES[found[0]], text)
