"""The refusals a use case may raise; only `kit.http` knows their HTTP status."""

from collections.abc import Mapping

UNKNOWN_REMEDY = "Check how it is spelled; if it is there, ask an owner of its workspace for access."
"""What to do about something that is not there, or only not for the caller."""


class Refusal(Exception):
    """A request that is answered with a reason, a stable code and what to do about it.

    Attributes:
        message: one sentence for the person who asked; never contains a secret.
        code: stable, CamelCase, for programs.
        field: JSON pointer of the offending member of the request, if one can be named.
        remedy: what the caller can do about it.
    """

    code = "Refused"

    def __init__(self, message: str, *, remedy: str, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field
        self.remedy = remedy

    @property
    def in_full(self) -> str:
        """The message with what can be done about it, where both stand in one text."""
        return f"{self.message}. {self.remedy}" if self.remedy else self.message


class Invalid(Refusal):
    """The request cannot be understood or breaks a rule of its own content (400)."""

    code = "Invalid"


class Unprocessable(Invalid):
    """The request is well formed but names a subject nobody knows (422; bindings only)."""

    code = "UnknownSubject"


class TooLarge(Invalid):
    """The request asks for more than there may be (413)."""

    code = "TooLarge"


class Denied(Refusal):
    """The principal may not do this (403)."""

    code = "Denied"


class NotFound(Refusal):
    """There is no such thing, or the principal may not know of it (404)."""

    code = "NotFound"

    def __init__(
        self, message: str, *, remedy: str = UNKNOWN_REMEDY, code: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, code=code, field=field)


class Conflict(Refusal):
    """The thing is not in a state that allows this (409)."""

    code = "Conflict"


class Unavailable(Refusal):
    """The server cannot do this now; the same request may succeed later (503)."""

    code = "Unavailable"


class Unauthenticated(Refusal):
    """No valid credential came with the request (401)."""

    code = "Unauthenticated"


class TooManyRequests(Refusal):
    """The caller shall wait before it asks again (429)."""

    code = "TooManyRequests"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, remedy=f"Try again in {retry_after_seconds} seconds.")
        self.retry_after_seconds = retry_after_seconds


class Stale(Exception):
    """Another transaction wrote the row since it was read: the boundary replays the use case."""


def taken(what: str, *, field: str = "/metadata/name") -> Conflict:
    """Return the refusal of a name that cannot be given again: `what` says what has it, such as "there is a project 'dev'"."""
    return Conflict(what, code="NameTaken", field=field, remedy="Choose another name.")


def require_same(what: str, members: Mapping[str, tuple[object, object]]) -> None:
    """Refuse to change what never changes: `members` has what each was and what it shall be, by JSON pointer. Raises Invalid."""
    for pointer, (was, now) in members.items():
        if was != now:
            raise Invalid(
                f"'{pointer.rpartition('/')[2]}' of {what} never changes: it is '{was}'",
                code="Immutable",
                field=pointer,
                remedy="Send it as it is, or make another one.",
            )


def pointer(parent: str, key: str) -> str:
    """Return the JSON pointer of the member `key` of what `parent` points to."""
    return f"{parent}/{key.replace('~', '~0').replace('/', '~1')}"
