"""Pages of lists: when they are counted."""

import pytest

from blockyard.server.kit.paging import Page, PageRequest


@pytest.mark.parametrize(
    ("request_", "items", "total"),
    [
        (PageRequest(0, 3), 2, 2),
        (PageRequest(0, 3), 0, 0),
        (PageRequest(2, 3), 1, 7),
    ],
)
def test_a_page_with_room_left_says_itself_how_many_there_are(request_: PageRequest, items: int, total: int) -> None:
    def count() -> int:
        pytest.fail("it was counted")

    assert Page.of([*range(items)], count, request_).total == total


@pytest.mark.parametrize(
    ("request_", "items"), [(PageRequest(0, 3), 3), (PageRequest(5, 3), 0), (PageRequest(0, 0), 0)]
)
def test_a_full_page_and_one_behind_the_end_are_counted(request_: PageRequest, items: int) -> None:
    assert Page.of([*range(items)], lambda: 11, request_).total == 11


def test_who_does_not_want_to_know_is_not_counted_for() -> None:
    assert Page.of([1, 2, 3], lambda: pytest.fail("it was counted"), PageRequest(0, 3, is_counted=False)).total == 3
