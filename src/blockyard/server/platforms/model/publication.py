"""How something gets into the marketplace: the states, and who moves it from one to the next. Source: concepts.md 5.4, 17."""

from enum import StrEnum

from blockyard.server.kit.errors import Conflict, Invalid


class PublicationState(StrEnum):
    """Whether others may see it."""

    UNPUBLISHED = "UNPUBLISHED"
    REQUESTED = "REQUESTED"
    REJECTED = "REJECTED"
    PUBLISHED = "PUBLISHED"


def requested(
    now: PublicationState | None, wanted: PublicationState, *, may_publish: bool, field: str
) -> PublicationState:
    """Return the state after an owner asked for `wanted`; `now` is None for something new.

    Whoever `may_publish` publishes at once; others ask for a review by that. A rejected request may be made again.

    Raises Invalid: only the server itself puts something into the state `wanted`.
    """
    if wanted is now:
        return wanted
    if wanted not in {PublicationState.PUBLISHED, PublicationState.UNPUBLISHED}:
        raise Invalid(
            f"the publication state {wanted} is the result of a review",
            code="ReviewState",
            field=field,
            remedy="Send PUBLISHED to ask for a review, or UNPUBLISHED.",
        )
    if wanted is PublicationState.PUBLISHED and not may_publish:
        return PublicationState.REQUESTED
    return wanted


def decided(now: PublicationState, *, approved: bool, what: str) -> PublicationState:
    """Return the state after a review of `what`, such as "platform 'x'". Raises Conflict: nobody asked for one."""
    if now is not PublicationState.REQUESTED:
        raise Conflict(
            f"{what} does not wait for a review: its publication state is {now}",
            code="NotInReview",
            remedy="Nothing is to be decided.",
        )
    return PublicationState.PUBLISHED if approved else PublicationState.REJECTED
