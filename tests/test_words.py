"""Messages, help texts and documents are plain English.

Each pattern stands for a kind of phrase that was met and hard to read; beside it stands what to write instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TEMPLATES = sorted((ROOT / "src").rglob("*.html"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "changelog.d").glob("*.md"))]

PHRASES = {
    r"(?<!here )\b(?:is|are|was) no (?!longer\b|more\b|such\b|less\b)\w+": "'x' is not a …; unknown …",
    r"\bshall\b": "what is meant: must, will, or leave it out",
    r"\bnobody can be \w+": "cannot …: this is not a terminal",
    r"\bgoes? before (?:BLOCKYARD_|the\b|a\b|that\b|both\b)": "takes precedence over",
    r"\bsay --\w+": "pass --…",
    r"' means? (?:\d+|several|two) \w+s\b": "matches 2 …",
    r"\bGive the whole id\b": "Use an id",
    r"\botherwise\.": "name what is different",
    r"\bto itself\b": "visible to … only",
    r"\bcan be \w+ by you\b": "you can …",
    r"\b(?:sessions?|tokens?|inputs?|keys?) of yours\b": "your …",
    r"\bhow it stands\b": "its status",
    r"\bthe content it has\b": "its current …",
    r"\bits owner's alone\b": "only its owner can read",
    r"\bis the one of this\b": "matches this",
    r"\bnobody knows\b": "unknown …",
    r"codec can't": "what is wrong with the value, in our own words",
    r"\bpreflight\b": "plan",
    r"\bis or was the name\b": "is taken",
    r"\bat the latest after\b": "after … at the latest",
    r"\bexclude each other\b": "give only one of",
    r"Errno|Input should be|Field required|Extra inputs": "our own words instead of those of a library",
}
PATTERNS = {re.compile(pattern, re.IGNORECASE): better for pattern, better in PHRASES.items()}


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that may be shown, with their lines: all but its docstrings."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def prose_of(document: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a document, or of a page."""
    yield from enumerate(document.splitlines(), start=1)


def found_in(path: Path) -> list[str]:
    """Return every phrase in a file that is hard to read, with its place and what to write instead."""
    content = path.read_text(encoding="utf-8")
    texts = texts_of(content) if path.suffix == ".py" else prose_of(content)
    return [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r}: write {better!r}"
        for line, text in texts
        for pattern, better in PATTERNS.items()
        if (match := pattern.search(text))
    ]


def test_what_people_read_is_plain_english() -> None:
    found = [line for path in [*SOURCES, *TEMPLATES, *DOCUMENTS] for line in found_in(path)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    [
        "'127.0.0.1:8961' is no address of a server",
        "nobody can be asked for the password",
        "nothing shall change",
        "'Note' means 2 definitions: a, b",
        "goes before BLOCKYARD_URL and the stored sign-in",
        "choose an empty place, or say --force",
        "None of the inputs of this building block can be changed by you.",
        "[Errno 17] File exists",
        "z.toml: nobody knows zork",
        "'utf-8' codec can't decode byte 0xff",
    ],
)
def test_the_phrases_that_were_met_are_found(sentence: str) -> None:
    assert any(pattern.search(sentence) for pattern in PATTERNS)


@pytest.mark.parametrize(
    "sentence", ["there is no building block 'x'", "There is no terminal.", "it is no longer there"]
)
def test_plain_sentences_are_left_alone(sentence: str) -> None:
    assert not any(pattern.search(sentence) for pattern in PATTERNS)
