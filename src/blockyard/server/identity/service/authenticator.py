"""From a credential to a principal.

The row behind a key or a person is read at every request, so a deleted key is void at once. What a run token stands for
is remembered: it never changes.
"""

import hashlib
import threading
from dataclasses import replace

from blockyard.server.events.model import Author
from blockyard.server.identity.model import ApiKeyId, Principal, RunGrant, UserId
from blockyard.server.identity.service.persons import Persons
from blockyard.server.identity.service.ports import ClientTokens, RunKeys, RunTokens
from blockyard.server.identity.service.tokens import Subject, SubjectKind, Tokens, is_signed
from blockyard.server.identity.store import EndedTokenStore, KeyStore, UserStore
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Unauthenticated

_REMEMBERED = 4096
"""How many run tokens are remembered."""


class Authenticator:
    """Turns bearer tokens, run tokens and ephemeral keys into principals."""

    def __init__(
        self,
        *,
        clock: Clock,
        tokens: Tokens,
        run_tokens: RunTokens,
        run_keys: RunKeys,
        client_tokens: ClientTokens,
        persons: Persons,
    ) -> None:
        self._clock = clock
        self._tokens = tokens
        self._run_tokens = run_tokens
        self._run_keys = run_keys
        self._client_tokens = client_tokens
        self._persons = persons
        self._runs = _KnownRuns()

    def known_run(self, token: str) -> Principal | None:
        """Return the run whose token this is if it was seen before: what a run token stands for never changes."""
        return self._runs.get(token)

    def require_going_on(self, tx: Transaction, grant: RunGrant) -> None:
        """Raise Unauthenticated if a run token has ended with its attempt."""
        if self._run_tokens.is_over(tx, grant):
            raise Unauthenticated("this run token is too old", code="RunTokenExpired", remedy="Use an API key.")

    def serving(self, tx: Transaction, principal: Principal, run_token: str) -> Principal:
        """Return `principal` acting in the service of the run whose token this is: it may do no more, and no less.

        Raises Unauthenticated.
        """
        run = (self.known_run(run_token) or self._by_run_token(tx, run_token)).run
        if run is None:
            return principal
        self.require_going_on(tx, run)
        return replace(principal, author=replace(principal.author, serves=run.run_id))

    def by_bearer(self, tx: Transaction, token: str) -> Principal:
        """Return who holds `token`: an API key, a person, a program of theirs, or a run. Raises Unauthenticated."""
        if not is_signed(token):
            return self._by_text(tx, token)
        if (for_person := self._client_tokens.principal_of(tx, token)) is not None:
            return for_person
        subject = self._tokens.read(token)
        if subject.kind is SubjectKind.API_KEY:
            return self._by_key(tx, subject)
        return self._by_user(tx, subject)

    def end_token(self, tx: Transaction, token: str) -> None:
        """Sign out one bearer token of a person; others stay. Raises Unauthenticated, NotFound (not a person's)."""
        if is_signed(token) and self._client_tokens.end(tx, token):
            return
        subject = self._tokens.read(token) if is_signed(token) else None
        if subject is None or subject.token_id is None or subject.expires_at is None:
            raise NotFound(
                "only tokens of people can be signed out",
                remedy="Delete the API key, or wait: its tokens end after five minutes.",
            )
        ended = EndedTokenStore(tx)
        ended.remove_expired(self._clock())
        ended.add(subject.token_id, subject.expires_at)

    def by_basic(self, tx: Transaction, user: str, password: str) -> Principal:
        """Return the run whose token is `password`; the user name does not count. Raises Unauthenticated."""
        del user
        return self._by_text(tx, password)

    def _by_text(self, tx: Transaction, token: str) -> Principal:
        """Return the run whose token this is, or the building block whose ephemeral key. What a key may do is read each time."""
        key = self._run_keys.key_of(tx, token)
        return self._by_run_token(tx, token) if key is None else key.principal()

    def _by_run_token(self, tx: Transaction, token: str) -> Principal:
        grant = self._run_tokens.grant_of(tx, token) if token else None
        if grant is None:
            raise Unauthenticated("the bearer token is not valid", remedy="Sign in again.")
        author = Author(type="ApiKey", identifier=f"run-{grant.run_id}", display_name=f"Run {grant.run_id}")
        principal = Principal(author=author, run=grant)
        self._runs.put(token, principal)
        return principal

    def _by_key(self, tx: Transaction, subject: Subject) -> Principal:
        key = KeyStore(tx).get(ApiKeyId(subject.id))
        if key is None or not key.usable(self._clock()):
            raise Unauthenticated("the API key is deleted or expired", remedy="Ask for a new key.")
        if key.epoch != subject.epoch:
            raise Unauthenticated("the API key has another secret now", remedy="Sign in with the new one.")
        return key.principal()

    def _by_user(self, tx: Transaction, subject: Subject) -> Principal:
        user = UserStore(tx).get(UserId(subject.id))
        if user is None or user.disabled or user.epoch != subject.epoch:
            raise Unauthenticated("the bearer token is not valid any more", remedy="Sign in again.")
        if subject.token_id is not None and EndedTokenStore(tx).has(subject.token_id):
            raise Unauthenticated("the bearer token was signed out", remedy="Sign in again.")
        return self._persons.principal(tx, user, strong=subject.strong, at=subject.issued_at)


class _KnownRuns:
    """The principals of the run tokens seen last. What the attempt may still do is decided by its row, each time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._principals: dict[bytes, Principal] = {}

    def get(self, token: str) -> Principal | None:
        return self._principals.get(_digest(token))

    def put(self, token: str, principal: Principal) -> None:
        with self._lock:
            self._principals[_digest(token)] = principal
            if len(self._principals) > _REMEMBERED:
                del self._principals[next(iter(self._principals))]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
