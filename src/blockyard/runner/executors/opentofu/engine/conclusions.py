"""Tells from what the engine printed how it ended, for the case that its supervisor was killed and nobody noted it.

The engine's own last words stand at the start of a line; what its scripts print stands behind the name of a resource, and
what a provider says comes after `Error: `. The first such line decides: behind its last words the engine prints outputs, whose
lines may look like anything. What tells neither way is not guessed at.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from blockyard.runner.frame.executor import Conclude, inconclusive
from blockyard.runner.frame.made_files import open_made

CHANGES = 2
"""Exit code of a plan that changes something."""

_LINE_BYTES = 64 * 1024

_FAILED = {r"(?:│ )?Error: ": 1}
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
    words = [(re.compile(text), code) for text, code in {**_FAILED, **last_words}.items()]
    for line in _lines(output):
        code = next((code for pattern, code in words if pattern.match(line)), None)
        if code is not None:
            return code
    return None


def _lines(output: Path) -> Iterator[str]:
    """Yield the beginnings of all lines of a file; none if there is no such regular file."""
    with suppress(OSError), open_made(output.parent, output.name) as file:
        is_beginning = True
        while piece := file.readline(_LINE_BYTES):
            if is_beginning:
                yield piece.decode("utf-8", errors="replace").rstrip("\r\n")
            is_beginning = piece.endswith(b"\n")
