"""Saves the state that an engine could not store. Source: hub-usage.md B4, B5."""

from pathlib import Path

import structlog

from blockyard.runner.executors.opentofu.initialization import Initialized
from blockyard.runner.executors.opentofu.own_names import ERRORED_STATE
from blockyard.runner.executors.opentofu.state.client import StateError
from blockyard.runner.executors.opentofu.work import ModuleWork
from blockyard.runner.frame.files import remove
from blockyard.runner.frame.made_files import copy_made, is_made, read_made

KEPT_STATES = "errored-states"
MAX_STATE_BYTES = 64 * 1024 * 1024
"""What the control plane takes."""

MAX_KEPT_BYTES = 1024 * 1024 * 1024
"""What the runner keeps at most."""

log = structlog.get_logger()


def forget_errored_state(run_dir: Path) -> None:
    """Remove what a script left: only what the engine of this run has written is a state of the block."""
    path = run_dir / ERRORED_STATE
    if path.is_symlink() or path.exists():
        remove(path)


def rescue_state(work: ModuleWork, initialized: Initialized) -> None:
    """Upload the state a failed command left behind; keep it on the runner if that fails, and say so."""
    path = work.run_dir / ERRORED_STATE
    if not is_made(work.run_dir, ERRORED_STATE):
        return
    if initialized.backend.injected:
        try:
            work.state(initialized.address).write(read_made(work.run_dir, ERRORED_STATE, max_bytes=MAX_STATE_BYTES))
        except (StateError, ValueError, RecursionError, OSError) as error:
            work.say(f"\nThe engine could not store the state, and the runner could not either: {error}.")
        else:
            path.rename(path.with_name(f"{ERRORED_STATE}.stored"))
            work.say("\nThe engine could not store the state; the runner has stored it for it.")
            log.warning("state rescued", run_id=work.run_id, block_id=work.block.uuid)
            return
    folder = work.settings.work_dir / KEPT_STATES
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = folder / f"{work.block.uuid}-{work.run_id}.tfstate"
    copy_made(work.run_dir, ERRORED_STATE, kept, max_bytes=MAX_KEPT_BYTES)
    work.say(f"The state is kept on the runner as {kept.name}. Its operator must push it before the next run.")
    log.error("state kept", run_id=work.run_id, block_id=work.block.uuid, file=str(kept))
