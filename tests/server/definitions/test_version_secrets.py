"""Secrets of versions: sealed to the runner, shown as a hash, kept by their hash, never in clear anywhere."""

from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from blockyard.server.definitions.model import Version, VersionId
from blockyard.server.definitions.service.secrets import secrets_of
from tests.support.definitions import (
    SHARED_KEY,
    VERSIONS,
    Catalogue,
    a_runner_for,
    a_secret_input,
    an_input,
    changed,
    integration_ref,
    next_draft,
    runner_ref,
    terraform,
)
from tests.support.principals import ADMINISTRATOR
from tests.support.runner_keys import a_runner_key

TOKEN = "/spec/inputs/token/argument"
KEY = "/spec/implementation/terraform/sshPrivateKey"


def an_ssh_key(passphrase: bytes | None = None) -> str:
    encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption).decode()


def stored(catalogue: Catalogue, version: Any) -> Version:
    version_id = VersionId(UUID(version["metadata"]["uuid"]))
    return catalogue.database.read_now(lambda tx: catalogue.definitions.version(tx, version_id))[1]


def opened(catalogue: Catalogue, version: Any, pointer: str = TOKEN) -> str:
    return SHARED_KEY.open(secrets_of(stored(catalogue, version))[pointer].sealed)


def test_a_secret_is_sealed_for_the_runner_and_shown_as_a_hash(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())

    version = catalogue.edit(draft, implementation=terraform(), inputs={"token": a_secret_input("t0ps3cret")})

    shown = version["spec"]["inputs"]["token"]["argument"]
    assert list(shown) == ["hash"]
    assert shown["hash"].startswith("sha256:")
    assert "t0ps3cret" not in shown["hash"]
    assert opened(catalogue, version) == "t0ps3cret"


def test_the_same_secret_has_the_same_hash_and_another_one_another(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())

    def hash_of(plaintext: str) -> str:
        version = catalogue.edit(draft, inputs={"token": a_secret_input(plaintext), "two": a_secret_input(plaintext)})
        two: str = version["spec"]["inputs"]["two"]["argument"]["hash"]
        one: str = version["spec"]["inputs"]["token"]["argument"]["hash"]
        assert one != two
        return one

    assert hash_of("a") == hash_of("a") != hash_of("b")


def test_a_hash_keeps_the_secret_and_null_removes_it(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    inputs = {"token": an_input(isSensitive=True, defaultValue={"plaintext": "t0ps3cret"})}
    version = catalogue.edit(draft, implementation=terraform(), inputs=inputs)

    kept = catalogue.edit(version)
    assert kept == version
    assert opened(catalogue, kept, "/spec/inputs/token/defaultValue") == "t0ps3cret"

    removed = catalogue.edit(version, inputs={"token": an_input(isSensitive=True)})
    assert removed["spec"]["inputs"]["token"]["defaultValue"] is None
    assert secrets_of(stored(catalogue, removed)) == {}


@pytest.mark.parametrize("member", ["argument", "defaultValue"])
def test_a_hash_that_stands_for_nothing_is_refused(catalogue: Catalogue, member: str) -> None:
    draft = catalogue.draft(catalogue.define())
    source = "STATIC" if member == "argument" else "USER_INPUT"
    sent = an_input(assignmentType=source, isSensitive=True, **{member: {"hash": "sha256:00"}})

    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, inputs={"k": sent}))

    assert (error["errorCode"], error["field"]) == ("UnknownSecret", f"/spec/inputs/k/{member}/hash")
    assert "input 'k'" in error["remedy"]


