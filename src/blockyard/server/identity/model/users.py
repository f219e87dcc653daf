"""People with an account here."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.model import PERSON, Author

UserId = NewType("UserId", UUID)

MIN_PASSWORD_LENGTH = 12
"""Shortest password a person may choose. Source: NIST SP 800-63B-4 §3.1.1 asks for 8 at least, better 15."""

MAX_PASSWORD_LENGTH = 255
"""Longest password, so that nobody makes the server hash megabytes."""

NO_PASSWORD = ""
"""In place of a hash: no password is the right one."""

ONLY_PEOPLE_REMEDY = "Sign in as a person, not with an API key."
"""For machines that want to change a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an administrator says about a person; `euid` is their identifier in the company's directory."""

    first_name: str
    last_name: str
    email: str
    euid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDirectory:
    """What only a directory says about an account: what it calls it, and how it calls the e-mail address."""

    external_id: str | None = None
    email_type: str = "work"
    email_primary: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser(Profile):
    """What an administrator says about a new account; with `admin` its person becomes Organization Admin."""

    username: str
    admin: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What others know of this person, so nothing their password should be made of."""
        return (self.username, self.first_name, self.last_name, self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Profile):
    """A local account.

    Attributes:
        external_id: what a directory that provisioned the account calls it.
        email_type, email_primary: what a directory says of the e-mail address; nothing else asks for it.
        must_change_password: whether an administrator chose the password, so that nothing else is possible before it is changed.
        own_password: whether the person chose the password.
        epoch: counts password changes and locks; tokens and sessions of an earlier epoch are void.
    """

    id: UserId
    username: str
    password_hash: str
    disabled: bool
    created_at: datetime
    external_id: str | None = None
    email_type: str = "work"
    email_primary: bool = True
    must_change_password: bool = False
    own_password: bool = False
    epoch: int = 0
    revision: int = 0

    @property
    def workspace(self) -> None:
        """Whose it is: nobody's, people come and go in workspaces."""
        return

    @property
    def key(self) -> UserId:
        """What addresses it."""
        return self.id

    @property
    def names(self) -> tuple[str, ...]:
        """What others know of this person, so nothing their password should be made of."""
        return (self.username, self.first_name, self.last_name, self.email)

    @property
    def has_password(self) -> bool:
        """Whether there is a password that is the right one."""
        return self.password_hash != NO_PASSWORD

    @property
    def author(self) -> Author:
        """Return how events and runs name this person."""
        return Author(
            type=PERSON,
            identifier=self.username,
            display_name=f"{self.first_name} {self.last_name}".strip() or self.username,
            username=self.username,
            email=self.email,
            euid=self.euid,
        )

    def with_password(self, password_hash: str, *, must_change: bool, own: bool = False) -> "User":
        """Return this account with another password, `own` if the person chose it; what was signed in before is void."""
        epoch = self.epoch + 1
        return replace(
            self, password_hash=password_hash, must_change_password=must_change, own_password=own, epoch=epoch
        )

    def with_everything_ended(self) -> "User":
        """Return this account after all its tokens and sessions have ended."""
        return replace(self, epoch=self.epoch + 1)

    def locked(self, *, disabled: bool) -> "User":
        """Return this account locked, or unlocked again."""
        return replace(self, disabled=disabled, epoch=self.epoch + 1)

    def document(self) -> JsonObject:
        """Return what events say about this account."""
        return {
            "username": self.username,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "email": self.email,
            "euid": self.euid,
            "disabled": self.disabled,
        }


def folded(text: str) -> str:
    """Return a name as it is compared with others: without regard to case and to the ways of writing a character."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
