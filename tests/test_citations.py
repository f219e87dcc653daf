"""What the code, the tests and the documents name as their source is a section that exists."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "docs" / "contract"
PLACES = {path.name: path for path in [*CONTRACT.glob("[!R]*.md"), ROOT / "docs" / "architecture.md"]}
CITING = sorted(
    path
    for folder in ("src", "tests", "bench", "chaos", "catalogue", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".md", ".html", ".js", ".css"} and "dist" not in path.parts and path != Path(__file__)
)

_NAME = re.compile(r"""(?<![\w/(\[`"-])(""" + "|".join(re.escape(name) for name in sorted(PLACES)) + ")")
_ITEM = r"(?:(?:appendix |section )?(?:\d+(?:\.\d+)*|[A-E]\d?)(?![\w.]*\w)(?: #\d+)?|#\d+|rule \d+)"
_SECTIONS = re.compile(rf"\s+({_ITEM}(?:(?:, and |, | and | to |-){_ITEM})*)")
_ITEMS = re.compile(r"#\d+|rule \d+|\d+(?:\.\d+)*|[A-E]\d?(?!\w)")
_HEADING = re.compile(r"^#{2,6} (?:Part |Appendix )?(\d+(?:\.\d+)*|[A-E]\d?)\b[. ]", re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in CITING if _NAME.search(path.read_text("utf-8"))], ids=str)
def test_every_citation_leads_to_a_section(path: Path) -> None:
    assert list(_unresolved(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("document", sorted(PLACES))
def test_every_section_that_a_document_names_of_itself_exists(document: str) -> None:
    named = re.findall(
        r"(?<!\.md )\b(?:[Ss]ection|[Aa]ppendix) (\d+(?:\.\d+)*|[A-E]\d?)\b", PLACES[document].read_text("utf-8")
    )

    assert set(named) - set(_bodies(document)) == set()


@pytest.mark.parametrize("document", sorted(PLACES))
def test_no_section_has_the_number_of_another(document: str) -> None:
    numbers = _HEADING.findall(PLACES[document].read_text("utf-8"))

    assert len(numbers) == len(set(numbers))
    assert numbers


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Source: api.md 3.18 (create), concepts.md 10.", []),
        ("Source: runner.md 1.3 #6, #9, 1.10; api.md 3.20.", []),
        ("Source: runner.md 3.9, rule 6. And api.md 3.16-3.18, hub-usage.md B3 to B5; api.md appendix A.", []),
        ("Source: api.md 3.99.", ["api.md 3.99"]),
        ("Source: concepts.md 5.3, 8 and 77.", ["concepts.md 77"]),
        ("Source: runner.md 1.3 #99.", ["runner.md 1.3 #99"]),
        ("Source: architecture.md 4, rule 77.", ["architecture.md 4 rule 77"]),
        ("Source: hub-usage.md B9, 4.", ["hub-usage.md B9", "hub-usage.md 4"]),
        ("Source: api.md, somewhere.", ["api.md without a section"]),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str, wrong: list[str]) -> None:
    assert list(_unresolved(text)) == wrong


def _unresolved(text: str) -> Iterator[str]:
    """Yield what `text` cites and what does not exist. A line may end within a citation."""
    for name in _NAME.finditer(text):
        sections = _SECTIONS.match(text, name.end())
        if sections is None:
            yield f"{name[1]} without a section"
            continue
        section = ""
        for item in _ITEMS.findall(sections[1]):
            if item.startswith(("#", "rule ")):
                entry = rf"^(?:\| )?{item.removeprefix('#').removeprefix('rule ')}(?:\.| \|) "
                if not re.search(entry, _bodies(name[1]).get(section, ""), re.MULTILINE):
                    yield f"{name[1]} {section} {item}"
                continue
            section = item
            if section not in _bodies(name[1]):
                yield f"{name[1]} {section}"


@cache
def _bodies(name: str) -> dict[str, str]:
    """Return the text of each section of a document by its number."""
    text = PLACES[name].read_text("utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return {heading[1]: text[heading.end() : end] for heading, end in zip(headings, ends, strict=True)}
