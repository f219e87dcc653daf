"""Identity, workspaces, payment methods, projects and audit, wired as the application does it, behind real HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from blockyard.protocol import kinds, media
from blockyard.server.audit.api import audit_routes
from blockyard.server.audit.service import AuditService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Event, EventFilter
from blockyard.server.events.service import EventLog
from blockyard.server.identity.api import (
    SignIn,
    authenticate_with,
    info_routes,
    key_routes,
    login_routes,
    people_routes,
)
from blockyard.server.identity.model import NewUser, RunGrant, User
from blockyard.server.identity.permissions import ALL
from blockyard.server.identity.service import (
    ApiKeyService,
    Authenticator,
    GroupService,
    Subject,
    SubjectKind,
    Throttle,
    Tokens,
    UserService,
)
from blockyard.server.identity.service.tokens import KEY_TOKEN_LIFE, USER_TOKEN_LIFE
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import AccessLog, install_errors
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.payment_methods.api import payment_method_routes
from blockyard.server.payment_methods.model import PaymentSpec
from blockyard.server.payment_methods.service import PaymentMethodService
from blockyard.server.projects.api import project_routes
from blockyard.server.projects.service import ProjectService
from blockyard.server.workspaces.api import binding_routes, workspace_routes
from blockyard.server.workspaces.service import BindingService, WorkspaceDirectory, WorkspaceService
from tests.support.clock import FixedClock
from tests.support.http import client_for
from tests.support.principals import ADMINISTRATOR

BASE_URL = "http://blockyard.test"
PASSWORD = "correct horse battery staple"


@dataclass
class KnownRunTokens:
    """The run tokens a test made up."""

    grants: dict[str, RunGrant] = field(default_factory=dict)

    def grant_of(self, tx: Transaction, token: str) -> RunGrant | None:
        """Return what a token stands for."""
        del tx
        return self.grants.get(token)

    def is_over(self, tx: Transaction, grant: RunGrant) -> bool:
        """Whether a test has taken the token back."""
        del tx
        return grant not in self.grants.values()


@dataclass
class Tenancy:
    """All services, the application over them, and short ways to prepare a test."""

    db: Database
    clock: FixedClock
    events: EventLog
    keys: ApiKeyService
    users: UserService
    groups: GroupService
    workspaces: WorkspaceService
    bindings: BindingService
    payment_methods: PaymentMethodService
    projects: ProjectService
    tokens: Tokens
    run_tokens: KnownRunTokens
    app: FastAPI

    @property
    def client(self) -> httpx.AsyncClient:
        """Return a client without a credential."""
        return client_for(self.app, BASE_URL)

    def client_of(self, token: str) -> httpx.AsyncClient:
        """Return a client that sends a bearer token."""
        client = self.client
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def key(self, workspace: str, *codes: str) -> httpx.AsyncClient:
        """Return a client with an API key of `workspace`; with every permission there is if none are given."""
        client_id = uuid4()
        self.db.write_now(
            lambda tx: self.keys.seed(
                tx,
                client_id=client_id,
                client_secret="secret",
                workspace=workspace,
                display_name=f"key of {workspace}",
                permissions=codes or ALL,
            )
        )
        return self.client_of(self.tokens.issue(Subject(SubjectKind.API_KEY, client_id), KEY_TOKEN_LIFE))

    def admin(self) -> httpx.AsyncClient:
        """Return a client with an API key of the admin workspace that may do everything."""
        return self.key("admin")

    def workspace(self, name: str) -> None:
        """Make a workspace."""
        self.db.write_now(lambda tx: self.workspaces.seed(tx, name, name.title()))

    def payment_method(self, workspace: str, name: str) -> None:
        """Make a payment method of a workspace."""
        spec = PaymentSpec(display_name=name, expiration_date=None, amount=None, tags={})
        self.db.write_now(lambda tx: self.payment_methods.create(tx, ADMINISTRATOR, workspace, name, spec))

    def user(self, username: str, *, admin: bool = False) -> User:
        """Make a person's account."""
        new = NewUser(
            username=username, first_name=username.title(), last_name="Doe", email=f"{username}@x.test", admin=admin
        )
        self.db.write_now(lambda tx: self.users.seed(tx, new, PASSWORD))
        user = self.db.read_now(lambda tx: self.users.by_username(tx, username))
        assert user is not None
        return user

    def person(self, username: str) -> httpx.AsyncClient:
        """Return a client of a person."""
        user = self.user(username)
        return self.client_of(self.tokens.issue(Subject(SubjectKind.USER, user.id, user.epoch), USER_TOKEN_LIFE))

    def titles(self) -> list[str]:
        """Return the titles of all events, oldest first."""
        return [event.title for event in self.all_events()]

    def all_events(self) -> list[Event]:
        """Return all events, oldest first."""
        page = self.db.read_now(lambda tx: self.events.page(tx, EventFilter(), PageRequest(size=1000)))
        return list(reversed(page.items))


