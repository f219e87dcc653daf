"""`identity-providers list | show | create | update | enable | disable | test | preview | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli.changes import given, read_json
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, members, objects, text, texts
from blockyard.cli.exits import ExitCode, usage
from blockyard.cli.listing import Most, tell_one
from blockyard.cli.option_words import key_and_value
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import OwnObjects, PlainKind
from blockyard.cli.resources import IDENTITY_PROVIDER
from blockyard.cli.session import OutputOption, Session, UrlOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject

identity_providers = typer.Typer(
    name="identity-providers", help="Identity providers: where people sign in, too. For administrators."
)

Which = Annotated[str, typer.Argument(metavar="ALIAS", help="What addresses call the identity provider.")]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name on the sign-in page.")]
Issuer = Annotated[str | None, typer.Option("--issuer", metavar="URL", help="Issuer, exactly as the provider says.")]
ClientId = Annotated[str | None, typer.Option("--client-id", help="What the provider calls Blockyard.")]
SecretFile = Annotated[
    Path | None, typer.Option("--secret-file", metavar="FILE", help="File that holds the client secret.")
]
Scope = Annotated[
    list[str] | None, typer.Option("--scope", help="What is asked for; repeatable. openid profile email at first.")
]
UsernameClaim = Annotated[
    str | None, typer.Option("--username-claim", metavar="CLAIM", help="What becomes the username of a new account.")
]
GroupsClaim = Annotated[
    str | None, typer.Option("--groups-claim", metavar="CLAIM", help="What lists the groups of a person.")
]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        metavar="VALUE=GROUP",
        parser=key_and_value,
        help="Who has the value is in the group; repeatable. Replaces the rules there are.",
    ),
]
CreateAccounts = Annotated[
    bool | None, typer.Option("--create-accounts/--no-create-accounts", help="Whether new people get an account.")
]
LinkAccounts = Annotated[
    bool | None,
    typer.Option("--link-accounts/--no-link-accounts", help="Whether it opens accounts that have a password."),
]
TrustsSecondFactor = Annotated[
    bool | None,
    typer.Option(
        "--trusts-second-factor/--no-trusts-second-factor", help="Whether it asks for a second factor itself."
    ),
]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "alias"),
        text(item, "displayName"),
        text(item, "issuer"),
        "yes" if flag(item, "enabled") else "no",
        text(item, "createdOn"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    return [
        ("client id", text(document, "clientId")),
        ("client secret", "stored" if flag(document, "hasClientSecret") else "none"),
        ("scopes", " ".join(texts(document, "scopes"))),
        ("username claim", text(document, "usernameClaim")),
        ("groups claim", text(document, "groupsClaim") or "-"),
        *(("group", f"{text(rule, 'value')} = {text(rule, 'group')}") for rule in objects(document, "groupRules")),
        ("redirect address", text(document, "redirectUri")),
        ("after signing out", text(document, "postLogoutRedirectUri")),
        ("back-channel logout", text(document, "backChannelLogoutUri")),
    ]


_PROVIDERS = PlainKind(
    word="identity provider",
    which=Which,
    objects=OwnObjects(
        kind=IDENTITY_PROVIDER,
        members=(
            "displayName",
            "issuer",
            "clientId",
            "scopes",
            "usernameClaim",
            "groupsClaim",
            "groupRules",
            "createAccounts",
            "linkAccounts",
            "trustsSecondFactor",
            "enabled",
        ),
    ),
    columns=columns("ALIAS", "NAME", "ISSUER", "ON", wide=["CREATED"]),
    row=_row,
    more=_more,
)


@identity_providers.command("list")
def list_identity_providers(limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the identity providers, the oldest first."""
    with connected(output, url) as session:
        found = objects(session.client.get(IDENTITY_PROVIDER.path()), IDENTITY_PROVIDER.plural)[:limit]
        if session.printer.for_programs:
            session.printer.document([*found])
        else:
            session.printer.objects([*_PROVIDERS.columns], [_row(item) for item in found])


_PROVIDERS.add_show(identity_providers, "Show an identity provider, and the addresses that it has to know.")


