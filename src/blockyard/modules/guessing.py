"""What a configuration file that cannot be read seems to declare, so that a run declares nothing twice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIECE = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\[^\n])*"?)'
    r"|(?P<comment>/\*)"
    r"|(?P<skip>(?:#|//)[^\n]*|[ \t\r]+)"
    r"|(?P<word>[\w-]+)"
    r"|(?P<sign>.|\n)"
)
"""Each alternative takes what it began, so that no text is looked at twice."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The backend and the variables that a file seems to declare."""

    backend: str | None = None
    has_address: bool = False
    """The word `address` follows the backend somewhere."""
    variables: tuple[str, ...] = ()


def guess(text: str) -> Guess:
    """Return what `text` seems to declare, in time that grows with its length alone."""
    backend: str | None = None
    has_address = False
    variables: list[str] = []
    before: tuple[str, ...] = ("\n", "\n", "\n")
    for piece in _pieces(text):
        if piece == "{":
            match before:
                case (_, "backend", label) if label.startswith('"'):
                    backend = backend or label.strip('"')
                case (_, "variable", label):
                    variables.append(label.strip('"'))
                case (_, "\n", "cloud"):
                    backend = backend or "cloud"
                case _:
                    pass
        has_address = has_address or (backend is not None and piece == "address")
        before = (*before[1:], piece)
    return Guess(backend, has_address, tuple(variables))


def _pieces(text: str) -> Iterator[str]:
    """Yield words, strings and signs, comments and blanks left out."""
    position = 0
    while match := _PIECE.match(text, position):
        position = match.end()
        if match.lastgroup == "comment":
            closing = text.find("*/", position)
            position = len(text) if closing < 0 else closing + 2
        elif match.lastgroup != "skip":
            yield match[0]