def test_a_hash_of_another_place_is_refused(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    version = catalogue.edit(draft, inputs={"token": a_secret_input("t0ps3cret")})
    moved = {"renamed": version["spec"]["inputs"]["token"]}

    body = changed(version, inputs=moved, outputs={})
    assert (
        catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", body)["errorCode"] == "UnknownSecret"
    )
    catalogue.edit(version, inputs={"renamed": a_secret_input("t0ps3cret")}, outputs={})


def test_the_next_draft_takes_the_secrets_of_its_predecessor_by_their_hash(catalogue: Catalogue) -> None:
    content = {
        "implementation": terraform(repositoryUrl="git@host:a", sshPrivateKey={"plaintext": an_ssh_key()}),
        "inputs": {"token": a_secret_input("t0ps3cret")},
    }
    _definition, version = catalogue.released(content)

    draft = catalogue.ok("POST", VERSIONS, next_draft(version))

    assert draft["spec"]["inputs"] == version["spec"]["inputs"]
    assert draft["spec"]["implementation"] == version["spec"]["implementation"]
    assert opened(catalogue, draft) == "t0ps3cret"
    rotated = catalogue.edit(draft, inputs={"token": a_secret_input("n3wsecret")})
    assert opened(catalogue, rotated) == "n3wsecret"
    assert opened(catalogue, version) == "t0ps3cret"
    assert catalogue.ok("GET", f"{VERSIONS}/{version['metadata']['uuid']}") == version


def test_a_hash_cannot_be_carried_to_another_runner(catalogue: Catalogue) -> None:
    other = a_runner_key("second")
    own = a_runner_for(catalogue, other)
    draft = catalogue.draft(catalogue.define())
    version = catalogue.edit(draft, inputs={"token": a_secret_input("t0ps3cret")})

    body = changed(version, runnerRef=runner_ref(own))
    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", body)
    assert (error["errorCode"], error["field"]) == ("SecretOfAnotherKey", TOKEN + "/hash")
    assert "input 'token'" in error["remedy"]

    moved = catalogue.edit(version, runnerRef=runner_ref(own), inputs={"token": a_secret_input("t0ps3cret")})
    assert moved["spec"]["inputs"] == version["spec"]["inputs"]
    assert other.open(secrets_of(stored(catalogue, moved))[TOKEN].sealed) == "t0ps3cret"


def test_a_hash_cannot_be_carried_over_a_change_of_the_runners_key(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    version = catalogue.edit(draft, inputs={"token": a_secret_input("t0ps3cret")})
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"

    def seed(pem: str) -> None:
        catalogue.database.write_now(
            lambda tx: catalogue.runners.seed_shared(tx, workspace="demo-partner", public_key=pem)
        )

    seed(SHARED_KEY.certificate_pem)
    catalogue.edit(version)
    seed(a_runner_key("second").public_pem)
    assert catalogue.refused(400, "PUT", path, changed(version))["errorCode"] == "SecretOfAnotherKey"


def test_a_kept_text_cannot_become_a_file(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    version = catalogue.edit(draft, implementation=terraform(), inputs={"token": a_secret_input("t0ps3cret")})
    file = {**version["spec"]["inputs"]["token"], "type": "FILE"}
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"

    error = catalogue.refused(400, "PUT", path, changed(version, inputs={"token": file}))
    assert (error["errorCode"], error["field"]) == ("SecretOfAnotherType", TOKEN + "/hash")
    in_clear = {"token": a_secret_input("no file", type="FILE")}
    error = catalogue.refused(400, "PUT", path, changed(version, inputs=in_clear))
    assert (error["errorCode"], error["field"]) == ("InvalidValue", TOKEN)


def test_line_ends_of_an_ssh_key_are_normalized(catalogue: Catalogue) -> None:
    key = an_ssh_key()
    draft = catalogue.draft(catalogue.define())

    def with_key(text: str) -> Any:
        return catalogue.edit(
            draft, implementation=terraform(repositoryUrl="git@host:a", sshPrivateKey={"plaintext": text})
        )

    version = with_key(key.replace("\n", "\r\n"))
    assert opened(catalogue, version, KEY) == key
    assert with_key(key.rstrip("\n")) == version


def test_an_ssh_key_with_a_passphrase_is_refused(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    key = a_runner_key().private.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"passphrase")
    )
    implementation = terraform(repositoryUrl="git@host:a", sshPrivateKey={"plaintext": key.decode()})

    error = catalogue.refused(
        400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, implementation=implementation)
    )

    assert (error["errorCode"], error["field"]) == ("BadImplementation", KEY)


def test_a_run_gets_what_it_needs_and_nothing_empty(catalogue: Catalogue) -> None:
    key = an_ssh_key()
    version = catalogue.edit(
        catalogue.draft(catalogue.define()),
        implementation=terraform(
            repositoryUrl="git@host:a",
            refName="",
            repositoryPath=None,
            preRunScript="echo",
            sshPrivateKey={"plaintext": key},
            sshKnownHost={
                "host": "host",
                "keyType": "ssh-ed25519",
                "keyValue": "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
            },
        ),
    )

    document = stored(catalogue, version).implementation.run_document()

    assert SHARED_KEY.open(str(document.pop("sshPrivateKey"))) == key
    hashes = {"sshPrivateKey": version["spec"]["implementation"]["terraform"]["sshPrivateKey"]["hash"]}
    assert document.pop("hashes") == hashes
    assert document == {
        "type": "TERRAFORM",
        "terraformVersion": "1.9.0",
        "repositoryUrl": "git@host:a",
        "async": False,
        "useMeshHttpBackendFallback": True,
        "preRunScript": "echo",
        "knownHost": version["spec"]["implementation"]["terraform"]["sshKnownHost"],
    }


def test_a_trigger_token_is_a_secret(catalogue: Catalogue) -> None:
    pipeline = {
        "projectId": "12345678",
        "refName": "main",
        "integrationRef": integration_ref(catalogue.connect("gitlab")),
        "pipelineTriggerToken": {"plaintext": "glptt-s3cret"},
    }
    implementation = {"type": "gitlabPipeline", "gitlabPipeline": pipeline}

    version = catalogue.edit(catalogue.draft(catalogue.define()), implementation=implementation, state="RELEASED")

    shown = version["spec"]["implementation"]["gitlabPipeline"]
    assert {**shown, "pipelineTriggerToken": None} == {**pipeline, "pipelineTriggerToken": None}
    assert list(shown["pipelineTriggerToken"]) == ["hash"]
    pointer = "/spec/implementation/gitlabPipeline/pipelineTriggerToken"
    assert opened(catalogue, version, pointer) == "glptt-s3cret"


def test_data_that_looks_like_a_secret_is_data(catalogue: Catalogue) -> None:
    looks = '{"plaintext": "visible"}'
    inputs = {"plaintext": an_input(assignmentType="STATIC", type="CODE", argument=looks)}

    version = catalogue.edit(catalogue.draft(catalogue.define()), inputs=inputs)

    assert version["spec"]["inputs"]["plaintext"]["argument"] == looks


def test_no_secret_is_anywhere_in_clear(catalogue: Catalogue) -> None:
    secrets = ["s3cret-argument", "s3cret-default", "s3cret-rotated", "s3cret-refused", "s3cret-key-in-https"]
    implementation = terraform(sshPrivateKey={"plaintext": secrets[4]})
    inputs = {
        "a": a_secret_input(secrets[0]),
        "b": an_input(isSensitive=True, type="CODE", defaultValue={"plaintext": secrets[1]}),
    }
    definition, version = catalogue.released({"implementation": implementation, "inputs": inputs})
    draft = catalogue.ok("POST", VERSIONS, next_draft(version))
    catalogue.edit(draft, inputs={**draft["spec"]["inputs"], "a": a_secret_input(secrets[2])})
    for bad in (
        {"a": a_secret_input(secrets[3], type="FILE")},
        {"a": an_input(isSensitive=True, argument=secrets[3])},
        {"a": an_input(isSensitive=True, argument={"plaintext": secrets[3], "hash": "x"})},
        {"a": a_secret_input(secrets[3], displayName=5)},
    ):
        catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, inputs=bad))
    key = terraform(repositoryUrl="git@host:a", sshPrivateKey={"plaintext": secrets[3]})
    catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, implementation=key))
    catalogue.be(ADMINISTRATOR)
    catalogue.ok("GET", f"{VERSIONS}?buildingBlockDefinitionUuid={definition['metadata']['uuid']}")

    everything = catalogue.dump() + "\n".join(catalogue.http.answers) + repr(stored(catalogue, draft))

    assert "Definition Version Modified" in everything
    for secret in secrets:
        assert secret not in everything


