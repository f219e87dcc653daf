"""How something gets into the marketplace. Source: concepts.md 5.4."""

import pytest

from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.platforms.model import PublicationState, decided, requested

NONE = None
UNPUBLISHED, REQUESTED, REJECTED, PUBLISHED = (
    PublicationState.UNPUBLISHED,
    PublicationState.REQUESTED,
    PublicationState.REJECTED,
    PublicationState.PUBLISHED,
)


@pytest.mark.parametrize(
    ("now", "wanted", "by_owner", "by_administrator"),
    [
        (NONE, UNPUBLISHED, UNPUBLISHED, UNPUBLISHED),
        (NONE, PUBLISHED, REQUESTED, PUBLISHED),
        (UNPUBLISHED, PUBLISHED, REQUESTED, PUBLISHED),
        (REQUESTED, PUBLISHED, REQUESTED, PUBLISHED),
        (REQUESTED, REQUESTED, REQUESTED, REQUESTED),
        (REQUESTED, UNPUBLISHED, UNPUBLISHED, UNPUBLISHED),
        (REJECTED, REJECTED, REJECTED, REJECTED),
        (REJECTED, PUBLISHED, REQUESTED, PUBLISHED),
        (PUBLISHED, PUBLISHED, PUBLISHED, PUBLISHED),
        (PUBLISHED, UNPUBLISHED, UNPUBLISHED, UNPUBLISHED),
    ],
)
def test_only_administrators_publish_without_a_review(
    now: PublicationState | None,
    wanted: PublicationState,
    by_owner: PublicationState,
    by_administrator: PublicationState,
) -> None:
    assert requested(now, wanted, may_publish=False, field="") is by_owner
    assert requested(now, wanted, may_publish=True, field="") is by_administrator


@pytest.mark.parametrize("wanted", [REQUESTED, REJECTED])
def test_nobody_sets_what_a_review_sets(wanted: PublicationState) -> None:
    with pytest.raises(Invalid):
        requested(PUBLISHED, wanted, may_publish=True, field="")


def test_a_review_publishes_or_rejects_what_waits_for_it() -> None:
    assert decided(REQUESTED, approved=True, what="platform 'x'") is PUBLISHED
    assert decided(REQUESTED, approved=False, what="platform 'x'") is REJECTED
    with pytest.raises(Conflict):
        decided(REJECTED, approved=True, what="platform 'x'")
