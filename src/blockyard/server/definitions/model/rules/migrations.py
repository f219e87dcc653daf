"""Rules of what a version does with the inputs of building blocks that are changed to it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NoReturn

from blockyard.protocol.names import InputType
from blockyard.server.definitions.model.definition import (
    PEOPLE,
    AssignmentType,
    InputSpec,
    VersionContent,
)
from blockyard.server.definitions.model.migrations import InputMigration, MigrationAction
from blockyard.server.definitions.model.values import check_value
from blockyard.server.kit.errors import Invalid

MAX_MIGRATIONS = 500
FIELD = "/spec/inputMigrations"

_FILLED_IN = PEOPLE | {AssignmentType.PAYMENT_METHOD}
_TEXTS = frozenset({InputType.STRING, InputType.SINGLE_SELECT, InputType.CODE})
_PARTS = frozenset({InputType.STRING, InputType.SINGLE_SELECT, InputType.INTEGER, InputType.BOOLEAN})
_MEMBERS = {
    MigrationAction.RENAME: {"from", "to"},
    MigrationAction.MAP: {"from", "to", "values"},
    MigrationAction.SPLIT: {"from", "parts", "separator"},
    MigrationAction.DEFAULT: {"to", "value"},
}
"""The members that an action has, all of them; no others."""

_LEAST_PARTS = 2


def check_migrations(content: VersionContent, before: VersionContent | None) -> None:
    """Refuse steps that cannot be taken from the inputs of the version `before` to those of `content`. Raises Invalid."""
    steps = content.input_migrations
    if steps and before is None:
        raise Invalid(
            "the first version has no building blocks of another one",
            code="BadMigration",
            field=FIELD,
            remedy="Leave inputMigrations out.",
        )
    if len(steps) > MAX_MIGRATIONS:
        raise Invalid(
            f"a version has at most {MAX_MIGRATIONS} input migrations",
            code="TooManyMigrations",
            field=FIELD,
            remedy="Remove some.",
        )
    if before is None:
        return
    for position, step in enumerate(steps):
        _Step(position, step, before.inputs, content.inputs).check()
    _refuse_clashes(steps, before.inputs)


class _Step:
    """One step between the inputs of two versions."""

    def __init__(
        self, position: int, step: InputMigration, old: Mapping[str, InputSpec], new: Mapping[str, InputSpec]
    ) -> None:
        self._at = f"{FIELD}/{position}"
        self._step = step
        self._old = old
        self._new = new

    def check(self) -> None:
        """Refuse what does not fit."""
        action = self._step.action
        self._check_members(_MEMBERS[action])
        match action:
            case MigrationAction.RENAME:
                self._check_rename(self._source(), self._target(self._step.target or "", "to"))
            case MigrationAction.MAP:
                self._check_map(self._plain(self._source(), "from"))
            case MigrationAction.SPLIT:
                self._check_split(self._plain(self._source(), "from"))
            case MigrationAction.DEFAULT:
                spec = self._plain(self._target(self._step.target or "", "to"), "to")
                check_value(spec, self._step.value, pointer=f"{self._at}/value")

    def _check_members(self, wanted: set[str]) -> None:
        sent = self._step.document().keys() - {"action"}
        for member in sorted(wanted ^ sent):
            is_missing = member in wanted
            self._refuse(
                member,
                f"{self._step.action} {'needs' if is_missing else 'has no'} '{member}'",
                f"{'Send' if is_missing else 'Leave out'} '{member}'.",
            )

    def _check_rename(self, old: InputSpec, new: InputSpec) -> None:
        pays = AssignmentType.PAYMENT_METHOD
        same = (old.type, old.is_sensitive, old.assignment_type is pays)
        if same != (new.type, new.is_sensitive, new.assignment_type is pays):
            self._refuse(
                "to",
                f"input '{new.key}' has another type or sensitivity than '{old.key}' had",
                "Give it the same type and sensitivity, or use MAP.",
            )

    def _check_map(self, old: InputSpec) -> None:
        new = self._plain(self._target(self._step.target or "", "to"), "to")
        for position, (_, value) in enumerate(self._step.values):
            check_value(new, value, pointer=f"{self._at}/values/{position}/to")
        olds = [json.dumps(value, sort_keys=True) for value, _ in self._step.values]
        twice = next((position for position, value in enumerate(olds) if value in olds[:position]), None)
        if twice is not None:
            self._refuse(f"values/{twice}/from", "this value is mapped twice", "Name each old value once.")
        if AssignmentType.PAYMENT_METHOD in {old.assignment_type, new.assignment_type}:
            self._refuse("from", "payment methods cannot be mapped", "Rename the input.")

    def _check_split(self, old: InputSpec) -> None:
        if old.type not in _TEXTS:
            self._refuse("from", f"input '{old.key}' is {old.type} and cannot be split", "Split a text.")
        if len(self._step.parts) < _LEAST_PARTS or not self._step.separator:
            self._refuse("parts", "there are fewer than two parts, or no separator", "Name two inputs or more.")
        for position, key in enumerate(self._step.parts):
            new = self._plain(self._target(key, f"parts/{position}"), f"parts/{position}")
            if new.type not in _PARTS:
                self._refuse(
                    f"parts/{position}",
                    f"input '{key}' is {new.type}, which no part of a text can be",
                    "Use STRING, SINGLE_SELECT, INTEGER or BOOLEAN.",
                )

    def _source(self) -> InputSpec:
        spec = self._old.get(self._step.source or "")
        if spec is None or spec.assignment_type not in _FILLED_IN:
            self._refuse(
                "from",
                f"the version before has no input '{self._step.source}' that people fill in",
                "Name an input of the version before.",
            )
        return spec

    def _target(self, key: str, member: str) -> InputSpec:
        spec = self._new.get(key)
        if spec is None or spec.assignment_type not in _FILLED_IN:
            self._refuse(
                member, f"this version has no input '{key}' that people fill in", "Name an input of this version."
            )
        return spec

    def _plain(self, spec: InputSpec, member: str) -> InputSpec:
        if spec.is_sensitive:
            self._refuse(
                member,
                f"input '{spec.key}' is sensitive: nobody but the runner can read its value",
                "Rename it, or let the owners of the building blocks enter it again.",
            )
        return spec

    def _refuse(self, member: str, problem: str, remedy: str) -> NoReturn:
        raise Invalid(problem, code="BadMigration", field=f"{self._at}/{member}", remedy=remedy)


def _refuse_clashes(steps: tuple[InputMigration, ...], old: Mapping[str, InputSpec]) -> None:
    """Refuse an input that is read twice, written twice, or written over one that stays."""
    moving = [(at, step) for at, step in enumerate(steps) if step.action is not MigrationAction.DEFAULT]
    read = Counter(step.source for _, step in moving)
    written = Counter(key for _, step in moving for key in step.written)
    given = Counter(step.target for step in steps if step.action is MigrationAction.DEFAULT)
    for position, step in moving:
        for problem in _clashes(step, read, written, old):
            raise Invalid(
                problem,
                code="MigrationClash",
                field=f"{FIELD}/{position}",
                remedy="Read and write each input once, and give those that stay no value of another.",
            )
    for position, step in enumerate(steps):
        if step.action is MigrationAction.DEFAULT and given[step.target] > 1:
            raise Invalid(
                f"input '{step.target}' is given two values",
                code="MigrationClash",
                field=f"{FIELD}/{position}",
                remedy="Give it one.",
            )


def _clashes(
    step: InputMigration, read: Counter[str | None], written: Counter[str], old: Mapping[str, InputSpec]
) -> Iterator[str]:
    if read[step.source] > 1:
        yield f"input '{step.source}' is read by two migrations"
    for key in step.written:
        if written[key] > 1:
            yield f"input '{key}' is written by two migrations"
        if key in old and not read[key]:
            yield f"input '{key}' is in the version before, too, and its value would be lost"
