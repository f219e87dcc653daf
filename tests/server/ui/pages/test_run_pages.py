"""The page of a run: its steps and logs, who sees them, and aborting it."""

import re
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.ui.pages.runs.run import LIVE_HEADER
from blockyard.server.ui.pages.runs.search import MAX_LINES
from blockyard.server.ui.pages.runs.steps import log_of, plain
from tests.support.block_world import Claimed, an_input, uuid_of
from tests.support.page_world import PageWorld, words_of
from tests.support.principals import ADMINISTRATOR

pytestmark = pytest.mark.one_database


@pytest.fixture
def claimed(world: PageWorld) -> Claimed:
    """The first run of a transparent block, in the hands of a runner."""
    world.order(world.define(transparent=True), name="invoices bucket")
    return world.claimed()


def register(world: PageWorld, claimed: Claimed) -> None:
    """Announce the steps of a run."""
    steps: JsonObject = {
        "source": {"id": "runner"},
        "steps": [{"id": "init", "displayName": "Prepare"}, {"id": "apply", "displayName": "Apply"}],
    }
    registration = SourceRegistration.model_validate(steps)
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, registration))


def log(world: PageWorld, claimed: Claimed, text: bytes, *, step: str = "apply", offset: int = 0) -> None:
    """Send a piece of a step's log."""
    world.db.write_now(
        lambda tx: world.reports.append_log(tx, claimed.principal, claimed.run_id, step=step, offset=offset, data=text)
    )


def test_a_run_shows_number_behavior_status_trigger_author_and_steps(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)

    page = world.person("sam").read(f"/runs/{claimed.run_id}")

    assert "Run 1: Apply" in page
    assert "In progress" in page
    assert "Started by admin key, who ordered the building block" in page
    assert "Prepare : Pending" in page
    assert "invoices bucket" in page


def test_a_run_without_steps_says_what_it_waits_for(world: PageWorld) -> None:
    block = world.order(world.define(transparent=True))

    page = world.person("sam").read(f"/runs/{world.latest_run(block).id}")

    assert "The run waits for its runner. No runner has asked for work yet; tell the operator" in page
    assert "No runner has asked for work yet; tell the operator" in world.person("sam").read(
        f"/blocks/{uuid_of(block)}"
    )


def test_the_log_is_in_the_first_paint_with_its_colours_and_no_other_markup(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)
    log(world, claimed, "\x1b[32mcreated\x1b[0m <b>x</b> é\r\n".encode())

    answer = world.person("sam").get(f"/runs/{claimed.run_id}")

    assert '<span class="ansi-green">created</span> &lt;b&gt;x&lt;/b&gt; é\n</pre>' in answer.text


def test_a_long_log_is_shown_from_its_end_and_downloaded_as_a_whole(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)
    whole = b"".join(b"line %06d\n" % number for number in range(200_000))
    for offset in range(0, len(whole), 200_000):
        log(world, claimed, whole[offset : offset + 200_000], offset=offset)
    person = world.person("sam")

    answer = person.get(f"/runs/{claimed.run_id}")
    download = person.get(f"/runs/{claimed.run_id}/log?source=runner&step=apply")

    assert len(answer.text) < 200_000
    assert "line 199999" in answer.text
    assert "line 000000" not in answer.text
    assert "The end of the log is shown." in words_of(answer)
    assert download.content == whole
    assert download.headers["content-disposition"].startswith("attachment")


def test_a_refresh_of_parts_carries_no_logs(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)
    log(world, claimed, b"created")

    answer = world.person("sam").get(f"/runs/{claimed.run_id}", **{LIVE_HEADER: "parts"})

    assert "created" not in answer.text
    assert "data-log" in answer.text


def test_a_run_that_is_over_opens_where_most_was_said(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)
    log(world, claimed, b"a little", step="init")
    log(world, claimed, b"much, much more")
    update = StatusUpdate.model_validate({"status": "SUCCEEDED", "steps": []})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))

    page = world.person("sam").get(f"/runs/{claimed.run_id}").text

    assert page.count("<details open") == 1
    assert page.index("a little") < page.index("<details open") < page.index("much, much more")


