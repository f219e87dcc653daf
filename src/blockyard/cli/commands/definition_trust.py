"""`definitions generate-inputs | trust`: how the runs of a definition sign in to clouds without a stored credential."""

import json
import os
from collections.abc import Mapping
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.commands.definition_failures import Which
from blockyard.cli.documents import flag, members, number, objects, text, texts
from blockyard.cli.exits import Failure, usage
from blockyard.cli.model import DRAFT, Definition, Version
from blockyard.cli.output import Format, Printer
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import VERSION
from blockyard.protocol.names import Cloud

AccountOption = Annotated[str | None, typer.Option("--account", help="Number of the AWS account that trusts.")]
RoleOption = Annotated[str | None, typer.Option("--role", help="ARN of the AWS role that runs take.")]
ProjectOption = Annotated[str | None, typer.Option("--project-number", help="Number of the Google Cloud project.")]
PoolOption = Annotated[str | None, typer.Option("--pool", help="Workload identity pool on Google Cloud.")]
ProviderOption = Annotated[str | None, typer.Option("--provider", help="Provider of that pool.")]
ServiceAccountOption = Annotated[
    str | None, typer.Option("--service-account", help="E-mail address of the Google Cloud service account.")
]
VersionOption = Annotated[int | None, typer.Option("--version", help="Number of the version.")]


def generate_inputs(
    definition: Which,
    cloud: Annotated[Cloud, typer.Argument(help="Where the module signs in.")],
    *,
    key: Annotated[bool, typer.Option("--key", help="By a stored key instead of the token of the run.")] = False,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Value of an input; can be repeated.")
    ] = None,
    from_environment: Annotated[
        bool, typer.Option("--from-environment", help="Take other values from variables of the same names.")
    ] = False,
    role: RoleOption = None,
    project_number: ProjectOption = None,
    pool: PoolOption = None,
    provider: ProviderOption = None,
    service_account: ServiceAccountOption = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Add the inputs by which a module signs in to a cloud.

    Inputs that are there already stay as they are.
    """
    with connected(output, url) as session:
        item, draft = _draft(session, definition, workspace)
        query = {"cloud": cloud.value, "way": "KEY" if key else "FEDERATION"} | _query(
            role=role, project_number=project_number, pool=pool, provider=provider, service_account=service_account
        )
        made = objects(
            session.client.get(own("definitionversions", draft.id, "generated-inputs"), query=query), "ways"
        )[0]
        spec = members(draft.document, "spec")
        there = members(spec, "inputs")
        wanted = {name: members(one) for name, one in members(made, "inputs").items() if name not in there}
        given = _given(values or [], os.environ if from_environment else {}, wanted)
        _require_values(wanted, given, texts(made, "missing"))
        first = len(there)
        added = {
            name: one | {"displayOrder": first + at, "argument": _argument(one, given.get(name))}
            for at, (name, one) in enumerate(wanted.items())
        }
        inputs: JsonObject = {**there, **added}
        document = {**draft.document, "spec": {**spec, "inputs": inputs}}
        stored = session.client.replace(VERSION, draft.id, document) if added else draft.document
        names = ", ".join(added) or "nothing"
        session.printer.result(stored, f"Added to the draft of '{item.name}': {names}.")


def show_trust(
    definition: Which,
    cloud: Annotated[Cloud | None, typer.Argument(help="Only what this cloud is told.")] = None,
    *,
    version: VersionOption = None,
    account: AccountOption = None,
    role: RoleOption = None,
    project_number: ProjectOption = None,
    pool: PoolOption = None,
    provider: ProviderOption = None,
    service_account: ServiceAccountOption = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show what clouds are told to trust a definition's runs.

    Each policy names the exact subject. Without --version it is that of the latest version, a draft too.
    """
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        version_id = item.latest_id if version is None else lookup.orderable(item, version)
        query = _query(
            cloud=None if cloud is None else cloud.value,
            account=account,
            role=role,
            project_number=project_number,
            pool=pool,
            provider=provider,
            service_account=service_account,
        )
        found = session.client.get(own("definitionversions", version_id, "trust-policies"), query=query)
        if session.printer.for_programs:
            session.printer.document(found)
            return
        _print_trust(session.printer, found)


def _print_trust(printer: Printer, found: JsonObject) -> None:
    needed, most = number(found, "federatedCredentials", "needed"), number(found, "federatedCredentials", "atMost")
    subjects, plans = texts(found, "subjects"), texts(found, "planSubjects")
    printer.facts(
        [
            ("issuer", text(found, "issuer")),
            *((("subject" if not at else ""), subject) for at, subject in enumerate(subjects)),
            *((("of plans" if not at else ""), subject) for at, subject in enumerate(plans)),
            ("on Azure", f"needs {needed} of the {most} federated credentials of an identity"),
        ]
    )
    for policy in objects(found, "policies"):
        printer.say(f"\n{text(policy, 'cloud')}: {text(policy, 'title')}")
        printer.raw(json.dumps(members(policy, "content"), indent=2, ensure_ascii=False))
        for warning in texts(policy, "warnings"):
            printer.say(f"Mind: {warning}")


def _draft(session: Session, word: str, workspace: str | None) -> tuple[Definition, Version]:
    """Return a definition and its draft. Raises Failure."""
    item = lookup.definition(session.client, word, workspace=workspace)
    latest = lookup.versions(session.client, item.id)[-1]
    if latest.state != DRAFT:
        raise Failure(
            f"version {latest.number} of '{item.name}' is released and never changes",
            remedy="Begin the next one: 'blockyard definitions new-draft'.",
        )
    return item, latest


def _query(**named: str | None) -> dict[str, str]:
    """Return the parameters that have a value, as the interface calls them."""
    words = {name: name.split("_") for name in named}
    return {
        words[name][0] + "".join(word.title() for word in words[name][1:]): value
        for name, value in named.items()
        if value is not None
    }


def _given(values: list[str], environ: Mapping[str, str], wanted: Mapping[str, JsonObject]) -> dict[str, str]:
    """Return the values somebody gave for inputs. Raises Failure: one has another name."""
    given = {name: environ[name] for name in wanted if environ.get(name)}
    for one in values:
        name, equals, value = one.partition("=")
        if not equals or name not in wanted:
            raise usage(f"'{name}' is none of the inputs to be added", f"These are: {', '.join(wanted) or 'none'}.")
        given[name] = value
    return given


def _require_values(wanted: Mapping[str, JsonObject], given: Mapping[str, str], missing: list[str]) -> None:
    lacking = [name for name in missing if name in wanted and name not in given]
    if lacking:
        raise usage(
            f"no value for {', '.join(lacking)}",
            "Give --set NAME=VALUE, or --from-environment; what goes into a credential file has options of its own.",
        )


def _argument(one: JsonObject, value: str | None) -> Json:
    if value is None:
        return one.get("argument")
    return {"plaintext": value} if flag(one, "isSensitive") else value
