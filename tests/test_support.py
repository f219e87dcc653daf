"""The servers that other tests stand on work as their clients expect."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from tests.support import forked, waiting
from tests.support.browser import accessibility_violations, fresh_page, troubles_of_layout
from tests.support.certificates import Authority
from tests.support.git_repositories import Repository, create_repository, git_environment
from tests.support.git_servers import GitHttpServer, GitSshServer, git_http_server
from tests.support.loopback import loopback_server
from tests.support.postgres import PostgresServer

FILES: dict[str, str | bytes | None] = {
    "main.tf": 'output "x" {\n  value = 1\n}\n',
    "sub/run.sh": "#!/bin/sh\n",
    "blob": b"\x00\xff",
}


def clone(url: str, into: Path, extra: Mapping[str, str] | None = None, *options: str) -> None:
    """Clone `url` with git in an environment of its own."""
    environment = {**git_environment(), "GIT_TERMINAL_PROMPT": "0", **(extra or {})}
    subprocess.run(["git", "clone", "--quiet", *options, url, into], env=environment, check=True, timeout=60)


@pytest.fixture
def repository(git_root: Path) -> Repository:
    """A repository `module` with two commits, a branch and a tag on the first."""
    made = create_repository(git_root / "module", FILES)
    made.tag("v1", annotated=True)
    made.branch("old")
    made.commit({"blob": None, "new": "new"}, message="Second")
    return made


def has_first_commit(folder: Path) -> bool:
    """Whether `folder` holds exactly the files of the first commit."""
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and ".git" not in p.parts}
    return found == FILES.keys() and (folder / "blob").read_bytes() == b"\x00\xff"


def test_a_repository_keeps_files_modes_branches_and_tags(repository: Repository, tmp_path: Path) -> None:
    clone(str(repository.path), tmp_path / "main")
    clone(str(repository.path), tmp_path / "old", None, "--branch", "old")

    assert sorted(p.name for p in (tmp_path / "main").iterdir()) == [".git", "main.tf", "new", "sub"]
    assert os.access(tmp_path / "main" / "sub" / "run.sh", os.X_OK)
    assert has_first_commit(tmp_path / "old")
    assert repository.resolve("v1^{commit}") == repository.resolve("old")


@pytest.mark.usefixtures("repository")
def test_git_clones_over_http(git_http: GitHttpServer, tmp_path: Path) -> None:
    clone(git_http.url("module"), tmp_path / "clone", None, "--branch", "v1", "--depth", "1")

    assert has_first_commit(tmp_path / "clone")
    assert git_http.requests[0].startswith("GET /module/info/refs")


@pytest.mark.usefixtures("repository")
def test_git_clones_over_https_when_it_trusts_the_authority(
    git_https: GitHttpServer, authority: Authority, tmp_path: Path
) -> None:
    clone(git_https.url("module"), tmp_path / "clone", {"GIT_SSL_CAINFO": str(authority.ca_file)}, "--branch", "v1")

    assert has_first_commit(tmp_path / "clone")
    with pytest.raises(subprocess.CalledProcessError):
        clone(git_https.url("module"), tmp_path / "untrusted", {"GIT_SSL_CAINFO": os.devnull})


@pytest.mark.usefixtures("repository")
def test_git_over_http_asks_for_credentials(git_root: Path, tmp_path: Path) -> None:
    with git_http_server(git_root, credentials=("ada", "secret")) as server:
        clone(server.url("module").replace("//", "//ada:secret@"), tmp_path / "clone", None, "--branch", "v1")
        with pytest.raises(subprocess.CalledProcessError):
            clone(server.url("module"), tmp_path / "stranger")

    assert has_first_commit(tmp_path / "clone")


@pytest.mark.usefixtures("repository")
def test_git_clones_over_ssh(git_ssh: GitSshServer, tmp_path: Path) -> None:
    key, known = tmp_path / "key", tmp_path / "known_hosts"
    key.touch(0o600)
    key.write_text(git_ssh.private_key)
    known.write_text(git_ssh.known_host)
    ssh = f"ssh -F /dev/null -i {key} -o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes -o BatchMode=yes"

    clone(git_ssh.url("module"), tmp_path / "clone", {"GIT_SSH_COMMAND": ssh}, "--branch", "v1")

    assert has_first_commit(tmp_path / "clone")


def test_postgres_copies_templates(postgres: PostgresServer) -> None:
    fillings = []

    def fill(url: str) -> None:
        fillings.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE colours AS SELECT 'red' AS name")

    first = postgres.create_database(postgres.template("colours", fill))
    second = postgres.create_database(postgres.template("colours", fill))
    with psycopg.connect(postgres.url(first)) as connection:
        connection.execute("DELETE FROM colours")
    with psycopg.connect(postgres.url(second)) as connection:
        names = connection.execute("SELECT name FROM colours").fetchall()
    postgres.drop_database(first)
    postgres.drop_database(second)

    assert names == [("red",)]
    assert len(fillings) == 1


def test_the_simulated_aws_keeps_objects(aws: str) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request",
        "Content-Type": "text/plain",
    }
    for path, body in (("/bucket", None), ("/bucket/key", b"value")):
        request = urllib.request.Request(aws + path, data=body, method="PUT", headers=headers)  # noqa: S310  # loopback
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310  # loopback

    got = urllib.request.Request(f"{aws}/bucket/key", headers=headers)  # noqa: S310  # loopback
    with urllib.request.urlopen(got, timeout=30) as answer:  # noqa: S310  # loopback
        assert answer.read() == b"value"


class _PageHandler(BaseHTTPRequestHandler):
    pages: Mapping[str, str]

    def do_GET(self) -> None:
        """Answer with the page at the path."""
        found = self.path in self.pages
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.pages.get(self.path, "").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Keep quiet."""


