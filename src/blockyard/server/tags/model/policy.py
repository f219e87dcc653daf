"""What a policy is, and when two things violate it. Source: concepts.md 20."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Conflict
from blockyard.server.tags.model.definition import Tagged, Tags, TargetKind

PolicyId = NewType("PolicyId", UUID)


class Strategy(StrEnum):
    """How the values of the affected thing must lie to those of the authoritative one."""

    SUBSET = "SUBSET"
    INTERSECTION = "INTERSECTION"


@dataclass(frozen=True, slots=True)
class Subject:
    """A tag of a kind of things."""

    kind: TargetKind
    tag: str

    def values(self, tags: Tags) -> Sequence[str]:
        """Return the values among the tags of such a thing."""
        return tags.get(self.tag, ())

    def document(self) -> JsonObject:
        """Return the members as the wire spells them."""
        return {"kind": self.kind.value, "tag": self.tag}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """What administrators say about a policy; `hint` tells what to do about a violation."""

    name: str
    description: str
    hint: str
    strategy: Strategy
    authoritative: Subject
    affected: Subject

    @property
    def kinds(self) -> tuple[TargetKind, TargetKind]:
        """The kinds it relates."""
        return self.authoritative.kind, self.affected.kind

    @property
    def sides(self) -> tuple[Subject, Subject]:
        """Whose tags it compares."""
        return self.authoritative, self.affected

    @property
    def subjects(self) -> tuple[Strategy, Subject, Subject]:
        """What decides about violations."""
        return self.strategy, self.authoritative, self.affected

    def permits(self, authoritative: Tags, affected: Tags) -> bool:
        """Whether things with these tags fit together."""
        theirs, own = set(self.authoritative.values(authoritative)), set(self.affected.values(affected))
        if not theirs and not own:
            return True
        return bool(theirs & own) if self.strategy is Strategy.INTERSECTION else bool(own) and own <= theirs

    def reason(self, authoritative: Tagged, affected: Tagged) -> str:
        """Return why two things do not fit together, in a sentence."""
        own, theirs = self.affected.values(affected.tags), self.authoritative.values(authoritative.tags)
        needed = "at least one of" if self.strategy is Strategy.INTERSECTION else "nothing but"
        wanted = f"{needed} {_listed(theirs)}" if theirs else "no value"
        return (
            f"tag '{self.affected.tag}' of {affected.name} has {_listed(own) if own else 'no value'}, but tag "
            f"'{self.authoritative.tag}' of {authoritative.name} allows {wanted}"
        )

    def document(self) -> JsonObject:
        """Return the members as the wire spells them."""
        return {
            "name": self.name,
            "description": self.description,
            "hint": self.hint,
            "strategy": self.strategy.value,
            "authoritative": self.authoritative.document(),
            "affected": self.affected.document(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(PolicySpec):
    """A rule about the tags of two things that are related."""

    id: PolicyId
    created_at: datetime
    revision: int = 0

    @property
    def key(self) -> PolicyId:
        """What addresses this policy."""
        return self.id

    @property
    def workspace(self) -> None:
        """Whose it is: nobody's."""
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Two related things that do not fit together.

    Attributes:
        workspace: whose violation it is: that of the authoritative thing.
        found_at: when it was first found.
    """

    policy_id: PolicyId
    authoritative_id: str
    affected_id: str
    workspace: str | None
    authoritative_name: str
    affected_name: str
    reason: str
    found_at: datetime


def violated(policy: PolicySpec, authoritative: Tagged, affected: Tagged, *, field: str) -> Conflict:
    """Return the refusal of a change of `field` after which two things would not fit together."""
    return Conflict(
        f"policy '{policy.name}' forbids this: {policy.reason(authoritative, affected)}",
        code="PolicyViolated",
        field=field,
        remedy=policy.hint or "Choose other values, or ask an administrator.",
    )


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(f"'{value}'" for value in values[:10])
    return shown + (", …" if len(values) > 10 else "")  # noqa: PLR2004  as many as anybody reads
