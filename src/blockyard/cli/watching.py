"""Waits for building blocks, showing what happens, and says how it ended."""

from dataclasses import dataclass

from rich.console import Console

from blockyard.cli.client import Client
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.feeds import follow_block
from blockyard.cli.live import Screen
from blockyard.cli.model import Block
from blockyard.protocol.kinds import BLOCK_V2

DELETED = "DELETED"

_RUN_ENDS = {"FAILED": ExitCode.RUN_FAILED, "ABORTED": ExitCode.RUN_ABORTED}


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at building blocks of one server and shows them on one console."""

    client: Client
    console: Console

    def until_settled(self, block: Block) -> Block:
        """Return the block once nothing is going on with it any more; show its runs. Raises Failure."""
        with Screen(self.console) as screen:
            while not block.settled:
                follow_block(self.client, block.id, screen)
                block = self.again(block)
        return block

    def again(self, block: Block) -> Block:
        """Return the block as it is now; one that is gone with its definition counts as deleted. Raises Failure."""
        try:
            return Block.read(self.client.show(BLOCK_V2, block.id))
        except Failure as failure:
            if failure.exit_code is not ExitCode.NOT_FOUND:
                raise
            return Block.read(block.document | {"status": {"status": "SUCCEEDED", "lifecycle": {"state": DELETED}}})


def exit_code_of(block: Block) -> ExitCode:
    """Return the exit code that says how a block stands."""
    if block.lifecycle == DELETED:
        return ExitCode.OK
    return ExitCode.WAITING if block.waits else exit_code_of_run(block.status)


def exit_code_of_run(status: str) -> ExitCode:
    """Return the exit code that says how a run ended."""
    return _RUN_ENDS.get(status, ExitCode.OK)
