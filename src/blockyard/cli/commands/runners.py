"""`runners list | show | create | update | key | identity | delete`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.changes import given, read_json, read_text
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.contexts import write_private
from blockyard.cli.documents import flag, members, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.keys import LastDay, keep_key
from blockyard.cli.listing import Most, ago, completing, one_of, owner_of, tell_one
from blockyard.cli.new_files import require_new
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import DisplayName, MeshObjects, PlainKind
from blockyard.cli.problems import object_of
from blockyard.cli.resources import own
from blockyard.cli.runner_setup import (
    RunnerFiles,
    RunnerType,
    configuration,
    generate_key_pair,
)
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    Session,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUNNER
from blockyard.protocol.version import PROTOCOL_HEADER, PROTOCOL_VERSION

runners = typer.Typer(name="runners", help="Runners: processes that execute runs.")

_FORMS = ("OLD", "BOTH", "NEW")

Which = Annotated[
    str,
    typer.Argument(
        metavar="RUNNER", help="Id, beginning of the id, or exact name.", autocompletion=names_of("runners")
    ),
]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "spec", "displayName"),
        owner_of(item),
        text(item, "spec", "implementationType"),
        text(item, "spec", "restriction"),
        ago(text(item, "metadata", "lastSeen")) or "never",
        text(item, "metadata", "uuid"),
        text(item, "metadata", "createdOn"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    return [
        ("last seen at", text(document, "metadata", "lastSeen")),
        ("self-hosted", "yes" if flag(document, "spec", "isSelfHosted") else "no"),
        ("public key", text(document, "spec", "publicKey").strip()),
    ]


_RUNNERS = PlainKind(
    word="runner",
    which=Which,
    objects=MeshObjects(kind=RUNNER, find=lookup.runner),
    columns=columns("NAME", "OWNER", "FOR", "RESTRICTION", "LAST SEEN", "ID", wide=["CREATED"]),
    row=_row,
    more=_more,
    called=lambda document: text(document, "spec", "displayName"),
)


@runners.command("list")
def list_runners(
    *,
    workspace: WorkspaceOption = None,
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the runners of your workspaces and the public ones."""
    with connected(output, url) as session:
        _RUNNERS.tell_all(session, {"ownedByWorkspace": workspace}, limit=limit, workspace=workspace)


_RUNNERS.add_show(runners, "Show a runner.")


@runners.command("create")
def create_runner(
    name: Annotated[str, typer.Argument(help="Name for people.")],
    *,
    workspace: NeededWorkspaceOption = None,
    type_: Annotated[
        str,
        typer.Option(
            "--type",
            metavar="TYPE",
            help=f"What it executes: {', '.join(RunnerType)}.",
            parser=one_of(RunnerType),
            autocompletion=completing(RunnerType),
        ),
    ] = "ALL",
    public: Annotated[bool, typer.Option("--public", help="Everybody may use it (administrators only).")] = False,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Runs at the same time.")] = 1,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder for its files; left out, one named after it.")
    ] = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Register a runner, and write its configuration.

    Its key pair is made here, with an API key for it and its configuration file.

    Private key and secret are files of mode 0600 that never leave this machine; the server gets the public key.
    """
    with connected(output, url) as session:
        workspace = needed_workspace(workspace, url)
        files = RunnerFiles.of(folder, name)
        private_key, public_key = generate_key_pair()
        write_private(files.private_key, private_key)
        spec: JsonObject = {
            "displayName": name,
            "publicKey": public_key,
            "implementationType": type_,
            "restriction": "PUBLIC" if public else "PRIVATE",
        }
        content: JsonObject = {"metadata": {"ownedByWorkspace": workspace}, "spec": spec}
        speaks = {PROTOCOL_HEADER: str(PROTOCOL_VERSION)}
        runner = session.client.create(RUNNER, content, headers=speaks)
        runner_id = text(runner, "metadata", "uuid")
        client_id = _create_key(session, runner_id, name, files)
        settings = configuration(
            files,
            url=session.client.url,
            runner_id=runner_id,
            client_id=client_id,
            type_=type_,
            concurrency=concurrency,
        )
        write_private(files.configuration, settings)
        command = f"BLOCKYARD_RUNNER_CONFIG_FILE={shlex.quote(str(files.configuration))} blockyard runner"
        session.printer.result(
            {"runner": runner, "configurationFile": str(files.configuration), "startCommand": command},
            f"Runner '{name}' is {runner_id}. Its files are in {files.folder}. Start it with:\n\n  {command}",
        )


def _create_key(session: Session, runner_id: str, name: str, files: RunnerFiles) -> str:
    """Create the runner's own API key, keep its secret, and return its client id. Raises Failure."""
    key = session.client.post(own("runners", runner_id, "keys"), {"displayName": f"runner {name}"})
    write_private(files.secret, text(key, "clientSecret") + "\n")
    return text(key, "clientId")


