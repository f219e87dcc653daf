"""What has to hold between the values of inputs: chosen options are offered, checks of the version hold.

The same is asked when values are saved and when a run is claimed, and said in the same sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blockyard.server.definitions.model.adaptive import InputCheck
from blockyard.server.definitions.model.definition import InputSpec, Value, VersionContent
from blockyard.server.definitions.model.hiding import Lists, Settled
from blockyard.server.definitions.model.values import check_offered
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import StoredSecret

_ADJUST = "Change one of the values that it is about."


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is wrong with values together; `key` is the input it is said beside, None if it is about several."""

    key: str | None
    refusal: Invalid


def adapts(content: VersionContent) -> bool:
    """Whether the values of a version's inputs have to fit each other."""
    return bool(content.input_checks) or any(spec.option_sources for spec in content.inputs.values())


def misfits(content: VersionContent, now: Settled, lists: Lists) -> Sequence[Misfit]:
    """Return what is wrong with the values of inputs, which are sound each for itself; hidden ones are not looked at."""
    options = now.options(content.inputs, lists)
    found = [
        Misfit(key, refusal)
        for key, offered in options.items()
        if key not in now.hidden
        and (refusal := _not_offered(content.inputs[key], now.values.get(key), offered)) is not None
    ]
    return found + [_failed(check, content.inputs) for check in now.failed(content.input_checks)]


def input_field(key: str) -> str:
    """Return the JSON pointer of an input's value in a request."""
    return f"/spec/inputs/{key.replace('~', '~0').replace('/', '~1')}/value"


def _not_offered(spec: InputSpec, value: Value, offered: Sequence[str]) -> Invalid | None:
    if value is None or value == "" or isinstance(value, StoredSecret):
        return None
    try:
        check_offered(spec, value, offered, pointer=input_field(spec.key))
    except Invalid as refusal:
        return refusal
    return None


def _failed(check: InputCheck, specs: Mapping[str, InputSpec]) -> Misfit:
    key = check.key if check.key in specs else None
    refusal = Invalid(
        check.message.strip().rstrip("."),
        code="InputCheckFailed",
        field="/spec/inputs" if key is None else input_field(key),
        remedy=_ADJUST,
    )
    return Misfit(key, refusal)
