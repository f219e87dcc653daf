"""The states of a publication and whom it reaches."""

import pytest

from blockyard.server.kit.errors import Conflict
from blockyard.server.publications.model import Audience, Publication, PublicationState, Restriction, Step

S = PublicationState
PUBLIC = Audience()
PRIVATE = Audience(restriction=Restriction.PRIVATE)


def only(*workspaces: str) -> Audience:
    return Audience(restriction=Restriction.RESTRICTED, workspaces=workspaces)


LEADS = {
    (S.UNPUBLISHED, Step.SUBMIT): S.REQUESTED,
    (S.REJECTED, Step.SUBMIT): S.REQUESTED,
    (S.REQUESTED, Step.SUBMIT): S.REQUESTED,
    (S.REQUESTED, Step.WITHDRAW): S.UNPUBLISHED,
    (S.UNPUBLISHED, Step.WITHDRAW): S.UNPUBLISHED,
    (S.REQUESTED, Step.APPROVE): S.PUBLISHED,
    (S.PUBLISHED, Step.APPROVE): S.PUBLISHED,
    (S.REQUESTED, Step.REJECT): S.REJECTED,
    (S.REJECTED, Step.REJECT): S.REJECTED,
    (S.PUBLISHED, Step.DEPRECATE): S.DEPRECATED,
    (S.DEPRECATED, Step.DEPRECATE): S.DEPRECATED,
    (S.DEPRECATED, Step.REACTIVATE): S.PUBLISHED,
    (S.PUBLISHED, Step.REACTIVATE): S.PUBLISHED,
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("step", Step)
def test_each_step_leads_on_from_its_own_states_and_repeated_changes_nothing(state: S, step: Step) -> None:
    publication = Publication(state=state, audience=only("shop"))
    wanted = LEADS.get((state, step))

    if wanted is None:
        with pytest.raises(Conflict):
            publication.moved(step)
    else:
        assert publication.moved(step) == Publication(state=wanted, audience=only("shop"))


@pytest.mark.parametrize("state", S)
def test_what_is_offered_is_published_and_what_is_known_may_be_deprecated(state: S) -> None:
    publication = Publication(state=state)

    assert publication.offered_to("shop") is (state is S.PUBLISHED)
    assert publication.known_to({"shop"}) is (state in {S.PUBLISHED, S.DEPRECATED})


def test_an_audience_reaches_everybody_some_or_nobody() -> None:
    assert PUBLIC.reaches(["shop"])
    assert not PUBLIC.reaches([])
    assert only("shop", "web").reaches(["bank", "web"])
    assert not only("shop").reaches(["bank"])
    assert not PRIVATE.reaches(["shop"])


def test_an_audience_within_another_reaches_nobody_else() -> None:
    assert PRIVATE.within(only("a"))
    assert only("a").within(PUBLIC)
    assert only("a").within(only("a", "b"))
    assert not only("a", "b").within(only("a"))
    assert not PUBLIC.within(only("a"))
    assert not only("a").within(PRIVATE)
