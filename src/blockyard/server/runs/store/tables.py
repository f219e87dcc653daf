"""The tables of runs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from blockyard.server.kit.columns import Bytes, Instant, JsonText
from blockyard.server.kit.database import metadata

runs = Table(
    "runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("block_id", Uuid, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("project", String(64)),
    Column("provider", String(64), nullable=False),
    Column("definition_id", Uuid, nullable=False),
    Column("version_id", Uuid, nullable=False),
    Column("version_number", Integer, nullable=False),
    Column("runner_id", Uuid, nullable=False),
    Column("runner_workspace", String(64), nullable=False),
    Column("implementation", String(20), nullable=False),
    Column("hand_over", Boolean, nullable=False),
    Column("behavior", String(10), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("author", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("status", String(12), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("serves", Uuid),
    Column("depth", Integer, nullable=False, server_default="0"),
    Column("node_id", Text),
    Column("claimed_at", Instant),
    Column("finished_at", Instant),
    Column("quiet_until", Instant),
    Column("abort_requested_at", Instant),
    Column("abort_delivered_at", Instant),
    Column("abort_due_at", Instant),
    Column("summary", Text),
    Column("changes_detected", Boolean),
    Column("plan_run_id", Uuid),
    Column("warnings", JsonText, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("log_bytes", BigInteger, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("block_id", "number"),
    Index(
        "uq_runs_unfinished",
        "block_id",
        unique=True,
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
    Index(
        "ix_runs_queue",
        "runner_id",
        "created_at",
        "id",
        sqlite_where=text("status = 'PENDING'"),
        postgresql_where=text("status = 'PENDING'"),
    ),
    Index(
        "ix_runs_aborting",
        "abort_due_at",
        sqlite_where=text("abort_due_at IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=text("abort_due_at IS NOT NULL AND finished_at IS NULL"),
    ),
    Index(
        "ix_runs_serves",
        "serves",
        sqlite_where=text("serves IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=text("serves IS NOT NULL AND finished_at IS NULL"),
    ),
    Index("ix_runs_created_at", "created_at", "id"),
    Index("ix_runs_status_created_at", "status", "created_at", "id"),
    Index("ix_runs_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_runs_provider_created_at", "provider", "created_at", "id"),
)
"""`sequence` counts every visible change of a run, its steps and its log; `changed` is the number of the last change of this
row. Neither is part of the model's `revision`: log chunks must not disturb reports."""

attempts = Table(
    "run_attempts",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("claimer", String(10), nullable=False),
    Column("lease_seconds", Float),
    Column("node_id", Text),
    Column("claimed_at", Instant, nullable=False),
    Column("registered_at", Instant),
    Column("last_sign_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Index(
        "ix_run_attempts_expires_at",
        "expires_at",
        sqlite_where=text("state = 'LIVE'"),
        postgresql_where=text("state = 'LIVE'"),
    ),
)

sources = Table(
    "run_sources",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("source", String(255), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("external_run_id", Text),
    Column("external_run_url", Text),
)

steps = Table(
    "run_steps",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("source", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("status", String(12), nullable=False),
    Column("user_message", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("log_bytes", BigInteger, nullable=False),
    Column("log_carry", Bytes, nullable=False),
    Column("log_digest", String(64)),
    Column("changed", Integer, nullable=False),
    ForeignKeyConstraint(
        ["run_id", "attempt", "source"],
        ["run_sources.run_id", "run_sources.attempt", "run_sources.source"],
        ondelete="CASCADE",
    ),
)

log_chunks = Table(
    "run_log_chunks",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("source", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("data", Bytes, nullable=False),
    Index("ix_run_log_chunks_step", "run_id", "attempt", "source", "name", "offset"),
)
"""`data` holds whole characters where the log is UTF-8; a character cut at the end of a chunk waits in the step's `log_carry`."""

outputs = Table(
    "run_outputs",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("outputs", JsonText, nullable=False),
)

documents = Table(
    "run_documents",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("document", JsonText, nullable=False),
)
"""The document of the newest claim: without run token, secrets sealed."""

artifacts = Table(
    "run_artifacts",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("data", Bytes, nullable=False),
    Index("ix_run_artifacts_created_at", "created_at"),
)
"""Saved plans, encrypted with the master key."""