@identity_providers.command("create")
def create_identity_provider(
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="Identifier; it never changes.")],
    *,
    issuer: Annotated[str, typer.Option("--issuer", metavar="URL", help="Issuer, exactly as the provider says.")],
    client_id: Annotated[str, typer.Option("--client-id", help="What the provider calls Blockyard.")],
    display_name: DisplayName = None,
    secret_file: SecretFile = None,
    scope: Scope = None,
    username_claim: UsernameClaim = None,
    groups_claim: GroupsClaim = None,
    group: Groups = None,
    create_accounts: CreateAccounts = None,
    link_accounts: LinkAccounts = None,
    trusts_second_factor: TrustsSecondFactor = None,
    off: Annotated[bool, typer.Option("--off", help="Nobody can sign in with it before it is switched on.")] = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let people sign in with an identity provider."""
    with connected(output, url) as session:
        content: JsonObject = {"alias": alias, "enabled": not off, "displayName": display_name or alias}
        content |= given(
            issuer=issuer,
            clientId=client_id,
            clientSecret=_secret(secret_file),
            scopes=[*scope] if scope else None,
            usernameClaim=username_claim,
            groupsClaim=groups_claim,
            groupRules=_rules(group),
            createAccounts=create_accounts,
            linkAccounts=link_accounts,
            trustsSecondFactor=trusts_second_factor,
        )
        made = session.client.post(IDENTITY_PROVIDER.path(), content)
        session.printer.result(
            made, f"Identity provider {alias} created. Its redirect address is {text(made, 'redirectUri')}"
        )


@identity_providers.command("update")
def update_identity_provider(
    alias: Which,
    *,
    display_name: DisplayName = None,
    issuer: Issuer = None,
    client_id: ClientId = None,
    secret_file: SecretFile = None,
    scope: Scope = None,
    username_claim: UsernameClaim = None,
    groups_claim: GroupsClaim = None,
    group: Groups = None,
    create_accounts: CreateAccounts = None,
    link_accounts: LinkAccounts = None,
    trusts_second_factor: TrustsSecondFactor = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change an identity provider; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(
            displayName=display_name,
            issuer=issuer,
            clientId=client_id,
            clientSecret=_secret(secret_file),
            scopes=[*scope] if scope else None,
            usernameClaim=username_claim,
            groupsClaim=groups_claim,
            groupRules=_rules(group),
            createAccounts=create_accounts,
            linkAccounts=link_accounts,
            trustsSecondFactor=trusts_second_factor,
        )
        _PROVIDERS.change(session, alias, changes)


@identity_providers.command("enable")
def enable_identity_provider(alias: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Let people sign in with an identity provider that is off."""
    with connected(output, url) as session:
        session.printer.result(_switched(session, alias, enabled=True), f"People can sign in with {alias} now.")


@identity_providers.command("disable")
def disable_identity_provider(
    alias: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Let nobody sign in with an identity provider until it is enabled."""
    with connected(output, url) as session:
        require_consent(f"Let nobody sign in with '{alias}' until it is enabled?", yes=yes)
        changed = _switched(session, alias, enabled=False)
        session.printer.result(changed, f"Nobody can sign in with {alias} any more.")


@identity_providers.command("test")
def try_identity_provider(alias: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Ask a provider for its documents and keys. It ends with 1 if that does not work."""
    with connected(output, url) as session:
        found = session.client.post(IDENTITY_PROVIDER.path(alias, "test"), {})
        if session.printer.for_programs:
            session.printer.document(found)
        else:
            session.printer.objects(
                columns("", "FOUND", "WHAT TO DO"),
                [
                    (text(one, "weight"), text(one, "message"), text(one, "remedy") or "-")
                    for one in objects(found, "findings")
                ],
            )
        if not flag(found, "works"):
            raise typer.Exit(ExitCode.REFUSED)


@identity_providers.command("preview")
def preview_identity_provider(
    alias: Which,
    claims: Annotated[
        Path, typer.Option("--claims", metavar="FILE", help="JSON: the claims of an ID token, or some of them.")
    ],
    *,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show the account and groups that claims give."""
    with connected(output, url) as session:
        content: JsonObject = {"claims": read_json(claims)}
        found = session.client.post(IDENTITY_PROVIDER.path(alias, "preview"), content)
        told = ", ".join(texts(found, "groups")) or "none"
        facts = [
            ("username", text(found, "username") or "none"),
            ("name", f"{text(found, 'firstName')} {text(found, 'lastName')}".strip() or "-"),
            ("e-mail", text(found, "email") or "-"),
            ("groups", "stay as they are" if found.get("groups") is None else told),
            *([("warning", text(found, "warning"))] if text(found, "warning") else []),
            ("admin roles", ", ".join(texts(found, "adminRoles")) or "-"),
            *(
                (f"roles in {name}", ", ".join(texts(found, "workspaces", name)))
                for name in members(found, "workspaces")
            ),
        ]
        tell_one(session, found, facts)


_PROVIDERS.add_delete(
    identity_providers,
    "Delete an identity provider; accounts stay.",
    question="Delete the identity provider '{}'? Who has no other way cannot sign in any more.",
)


def _switched(session: Session, alias: str, *, enabled: bool) -> JsonObject:
    providers = _PROVIDERS.objects
    before = providers.show(session.client, alias)
    return providers.replace(session.client, alias, before, providers.said(before) | {"enabled": enabled})


def _secret(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"'{file}' cannot be read: {error}") from error


def _rules(words: list[str] | None) -> Json:
    if not words:
        return None
    pairs = [word.rpartition("=") for word in words]
    return [{"value": value, "group": name} for value, _, name in pairs]
