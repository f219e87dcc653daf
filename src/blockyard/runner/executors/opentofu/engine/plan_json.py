"""Reads what a plan would change from the engine's JSON of it, without its secrets. Source: `show -json`, format 1.x.

OpenTofu and Terraform write the same. Of each resource there are its values before and after, and beside them trees of the same
shape that mark what is sensitive and what is not known yet.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import ChangeAction
from blockyard.protocol.plan_changes import (
    MOST_ATTRIBUTES,
    MOST_BYTES,
    MOST_CHANGES,
    MOST_CHARACTERS,
    AttributeChange,
    PlanChanges,
    ResourceChange,
)

_ACTIONS = {
    ("create",): ChangeAction.CREATE,
    ("read",): ChangeAction.READ,
    ("update",): ChangeAction.UPDATE,
    ("delete",): ChangeAction.DELETE,
    ("forget",): ChangeAction.FORGET,
    ("delete", "create"): ChangeAction.REPLACE,
    ("create", "delete"): ChangeAction.REPLACE,
    ("create", "forget"): ChangeAction.REPLACE,
    ("forget", "create"): ChangeAction.REPLACE,
}
_OUTPUT = "output"
_LOOKED_FOR = 6
"""Shorter secrets are recognized only where they are the whole value: parts of words would be taken for them."""
_LONG_NUMBER = 4
_HIDDEN = "(sensitive)"
_NAME_CHARACTERS = 4000

Mask = Callable[[str], str]


def plan_changes(plan: JsonObject, *, secrets: Iterable[str], mask: Mask) -> PlanChanges:
    """Return what a plan would change. `secrets` are those of the run; `mask` knows them in all spellings."""
    found = [*_changed(_objects(plan.get("resource_changes")))]
    outputs = [*_outputs(plan)]
    known = {*secrets, *_sensitive_variables(plan)}
    for change in (*found, *outputs):
        known.update(_sensitive_texts(change.before, change.before_sensitive))
        known.update(_sensitive_texts(change.after, change.after_sensitive))
    room = _Room(_Hiding(frozenset(filter(None, known)), mask))
    told = [room.told(change) for change in found[:MOST_CHANGES]]
    told_outputs = [room.told(change) for change in outputs[:MOST_CHANGES]]
    return PlanChanges(
        resources=tuple(told),
        outputs=tuple(told_outputs),
        left_out=len(found) - len(told),
        counts=dict(Counter(change.action for change in found)),
        moved=sum(change.is_moved for change in found),
        imported=sum(change.imported_id is not None for change in found),
        digest=_digest([*sorted(change.digest for change in (*found, *outputs))]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changed:
    """A change as the plan has it, with its secrets."""

    address: str
    type: str
    action: ChangeAction
    reason: str | None
    previous_address: str | None
    imported_id: str | None
    deposed: str | None
    before: Json = field(repr=False)
    after: Json = field(repr=False)
    unknown: Json
    before_sensitive: Json
    after_sensitive: Json
    replace_paths: frozenset[str]
    digest: str

    @property
    def is_moved(self) -> bool:
        return self.previous_address is not None and self.previous_address != self.address


def _changed(items: Iterable[JsonObject]) -> Iterator[_Changed]:
    for item in items:
        change = item.get("change")
        if not isinstance(change, dict):
            continue
        previous = _text(item.get("previous_address"))
        imported = change.get("importing")
        action = _action(change, is_moved=previous is not None, is_imported=isinstance(imported, dict))
        if action is None:
            continue
        address, deposed = str(item.get("address", "")), _text(item.get("deposed"))
        import_id = (_text(imported.get("id")) or "(unknown)") if isinstance(imported, dict) else None
        paths = frozenset(_path(path) for path in _lists(change.get("replace_paths")))
        told: JsonObject = {
            "address": address,
            "action": action.value,
            "previous": previous,
            "imported": import_id,
            "deposed": deposed,
            **{key: change.get(key) for key in ("actions", "before", "after", "after_unknown")},
        }
        yield _Changed(
            address=address,
            type=str(item.get("type", "")),
            action=action,
            reason=_text(item.get("action_reason")),
            previous_address=previous,
            imported_id=import_id,
            deposed=deposed,
            before=change.get("before"),
            after=change.get("after"),
            unknown=change.get("after_unknown"),
            before_sensitive=change.get("before_sensitive"),
            after_sensitive=change.get("after_sensitive"),
            replace_paths=paths,
            digest=_digest(told),
        )


def _outputs(plan: JsonObject) -> Iterator[_Changed]:
    changes = plan.get("output_changes")
    named = changes if isinstance(changes, dict) else {}
    return _changed({"address": f"{_OUTPUT}.{name}", "type": _OUTPUT, "change": named[name]} for name in sorted(named))


def _action(change: JsonObject, *, is_moved: bool, is_imported: bool) -> ChangeAction | None:
    actions = change.get("actions")
    kinds = tuple(str(one) for one in actions) if isinstance(actions, list) else ()
    if kinds in _ACTIONS:
        return _ACTIONS[kinds]
    if is_imported:
        return ChangeAction.IMPORT
    return ChangeAction.MOVE if is_moved else None


class _Hiding:
    """Takes secrets out of values that are not marked as sensitive, but hold one."""

    def __init__(self, secrets: frozenset[str], mask: Mask) -> None:
        self._secrets = secrets
        self._parts = sorted((one for one in secrets if len(one) >= _LOOKED_FOR), key=len, reverse=True)
        self._mask = mask

    def text(self, value: str) -> str:
        if value in self._secrets:
            return _HIDDEN
        for part in self._parts:
            value = value.replace(part, _HIDDEN)
        return self._mask(value)

    def value(self, value: Json) -> Json:
        """Return one value without secrets; one that has parts becomes JSON text."""
        hidden = self._without(value)
        return json.dumps(hidden, separators=(",", ":")) if isinstance(hidden, (dict, list)) and hidden else hidden

    def _without(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._without(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without(item) for item in value]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        text = json.dumps(value)
        return _HIDDEN if is_number and len(text) >= _LONG_NUMBER and text in self._secrets else value


class _Room:
    """Tells changes as long as there is room."""

    def __init__(self, hiding: _Hiding) -> None:
        self._hiding = hiding
        self._left = MOST_BYTES

    def told(self, change: _Changed) -> ResourceChange:
        attributes: list[AttributeChange] = []
        left_out = 0
        for attribute in _attributes(change):
            if len(attributes) >= MOST_ATTRIBUTES or self._left <= 0:
                left_out += 1
                continue
            shown = self._shown(attribute)
            self._left -= 120 + len(shown.path) + _length(shown.before) + _length(shown.after)
            attributes.append(shown)
        name = self._name
        return ResourceChange(
            address=name(change.address) or "(unknown)",
            type=name(change.type) or "",
            action=change.action,
            reason=name(change.reason),
            previous_address=name(change.previous_address),
            imported_id=name(change.imported_id),
            deposed=name(change.deposed),
            attributes=tuple(attributes),
            attributes_left_out=left_out,
            digest=change.digest,
        )

    def _name(self, text: str | None) -> str | None:
        return None if text is None else self._hiding.text(text)[:_NAME_CHARACTERS]

    def _shown(self, attribute: AttributeChange) -> AttributeChange:
        before, after = self._hiding.value(attribute.before), self._hiding.value(attribute.after)
        cut = _length(before) > MOST_CHARACTERS or _length(after) > MOST_CHARACTERS
        update = {
            "path": self._name(attribute.path),
            "before": _short(before),
            "after": _short(after),
            "cut": cut,
        }
        return attribute.model_copy(update=update)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One value in a tree."""

    value: Json = field(default=None, repr=False)
    sensitive: bool = False
    unknown: bool = False