def test_the_messages_of_steps_and_the_end_are_shown(world: PageWorld, claimed: Claimed) -> None:
    world.report(claimed, RunStatus.FAILED, message="the quota is exceeded")

    page = world.person("sam").read(f"/runs/{claimed.run_id}")

    assert "Failed" in page
    assert "the quota is exceeded" in page


def test_the_consumer_sees_messages_but_no_log_where_runs_are_not_transparent(world: PageWorld) -> None:
    block = world.order(world.define(transparent=False))
    claimed = world.claimed()
    world.report(claimed, RunStatus.FAILED, message="ask us")
    consumer, provider = world.person("sam"), world.person("pat")

    page = consumer.read(f"/runs/{claimed.run_id}")

    assert "ask us" in page
    assert "log: ask us" not in page
    assert "visible to the platform team only" in page
    assert "log: ask us" in provider.read(f"/runs/{claimed.run_id}")
    assert consumer.get(f"/runs/{claimed.run_id}/log?step=apply").status_code == 403
    assert f"/runs/{claimed.run_id}" in consumer.get(f"/blocks/{uuid_of(block)}").text


@pytest.mark.parametrize("path", ["", "/abort", "/log?step=apply"])
def test_a_run_of_others_is_not_there(world: PageWorld, claimed: Claimed, path: str) -> None:
    answer = world.person("olga").get(f"/runs/{claimed.run_id}{path}")

    assert answer.status_code == 404
    assert "invoices" not in answer.text


def test_a_run_of_others_is_not_aborted(world: PageWorld, claimed: Claimed) -> None:
    answer = world.person("olga").post(f"/runs/{claimed.run_id}/abort", form_at="/blocks")

    assert answer.status_code == 404
    assert world.db.read_now(lambda tx: world.runs.by_id(tx, claimed.run_id)).abort_requested_at is None


def test_a_member_may_not_abort(world: PageWorld, claimed: Claimed) -> None:
    person = world.person("mia")

    assert "Abort" not in person.read(f"/runs/{claimed.run_id}")
    assert person.get(f"/runs/{claimed.run_id}/abort").status_code == 303
    person.post(f"/runs/{claimed.run_id}/abort", form_at="/blocks")
    assert "You don't have sufficient permissions" in person.read(f"/runs/{claimed.run_id}")
    assert world.db.read_now(lambda tx: world.runs.get(tx, ADMINISTRATOR, claimed.run_id)).abort_requested_at is None


def test_a_run_is_aborted_after_a_question(world: PageWorld, claimed: Claimed) -> None:
    person = world.person("sam")

    assert "Abort run 1?" in person.read(f"/runs/{claimed.run_id}/abort")
    answer = person.post(f"/runs/{claimed.run_id}/abort")

    assert answer.headers["location"] == f"/runs/{claimed.run_id}"
    assert "Is being aborted" in person.read(f"/runs/{claimed.run_id}")


def test_a_run_is_not_aborted_without_the_token_of_the_session(world: PageWorld, claimed: Claimed) -> None:
    answer = world.person("sam").post_raw(f"/runs/{claimed.run_id}/abort", {})

    assert answer.status_code == 403


