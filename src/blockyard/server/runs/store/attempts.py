"""Attempts: tokens and leases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Select, Update, bindparam, insert, select, update

from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Stale
from blockyard.server.runs.model import Attempt, AttemptState, Claimer, RunId
from blockyard.server.runs.store.memory import known
from blockyard.server.runs.store.runs import RunRow
from blockyard.server.runs.store.tables import attempts as _attempts

_WHICH = (_attempts.c.run_id == bindparam("of_run"), _attempts.c.number == bindparam("of_number"))
_BY_NUMBER = select(_attempts).where(*_WHICH)
_HOLD = _BY_NUMBER.with_for_update()
_BY_TOKEN = select(_attempts).where(_attempts.c.token_hash == bindparam("of_token"))
_BY_KEY = select(_attempts).where(_attempts.c.key_hash.is_not(None), _attempts.c.key_hash == bindparam("of_key"))
_ADD = insert(_attempts)
_SIGN = update(_attempts).where(*_WHICH)
_RENEW = _SIGN.where(_attempts.c.state == bindparam("state_read"))
_SAVE = _RENEW.where(_attempts.c.last_sign_at == bindparam("last_read"))


class AttemptStore:
    """Reads and writes attempts."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, attempt: Attempt) -> None:
        """Write a new attempt."""
        self._tx.execute(_ADD, {**_fixed(attempt), **_moving(attempt)})
        self._knows(attempt)

    def save(self, read: Attempt, changed: Attempt) -> Attempt:
        """Write what became of the attempt that was `read`. Raises Stale when somebody heard of it meanwhile."""
        return self._save(_SAVE, read, changed, {"last_read": read.last_sign_at})

    def renew(self, read: Attempt, changed: Attempt) -> Attempt:
        """Write a sign of life; two at once do not disturb each other, the second one waits for the first.

        Raises Stale when the attempt was given up meanwhile.
        """
        return self._save(_RENEW, read, changed, {})

    def _save(self, statement: Update, read: Attempt, changed: Attempt, also: Mapping[str, object]) -> Attempt:
        as_read = {"of_run": read.run_id, "of_number": read.number, "state_read": read.state.value, **also}
        if self._tx.execute(statement, {**as_read, **_moving(changed)}).rowcount == 0:
            raise Stale(f"attempt {read.number} of run {read.run_id}")
        self._knows(changed)
        return changed

    def get(self, run_id: RunId, number: int) -> Attempt | None:
        """Return an attempt; None if the run has no attempt of that number."""
        return known(self._tx).attempts.get((run_id, number)) or self._read(_BY_NUMBER, run_id, number)

    def hold(self, run_id: RunId, number: int) -> Attempt | None:
        """Return an attempt that no other transaction changes, nor holds, before this one ends.

        Reports on an attempt come one after the other so, each knowing what the one before it stored.
        """
        held = known(self._tx).held
        if (run_id, number) not in held:
            held.add((run_id, number))
            self._read(_HOLD, run_id, number)
        return self.get(run_id, number)

    def of_run(self, run_id: RunId) -> Sequence[Attempt]:
        """Return the attempts of a run, the first one first."""
        query = select(_attempts).where(_attempts.c.run_id == run_id).order_by(_attempts.c.number)
        return [_attempt(row) for row in self._tx.execute(query)]

    def by_token(self, token_hash: str) -> Attempt | None:
        """Return the attempt whose token has this hash."""
        row = self._tx.execute(_BY_TOKEN, {"of_token": token_hash}).one_or_none()
        return None if row is None else _attempt(row)

    def by_key(self, key_hash: str) -> Attempt | None:
        """Return the attempt whose ephemeral API key has this hash; one that is over has none any more."""
        row = self._tx.execute(_BY_KEY, {"of_key": key_hash}).one_or_none()
        return None if row is None else _attempt(row)

    def expired(self, at: datetime, limit: int) -> Sequence[tuple[RunId, int]]:
        """Return live attempts whose time is over, the longest over first."""
        query = (
            select(_attempts.c.run_id, _attempts.c.number)
            .where(_attempts.c.state == AttemptState.LIVE.value, _attempts.c.expires_at <= at)
            .order_by(_attempts.c.expires_at)
            .limit(limit)
        )
        return [(RunId(row.run_id), row.number) for row in self._tx.execute(query)]

    def sign(self, attempt: Attempt, at: datetime) -> None:
        """Note a sign of life that does not extend the lease."""
        signed = replace(attempt, last_sign_at=max(at, attempt.last_sign_at))
        which = {"of_run": attempt.run_id, "of_number": attempt.number}
        self._tx.execute(_SIGN, {**which, "last_sign_at": signed.last_sign_at})
        self._knows(signed)

    def end(self, run_id: RunId, number: int, state: AttemptState) -> None:
        """Record what became of an attempt that could still go on."""
        attempt = self.get(run_id, number)
        if attempt is not None and attempt.may_go_on:
            self.save(attempt, replace(attempt, state=state))

    def _read(self, query: Select[tuple[object, ...]], run_id: RunId, number: int) -> Attempt | None:
        row = self._tx.execute(query, {"of_run": run_id, "of_number": number}).one_or_none()
        if row is None:
            return None
        self._knows(_attempt(row))
        return _attempt(row)

    def _knows(self, attempt: Attempt) -> None:
        known(self._tx).attempts[attempt.run_id, attempt.number] = attempt


def _fixed(attempt: Attempt) -> dict[str, object]:
    """Return what an attempt is from its begin to its end."""
    return {
        "run_id": attempt.run_id,
        "number": attempt.number,
        "token_hash": attempt.token_hash,
        "claimer": attempt.claimer.value,
        "lease_seconds": None if attempt.lease is None else attempt.lease.total_seconds(),
        "node_id": attempt.node_id,
        "claimed_at": attempt.claimed_at,
    }


def _moving(attempt: Attempt) -> dict[str, object]:
    """Return what changes of an attempt."""
    return {
        "registered_at": attempt.registered_at,
        "last_sign_at": attempt.last_sign_at,
        "expires_at": attempt.expires_at,
        "state": attempt.state.value,
        "key_hash": attempt.key_hash if attempt.may_go_on else None,
    }


def _attempt(row: RunRow) -> Attempt:
    return Attempt(
        run_id=RunId(row.run_id),
        number=row.number,
        token_hash=row.token_hash,
        claimer=Claimer(row.claimer),
        lease=None if row.lease_seconds is None else timedelta(seconds=row.lease_seconds),
        node_id=row.node_id,
        claimed_at=row.claimed_at,
        registered_at=row.registered_at,
        last_sign_at=row.last_sign_at,
        expires_at=row.expires_at,
        state=AttemptState(row.state),
        key_hash=row.key_hash,
    )
