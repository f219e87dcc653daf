"""Reads the words of options: what is none of them is wrong usage, told with the name of the option."""

from datetime import UTC, date, datetime

import typer

NONE = "none"
"""Takes away what may be left out."""


def day(word: str) -> str:
    """Return a day as it was given. Raises BadParameter."""
    try:
        is_day = date.fromisoformat(word).isoformat() == word
    except ValueError:
        is_day = False
    if not is_day:
        raise typer.BadParameter(f"'{word}' is not a date; give a day that exists as YYYY-MM-DD, such as 2026-12-31")
    return word


def day_or_none(word: str) -> str:
    """Return a day, or the word that takes it away. Raises BadParameter."""
    return word if word == NONE else day(word)


def last_day(word: str) -> str:
    """Return the last day of something new. Raises BadParameter: it has passed."""
    if date.fromisoformat(day(word)) < datetime.now(UTC).date():
        raise typer.BadParameter(f"a key whose last day is {word} would have expired already; give a day from today on")
    return word


def moment(word: str) -> str:
    """Return a day or a time as an instant of the wire; a time without a zone is one of this machine. Raises BadParameter."""
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        raise typer.BadParameter(
            f"'{word}' is neither a day nor a time; give one such as 2026-12-31 or 2026-12-31T12:00:00Z"
        ) from None
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def whole_number_or_none(word: str) -> str:
    """Return a whole number as it was given, or the word that takes it away. Raises BadParameter."""
    try:
        return word if word == NONE else str(int(word))
    except ValueError:
        raise typer.BadParameter(f"'{word}' is not a whole number, nor '{NONE}'") from None


def key_and_number(word: str) -> str:
    """Return a pair with a whole number as it was given. Raises BadParameter."""
    key, _, number = word.rpartition("=")
    try:
        int(number)
    except ValueError:
        key = ""
    if not key:
        raise typer.BadParameter(f"'{word}' is not KEY=NUMBER, such as limits.cpu=8")
    return word


def key_and_value(word: str) -> str:
    """Return a pair as it was given. Raises BadParameter."""
    key, equals, _ = word.partition("=")
    if not (key and equals):
        raise typer.BadParameter(f"'{word}' is not KEY=VALUE, such as cost-center=4711")
    return word
