"""`blocks follow`, and what an upgrade would do."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import members, texts
from blockyard.cli.exits import usage
from blockyard.cli.output import Format
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject

_FOLLOWS = {"nothing": "PINNED", "releases": "RELEASES", "drafts": "DRAFTS"}


def follow_versions(
    block: Annotated[
        str, typer.Argument(help="Id, beginning of the id, or exact name.", autocompletion=names_of("blocks"))
    ],
    follows: Annotated[str, typer.Argument(metavar="FOLLOWS", help="releases, drafts or nothing.")],
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let a building block change its version by itself.

    It does so when it runs next, and waits for an answer if the new version asks for one. With `nothing` it keeps its version until
    somebody changes it.
    """
    with connected(output, url) as session:
        if follows not in _FOLLOWS:
            raise usage(f"'{follows}' cannot be followed", "Use releases, drafts or nothing.")
        item = lookup.block(session.client, block, workspace=workspace)
        path = own("blocks", item.id, "follows")
        stored: JsonObject = session.client.request("PUT", path, body={"follows": _FOLLOWS[follows]}, sends=JSON).json()
        session.printer.result(stored, f"'{item.name}' follows {follows}.")


def kept_by_upgrade(session: Session, block_id: str, version_id: str) -> dict[str, Json] | None:
    """Tell what an upgrade changes, and return the values that its inputs have then, a secret as true; None for other versions."""
    preview = session.client.get(own("blocks", block_id, "upgrade"))
    if preview.get("versionUuid") != version_id:
        return None
    for sentence in texts(preview, "changes"):
        session.printer.progress.print(sentence)
    return {**members(preview, "values"), **dict.fromkeys(texts(preview, "secrets"), True)}
