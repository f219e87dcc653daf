"""Waits for building blocks and runs, showing what happens, and says how it ended."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console

from blockyard.cli.client import Client
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.feeds import RunFeed
from blockyard.cli.live import Screen
from blockyard.cli.model import Block
from blockyard.cli.resources import BLOCKS

DELETED = "DELETED"
POLL_SECONDS = (0.2, 0.3, 0.5, 1.0, 2.0)
"""Pauses between looks at a block whose run may not be read; the last one counts for all further ones."""

_RUN_ENDS = {"FAILED": ExitCode.RUN_FAILED, "ABORTED": ExitCode.RUN_ABORTED}


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at building blocks of one server and shows them on one console."""

    client: Client
    console: Console
    sleep: Callable[[float], None] = time.sleep

    def until_settled(self, block: Block) -> Block:
        """Return the block once nothing is going on with it any more; show its runs. Raises Failure."""
        watched: set[str] = set()
        with Screen(self.console) as screen:
            pauses = _pauses()
            while not block.settled:
                if block.run_id and block.run_id not in watched:
                    watched.add(block.run_id)
                    RunFeed(self.client, block.run_id, screen).follow()
                    pauses = _pauses()
                else:
                    screen.title(f"{block.name}: {block.status.replace('_', ' ').lower()}")
                    self.sleep(next(pauses))
                block = self.again(block)
        return block

    def again(self, block: Block) -> Block:
        """Return the block as it is now; one that is gone with its definition counts as deleted."""
        try:
            return Block.read(self.client.show(BLOCKS, block.id))
        except Failure as failure:
            if failure.exit_code is not ExitCode.NOT_FOUND:
                raise
            return Block.read(block.document | {"status": {"status": "SUCCEEDED", "lifecycle": {"state": DELETED}}})


def _pauses() -> Iterator[float]:
    yield from POLL_SECONDS[:-1]
    while True:
        yield POLL_SECONDS[-1]


def exit_code_of(block: Block) -> ExitCode:
    """Return the exit code that says how a block stands."""
    if block.lifecycle == DELETED:
        return ExitCode.OK
    return ExitCode.WAITING if block.waits else _RUN_ENDS.get(block.status, ExitCode.OK)


def exit_code_of_run(status: str) -> ExitCode:
    """Return the exit code that says how a run ended."""
    return _RUN_ENDS.get(status, ExitCode.OK)