def test_aborting_an_ended_run_is_refused_with_the_reason(world: PageWorld, claimed: Claimed) -> None:
    person = world.person("sam")
    form = person.get(f"/runs/{claimed.run_id}/abort")
    world.report(claimed)

    answer = person.post(f"/runs/{claimed.run_id}/abort", form_at="/blocks")

    assert form.status_code == 200
    assert answer.headers["location"] == f"/runs/{claimed.run_id}"
    assert "SUCCEEDED already" in person.read(f"/runs/{claimed.run_id}")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://x\x07link\x1b]8;;\x07", "link"),
        ("10%\r20%\r\ndone", "10%\n20%\ndone"),
        ("a\x00b\x08c\td", "abc\td"),
    ],
)
def test_logs_are_shown_as_plain_text(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_all_of_a_long_log_is_searched_and_lines_are_numbered(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)
    log(world, claimed, b"nothing of interest\n", step="init")
    filler = "".join(f"line {number}\n" for number in range(100_000)).encode()
    log(world, claimed, b"a \x1b[31mNee\x1b[0mdle <b>\n" + filler, offset=0)
    end = len(b"a \x1b[31mNee\x1b[0mdle <b>\n" + filler)
    log(world, claimed, b"x" * 500 + b" needle" + filler, offset=end)
    person = world.person("sam")

    answer = person.get(f"/runs/{claimed.run_id}/search?text=needle")

    page = words_of(answer)
    assert "2 lines have “needle”." in page
    assert "Apply 1 a Needle <b> 100002 …" in page
    assert "a <mark>Needle</mark> &lt;b&gt;" in answer.text
    assert "x" * 201 not in answer.text
    assert "Prepare" not in page
    assert "Nothing matches" in person.read(f"/runs/{claimed.run_id}/search?text=haystack")
    assert "Nothing matches" not in person.read(f"/runs/{claimed.run_id}/search?text=")


def test_a_search_that_finds_much_shows_its_beginning(world: PageWorld, claimed: Claimed) -> None:
    register(world, claimed)
    log(world, claimed, b"found\n" * 150, step="init")
    log(world, claimed, b"found\n" * 150)

    page = world.person("sam").read(f"/runs/{claimed.run_id}/search?text=found")

    assert f"{MAX_LINES} lines have “found”; there may be more, a longer text finds fewer." in page
    assert page.count("found") > MAX_LINES
    assert "50 found" in page.partition("Apply")[2]
    assert "51 found" not in page.partition("Apply")[2]


def test_logs_that_one_may_not_read_are_not_searched_either(world: PageWorld) -> None:
    world.order(world.define(transparent=False))
    claimed = world.claimed()
    register(world, claimed)
    log(world, claimed, b"the word is hunter2\n")

    answer = world.person("sam").get(f"/runs/{claimed.run_id}/search?text=hunter")

    assert answer.status_code == 403
    assert "hunter2" not in answer.text
    assert "Search the logs" not in world.person("sam").read(f"/runs/{claimed.run_id}")
    assert "1 line has “hunter”." in world.person("pat").read(f"/runs/{claimed.run_id}/search?text=hunter")
    assert world.person("olga").get(f"/runs/{claimed.run_id}/search?text=hunter").status_code == 404


BOX = """Initializing…
╷
│ Error: Reference to undeclared input variable
│
│   on main.tf line 3, in output "x":
│    3:   value = var.nme
╵
Cleaning up
"""


def block_of(world: PageWorld, claimed: Claimed) -> UUID:
    """Return the id of the block of a run."""
    return world.db.read_now(lambda tx: world.runs.get(tx, ADMINISTRATOR, claimed.run_id)).block_id


def fail(world: PageWorld, claimed: Claimed) -> None:
    """Let the first of three steps succeed, the second fail, and report the third as runners do."""
    steps: JsonObject = {
        "source": {"id": "runner"},
        "steps": [{"id": name, "displayName": name.title()} for name in ("prepare", "plan", "apply")],
    }
    registration = SourceRegistration.model_validate(steps)
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, registration))
    log(world, claimed, BOX.encode(), step="plan")
    log(world, claimed, b"Aborted due to failure in an earlier step\n", step="apply")
    update: JsonObject = {
        "status": "FAILED",
        "steps": [
            {"id": "prepare", "status": "SUCCEEDED"},
            {"id": "plan", "status": "FAILED", "userMessage": "The plan could not be made."},
            {"id": "apply", "status": "FAILED"},
        ],
    }
    reported = StatusUpdate.model_validate(update)
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", reported))


def test_one_failure_is_one_failure_and_steps_behind_it_were_skipped(world: PageWorld, claimed: Claimed) -> None:
    fail(world, claimed)

    answer = world.person("sam").get(f"/runs/{claimed.run_id}")

    page = words_of(answer)
    assert "Prepare : Succeeded" in page
    assert "Plan : Failed" in page
    assert "Apply Skipped: an earlier step failed" in page
    assert "Aborted due to failure" not in page
    assert answer.text.count("<details open") == 1


