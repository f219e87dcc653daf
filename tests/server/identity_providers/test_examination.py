"""Trying an identity provider: what is wrong is said in a sentence."""

import re
from typing import Any

import pytest

from blockyard.server.identity_providers.examination import Weight, examine, works
from blockyard.server.identity_providers.model import ProviderSpec
from tests.support.clock import FixedClock
from tests.support.fake_provider import CLIENT, FakeProvider, a_provider
from tests.support.tenancy import Tenancy

GOOD = {"code_challenge_methods_supported": ["S256"], "backchannel_logout_supported": True}


def spec_of(issuer: str, **more: Any) -> ProviderSpec:
    """Return what an administrator says about a provider."""
    usual: dict[str, Any] = {
        "display_name": "Corp",
        "issuer": issuer,
        "client_id": CLIENT,
        "scopes": ("openid", "profile"),
        "username_claim": "preferred_username",
        "groups_claim": "",
        "group_rules": (),
        "create_accounts": True,
        "link_accounts": False,
        "trusts_second_factor": False,
        "enabled": True,
    }
    return ProviderSpec(**{**usual, **more})


def found(provider: FakeProvider, **more: Any) -> dict[str, list[str]]:
    """Return what is said about a provider, by weight."""
    findings = examine(spec_of(more.pop("issuer", provider.url), **more))
    said: dict[str, list[str]] = {weight: [] for weight in Weight}
    for one in findings:
        said[one.weight].append(re.sub(r":\d+", "", one.message))
    assert works(findings) is (not said[Weight.WRONG])
    return said


def test_a_good_provider_works() -> None:
    with a_provider(FixedClock()) as provider:
        provider.metadata = GOOD
        said = found(provider)

    assert said == {
        "good": ["the discovery document was found, and is of this issuer", "its key was read"],
        "warning": [],
        "wrong": [],
    }


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"issuer": "https://other.test"}, "the discovery document is of the issuer 'https://other.test', not of"),
        ({"issuer": 5}, "the discovery document is of the issuer 'none', not of"),
        ({"token_endpoint": None}, "the provider does not say where it can say who they are ('token_endpoint')"),
        ({"authorization_endpoint": "/authorize"}, "the provider does not say where it can sign people in"),
        ({"response_types_supported": ["id_token"]}, "the provider does not offer the authorization code flow"),
        ({"jwks_uri": None}, "the provider does not say where its keys are ('jwks_uri')"),
        ({"jwks_uri": "http://127.0.0.1:1/keys"}, "127.0.0.1 cannot be reached: it refuses the connection"),
        ({"id_token_signing_alg_values_supported": ["HS256"]}, "the provider signs with nothing that is believed here"),
        ({"code_challenge_methods_supported": ["plain"]}, "the provider does not take PKCE with S256"),
    ],
)
def test_what_keeps_people_from_signing_in_is_said(metadata: dict[str, Any], sentence: str) -> None:
    with a_provider(FixedClock()) as provider:
        provider.metadata = {**GOOD, **metadata}
        said = found(provider)

    assert [one for one in said["wrong"] if one.startswith(sentence)], said
    assert len(said["wrong"]) == 1


def test_what_works_less_well_is_a_warning() -> None:
    with a_provider(FixedClock()) as provider:
        provider.metadata = {
            "end_session_endpoint": None,
            "scopes_supported": ["openid"],
            "claims_supported": ["sub"],
        }
        said = found(provider, groups_claim="realm_access.roles")

    assert said["wrong"] == []
    assert said["warning"] == [
        "the provider does not say whether it takes PKCE; most that do not say so ignore it",
        "the provider does not list the scopes profile",
        "the provider does not list the claim 'realm_access.roles'",
        "the provider has no end of session: who signs out here stays signed in there",
        "the provider does not tell when somebody signs out there (back-channel logout)",
    ]


def test_a_provider_without_keys_and_one_that_is_no_provider_do_not_work() -> None:
    with a_provider(FixedClock()) as provider:
        provider.published = ()
        keyless = found(provider)
        elsewhere = found(provider, issuer=f"{provider.url}/nowhere")
        provider.away = True
        away = found(provider)
        gone = provider.url
    refused = examine(spec_of(gone))

    assert keyless["wrong"] == ["the provider has no key that signs"]
    assert elsewhere["wrong"] == ["127.0.0.1 answers 404 in place of its discovery document"]
    assert away["wrong"] == ["127.0.0.1 answers 503 in place of its discovery document"]
    assert [one.message for one in refused] == ["127.0.0.1 cannot be reached: it refuses the connection"]
    assert refused[0].remedy


@pytest.mark.anyio
async def test_only_who_may_set_up_providers_has_them_tried(tenancy: Tenancy) -> None:
    path = "/api/blockyard/v1/identity-providers"
    with a_provider(FixedClock()) as provider:
        body = {"alias": "corp", "displayName": "Corp", "issuer": provider.url, "clientId": CLIENT}
        assert (await tenancy.admin().post(path, json=body)).status_code == 201

        answer = await tenancy.admin().post(f"{path}/corp/test")
        reader = await tenancy.key("admin", "ADM_APIKEY_LIST").post(f"{path}/corp/test")
        asked = [path for path, _ in provider.asked]

    assert (answer.status_code, answer.json()["works"], reader.status_code) == (200, True, 403)
    assert {one["weight"] for one in answer.json()["findings"]} == {"good", "warning"}
    assert asked == ["/.well-known/openid-configuration", "/keys"]
