"""`policies list | show | create | update | delete | violations`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.documents import text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, one_of, tell_list
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import MeshObjects, PlainKind
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import POLICY, POLICY_VIOLATION

policies = typer.Typer(name="policies", help="Policies: which tags of related things fit together.")


def _subject(word: str) -> str:
    """Return a kind and a key as they were given. Raises BadParameter."""
    kind, _, tag = word.partition(".")
    if not (kind and tag):
        raise typer.BadParameter(f"'{word}' is not KIND.KEY, such as meshProject.env")
    return word


Which = Annotated[str, typer.Argument(metavar="ID", help="Id of the policy.")]
Authoritative = Annotated[
    str | None, typer.Option("--from", metavar="KIND.KEY", help="Whose tag decides.", parser=_subject)
]
Affected = Annotated[
    str | None, typer.Option("--to", metavar="KIND.KEY", help="Whose tag has to fit.", parser=_subject)
]
Strategy = Annotated[
    str | None,
    typer.Option("--strategy", help="SUBSET or INTERSECTION.", parser=one_of(("SUBSET", "INTERSECTION"))),
]
Description = Annotated[str | None, typer.Option("--description", help="What it is for.")]
Hint = Annotated[str | None, typer.Option("--hint", help="What to do about a violation.")]


def _shown(document: JsonObject, *path: str) -> str:
    return f"{text(document, *path, 'kind')}.{text(document, *path, 'tag')}"


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "uuid"),
        text(item, "spec", "name"),
        _shown(item, "spec", "authoritative"),
        _shown(item, "spec", "affected"),
        text(item, "spec", "strategy"),
        text(item, "spec", "description"),
    )


_POLICIES = PlainKind(
    word="policy",
    which=Which,
    objects=MeshObjects(kind=POLICY),
    columns=columns("ID", "NAME", "FROM", "TO", "STRATEGY", wide=["DESCRIPTION"]),
    row=_row,
    more=lambda document: [("hint", text(document, "spec", "hint"))],
)


@policies.command("list")
def list_policies(
    *, limit: Limit = 50, page: PageNumber = 1, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """List the policies, the oldest first. Only administrators may."""
    with connected(output, url) as session:
        _POLICIES.tell_page(session, {}, page=page, limit=limit)


_POLICIES.add_show(policies, "Show a policy. Only administrators may.")


@policies.command("create")
def create_policy(
    name: Annotated[str, typer.Argument(help="Name for people.")],
    *,
    authoritative: Authoritative = None,
    affected: Affected = None,
    strategy: Strategy = None,
    description: Description = None,
    hint: Hint = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a policy. Only administrators may."""
    with connected(output, url) as session:
        if authoritative is None or affected is None:
            raise usage("whose tags?", "Give --from and --to, such as meshWorkspace.stages and meshProject.stage.")
        changes = given(name=name, strategy=strategy or "SUBSET", description=description, hint=hint)
        subjects = _subjects(authoritative=authoritative, affected=affected)
        _POLICIES.create(session, {"spec": changes | subjects}, name)


@policies.command("update")
def update_policy(
    policy: Which,
    *,
    name: Annotated[str | None, typer.Option("--name", help="Name for people.")] = None,
    authoritative: Authoritative = None,
    affected: Affected = None,
    strategy: Strategy = None,
    description: Description = None,
    hint: Hint = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a policy; what no option names stays as it is. Only administrators may."""
    with connected(output, url) as session:
        changes = given(name=name, strategy=strategy, description=description, hint=hint)
        subjects = _subjects(authoritative=authoritative, affected=affected)
        _POLICIES.change(session, policy, changes | subjects, options="--name, --hint or another option")


_POLICIES.add_delete(policies, "Delete a policy. Only administrators may.")


@policies.command("violations")
def list_violations(
    *,
    workspace: WorkspaceOption = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List what violates policies, the oldest first.

    These are the violations in workspaces you may see.
    """
    with connected(output, url) as session:
        filters = {"workspaceIdentifier": workspace}
        found = session.client.page(POLICY_VIOLATION, filters, number_=page - 1, size=limit)
        tell_list(
            session,
            found,
            None,
            columns("POLICY", "WORKSPACE", "REASON", wide=["HINT", "SINCE"]),
            lambda item: (
                text(item, "policy", "name"),
                text(item, "workspaceIdentifier"),
                text(item, "reason"),
                text(item, "policy", "hint"),
                text(item, "since"),
            ),
        )


def _subjects(**words: str | None) -> JsonObject:
    """Return whose tags were given, of the words that name them."""
    pairs = {member: word.partition(".") for member, word in words.items() if word is not None}
    return {member: {"kind": kind, "tag": tag} for member, (kind, _, tag) in pairs.items()}
