"""Checking people's passwords at the edge: outside transactions, two at a time, slower after failures."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from blockyard.server.identity.model import User, check_password
from blockyard.server.identity.service import Throttle, UserService, hash_password, verify_password
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Unauthenticated

_HASHERS = 2
"""How many passwords are hashed at the same time: each takes 19 MiB and some 30 ms of a core."""


class SignIn:
    """Asks for a person's password; for the API and for the pages."""

    def __init__(self, *, db: Database, users: UserService, throttle: Throttle) -> None:
        self._db = db
        self._users = users
        self._throttle = throttle
        self._hashers = ThreadPoolExecutor(_HASHERS, "password")

    async def check(self, username: str, password: str, address: str) -> User:
        """Return the account if the password is right. Raises Unauthenticated, TooManyRequests."""
        self._throttle.check(username, address)
        user = await self._db.read(lambda tx: self._users.by_username(tx, username))
        stored = None if user is None or user.disabled else user.password_hash
        right = await asyncio.get_running_loop().run_in_executor(self._hashers, verify_password, stored, password)
        if user is None or not right:
            self._throttle.failed(username, address)
            raise Unauthenticated(
                "the username or the password is wrong", code="WrongCredentials", remedy="Check both and try again."
            )
        return user

    async def hash_new(self, password: str) -> str:
        """Return the hash of a password somebody chose. Raises Invalid."""
        check_password(password)
        return await asyncio.get_running_loop().run_in_executor(self._hashers, hash_password, password)