def test_a_failed_run_begins_with_its_cause_what_to_do_and_one_button(world: PageWorld, claimed: Claimed) -> None:
    fail(world, claimed)
    person = world.person("sam")

    answer = person.get(f"/runs/{claimed.run_id}")

    page = words_of(answer)
    cause = page.index("Failed in step “Plan” Run again")
    assert cause < page.index("The plan could not be made.") < page.index("Prepare : Succeeded")
    assert 'Error: Reference to undeclared input variable on main.tf line 3, in output "x"' in page
    assert "Otherwise ask Platform, which offers this building block." in page
    anchor = re.search(r'href="#(step-[0-9a-f]+-error)"', answer.text)
    assert anchor is not None
    assert f'<mark class="log-error" id="{anchor[1]}">│ Error: Reference' in answer.text
    noted = person.read(f"/blocks/{block_of(world, claimed)}")
    assert re.search(r"Run 1 failed\. \S.+ The plan could not be made\. See what happened", noted)
    again = person.submit(
        person.form(f"/runs/{claimed.run_id}", action=f"/blocks/{block_of(world, claimed)}/runs"), at="/"
    )
    assert again.headers["location"] == f"/blocks/{block_of(world, claimed)}"
    assert "Run again" not in person.read(f"/runs/{claimed.run_id}")


def test_a_failed_run_says_in_one_sentence_whose_matter_it_is(world: PageWorld, claimed: Claimed) -> None:
    fail(world, claimed)
    page = words_of(world.person("sam").get(f"/runs/{claimed.run_id}"))
    assert "The code of the building block has an error. Tell the team that offers this building block" in page


def test_a_run_that_is_tried_again_says_so(world: PageWorld, claimed: Claimed) -> None:
    world.report(claimed, RunStatus.FAILED, message="503 Service Unavailable")
    world.clock.advance(60)
    world.claimed()
    page = words_of(world.person("sam").get(f"/runs/{claimed.run_id}"))
    assert "failed, tried again" in page
    assert "Attempt 1 failed: A service that the building block needs had a disturbance." in page


def test_sentences_of_a_failed_run_stand_apart(world: PageWorld) -> None:
    world.order(world.define(transparent=True, inputs={"x": an_input(updateableByConsumer=True)}), {"x": "y"})
    claimed = world.claimed()
    world.report(claimed, RunStatus.FAILED, message="Nobody knows why.")

    page = world.person("sam").get(f"/runs/{claimed.run_id}").text

    assert re.search(r"change it</a>\.\s+If the cause was temporary, run again\.\s+Otherwise ask", page)


def test_a_run_under_way_is_reloaded_by_hand_where_no_script_follows_it(world: PageWorld, claimed: Claimed) -> None:
    person = world.person("sam")
    paths = [f"/runs/{claimed.run_id}", f"/blocks/{block_of(world, claimed)}"]

    for path in paths:
        assert f'<a class="link" href="{path}">Reload it</a>' in person.get(path).text
    world.report(claimed, RunStatus.SUCCEEDED)
    for path in paths:
        assert "<noscript>" not in person.get(path).text


def test_without_its_log_the_cause_is_the_message_of_the_step(world: PageWorld) -> None:
    world.order(world.define(), name="opaque")
    claimed = world.claimed()
    fail(world, claimed)

    page = world.person("sam").read(f"/runs/{claimed.run_id}")

    assert page.index("Failed in step “Plan”") < page.index("The plan could not be made.")
    assert "undeclared" not in page
    assert "Run again" not in page


@pytest.mark.parametrize(
    ("text", "error", "after"),
    [
        ("all well\n", "", ""),
        ("a\nError: no\nmore\n\nb", "Error: no\nmore\n", "\nb"),
        ("fatal: Remote branch feat not found", "fatal: Remote branch feat not found", ""),
        (BOX, BOX[BOX.index("│ Error") : BOX.index("╵")], BOX[BOX.index("╵") :]),
        ("x Error: in the middle\n", "", ""),
        ("Error: " + "x" * 5000, "Error: " + "x" * 1993, "x" * 3007),
    ],
)
def test_the_first_error_of_a_log_is_found(text: str, error: str, after: str) -> None:
    found = log_of(text.encode(), len(text))

    assert (found.error, found.after) == (error, after)
    assert found.before + found.error + found.after == text