def build_tenancy(
    db: Database, clock: FixedClock, new_id: Callable[[], UUID], *, self_service: bool = False
) -> Tenancy:
    """Wire everything."""
    master_key = MasterKey(b"k" * 32)
    events = EventLog(clock=clock, new_id=new_id)
    groups = GroupService()
    directory = WorkspaceDirectory(groups=groups)
    tokens = Tokens(master_key=master_key, clock=clock)
    run_tokens = KnownRunTokens()
    authenticator = Authenticator(clock=clock, tokens=tokens, run_tokens=run_tokens, workspaces=directory)
    keys = ApiKeyService(clock=clock, new_id=new_id, master_key=master_key, event_log=events, workspaces=directory)
    users = UserService(clock=clock, new_id=new_id, master_key=master_key, event_log=events, workspaces=directory)
    workspaces = WorkspaceService(
        clock=clock,
        new_id=new_id,
        event_log=events,
        users=users,
        groups=groups,
        keys=keys,
        self_service=self_service,
    )
    bindings = BindingService(
        clock=clock, new_id=new_id, event_log=events, directory=directory, users=users, groups=groups
    )
    basics = Basics(clock, new_id, events)
    payment_methods = PaymentMethodService(basics, workspaces=workspaces)
    projects = ProjectService(basics, workspaces=workspaces, payment_methods=payment_methods)
    workspaces.uses.add(projects.of_workspace)
    workspaces.listeners.append(payment_methods)
    payment_methods.uses.add(projects.of_payment_method)
    throttle = Throttle(clock=clock, master_key=master_key, event_log=events)
    sign_in = SignIn(db=db, users=users, throttle=throttle)
    links = Links(BASE_URL)
    app = FastAPI()
    install_errors(app)
    app.add_middleware(BodyGuard, max_bytes=1024 * 1024)
    app.add_middleware(AccessLog)
    app.state.authenticate = authenticate_with(db, authenticator, users)
    for router in (
        login_routes(db, keys, sign_in, tokens, authenticator, new_id=new_id),
        info_routes("admin"),
        key_routes(db, keys, links),
        people_routes(db, users, sign_in, links),
        workspace_routes(db, workspaces, links),
        binding_routes(db, bindings, links),
        payment_method_routes(db, payment_methods, links),
        project_routes(db, projects, links),
        audit_routes(db, AuditService(clock=clock, event_log=events), links),
    ):
        app.include_router(router)
    db.write_now(lambda tx: workspaces.seed_admin(tx, "admin"))
    return Tenancy(
        db, clock, events, keys, users, groups, workspaces, bindings, payment_methods, projects, tokens, run_tokens, app
    )


def vendor(media_type: str) -> Mapping[str, str]:
    """Return the headers a client of one kind sends."""
    return {"Accept": media_type, "Content-Type": media_type}


API_KEY = vendor(media.API_KEY)
WORKSPACE = vendor(media.WORKSPACE)
USER_BINDING = vendor(media.WORKSPACE_USER_BINDING)
GROUP_BINDING = vendor(media.WORKSPACE_GROUP_BINDING)
PROJECT = vendor(kinds.PROJECT.media)
PAYMENT_METHOD = vendor(kinds.PAYMENT_METHOD.media)
