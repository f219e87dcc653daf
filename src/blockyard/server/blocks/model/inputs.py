"""What people give a block: merging sent values into stored ones, defaults, what is still missing. Source: api.md 3.18."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.model.block import BlockStatus, InputValue
from blockyard.server.definitions.model import PEOPLE, AssignmentType, InputSpec
from blockyard.server.definitions.model.hiding import hidden_inputs
from blockyard.server.definitions.model.values import check_value
from blockyard.server.kit.errors import Denied, Invalid, Refusal
from blockyard.server.runners.model import StoredSecret

Specs = Mapping[str, InputSpec]
Opens = Callable[[StoredSecret], bool]
"""Tells whether the runner that will use a secret can open it."""

Seal = Callable[[str, str], StoredSecret]
"""Seals the plaintext (second) of an input (first) to the key of the runner that will use it."""

SETTABLE = PEOPLE | {AssignmentType.PAYMENT_METHOD}
"""Inputs whose values come with a request; all others are computed."""


@dataclass(frozen=True, slots=True)
class SentInput:
    """One input as a request carries it; `is_sensitive` None means that the request did not say."""

    value: Json = field(repr=False)
    is_sensitive: bool | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """Stored values after a request, and which of them it changed."""

    values: Mapping[str, InputValue]
    changed: frozenset[str]


def merge_inputs(
    specs: Specs,
    stored: Mapping[str, InputValue],
    sent: Mapping[str, SentInput],
    *,
    operator: bool,
    opens: Opens,
    seal: Seal,
) -> Merged:
    """Return `stored` with `sent` laid over it: what was not sent is kept, a known hash keeps the secret.

    Consumers (`operator` False) may change updateable inputs and fill in user inputs without a usable value.

    Raises:
        Invalid: an unknown or computed input, a value that breaks its specification, a foreign hash.
        Denied: a consumer changes an input that only operators may change.
    """
    values = dict(stored)
    changed: set[str] = set()
    for key, item in sent.items():
        spec = _settable(specs, key)
        before = stored.get(key)
        _check_sensitivity(spec, item)
        if not operator and not _consumer_may(spec, before, opens):
            _require_as_shown(spec, item, before)
            continue
        after = _accepted(spec, item, before, seal)
        if _equal(before, after):
            continue
        changed.add(key)
        if after is None:
            del values[key]
        else:
            values[key] = after
    return Merged(values, frozenset(changed))


def refused_inputs(specs: Specs, sent: Mapping[str, SentInput], *, operator: bool) -> Sequence[Refusal]:
    """Return what `merge_inputs` would refuse of each input of a new block."""
    found: list[Refusal] = []
    for key, item in sent.items():
        try:
            merge_inputs(specs, {}, {key: item}, operator=operator, opens=lambda _: True, seal=_unkept)
        except (Invalid, Denied) as refusal:
            found.append(refusal)
    return found


def computed(specs: Specs, sent: Mapping[str, SentInput]) -> frozenset[str]:
    """Return the keys of what was sent that no request can set, as its values are computed."""
    return frozenset(key for key in sent if key in specs and specs[key].assignment_type not in SETTABLE)


def without_unchanged(
    specs: Specs, shown: Mapping[str, InputValue], sent: Mapping[str, SentInput]
) -> Mapping[str, SentInput]:
    """Return `sent` without the computed inputs that come back as the API has `shown` them: whoever reads a block sends them, too."""
    return {
        key: item
        for key, item in sent.items()
        if key not in shown
        or item.is_sensitive not in {None, specs[key].is_sensitive}
        or not same_json(as_shown(shown[key]), item.value)
    }


def as_shown(value: InputValue) -> Json:
    """Return a value as the API shows it: a secret as its hash."""
    return value.wire() if isinstance(value, StoredSecret) else value


def missing_inputs(specs: Specs, values: Mapping[str, InputValue], opens: Opens) -> frozenset[str]:
    """Return the settable inputs without a usable value: none, empty, or sealed so that the runner cannot open it now.

    Optional ones may have none, and hidden ones have none.
    """
    hidden = hidden_inputs(specs, values)
    return frozenset(
        key
        for key, spec in specs.items()
        if spec.assignment_type in SETTABLE
        and key not in hidden
        and not (spec.is_optional and values.get(key) in (None, ""))
        and not _usable(spec, values.get(key), opens)
    )


def changeable(specs: Specs, stored: Mapping[str, InputValue], *, operator: bool, opens: Opens) -> list[InputSpec]:
    """Return the inputs that `merge_inputs` lets people change, hidden ones as well, in the order of the definition."""
    found = (
        spec
        for key, spec in specs.items()
        if spec.assignment_type in SETTABLE and (operator or _consumer_may(spec, stored.get(key), opens))
    )
    return sorted(found, key=lambda spec: spec.display_order)


def waiting_status(specs: Specs, missing: Iterable[str], *, parents_ready: bool) -> BlockStatus | None:
    """Return what the block waits for, None if it can run. Source: concepts.md 10.2."""
    if not parents_ready:
        return BlockStatus.WAITING_FOR_DEPENDENT_INPUT
    sources = {specs[key].assignment_type for key in missing}
    if AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT in sources:
        return BlockStatus.WAITING_FOR_OPERATOR_INPUT
    if sources:
        return BlockStatus.WAITING_FOR_USER_INPUT
    return None


def pointer_of(key: str) -> str:
    """Return the JSON pointer of an input's value in a request."""
    return f"/spec/inputs/{key.replace('~', '~0').replace('/', '~1')}/value"


