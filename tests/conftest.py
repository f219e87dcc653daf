"""Fixtures every test may use. Tests with `database` run on SQLite, with `--db=postgres` or `--db=all` on PostgreSQL.

Tests get their marker from the programs that their fixtures need: `postgres`, `browser`, `ssh`, `engine`.
"""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page

from blockyard.server.kit.database import Database, metadata
from tests.support.browser import KeptBrowser, fresh_page, kept_chromium
from tests.support.certificates import Authority, create_authority
from tests.support.clock import FixedClock
from tests.support.git_servers import GitHttpServer, GitSshServer, git_http_server, git_ssh_server
from tests.support.kept_database import KeptDatabase
from tests.support.machine import find_engine, need
from tests.support.moto_server import moto_server
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.signals import give_children_defaults

DATABASES = {"sqlite": ["sqlite"], "postgres": ["postgres"], "all": ["sqlite", "postgres"]}
MARKER_OF_FIXTURE = {"postgres": "postgres", "browser": "browser", "git_ssh": "ssh", "engine": "engine"}

OBJECTS_UNTIL_SEARCH = (20_000, 20, 50)
"""How many new objects there may be before garbage is looked for among them, how many such searches before one among those that
stayed, and how many of these before one among all."""

NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Set in many containers. Each test process would rewrite all tests again, each started server compile itself."""

FOREIGN_SETTINGS = ("AWS_", "BLOCKYARD_", "GIT_", "TF_")
"""Variables of whoever starts the tests that would change what Blockyard, git or an engine does."""


def pytest_configure() -> None:
    """Forget the settings of whoever starts the tests, and which signals it ignores; generate the same each time."""
    gc.disable()  # until everything is collected: what is imported stays
    settings.register_profile("same", derandomize=True)
    if "GENERATED_EXAMPLES" not in os.environ:  # `make generated` looks for what is new
        settings.load_profile("same")
    give_children_defaults()
    os.environ.pop(NO_BYTECODE, None)
    sys.dont_write_bytecode = False
    for name in [name for name in os.environ if name.startswith(FOREIGN_SETTINGS)]:
        if not name.startswith("BLOCKYARD_TEST_"):
            del os.environ[name]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the figures that tests took: budgets are measured by `make bench`, these say where one might look."""
    reports = terminalreporter.getreports("passed")
    figures = [text for report in reports for name, text in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.line(str(figure))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the database."""
    parser.addoption("--db", choices=sorted(DATABASES), default="sqlite", help="what `database` is (default: sqlite)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat every test with `database` for each chosen one."""
    if "database_kind" in metafunc.fixturenames:
        marks = {"sqlite": [], "postgres": [pytest.mark.postgres]}
        kinds = DATABASES[metafunc.config.getoption("--db")]
        metafunc.parametrize("database_kind", [pytest.param(kind, marks=marks[kind]) for kind in kinds])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by the programs that their fixtures need, before `-m` chooses among them.

    What is marked `one_database` is left out on PostgreSQL where it runs on SQLite. Tests with a browser come first: some take
    minutes, and whoever begins one as the last keeps one core busy while the others have nothing left to do.
    """
    if "sqlite" in DATABASES[config.getoption("--db")]:
        repeated = {item for item in items if item.get_closest_marker("one_database") and _is_on_postgres(item)}
        config.hook.pytest_deselected(items=[item for item in items if item in repeated])
        items[:] = [item for item in items if item not in repeated]
    for item in items:
        for fixture in MARKER_OF_FIXTURE.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKER_OF_FIXTURE[fixture])
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def pytest_collection_finish() -> None:
    """Look no more for garbage in modules, routes and tests: they stay as long as the process, and are most of it.

    Among what tests make it is looked for less often than usual, which is a tenth of their time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*OBJECTS_UNTIL_SEARCH)
    gc.enable()


def _is_on_postgres(item: pytest.Item) -> bool:
    chosen = getattr(item, "callspec", None)
    return chosen is not None and "postgres" in chosen.params.values()


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon."""
    return FixedClock()


@pytest.fixture
def ids() -> Callable[[], UUID]:
    """Ids that count up: 00000000-0000-4000-8000-000000000001 and on."""
    count = 0

    def draw() -> UUID:
        nonlocal count
        count += 1
        return UUID(int=0x40008000000000000000 + count)

    return draw


@pytest.fixture
def database(database_kind: str, request: pytest.FixtureRequest) -> Database:
    """A database with all tables and no row. It is kept for the next test: one that damages it takes `own_database`."""
    kept: KeptDatabase = request.getfixturevalue(f"kept_{database_kind}")
    return kept.empty()


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptDatabase]:
    """The SQLite database of this test process."""
    with Database.open(f"sqlite:///{tmp_path_factory.mktemp('kept') / 'blockyard.sqlite3'}") as db:
        yield KeptDatabase(db)


@pytest.fixture(scope="session")
def kept_postgres(postgres: PostgresServer) -> Iterator[KeptDatabase]:
    """The PostgreSQL database of this test process."""
    with Database.open(postgres.url(postgres.create_database())) as db:
        yield KeptDatabase(db)


@pytest.fixture
def own_database(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of this test alone."""
    if database_kind == "postgres":
        yield from _postgres_database(request.getfixturevalue("postgres"))
        return
    file = tmp_path / "blockyard.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    with Database.open(f"sqlite:///{file}") as db:
        yield db


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    with Database.open(f"sqlite:///{file}") as db:
        metadata.create_all(db.engine)
    return file


def _postgres_database(server: PostgresServer) -> Iterator[Database]:
    def fill(url: str) -> None:
        with Database.open(url) as db:
            metadata.create_all(db.engine)

    name = server.emptied("with_tables", fill)
    with Database.open(server.url(name)) as db:
        yield db


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def kept_browser() -> Iterator[KeptBrowser]:
    """The Chromium of this test process."""
    with kept_chromium() as kept:
        yield kept


@pytest.fixture
def browser(kept_browser: KeptBrowser) -> Iterator[Browser]:
    """A Chromium; no test that uses it is async."""
    with kept_browser.in_use() as program:
        yield program


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh browser profile; errors on its console fail the test."""
    with fresh_page(browser) as opened:
        yield opened


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority for `localhost`."""
    return create_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def git_root(tmp_path: Path) -> Path:
    """The folder whose repositories the git servers serve."""
    root = tmp_path / "git"
    root.mkdir()
    return root


@pytest.fixture
def git_http(git_root: Path) -> Iterator[GitHttpServer]:
    """A git server without TLS."""
    with git_http_server(git_root) as server:
        yield server


@pytest.fixture
def git_https(git_root: Path, authority: Authority) -> Iterator[GitHttpServer]:
    """A git server with a certificate of `authority`."""
    with git_http_server(git_root, authority=authority) as server:
        yield server


@pytest.fixture
def git_ssh(git_root: Path, tmp_path: Path) -> Iterator[GitSshServer]:
    """An SSH server for the repositories below `git_root`."""
    folder = tmp_path / "ssh"
    folder.mkdir()
    with git_ssh_server(git_root, folder) as server:
        yield server


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a simulated AWS of this test process."""
    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def engine() -> Path:
    """The machine's OpenTofu or Terraform."""
    return need(find_engine(), "OpenTofu or Terraform", "tofu (from the packages of the OpenTofu project)")