GOOD = """<!doctype html><html lang="en"><head><title>Good</title><link rel="icon" href="data:,"></head>
<body><main><h1>Good</h1><p>All is well.</p></main></body></html>"""

GREY_ON_A_PHONE = """
  p:first-of-type { display: none }
  @media (max-width: 400px) {
    p:first-of-type { display: block; color: #bbb; background: #fff }
    [data-theme=dark] p:last-of-type { color: #bbb; background: #fff }
  }
"""
"""The first paragraph is there on a phone only, the last one is hard to read there in the dark."""


@pytest.fixture
def site() -> Iterator[str]:
    """The URL of a small site with a good page and one that nobody can read."""
    pages = {
        "/good": GOOD,
        "/grey": GOOD.replace("<p>", '<p style="color: #bbb; background: #fff">'),
        "/phone": GOOD.replace("</head>", f"<style>{GREY_ON_A_PHONE}</style></head>").replace("<p>", "<p>Here.</p><p>"),
    }
    with loopback_server(type("Handler", (_PageHandler,), {"pages": pages})) as url:
        yield url


def test_the_browser_shows_a_page_and_axe_finds_what_is_hard_to_read(page: Page, site: str) -> None:
    page.goto(f"{site}/good")
    assert page.inner_text("h1") == "Good"
    assert accessibility_violations(page) == []

    page.goto(f"{site}/grey")
    assert [line.split(":")[0] for line in accessibility_violations(page)] == ["color-contrast"]


def test_what_looks_other_on_a_phone_is_examined_there_in_both_themes(page: Page, site: str) -> None:
    page.goto(f"{site}/good")
    assert troubles_of_layout(page) == []

    page.goto(f"{site}/phone")
    found = [(trouble.partition(": ")[0], trouble.count("<p>")) for trouble in troubles_of_layout(page)]
    assert found == [("phone, light", 1), ("phone, dark", 2)]


def test_a_page_that_asks_for_what_is_not_local_fails_its_test(browser: Browser, site: str) -> None:
    def ask() -> None:
        with fresh_page(browser, failures="Failed to load") as page:
            page.goto(f"{site}/good")
            assert page.evaluate("fetch('http://192.0.2.1/x').then(() => 'answered', () => 'refused')") == "refused"

    with pytest.raises(AssertionError, match=r"not a local address: http://192\.0\.2\.1/x"):
        ask()


def test_package_json_and_its_lock_name_no_registry() -> None:
    lock = json.loads((Path(__file__).parents[1] / "package-lock.json").read_text())

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_programs_of_tests_react_to_signals_also_below_nohup(name: str) -> None:
    program = (
        f"import signal, subprocess; signal.signal(signal.SIG{name}, signal.SIG_IGN);"
        "from tests.support.signals import give_children_defaults; give_children_defaults();"
        f"print(subprocess.run(['sh', '-c', 'kill -{name} $$; exit 7']).returncode)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert int(ended.stdout) == -getattr(signal, f"SIG{name}")


def test_the_programs_of_this_test_react_to_signals() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]

    assert signal.SIG_IGN not in handlers


PROGRAM = """
import json, os, sys, time
print(json.dumps([os.getpid(), os.getsid(0), os.getcwd(), dict(os.environ), sys.argv[1:], sys.stdin.read()]), flush=True)
if sys.argv[1:] == ["end"]:
    sys.exit(7)
time.sleep(600)
"""


def test_a_program_of_ours_is_a_process_of_its_own(tmp_path: Path) -> None:
    file, said = tmp_path / "program.py", tmp_path / "said"
    file.write_text(PROGRAM)
    with said.open("wb") as out:
        program = forked.start(
            ["end"], env={"NAME": "value"}, cwd=tmp_path, stdout=out, program=file, start_new_session=True
        )

    assert program.wait(waiting.PATIENCE_SECONDS) == 7
    assert json.loads(said.read_text()) == [program.pid, program.pid, str(tmp_path), {"NAME": "value"}, ["end"], ""]
    assert program.poll() == 7


def test_a_program_of_ours_is_killed_and_others_go_on(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    with (tmp_path / "said").open("wb") as out:
        killed, other = (forked.start(["go on"], env={}, stdout=out, program=file) for _ in range(2))

    killed.kill()

    assert killed.wait(waiting.PATIENCE_SECONDS) == -signal.SIGKILL
    assert other.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.01)
    other.terminate()
    assert other.wait(waiting.PATIENCE_SECONDS) == -signal.SIGTERM
