"""The pages of a whole installation in a real browser: sign in, watch a run, change and delete a block."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import troubles_of_layout
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, an_output, secret, terraform, text_of, value

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.one_database]
Module = Callable[..., Repository]

SLOW = """
variable "name" { type = string }
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "work" {
  input = var.name
  provisioner "local-exec" {
    command = "for i in $(seq ${var.name == "endless" ? 600 : 6}); do echo working on it $i; sleep 0.3; done"
  }
}
output "greeting" { value = "hello ${terraform_data.work.output}" }
output "console" { value = "https://console.example.test/${var.name}" }
output "summary" { value = "# Ready\\n\\nIt greets **${var.name}**." }
"""

SECONDS = 60_000


def order(blockyard: Installation, module: Module, name: str) -> str:
    """Order a block and return its id; the run of `endless` takes three minutes, that of others a few seconds."""
    version = blockyard.define(
        terraform(module(main_tf=SLOW)),
        inputs={"name": an_input(), "token": an_input(isSensitive=True)},
        outputs={
            "greeting": an_output(),
            "console": an_output(assignment="RESOURCE_URL"),
            "summary": an_output(assignment="SUMMARY"),
        },
    )
    ordered = blockyard.order(version, {"name": value(name), "token": secret("hunter2-hunter2")})
    return text_of(ordered, "metadata", "uuid")


def sign_in(page: Page, blockyard: Installation) -> None:
    """Sign in as the administrator that `up` made."""
    assert blockyard.password is not None
    page.goto(f"{blockyard.url}/sign-in")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(blockyard.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What needs you")


def test_a_run_is_watched_and_a_block_changed_and_deleted(blockyard: Installation, module: Module, page: Page) -> None:
    sign_in(page, blockyard)
    page.goto(f"{blockyard.url}/blocks/{order(blockyard, module, 'ada')}")
    status = page.locator("#block-status")

    page.locator("#block-runs").get_by_role("link").click()
    expect(page.get_by_role("log").filter(has_text="working on it 2")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#run-status")).to_have_text("Succeeded", timeout=SECONDS)
    page.locator("summary").filter(has_text="Apply").click()
    expect(page.get_by_role("log").filter(has_text="working on it 6")).to_be_visible()

    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link").nth(1).click()
    expect(status).to_have_text("Ready")
    expect(page.locator("#block-result")).to_contain_text("hello ada")
    expect(page.get_by_role("heading", name="Ready")).to_be_visible()
    assert "hunter2" not in page.content()

    page.get_by_role("navigation", name="Parts of this building block").get_by_role("link", name="Inputs").click()
    page.locator("[name='input.name']").fill("grace")
    page.get_by_role("button", name="Save and run").click()
    expect(status).to_have_text("Ready", timeout=SECONDS)
    expect(page.locator("#block-result")).to_contain_text("hello grace", timeout=SECONDS)

    page.locator("#block-actions summary").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(status).to_have_text("Deleted", timeout=SECONDS)


def test_what_the_marketplace_has_is_ordered_in_five_clicks_and_its_outputs_are_used(
    blockyard: Installation, module: Module, page: Page
) -> None:
    blockyard.define(
        terraform(module(main_tf=SLOW)),
        inputs={"name": an_input(displayName="Whom"), "token": an_input(isSensitive=True, displayName="Token")},
        outputs={"greeting": an_output(), "console": an_output(assignment="RESOURCE_URL")},
        name="Greeting",  # other tests of this installation offer their samples, too
    )
    sign_in(page, blockyard)
    clicks = 0
    for name in ("Marketplace", "Greeting", "Add"):
        page.get_by_role("link", name=name).first.click()
        clicks += 1
    page.get_by_label("Whom").fill("ada")
    page.get_by_label("Token").fill("hunter2-hunter2")
    page.get_by_role("button", name="Order").click()
    clicks += 1

    expect(page.locator("#block-status")).to_have_text("Ready", timeout=SECONDS)
    expect(page.locator("#block-result")).to_contain_text("hello ada")
    assert clicks <= 5


def test_a_run_is_aborted(blockyard: Installation, module: Module, page: Page) -> None:
    sign_in(page, blockyard)
    page.goto(f"{blockyard.url}/blocks/{order(blockyard, module, 'endless')}")
    page.locator("#block-runs").get_by_role("link").click()
    expect(page.get_by_role("log").filter(has_text="working on it 1")).to_be_visible(timeout=SECONDS)

    page.get_by_role("link", name="Abort").click()
    page.get_by_role("dialog").get_by_role("button", name="Abort the run").click()

    expect(page.locator("#run-status")).to_have_text("Aborted", timeout=SECONDS)


def test_the_pages_of_an_installation_are_accessible_and_fit(
    blockyard: Installation, module: Module, page: Page
) -> None:
    sign_in(page, blockyard)
    uuid = order(blockyard, module, "ada")
    run = text_of(blockyard.settled(uuid), "status", "latestRunUuid")
    troubles: list[str] = []

    for path in ("/blocks", f"/blocks/{uuid}", f"/runs/{run}"):
        page.goto(blockyard.url + path)
        troubles += [f"{path}, {trouble}" for trouble in troubles_of_layout(page)]

    assert troubles == []
