"""Finds runs: in the list of all runs, and by building block for those who own no definitions."""

from collections.abc import Iterable, Iterator, Mapping

from blockyard.cli.client import Client
from blockyard.cli.documents import number, objects, text
from blockyard.cli.model import Block
from blockyard.cli.resources import own
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import BLOCK_V2, Kind

MAX_BLOCKS = 20
"""Of so many building blocks the latest runs are looked up where the list of all runs shows none."""


def newest_first(
    client: Client, kind: Kind, filters: Mapping[str, str | None], *, size: int = 200
) -> Iterator[JsonObject]:
    """Yield the objects of a list, the newest first. Raises Failure."""
    for index in range(1_000_000):
        page = client.page(kind, {**filters, "sort": "createdAt,desc"}, number_=index, size=size)
        yield from page.items
        if index >= page.pages - 1:
            return


def newest_blocks(client: Client, workspace: str | None) -> list[Block]:
    """Return the newest building blocks one may see. Raises Failure."""
    listed = client.list(BLOCK_V2, {"workspaceIdentifier": workspace}, limit=MAX_BLOCKS, path=own("blocks"))
    return [Block.read(item) for item in listed]


def latest_runs(client: Client, blocks: Iterable[Block], status: str | None = None) -> list[JsonObject]:
    """Return the latest runs of building blocks, the newest first, as those see them who may not read their logs.

    Raises Failure.
    """
    found = [
        _listed(block, run)
        for block in blocks
        for run in objects(client.get(own("blocks", block.id)), "runs")
        if status in {None, text(run, "status")}
    ]
    return sorted(found, key=lambda run: text(run, "metadata", "createdOn"), reverse=True)


def _listed(block: Block, run: JsonObject) -> JsonObject:
    """Return a run of a building block's detail in the shape of a list."""
    return {
        "metadata": {"uuid": text(run, "uuid"), "createdOn": text(run, "createdAt")},
        "spec": {
            "buildingBlock": {"spec": {"displayName": block.name}},
            "runNumber": number(run, "number"),
            "behavior": text(run, "behavior"),
            "trigger": {"reason": text(run, "reason")},
        },
        "status": text(run, "status"),
    }
