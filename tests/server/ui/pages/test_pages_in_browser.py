"""Pages in a real browser: accessible in both themes, on a phone, without scripts, and live."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from tests.support.block_world import MANUAL, Claimed, a_secret, a_value, an_input, an_output, uuid_of
from tests.support.browser import accessibility_violations, fresh_page, troubles_of_layout
from tests.support.page_world import PASSWORD, PageWorld, come
from tests.support.screen_fillings import PLAN

pytestmark = pytest.mark.one_database
SUMMARY = """# Your bucket is ready

It keeps **30 days** of versions. Use it with

```
aws s3 ls s3://invoices
```

| environment | region |
|---|---|
| production | eu-central-1 |
"""


OPTIONS: list[Json] = [f"option {number}" for number in range(12)]
EVERY_INPUT = {
    "size": an_input("INTEGER", displayName="Size"),
    "on": an_input("BOOLEAN", displayName="On", displayOrder=1),
    "one": an_input("SINGLE_SELECT", displayName="One of many", selectableValues=OPTIONS, displayOrder=2),
    "some": an_input("MULTI_SELECT", displayName="Some of many", selectableValues=OPTIONS, displayOrder=3),
    "token": an_input(displayName="Token", isSensitive=True, displayOrder=4),
    "policy": an_input("CODE", displayName="Policy", description="Who *may* what.", displayOrder=5),
    "data": an_input(
        "JSON",
        displayName="Data",
        jsonSchema='{"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}',
        displayOrder=6,
    ),
}


def definition_of(version: Any) -> str:
    """Return the id of a version's definition."""
    return str(version["spec"]["buildingBlockDefinitionRef"]["uuid"])


def a_rich_block(world: PageWorld) -> JsonObject:
    """Return a block with all kinds of inputs and outputs, whose first run succeeded."""
    inputs = {
        "bucket_name": an_input(
            displayName="Bucket name", description="Unique in the **region**.", updateableByConsumer=True
        ),
        "versions": an_input("INTEGER", displayName="Versions kept", updateableByConsumer=True, displayOrder=1),
        "public": an_input("BOOLEAN", displayName="Public", updateableByConsumer=True, displayOrder=2),
        "region": an_input(
            "SINGLE_SELECT", selectableValues=["eu", "us"], defaultValue="eu", updateableByConsumer=True, displayOrder=3
        ),
        "readers": an_input(
            "MULTI_SELECT", selectableValues=["ci", "ops", "audit"], updateableByConsumer=True, displayOrder=4
        ),
        "policy": an_input("CODE", displayName="Policy", updateableByConsumer=True, displayOrder=5),
        "token": an_input(displayName="Access token", isSensitive=True, updateableByConsumer=True, displayOrder=6),
        "workspace": an_input(assignment="WORKSPACE_IDENTIFIER", displayName="Workspace", displayOrder=7),
    }
    outputs = {
        "console": an_output(assignment="RESOURCE_URL", displayName="Console"),
        "summary": an_output(assignment="SUMMARY"),
        "arn": an_output(displayName="ARN"),
        "config": an_output("CODE", displayName="Configuration"),
        "password": an_output(displayName="Password"),
    }
    values: JsonObject = {
        "bucket_name": "invoices",
        "versions": 0,
        "public": False,
        "readers": ["ci", "audit"],
        "policy": '{\n  "allow": ["read"]\n}',
        "token": a_secret("hunter2-hunter2"),
    }
    version = world.define("Object storage", transparent=True, inputs=inputs, outputs=outputs)
    block: JsonObject = world.order(version, values, name="invoices bucket")
    world.clock.advance(2)
    claimed = world.claimed()
    world.clock.advance(41)
    world.report(
        claimed,
        outputs={
            "console": a_value("https://console.example.test/buckets/invoices"),
            "summary": a_value(SUMMARY),
            "arn": a_value("arn:aws:s3:::invoices"),
            "config": a_value('{"bucket": "invoices"}', "CODE"),
            "password": a_value(None, isSensitive=True),
        },
    )
    return block


def a_running_run(world: PageWorld) -> Claimed:
    """Return a run whose first step is over and whose second is under way."""
    world.order(world.define("Database", transparent=True), name="orders database")
    claimed = world.claimed()
    registration: JsonObject = {
        "source": {"id": "runner"},
        "steps": [
            {"id": "prepare", "displayName": "Prepare the working directory"},
            {"id": "apply", "displayName": "Apply"},
            {"id": "output", "displayName": "Read the outputs"},
        ],
    }
    world.db.write_now(
        lambda tx: world.reports.register(
            tx, claimed.principal, claimed.run_id, SourceRegistration.model_validate(registration)
        )
    )
    tell(world, claimed, {"id": "prepare", "status": "IN_PROGRESS"})
    world.clock.advance(3)
    tell(world, claimed, {"id": "prepare", "status": "SUCCEEDED", "systemMessage": "Cloning …\nInitialized.\n"})
    tell(world, claimed, {"id": "apply", "status": "IN_PROGRESS"})
    return claimed