_NOTHING = _Leaf()


def _attributes(change: _Changed) -> Iterator[AttributeChange]:
    """Yield what is different, in the order of the paths."""
    marks = _Marks(change.before_sensitive, change.after_sensitive, change.unknown)
    before = dict(_leaves(change.before, marks))
    after = dict(_leaves(change.after, marks, is_after=True))
    for path in sorted({*before, *after}, key=_order):
        was, becomes = before.get(path, _NOTHING), after.get(path, _NOTHING)
        if (was.value, was.unknown) == (becomes.value, becomes.unknown):
            continue
        if not becomes.unknown and _is_empty(was.value) and _is_empty(becomes.value):
            continue
        sensitive = was.sensitive or becomes.sensitive
        yield AttributeChange(
            path=_path(path),
            before=None if sensitive else was.value,
            after=None if sensitive else becomes.value,
            sensitive=sensitive,
            unknown=becomes.unknown,
            forces_replacement=any(_path(path[:size]) in change.replace_paths for size in range(1, len(path) + 1)),
        )


@dataclass(frozen=True, slots=True)
class _Marks:
    """What the plan says about a part of a resource: sensitive before, sensitive afterwards, known only afterwards."""

    before: Json
    after: Json
    unknown: Json

    @property
    def is_sensitive(self) -> bool:
        return self.before is True or self.after is True

    @property
    def is_whole(self) -> bool:
        """Whether the part is one value here, before and afterwards, whatever it consists of."""
        return self.is_sensitive or self.unknown is True

    def at(self, key: str | int) -> "_Marks":
        return _Marks(_at(self.before, key), _at(self.after, key), _at(self.unknown, key))


