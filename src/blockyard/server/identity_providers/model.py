"""The rules of identity providers. Source: OpenID Connect Core 1.0 §3.1, §5.1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.model import UserId, folded
from blockyard.server.kit.errors import Denied, Invalid
from blockyard.server.kit.names import check_name

MAX_RULES = 200
_LONGEST = 255
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_OVERAGE = ("_claim_names", "hasgroups")
"""Claims in place of groups that are too many for a token. Source: Microsoft identity platform, groups overage claim."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Who has `value` among the groups that the provider tells is in the group `group` of the installation."""

    value: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """What an administrator says about a provider.

    Attributes:
        username_claim: the claim whose text becomes the username of a new account.
        groups_claim: the claim that lists groups, by dots where it is inside others; empty if none does.
        create_accounts: whether somebody unknown gets an account.
        link_accounts: whether somebody unknown gets the account that has their username, although it has a password.
        trusts_second_factor: whether the provider asks for a second factor itself.
    """

    display_name: str
    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    username_claim: str
    groups_claim: str
    group_rules: tuple[GroupRule, ...]
    create_accounts: bool
    link_accounts: bool
    trusts_second_factor: bool
    enabled: bool

    def check(self) -> None:
        """Raise Invalid if the issuer is no address that can be trusted, or a group is called as none can be."""
        issuer = addresses.split(self.issuer)
        secure = issuer is not None and (
            issuer.scheme == "https" or (issuer.scheme == "http" and issuer.host in _LOCAL)
        )
        if issuer is None or not secure or not issuer.has_host or issuer.query or issuer.fragment or issuer.user:
            raise Invalid(
                "the issuer must be an https address without query and fragment",
                code="InvalidIssuer",
                field="/issuer",
                remedy="Send what the provider's discovery document says as `issuer`.",
            )
        if "openid" not in self.scopes:
            raise Invalid(
                "the scopes must contain 'openid'", code="InvalidScopes", field="/scopes", remedy="Add the scope."
            )
        for index, rule in enumerate(self.group_rules):
            check_name(rule.group, "a group", field=f"/groupRules/{index}/group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(ProviderSpec):
    """An identity provider; its secret is kept encrypted."""

    alias: str
    client_secret: bytes | None = field(default=None, repr=False)
    created_at: datetime
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses the provider."""
        return self.alias

    @property
    def workspace(self) -> None:
        """It belongs to the installation."""
        return

    def document(self) -> JsonObject:
        """Return what events say about a provider."""
        return {
            "displayName": self.display_name,
            "issuer": self.issuer,
            "clientId": self.client_id,
            "usernameClaim": self.username_claim,
            "groupsClaim": self.groups_claim,
            "groupRules": [{"value": rule.value, "group": rule.group} for rule in self.group_rules],
            "createAccounts": self.create_accounts,
            "linkAccounts": self.link_accounts,
            "trustsSecondFactor": self.trusts_second_factor,
            "enabled": self.enabled,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is at a provider; `groups_missing` since their groups were not told."""

    provider: str
    subject: str
    user_id: UserId
    created_at: datetime
    used_at: datetime
    groups_missing: bool = False

    def used(self, at: datetime, *, groups_missing: bool) -> "Identity":
        """Return this identity after a sign-in."""
        return replace(self, used_at=at, groups_missing=groups_missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a provider tells about somebody.

    Attributes:
        groups: the groups of the installation that its rules put them in; None if it tells of no groups, so that all stays.
        problem: why it tells of none although it should.
    """

    subject: str
    username: str
    first_name: str
    last_name: str
    email: str
    groups: frozenset[str] | None
    problem: str | None


def told(spec: ProviderSpec, claims: Mapping[str, Json]) -> Told:
    """Return what claims say. Raises Denied: they name nobody."""
    subject = _text(claims, "sub")
    if not subject:
        raise Denied("the identity provider does not say who you are", remedy="Ask an administrator: `sub` is missing.")
    groups, problem = _groups(spec, claims)
    first, last = _text(claims, "given_name"), _text(claims, "family_name")
    email = "" if claims.get("email_verified") is False else _text(claims, "email")
    return Told(
        subject=subject,
        username=_text(claims, spec.username_claim),
        first_name=first or ("" if last else _text(claims, "name")),
        last_name=last,
        email=email if "@" in email and " " not in email else "",
        groups=groups,
        problem=problem,
    )


def checked_username(username: str, claim: str) -> str:
    """Return the username of a new account. Raises Denied."""
    if not username or not username.isprintable() or " " in username or len(folded(username)) > _LONGEST:
        raise Denied(
            f"the identity provider does not say a username that can be used here ('{claim}')",
            code="NoUsername",
            remedy="Ask an administrator to choose another claim, or to have the provider send it.",
        )
    return username


def _groups(spec: ProviderSpec, claims: Mapping[str, Json]) -> tuple[frozenset[str] | None, str | None]:
    if not spec.groups_claim:
        return None, None
    found: Json = dict(claims)
    whole = claims.get(spec.groups_claim)
    for part in spec.groups_claim.split(".") if whole is None else ():
        found = found.get(part) if isinstance(found, dict) else None
    values = found if whole is None else whole
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list):
        too_many = any(claim in claims for claim in _OVERAGE)
        reason = "there are too many for a token" if too_many else f"the claim '{spec.groups_claim}' is absent"
        return None, f"the identity provider does not tell the groups: {reason}"
    has = {value for value in values if isinstance(value, str)}
    return frozenset(rule.group for rule in spec.group_rules if rule.value in has), None


def managed(spec: ProviderSpec) -> Sequence[str]:
    """Return the groups that the provider decides about."""
    return sorted({rule.group for rule in spec.group_rules})


def _text(claims: Mapping[str, Json], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        return ""
    return value.strip()
