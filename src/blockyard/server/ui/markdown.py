"""Markdown that people and runners wrote, as HTML that cannot do any harm."""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_ALLOWED_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ALLOWED_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}

_DEEPEST = 6
_SHIFT = 2
"""The page and its sections have the first two levels of headings."""

_MAX_CHARACTERS = 100_000
"""What is longer is cut: a page must not hang on a text."""

_BLOCK_MENTION = re.compile(
    r"@buildingblock\[([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\]"
)
"""A mention of another block. Source: concepts.md 7, SUMMARY."""

_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def as_html(text: str) -> Markup:
    """Return sanitised HTML of a markdown text; raw HTML in it shows as text, images are left out."""
    text = _BLOCK_MENTION.sub(r"[building block](/blocks/\1)", text[:_MAX_CHARACTERS])
    tokens = _parser.parse(text)
    for token in tokens:
        _lower_heading(token)
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        html,
        tags=_ALLOWED_TAGS,
        attributes=_ALLOWED_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704  sanitised one line above


def _lower_heading(token: Token) -> None:
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(_DEEPEST, int(token.tag[1:]) + _SHIFT)}"
