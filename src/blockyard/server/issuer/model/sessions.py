"""Client sessions: what a person lets a program do, and the rules of codes, tokens and addresses. Source: api.md 1.2."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID

from blockyard.protocol import addresses
from blockyard.server.identity.model import AccessLevel, UserId

ClientSessionId = NewType("ClientSessionId", UUID)

CLIENT_ID = "blockyard-cli"
"""The one client: every command line on somebody's machine. It has no secret that it could keep."""

CODE_LIFE = timedelta(seconds=60)
"""How long a code waits for the program that asked for it."""

SHOWN_CODE_LIFE = timedelta(minutes=5)
"""How long a code waits that a person carries to the program by hand."""

ACCESS_LIFE = timedelta(minutes=5)
"""Life of an access token: what it names may be looked up at each request, so this is about copies in logs and files."""

UNUSED_LIFE = timedelta(days=30)
"""A client session ends when no token was asked for so long."""

LONGEST_LIFE = timedelta(days=90)
"""A client session ends then, however much it is used."""

AGAIN = timedelta(seconds=10)
"""So long a refresh token gets the same successor again: an answer that is lost on the way must not end the session."""

MOST_SESSIONS = 50
"""How many client sessions a person may have; a new one ends the one that was not used for longest."""

SHOWN_AT = "/oidc/code"
"""The page that shows a code to a person whose program is on another machine than their browser."""

BINDS = "c:"
"""What the scope begins with that binds a token to a workspace."""

LEVEL_SCOPES = {f"cli-access-{level}": level for level in AccessLevel}
SCOPES = ("openid", "profile", "email", "offline_access", *LEVEL_SCOPES)

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LONGEST_DEVICE = 255
_LONGEST_NONCE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a program asks a person for.

    Attributes:
        level: the highest access level it may get; None if it did not say.
        workspace: the workspace it wants to be bound to; None if it did not say.
    """

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str = field(repr=False)
    nonce: str | None = None
    level: AccessLevel | None = None
    workspace: str | None = None

    @property
    def levels(self) -> Sequence[AccessLevel]:
        """The access levels a person can choose from."""
        return (self.level or AccessLevel.FULL).and_below

    @property
    def suggested(self) -> AccessLevel:
        """The access level that is chosen unless the person chooses: the least one if none was asked for."""
        return self.level or AccessLevel.READ

    @property
    def stays(self) -> bool:
        """Whether the program wants to get new tokens without asking the person."""
        return "offline_access" in self.scopes

    @property
    def is_shown(self) -> bool:
        """Whether the person carries the code to the program."""
        return self.redirect_uri.endswith(SHOWN_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSession:
    """A program that acts for a person; before its code was used, what it may become.

    Attributes:
        epoch: of the person when they agreed; a new password or a lock ends the session.
        workspace: the only one the program may be in; None for all of the person's.
        scopes: what was granted, with blanks between.
        strong, signed_in_at: how and when the person had signed in who agreed.
        code_hash: the code, as a keyed hash; `redeemed_at` says when it was used.
        turn: counts refresh tokens; only the one of this turn is good.
    """

    id: ClientSessionId
    user_id: UserId
    epoch: int
    client_id: str
    level: AccessLevel
    workspace: str | None
    scopes: str
    strong: bool
    signed_in_at: datetime
    address: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ends_at: datetime
    code_hash: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    redeemed_at: datetime | None = None
    turn: int = 0
    turned_at: datetime | None = None
    revision: int = 0

    @property
    def stays(self) -> bool:
        """Whether it has refresh tokens."""
        return "offline_access" in self.scopes.split()

    @property
    def is_openid(self) -> bool:
        """Whether the program wants to know who the person is."""
        return "openid" in self.scopes.split()

    def lives(self, at: datetime) -> bool:
        """Whether tokens of it are good."""
        return self.redeemed_at is not None and at < self.expires_at

    def redeemed(self, at: datetime, *, address: str, device: str) -> "ClientSession":
        """Return this session after the program has brought the code."""
        used = self._used(at)
        return replace(used, redeemed_at=at, turn=1, turned_at=at, address=address, device=device[:_LONGEST_DEVICE])

    def refreshed(self, at: datetime) -> "ClientSession":
        """Return this session after its refresh token was used: the next one is good."""
        return replace(self._used(at), turn=self.turn + 1, turned_at=at)

    def may_repeat(self, turn: int, at: datetime) -> bool:
        """Whether the refresh token of `turn`, used a moment ago, gets the same answer again."""
        return turn == self.turn - 1 and self.turned_at is not None and at - self.turned_at <= AGAIN

    def _used(self, at: datetime) -> "ClientSession":
        life = UNUSED_LIFE if self.stays else ACCESS_LIFE
        return replace(self, seen_at=at, expires_at=min(at + life, self.ends_at))


def is_redirect(uri: str, base_url: str) -> bool:
    """Whether a code may go there: to a program on the person's machine, whatever its port, or to our page that shows it.

    Source: RFC 8252 section 7.3.
    """
    if uri == base_url + SHOWN_AT:
        return True
    if not uri.isascii() or any(character <= " " or character in "\\\x7f" for character in uri):
        return False
    parts = addresses.split(uri)
    if parts is None or parts.host not in _LOOPBACK or not parts.port:
        return False
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return uri == f"http://{host}:{parts.port}/callback"


def asked_level(scopes: Sequence[str]) -> AccessLevel | None:
    """Return the access level that scopes ask for. Raises ValueError: they ask for several."""
    found = {LEVEL_SCOPES[scope] for scope in scopes if scope in LEVEL_SCOPES}
    if len(found) > 1:
        raise ValueError("Several access levels are asked for.")
    return next(iter(found), None)


def asked_workspace(scopes: Sequence[str]) -> str | None:
    """Return the workspace that scopes ask to be bound to. Raises ValueError: they ask for several."""
    found = {scope.removeprefix(BINDS) for scope in scopes if scope.startswith(BINDS)} - {""}
    if len(found) > 1:
        raise ValueError("Several workspaces are asked for.")
    return next(iter(found), None)


def granted_scopes(asked: Asked, level: AccessLevel) -> str:
    """Return the scopes that a person grants who chooses an access level."""
    plain = [scope for scope in SCOPES if scope in asked.scopes and scope not in LEVEL_SCOPES]
    return " ".join([*plain, f"cli-access-{level}"])


def checked_nonce(nonce: str | None) -> str | None:
    """Return a nonce that can be kept. Raises ValueError."""
    if nonce is not None and (len(nonce) > _LONGEST_NONCE or "\0" in nonce):
        raise ValueError("The nonce is too long.")
    return nonce
