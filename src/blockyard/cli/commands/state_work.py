"""`state plan-restore | apply-restore | rm | mv | import | taint | untaint | exec`."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from blockyard.cli.client import Client
from blockyard.cli.commands.state import Number, Which, block_id, state
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import number, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.output import Format
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; the event log keeps it.")]
Address = Annotated[str, typer.Argument(help="Address of a resource, such as aws_s3_bucket.logs.")]

__all__ = ["state"]

BACKEND = 'terraform {\n  backend "http" {}\n}\n'
_ENGINES = frozenset({"tofu", "terraform"})


@state.command("plan-restore")
def plan_restore(
    block: Which,
    version: Number,
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Plan with an older version of a state; nothing is applied."""
    with connected(output, url) as session:
        found = block_id(session.client, block, workspace)
        started = session.client.post(own("blocks", found, "state", "versions", str(version), "plan-restore"))
        run = text(started, "runUuid")
        session.printer.result(started, f"Run {run} plans it: 'blockyard runs changes {run}' shows what would change.")


@state.command("apply-restore")
def apply_restore(
    block: Which,
    version: Number,
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Restore a version of a state, and apply what was planned."""
    with connected(output, url) as session:
        found = block_id(session.client, block, workspace)
        require_consent(f"Restore version {version} of the state of '{block}' and apply what was planned?", yes=yes)
        path = own("blocks", found, "state", "versions", str(version), "apply-restore")
        done = session.client.post(path, {"reason": reason})
        run = text(done, "runUuid")
        said = f"Run {run} makes version {version} the state again when it begins, and applies the plan."
        if not run:
            said = (
                f"Version {version} is the state again, as version {number(done, 'version')}; nothing differs from it."
            )
        session.printer.result(done, said)


@state.command("rm")
def remove_resources(
    block: Which,
    addresses: Annotated[list[str], typer.Argument(help="Addresses of resources.")],
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Forget resources: they stay, and are not managed."""
    with connected(output, url) as session:
        found = block_id(session.client, block, workspace)
        require_consent(f"Remove {', '.join(addresses)} from the state of '{block}'?", yes=yes)
        _maintain(session, found, "STATE_RM", addresses, reason)


@state.command("mv")
def move_resource(
    block: Which,
    address: Address,
    to: Annotated[str, typer.Argument(help="Its new address.")],
    *,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run that gives a resource another address."""
    with connected(output, url) as session:
        _maintain(session, block_id(session.client, block, workspace), "STATE_MV", [address, to], reason)


@state.command("import")
def import_resource(
    block: Which,
    address: Address,
    resource: Annotated[str, typer.Argument(metavar="ID", help="What its platform calls it.")],
    *,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Take something that is there into a state."""
    with connected(output, url) as session:
        _maintain(session, block_id(session.client, block, workspace), "IMPORT", [address, resource], reason)


@state.command("taint")
def taint_resource(
    block: Which,
    address: Address,
    *,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run that marks a resource to be replaced."""
    with connected(output, url) as session:
        _maintain(session, block_id(session.client, block, workspace), "TAINT", [address], reason)


@state.command("untaint")
def untaint_resource(
    block: Which,
    address: Address,
    *,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run that takes such a mark away."""
    with connected(output, url) as session:
        _maintain(session, block_id(session.client, block, workspace), "UNTAINT", [address], reason)


@state.command("exec")
def execute(
    block: Which,
    command: Annotated[list[str], typer.Argument(help="The tool and its arguments, behind '--'.")],
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Run a tool on a state.

    It runs in an empty folder that is removed afterwards, and finds the address of the state, its lock and a token of your API key
    in its environment. OpenTofu and Terraform are initialized first.
    """
    with connected(output, url) as session:
        environment = _environment(session.client, block_id(session.client, block, workspace))
        with tempfile.TemporaryDirectory(prefix="blockyard-state-") as folder:
            (Path(folder) / "backend.tf").write_text(BACKEND)
            if Path(command[0]).name in _ENGINES:
                _run([command[0], "init", "-input=false", "-no-color"], folder, environment, quiet=True)
            exit_code = _run(command, folder, environment)
        if exit_code:
            raise typer.Exit(exit_code)


def _maintain(session: Session, found: str, command: str, arguments: Sequence[str], reason: str) -> None:
    told: list[Json] = [*arguments]
    body: JsonObject = {"command": command, "arguments": told, "reason": reason}
    started = session.client.post(own("blocks", found, "state", "maintenance"), body)
    session.printer.result(started, f"Run {text(started, 'runUuid')} does it: 'blockyard runs logs' follows it.")


def _environment(client: Client, found: str) -> Mapping[str, str]:
    owner = text(client.get(own("blocks", found)), "workspace")
    address = f"{client.url}/api/terraform/state/workspace/{quote(owner, safe='')}/buildingBlock/{found}"
    return {
        **os.environ,
        "TF_HTTP_ADDRESS": address,
        "TF_HTTP_LOCK_ADDRESS": f"{address}/lock",
        "TF_HTTP_UNLOCK_ADDRESS": f"{address}/lock",
        "TF_HTTP_LOCK_METHOD": "POST",
        "TF_HTTP_UNLOCK_METHOD": "DELETE",
        "TF_HTTP_USERNAME": "blockyard",
        "TF_HTTP_PASSWORD": client.key_token(),
        "TF_IN_AUTOMATION": "1",
    }


def _run(command: Sequence[str], folder: str, environment: Mapping[str, str], *, quiet: bool = False) -> int:
    """Run a tool in a folder and return its exit code. Raises Failure: it is not there, or could not be initialized."""
    try:
        done = subprocess.run(  # noqa: S603  what the user asked for
            [*command], cwd=folder, env={**environment, "PWD": folder}, check=False, capture_output=quiet, text=True
        )
    except OSError as error:
        raise Failure(
            f"'{command[0]}' cannot be run: {error.strerror}", remedy="Give a tool that is on the PATH."
        ) from error
    if quiet and done.returncode:
        raise Failure(f"'{command[0]} init' failed: {done.stderr.strip()}", exit_code=ExitCode.REFUSED)
    return done.returncode
