"""The server process."""

import gc

from blockyard.server.app.server import keep_for_good


def test_what_is_there_before_the_first_request_is_no_garbage_to_look_for() -> None:
    before = len(gc.get_objects())
    try:
        keep_for_good()

        assert gc.get_freeze_count() > before / 2
        assert len(gc.get_objects()) < before / 2
    finally:
        gc.unfreeze()