def tell(world: PageWorld, claimed: Claimed, step: JsonObject, status: str | None = None) -> None:
    """Report on a run."""
    update = StatusUpdate.model_validate({"status": status, "steps": [step]})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def log(world: PageWorld, claimed: Claimed, text: bytes, offset: int) -> int:
    """Append to the log of the step `apply` and return how long it is."""
    world.db.write_now(
        lambda tx: world.reports.append_log(
            tx, claimed.principal, claimed.run_id, step="apply", offset=offset, data=text
        )
    )
    return offset + len(text)


def all_paths(world: PageWorld) -> dict[str, str]:
    """Fill the world and return the path of every page, by name."""
    rich = a_rich_block(world)
    world.order(
        world.define("Access request", inputs={"quota": an_input("INTEGER", "PLATFORM_OPERATOR_MANUAL_INPUT")}),
        name="more quota for a project with quite a long name that wraps",
    )
    failed = world.order(world.define("Cluster", transparent=True), name="staging cluster")
    claimed = world.claimed()
    world.report(claimed, RunStatus.FAILED, message="Error: the quota of the account is exceeded (8 of 8 clusters)")
    ticket = world.define("Ticket", implementation=MANUAL)
    parent = world.order(ticket, name="firewall change")
    needs: JsonObject = {"uuid": definition_of(ticket), "kind": "meshBuildingBlockDefinition"}
    child = world.order(
        world.define("Rule", implementation=MANUAL, dependencyDefinitionRefs=[needs]), name="rule 7", parents=[parent]
    )
    running = a_running_run(world)
    end = log(
        world, running, "".join(f"aws_db.orders: still creating [{n}0s elapsed]\n" for n in range(60)).encode(), 0
    )
    log(world, running, PLAN.encode(), end)
    network = world.define("Network", inputs={"range": an_input(displayName="Range")})
    database = world.define(
        "Database",
        about={"readme": SUMMARY},
        permissions=["BUILDINGBLOCK_SAVE"],
        inputs=EVERY_INPUT,
        dependencyDefinitionRefs=[{"kind": "meshBuildingBlockDefinition", "uuid": definition_of(network)}],
    )
    ordered = f"/order/{definition_of(database)}"
    return {
        "marketplace": "/marketplace",
        "found": "/marketplace?search=databaes",
        "not-found": "/marketplace?search=xylophone",
        "definition": f"/marketplace/{definition_of(database)}",
        "order": ordered,
        "order-filled": f"{ordered}?input.size=2.5&input.on=true",
        "drafts": "/orders",
        "list": "/blocks",
        "nothing": "/blocks?search=nothing",
        "block": f"/blocks/{uuid_of(rich)}",
        "failed": f"/blocks/{uuid_of(failed)}",
        "inputs": f"/blocks/{uuid_of(rich)}/inputs",
        "runs": f"/blocks/{uuid_of(rich)}/runs",
        "graph": f"/blocks/{uuid_of(child)}/graph",
        "activity": f"/blocks/{uuid_of(rich)}/activity",
        "settings": f"/blocks/{uuid_of(rich)}/settings",
        "delete": f"/blocks/{uuid_of(rich)}/delete",
        "run": f"/runs/{running.run_id}",
        "lines": f"/runs/{running.run_id}/lines?source=runner&step=apply",
        "changes": f"/runs/{running.run_id}/changes",
        "run-inputs": f"/runs/{claimed.run_id}/inputs",
        "failed-run": f"/runs/{claimed.run_id}",
        "abort": f"/runs/{running.run_id}/abort",
        "search": f"/runs/{running.run_id}/search?text=creating",
        "password": "/account/password",
        "style": "/style",
    }


