"""What becomes of the values of a block whose version is changed. Source: concepts.md 10.3.

Each version between the old one and the new one says what it does with the values of the one before. What none of them names keeps
its key. In the end a value stays where type, sensitivity and rules of its input let it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SETTABLE, Specs, same_json, still_valid
from blockyard.server.definitions.model import AssignmentType, InputSpec, Version, VersionContent
from blockyard.server.definitions.model.migrations import InputMigration, MigrationAction
from blockyard.server.runners.model import StoredSecret

_PAYS = AssignmentType.PAYMENT_METHOD

_Held: TypeAlias = tuple[InputValue, InputSpec]
"""A value, and the input it was entered or made for."""


def leads_on(latest: Version, version: Version) -> bool:
    """Whether a block is offered the latest sound version: it is newer, or the block's own is defective."""
    return latest.number > version.number or (version.defect is not None and latest.id != version.id)


def carried_over(
    old: Specs, new: Specs, values: Mapping[str, InputValue], steps: Sequence[VersionContent] = ()
) -> dict[str, InputValue]:
    """Return what is left of `values` after an upgrade through `steps`, the versions after the old one up to the new one."""
    held: dict[str, _Held] = {key: (value, old[key]) for key, value in values.items() if key in old}
    for step in steps:
        held = _after(held, step)
    return {key: value for key, (value, spec) in held.items() if key in new and _fits(spec, new[key], value)}


def _after(held: Mapping[str, _Held], step: VersionContent) -> dict[str, _Held]:
    moved = [one for one in step.input_migrations if one.action is not MigrationAction.DEFAULT]
    read = {one.source for one in moved}
    after = {key: item for key, item in held.items() if key not in read}
    for one in moved:
        item = held.get(one.source or "")
        if item is not None:
            after |= _moved(one, item, step.inputs)
    for one in step.input_migrations:
        key = one.target or ""
        if one.action is MigrationAction.DEFAULT and key in step.inputs and key not in after:
            after[key] = (one.value, step.inputs[key])
    return after


def _moved(step: InputMigration, item: _Held, specs: Specs) -> dict[str, _Held]:
    value, spec = item
    key = step.target or ""
    if step.action is MigrationAction.RENAME:
        return {key: (value.renamed() if isinstance(value, StoredSecret) else value, spec)}
    if isinstance(value, StoredSecret):
        return {}
    made = {key: _mapped(step, value)} if step.action is MigrationAction.MAP else dict(_split(step, value, specs))
    return {name: (new, specs[name]) for name, new in made.items() if name in specs and still_valid(specs[name], new)}


def _mapped(step: InputMigration, value: Json) -> Json:
    return next((new for old, new in step.values if same_json(old, value)), value)


def _split(step: InputMigration, value: Json, specs: Specs) -> Iterator[tuple[str, Json]]:
    if not isinstance(value, str) or not step.separator:
        return
    for key, part in zip(step.parts, value.split(step.separator, len(step.parts) - 1), strict=False):
        made = _read(specs[key].type, part) if key in specs else None
        if made is not None:
            yield key, made


def _read(type_: InputType, text: str) -> Json:
    """Return a part of a text as a value; None if it is none of the type."""
    if type_ is InputType.BOOLEAN:
        return {"true": True, "false": False}.get(text.strip().lower())
    if type_ is not InputType.INTEGER:
        return text
    try:
        return int(text)
    except ValueError:
        return None


def _fits(old: InputSpec, new: InputSpec, value: InputValue) -> bool:
    return (
        new.assignment_type in SETTABLE
        and old.assignment_type in SETTABLE
        and (old.assignment_type is _PAYS) is (new.assignment_type is _PAYS)
        and old.type is new.type
        and old.is_sensitive is new.is_sensitive
        and still_valid(new, value)
    )
