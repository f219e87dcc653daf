"""Secrets in forms that cannot be taken: refused, and neither the answer nor the log repeats them."""

from collections.abc import Mapping
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.installation import an_input
from tests.support.refused import Refused
from tests.support.whole_server import (
    BLOCKS,
    OBJECTS,
    SECRET,
    TERRAFORM,
    VERSIONS,
    Request,
    Tenancy,
    WholeServer,
    a_version,
    an_order,
)

FORMS: Mapping[str, Json] = {
    "in clear": SECRET,
    "list": [SECRET],
    "list of texts": {"plaintext": [SECRET]},
    "object": {"plaintext": {"x": SECRET}},
    "unknown hash": {"hash": SECRET},
    "half a character": {"plaintext": SECRET + "\ud800"},
    "too long": {"plaintext": SECRET * 1_000_000},
    "other member": {"secret": SECRET},
}


def _integration(secret: Json) -> JsonObject:
    runner: JsonObject = {"uuid": str(SHARED_RUNNER_UUID), "kind": "meshBuildingBlockRunner"}
    settings: JsonObject = {
        "owner": "acme",
        "baseUrl": "https://github.example.test",
        "appId": "1",
        "appPrivateKey": secret,
        "runnerRef": runner,
    }
    return {
        "metadata": {"ownedByWorkspace": "platform"},
        "spec": {"displayName": "CI", "config": {"type": "github", "github": settings}},
    }


def _with_secret(tenancy: Tenancy, secret: Json) -> list[Request]:
    order: Any = an_order(tenancy.version)
    order["spec"]["inputs"]["password"]["value"] = secret
    argument: JsonObject = {**an_input("STRING", "STATIC"), "isSensitive": True, "argument": secret}
    key: JsonObject = {"type": "terraform", "terraform": {**TERRAFORM, "sshPrivateKey": secret}}
    versions = [
        a_version(tenancy.definition, tenancy.version, inputs={"password": argument}),
        a_version(tenancy.definition, tenancy.version, implementation=key),
    ]
    return [
        Request("POST", BLOCKS, order, kinds.BLOCK_V2.media),
        *(Request("POST", VERSIONS, version, kinds.VERSION.media) for version in versions),
        Request("POST", f"{OBJECTS}/meshintegrations", _integration(secret), kinds.INTEGRATION.media),
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.one_database
def test_secrets_in_unusable_forms_are_not_repeated(
    server: WholeServer, tenancy: Tenancy, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = Refused(server)

    refused.all(_with_secret(tenancy, FORMS[form]))

    refused.done()
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize("password", [SECRET, [SECRET], {"x": SECRET}, SECRET * 100])
def test_passwords_are_not_repeated(
    server: WholeServer, tenancy: Tenancy, password: Json, capfd: pytest.CaptureFixture[str]
) -> None:
    del tenancy
    own = "/api/blockyard/v1"
    refused = Refused(server)

    refused.all(
        [
            Request("POST", "/api/login", {"clientId": "x", "clientSecret": password}),
            Request("POST", f"{own}/login", {"username": "admin", "password": password}),
            Request("POST", f"{own}/users", {"username": "a b", "password": password}),
            Request("PUT", f"{own}/me/password", {"currentPassword": password, "password": password}),
        ]
    )

    refused.done()
    assert SECRET not in "".join(capfd.readouterr())
