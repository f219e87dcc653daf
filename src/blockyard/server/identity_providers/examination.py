"""Trying an identity provider before anybody signs in with it: what is wrong is a sentence, and says what to do.

Source: OpenID Connect Discovery 1.0 §3, §4; RFC 8414 §2 (PKCE); Back-Channel Logout 1.0 §2.1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx2
from joserfc.errors import JoseError

from blockyard.protocol.jsontypes import Json
from blockyard.server.identity_providers.client import ALGORITHMS, fetched, signing_keys
from blockyard.server.identity_providers.model import ProviderSpec

_WELL_KNOWN = "/.well-known/openid-configuration"


class Weight(StrEnum):
    """What a finding means: all is well, something works less well, nobody can sign in."""

    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    weight: Weight
    message: str
    remedy: str = ""


def examine(spec: ProviderSpec) -> Sequence[Finding]:
    """Return what is found at a provider; waits for the network."""
    address = spec.issuer.rstrip("/") + _WELL_KNOWN
    document = _fetched(address, "discovery document", "Check the issuer: it is the address before '/.well-known/…'.")
    if isinstance(document, Finding):
        return [document]
    return [*_about_document(spec, document), *_about_keys(document), *_about_tokens(spec, document)]


def works(findings: Sequence[Finding]) -> bool:
    """Whether people can sign in, as far as can be told from outside."""
    return all(finding.weight is not Weight.WRONG for finding in findings)


def _about_document(spec: ProviderSpec, document: Mapping[str, Json]) -> Iterator[Finding]:
    issuer = document.get("issuer")
    if issuer != spec.issuer:
        yield _wrong(
            f"the discovery document is of the issuer '{_shown(issuer)}', not of '{spec.issuer}'",
            "Enter the issuer exactly as the provider writes it, also its last slash.",
        )
    else:
        yield _good("the discovery document was found, and is of this issuer")
    for member, use in (("authorization_endpoint", "sign people in"), ("token_endpoint", "say who they are")):
        if not _is_address(document.get(member)):
            yield _wrong(
                f"the provider does not say where it can {use} ('{member}')",
                "Ask whoever runs the provider whether OpenID Connect is switched on.",
            )
    flows = document.get("response_types_supported")
    if isinstance(flows, list) and "code" not in flows:
        yield _wrong(
            "the provider does not offer the authorization code flow", "Allow it for this client at the provider."
        )


def _about_keys(document: Mapping[str, Json]) -> Iterator[Finding]:
    address = document.get("jwks_uri")
    if not isinstance(address, str) or not _is_address(address):
        yield _wrong(
            "the provider does not say where its keys are ('jwks_uri')", "Use a provider that signs with public keys."
        )
        return
    found = _fetched(address, "list of keys", "Ask whoever runs the provider.")
    if isinstance(found, Finding):
        yield found
        return
    try:
        count = len(signing_keys(found).keys)
    except (JoseError, ValueError, KeyError, TypeError):
        count = 0
    if not count:
        yield _wrong("the provider has no key that signs", "Ask whoever runs the provider.")
    else:
        yield _good("its key was read" if count == 1 else f"its {count} keys were read")


def _about_tokens(spec: ProviderSpec, document: Mapping[str, Json]) -> Iterator[Finding]:
    algorithms = document.get("id_token_signing_alg_values_supported")
    if isinstance(algorithms, list) and not {*ALGORITHMS} & {str(one) for one in algorithms}:
        yield _wrong(
            "the provider signs with nothing that is believed here", "Let it sign with RS256, ES256 or the like."
        )
    methods = document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        yield _wrong("the provider does not take PKCE with S256", "Switch it on for this client at the provider.")
    elif not isinstance(methods, list):
        yield _warning("the provider does not say whether it takes PKCE; most that do not say so ignore it")
    offered = document.get("scopes_supported")
    if isinstance(offered, list) and (missing := [scope for scope in spec.scopes if scope not in offered]):
        yield _warning(
            f"the provider does not list the scopes {', '.join(missing)}", "Leave them out if a sign-in is refused."
        )
    claims = document.get("claims_supported")
    if spec.groups_claim and isinstance(claims, list) and spec.groups_claim.partition(".")[0] not in claims:
        yield _warning(
            f"the provider does not list the claim '{spec.groups_claim}'",
            "Many have to be told to send groups: look at its settings of this client.",
        )
    if not _is_address(document.get("end_session_endpoint")):
        yield _warning("the provider has no end of session: who signs out here stays signed in there")
    if document.get("backchannel_logout_supported") is not True:
        yield _warning("the provider does not tell when somebody signs out there (back-channel logout)")


def _fetched(address: str, what: str, remedy: str) -> Mapping[str, Json] | Finding:
    host = httpx2.URL(address).host
    try:
        return fetched(address)
    except httpx2.HTTPStatusError as error:
        return _wrong(f"{host} answers {error.response.status_code} in place of its {what}", remedy)
    except httpx2.TimeoutException:
        return _wrong(f"{host} does not answer", "Check that this server may reach it: firewall, proxy, network.")
    except httpx2.TransportError as error:
        return _wrong(
            f"{host} cannot be reached: {_reason(error)}", "Check the address, and that this server may reach it."
        )
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError):
        return _wrong(f"what {host} answers is not a {what}", remedy)


def _reason(error: Exception) -> str:
    text = str(error).lower()
    if "certificate" in text or "ssl" in text:
        return "its certificate is not trusted here"
    if "name or service" in text or "nodename" in text or "name resolution" in text or "getaddrinfo" in text:
        return "there is no such host"
    return "it refuses the connection" if "refused" in text else "the connection failed"


def _is_address(value: Json) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def _shown(value: Json) -> str:
    return value[:200] if isinstance(value, str) else "none"


def _good(message: str) -> Finding:
    return Finding(Weight.GOOD, message)


def _warning(message: str, remedy: str = "") -> Finding:
    return Finding(Weight.WARNING, message, remedy)


def _wrong(message: str, remedy: str) -> Finding:
    return Finding(Weight.WRONG, message, remedy)
