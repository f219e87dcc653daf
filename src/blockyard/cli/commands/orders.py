"""`orders place | check` and `marketplace search`: whole orders, and what there is to order."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli.documents import flag, number, objects, text
from blockyard.cli.exits import ExitCode, Failure, usage
from blockyard.cli.listing import Limit, PageNumber, tell_list
from blockyard.cli.manifests.files import read_document
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import OFFER, own
from blockyard.cli.session import OutputOption, Session, UrlOption, connected
from blockyard.protocol.jsontypes import JsonObject

orders = typer.Typer(name="orders", help="Whole orders: several building blocks at once.")
marketplace = typer.Typer(name="marketplace", help="What there is to order.")

File = Annotated[str, typer.Argument(metavar="FILE", help="The order in JSON or YAML; - reads standard input.")]


@orders.command("place")
def place_order(file: File, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Order everything that a file says, or nothing of it.

    A file has `workspace`, `tenantUuid` or `newTenant`, and `blocks`, as `POST /api/blockyard/v1/orders` takes them.
    """
    with connected(output, url) as session:
        placed = session.client.post(own("orders"), _read(file))
        tell_warnings(session, placed)
        if session.printer.for_programs:
            session.printer.document(placed)
            return
        session.printer.table(
            ("ID", "NAME", "STATUS"),
            [
                (text(item, "uuid"), text(item, "displayName"), text(item, "status"))
                for item in objects(placed, "blocks")
            ],
        )


@orders.command("check")
def check_order(file: File, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Say what is wrong with an order; nothing is made."""
    with connected(output, url) as session:
        found = session.client.post(own("orders", "check"), _read(file))
        tell_warnings(session, found)
        if session.printer.for_programs:
            session.printer.document(found)
        elif flag(found, "isSound"):
            session.printer.say("Nothing is wrong with it.")
        else:
            problems = objects(found, "problems")
            rows = [(text(item, "field"), text(item, "message"), text(item, "remedy")) for item in problems]
            session.printer.table(("FIELD", "PROBLEM", "REMEDY"), rows)
        if not flag(found, "isSound"):
            raise Failure("the order cannot be placed as it is", exit_code=ExitCode.REFUSED, code="BadOrder")


@marketplace.command("search")
def search_marketplace(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD", help="What it is about.")] = None,
    *,
    platform_type: Annotated[
        str | None, typer.Option("--platform-type", help="Only for tenants on platforms of this type.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only what this workspace offers.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="KEY:VALUE, one of their tags.")] = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List what your workspaces may order, the best matches first.

    Words may be misspelled.
    """
    with connected(output, url) as session:
        filters = {
            "search": " ".join(words or []),
            "platformType": platform_type,
            "workspaceIdentifier": owner,
            "tag": tag,
        }
        found = session.client.page(OFFER, filters, number_=page - 1, size=limit, path=own("marketplace"))
        tell_list(
            session,
            found,
            None,
            columns("ID", "NAME", "OWNER", "FOR", "SUCCEEDED", "USUALLY", wide=["DESCRIPTION"]),
            lambda item: (
                text(item, "uuid"),
                text(item, "displayName"),
                text(item, "ownedByWorkspace"),
                "tenants" if text(item, "targetType") == "TENANT_LEVEL" else "workspaces",
                _rate(item),
                _usual(item),
                text(item, "description"),
            ),
        )


def tell_warnings(session: Session, document: JsonObject) -> None:
    """Say what will keep an order waiting."""
    for warning in objects(document, "warnings"):
        session.printer.warn(text(warning, "message"))


def _read(file: str) -> JsonObject:
    return read_document(sys.stdin.read(), "standard input") if file == "-" else _read_path(Path(file).expanduser())


def _read_path(path: Path) -> JsonObject:
    try:
        return read_document(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise usage(f"'{path}' is not a text file in UTF-8") from None


def _rate(item: JsonObject) -> str:
    succeeded, failed = number(item, "succeededRuns") or 0, number(item, "failedRuns") or 0
    return f"{succeeded} of {succeeded + failed}" if succeeded + failed else ""


def _usual(item: JsonObject) -> str:
    seconds = number(item, "usualSeconds")
    if seconds is None:
        return ""
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"  # noqa: PLR2004  two minutes
