"""What a form about an identity provider asks for, and the specification that comes back."""

from collections.abc import Sequence

from blockyard.server.identity_providers.model import MAX_RULES, GroupRule, Provider, ProviderSpec
from blockyard.server.kit.errors import Invalid
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option

_LONGEST_ADDRESS = 2000
_LONGEST_RULES = 100_000
_TRUST = (
    ("create_accounts", "New people get an account", "Otherwise an administrator or a directory makes it."),
    (
        "link_accounts",
        "It opens accounts that have a password",
        "Somebody new there gets the account with their username. Only for a provider that gives no username twice.",
    ),
    ("trusts_second_factor", "It asks for a second factor itself", "A sign-in there counts as two factors here."),
)

_AT_FIRST = ProviderSpec(
    display_name="",
    issuer="",
    client_id="",
    scopes=("openid", "profile", "email"),
    username_claim="preferred_username",
    groups_claim="",
    group_rules=(),
    create_accounts=True,
    link_accounts=False,
    trusts_second_factor=False,
    enabled=True,
)


def alias_ask() -> Ask:
    """Return what is asked for a new provider alone."""
    return Ask(
        name="alias",
        label="Identifier",
        needed=True,
        placeholder="corp",
        longest=64,
        pointers=["/alias"],
        help="Lower-case letters, digits and hyphens. Part of the addresses that the provider has to know; it never changes.",
    )


def asks_of(provider: Provider | None) -> list[Ask]:
    """Return what is asked about a provider; None for a new one."""
    given = provider or _AT_FIRST
    return [
        *_about(given, keeps_secret=provider is not None and provider.client_secret is not None),
        *_about_people(given),
    ]


def _about(given: ProviderSpec, *, keeps_secret: bool) -> list[Ask]:
    return [
        Ask(
            name="display_name",
            label="Name",
            needed=True,
            value=given.display_name,
            placeholder="Example Corp",
            pointers=["/displayName"],
            help="The button on the sign-in page says: Sign in with …",
        ),
        Ask(
            name="issuer",
            label="Issuer",
            needed=True,
            value=given.issuer,
            placeholder="https://id.example.org/realms/corp",
            longest=_LONGEST_ADDRESS,
            pointers=["/issuer"],
            help="What stands before /.well-known/openid-configuration, exactly as the provider writes it.",
        ),
        Ask(
            name="client_id",
            label="Client id",
            needed=True,
            value=given.client_id,
            pointers=["/clientId"],
        ),
        Ask(
            name="client_secret",
            label="Client secret",
            kind="secret",
            pointers=["/clientSecret"],
            help="The stored one is kept unless you enter another."
            if keeps_secret
            else "Leave it empty for a public client.",
        ),
        Ask(
            name="scopes",
            label="Scopes",
            needed=True,
            value=" ".join(given.scopes),
            pointers=["/scopes"],
            help="What is asked for, with blanks between.",
        ),
    ]


def _about_people(given: ProviderSpec) -> list[Ask]:
    chosen = [name for name, _, _ in _TRUST if getattr(given, name)]
    return [
        Ask(
            name="username_claim",
            label="Claim of the username",
            needed=True,
            value=given.username_claim,
            pointers=["/usernameClaim"],
        ),
        Ask(
            name="groups_claim",
            label="Claim of the groups",
            value=given.groups_claim,
            placeholder="groups",
            pointers=["/groupsClaim"],
            help="Leave it empty if the provider decides about no groups. A dot leads into a claim: realm_access.roles",
        ),
        Ask(
            name="group_rules",
            label="Groups",
            kind="area",
            value="\n".join(f"{rule.value} = {rule.group}" for rule in given.group_rules),
            placeholder="platform-team = platform-team",
            longest=_LONGEST_RULES,
            pointers=["/groupRules"],
            help="One a line: value of the claim = group of the installation. Who has the value is in the group; a missing group is made.",
        ),
        Ask(
            name="trust",
            label="What it may do",
            kind="checkboxes",
            chosen=chosen,
            options=[Option(name, label, about) for name, label, about in _TRUST],
        ),
    ]


def spec_in(filled: Filled, *, enabled: bool) -> ProviderSpec:
    """Return what was filled in. Raises Invalid."""
    texts, trust = filled.texts, filled.lists["trust"]
    return ProviderSpec(
        display_name=texts["display_name"],
        issuer=texts["issuer"],
        client_id=texts["client_id"],
        scopes=tuple(texts["scopes"].split()),
        username_claim=texts["username_claim"],
        groups_claim=texts["groups_claim"],
        group_rules=tuple(_rules_in(texts["group_rules"])),
        create_accounts="create_accounts" in trust,
        link_accounts="link_accounts" in trust,
        trusts_second_factor="trusts_second_factor" in trust,
        enabled=enabled,
    )


def _rules_in(text: str) -> Sequence[GroupRule]:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MAX_RULES:
        raise _bad(f"there are more than {MAX_RULES} rules", "Leave some out.")
    rules = []
    for number, line in lines:
        value, sign, group = (part.strip() for part in line.rpartition("="))
        if not sign or not value or not group:
            raise _bad(f"line {number} is not a rule", "Write: value = group")
        rules.append(GroupRule(value, group))
    return rules


def _bad(sentence: str, remedy: str) -> Invalid:
    return Invalid(sentence, code="InvalidRule", field="/groupRules", remedy=remedy)
