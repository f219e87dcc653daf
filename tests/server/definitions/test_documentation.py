"""The documentation that is made from a version."""

from collections.abc import Callable
from typing import Any

import pytest
from markdown_it import MarkdownIt

from blockyard.server.definitions.model.documentation import code, inline, table
from tests.support.definitions import (
    VERSIONS,
    Catalogue,
    a_secret_input,
    an_input,
    an_output,
    definition_ref,
    next_draft,
    terraform,
)
from tests.support.principals import a_key

EVIL = (
    "a | b\n# c\n```\n<script>x</script> [l](javascript:x) ![i](x) *b* _u_ `q` ~~s~~ https://e.test @me &amp; \\| $1$"
)


def documentation_of(version: Any) -> str:
    return f"/api/blockyard/v1/definitionversions/{version['metadata']['uuid']}/documentation"


def kinds_of(markdown: str) -> list[str]:
    """Return the kinds of all elements of a markdown document, but of its texts."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    inner = [child for token in tokens for child in token.children or ()]
    return [token.type for token in [*tokens, *inner] if token.type not in {"text", "inline", "text_special"}]


def test_it_says_what_a_version_takes_gives_needs_and_may_do(catalogue: Catalogue) -> None:
    parent, _released = catalogue.released(
        {"inputs": {"cidr": an_input()}, "implementation": {"type": "manual"}}, displayName="Network"
    )
    content = {
        "implementation": terraform(),
        "permissions": ["TENANT_LIST", "PROJECT_LIST"],
        "dependencyDefinitionRefs": [definition_ref(parent)],
        "inputs": {
            "name": an_input(displayName="Bucket name", description="Unique", valueValidationRegex="^[a-z]+$"),
            "size": an_input(type="INTEGER", defaultValue=16, updateableByConsumer=True, displayOrder=1),
            "tier": an_input(
                type="SINGLE_SELECT", assignmentType="PLATFORM_OPERATOR_MANUAL_INPUT", selectableValues=["hot", "cold"]
            ),
            "token": a_secret_input("t0ps3cret"),
            "cidr": an_input(
                assignmentType="BUILDING_BLOCK_OUTPUT", argument=f"{parent['metadata']['uuid']}.cidr", displayOrder=2
            ),
        },
        "outputs": {"url": an_output(assignmentType="RESOURCE_URL")},
    }
    _definition, version = catalogue.released(content)

    answer = catalogue.http.send("GET", documentation_of(version), media="*/*")

    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    text = answer.text
    assert text.startswith("# Bucket, version 1\n\nCreates a bucket\n\n")
    assert "| Executed by | OpenTofu `1.9.0` |" in text
    assert "| `name` | Bucket name | STRING | required | Unique Matches `^[a-z]+$`. |" in text
    assert "| `size` | Name | INTEGER | `16` | May be changed later. |" in text
    assert "### Given by the platform team" in text
    assert "One of `hot`, `cold`." in text
    assert "| `token` | Name | STRING, secret | fixed by the platform team |  |" in text
    assert "output `cidr` of Network" in text
    assert "| `url` | URL | STRING | link to what was made |" in text
    assert "## Dependencies\n\n- Network\n" in text
    assert "- See projects\n- See tenants\n\nPermissions: `PROJECT_LIST`, `TENANT_LIST`\n" in text
    assert "t0ps3cret" not in text


def test_others_read_that_of_what_is_released_for_them(catalogue: Catalogue) -> None:
    _definition, version = catalogue.released()
    draft = catalogue.ok("POST", VERSIONS, next_draft(version))
    assert "State | draft" in catalogue.http.send("GET", documentation_of(draft), media="*/*").text
    catalogue.be(a_key("shop"))

    assert "None: its runs have no access" in catalogue.http.send("GET", documentation_of(version), media="*/*").text
    assert catalogue.http.send("GET", documentation_of(draft), media="*/*").status_code == 404


@pytest.mark.one_database
def test_texts_of_authors_change_nothing_of_the_form(catalogue: Catalogue) -> None:
    def documented(text: str, option: str) -> str:
        content = {
            "inputs": {
                option: an_input(displayName=text, description=text, defaultValue=option),
                "o": an_input(type="SINGLE_SELECT", displayName=text, selectableValues=[option]),
            },
            "outputs": {
                option: an_output(displayName=text),
                "o": an_output(displayName=text),
            },
            "implementation": {"type": "manual"},
        }
        _definition, version = catalogue.released(content, displayName=text[:128], description=text)
        return catalogue.http.send("GET", documentation_of(version), media="*/*").text

    evil, plain = documented(EVIL, "a|`b`|c``"), documented("plain", "plain")

    assert kinds_of(evil) == kinds_of(plain)
    assert len(evil.splitlines()) == len(plain.splitlines())


@pytest.mark.parametrize("write", [inline, code])
@pytest.mark.parametrize("text", [EVIL, "`", "``", "\\", "|", "\\|", "a`", "\u2028x", "\x00", "- x", "1. x", "    x"])
def test_a_text_stays_one_cell_of_a_table(write: Callable[[str], str], text: str) -> None:
    kinds = kinds_of(table(("one", "two"), [[write(text), "end"]]))

    assert kinds.count("td_open") == 2
    assert not {"link_open", "image", "html_inline", "html_block", "heading_open", "em_open", "s_open"} & set(kinds)