OTHER_HOST_KEY = {"host": "evil", "keyType": "ssh-rsa", "keyValue": "AAAAB3NzaC1yc2E="}


@pytest.mark.parametrize(
    "change",
    [
        {"repositoryUrl": "git@evil.example.org:a"},
        {"repositoryUrl": "other@host:a"},
        {"repositoryUrl": "ssh://git@host:2222/a"},
        {"repositoryUrl": "https://host/a"},
        {"sshKnownHost": OTHER_HOST_KEY},
    ],
)
@pytest.mark.one_database
def test_a_kept_ssh_key_is_not_shown_to_another_host(catalogue: Catalogue, change: dict[str, Any]) -> None:
    definition = catalogue.define()
    first = terraform(repositoryUrl="git@host:a", sshPrivateKey={"plaintext": an_ssh_key()})
    version = catalogue.edit(catalogue.draft(definition), implementation=first)
    kept = version["spec"]["implementation"]["terraform"]["sshPrivateKey"]
    elsewhere = terraform(**{"repositoryUrl": "git@host:a", "sshPrivateKey": kept} | change)
    path = f"{VERSIONS}/{version['metadata']['uuid']}"

    error = catalogue.refused(400, "PUT", path, changed(version, implementation=elsewhere))

    assert (error["errorCode"], error["field"]) == ("SecretOfAnotherTarget", f"{KEY}/hash")
    same_host = terraform(repositoryUrl="ssh://git@HOST/b", sshPrivateKey=kept)
    catalogue.edit(version, implementation=same_host)


