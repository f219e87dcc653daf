"""Which things are related, as far as policies ask; the features that know add theirs while the application is wired."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blockyard.server.kit.database import Transaction
from blockyard.server.tags.model import Tagged, TargetKind

Related = Callable[[Transaction, Tagged], Sequence[Tagged]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two related things; `place` is where the pair stands among all, for whoever goes on behind it."""

    authoritative: Tagged
    affected: Tagged
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How things of two kinds are related, such as workspaces and their projects.

    Attributes:
        authorities_of: returns what is authoritative for a thing, which may be new.
        affected_by: returns what a thing is authoritative for.
        pairs: returns the first pairs behind a place, in the order of their places, at most so many.
    """

    authoritative: TargetKind
    affected: TargetKind
    authorities_of: Related
    affected_by: Related
    pairs: Callable[[Transaction, str, int], Sequence[Pair]]

    @property
    def kinds(self) -> tuple[TargetKind, TargetKind]:
        """What is related."""
        return self.authoritative, self.affected
