"""Configurations of platforms: what is kept, what is refused, and their secrets. Source: api.md 2.2, 2.4, 3.9."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import text

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.errors import Invalid
from blockyard.server.platforms.model import CONFIG, CONFIG_FIELD, Reading, type_name_of
from tests.support.places import a_platform
from tests.support.platform_configs import CONFIGS, SECRETS
from tests.support.tenancy import PLATFORM, Tenancy

PATH = "/api/meshobjects/meshplatforms"


def read(config: Any) -> tuple[Any, Reading]:
    """Return what is kept of a configuration, and how it was read."""
    reading = Reading()
    return reading.read(CONFIG, deepcopy(config), CONFIG_FIELD), reading


def places_of(value: Any, at: str = CONFIG_FIELD) -> Iterator[tuple[str, Any]]:
    """Give all members of a document with their pointers."""
    yield at, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in items:
        yield from places_of(one, f"{at}/{name}")


def put(config: Any, at: str, value: Any) -> Any:
    """Return a configuration with another value at a pointer."""
    changed = deepcopy(config)
    *path, last = at.removeprefix(f"{CONFIG_FIELD}/").split("/")
    found = changed
    for name in path:
        found = found[int(name)] if isinstance(found, list) else found[name]
    found[int(last) if isinstance(found, list) else last] = value
    return changed


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_is_kept_as_it_was_sent_without_its_secrets(name: str) -> None:
    config = CONFIGS[name]
    without = deepcopy(config)
    for at in SECRETS[name]:
        without = put(without, at, None)

    kept, reading = read(config)

    assert kept == without
    assert {at: said.plaintext for at, said in reading.secrets.items()} == {
        at: f"secret of {at}" for at in SECRETS[name]
    }


@pytest.mark.parametrize("name", CONFIGS)
def test_each_flag_is_kept_by_itself(name: str) -> None:
    for at, value in places_of(CONFIGS[name]):
        if isinstance(value, bool):
            assert dict(places_of(read(put(CONFIGS[name], at, not value))[0]))[at] is not value


@pytest.mark.parametrize("name", CONFIGS)
def test_a_member_of_another_type_is_refused_by_its_pointer(name: str) -> None:
    for at, value in places_of(CONFIGS[name]):
        if at == CONFIG_FIELD or "/plaintext" in at:
            continue
        others: list[Json] = [{}, "x"] if isinstance(value, list) else [["x"], 1.5, "\0"]
        for wrong in others:
            with pytest.raises(Invalid) as refused:
                read(put(CONFIGS[name], at, wrong))
            assert refused.value.field is not None
            assert refused.value.field.startswith(at), at


@pytest.mark.parametrize(
    ("name", "at", "code"),
    [
        ("aws", "aws/replication/accessConfig", "Missing"),
        ("aws", "aws/replication/accessConfig/auth/credential/secretKey", "MissingSecret"),
        ("aws", "aws/metering/processing/deleteRawDataAfterDays", "Missing"),
        ("azure", "azure/replication/servicePrincipal/auth/credential", "MissingSecret"),
        ("azure", "azure/replication/userLookUpStrategy", "Missing"),
        ("aks", "aks/replication/accessToken", "MissingSecret"),
        ("gcp", "gcp/replication/userLookupStrategy", "Missing"),
        ("kubernetes", "kubernetes/disableSslValidation", "Missing"),
        ("openshift", "openshift/metering/clientConfig/accessToken", "MissingSecret"),
        ("custom", "custom/platformTypeRef/name", "Missing"),
    ],
)
def test_what_a_type_needs_is_there(name: str, at: str, code: str) -> None:
    absent: list[Json] = [None, {}] if code == "MissingSecret" else [None]
    for nothing in absent:
        with pytest.raises(Invalid) as refused:
            read(put(CONFIGS[name], f"{CONFIG_FIELD}/{at}", nothing))
        assert (refused.value.code, refused.value.field) == (code, f"{CONFIG_FIELD}/{at}")


@pytest.mark.parametrize(
    ("name", "at", "value", "code"),
    [
        ("aws", "aws/replication/awsIdentityStore", {}, "MutuallyExclusive"),
        ("aws", "aws/metering/filter", "ALL", "WrongValue"),
        ("azure", "azure/replication/servicePrincipal/auth/type", "workloadIdentity", "WrongType"),
        ("gcp", "aws", {}, "WrongType"),
        (
            "kubernetes",
            "kubernetes/replication/clientConfig/accessToken",
            {"plaintext": "x", "hash": "y"},
            "WrongValue",
        ),
        ("kubernetes", "kubernetes/replication/clientConfig/accessToken", {"plaintext": ""}, "MissingSecret"),
        ("kubernetes", "kubernetes/replication/clientConfig/accessToken", "x", "WrongValue"),
        ("custom", "odd", {"plaintext": "x", "more": 1}, "WrongValue"),
    ],
)
def test_what_does_not_go_together_is_refused(name: str, at: str, value: Any, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(put(CONFIGS[name], f"{CONFIG_FIELD}/{at}", value))
    assert refused.value.code == code


def test_unknown_members_stay_and_optional_ones_gain_nothing() -> None:
    config = {"type": "gcp", "gcp": {"region": "eu", "nested": [{"a": None}, 1.5]}, "aws": None, "note": "x"}

    kept, reading = read(config)

    assert (kept, reading.secrets) == (config, {})


def test_azure_is_left_alone_for_a_while_after_an_error_unless_somebody_says_otherwise() -> None:
    at = "azure/replication/provisioning/enterpriseEnrollment/subscriptionCreationErrorCooldownSec"
    cooldown = f"{CONFIG_FIELD}/{at}"

    assert dict(places_of(read(put(CONFIGS["azure"], cooldown, None))[0]))[cooldown] == 900
    assert dict(places_of(read(put(CONFIGS["azure"], cooldown, 0))[0]))[cooldown] == 0


@pytest.mark.parametrize(
    ("name", "type_name"),
    [
        ("aws", "AWS"),
        ("aks", "AZURE_KUBERNETES_SERVICE"),
        ("azurerg", "AZURE_RESOURCE_GROUP"),
        ("custom", "MAINFRAME"),
    ],
)
def test_a_configuration_says_the_platform_type(name: str, type_name: str) -> None:
    assert type_name_of(read(CONFIGS[name])[0]) == type_name


@pytest.mark.anyio
@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.one_database
async def test_secrets_are_shown_as_hashes_that_keep_them(places: Tenancy, name: str) -> None:
    admin = places.admin()
    created = await admin.post(PATH, json=a_platform(config=CONFIGS[name]), headers=PLATFORM)
    assert created.status_code == 201, created.text
    one = f"{PATH}/{created.json()['metadata']['uuid']}"

    shown = dict(places_of(created.json()["spec"]["config"]))
    hashes = [shown[f"{at}/hash"] for at in SECRETS[name]]
    kept = await admin.put(one, json=created.json(), headers=PLATFORM)

    assert all(found.startswith("sha256:") for found in hashes)
    assert len(set(hashes)) == len(hashes)
    assert kept.json() == created.json() == (await admin.get(one, headers=PLATFORM)).json()
    everything = created.text + json.dumps([[event.content, event.previous] for event in places.all_events()])
    assert not [at for at in SECRETS[name] if f"secret of {at}" in everything]
    rows = places.db.read_now(lambda tx: repr(tx.execute(text("SELECT * FROM platforms")).all()))
    assert "secret of" not in rows


@pytest.mark.anyio
async def test_a_secret_is_rotated_kept_and_opened_again(places: Tenancy) -> None:
    admin = places.admin()
    token = f"{CONFIG_FIELD}/kubernetes/replication/clientConfig/accessToken"
    created = (await admin.post(PATH, json=a_platform(config=CONFIGS["kubernetes"]), headers=PLATFORM)).json()
    one = f"{PATH}/{created['metadata']['uuid']}"

    def hash_in(answer: Any) -> Any:
        return dict(places_of(answer["spec"]["config"]))[f"{token}/hash"]

    new = put(created["spec"]["config"], token, {"plaintext": "new"})
    rotated = (await admin.put(one, json=a_platform(config=new), headers=PLATFORM)).json()
    same = (await admin.put(one, json=a_platform(config=new), headers=PLATFORM)).json()
    stale = await admin.put(one, json=created, headers=PLATFORM)
    invented = put(CONFIGS["kubernetes"], token, {"hash": hash_in(rotated)})
    elsewhere = await admin.post(PATH, json=a_platform("other", config=invented), headers=PLATFORM)
    without = {"type": "kubernetes", "kubernetes": {"baseUrl": "https://k8s.test", "disableSslValidation": True}}
    removed = await admin.put(one, json=a_platform(config=without), headers=PLATFORM)
    back = await admin.put(one, json=a_platform(config=rotated["spec"]["config"]), headers=PLATFORM)

    assert hash_in(rotated) != hash_in(created)
    assert same == rotated
    refused = [
        (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) for answer in (stale, elsewhere)
    ]
    assert refused == [(400, "UnknownSecret", f"{token}/hash")] * 2
    assert (removed.status_code, back.status_code) == (200, 400)
    assert places.titles().count("Platform Modified") == 2