def _leaves(
    value: Json, marks: _Marks, path: tuple[str | int, ...] = (), *, is_after: bool = False
) -> Iterator[tuple[tuple[str | int, ...], _Leaf]]:
    """Yield the values of a tree; a part that is sensitive or unknown as a whole is one."""
    keys = () if marks.is_whole else _keys(value, marks.unknown if is_after else None)
    if not keys:
        is_unknown = is_after and marks.unknown is True
        if value is not None or is_unknown:
            yield path, _Leaf(value, sensitive=marks.is_sensitive, unknown=is_unknown)
        return
    for key in keys:
        yield from _leaves(_at(value, key), marks.at(key), (*path, key), is_after=is_after)


def _keys(value: Json, unknown: Json) -> Sequence[str | int]:
    """Return where a tree goes on: what is not known yet may be missing in the values."""
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict)):
        keys = {*(value or {}), *(unknown if isinstance(unknown, dict) else {})}
        return sorted(keys)
    if isinstance(value, list) or (value is None and isinstance(unknown, list)):
        return range(max(len(value or ()), len(unknown) if isinstance(unknown, list) else 0))
    return ()


def _at(value: Json, key: str | int) -> Json:
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if key < len(value) else None
    return None


def _path(path: Iterable[Json]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _order(path: tuple[str | int, ...]) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(part, str), 0 if isinstance(part, str) else part, str(part)) for part in path)


def _is_empty(value: Json) -> bool:
    """Whether a value says nothing: engines write null, or an empty collection, where nothing was set."""
    return value is None or value in ([], {})


def _sensitive_texts(value: Json, marks: Json) -> Iterator[str]:
    """Yield the texts and numbers below what is marked as sensitive."""
    if marks is True:
        yield from _texts(value)
        return
    if isinstance(marks, (dict, list)):
        for key in _keys(value, None):
            yield from _sensitive_texts(_at(value, key), _at(marks, key))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield json.dumps(value)
    for key in _keys(value, None):
        yield from _texts(_at(value, key))


def _sensitive_variables(plan: JsonObject) -> Iterator[str]:
    match plan:
        case {"configuration": {"root_module": {"variables": dict(declared)}}, "variables": dict(values)}:
            for name, declaration in declared.items():
                given = values.get(name)
                if isinstance(declaration, dict) and declaration.get("sensitive") is True and isinstance(given, dict):
                    yield from _texts(given.get("value"))
        case _:
            return


def _digest(content: Json) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _length(value: Json) -> int:
    return len(value) if isinstance(value, str) else 8


def _short(value: Json) -> Json:
    return value[:MOST_CHARACTERS] if isinstance(value, str) else value


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _objects(value: Json) -> Iterator[JsonObject]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _lists(value: Json) -> Iterator[Sequence[Json]]:
    return (item for item in value if isinstance(item, list)) if isinstance(value, list) else iter(())
