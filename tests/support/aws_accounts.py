"""Sets up accounts of a simulated AWS: identity providers, roles and keys, as somebody would with the cloud's own tools."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.sts_front import StsFront, provider_arn


@dataclass(frozen=True)
class Account:
    """One account."""

    front: StsFront
    number: str

    def trust(self, issuer: str, *audiences: str) -> str:
        """Make an identity provider for an issuer, and return its ARN."""
        listed = {f"ClientIDList.member.{at}": audience for at, audience in enumerate(audiences, start=1)}
        self._ask("CreateOpenIDConnectProvider", Url=issuer, **listed)
        return provider_arn(self.number, issuer)

    def role(self, name: str, *statements: Mapping[str, Any]) -> str:
        """Make a role with such a trust policy, and return its ARN."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
        self._ask("CreateRole", RoleName=name, AssumeRolePolicyDocument=policy)
        return f"arn:aws:iam::{self.number}:role/{name}"

    def trusts_instead(self, name: str, *statements: Mapping[str, Any]) -> None:
        """Give a role another trust policy."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
        self._ask("UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=policy)

    def roles(self) -> set[str]:
        """Return the names of all roles."""
        found = self._ask("ListRoles")
        return {str(one.text) for one in found.iterfind(".//{*}Roles/{*}member/{*}RoleName")}

    def user_key(self, name: str) -> tuple[str, str]:
        """Make a user, and return a key of it that lasts: id and secret."""
        self._ask("CreateUser", UserName=name)
        found = self._ask("CreateAccessKey", UserName=name)
        return str(found.findtext(".//{*}AccessKeyId")), str(found.findtext(".//{*}SecretAccessKey"))

    def _ask(self, action: str, **parameters: str) -> Any:
        answer = self.front.ask(self.number, "iam", Action=action, **parameters)
        assert answer is not None, f"{action} failed"
        return answer


def by_token(provider: str, subject: str | Sequence[str], audience: str, *, tags: Sequence[str] = ()) -> dict[str, Any]:
    """Return a statement that trusts tokens of a provider with exactly this subject and audience, and these session tags."""
    issuer = provider.partition(":oidc-provider/")[2]
    condition: dict[str, Any] = {"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": audience}}
    if tags:
        condition["ForAllValues:StringEquals"] = {"aws:TagKeys": [*tags]}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithWebIdentity", *(["sts:TagSession"] if tags else [])],
        "Condition": condition,
    }


def by_principal(arn: str, *, external_id: str | None = None) -> dict[str, Any]:
    """Return a statement that trusts somebody of AWS."""
    condition = {} if external_id is None else {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}}
    return {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": ["sts:AssumeRole"], **condition}
