"""Content of people who mean harm, on every page that shows it: it does nothing, leads nowhere, and leaves the page whole."""

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from tests.support.block_world import a_value, an_input, an_output, definition_of, uuid_of
from tests.support.browser import SIZES
from tests.support.page_world import PageWorld, come

pytestmark = pytest.mark.one_database

SCRIPT = '<img src=x onerror="window.caught=1"><script>window.caught=1</script>"\'>'
BIDI = "\u202egpj.exe\u2066"
NAME = f"{SCRIPT}{BIDI}"
LINK = "javascript:window.caught=1"
TEXT = f"""# {SCRIPT}

[click me]({LINK}) [or me](data:text/html,<script>1</script>) ![picture]({LINK}) <{LINK}>

<a href="{LINK}">raw</a><iframe src="{LINK}"></iframe><svg onload="window.caught=1"></svg><style>*{{display:none}}</style>

{BIDI} {"w" * 3000}
"""
LOG = (
    f"\x1b[31m{SCRIPT}\x1b[0m\n\x1b]8;;{LINK}\x07link\x1b]8;;\x07\n\x1b[2J\x1b[H{BIDI}\n\x1b[31;\n"
    + "x" * 60_000
    + "\n"
    f"Error: {SCRIPT}\n"
)
HOSTILE_ELEMENTS = (
    "main script, main iframe, main object, main embed, main style, main base, main [onerror], main [onload], "
    "main [style], main a[href^='javascript' i], main a[href^='data' i], main img[src^='javascript' i]"
)
MANY = "0123456789" * 1024 * 1024
"""10 MB."""


def a_hostile_world(world: PageWorld) -> Mapping[str, str]:
    """Let everything be called by somebody who means harm; return the addresses of the pages that show it."""
    version = world.define(
        NAME,
        transparent=True,
        about={"readme": TEXT, "description": SCRIPT},
        inputs={"note": an_input(displayName=NAME[:250], description=SCRIPT, updateableByConsumer=True)},
        outputs={
            "where": an_output(assignment="RESOURCE_URL", displayName=SCRIPT),
            "summary": an_output(assignment="SUMMARY"),
            "note": an_output(displayName=NAME[:250]),
            "code": an_output("CODE"),
        },
    )
    block: JsonObject = world.order(version, {"note": f"{SCRIPT}{BIDI}"}, name=NAME)
    told(world, RunStatus.SUCCEEDED, {"where": LINK, "summary": TEXT, "note": SCRIPT, "code": SCRIPT})
    done = world.latest_run(block).id
    world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run")
    told(world, RunStatus.FAILED, {})
    failed = world.latest_run(block).id
    step = "runner&step=apply"
    return {
        "list": "/blocks",
        "block": f"/blocks/{uuid_of(block)}",
        "inputs": f"/blocks/{uuid_of(block)}/inputs",
        "runs": f"/blocks/{uuid_of(block)}/runs",
        "activity": f"/blocks/{uuid_of(block)}/activity",
        "graph": f"/blocks/{uuid_of(block)}/graph",
        "settings": f"/blocks/{uuid_of(block)}/settings",
        "delete": f"/blocks/{uuid_of(block)}/delete",
        "run": f"/runs/{done}",
        "failed run": f"/runs/{failed}",
        "lines": f"/runs/{failed}/lines?source={step}",
        "search": f"/runs/{failed}/search?text=script",
        "run inputs": f"/runs/{failed}/inputs",
        "marketplace": "/marketplace",
        "definition": f"/marketplace/{definition_of(version)}",
        "order": f"/order/{definition_of(version)}",
        "start": "/",
        "found": "/search?q=script",
    }


def told(world: PageWorld, status: RunStatus, outputs: Mapping[str, str]) -> None:
    """Report a run whose every text means harm."""
    claimed = world.claimed()
    step: JsonObject = {"id": "apply", "displayName": SCRIPT}
    sent = SourceRegistration.model_validate({"source": {"id": "runner"}, "steps": [step]})
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, sent))
    update: dict[str, Any] = {"id": "apply", "status": status.value, "userMessage": TEXT, "systemMessage": LOG}
    if outputs:
        update["outputs"] = {key: a_value(value) for key, value in outputs.items()}
    report = StatusUpdate.model_validate({"status": status.value, "summary": TEXT, "steps": [update]})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", report))


def test_no_page_runs_follows_or_falls_apart_by_what_it_shows(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    troubles: list[str] = []
    come(page, world, url)
    page.on("dialog", lambda dialog: troubles.append(f"a dialog: {dialog.message}"))
    for name, path in a_hostile_world(world).items():
        answer = page.goto(url + path)
        assert answer is not None
        troubles += [] if answer.status == 200 else [f"{name}: {answer.status}"]
        troubles += [
            f"{name}: {found}"
            for found in page.locator(HOSTILE_ELEMENTS).evaluate_all("all => all.map(one => one.outerHTML)")
        ]
        troubles += [f"{name}: a script ran"] if page.evaluate("window.caught") else []
        page.set_viewport_size(SIZES["phone"])
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        troubles += [f"{name}: too wide"] if wide else []
        policy = answer.headers["content-security-policy"]
        troubles += [f"{name}: {policy}"] if "unsafe" in policy or "script-src 'self';" not in policy else []

    assert troubles == []


def test_values_of_10_mb_leave_a_page_small_and_are_downloaded_whole(world: PageWorld) -> None:
    block = world.order(world.define(outputs={"all": an_output("CODE"), "summary": an_output(assignment="SUMMARY")}))
    both = {"all": a_value(MANY, "CODE"), "summary": a_value(f"# All\n\n{MANY[: len(MANY) // 2]}")}
    world.report(world.claimed(), outputs=both)
    person = world.person("sam")

    page = person.get(f"/blocks/{uuid_of(block)}")
    whole = person.get(f"/blocks/{uuid_of(block)}/outputs/value?key=all")

    assert len(page.text) < 200_000
    assert whole.text == MANY
    assert "attachment" in whole.headers["content-disposition"]
    assert whole.headers["x-content-type-options"] == "nosniff"
