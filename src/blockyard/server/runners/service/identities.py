"""Who the runs of runners are to clouds, and the change from subjects of runners to subjects of definitions. Source: concepts.md 14."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.issuer.model.workload import Installation, SubjectForm, SubjectSwitch
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.usage import Uses
from blockyard.server.runners.model import Federation, Identities, Runner, RunnerId, RunnerIdentity
from blockyard.server.runners.store import RunnerStore

log = structlog.get_logger(__name__)

REMIND_BEFORE = timedelta(days=7)
"""So long before subjects change by themselves the event log tells of it."""


@dataclass(frozen=True, slots=True)
class SwitchView:
    """A runner's identity, and what depends on its subjects.

    Attributes:
        identity: None if its runs have none.
        users: the versions whose runs use identity tokens; none for those who merely may use the runner.
    """

    runner: Runner
    identity: RunnerIdentity | None
    users: Sequence[str]


class RunnerIdentities:
    """Says who runs are. Definitions add to `users` which of their versions use identity tokens."""

    def __init__(self, basics: Basics, installation: Installation, changes: Changes[Runner]) -> None:
        self._basics = basics
        self._changes = changes
        self._identities = Identities(installation)
        self.users: Uses[RunnerId] = Uses()

    def of(self, runner: Runner, *, speaks_ours: bool = False) -> RunnerIdentity | None:
        """Return who the runs of a runner are; None if they have no identity."""
        return self._identities.of(runner, runner.switch.at(self._basics.clock()), speaks_ours=speaks_ours)

    def many(self, tx: Transaction, runner_ids: Collection[RunnerId]) -> Mapping[RunnerId, RunnerIdentity]:
        """Return the identities of those of the runners that have one: one statement, however many they are."""
        found = {key: self.of(runner) for key, runner in RunnerStore(tx).many(runner_ids).items()}
        return {key: identity for key, identity in found.items() if identity is not None}

    def require_declarable(self, runner_id: RunnerId | None, federation: Federation | None) -> None:
        """Refuse a declaration that chooses a subject which the server signs. Raises Invalid."""
        if federation is None or self._identities.may_declare(runner_id, federation):
            return
        template = self._identities.installation.subject_template
        raise Invalid(
            "this server signs the tokens of that issuer, and their subjects are not for a runner to choose",
            code="ForeignSubject",
            field="/spec/workloadIdentityFederation/subjectTemplate",
            remedy=f"Send '{template}', or the issuer that the runner gets its tokens from.",
        )

    def view(self, tx: Transaction, runner: Runner, *, with_users: bool) -> SwitchView:
        """Return the identity of a runner; who asks was checked."""
        return SwitchView(runner, self.of(runner), self.users.of(tx, runner.id) if with_users else ())

    def change(self, tx: Transaction, principal: Principal, before: Runner, switch: SubjectSwitch) -> Runner:
        """Choose which subjects the tokens of a runner's runs have; who asks was checked. Raises Invalid."""
        _check(switch, self._basics.clock())
        after = replace(before, subject_form=switch.form, subject_moves_at=switch.moves_at, subject_reminded_at=None)
        if replace(after, subject_reminded_at=before.subject_reminded_at) == before:
            return before
        return self._changes.save(tx, principal.author, RunnerStore(tx), after, before=before)

    # For loops

    def has_older(self, tx: Transaction) -> bool:
        """Whether the subjects of some runner are not yet those of definitions."""
        return bool(RunnerStore(tx).with_older_subjects())

    def move_due(self, tx: Transaction) -> None:
        """Let runners have subjects of definitions whose day has come, or whose runs use no tokens; tell ahead of others."""
        now, runners = self._basics.clock(), RunnerStore(tx)
        for runner in runners.with_older_subjects():
            if runner.switch.at(now) is SubjectForm.NEW or not self.users.of(tx, runner.id):
                moved = replace(runner, subject_form=SubjectForm.NEW, subject_moves_at=None, subject_reminded_at=None)
                self._changes.save(tx, SYSTEM, runners, moved, before=runner)
            elif _is_reminder_due(runner, now):
                told = runners.save(replace(runner, subject_reminded_at=now))
                self._changes.tell(tx, SYSTEM, EventType.CHANGED, told, verb="Subject Changes Soon")
                log.warning(
                    "subjects of a runner change soon", runner_id=str(runner.id), at=str(runner.subject_moves_at)
                )


def _is_reminder_due(runner: Runner, now: datetime) -> bool:
    day = runner.subject_moves_at
    return day is not None and runner.subject_reminded_at is None and now >= day - REMIND_BEFORE


def _check(switch: SubjectSwitch, now: datetime) -> None:
    if switch.form is not SubjectForm.BOTH and switch.moves_at is not None:
        raise Invalid(
            "only a runner that changes its subjects has a day on which it does",
            code="NoSubjectChange",
            field="/movesOn",
            remedy="Send movesOn with BOTH only.",
        )
    if switch.moves_at is not None and switch.moves_at <= now:
        raise Invalid(
            "the day on which subjects change has to be in the future",
            code="PastDay",
            field="/movesOn",
            remedy="Send a later day, or NEW to change them now.",
        )
