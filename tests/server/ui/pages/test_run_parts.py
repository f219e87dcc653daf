"""The parts of a run's page: what it changes, its log by lines, and how it differs from the run before."""

import re
from functools import partial

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ChangeAction, RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model.printed import Line, Sum, changes_in, counts_of, sum_in
from blockyard.server.ui.pages.runs.colours import coloured
from blockyard.server.ui.pages.runs.lines import WINDOW
from blockyard.server.ui.pages.runs.steps import log_of
from tests.support.approvals import a_resource, planned, policies
from tests.support.block_world import Claimed, a_secret, an_input, uuid_of
from tests.support.page_world import PageWorld, words_of

pytestmark = pytest.mark.one_database

PLAN = """
OpenTofu used the selected providers to generate the following execution plan.

OpenTofu will perform the following actions:

  # aws_db.old will be destroyed
  # (because aws_db.old is not in configuration)
  - resource "aws_db" "old" {
      - name = "old" -> null
    }

  # aws_vm.main must be replaced
-/+ resource "aws_vm" "main" {
      ~ id   = "i-1" -> (known after apply)
      ~ size = "small" -> "large" # forces replacement
    }

  # module.net["a"].aws_net.this will be updated in-place
  ~ resource "aws_net" "this" {
        id       = "n-1"
      ~ password = (sensitive value)
      ~ tags     = {
          + "x" = "<script>alert(1)</script>"
        }
    }

  # aws_ip.new will be created
  + resource "aws_ip" "new" {
      + address = (known after apply)
    }

Plan: 2 to add, 1 to change, 2 to destroy.

Changes to Outputs:
  + address = (known after apply)
"""


@pytest.fixture
def claimed(world: PageWorld) -> Claimed:
    """The first run of a transparent block, in the hands of a runner."""
    world.order(world.define(transparent=True), name="invoices bucket")
    return world.claimed()


def print_log(world: PageWorld, claimed: Claimed, text: bytes) -> None:
    """Let the only step of a run print a text."""
    sent: JsonObject = {"source": {"id": "runner"}, "steps": [{"id": "apply", "displayName": "Apply"}]}
    registration = SourceRegistration.model_validate(sent)
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, registration))
    size = 1024 * 1024
    for offset in range(0, len(text), size):
        world.db.write_now(partial(_append, world, claimed, offset, text[offset : offset + size]))


def _append(world: PageWorld, claimed: Claimed, offset: int, piece: bytes, tx: Transaction) -> None:
    world.reports.append_log(tx, claimed.principal, claimed.run_id, step="apply", offset=offset, data=piece)


def end(world: PageWorld, claimed: Claimed, **more: object) -> None:
    """Report the success of a run."""
    update = StatusUpdate.model_validate({"status": "SUCCEEDED", **more})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def a_checked_block(world: PageWorld) -> Claimed:
    """Return the dry run, with a plan, of a block that is ready."""
    block = world.order(world.define(transparent=True), name="invoices bucket")
    world.finish()
    world.as_admin("POST", f"/api/blockyard/v1/blocks/{uuid_of(block)}/detect")
    planned = world.claimed()
    print_log(world, planned, PLAN.encode())
    end(world, planned, changesDetected=True, artifact="YQ==")
    return planned


def test_a_plan_is_read_resource_by_resource() -> None:
    old, main, net, new = changes_in(PLAN)

    assert [change.action for change in (old, main, net, new)] == [
        ChangeAction.DELETE,
        ChangeAction.REPLACE,
        ChangeAction.UPDATE,
        ChangeAction.CREATE,
    ]
    assert (net.address, old.why) == ('module.net["a"].aws_net.this', "because aws_db.old is not in configuration")
    assert Line("changed", '"large" # forces replacement', '      ~ size = "small"') in main.lines
    assert Line("changed", "      ~ password = (sensitive value)") in net.lines
    assert counts_of([old, main, net, new])[0] == (ChangeAction.DELETE, 1)
    assert sum_in(PLAN) == Sum(2, 1, 2)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("Apply complete! Resources: 3 added, 1 changed, 0 destroyed.", Sum(3, 1, 0)),
        ("Destroy complete! Resources: 4 destroyed.", Sum(0, 0, 4)),
        ("Plan: 1 to import, 2 to add, 0 to change, 0 to destroy.", Sum(2, 0, 0)),
        ("No changes. Your infrastructure matches the configuration.", None),
    ],
)
def test_the_sum_of_an_engine_is_found(text: str, total: Sum | None) -> None:
    assert sum_in(f"x\n{text}\ny") == total