@runners.command("update")
def update_runner(
    runner: Which,
    *,
    display_name: DisplayName = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", metavar="FILE", help="PEM file with another public key.")
    ] = None,
    federation: Annotated[
        Path | None,
        typer.Option("--federation", metavar="FILE", help="JSON: the member workloadIdentityFederation of the API."),
    ] = None,
    no_federation: Annotated[
        bool, typer.Option("--no-federation", help="Let its runs have no workload identity any more.")
    ] = False,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a runner; what no option names stays as it is.

    With another public key, what was sealed to the old one cannot be read any more: secrets have to be entered again.
    """
    with connected(output, url) as session:
        if federation is not None and no_federation:
            raise usage("--federation and --no-federation say two things", "Give one of them.")
        changes = given(
            displayName=display_name,
            publicKey=None if public_key is None else read_text(public_key),
            workloadIdentityFederation=None if federation is None else read_json(federation),
        )
        changes |= {"workloadIdentityFederation": None} if no_federation else {}
        if public_key is not None:
            require_consent(
                f"Give '{runner}' another key? Secrets sealed to the old one have to be entered again.", yes=yes
            )
        options = "--display-name, --public-key, --federation or --no-federation"
        _RUNNERS.change(session, runner, changes, options=options)


@runners.command("key")
def create_runner_key(
    runner: Which,
    *,
    key_file: Annotated[Path, typer.Option("--key-file", help="File for id and secret; it must not exist.")],
    name: Annotated[str | None, typer.Option("--name", help="Name for people.")] = None,
    expires: LastDay = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create another API key of a runner.

    It works for this runner only.

    Its secret goes into a file; it is never printed and cannot be had again.
    """
    with connected(output, url) as session:
        require_new(key_file)
        document = lookup.runner(session.client, runner)
        identifier = text(document, "metadata", "uuid")
        shown = name or f"runner {text(document, 'spec', 'displayName')}"
        body: JsonObject = {"displayName": shown, **({"expiresAt": expires} if expires else {})}
        key = session.client.post(own("runners", identifier, "keys"), body)
        keep_key(session.client, key_file, text(key, "uuid"), {"status": key})
        told = {member: value for member, value in key.items() if member != "clientSecret"}
        session.printer.result(
            told, f"API key {text(key, 'uuid')} of runner {identifier} created; its secret is in {key_file}."
        )


@runners.command("identity")
def show_runner_identity(
    runner: Which,
    *,
    subjects: Annotated[
        str | None,
        typer.Option(
            "--subjects",
            metavar="FORM",
            help="Let tokens have subjects of definitions (NEW), of the runner (OLD), or change that (BOTH).",
            parser=one_of(_FORMS),
            autocompletion=completing(_FORMS),
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="INSTANT", help="With BOTH: when subjects become those of definitions."),
    ] = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show who a runner's runs are to clouds, or choose subjects."""
    with connected(output, url) as session:
        if on is not None and subjects is None:
            raise usage("--on goes with --subjects BOTH", "Give both.")
        path = own("runners", text(lookup.runner(session.client, runner), "metadata", "uuid"), "identity")
        body: JsonObject = {"subjectForm": subjects, **({"movesOn": on} if on else {})}
        found = (
            session.client.get(path) if subjects is None else object_of(session.client.request("PUT", path, body=body))
        )
        tell_one(session, found, _identity_facts(found))


def _identity_facts(found: JsonObject) -> list[tuple[str, str]]:
    facts = [
        ("issuer", text(found, "issuer") or "none: its runs have no identity"),
        ("signed by", "this server" if flag(found, "signedByBlockyard") else "others"),
        ("subjects", text(found, "subjectForm")),
        *([("change on", text(found, "movesOn"))] if text(found, "movesOn") else []),
        ("subject", text(found, "subjectTemplate") or "-"),
        *(("also trusted", other) for other in texts(found, "otherSubjectTemplates")),
        *(("used by", version) for version in texts(found, "usedBy")),
    ]
    for cloud in ("aws", "azure", "gcp"):
        if members(found, cloud):
            facts += [
                (f"{cloud} audience", text(found, cloud, "audience")),
                (f"{cloud} token", text(found, cloud, "tokenPath")),
            ]
    return facts


_RUNNERS.add_delete(runners, "Delete a runner that no definition uses any more.")
