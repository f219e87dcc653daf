"""The table of runners."""

from dataclasses import asdict, replace

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from blockyard.server.identity.model import Reach
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.memory import Memory
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runners.model import (
    CloudIdentity,
    Federation,
    Restriction,
    Runner,
    RunnerFilter,
    RunnerId,
    RunnerType,
)

_runners = Table(
    "runners",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("implementation_type", String(32), nullable=False),
    Column("restriction", String(16), nullable=False),
    Column("is_self_hosted", Boolean, nullable=False),
    Column("federation", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant),
    Column("protocol", Integer, nullable=False, server_default="0"),
    Column("older_protocol_at", Instant),
    Column("revision", Integer, nullable=False),
    Index("ix_runners_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_runners_restriction_created_at", "restriction", "created_at", "id"),
    Index("ix_runners_implementation_type_created_at", "implementation_type", "created_at", "id"),
)


_known: Memory[RunnerId, Runner | None] = Memory()

_BY_ID = select(_runners).where(_runners.c.id == bindparam("of_runner"))


class RunnerStore:
    """Reads and writes runners."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, runner_id: RunnerId) -> Runner | None:
        """Return a runner, None if there is none of this id."""
        known = _known.of(self._tx)
        if runner_id not in known:
            row = self._tx.execute(_BY_ID, {"of_runner": runner_id}).mappings().one_or_none()
            known[runner_id] = None if row is None else _runner(row)
        return known[runner_id]

    def kept(self, runner_id: RunnerId) -> Runner | None:
        """Return a runner that cannot be deleted until this transaction ends (PostgreSQL: a share lock)."""
        row = self._tx.execute(_BY_ID.with_for_update(read=True), {"of_runner": runner_id}).mappings().one_or_none()
        return None if row is None else _runner(row)

    def page(self, reach: Reach, wanted: RunnerFilter, page: PageRequest) -> Page[Runner]:
        """Return one page of the runners in `reach` and the public ones, oldest first."""
        conditions = []
        if not reach.everything:
            conditions.append(
                or_(
                    _runners.c.workspace.in_(sorted(reach.workspaces)) if reach.workspaces else false(),
                    _runners.c.restriction == Restriction.PUBLIC.value,
                )
            )
        for column, value in (
            (_runners.c.workspace, wanted.workspace),
            (_runners.c.implementation_type, wanted.implementation_type),
            (_runners.c.restriction, wanted.restriction),
        ):
            if value is not None:
                conditions.append(column == value)
        total = self._tx.execute(select(func.count()).select_from(_runners).where(*conditions)).scalar_one()
        rows = self._tx.execute(
            select(_runners)
            .where(*conditions)
            .order_by(_runners.c.created_at, _runners.c.id)
            .limit(page.limit)
            .offset(page.offset)
        )
        return Page([_runner(row) for row in rows.mappings()], int(str(total)), page)

    def count(self, workspace: str) -> int:
        """Return how many runners a workspace owns."""
        counted = self._tx.execute(select(func.count()).where(_runners.c.workspace == workspace)).scalar_one()
        return int(str(counted))

    def add(self, runner: Runner) -> None:
        """Write a new runner."""
        _known.of(self._tx).pop(runner.id, None)
        self._tx.execute(insert(_runners).values(id=runner.id, **_heard(runner), **_values(runner)))

    def save(self, runner: Runner) -> Runner:
        """Write a changed runner, but not what was last heard of it. Raises Stale."""
        saved = replace(runner, revision=runner.revision + 1)
        as_read = (_runners.c.id == runner.id, _runners.c.revision == runner.revision)
        if self._tx.execute(update(_runners).where(*as_read).values(**_values(saved))).rowcount == 0:
            raise Stale(f"runner {runner.id}")
        _known.of(self._tx).pop(runner.id, None)
        return saved

    def note_heard(self, runner: Runner) -> None:
        """Write when a runner was last heard of, and what it speaks; never clashes with a change."""
        _known.of(self._tx).pop(runner.id, None)
        self._tx.execute(update(_runners).where(_runners.c.id == runner.id).values(**_heard(runner)))

    def remove(self, runner: Runner) -> None:
        """Delete a runner."""
        _known.of(self._tx).pop(runner.id, None)
        self._tx.execute(delete(_runners).where(_runners.c.id == runner.id))


def _heard(runner: Runner) -> dict[str, object]:
    return {
        "last_seen_at": runner.last_seen_at,
        "protocol": runner.protocol,
        "older_protocol_at": runner.older_protocol_at,
    }


def _values(runner: Runner) -> dict[str, object]:
    return {
        "workspace": runner.workspace,
        "display_name": runner.display_name,
        "public_key": runner.public_key,
        "implementation_type": runner.implementation_type.value,
        "restriction": runner.restriction.value,
        "is_self_hosted": runner.is_self_hosted,
        "federation": None if runner.federation is None else asdict(runner.federation),
        "created_at": runner.created_at,
        "revision": runner.revision,
    }


def _runner(row: RowMapping) -> Runner:
    return Runner(
        id=RunnerId(row["id"]),
        workspace=row["workspace"],
        display_name=row["display_name"],
        public_key=row["public_key"],
        implementation_type=RunnerType(row["implementation_type"]),
        restriction=Restriction(row["restriction"]),
        is_self_hosted=row["is_self_hosted"],
        federation=_federation(row["federation"]),
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        protocol=row["protocol"],
        older_protocol_at=row["older_protocol_at"],
        revision=row["revision"],
    )


def _federation(stored: dict[str, object] | None) -> Federation | None:
    if stored is None:
        return None
    clouds: dict[str, CloudIdentity | None] = {}
    for cloud in ("gcp", "aws", "azure"):
        identity = stored[cloud]
        clouds[cloud] = (
            CloudIdentity(audience=str(identity["audience"]), token_path=str(identity["token_path"]))
            if isinstance(identity, dict)
            else None
        )
    return Federation(
        issuer=str(stored["issuer"]),
        subject=str(stored["subject"]),
        gcp=clouds["gcp"],
        aws=clouds["aws"],
        azure=clouds["azure"],
    )
