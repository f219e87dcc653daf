"""Which claim of an identity token a cloud did not accept, by its answer. Pure.

Clouds say it in their own words, and AWS does not say it at all where a condition of a role's trust policy is not met.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blockyard.protocol.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a token was refused.

    Attributes:
        sign: what the answer says then, in small letters.
        claim: the claim that does not match; None where it is something else.
        remedy: a sentence for whoever maintains the cloud.
    """

    sign: str
    claim: str | None
    remedy: str


AWS: Sequence[Cause] = (
    Cause(
        "no openidconnect provider found",
        "iss",
        "Add an identity provider with exactly this URL to the account of the role.",
    ),
    Cause("incorrect token audience", "aud", "Add this audience to the identity provider of the account."),
    Cause("expired", "exp", "Compare the clocks of this installation and of the runner with the time."),
    Cause("couldn't retrieve verification key", "iss", "The address must be reachable from AWS and show its keys."),
    Cause(
        "not authorized to perform sts:tagsession",
        "https://aws.amazon.com/tags",
        "Allow sts:TagSession in the trust policy.",
    ),
    Cause("no such role", None, "There is no role of this ARN."),
    Cause(
        "not authorized to perform sts:assumerolewithwebidentity",
        "sub",
        "The role is not there, or its trust policy does not name exactly this subject (and the audience) for this identity provider.",
    ),
    Cause("validationerror", None, "AWS_ROLE_ARN is not the ARN of a role."),
)
AZURE: Sequence[Cause] = (
    Cause("aadsts700211", "iss", "Let the federated credential name exactly this issuer."),
    Cause("aadsts700212", "aud", "Let the federated credential name exactly this audience."),
    Cause("aadsts700213", "sub", "Add a federated credential with exactly this subject; an identity has at most 20."),
    Cause("aadsts70021", "sub", "No federated credential has this issuer, subject and audience."),
    Cause("aadsts700024", "exp", "Compare the clocks of this installation and of the runner with the time."),
    Cause("aadsts50013", "iss", "Azure cannot check the signature: the issuer's keys must be reachable from there."),
    Cause("aadsts700016", None, "There is no application with the id in ARM_CLIENT_ID in this tenant."),
    Cause("aadsts90002", None, "There is no tenant with the id in ARM_TENANT_ID."),
)
GCP: Sequence[Cause] = (
    Cause("attribute condition", "sub", "Let the condition of the pool's provider accept exactly this subject."),
    Cause("audience in id token", "aud", "Add this audience to the allowed audiences of the pool's provider."),
    Cause("issuer in id token", "iss", "Let the pool's provider name exactly this issuer."),
    Cause("connecting to the given credential's issuer", "iss", "The address must be reachable from Google Cloud."),
    Cause("stale", "exp", "Compare the clocks of this installation and of the runner with the time."),
    Cause('invalid value for "audience"', None, "The credential file names no provider of a workload identity pool."),
    Cause("google.subject", "sub", "Google Cloud takes at most 127 bytes: map it to something shorter."),
    Cause(
        "getaccesstoken", "sub", "Bind roles/iam.workloadIdentityUser on the service account to exactly this subject."
    ),
)
CAUSES: Mapping[str, Sequence[Cause]] = {"AWS": AWS, "Azure": AZURE, "Google Cloud": GCP}


def cause_of(cloud: str, answer: str) -> Cause | None:
    """Return why a cloud refused a token, by its answer; None if it says something unknown."""
    said = answer.lower()
    return next((cause for cause in CAUSES[cloud] if cause.sign in said), None)


def refusal(cloud: str, answer: str, claims: JsonObject) -> str:
    """Return in one or two sentences what a cloud did not accept; names the claim, and what the token says there."""
    cause = cause_of(cloud, answer)
    if cause is None:
        return f"{cloud} refused the identity token: {answer}"
    if cause.claim is None:
        return f"{cloud} refused the identity token. {cause.remedy}"
    shown = _shown(claims.get(cause.claim))
    return (
        f"{cloud} refused the identity token: its claim '{cause.claim}' does not match. It is {shown}. {cause.remedy}"
    )


def claims_of(token: str) -> JsonObject:
    """Return what a token says, without verifying it: the cloud does that. Nothing if it is no token."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""  # noqa: PLR2004  head, claims and signature
    try:
        claims: Json = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _shown(value: Json) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)
