"""What tests of identity, workspaces, payment methods, projects and audit need of the server, behind real HTTP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json
from blockyard.server.events.model import Event, EventFilter
from blockyard.server.identity.model import NewUser, RunGrant, User, WorkspaceRole
from blockyard.server.identity.permissions import ALL
from blockyard.server.identity.service import Subject, SubjectKind
from blockyard.server.identity.service.tokens import KEY_TOKEN_LIFE, USER_TOKEN_LIFE
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.payment_methods.model import PaymentSpec
from blockyard.server.projects.model import ProjectKey, ProjectSpec
from blockyard.server.tags.model import TargetKind
from blockyard.server.workspaces.model import BindingKind, NewBinding
from tests.support.clock import FixedClock
from tests.support.http import client_for
from tests.support.principals import ADMINISTRATOR
from tests.support.tags import declare
from tests.support.world import BASE_URL, world_of

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


class Tenancy:
    """The server with its admin workspace, and short ways to prepare a test."""

    def __init__(self, db: Database, clock: FixedClock, ids: Callable[[], UUID], **chosen: Json) -> None:
        whole = world_of(db, clock, ids, **chosen)
        self.db = db
        self.clock = clock
        self.events = whole.events
        self.services = services = whole.services
        self.keys, self.users, self.groups = services.api_keys, services.users, services.groups
        self.sessions = services.sessions
        self.workspaces, self.bindings, self.projects = services.workspaces, services.bindings, services.projects
        self.payment_methods = services.payment_methods
        self.tokens = services.tokens
        self.run_tokens = services.authenticator._run_tokens = KnownRunTokens()
        self.app = whole.app
        self.project_roles, self.project_bindings = services.project_roles, services.project_bindings
        db.write_now(lambda tx: self.workspaces.seed_admin(tx, "admin"))

    @property
    def client(self) -> httpx2.AsyncClient:
        """Return a client without a credential."""
        return client_for(self.app, BASE_URL)

    def client_of(self, token: str) -> httpx2.AsyncClient:
        """Return a client that sends a bearer token."""
        client = self.client
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def key(self, workspace: str, *codes: str) -> httpx2.AsyncClient:
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

    def admin(self) -> httpx2.AsyncClient:
        """Return a client with an API key of the admin workspace that may do everything."""
        return self.key("admin")

    def workspace(self, name: str) -> None:
        """Make a workspace."""
        self.db.write_now(lambda tx: self.workspaces.seed(tx, name, name.title()))

    def builder(self, *names: str) -> None:
        """Make workspaces that may have platforms."""
        seed = self.workspaces.seed
        self.db.write_now(lambda tx: [seed(tx, name, name.title(), platform_builder=True) for name in names])

    def seed_places(self) -> None:
        """Make the public locations and the built-in platform types."""
        for seeded in (self.services.locations, self.services.platform_types):
            self.db.write_now(partial(seeded.seed, workspace="admin"))

    def payment_method(self, workspace: str, name: str) -> None:
        """Make a payment method of a workspace."""
        spec = PaymentSpec(display_name=name, expiration_date=None, amount=None, tags={})
        self.db.write_now(lambda tx: self.payment_methods.create(tx, ADMINISTRATOR, workspace, name, spec))

    def project(self, workspace: str, name: str) -> None:
        """Make a project of a workspace, and the usual project roles."""
        spec = ProjectSpec(
            display_name=name, tags={}, payment_method_identifier=None, substitute_payment_method_identifier=None
        )
        key = ProjectKey(workspace, name)
        self.db.write_now(lambda tx: self.projects.create(tx, ADMINISTRATOR, key, spec))
        self.db.write_now(self.project_roles.seed)

    def declare_tags(self, kind: str, *keys: str, options: Sequence[str] = ()) -> None:
        """Let things of a kind have any text by these keys; with options, any of these."""
        declare(self.db, self.services.tag_definitions, TargetKind(kind), *keys, options=options)

    def user(self, username: str, *, admin: bool = False) -> User:
        """Make a person's account."""
        new = NewUser(
            username=username, first_name=username.title(), last_name="Doe", email=f"{username}@x.test", admin=admin
        )
        self.db.write_now(lambda tx: self.users.seed(tx, new, PASSWORD))
        user = self.db.read_now(lambda tx: self.users.by_username(tx, username))
        assert user is not None
        return user

    def member(self, workspace: str, username: str, role: WorkspaceRole = WorkspaceRole.MEMBER) -> None:
        """Give a person a role in a workspace, by a binding such as `jane-shop`."""
        new = NewBinding(
            kind=BindingKind.USER,
            name=f"{username}-{workspace}",
            role=role,
            workspace=workspace,
            subject=username,
            expires_on=None,
        )
        self.db.write_now(lambda tx: self.bindings.create(tx, ADMINISTRATOR, new))

    def person(self, username: str) -> httpx2.AsyncClient:
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


def vendor(media_type: str) -> Mapping[str, str]:
    """Return the headers a client of one kind sends."""
    return {"Accept": media_type, "Content-Type": media_type}


API_KEY = vendor(kinds.API_KEY.media)
WORKSPACE = vendor(kinds.WORKSPACE.media)
USER_BINDING = vendor(kinds.WORKSPACE_USER_BINDING.media)
GROUP_BINDING = vendor(kinds.WORKSPACE_GROUP_BINDING.media)
PROJECT = vendor(kinds.PROJECT.media)
PROJECT_USER_BINDING = vendor(kinds.PROJECT_USER_BINDING.media)
PROJECT_GROUP_BINDING = vendor(kinds.PROJECT_GROUP_BINDING.media)
PAYMENT_METHOD = vendor(kinds.PAYMENT_METHOD.media)
LOCATION = vendor(kinds.LOCATION.media)
PLATFORM_TYPE = vendor(kinds.PLATFORM_TYPE.media)
PLATFORM = vendor(kinds.PLATFORM.media)
LANDING_ZONE = vendor(kinds.LANDING_ZONE.media)
TAG_DEFINITION = vendor(kinds.TAG_DEFINITION.media)