def still_valid(spec: InputSpec, value: InputValue) -> bool:
    """Whether a value obeys the rules of its input; nobody looks into a secret."""
    if isinstance(value, StoredSecret):
        return True
    try:
        check_value(spec, value, pointer="")
    except Invalid:
        return False
    return True


def _unkept(_key: str, _plaintext: str) -> StoredSecret:
    """Stand in for a secret of which only whether it is taken is asked."""
    return StoredSecret(hash="", sealed="")


def _settable(specs: Specs, key: str) -> InputSpec:
    spec = specs.get(key)
    if spec is None or spec.assignment_type not in SETTABLE:
        raise Invalid(
            f"input '{key}' is not defined as a customer or platform-operator input",
            code="InputNotSettable",
            field=pointer_of(key).removesuffix("/value"),
            remedy="Leave it out: only inputs of the definition version that people fill in can be set.",
        )
    return spec


def _check_sensitivity(spec: InputSpec, item: SentInput) -> None:
    if item.is_sensitive is not None and item.is_sensitive is not spec.is_sensitive:
        word = "sensitive" if spec.is_sensitive else "not sensitive"
        raise Invalid(
            f"input '{spec.key}' is {word}",
            code="SensitivityMismatch",
            field=pointer_of(spec.key).removesuffix("value") + "isSensitive",
            remedy=f"Send 'isSensitive': {'true' if spec.is_sensitive else 'false'} for this input.",
        )


def _accepted(spec: InputSpec, item: SentInput, before: InputValue, seal: Seal) -> InputValue:
    if spec.is_sensitive:
        return _accepted_secret(spec, item.value, before, seal)
    if item.value is not None:
        check_value(spec, item.value, pointer=pointer_of(spec.key))
    return item.value


def _accepted_secret(spec: InputSpec, value: Json, before: InputValue, seal: Seal) -> InputValue:
    if value is None or value == {}:
        return None
    pointer = pointer_of(spec.key)
    if isinstance(value, dict):
        plaintext, known = value.get("plaintext"), value.get("hash")
        if isinstance(plaintext, str):
            check_value(spec, plaintext, pointer=f"{pointer}/plaintext")
            return seal(spec.key, plaintext)
        if isinstance(known, str):
            return _kept(spec, known, before)
    raise Invalid(
        f"the value of the sensitive input '{spec.key}' must be a secret object or null",
        code="NotASecret",
        field=pointer,
        remedy='Send {"plaintext": "…"} to set it or {"hash": "…"} as last returned to keep it.',
    )


def _kept(spec: InputSpec, known: str, before: InputValue) -> InputValue:
    stored = before if before is not None else spec.default_value
    if isinstance(stored, StoredSecret) and stored.hash == known:
        return before
    raise Invalid(
        f"the hash sent for input '{spec.key}' is not the one of its stored secret",
        code="UnknownSecretHash",
        field=f"{pointer_of(spec.key)}/hash",
        remedy="Send the secret as 'plaintext', or the hash that a building block showed last for it.",
    )


def _consumer_may(spec: InputSpec, before: InputValue, opens: Opens) -> bool:
    if spec.assignment_type is AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT:
        return False
    return spec.updateable_by_consumer or not _usable(spec, before, opens)


def _require_as_shown(spec: InputSpec, item: SentInput, before: InputValue) -> None:
    """Refuse whatever is not the value as the API shows it.

    No plaintext is compared: the answer would tell a right guess of the secret from a wrong one.
    """
    sent = None if spec.is_sensitive and item.value == {} else item.value
    if not same_json(as_shown(before), sent):
        raise _not_yours(spec)


def _not_yours(spec: InputSpec) -> Denied:
    return Denied(
        f"you don't have sufficient permissions to change input '{spec.key}'",
        code="InputNotUpdateable",
        field=pointer_of(spec.key),
        remedy="Leave it out or send its current value; the team that offers the definition can change it.",
    )


def _equal(left: InputValue, right: InputValue) -> bool:
    """Tell whether the new value `right` is what `left` is already, for the runner of now."""
    if isinstance(left, StoredSecret) and isinstance(right, StoredSecret):
        needs_unbound = left.place is not None and right.place is None
        return left.hash == right.hash and left.key == right.key and not needs_unbound
    return same_json(left, right)


def same_json(left: object, right: object) -> bool:
    """Whether two JSON values are the same value of the same type: `1`, `1.0` and `true` differ."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    return left == right


def _usable(spec: InputSpec, value: InputValue, opens: Opens) -> bool:
    if isinstance(value, StoredSecret) is not spec.is_sensitive and value is not None:
        return False
    if isinstance(value, StoredSecret):
        return opens(value)
    if value == "":  # in place of a default it is a choice, else it means nothing
        return spec.default_value is not None
    return value is not None and still_valid(spec, value)
