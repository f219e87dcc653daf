"""The pages around a world of blocks, with people who sign in to them."""

import html
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeAlias

import httpx2
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page

from blockyard.protocol.jsontypes import Json
from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.identity.model import NewUser, User, WorkspaceRole
from blockyard.server.kit.database import Database
from blockyard.server.workspaces.model import BindingKind, NewBinding
from tests.support.block_world import BlockWorld
from tests.support.browser_form import File, PageForm, forms_of
from tests.support.clock import FixedClock, RunningClock
from tests.support.http import client_for, run_aside
from tests.support.principals import ADMINISTRATOR

PASSWORD = "four random words"

PEOPLE = {
    "sam": ("shop", WorkspaceRole.OWNER),
    "mia": ("shop", WorkspaceRole.MEMBER),
    "pat": ("platform", WorkspaceRole.OWNER),
    "olga": ("other", WorkspaceRole.OWNER),
}
"""Who belongs where: sam and mia order, pat provides, olga has nothing to do with either."""

Fields: TypeAlias = Mapping[str, str | list[str]]
Files: TypeAlias = Mapping[str, tuple[str, bytes, str]]

_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class PageWorld(BlockWorld):
    """All services, the pages, and people; everybody's password is `PASSWORD`, `admin` may do everything."""

    def __init__(
        self,
        database: Database,
        clock: FixedClock | RunningClock,
        *,
        secure: bool = False,
        style: bool = True,
        **chosen: Json,
    ) -> None:
        address: dict[str, Json] = {"public_url": "https://blockyard.test"} if secure else {}
        super().__init__(database, clock, style_page=style, **address, **chosen)
        self.users, self.links, self.sessions = self.services.users, self.services.sign_in_links, self.services.sessions
        self.app = self.whole.app

    def add(self, username: str) -> User:
        """Make an account, with the role that `PEOPLE` names, unless it is there."""
        found = self.db.read_now(lambda tx: self.users.by_username(tx, username))
        if found is not None:
            return found
        new = NewUser(username=username, first_name=username.title(), last_name="", email="", admin=username == "admin")
        self.db.write_now(lambda tx: self.users.seed(tx, new, PASSWORD))
        if username in PEOPLE:
            self.bind(username, *PEOPLE[username])
        return self.add(username)

    def bind(self, name: str, workspace: str, role: WorkspaceRole, *, kind: BindingKind = BindingKind.USER) -> None:
        """Give a person, or a group, a role."""
        new = NewBinding(
            name=f"{name}-{workspace}",
            kind=kind,
            workspace=workspace,
            subject=name,
            role=role,
            expires_on=None,
        )
        self.db.write_now(lambda tx: self.services.bindings.create(tx, ADMINISTRATOR, new))

    def person(self, username: str | None = None) -> "Person":
        """Return a browser in which this person is signed in; nobody if there is no name."""
        person = Person(self.app)
        if username is not None:
            user = self.add(username)
            session = self.db.write_now(lambda tx: self.sessions.begin(tx, user))
            person.cookies.set(SESSION_COOKIE, session, domain="blockyard.test", path="/")
        return person


def come(page: Page, world: PageWorld, url: str, username: str = "sam") -> None:
    """Give a real browser the session of a person."""
    user = world.add(username)
    session = world.db.write_now(lambda tx: world.sessions.begin(tx, user))
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": session, "url": url, "httpOnly": True}])


class Person:
    """A browser without scripts: keeps cookies, reads pages, sends their forms."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.cookies = httpx2.Cookies()

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Open a page; redirections are not followed."""
        return self._send("GET", path, headers=headers)

    def read(self, path: str) -> str:
        """Open a page that must be there and return what it says."""
        answer = self.get(path)
        assert answer.status_code == HTTPStatus.OK, f"{answer.status_code} {answer.text}"
        return words_of(answer)

    def post(
        self,
        path: str,
        fields: Fields | None = None,
        *,
        form_at: str | None = None,
        files: Files | None = None,
    ) -> httpx2.Response:
        """Send a form with the CSRF token of the page `form_at` (the same path, unless told)."""
        token = csrf_of(self.get(form_at or path))
        return self.post_raw(path, {"csrf_token": token, **(fields or {})}, files)

    def post_raw(self, path: str, fields: Fields, files: Files | None = None, **headers: str) -> httpx2.Response:
        """Send exactly these fields."""
        return self._send("POST", path, data=dict(fields), files=files, headers=headers)

    def form(self, path: str, *, action: str | None = None) -> PageForm:
        """Open a page and return its form that goes to `action` (the same path, unless told)."""
        answer = self.get(path)
        assert answer.status_code == HTTPStatus.OK, f"{answer.status_code} {answer.text}"
        wanted = action or path.partition("?")[0]
        found = [form for form in forms_of(answer.text) if (form.action or path) == wanted]
        assert len(found) == 1, f"{len(found)} forms at {path} go to {wanted}"
        return found[0]

    def submit(self, form: PageForm, *, at: str, **headers: str) -> httpx2.Response:
        """Send a form that was opened at a path, as browsers encode it."""
        content_type, body = form.encoded()
        return self._send("POST", form.action or at, content=body, headers={**headers, "Content-Type": content_type})

    def check(self, form: PageForm, path: str) -> httpx2.Response:
        """Let a form be looked at while it is filled in, as scripts do."""
        content_type, body = form.encoded()
        return self._send("POST", path, content=body, headers={"Content-Type": content_type})

    def change(self, path: str, changes: "Mapping[str, str | list[str] | File] | None" = None) -> httpx2.Response:
        """Open a form, enter what is to change, and send it as a browser does."""
        return self.submit(self.form(path).fill(changes or {}), at=path)

    def sign_in(self, username: str, password: str = PASSWORD, **fields: str) -> httpx2.Response:
        """Sign in by the form."""
        token = csrf_of(self.get("/sign-in"))
        return self.post_raw("/sign-in", {"csrf_token": token, "username": username, "password": password, **fields})

    def _send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        return run_aside(self._sent(method, path, arguments))

    async def _sent(self, method: str, path: str, arguments: dict[str, Any]) -> httpx2.Response:
        async with client_for(self._app, "https://blockyard.test") as client:
            client.cookies = self.cookies
            answer = await client.request(method, path, **arguments)
            self.cookies = client.cookies
        return answer


def csrf_of(answer: httpx2.Response) -> str:
    """Return the CSRF token of a page's form."""
    found = _CSRF.search(answer.text)
    assert found is not None, f"no form at {answer.url}: {answer.status_code}"
    return found[1]


def words_of(answer: httpx2.Response) -> str:
    """Return what the content of a page says, without tags, on one line."""
    content = answer.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


@contextmanager
def serving(app: FastAPI, *, port: int = 0) -> Iterator[str]:
    """Serve an application on a free port, or the given one, and give its URL."""
    config = uvicorn.Config(app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        bound = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        thread.join()
