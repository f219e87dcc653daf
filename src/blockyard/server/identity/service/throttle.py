"""Makes guessing slow: attempts are counted before a password is looked at, in rows that all replicas share.

A success gives its attempt back, so only failures stay counted. What is over its limit is remembered in this process as well:
refusing it again costs no transaction.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model.attempts import LIMITS, PERIOD, PLACE_LIFE, Attempt, Lock, Scope
from blockyard.server.identity.model.users import User
from blockyard.server.identity.store import AttemptStore, PlaceStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import TooManyRequests
from blockyard.server.kit.sealed import MasterKey

log = structlog.get_logger(__name__)

_KEPT = timedelta(hours=1)
"""How long counts that are over stay in the table."""

_REMEMBERED = 10_000
"""How many locks this process remembers; the oldest is forgotten first, and found in the table again."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Where an attempt was counted, and what it met: a lock, or None if it may go on."""

    buckets: Mapping[str, datetime]
    lock: Lock | None
    locked_bucket: str = ""


class Throttle:
    """Counts sign-in attempts and knows the places people sign in from."""

    def __init__(self, basics: Basics, *, master_key: MasterKey) -> None:
        self._clock = basics.clock
        self._master_key = master_key
        self._events = basics.event_log
        self._guard = threading.Lock()
        self._locked: OrderedDict[str, datetime] = OrderedDict()

    def place_of(self, tx: Transaction, user: User | None, attempt: Attempt) -> str | None:
        """Return the place a person is known at: the browser they signed in with before, or else the address."""
        if user is None:
            return None
        places = self._places(user, attempt)
        known = PlaceStore(tx).known(user.id, places, since=self._clock() - PLACE_LIFE)
        return next((place for place in places if place in known), None)

    def require_unlocked(self, attempt: Attempt, place: str | None) -> None:
        """Refuse what this process knows to be locked. Raises TooManyRequests."""
        now = self._clock()
        with self._guard:
            for bucket in self._buckets(attempt, place).values():
                until = self._locked.get(bucket)
                if until is not None and now < until:
                    raise _refusal(_seconds(until - now))

    def count(self, tx: Transaction, attempt: Attempt, place: str | None) -> Counted:
        """Count an attempt before its secret is looked at; the first one over a limit is logged and gets an event."""
        store, now = AttemptStore(tx), self._clock()
        counted: dict[str, datetime] = {}
        for scope, bucket in self._buckets(attempt, place).items():
            count, started_at = store.count(bucket, now=now, since=now - PERIOD)
            if count > LIMITS[scope]:
                lock = Lock(
                    scope=scope,
                    seconds=_seconds(started_at + PERIOD - now),
                    is_new=count == LIMITS[scope] + 1,
                )
                self._tell(tx, attempt, lock)
                return Counted(counted, lock, bucket)
            counted[bucket] = started_at
            if scope is Scope.ALL and count == 1:
                store.remove_before(now - _KEPT)
        return Counted(counted, None)

    def require_admitted(self, counted: Counted) -> None:
        """Refuse an attempt that met a lock, and remember the lock. Raises TooManyRequests."""
        if counted.lock is None:
            return
        with self._guard:
            self._locked[counted.locked_bucket] = self._clock() + timedelta(seconds=counted.lock.seconds)
            while len(self._locked) > _REMEMBERED:
                self._locked.popitem(last=False)
        raise _refusal(counted.lock.seconds)

    def succeeded(self, tx: Transaction, counted: Counted, user: User, attempt: Attempt, device: str) -> None:
        """Give an attempt back and remember where it came from; `device` is what the browser is given now."""
        attempts, places, now = AttemptStore(tx), PlaceStore(tx), self._clock()
        for bucket, started_at in counted.buckets.items():
            attempts.give_back(bucket, started_at)
        places.forget_before(user.id, now - PLACE_LIFE)
        if attempt.device and device:
            places.forget(user.id, self._device(user, attempt.device))
        if device:
            places.note(user.id, self._device(user, device), now)
        if attempt.address:
            places.note(user.id, self._address(user, attempt), now)

    def _places(self, user: User, attempt: Attempt) -> list[str]:
        device = [self._device(user, attempt.device)] if attempt.device else []
        address = [self._address(user, attempt)] if attempt.address else []
        return device + address

    def _device(self, user: User, device: str) -> str:
        return self._master_key.digest(device, context=f"device of {user.id}")

    def _address(self, user: User, attempt: Attempt) -> str:
        return self._master_key.digest(attempt.network, context=f"address of {user.id}")

    def _buckets(self, attempt: Attempt, place: str | None) -> Mapping[Scope, str]:
        return {
            scope: self._master_key.digest(text, context=f"sign-in by {attempt.way}, {scope}")
            for scope, text in attempt.counted_in(place).items()
        }

    def _tell(self, tx: Transaction, attempt: Attempt, lock: Lock) -> None:
        if not lock.is_new:
            return
        log.warning(
            "sign-in locked",
            way=attempt.way.value,
            by=lock.scope.value,
            name=attempt.shown_name,
            address=attempt.address,
            seconds=lock.seconds,
        )
        self._events.append(
            tx,
            SYSTEM,
            "Sign-In Locked",
            EventType.REJECTED,
            workspace=None,
            subject_kind="signIn",
            subject_id=attempt.shown_name or attempt.address,
            description=f"too many sign-ins of kind {attempt.way} failed, counted by {lock.scope}",
            content={"name": attempt.shown_name, "address": attempt.address, "by": lock.scope.value},
        )


def _seconds(left: timedelta) -> int:
    return max(1, math.ceil(left.total_seconds()))


def _refusal(seconds: int) -> TooManyRequests:
    return TooManyRequests("there were too many failed sign-ins", retry_after_seconds=seconds)
