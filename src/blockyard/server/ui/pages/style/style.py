"""Every part that pages are made of, in both themes: with the setting `style_page` only, for those who work on pages."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.model.block import Block, BlockId, BlockStatus, Operation
from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.events.model import SYSTEM
from blockyard.server.kit.clock import Clock
from blockyard.server.ui.frame import values, words
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.forms import Field
from blockyard.server.ui.frame.lists import Cell, Head, Row
from blockyard.server.ui.frame.site import Site

THEMES = ("light", "dark")

_NOBODY = UUID(int=0)

_SUMMARY = """## Your bucket is ready

It keeps **30 days** of versions; see [the manual](https://example.org). Use it with `aws s3 ls`.

| environment | region |
|---|---|
| production | eu-central-1 |

- one
- two
"""

_VALUES = {
    "Text": values.shown("arn:aws:s3:::invoices"),
    "Number": values.shown(0),
    "Code": values.shown({"allow": ["read"]}),
    "List": values.shown(["ci", "audit"]),
    "Link": values.Shown("link", "https://console.example.org/buckets/invoices"),
    "Secret": values.Shown("secret", values.MASK),
    "File": values.Shown("file", "text/plain, 7 bytes"),
    # as all that is too long is shown, but for its length: axe looks at each line whenever it looks at anything
    "Long": values.Shown("cut", "line of a long text\n" * 50, whole="/style"),
    "Empty": values.shown(""),
    "Missing": values.shown(None),
}


def add_style(router: APIRouter, site: Site) -> None:
    """Add the route of the page."""

    @router.get("/style")
    async def show_style(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        return site.page(request, visitor, "pages/style/style.html", _context(site.clock))


def _context(clock: Clock) -> dict[str, object]:
    return {
        "themes": THEMES,
        "tones": ("success", "info", "warning", "error"),
        "badges": block_badges(clock),
        "run_badges": [*(words.status_badge(status) for status in RunStatus), words.SKIPPED],
        "heads": [Head("Name", "ascending", "#"), Head("Status", None, "#"), Head("Last change", None, None)],
        "rows": _rows(clock),
        "fields": _fields(),
        "values": _VALUES,
        "prose": _SUMMARY,
        "questions": {theme: _question(theme) for theme in THEMES},
        "crumbs": [("Building blocks", "/blocks"), ("invoices bucket", "/blocks"), ("Run 7", None)],
    }


def block_badges(clock: Clock) -> Sequence[words.Badge]:
    """Return every status that a block may show, each once."""
    found = {
        (badge := words.block_badge(_block(clock, status, operation), is_yours=is_yours)).text: badge
        for status in BlockStatus
        for operation in Operation
        for is_yours in (False, True)
    }
    return list(found.values())


def _block(clock: Clock, status: BlockStatus, operation: Operation) -> Block:
    return Block(
        id=BlockId(_NOBODY),
        display_name="invoices bucket",
        name="invoices bucket",
        workspace="shop",
        provider="platform",
        definition_id=DefinitionId(_NOBODY),
        version_id=VersionId(_NOBODY),
        version_number=1,
        author=SYSTEM,
        created_at=clock(),
        status=status,
        operation=operation,
    )


def _rows(clock: Clock) -> Sequence[Row]:
    now = clock()
    ready = words.block_badge(_block(clock, BlockStatus.SUCCEEDED, Operation.CREATION), is_yours=False)
    pending = words.block_badge(_block(clock, BlockStatus.PENDING, Operation.CREATION), is_yours=False)
    return [
        Row("#", [Cell(text="invoices bucket", detail="Object storage v3"), Cell(badge=ready), Cell(at=now)]),
        Row(
            "#",
            [
                Cell(text="a database with quite a long name that has to wrap somewhere", detail="PostgreSQL v12"),
                Cell(badge=pending, detail=pending.detail),
                Cell(at=now - timedelta(days=3), detail="by Sam"),
            ],
        ),
    ]


def _fields() -> Sequence[Field]:
    def one(label: str, control: str, **members: object) -> Field:
        given: dict[str, object] = {"key": label, "name": label, "label": label, "help": None, "was": "", **members}
        return Field(control=control, **given)  # type: ignore[arg-type]  # the members of a field

    return [
        one("Text", "lines", text="invoices", help="Unique in the **region**.", needed=True),
        one("Waited for", "lines", needed=True, missing=True),
        one("Number", "number", text="2.5", error="Enter a whole number, such as 3."),
        one("Choice", "select", text="eu", options=["eu", "us"]),
        one("Switch that is on", "switch", text="true", options=["true", "false"]),
        one("Switch that is off", "switch", text="false", options=["true", "false"]),
        one("Switch without a value", "radios", options=["true", "false"], needed=True),
        one("Several", "checkboxes", options=["ci", "ops", "audit"], chosen=["ops"]),
        one("Code", "code", text='{\n  "allow": ["read"]\n}'),
        one("Secret", "secret", is_secret=True, kept=_VALUES["Secret"]),
        one("File", "file", kept=_VALUES["File"]),
        one("Changed by somebody else", "lines", text="mine", theirs=values.shown("theirs")),
    ]


def _question(theme: str) -> Question:
    return Question(
        id=f"question-{theme}",
        act="Delete a building block",
        title="Delete invoices bucket?",
        text="A run destroys what this building block made. That cannot be undone.",
        action="/style",
        yes="Delete",
        icon="trash-2",
        back="/style",
    )
