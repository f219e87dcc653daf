"""Ready-made trust: what is entered in a cloud so that it believes the runs of one version, and nobody else's.

Each policy names the exact subjects. What a reader has to know before using one stands beside it as a warning.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model.identities import VersionIdentity
from blockyard.server.definitions.model.trust.clouds import Known
from blockyard.server.definitions.model.trust.generated import external_account, token_path
from blockyard.server.issuer.model.workload import (
    GCP_LONGEST_SUBJECT,
    PLAN_SUFFIX,
    TAG_BLOCK,
    TAG_RUN,
    TAG_WORKSPACE,
)

MAX_CREDENTIALS = 20
"""Federated credentials of one identity on Azure."""

_PLAIN_HTTP = (
    "The issuer's address does not begin with https, so clouds refuse it. Give the installation a public https address."
)
_WHO = "Whoever may change this definition may use it: give it no more than its runs need."
_PLANS = "Runs that only plan come with this subject: what trusts it alone needs to read only."


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """One thing to enter in a cloud.

    Attributes:
        kind: stable, for programs, such as "aws-role-trust".
        title: what it is, and where it is entered.
        content: JSON; placeholders in angle brackets have to be replaced.
        warnings: whole sentences.
    """

    cloud: Cloud
    kind: str
    title: str
    content: JsonObject
    warnings: tuple[str, ...] = ()


def policies(identity: VersionIdentity, cloud: Cloud, known: Known, *, name: str) -> tuple[TrustPolicy, ...]:
    """Return what a cloud is told for a version of the definition `name`. Raises Conflict: no identity for that cloud."""
    token_path(identity, cloud)
    made = tuple(_MAKERS[cloud](identity, known, name))
    if identity.issuer.startswith("https://"):
        return made
    return tuple(replace(one, warnings=(*one.warnings, _PLAIN_HTTP)) for one in made)


def _aws(identity: VersionIdentity, known: Known, _name: str) -> Iterator[TrustPolicy]:
    yield TrustPolicy(
        cloud=Cloud.AWS,
        kind="aws-oidc-provider",
        title="OpenID Connect provider of the account, once for each account (IAM, identity providers)",
        content={"Url": identity.issuer, "ClientIDList": [identity.clouds[Cloud.AWS].audience]},
        warnings=("Every role of the account may trust this provider: each role has to name the exact subject.",),
    )
    tagged = ("Without sts:TagSession AWS refuses the tokens, since they carry session tags.",)
    yield TrustPolicy(
        cloud=Cloud.AWS,
        kind="aws-role-trust",
        title="Trust policy of the role that runs take",
        content=_role_trust(identity, identity.subjects, known),
        warnings=(*(tagged if identity.options.tags_sessions else ()), _WHO),
    )
    if identity.plan_subjects:
        yield TrustPolicy(
            cloud=Cloud.AWS,
            kind="aws-plan-role-trust",
            title="Trust policy of the role that runs take while they only plan",
            content=_role_trust(identity, identity.plan_subjects, known),
            warnings=(_PLANS,),
        )
    yield _resource_policy(identity, known)


def _role_trust(identity: VersionIdentity, trusted: Sequence[str], known: Known) -> JsonObject:
    issuer = without_scheme(identity.issuer)
    equal: JsonObject = {f"{issuer}:aud": identity.clouds[Cloud.AWS].audience, f"{issuer}:sub": _one_or_all(trusted)}
    condition: JsonObject = {"StringEquals": equal}
    actions: list[Json] = ["sts:AssumeRoleWithWebIdentity"]
    if identity.options.tags_sessions:
        actions.append("sts:TagSession")
        condition["ForAllValues:StringEquals"] = {"aws:TagKeys": [TAG_WORKSPACE, TAG_BLOCK, TAG_RUN]}
    return _statement(
        {
            "Sid": "BlockyardRuns",
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{known.account}:oidc-provider/{issuer}"},
            "Action": actions,
            "Condition": condition,
        }
    )


def _resource_policy(identity: VersionIdentity, known: Known) -> TrustPolicy:
    statement: JsonObject = {
        "Sid": "BlockyardRuns",
        "Effect": "Allow",
        "Principal": {"AWS": known.role},
        "Action": ["<ACTION>"],
        "Resource": ["<RESOURCE_ARN>"],
    }
    warnings: tuple[str, ...] = (
        "Only services with policies on their resources know this, such as S3, KMS, SQS and Secrets Manager.",
        "The role needs the same permission in its own account as well.",
        "If the role is deleted and made again, AWS takes it for another one: enter the policy again.",
    )
    if identity.options.tags_sessions:
        statement["Condition"] = {"StringEquals": {f"aws:PrincipalTag/{TAG_WORKSPACE}": "<WORKSPACE>"}}
        warnings += ("Without the condition the runs of all workspaces may use the resource.",)
    else:
        warnings += ("The runs of all workspaces may use the resource: session tags would tell them apart.",)
    return TrustPolicy(
        cloud=Cloud.AWS,
        kind="aws-resource-policy",
        title="Policy of a resource of another account, such as an S3 bucket or a KMS key: no role is needed there",
        content=_statement(statement),
        warnings=warnings,
    )


def _azure(identity: VersionIdentity, _known: Known, name: str) -> Iterator[TrustPolicy]:
    for number, subject in enumerate(identity.all_subjects, start=1):
        plans = subject in identity.plan_subjects
        yield TrustPolicy(
            cloud=Cloud.AZURE,
            kind="azure-federated-credential",
            title="Federated credential of the application or managed identity that runs take"
            + (" while they only plan" if plans else ""),
            content={
                "name": _credential_name(subject, number),
                "issuer": identity.issuer,
                "subject": subject,
                "description": f"Runs of {name}",
                "audiences": [identity.clouds[Cloud.AZURE].audience],
            },
            warnings=(
                f"An identity has at most {MAX_CREDENTIALS} federated credentials, and each subject needs one of its own.",
                "Azure compares issuer and subject letter by letter, large and small ones too.",
                *((_PLANS,) if plans else ()),
            ),
        )


def _gcp(identity: VersionIdentity, known: Known, _name: str) -> Iterator[TrustPolicy]:
    longest = max(len(subject.encode()) for subject in identity.all_subjects)
    is_short = longest <= GCP_LONGEST_SUBJECT
    mapped = "assertion.sub" if is_short else "assertion.sub.extract('buildingblockdefinition.{definition}')"
    too_long = f"The subject has {longest} bytes, Google Cloud takes {GCP_LONGEST_SUBJECT}: what is behind the workspace stands for it."
    yield TrustPolicy(
        cloud=Cloud.GCP,
        kind="gcp-pool-provider",
        title="Provider of a workload identity pool",
        content={
            "name": known.provider_resource,
            "oidc": {"issuerUri": identity.issuer, "allowedAudiences": [identity.clouds[Cloud.GCP].audience]},
            "attributeMapping": {"google.subject": mapped},
            "attributeCondition": " || ".join(f"assertion.sub == '{subject}'" for subject in identity.all_subjects),
        },
        warnings=(
            "The condition names this definition alone: definitions of other teams get a provider of their own.",
            *(() if is_short else (too_long,)),
        ),
    )
    told = (lambda subject: subject) if is_short else _tail
    yield _binding(
        "gcp-iam-binding",
        "Binding on the service account that runs take",
        map(told, identity.subjects),
        known=known,
        warning=_WHO,
    )
    if identity.plan_subjects:
        title = "Binding on the service account that runs take while they only plan"
        yield _binding("gcp-plan-iam-binding", title, map(told, identity.plan_subjects), known=known, warning=_PLANS)
    yield TrustPolicy(
        cloud=Cloud.GCP,
        kind="gcp-credential-file",
        title="Credential file of the module, without any secret",
        content=external_account(identity.clouds[Cloud.GCP].token_path, known),
    )
    yield TrustPolicy(
        cloud=Cloud.GCP,
        kind="gcp-key",
        title="Service account key, where federation is impossible: a static sensitive FILE input credentials_json",
        content={"type": "service_account", "client_email": known.service_account, "private_key": "<PRIVATE_KEY>"},
        warnings=(
            "The key works for everybody who has it, from everywhere, until it is deleted: replace it often.",
            "Organizations may forbid such keys (iam.disableServiceAccountKeyCreation).",
        ),
    )


def _binding(kind: str, title: str, trusted: Iterator[str], *, known: Known, warning: str) -> TrustPolicy:
    principal = f"principal://iam.googleapis.com/{known.pool_resource}/subject/"
    members: list[Json] = [f"{principal}{subject}" for subject in dict.fromkeys(trusted)]
    return TrustPolicy(
        cloud=Cloud.GCP,
        kind=kind,
        title=title,
        content={
            "resource": f"projects/-/serviceAccounts/{known.service_account}",
            "role": "roles/iam.workloadIdentityUser",
            "members": members,
        },
        warnings=(warning,),
    )


_MAKERS: Mapping[Cloud, Callable[[VersionIdentity, Known, str], Iterator[TrustPolicy]]] = {
    Cloud.AWS: _aws,
    Cloud.AZURE: _azure,
    Cloud.GCP: _gcp,
}


def without_scheme(issuer: str) -> str:
    """Return an issuer as AWS names it in ARNs and conditions."""
    return issuer.partition("://")[2] or issuer


def _statement(statement: JsonObject) -> JsonObject:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _one_or_all(trusted: Sequence[str]) -> Json:
    return trusted[0] if len(trusted) == 1 else [*trusted]


def _tail(subject: str) -> str:
    return subject.partition("buildingblockdefinition.")[2] or subject


def _credential_name(subject: str, number: int) -> str:
    """Return a name that Azure takes: letters, digits and dashes, at most 120."""
    definition = _tail(subject.removesuffix(PLAN_SUFFIX))[:100]
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in definition)
    return f"blockyard-{kept}" + (f"-{number}" if number > 1 else "")