def test_every_page_is_accessible_and_fits(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    troubles: list[str] = []
    for name, path in {"sign-in": "/sign-in", **all_paths(world)}.items():
        if name == "marketplace":
            come(page, world, url)
        page.goto(url + path)
        troubles += [f"{name}, {trouble}" for trouble in troubles_of_layout(page)]

    assert troubles == []


def test_a_person_signs_in_by_keyboard_alone(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    world.add("sam")
    page.goto(f"{url}/blocks")

    page.keyboard.type("sam")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{url}/blocks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Building blocks")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_pages_are_read_without_scripts(browser: Browser, site: tuple[PageWorld, str]) -> None:
    world, url = site
    paths = all_paths(world)
    with fresh_page(browser, javascript=False) as page:
        come(page, world, url)
        page.goto(url + paths["list"])
        page.get_by_role("link", name="invoices bucket").click()
        expect(page.get_by_role("heading", name="Your bucket is ready")).to_be_visible()
        page.locator("#block-actions summary").click()
        page.get_by_role("link", name="Delete").click()
        expect(page.get_by_role("heading", name="Delete invoices bucket?")).to_be_visible()
        page.goto(url + paths["run"])
        expect(page.get_by_text("still creating [590s elapsed]")).to_be_visible()


def test_a_block_changes_before_ones_eyes(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    version = world.define(transparent=True, outputs={"ip": an_output()})
    block = world.order(version, name="machine")
    come(page, world, url)
    page.goto(f"{url}/blocks/{uuid_of(block)}")
    status = page.locator("#block-status")
    expect(status).to_have_text("CreatingWaiting for a runner")

    claimed = world.claimed()
    expect(status).to_have_text("Creating")
    world.report(claimed, outputs={"ip": a_value("10.0.0.7")})

    expect(status).to_have_text("Ready")
    expect(page.locator("#block-result")).to_contain_text("10.0.0.7")
    expect(page.locator("#block-runs")).to_contain_text("Succeeded")
    expect(page.get_by_role("button", name="Run again")).to_be_enabled()


def test_a_run_is_followed_to_its_end(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    block = world.order(world.define(transparent=True), name="machine")
    come(page, world, url)
    page.goto(f"{url}/runs/{world.latest_run(block).id}")
    expect(page.locator("#steps-none")).to_contain_text("waits for its runner")

    claimed = world.claimed()
    registration = SourceRegistration.model_validate(
        {"source": {"id": "runner"}, "steps": [{"id": "apply", "displayName": "Apply"}]}
    )
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, registration))
    tell(world, claimed, {"id": "apply", "status": "IN_PROGRESS"})
    end = log(world, claimed, b"first \x1b[3", 0)
    end = log(world, claimed, b"2mgreen\x1b[0m line\n", end)
    shown = page.get_by_role("log", name="Log of Apply")
    expect(shown).to_have_text("first green line\n")
    expect(shown.locator(".ansi-green")).to_have_text("green")
    expect(shown.locator("span")).to_have_count(1)
    for number in range(300):
        end = log(world, claimed, f"line {number}\n".encode(), end)
    expect(shown).to_contain_text("line 299")
    assert shown.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 2

    tell(world, claimed, {"id": "apply", "status": "SUCCEEDED", "userMessage": "All there."}, "SUCCEEDED")

    expect(page.locator("#run-status")).to_have_text("Succeeded")
    expect(page.locator("#steps")).to_contain_text("All there.")
    expect(page.get_by_role("link", name="Abort")).to_have_count(0)
    assert shown.inner_text().count("line 150\n") == 1


@pytest.mark.parametrize("way", ["held back", "refused"])
def test_a_run_is_followed_where_streams_do_not_get_through(
    browser: Browser, site: tuple[PageWorld, str], way: str
) -> None:
    def between(route: Route) -> None:
        if "text/event-stream" not in route.request.headers.get("accept", ""):
            route.fallback()
        elif way == "refused":
            route.fulfill(status=502, body="no streams here")

    world, url = site
    claimed = a_running_run(world)
    with fresh_page(browser, failures="502") as page:
        page.route("**/events?*", between)
        come(page, world, url)
        page.goto(f"{url}/runs/{claimed.run_id}")
        end = log(world, claimed, b"through a long poll\n", 0)
        shown = page.get_by_role("log", name="Log of Apply")
        expect(shown).to_have_text("through a long poll\n", timeout=30_000)
        log(world, claimed, b"and on\n", end)
        expect(shown).to_have_text("through a long poll\nand on\n")
        tell(world, claimed, {"id": "apply", "status": "SUCCEEDED"}, "SUCCEEDED")
        expect(page.locator("#run-status")).to_have_text("Succeeded")


def test_what_a_reader_opened_and_focused_stays_while_the_page_changes(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    claimed = a_running_run(world)
    end = log(world, claimed, b"first\n", 0)
    come(page, world, url)
    page.goto(f"{url}/runs/{claimed.run_id}")
    first, last = page.locator("#steps > li").first, page.locator("#steps > li").last
    first.locator("summary").click()
    last.locator("summary").focus()
    page.get_by_label("Search the logs").fill("half a wo")
    last.locator("summary").focus()

    tell(world, claimed, {"id": "output", "status": "IN_PROGRESS", "userMessage": "Reading."})
    log(world, claimed, b"second\n", end)

    expect(last).to_contain_text("Reading.")
    expect(page.get_by_role("log", name="Log of Apply")).to_have_text("first\nsecond\n")
    expect(first.get_by_role("log")).to_be_visible()
    expect(last.locator("summary")).to_be_focused()
    expect(page.get_by_label("Search the logs")).to_have_value("half a wo")


def test_whoever_reads_an_earlier_line_is_not_pulled_away(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    claimed = a_running_run(world)
    end = log(world, claimed, b"".join(b"line %d\n" % number for number in range(500)), 0)
    come(page, world, url)
    page.goto(f"{url}/runs/{claimed.run_id}")
    shown = page.get_by_role("log", name="Log of Apply")
    assert shown.evaluate("log => log.scrollTop") > 0

    shown.hover()
    page.mouse.wheel(0, -3000)
    expect(page.get_by_label("Follow the log")).not_to_be_checked()
    log(world, claimed, b"the newest line\n", end)

    expect(shown).to_contain_text("the newest line")
    assert shown.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") > 1000
    page.get_by_label("Follow the log").check()
    assert shown.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 2


def test_a_very_long_log_does_not_grow_the_page_for_ever(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    claimed = a_running_run(world)
    come(page, world, url)
    page.goto(f"{url}/runs/{claimed.run_id}")
    end = 0
    for number in range(60):
        end = log(world, claimed, (b"x" * 99 + b"\n") * 2000 + b"piece %d\n" % number, end)

    shown = page.get_by_role("log", name="Log of Apply")
    expect(shown).to_contain_text("piece 59", timeout=30_000)  # 12 MB, on whatever machine
    assert shown.evaluate("log => log.textContent.length") < 5_000_000
    expect(page.get_by_text("The end of the log is shown.")).to_be_visible()


def test_deleting_asks_in_a_dialog_that_escape_closes(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    block = a_rich_block(world)
    come(page, world, url)
    page.goto(f"{url}/blocks/{uuid_of(block)}")

    page.locator("#block-actions summary").click()
    page.get_by_role("link", name="Delete").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Delete invoices bucket?")).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator("#block-actions summary").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.locator("#block-status")).to_have_text("DeletingWaiting for a runner")
    expect(page.get_by_text("The deletion was requested.")).to_be_visible()


def test_the_list_is_searched_while_one_types(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    all_paths(world)
    come(page, world, url)
    page.goto(f"{url}/blocks")

    page.get_by_label("Search by name").press_sequentially("bucket")

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(f"{url}/blocks?search=bucket")
    page.get_by_label("Status").select_option("FAILED")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_the_theme_is_switched_and_kept(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    come(page, world, url)
    page.goto(f"{url}/blocks")

    page.locator("summary[aria-label^='Your account']").click()
    page.get_by_role("button", name="Dark theme").click()
    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.locator("summary[aria-label^='Your account']").click()
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="System theme").click()
    assert page.evaluate("document.documentElement.dataset.theme ?? 'none'") == "none"


def test_the_log_of_a_failed_run_opens_at_its_error(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    claimed = a_running_run(world)
    lines = "".join(f"line {number}\n" for number in range(200))
    end = log(world, claimed, lines.encode(), 0)
    end = log(world, claimed, "╷\n│ Error: the bucket cannot be made\n│ \n╵\n".encode(), end)
    log(world, claimed, lines.encode(), end)
    tell(world, claimed, {"id": "apply", "status": "FAILED", "userMessage": "The apply failed."}, "FAILED")
    come(page, world, url)

    page.goto(f"{url}/runs/{claimed.run_id}")

    expect(page.get_by_role("heading", name="Failed in step “Apply”")).to_be_visible()
    shown = page.get_by_role("log", name="Log of Apply")
    below = "log => log.querySelector('mark').getBoundingClientRect().top - log.getBoundingClientRect().top"
    assert 0 < shown.evaluate(below) < shown.evaluate("log => log.clientHeight")
    assert accessibility_violations(page) == []


def test_a_row_of_the_account_menu_has_its_icon_beside_its_words(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    come(page, world, url)
    page.goto(f"{url}/blocks")
    page.locator("summary[aria-label^='Your account']").click()

    for row in (page.get_by_role("link", name="Your account"), page.get_by_role("button", name="Sign out")):
        places = row.evaluate(
            """row => {
              const words = document.createRange();
              words.selectNode(row.lastChild);
              const [icon, text] = [row.querySelector("svg").getBoundingClientRect(), words.getBoundingClientRect()];
              return [text.left - icon.right, Math.abs((text.top + text.bottom - icon.top - icon.bottom) / 2)];
            }"""
        )
        assert 0 < places[0] < 20, places
        assert places[1] < 4, places
