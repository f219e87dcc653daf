"""What executors know of the identity tokens of a run: whether something names one's path, and that they are there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class IdentityError(Exception):
    """A run cannot have the identity token that it needs; the message is for people."""


class IdentityTokens(Protocol):
    """The identity tokens of one run, kept in files and renewed while the run lasts."""

    def placed(self, text: str) -> str:
        """Return a text in which paths of tokens are those of this run. Each that it names will be provided."""

    def located(self, path: str) -> Path | None:
        """Return the file of the token that the commands of the run find at a path; None if there is none of this run."""

    def provide(self) -> Sequence[str]:
        """Bring the tokens that the run needs, before its next command; return what to say about them. Raises IdentityError."""


class NoTokens:
    """A run that has none."""

    def placed(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def located(self, path: str) -> Path | None:
        """Return nothing: there is none."""

    def provide(self) -> Sequence[str]:
        """Bring nothing."""
        return ()
