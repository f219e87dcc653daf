"""How much of what a person may do a program may do for them. Source: api.md 1.2."""

from enum import StrEnum


class AccessLevel(StrEnum):
    """What a person lets a program do of what they may do themselves, the most first."""

    FULL = "full"
    WRITE = "write"
    READ = "read"

    @property
    def and_below(self) -> tuple["AccessLevel", ...]:
        """This level and those below it."""
        levels = tuple(AccessLevel)
        return levels[levels.index(self) :]

    def keeps(self, code: str) -> bool:
        """Whether a permission code, plain or `MANAGED_`, counts at this level."""
        match self:
            case AccessLevel.FULL:
                return True
            case AccessLevel.WRITE:
                return not code.endswith("_DELETE")
            case AccessLevel.READ:
                return code.endswith("_LIST")

    def allows_method(self, method: str) -> bool:
        """Whether requests of an HTTP method are answered at this level, whatever they are about."""
        match self:
            case AccessLevel.FULL:
                return True
            case AccessLevel.WRITE:
                return method != "DELETE"
            case AccessLevel.READ:
                return method in _READING


_READING = frozenset({"GET", "HEAD", "OPTIONS"})