def test_the_changes_of_a_dry_run_are_filtered_and_applied(world: PageWorld) -> None:
    planned = a_checked_block(world)
    person, path = world.person("sam"), f"/runs/{planned.run_id}"

    answer = person.get(f"{path}/changes")
    page, only = words_of(answer), person.read(f"{path}/changes?only=delete")

    assert "All 4 \N{MINUS SIGN} 1 delete ± 1 replace ~ 1 update + 1 create" in page
    assert "+2 added ~1 changed" in page
    assert "(sensitive value)" in page
    assert "<script>alert" not in answer.text
    assert ("aws_db.old" in only, "aws_ip.new" in only) == (True, False)
    assert "All 4" in person.read(f"{path}/changes?only=nonsense")
    form = person.form(f"{path}/changes", action=re.findall(r'action="(/blocks/[^"]+/apply-plan)"', answer.text)[0])
    led_to = person.submit(form, at=f"{path}/changes").headers["location"]
    assert led_to.startswith("/runs/")
    assert "Apply this plan" not in person.read(f"{path}/changes")


def test_changes_are_for_those_who_may_read_the_log(world: PageWorld) -> None:
    world.order(world.define(), name="opaque")
    claimed = world.claimed()
    print_log(world, claimed, PLAN.encode())

    page = world.person("sam").read(f"/runs/{claimed.run_id}/changes")

    assert "For the platform team only" in page
    assert "aws_db.old" not in page
    assert "aws_db.old" in world.person("pat").read(f"/runs/{claimed.run_id}/changes")


def test_a_log_is_read_by_its_lines_from_its_end_or_around_one(world: PageWorld, claimed: Claimed) -> None:
    lines = [f"line {number}" for number in range(1, 300_001)]
    lines[123_455] = "\x1b[31mError: \x1b[0mthe quota is exceeded"
    print_log(world, claimed, "\n".join(lines).encode())
    person, path = world.person("sam"), f"/runs/{claimed.run_id}/lines?source=runner&step=apply"

    last, one = person.get(path), person.get(f"{path}&line=123456")

    assert "Lines 299,501 to 300,000 of 300,000" in words_of(last)
    assert 'id="L300000"' in last.text
    assert last.text.count("<li id=") == WINDOW
    assert "line=123456#L123456" in last.text
    assert '<li id="L123456" class="line-error">' in one.text
    assert '<span class="ansi-red">Error: </span>the quota is exceeded' in one.text
    assert "line 123455<" in one.text
    assert len(one.content) < 200_000
    assert "Lines 1 to 500 of 300,000" in person.read(f"{path}&line=0")
    assert "of 300,000" in person.read(f"{path}&line=999999999")


def test_a_found_line_leads_to_its_place(world: PageWorld, claimed: Claimed) -> None:
    print_log(world, claimed, b"one\ntwo needle\n")

    answer = world.person("sam").get(f"/runs/{claimed.run_id}/search?text=needle")

    assert f'href="/runs/{claimed.run_id}/lines?source=runner&amp;step=apply&amp;line=2#L2"' in answer.text


def test_lines_of_others_and_of_unknown_steps_are_not_there(world: PageWorld, claimed: Claimed) -> None:
    print_log(world, claimed, b"secret line")
    path = f"/runs/{claimed.run_id}/lines"

    assert world.person("olga").get(f"{path}?step=apply").status_code == 404
    assert world.person("sam").get(f"{path}?step=nothing").status_code == 404


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("\x1b[1;32mok\x1b[0m <b>", '<span class="ansi-bold ansi-green">ok</span> &lt;b&gt;'),
        ("\x1b[38;5;200mpink\x1b[m", "pink"),
        ("\x1b]0;title\x07x\x1b[2Ky\x07\x00", "xy"),
        ("a\u202eb\u2066c", "abc"),
        ("\x1b[31", ""),
        ("\x1b[999;;31mred", '<span class="ansi-red">red</span>'),
        ('\x1b[31m"><script>', '<span class="ansi-red">&#34;&gt;&lt;script&gt;</span>'),
    ],
)
def test_colours_become_classes_and_nothing_else(line: str, html: str) -> None:
    assert coloured(line) == html


def test_a_very_long_line_is_cut(world: PageWorld, claimed: Claimed) -> None:
    print_log(world, claimed, b"x" * 10_000_000)

    answer = world.person("sam").get(f"/runs/{claimed.run_id}/lines?step=apply")

    assert "the rest of this line is in the file" in words_of(answer)
    assert len(answer.content) < 60_000


