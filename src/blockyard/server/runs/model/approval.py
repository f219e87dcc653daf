"""The approval that a run waits for before it applies a plan. Source: api.md 3.20, concepts.md 10.2."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.events.model import KEY, PERSON, Author
from blockyard.server.kit.errors import Conflict, Denied, Invalid
from blockyard.server.runs.model.plan import Plan
from blockyard.server.runs.model.run import RunId

LIFETIME = timedelta(days=7)
"""How long a run waits for its approval if nothing else is asked for."""


class ApprovalOutcome(StrEnum):
    """How the wait for an approval ended."""

    APPROVED = "APPROVED"
    CARRIED = "CARRIED"
    """The same plan had been approved before, and was made anew because the world had changed."""
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    """Nobody approved it in time."""
    SUPERSEDED = "SUPERSEDED"
    """Something newer was wanted: that has a plan of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTerms:
    """What an approval takes.

    Attributes:
        needed: so many people have to approve.
        four_eyes: whoever wanted the change is none of them.
        types_name: they type the name of the building block.
        reasons: why, in sentences.
        lifetime: after that time the run ends unapplied; whole hours.
        keeps_waiting: it does not, but people are told, each time.
        plan_age: an older plan is not approved any more; None for any age.
        remind_after: then people are reminded of it, once.
        deputy_group, deputy_after: then the people of this group may decide, too, as far as they see the plan.
    """

    needed: int = 1
    four_eyes: bool = False
    types_name: bool = False
    reasons: tuple[str, ...] = ()
    lifetime: timedelta = LIFETIME
    keeps_waiting: bool = False
    plan_age: timedelta | None = None
    remind_after: timedelta | None = None
    deputy_group: str | None = None
    deputy_after: timedelta | None = None

    def needed_of(self, wanted_by: Sequence[Author]) -> int:
        """Return how many people have to approve what these wanted: an API key is in the hands of one who may be among them."""
        by_key = any(author.type == KEY for author in wanted_by)
        return max(self.needed, 2) if self.four_eyes and by_key else self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """What a run that destroys would destroy, by the state of its block: runners plan no destruction.

    Attributes:
        mark: stands for the state that was looked at; another state has another one.
        plan: the resources; None where nobody but the engine knows them.
    """

    mark: str
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Vote:
    """Somebody who has approved."""

    author: Author
    at: datetime
    comment: str | None = None

    def document(self) -> JsonObject:
        """Return it as it is stored."""
        return {"author": self.author.document(), "at": self.at.isoformat(), "comment": self.comment}

    @classmethod
    def read(cls, stored: JsonObject) -> "Vote":
        """Return what was stored."""
        comment = stored.get("comment")
        author = stored["author"]
        if not isinstance(author, dict):
            raise TypeError("a vote without an author")
        at = datetime.fromisoformat(str(stored["at"]))
        return cls(Author.read(author), at, comment if isinstance(comment, str) else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a waiting run waits for, and who has said what. Kept when it is decided.

    Attributes:
        plan_run_id: the run that made the plan; of a run that destroys its own, as its plan is the state.
        plan_digest: the SHA-256 of the plan file; None where it was uploaded before such digests were kept. Or the mark of that state.
        changes_digest: equal for plans that do the same; None where only the printed plan is known.
        wanted_by, also_wanted_by: who wanted what is to be applied.
        planned_at: when the plan was made.
        lifetime, keeps_waiting, deputy_group: as in `ApprovalTerms`.
        remind_at: None once people were reminded.
    """

    run_id: RunId
    plan_run_id: RunId
    plan_digest: str | None
    changes_digest: str | None
    needed: int
    four_eyes: bool
    types_name: bool
    reasons: tuple[str, ...]
    wanted_by: Author
    requested_at: datetime
    planned_at: datetime
    expires_at: datetime
    plan_expires_at: datetime | None
    votes: tuple[Vote, ...] = field(default=())
    outcome: ApprovalOutcome | None = None
    decided_at: datetime | None = None
    decided_by: Author | None = None
    comment: str | None = None
    also_wanted_by: tuple[Author, ...] = ()
    lifetime: timedelta = LIFETIME
    keeps_waiting: bool = False
    remind_at: datetime | None = None
    deputy_group: str | None = None
    deputy_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is waited for."""
        return self.outcome is None

    @property
    def is_of_state(self) -> bool:
        """Whether what is to be approved is the destruction of what a state says exists, and no saved plan."""
        return self.plan_run_id == self.run_id

    @property
    def missing(self) -> int:
        """How many people have to approve yet."""
        return max(0, self.needed - len(self.votes))

    @property
    def is_granted(self) -> bool:
        """Whether it was approved."""
        return self.outcome in {ApprovalOutcome.APPROVED, ApprovalOutcome.CARRIED}

    def may(self, author: Author) -> bool:
        """Whether somebody's approval counts, and is not there yet."""
        counts = not self._lacks_eyes(author) and not self._is_no_person(author)
        return self.is_open and counts and not self.has_voted(author)

    def has_voted(self, author: Author) -> bool:
        """Whether somebody has approved already."""
        return any(vote.author.identity == author.identity for vote in self.votes)

    def check(self, author: Author, *, plan: RunId, name: str | None, block_name: str, at: datetime) -> None:
        """Refuse an approval that does not count. Raises Invalid, Conflict, Denied."""
        if not self.is_open:
            raise Invalid(
                "the run does not wait for an approval any more", code="NotWaiting", remedy="Read the run again."
            )
        if plan != self.plan_run_id:
            raise Conflict(
                "the plan has changed since it was shown",
                code="PlanChanged",
                field="/predecessorRunUuid",
                remedy="Look at the run that the link 'predecessor' leads to now, then decide again.",
            )
        if self.plan_expires_at is not None and at >= self.plan_expires_at:
            raise Conflict(
                "the plan is too old to be approved",
                code="PlanTooOld",
                remedy="Start the run again: what would change is looked at anew.",
            )
        if self._lacks_eyes(author):
            raise Denied(
                "another person than whoever wanted a change has to approve it here",
                code="FourEyes",
                remedy="Let somebody else sign in who may run this building block; API keys do not count.",
            )
        if self._is_no_person(author):
            raise Denied(
                "several people have to approve it here, and an API key is none",
                code="PersonNeeded",
                remedy="Approve it as a person.",
            )
        if self.types_name and name != block_name:
            raise Invalid(
                "something precious is destroyed or replaced: the name of the building block has to be typed",
                code="NameNotTyped",
                field="/buildingBlockName",
                remedy="Send the name of the building block exactly as it is.",
            )

    def _lacks_eyes(self, author: Author) -> bool:
        """Whether four eyes are asked for, and this is whoever wanted the change, or a key, which anybody may have made."""
        wanted_it = any(author.identity == one.identity for one in (self.wanted_by, *self.also_wanted_by))
        return self.four_eyes and (author.type != PERSON or wanted_it)

    def _is_no_person(self, author: Author) -> bool:
        """Whether several people are asked for, and this is none."""
        return self.needed > 1 and author.type != PERSON

    def has_deputies(self, at: datetime) -> bool:
        """Whether the people of another group may decide, too."""
        return self.is_open and self.deputy_group is not None and self.deputy_at is not None and self.deputy_at <= at

    def suffices(self, terms: ApprovalTerms, wanted_by: Sequence[Author]) -> bool:
        """Whether these people would do for other terms as well, such as rules that have become stricter meanwhile."""
        voters = [vote.author for vote in self.votes]
        wanting = {one.identity for one in wanted_by}
        has_eyes = all(one.type == PERSON and one.identity not in wanting for one in voters)
        named = self.types_name or not terms.types_name
        return named and len(voters) >= terms.needed_of(wanted_by) and (has_eyes or not terms.four_eyes)

    def reminded(self) -> "Approval":
        """Return it after people were reminded."""
        return replace(self, remind_at=None)

    def waiting_on(self, at: datetime) -> "Approval":
        """Return it after it was not decided in time, and waits on."""
        return replace(self, expires_at=at + self.lifetime)

    def voted(self, vote: Vote) -> "Approval":
        """Return it with one more vote, decided by the last one that was needed."""
        after = replace(self, votes=(*self.votes, vote))
        if after.missing:
            return after
        return after.decided(ApprovalOutcome.APPROVED, by=vote.author, at=vote.at, comment=vote.comment)

    def carried(self, granted: "Approval", *, by: Author, at: datetime) -> "Approval":
        """Return it as granted by those who had approved the same before."""
        return replace(
            self,
            votes=granted.votes,
            outcome=ApprovalOutcome.CARRIED,
            decided_by=by,
            decided_at=at,
            comment=granted.comment,
        )

    def decided(self, outcome: ApprovalOutcome, *, by: Author, at: datetime, comment: str | None = None) -> "Approval":
        """Return it with its end."""
        return replace(self, outcome=outcome, decided_by=by, decided_at=at, comment=comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a new run has to wait for.

    Attributes:
        carried: the approval of exactly the same, which could not be used as the world had changed: then nobody is asked again.
        destruction: what a run that destroys would destroy; None where a saved plan is applied.
        wanted_by: who wanted what is to be applied; nobody if that is whoever started the run.
    """

    terms: ApprovalTerms
    wanted_by: tuple[Author, ...] = ()
    carried: Approval | None = None
    destruction: Destruction | None = None


def distinct(authors: Iterable[Author]) -> tuple[Author, ...]:
    """Return each author once."""
    return tuple({one.identity: one for one in authors}.values())


def votes_document(votes: Sequence[Vote]) -> list[Json]:
    """Return votes as they are stored."""
    return [vote.document() for vote in votes]
