"""Sessions of people on the web pages, how they began, and links that begin one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.server.identity.model.users import User, UserId

SessionId = NewType("SessionId", UUID)

SESSION_LIFE = timedelta(hours=12)
"""How long a session lives after it was last used."""

SESSION_END = timedelta(days=7)
"""How long a session lives at most, however much it is used."""

SESSION_STEP = timedelta(minutes=5)
"""A session in use is extended once per step, not at every request."""

FRESH = timedelta(minutes=30)
"""How long after a sign-in people may change how they sign in; later they sign in again first."""

LINK_LIFE = timedelta(minutes=15)
"""How long a link that signs somebody in may wait to be used."""

_SHOWN_DEVICE = 255
_ID_DIGITS = 32


class SignInWay(StrEnum):
    """How somebody signed in."""

    PASSWORD = "password"  # noqa: S105  a word
    PASSKEY = "passkey"
    PROVIDER = "provider"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How a session begins.

    Attributes:
        strong: two factors were shown, or a passkey, which is two in one.
        address: where the request came from.
        device: how the browser calls itself.
        provider: the identity provider that vouched for the person.
        provider_session: what it calls the session there.
        id_token: what it said, encrypted: it wants to see that again when somebody signs out.
    """

    way: SignInWay = SignInWay.PASSWORD
    strong: bool = False
    address: str = ""
    device: str = ""
    provider: str | None = None
    provider_session: str | None = None
    id_token: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "device", self.device.replace("\0", "")[:_SHOWN_DEVICE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Beginning):
    """Somebody signed in to the web pages; the cookie is kept as a keyed hash only."""

    token_hash: str
    user_id: UserId
    epoch: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ends_at: datetime

    @property
    def id(self) -> SessionId:
        """What names the session to its owner; it opens nothing."""
        return SessionId(UUID(hex=self.token_hash[:_ID_DIGITS]))

    def extended(self, at: datetime) -> datetime:
        """Return until when the session lives if it is used now."""
        return min(at + SESSION_LIFE, self.ends_at)

    def extension_due(self, at: datetime) -> bool:
        """Whether using the session now lets it live more than a step longer."""
        return self.extended(at) - self.expires_at > SESSION_STEP

    def is_fresh(self, at: datetime) -> bool:
        """Whether the person signed in so recently that they may change how they sign in."""
        return at - self.created_at < FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that signs somebody in once; its token is kept as a keyed hash only."""

    token_hash: str
    user_id: UserId
    epoch: int
    expires_at: datetime

    def is_valid_for(self, user: User, at: datetime) -> bool:
        """Whether it signs `user` in now: nothing has ended what was signed in when it was made."""
        return at < self.expires_at and not user.disabled and user.epoch == self.epoch