def test_a_run_is_compared_with_the_one_before(world: PageWorld) -> None:
    inputs = {
        "size": an_input(updateableByConsumer=True),
        "token": an_input(isSensitive=True, updateableByConsumer=True),
    }
    block = world.order(
        world.define(transparent=True, inputs=inputs), {"size": "small", "token": a_secret("hunter2-a")}
    )
    world.finish()
    world.change(block, inputs={"size": "large"})
    claimed = world.finish(status=RunStatus.FAILED)

    answer = world.person("sam").get(f"/runs/{claimed.run_id}/inputs")
    page = words_of(answer)

    assert "Compared with the run before Run 1: Apply Succeeded" in page
    assert "Size changed large before: small" in page
    assert "Token changed" not in page
    assert "sha256" not in answer.text
    assert "hunter2" not in answer.text
    first = world.person("sam").read(
        f"/runs/{world.db.read_now(lambda tx: world.runs.recent(tx, world.stored(block).id, 9))[-1].id}/inputs"
    )
    assert "This is the first run." in first


def test_what_an_opaque_run_got_is_for_the_platform_team(world: PageWorld) -> None:
    world.order(world.define(inputs={"size": an_input()}), {"size": "small"})
    claimed = world.finish()

    page = world.person("sam").read(f"/runs/{claimed.run_id}/inputs")

    assert "is visible to Platform only" in page
    assert "small" not in page
    assert "small" in world.person("pat").read(f"/runs/{claimed.run_id}/inputs")


def test_a_failed_run_and_its_block_begin_with_the_cause_that_is_known(world: PageWorld, claimed: Claimed) -> None:
    print_log(world, claimed, "╷\n│ Error: creating bucket: AccessDenied: no\n╵\n".encode())
    failed: JsonObject = {"id": "apply", "status": "FAILED", "userMessage": "The bucket could not be made."}
    update = StatusUpdate.model_validate({"status": "FAILED", "steps": [failed]})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))
    person = world.person("sam")

    run = person.read(f"/runs/{claimed.run_id}")
    block = person.read(f"/blocks/{world.db.read_now(lambda tx: world.runs.by_id(tx, claimed.run_id)).block_id}")

    why = "The building block may not do on the platform what it needs to do. Tell the team that offers"
    assert run.index("Failed in step “Apply” Run again") < run.index(why) < run.index("The bucket could not be made.")
    assert f"Run 1 failed. {why}" in block


def test_the_end_of_a_log_keeps_its_colours_around_its_error() -> None:
    raw = "\x1b[1mmaking\x1b[0m it\x1b[2K\r\n\x1b[31m│\x1b[0m \x1b[31mError: <no>\x1b[0m\n\x1b]0;x\x07after\x1b\n"
    found = log_of(raw.encode(), len(raw))

    assert found.parts == (
        '<span class="ansi-bold">making</span> it\n',
        '<span class="ansi-red">│</span> <span class="ansi-red">Error: &lt;no&gt;</span>\nafter\n',
        "",
    )


def test_a_plan_is_approved_beside_what_it_would_change(world: PageWorld) -> None:
    about = policies("buildingBlockCreation", precious=["aws_*"])
    block = world.order(world.define(about=about, transparent=True, inputs={"size": an_input()}), {"size": "small"})
    planned(world, a_resource("aws_db.main", "delete"))
    run = world.latest_run(block)
    person, path = world.person("sam"), f"/runs/{run.id}"

    page = person.read(f"{path}/changes")
    noted = person.read(f"/blocks/{uuid_of(block)}")
    form = person.form(f"{path}/changes", action=f"{path}/approve")
    refused = person.submit(form.fill({"name": "other"}), at=path).headers["location"]
    told = person.read(refused)
    form = person.form(f"{path}/changes", action=f"{path}/approve")
    person.submit(form.fill({"name": run.target.display_name, "comment": "fine"}), at=path)

    assert "Nothing was changed yet: this plan waits for an approval" in page
    assert "aws_db.main" in page
    assert "Run 2: Apply Waiting for approval Started by admin key, who wanted what a dry run had planned" in page
    assert "Waiting for approval" in noted
    assert "A plan waits for an approval. Once it is decided, you can run this again." in noted
    assert "the name of the building block has to be typed" in told
    assert "waits for an approval" not in person.read(f"{path}/changes")
    assert world.claimed().run_id == run.id
