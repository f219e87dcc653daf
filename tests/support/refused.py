"""What every refusal owes: a status, a code, a remedy, no secret, and a database as it was."""

from collections.abc import Iterable

import httpx2

from tests.support.whole_server import SECRET, Request, WholeServer, error_of

_OF_ATTEMPTS = frozenset({"sign_in_counts"})
"""Tables that count what was tried: refused sign-ins are what they are for."""


class Refused:
    """Sends requests that must be refused, and collects what is wrong with the answers."""

    def __init__(self, server: WholeServer) -> None:
        self._server = server
        self._before = server.contents()
        self.faults: list[str] = []

    def all(self, requests: Iterable[Request], statuses: Iterable[int] = range(400, 500)) -> list[httpx2.Response]:
        """Send them all; each answer must have one of these statuses."""
        listed = list(requests)
        answers = self._server.send_all(listed)
        for request, answer in zip(listed, answers, strict=True):
            if fault := _fault(answer, statuses):
                self.faults.append(f"{request.method} {request.path[:90]} {str(request.body)[:60]}: {fault}")
        return answers

    def done(self) -> None:
        """Everything was refused well, and the database is as it was."""
        assert not self.faults, "\n".join(self.faults[:40])
        after = self._server.contents()
        changed = [table for table, rows in after.items() if rows != self._before[table] and table not in _OF_ATTEMPTS]
        assert changed == []


def _fault(answer: httpx2.Response, statuses: Iterable[int]) -> str | None:
    if answer.status_code not in set(statuses):
        return f"status {answer.status_code}: {' '.join(answer.text.split())[:250]}"
    if SECRET in answer.text:
        return "the answer repeats a secret"
    missing = [member for member in ("errorCode", "message", "remedy") if not error_of(answer).get(member)]
    return f"no {' and no '.join(missing)}: {answer.text[:200]}" if missing else None
