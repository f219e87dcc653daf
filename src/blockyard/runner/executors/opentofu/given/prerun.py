"""The pre-run script of a definition. Source: runner.md 3.13."""

from collections.abc import Callable
from pathlib import Path

from blockyard.protocol.masking import HELD_LIMIT
from blockyard.protocol.run import Behavior
from blockyard.runner.executors.opentofu.own_names import MESSAGE_STEM, SCRIPT_FILE
from blockyard.runner.frame.files import write_private
from blockyard.runner.frame.made_files import read_beginning
from blockyard.runner.frame.values import ending

DECRYPTED_RUN_JSON = "MESHSTACK_RUN_JSON_DECRYPTED"
"""Environment input by which a definition asks for open secrets on its script's standard input."""

MESSAGE_VARIABLE = "MESHSTACK_USER_MESSAGE"
MAX_MESSAGE_BYTES = 64 * 1024
"""Longer messages to the consumer are cut."""


def script_text(given: str | None) -> str | None:
    """Return the script with line ends bash understands; None if there is nothing to run."""
    return given.replace("\r\n", "\n") if given and given.strip() else None


def command(bash: str, script: Path, behavior: Behavior) -> tuple[str, ...]:
    """Return the command line of the script."""
    return (bash, "--noprofile", "--norc", "-e", "-o", "pipefail", str(script), behavior.value)


def write_script(run_dir: Path, text: str) -> Path:
    """Write the script into the run directory and return its path."""
    path = run_dir / SCRIPT_FILE
    write_private(path, text.encode("utf-8", "replace"))
    return path


def message_file(run_dir: Path, run_id: str) -> Path:
    """Return where the script may leave a message for the consumer; the same for every attempt to follow it."""
    return run_dir / f"{MESSAGE_STEM}{run_id[:8]}.txt"


def failure(exit_code: int) -> str:
    """Return what to tell the consumer about a script that failed without a message of its own."""
    return f"script failed with exit code {exit_code}" if exit_code >= 0 else f"script {ending(exit_code)}"


def take_message(path: Path, mask: Callable[[str], str]) -> str | None:
    """Read and delete what the script wrote for the consumer. It is masked before it is cut: a cut secret is not found."""
    try:
        content = read_beginning(path.parent, path.name, max_bytes=MAX_MESSAGE_BYTES + HELD_LIMIT)
        path.unlink(missing_ok=True)
    except OSError:
        return None
    text = mask(content.decode("utf-8", errors="replace"))
    return text.encode()[:MAX_MESSAGE_BYTES].decode("utf-8", errors="ignore").strip() or None
