"""Content of people who mean harm, on every page that shows it: it does nothing, leads nowhere, and leaves the page whole."""

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import BLOCK_V2, DEFINITION
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.blocks.store import BlockStore
from tests.support.block_world import (
    BLOCKS,
    DEFINITIONS,
    a_value,
    an_input,
    an_order,
    an_output,
    definition_of,
    uuid_of,
)
from tests.support.browser import SIZES
from tests.support.page_world import PageWorld, come
from tests.support.principals import ADMINISTRATOR

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


def test_what_is_too_long_to_be_a_name_or_a_text_is_refused_in_words(world: PageWorld) -> None:
    version = world.define("Bucket", inputs={"note": an_input()})
    metadata: JsonObject = {"ownedByWorkspace": "platform", "tags": {}}
    spec: JsonObject = {"displayName": "Bucket", "description": "Useful", "targetType": "WORKSPACE_LEVEL"}
    order: Any = an_order(version, {"note": "x"})

    for document, media, field in (
        ({"metadata": metadata, "spec": {**spec, "displayName": "w" * 900_000}}, DEFINITION.media, "/spec/displayName"),
        ({"metadata": metadata, "spec": {**spec, "readme": MANY}}, DEFINITION.media, "/spec/readme"),
        ({**order, "spec": {**order["spec"], "displayName": MANY}}, BLOCK_V2.media, "/spec/displayName"),
    ):
        world.api.be(ADMINISTRATOR)
        path = DEFINITIONS if media == DEFINITION.media else BLOCKS
        answer = world.api.send("POST", path, document, media=media)
        said = answer.json()
        assert answer.status_code in {400, 413}, field
        assert said["message"], field
        assert said["remedy"], field
        assert len(answer.text) < 2000, field


def test_the_longest_readme_leaves_a_page_small(world: PageWorld) -> None:
    readme = (f"[{SCRIPT}]({LINK}) " * 20_000)[:1_000_000]
    version = world.define("Bucket", about={"readme": readme})

    page = world.person("sam").get(f"/marketplace/{definition_of(version)}")

    assert page.status_code == 200
    assert len(page.text) < 1_000_000
    assert "<script>window" not in page.text


def test_many_long_values_leave_pages_small_together(world: PageWorld) -> None:
    long = "".join(f"{number:06}" for number in range(10_000))
    names = [f"key{number}" for number in range(100)]
    version = world.define(
        transparent=True,
        inputs={name: an_input(defaultValue=long) for name in names},
        outputs={name: an_output() for name in (f"out{number}" for number in range(100))},
    )
    block: JsonObject = world.order(version)
    world.finish({f"out{number}": a_value(long) for number in range(100)})
    run = world.latest_run(block).id
    sam = world.person("sam")

    pages = [
        sam.get(path)
        for path in (f"/blocks/{uuid_of(block)}", f"/runs/{run}/inputs", f"/marketplace/{definition_of(version)}")
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert max(len(page.text) for page in pages) < 1_000_000
    assert pages[0].text.count("Download all of it") == 100
    assert all("000000000001" in page.text for page in pages)


def test_a_default_of_10_mb_is_kept_out_of_the_form_and_goes_into_the_order(world: PageWorld) -> None:
    version = world.define(inputs={"policy": an_input("CODE", defaultValue=MANY), "name": an_input(displayOrder=1)})
    sam, path = world.person("sam"), f"/order/{definition_of(version)}"

    page = sam.get(path).text
    done = sam.submit(sam.form(path).fill({"input.name": "x"}).pressed("intent", "order"), at=path)

    assert len(page) < 200_000
    assert "The default of the platform team is kept unless you enter a new one." in page
    assert done.status_code == 303
    block = world.db.read_now(lambda tx: BlockStore(tx).active_anywhere_in("shop"))[0]
    assert block.inputs["policy"] == MANY


def test_logs_and_messages_of_10_mb_leave_the_pages_of_a_run_small(world: PageWorld) -> None:
    block: JsonObject = world.order(world.define(transparent=True))
    claimed = world.claimed()
    steps: list[Any] = [{"id": f"step{number}"} for number in range(30)]
    sent = SourceRegistration.model_validate({"source": {"id": "runner"}, "steps": steps})
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, sent))
    for step in steps:
        step |= {"status": "FAILED", "userMessage": f"{SCRIPT}{MANY}"[:1_000_000], "systemMessage": f"{SCRIPT}\n"}
    steps[0]["systemMessage"] = f"Error: {SCRIPT}{MANY}"
    report = StatusUpdate.model_validate({"status": "FAILED", "summary": MANY, "steps": steps})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", report))
    run, sam = world.latest_run(block).id, world.person("sam")

    pages = [
        sam.get(path)
        for path in (
            f"/runs/{run}",
            f"/runs/{run}/lines?source=runner&step=step0",
            f"/runs/{run}/search?text=0123456789",
            f"/blocks/{uuid_of(block)}",
            f"/blocks/{uuid_of(block)}/runs",
            "/",
            "/blocks",
        )
    ]

    assert [page.status_code for page in pages] == [200] * 7
    assert {page.url.path: len(page.text) for page in pages if len(page.text) > 1_000_000} == {}
    assert not any("<script>window" in page.text for page in pages)
