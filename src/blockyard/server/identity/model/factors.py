"""How people prove who they are besides a password: passkeys, codes of an app, recovery codes. Source: WebAuthn level 2, RFC 6238."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType
from uuid import UUID

from blockyard.server.identity.model.users import UserId
from blockyard.server.kit.errors import Denied, Unauthenticated

PasskeyId = NewType("PasskeyId", UUID)

MAX_PASSKEYS = 20
RECOVERY_CODES = 10

STEP_SECONDS = 30
"""How long an app shows a code. Source: RFC 6238 §4.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key pair that the person's device keeps; here is its public half.

    Attributes:
        credential: what the device calls it, as base64url.
        sign_count: how often the device says it was used; always 0 for keys that are synchronized.
    """

    id: PasskeyId
    user_id: UserId
    credential: str
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeApp:
    """An app that shows codes; its secret is kept encrypted.

    Attributes:
        last_step: the step of the last code that was taken: each counts once.
    """

    user_id: UserId
    secret: bytes = field(repr=False)
    created_at: datetime
    last_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """How a person can sign in."""

    has_password: bool
    own_password: bool
    passkeys: tuple[Passkey, ...]
    code_app: CodeApp | None
    recovery_codes: int

    @property
    def are_chosen(self) -> bool:
        """Whether the person chose how to sign in, so that nobody has to ask them."""
        return self.own_password or bool(self.passkeys)


def wrong_code() -> Unauthenticated:
    """Return the refusal of a code."""
    return Unauthenticated(
        "the code is wrong, or was used already",
        code="WrongCode",
        remedy="Wait for the next code of your app, or enter a recovery code.",
    )


class SignInAgain(Denied):
    """Somebody signed in too long ago to change how they sign in."""

    code = "SignInAgain"

    def __init__(self) -> None:
        super().__init__(
            "you signed in too long ago to change how you sign in", remedy="Sign in again, then try once more."
        )


class NotForPrograms(Denied):
    """A program that acts for somebody wants to change how they sign in."""

    code = "NotForPrograms"

    def __init__(self) -> None:
        super().__init__(
            "a program that acts for you cannot change how you sign in",
            remedy="Sign in on the pages, and change it on the page of your account.",
        )
