"""`policies list | show | create | update | delete | violations`."""

from collections.abc import Mapping
from typing import Annotated

import typer

from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import members, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, one_of, tell_list
from blockyard.cli.output import Format, columns
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


@policies.command("list")
def list_policies(
    *, limit: Limit = 50, page: PageNumber = 1, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """List the policies, the oldest first. Only administrators may."""
    with connected(output, url) as session:
        found = session.client.page(POLICY, {}, number_=page - 1, size=limit)
        tell_list(
            session,
            found,
            None,
            columns("ID", "NAME", "FROM", "TO", "STRATEGY", wide=["DESCRIPTION"]),
            lambda item: (
                text(item, "metadata", "uuid"),
                text(item, "spec", "name"),
                _shown(item, "spec", "authoritative"),
                _shown(item, "spec", "affected"),
                text(item, "spec", "strategy"),
                text(item, "spec", "description"),
            ),
        )


@policies.command("show")
def show_policy(policy: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a policy. Only administrators may."""
    with connected(output, url) as session:
        document = session.client.show(POLICY, policy)
        if session.printer.for_programs:
            session.printer.document(document)
            return
        facts = [
            ("name", text(document, "spec", "name")),
            ("from", _shown(document, "spec", "authoritative")),
            ("to", _shown(document, "spec", "affected")),
            ("strategy", text(document, "spec", "strategy")),
            ("description", text(document, "spec", "description")),
            ("hint", text(document, "spec", "hint")),
            ("id", text(document, "metadata", "uuid")),
        ]
        session.printer.facts([fact for fact in facts if fact[1]])


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
        before: JsonObject = {"strategy": "SUBSET"}
        words = {"name": name, "strategy": strategy, "description": description, "hint": hint}
        subjects = {"authoritative": authoritative, "affected": affected}
        content: JsonObject = {"spec": _changed(before, words, subjects)}
        session.printer.result(session.client.create(POLICY, content), f"Policy {name} created.")


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
        if all(one is None for one in (name, authoritative, affected, strategy, description, hint)):
            raise usage("nothing to change", "Give --name, --hint or another option.")
        before = members(session.client.show(POLICY, policy), "spec")
        words = {"name": name, "strategy": strategy, "description": description, "hint": hint}
        subjects = {"authoritative": authoritative, "affected": affected}
        content: JsonObject = {"spec": _changed(before, words, subjects)}
        session.printer.result(session.client.replace(POLICY, policy, content), f"Policy {policy} changed.")


@policies.command("delete")
def delete_policy(
    policy: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a policy. Only administrators may."""
    with connected(output, url) as session:
        require_consent(f"Delete the policy '{policy}'?", yes=yes)
        session.client.delete(POLICY, policy)
        session.printer.result({"deleted": policy}, f"Policy {policy} deleted.")


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


def _shown(document: JsonObject, *path: str) -> str:
    return f"{text(document, *path, 'kind')}.{text(document, *path, 'tag')}"


def _changed(spec: JsonObject, words: Mapping[str, str | None], subjects: Mapping[str, str | None]) -> JsonObject:
    """Return a specification with what was given."""
    changes: JsonObject = {member: word for member, word in words.items() if word is not None}
    for member, word in subjects.items():
        if word is not None:
            kind, _, tag = word.partition(".")
            changes[member] = {"kind": kind, "tag": tag}
    return spec | changes
