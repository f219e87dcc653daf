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
    false,
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
    Column("platform", String(255)),
    Column("provider", String(64), nullable=False),
    Column("definition_id", Uuid, nullable=False),
    Column("version_id", Uuid, nullable=False),
    Column("version_number", Integer, nullable=False),
    Column("runner_id", Uuid, nullable=False),
    Column("runner_workspace", String(64), nullable=False),
    Column("implementation", String(20), nullable=False),
    Column("hand_over", Boolean, nullable=False),
    Column("permissions", JsonText, nullable=False, server_default="[]"),
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
    Column("task", JsonText),
    Column("needs_protocol", Integer, nullable=False, server_default="0"),
    Column("awaits_approval", Boolean, nullable=False, server_default=false()),
    Column("passes_since", Instant),
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
    Column("key_hash", String(64)),
    Index(
        "ix_run_attempts_key_hash",
        "key_hash",
        unique=True,
        sqlite_where=text("key_hash IS NOT NULL"),
        postgresql_where=text("key_hash IS NOT NULL"),
    ),
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
    Column("sha256", String(64)),
    Index("ix_run_artifacts_created_at", "created_at"),
)
"""Saved plans, encrypted with the master key; `sha256` is that of the plan in clear, unknown of older ones."""

plans = Table(
    "run_plans",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("source", String(10), nullable=False),
    Column("counts", JsonText, nullable=False),
    Column("outputs", Integer, nullable=False),
    Column("moved", Integer, nullable=False),
    Column("imported", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("digest", String(64)),
)
"""What the plans of DETECT runs would change, in numbers."""

changes = Table(
    "run_changes",
    metadata,
    Column("run_id", Uuid, ForeignKey("run_plans.run_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("action", String(10), nullable=False),
    Column("is_output", Boolean, nullable=False),
    Column("address", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("document", JsonText, nullable=False),
    Index("ix_run_changes_action", "run_id", "action", "is_output", "position"),
)
"""The same one by one, without secrets; positions count from 0 in the order of the plan, outputs last."""

approvals = Table(
    "run_approvals",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("block_id", Uuid, nullable=False),
    Column("plan_run_id", Uuid, nullable=False),
    Column("plan_digest", String(64)),
    Column("changes_digest", String(64)),
    Column("needed", Integer, nullable=False),
    Column("four_eyes", Boolean, nullable=False),
    Column("types_name", Boolean, nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("wanted_by", JsonText, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("plan_expires_at", Instant),
    Column("votes", JsonText, nullable=False),
    Column("outcome", String(12)),
    Column("decided_at", Instant),
    Column("decided_by", JsonText),
    Column("comment", Text),
    Column("also_wanted_by", JsonText, nullable=False, server_default="[]"),
    Column("lifetime_hours", Integer, nullable=False, server_default="168"),
    Column("keeps_waiting", Boolean, nullable=False, server_default=false()),
    Column("remind_at", Instant),
    Column("deputy_group", String(255)),
    Column("deputy_at", Instant),
    Index("ix_run_approvals_block_id", "block_id", "requested_at"),
    Index(
        "ix_run_approvals_to_remind",
        "remind_at",
        sqlite_where=text("remind_at IS NOT NULL"),
        postgresql_where=text("remind_at IS NOT NULL"),
    ),
    Index(
        "ix_run_approvals_open",
        "expires_at",
        sqlite_where=text("outcome IS NULL"),
        postgresql_where=text("outcome IS NULL"),
    ),
)
"""What runs wait for, or have waited for, before they apply a plan. The row of the run is saved with each change of its own."""
