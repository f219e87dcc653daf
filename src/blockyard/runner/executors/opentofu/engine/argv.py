"""The engine's command lines. Source: runner.md 3.12."""

from pathlib import Path

from blockyard.protocol.names import MaintenanceCommand
from blockyard.protocol.run import Maintenance

LOCK_TIMEOUT_SECONDS = 120
"""How long to wait for the state lock: as long as a lost attempt may hold it. Source: architecture.md 4."""

_LOCK = f"-lock-timeout={LOCK_TIMEOUT_SECONDS}s"
_WORK = ("-lock=true", "-parallelism=10", "-refresh=true")


def init(*, upgrade: bool) -> tuple[str, ...]:
    """Prepare the folder. Without `upgrade` the versions of the lock file stay."""
    return ("init", "-no-color", "-input=false", "-backend=true", "-get=true", f"-upgrade={str(upgrade).lower()}")


def plan(plan_file: Path) -> tuple[str, ...]:
    """Write a plan; exit code 2 says that it changes something."""
    return ("plan", "-no-color", "-input=false", "-detailed-exitcode", _LOCK, f"-out={plan_file}", *_WORK)


def apply(plan_file: Path | None = None) -> tuple[str, ...]:
    """Apply the saved plan, or make one and apply it."""
    saved = () if plan_file is None else (str(plan_file),)
    return ("apply", "-no-color", "-auto-approve", "-input=false", _LOCK, *_WORK, *saved)


def destroy() -> tuple[str, ...]:
    """Destroy everything."""
    return ("destroy", "-no-color", "-auto-approve", "-input=false", _LOCK, *_WORK)


def maintain(maintenance: Maintenance) -> tuple[str, ...]:
    """Work on the state itself."""
    words = {
        MaintenanceCommand.STATE_RM: ("state", "rm", "-lock=true", _LOCK),
        MaintenanceCommand.STATE_MV: ("state", "mv", "-lock=true", _LOCK),
        MaintenanceCommand.IMPORT: ("import", "-no-color", "-input=false", "-lock=true", _LOCK),
        MaintenanceCommand.TAINT: ("taint", "-lock=true", _LOCK),
        MaintenanceCommand.UNTAINT: ("untaint", "-no-color", "-lock=true", _LOCK),
    }
    return (*words[maintenance.command], *maintenance.arguments)


def output() -> tuple[str, ...]:
    """Print the outputs as JSON."""
    return ("output", "-no-color", "-json")


def show(plan_file: Path) -> tuple[str, ...]:
    """Print a saved plan as JSON, secrets too."""
    return ("show", "-no-color", "-json", str(plan_file))


def list_workspaces() -> tuple[str, ...]:
    """List the workspaces, the current one marked."""
    return ("workspace", "list", "-no-color")


def select_workspace(name: str) -> tuple[str, ...]:
    """Make a workspace the current one."""
    return ("workspace", "select", "-no-color", name)


def new_workspace(name: str) -> tuple[str, ...]:
    """Create a workspace and make it the current one."""
    return ("workspace", "new", "-no-color", name)


def delete_workspace(name: str) -> tuple[str, ...]:
    """Delete a workspace, whatever its state still holds."""
    return ("workspace", "delete", "-no-color", "-force", name)
