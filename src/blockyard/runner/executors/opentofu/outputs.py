"""Outputs of a module as the run reports them. Source: runner.md 3.10, architecture.md 4.

They are read from the state. The value of a sensitive output is never sent.
"""

import json
import re
from collections.abc import Mapping, Sequence

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.masking import MASK, forms
from blockyard.protocol.run import OutputType
from blockyard.protocol.status import OutputValue

_TYPES = {"string": OutputType.STRING, "number": OutputType.INTEGER, "bool": OutputType.BOOLEAN}
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def read_outputs(document: Json) -> dict[str, OutputValue]:
    """Return the outputs of a state's `outputs`, or of what the engine's `output -json` prints."""
    if not isinstance(document, dict):
        return {}
    return {name: _output(entry) for name, entry in document.items() if isinstance(entry, dict) and _is_set(entry)}


def of_state(state: JsonObject | None) -> dict[str, OutputValue]:
    """Return the outputs in a state."""
    return read_outputs((state or {}).get("outputs"))


def without_token(outputs: Mapping[str, OutputValue], run_token: str) -> dict[str, OutputValue]:
    """Return the outputs with the run token masked, plain or encoded: people read outputs, and nobody needs the token there.

    No other secret is masked in outputs: a value that was changed would be used as it is.
    """
    spellings = sorted((form.decode() for form in forms(run_token)), key=len, reverse=True)
    return {
        name: output.model_copy(update={"value": _masked(output.value, spellings)})
        if isinstance(output.value, str)
        else output
        for name, output in outputs.items()
    }


def _masked(text: str, spellings: Sequence[str]) -> str:
    for spelling in spellings:
        text = text.replace(spelling, MASK.decode())
    return text


def is_encrypted(state: JsonObject | None) -> bool:
    """Tell whether only the engine can read this state."""
    return state is not None and "encrypted_data" in state


def _is_set(entry: JsonObject) -> bool:
    return entry.get("value") is not None


def _output(entry: JsonObject) -> OutputValue:
    declared = entry.get("type")
    type_ = _TYPES.get(declared, OutputType.CODE) if isinstance(declared, str) else OutputType.CODE
    if entry.get("sensitive") is True:
        return OutputValue(value=None, type=type_, is_sensitive=True)
    value = entry.get("value")
    return OutputValue(value=_pretty(value) if type_ is OutputType.CODE else value, type=type_)


def _pretty(value: Json) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029]", lambda found: _ESCAPES[found[0]], text)
