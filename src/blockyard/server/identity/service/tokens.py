"""Bearer tokens: signed by this server, short-lived, worth nothing without the row of whom they name."""

from dataclasses import dataclass
from datetime import timedelta
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
    """Whom a token names; `epoch` voids a person's tokens when their password changes."""

    kind: SubjectKind
    id: UUID
    epoch: int = 0


class Tokens:
    """Makes and reads bearer tokens."""

    def __init__(self, *, master_key: MasterKey, clock: Clock) -> None:
        self._key = OctKey.import_key(master_key.derive(b"tokens"))
        self._clock = clock

    def issue(self, subject: Subject, life: timedelta) -> str:
        """Return a token that names `subject` for `life`."""
        now = int(self._clock().timestamp())
        claims = {
            "sub": f"{subject.kind}:{subject.id}",
            "epoch": subject.epoch,
            "iat": now,
            "exp": now + int(life.total_seconds()),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> Subject:
        """Return whom `token` names. Raises Unauthenticated if it is not ours, changed or expired."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            kind, _, identifier = str(claims["sub"]).partition(":")
            subject = Subject(SubjectKind(kind), UUID(identifier), int(claims["epoch"]))
            expires_at = int(claims["exp"])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated("the bearer token is not valid", remedy="Sign in again.") from error
        if self._clock().timestamp() >= expires_at:
            raise Unauthenticated("the bearer token has expired", code="TokenExpired", remedy="Sign in again.")
        return subject


def is_signed(token: str) -> bool:
    """Whether `token` has the shape of a signed token; every other text may be the token of a run."""
    return token.startswith("eyJ") and token.count(".") == 2  # noqa: PLR2004  header.claims.signature
