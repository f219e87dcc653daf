"""Tells from what the engine printed how it ended, for the case that its supervisor was killed and nobody noted it.

The engine's own last words stand at the start of a line; what its scripts print stands behind the name of a resource, and
what a provider says comes after `Error: `. What tells neither way is not guessed at.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from blockyard.runner.executors.executor import Conclude, inconclusive
from blockyard.runner.made_files import read_end

CHANGES = 2
"""Exit code of a plan that changes something."""

TAIL_BYTES = 256 * 1024
"""How much of a command's output is searched for errors."""

_ERROR = re.compile(r"(?m)^(?:│ )?Error: ")
_LAST_WORDS: dict[str, dict[str, int]] = {
    "init": {r"(?:Terraform|OpenTofu) has been successfully initialized!$": 0},
    "plan": {r"Saved the plan to: ": CHANGES, r"No changes\. ": 0},
    "apply": {r"Apply complete! Resources: \d+ ": 0},
    "destroy": {r"Destroy complete! Resources: \d+ ": 0},
}


def conclusion(argv: Sequence[str]) -> Conclude:
    """Return what tells the exit code of this command from its output."""
    subcommand = next((word for word in argv if word in _LAST_WORDS), None)
    return inconclusive if subcommand is None else lambda output: _exit_code(_LAST_WORDS[subcommand], output)


def _exit_code(last_words: dict[str, int], output: Path) -> int | None:
    said = read_end(output, max_bytes=TAIL_BYTES).decode("utf-8", errors="replace")
    if _ERROR.search(said):
        return 1
    return next((code for words, code in last_words.items() if re.search(f"(?m)^{words}", said)), None)
