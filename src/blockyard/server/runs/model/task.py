"""What a run does besides planning the block as it is: plan with an older state, work on the state itself, try its identity.

All but those that apply a restored state are of the behavior DETECT: they leave the status of their block alone, and a runner
that knows nothing of tasks changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import MaintenanceCommand
from blockyard.protocol.version import MAINTENANCE, TRUST_TESTS


class TaskKind(StrEnum):
    """What is to be done."""

    RESTORE_PLAN = "RESTORE_PLAN"
    """Plan as if an older version of the state were the current one."""
    RESTORE = "RESTORE"
    """Apply such a plan: the version becomes the current one in the moment a runner gets the run."""
    MAINTENANCE = "MAINTENANCE"
    """Let the engine work on the state itself."""
    TRUST_TEST = "TRUST_TEST"
    """Exchange the identity tokens of the run for credentials of its clouds, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a run does besides.

    Attributes:
        version: of the state to plan with, or to restore.
        replaces: the version that it takes the place of; None where there is no state.
        command, arguments: for the engine; addresses and ids, never options.
        reason: what was said by whoever wanted it.
    """

    kind: TaskKind
    version: int | None = None
    replaces: int | None = None
    command: MaintenanceCommand | None = None
    arguments: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def needs_protocol(self) -> int:
        """The least version of our protocol that a runner has to speak."""
        return {TaskKind.MAINTENANCE: MAINTENANCE, TaskKind.TRUST_TEST: TRUST_TESTS}.get(self.kind, 0)

    @property
    def changes_state(self) -> bool:
        """Whether the state of the block may be another one afterwards, although the run detects."""
        return self.kind is TaskKind.MAINTENANCE

    def document(self) -> JsonObject:
        """Return the task as JSON."""
        arguments: list[Json] = [*self.arguments]
        return {
            "kind": self.kind.value,
            "version": self.version,
            "replaces": self.replaces,
            "command": None if self.command is None else self.command.value,
            "arguments": arguments,
            "reason": self.reason,
        }

    @classmethod
    def read(cls, document: JsonObject) -> "Task":
        """Return a task of its JSON."""
        command, version, arguments = document["command"], document["version"], document["arguments"]
        reason, replaces = document["reason"], document.get("replaces")
        return cls(
            kind=TaskKind(str(document["kind"])),
            version=version if isinstance(version, int) else None,
            replaces=replaces if isinstance(replaces, int) else None,
            command=MaintenanceCommand(str(command)) if command is not None else None,
            arguments=tuple(str(one) for one in arguments) if isinstance(arguments, list) else (),
            reason=reason if isinstance(reason, str) else None,
        )
