"""What a form asks for is done, or the page says why not; what is not about the form is raised."""

import pytest
from fastapi import Response

from blockyard.server.kit.errors import Conflict, Denied, NotFound, Refusal, Unauthenticated
from blockyard.server.ui.frame.site import submit

pytestmark = pytest.mark.anyio


async def work(refusal: Refusal | None = None) -> str:
    """Do what a form asks for."""
    if refusal is not None:
        raise refusal
    return "the result"


async def again(refusal: Refusal) -> Response:
    """Show the form again."""
    return Response(f"again: {refusal.message}")


def done(result: str) -> Response:
    """Answer with the result."""
    return Response(f"done: {result}")


async def test_what_was_done_is_answered_with_its_result() -> None:
    assert (await submit(work(), again=again, done=done)).body == b"done: the result"


@pytest.mark.parametrize("kind", [Conflict, Denied])
async def test_a_refusal_is_shown_where_the_form_was(kind: type[Refusal]) -> None:
    answer = await submit(work(kind("no", remedy="Wait.")), again=again, done=done)

    assert answer.body == b"again: no"


@pytest.mark.parametrize("kind", [NotFound, Unauthenticated])
async def test_what_is_not_about_the_form_is_raised_unless_told_otherwise(kind: type[Refusal]) -> None:
    with pytest.raises(kind):
        await submit(work(kind("gone", remedy="Look.")), again=again, done=done)

    assert (await submit(work(kind("gone", remedy="Look.")), again=again, done=done, passes=())).body == b"again: gone"
