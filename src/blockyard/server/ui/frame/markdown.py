"""Markdown that people and runners wrote, as HTML that cannot do any harm.

The parser needs some ten microseconds for each character that may mean something, and far more where thousands of them stand in
one paragraph. So what a text will cost is counted first, and one that costs too much, alone or with all others of its page, shows as
it was written. What was rendered is kept for the next who look at it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

_ALLOWED_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ALLOWED_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}

_DEEPEST = 6
_HIGHEST = 3
"""The page and its sections have the first two levels of headings."""

_MAX_CHARACTERS = 100_000
"""What is longer is cut."""

_MEANS_SOMETHING = re.compile(r"[\[\]()!*_~`<>&|\\\n]")
_PLAIN_PER_COST = 32
"""So many other characters cost as much as one that may mean something."""

MAX_BLOCK_COST, MAX_TEXT_COST, MAX_PAGE_COST = 5_000, 20_000, 40_000
"""Of one paragraph, table or list; of one text; of all texts of a page. A readme of 30 KB costs about 3,000."""

_KEPT = 64
"""How many rendered texts are kept."""

_left: ContextVar[list[int] | None] = ContextVar("left", default=None)
"""What the page that is rendered in this context may still spend."""

_BLOCK_MENTION = re.compile(
    r"@buildingblock\[([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\]"
)
"""A mention of another block. Source: concepts.md 7, SUMMARY."""

_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def as_html(text: str) -> Markup:
    """Return sanitised HTML of a markdown text; raw HTML in it shows as text, images are left out."""
    text = text[:_MAX_CHARACTERS]
    return _rendered(text) if _is_affordable(text) else _as_written(text)


@contextmanager
def page_budget() -> Iterator[None]:
    """Let all texts that are rendered meanwhile cost no more than a page may."""
    token = _left.set([MAX_PAGE_COST])
    try:
        yield
    finally:
        _left.reset(token)


def _is_affordable(text: str) -> bool:
    cost = 0
    for block in text.replace("\r\n", "\n").split("\n\n"):
        of_block = _cost(block)
        cost += of_block
        if of_block > MAX_BLOCK_COST or cost > MAX_TEXT_COST:
            return False
    left = _left.get()
    if left is None:
        return True
    if cost > left[0]:
        return False
    left[0] -= cost
    return True


def _cost(block: str) -> int:
    """Return what a block costs; a table fills each of its rows up to the widest."""
    cells = max(line.count("|") for line in block.split("\n")) * block.count("\n")
    return len(_MEANS_SOMETHING.findall(block)) + len(block) // _PLAIN_PER_COST + cells + len("\n\n")


def _as_written(text: str) -> Markup:
    lines = escape(text).splitlines()
    return Markup("<p>") + Markup("<br>").join(lines) + Markup("</p>")


@lru_cache(maxsize=_KEPT)
def _rendered(text: str) -> Markup:
    text = _BLOCK_MENTION.sub(r"[building block](/blocks/\1)", text)
    tokens = _parser.parse(text)
    _lower_headings(tokens)
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        html,
        tags=_ALLOWED_TAGS,
        attributes=_ALLOWED_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704  sanitised one line above


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Let headings begin below those of the page and its sections, and leave no level out, wherever the author began."""
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    for place, level in enumerate(sorted({token.tag for token in headings}), _HIGHEST):
        for token in (heading for heading in headings if heading.tag == level):
            token.tag = f"H{min(_DEEPEST, place)}"
    for token in headings:
        token.tag = token.tag.lower()
