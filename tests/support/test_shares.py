"""Each process begins with its share of the long tests, and nothing is lost."""

from tests.support.shares import in_shares


def module_of(item: str) -> str | None:
    return item[:2] if item[0] == "L" else None


def test_each_share_begins_with_whole_groups_of_long_items_and_the_rest_keeps_its_order() -> None:
    items = ["a", "La1", "La2", "b", "Lb1", "c", "d", "Lc1", "e"]

    assert in_shares(items, 3, module_of) == ["La1", "La2", "a", "Lb1", "b", "c", "Lc1", "d", "e"]


def test_one_process_gets_everything() -> None:
    assert in_shares(["a", "Lb1", "c"], 1, module_of) == ["Lb1", "a", "c"]
