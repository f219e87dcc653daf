"""The table of runners."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, Uuid, update

from blockyard.protocol.jsontypes import Json
from blockyard.server.identity.model import Reach
from blockyard.server.issuer.model.workload import SubjectForm
from blockyard.server.kit.columns import Instant, Packed, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, either
from blockyard.server.runners.model import (
    CloudIdentity,
    Federation,
    Restriction,
    Runner,
    RunnerFilter,
    RunnerId,
    RunnerType,
    template_of_subject,
)


def _unpacked(stored: Json) -> Federation:
    if not isinstance(stored, dict):
        raise TypeError("not a stored workload identity")
    clouds = {name: _cloud(stored[name]) for name in ("gcp", "aws", "azure")}
    template = stored.get("subject_template")
    if template is None:  # written by an earlier release, in the notation of its clients
        template = template_of_subject(str(stored["subject"]))
    return Federation(issuer=str(stored["issuer"]), subject_template=str(template), **clouds)


def _cloud(stored: Json) -> CloudIdentity | None:
    if not isinstance(stored, dict):
        return None
    return CloudIdentity(audience=str(stored["audience"]), token_path=str(stored["token_path"]))


_runners = Table(
    "runners",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("implementation_type", Word(RunnerType, 32), nullable=False),
    Column("restriction", Word(Restriction, 16), nullable=False),
    Column("is_self_hosted", Boolean, nullable=False),
    Column("federation", Packed(asdict, _unpacked), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant),
    Column("protocol", Integer, nullable=False, server_default="0"),
    Column("older_protocol_at", Instant),
    Column("subject_form", Word(SubjectForm, 16), nullable=False, server_default=SubjectForm.NEW.value),
    Column("subject_moves_at", Instant),
    Column("subject_reminded_at", Instant),
    Column("revision", Integer, nullable=False),
    Index("ix_runners_created_at", "created_at", "id", "workspace", "restriction"),
    Index("ix_runners_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_runners_restriction_created_at", "restriction", "created_at", "id"),
    Index("ix_runners_implementation_type_created_at", "implementation_type", "created_at", "id"),
)

_HEARD = ("last_seen_at", "protocol", "older_protocol_at")
_rows: Rows[Runner, RunnerId] = Rows(_runners, Runner, "id", apart=_HEARD, remembered=True)


class RunnerStore(Store[Runner, RunnerId]):
    """Reads and writes runners; a change does not write what was last heard of one."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(self, reach: Reach, wanted: RunnerFilter, request: PageRequest) -> Page[Runner]:
        """Return one page of the runners in `reach` and the public ones, oldest first."""
        columns = _runners.c
        conditions = self.with_members(members(wanted))
        if reach.owners is not None:
            conditions.append(
                either(columns.restriction == Restriction.PUBLIC, columns.workspace.in_(sorted(reach.owners)))
            )
        return self.page_of(request, *conditions)

    def with_older_subjects(self) -> Sequence[Runner]:
        """Return the runners whose runs do not have subjects of definitions yet."""
        return self.where(_runners.c.subject_form != SubjectForm.NEW)

    def note_heard(self, runner: Runner) -> None:
        """Write when a runner was last heard of, and what it speaks; never clashes with a change."""
        values = {name: getattr(runner, name) for name in _HEARD}
        self._tx.execute(update(_runners).where(_runners.c.id == runner.id), values)
        self._forget(runner)
