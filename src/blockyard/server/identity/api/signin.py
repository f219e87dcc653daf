"""Signing in at the edge: attempts are counted first, then passwords are hashed outside transactions, two at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog

from blockyard.server.identity.model import User
from blockyard.server.identity.model.attempts import Attempt, Way
from blockyard.server.identity.service import (
    SecondFactors,
    Throttle,
    UserService,
    check_password,
    hash_password,
    verify_password,
)
from blockyard.server.identity.service.throttle import Counted
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

_HASHERS = 2
"""How many passwords are hashed at the same time: each takes 19 MiB and some 30 ms of a core."""

WAITING = 20
"""How many sign-ins may wait for the hashers; those from known places have a queue of their own."""


class SignIn:
    """Asks for a person's password, and counts who fails, for the API and for the pages."""

    def __init__(self, *, db: Database, users: UserService, factors: SecondFactors, throttle: Throttle) -> None:
        self._db = db
        self._users = users
        self._factors = factors
        self._throttle = throttle
        self._hashers = ThreadPoolExecutor(_HASHERS, "password")
        self._strangers, self._known = _Queue(), _Queue()

    async def check(
        self, username: str, password: str, address: str, *, device: str = "", next_device: str = ""
    ) -> User:
        """Return the account if the password is right.

        `device` is what an earlier sign-in left in the browser, `next_device` what this one will.

        Raises:
            TooManyRequests: too many attempts failed; the password was not looked at.
            Unauthenticated: the username or the password is wrong.
            Unavailable: too many sign-ins wait already.
        """
        attempt = Attempt(way=Way.PERSON, name=username, address=address, device=device)
        user, place = await self._db.read(lambda tx: self._find(tx, attempt))
        with (self._strangers if place is None else self._known).place():
            counted = await self._count(attempt, place)
            stored = None if user is None or user.disabled else user.password_hash
            right = await asyncio.get_running_loop().run_in_executor(self._hashers, verify_password, stored, password)
        if user is None or not right:
            _log_failure(attempt)
            raise Unauthenticated(
                "the username or the password is wrong", code="WrongCredentials", remedy="Check both and try again."
            )
        found = user
        await self._db.write(lambda tx: self._throttle.succeeded(tx, counted, found, attempt, next_device))
        return user

    async def needs_code(self, user: User) -> bool:
        """Whether a password is not enough for this person."""
        return await self._db.read(lambda tx: self._factors.is_needed(tx, user.id))

    async def check_code(self, user: User, code: str, address: str) -> None:
        """Take a code of the app of a person whose password was right, or a recovery code.

        Raises:
            TooManyRequests: too many codes were wrong; this one was not looked at.
            Unauthenticated: the code is wrong, or was used.
        """
        attempt = Attempt(way=Way.CODE, name=user.username, address=address)
        counted = await self._count(attempt, None)
        try:
            await self._db.write(lambda tx: self._factors.check(tx, user, code))
        except Unauthenticated:
            _log_failure(attempt)
            raise
        await self._db.write(lambda tx: self._throttle.succeeded(tx, counted, user, attempt, ""))

    async def count_failed_passkey(self, address: str) -> None:
        """Count a sign-in with a passkey that failed. Raises TooManyRequests."""
        attempt = Attempt(way=Way.PASSKEY, name="", address=address)
        await self._count(attempt, None)
        _log_failure(attempt)

    async def count_failed_key(self, client_id: str, address: str) -> None:
        """Count a sign-in with an API key that failed. Raises TooManyRequests."""
        attempt = Attempt(way=Way.KEY, name=client_id, address=address)
        await self._count(attempt, None)
        _log_failure(attempt)

    async def hash_new(self, password: str, names: Sequence[str]) -> str:
        """Return the hash of a password that somebody called `names` shall have. Raises Invalid."""
        return await asyncio.get_running_loop().run_in_executor(self._hashers, _checked_hash, password, names)

    def _find(self, tx: Transaction, attempt: Attempt) -> tuple[User | None, str | None]:
        user = self._users.signing_in(tx, attempt.name)
        return user, self._throttle.place_of(tx, user, attempt)

    async def _count(self, attempt: Attempt, place: str | None) -> Counted:
        self._throttle.require_unlocked(attempt, place)
        counted = await self._db.write(lambda tx: self._throttle.count(tx, attempt, place))
        self._throttle.require_admitted(counted)
        return counted


class _Queue:
    """Lets so many wait and refuses the rest at once; used on the event loop only."""

    def __init__(self) -> None:
        self._waiting = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait in the queue while the context lasts. Raises Unavailable if it is full."""
        if self._waiting >= WAITING:
            raise Unavailable("too many people sign in at once", code="Busy", remedy="Try again in a few seconds.")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


def _checked_hash(password: str, names: Sequence[str]) -> str:
    check_password(password, names)
    return hash_password(password)


def _log_failure(attempt: Attempt) -> None:
    log.info("sign-in failed", way=attempt.way.value, name=attempt.shown_name, address=attempt.address)
