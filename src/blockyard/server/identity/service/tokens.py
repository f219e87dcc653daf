"""Bearer tokens: signed by this server, short-lived, worth nothing without the row of whom they name."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from blockyard.server.kit.clock import Clock
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.kit.sealed import MasterKey

KEY_TOKEN_LIFE = timedelta(seconds=300)
"""Life of a token for an API key. Source: runner.md 1.1.2."""

USER_TOKEN_LIFE = timedelta(hours=8)
"""Life of a token a person signed in for: one working day."""

_ALGORITHM = "HS256"


class SubjectKind(StrEnum):
    """Whom a token names."""

    API_KEY = "api-key"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token names.

    Attributes:
        epoch: voids tokens when a person's password, or a key's secret, has changed since.
        token_id: names the token itself, so that it can be signed out alone; only tokens of people have one.
        expires_at, issued_at: when the token ends and was made; set where it was read.
        strong: whether the person showed two factors.
    """

    kind: SubjectKind
    id: UUID
    epoch: int = 0
    token_id: UUID | None = None
    expires_at: datetime | None = None
    strong: bool = False
    issued_at: datetime | None = None


class Tokens:
    """Makes and reads bearer tokens."""

    def __init__(self, *, master_key: MasterKey, clock: Clock) -> None:
        self._key = OctKey.import_key(master_key.derive(b"tokens"))
        self._clock = clock

    def issue(self, subject: Subject, life: timedelta) -> str:
        """Return a token that names `subject` for `life`."""
        now = int(self._clock().timestamp())
        claims: dict[str, str | int | bool] = {
            "sub": f"{subject.kind}:{subject.id}",
            "epoch": subject.epoch,
            "iat": now,
            "exp": now + int(life.total_seconds()),
        }
        if subject.token_id is not None:
            claims["jti"] = str(subject.token_id)
        if subject.strong:
            claims["strong"] = True
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> Subject:
        """Return whom `token` names. Raises Unauthenticated if it is not ours, changed or expired."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            kind, _, identifier = str(claims["sub"]).partition(":")
            expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
            subject = Subject(
                SubjectKind(kind),
                UUID(identifier),
                int(claims["epoch"]),
                UUID(str(claims["jti"])) if "jti" in claims else None,
                expires_at,
                claims.get("strong") is True,
                datetime.fromtimestamp(int(claims["iat"]), UTC),
            )
        except (JoseError, ValueError, KeyError, TypeError, OverflowError, OSError) as error:
            raise Unauthenticated("the bearer token is not valid", remedy="Sign in again.") from error
        if self._clock() >= expires_at:
            raise Unauthenticated("the bearer token has expired", code="TokenExpired", remedy="Sign in again.")
        return subject


def is_signed(token: str) -> bool:
    """Whether `token` has the shape of a signed token; every other text may be the token of a run."""
    return token.startswith("eyJ") and token.count(".") == 2  # noqa: PLR2004  header.claims.signature