@pytest.mark.parametrize(
    "address",
    [
        "https://user:t0ken@git.example.org/a.git",
        "https://t0ken@git.example.org/a.git",
        "http://user:@git.example.org/a.git",
        "https://git.example.org/a.git?private_token=t0ken",
        "https://git.example.org/a.git#t0ken",
        "ssh://git:t0ken@git.example.org/a.git",
        "ssh://git@git.example.org/a.git?token=t0ken",
        "ssh://git@git.example.org/a.git#t0ken",
        "git@git.example.org:a.git?token=t0ken",
    ],
)
@pytest.mark.one_database
def test_credentials_in_the_address_of_a_repository_are_refused_and_not_repeated(
    catalogue: Catalogue, address: str
) -> None:
    draft = catalogue.draft(catalogue.define())
    sent = changed(draft, implementation=terraform(repositoryUrl=address))

    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", sent)

    assert error["field"] == "/spec/implementation/terraform/repositoryUrl"
    assert "sshPrivateKey" in error["remedy"]
    assert "t0ken" not in str(error)


@pytest.mark.parametrize("address", ["https://u:t0ken@h/x", "ssh://u:t0ken@h/x", "git@h:x?t0ken"])
@pytest.mark.one_database
def test_versions_that_were_saved_with_credentials_are_named_without_them(catalogue: Catalogue, address: str) -> None:
    catalogue.edit(
        catalogue.draft(catalogue.define(displayName="Odd")), implementation=terraform(repositoryUrl="https://h/x")
    )
    for plain in ("https://h/y", "git@h:y@z", "ssh://git@h/y"):
        catalogue.edit(catalogue.draft(catalogue.define()), implementation=terraform(repositoryUrl=plain))
    replace_stored_address(catalogue, address)

    assert catalogue.database.read_now(catalogue.definitions.with_credentials_in_address) == ["version 1 of 'Odd'"]


@pytest.mark.parametrize("address", ["https://[bad/x", "ssh://git@[bad/x", "https://h:99999/x"])
@pytest.mark.one_database
def test_a_stored_address_that_is_malformed_can_be_replaced(catalogue: Catalogue, address: str) -> None:
    first = terraform(repositoryUrl="https://h/x", sshPrivateKey={"plaintext": "s3cret"})
    draft = catalogue.edit(catalogue.draft(catalogue.define()), implementation=first)
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    replace_stored_address(catalogue, address)
    stored = catalogue.ok("GET", path)

    error = catalogue.refused(400, "PUT", path, stored)
    mended = catalogue.edit(stored, implementation=terraform(repositoryUrl="https://h/x"))

    assert error["errorCode"] == "BadImplementation"
    assert error["field"] == "/spec/implementation/terraform/repositoryUrl"
    assert mended["spec"]["implementation"]["terraform"]["repositoryUrl"] == "https://h/x"


def replace_stored_address(catalogue: Catalogue, address: str) -> None:
    """Put an address beside the rules that versions are saved by, as an older server did."""
    statement = text("UPDATE definition_versions SET content = replace(content, 'https://h/x', :address)")
    catalogue.database.write_now(lambda tx: tx.execute(statement, {"address": address}))
