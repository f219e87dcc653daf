"""What versions may not contain: each refusal names its code, the member and a remedy, and stores nothing."""

from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ImplementationType
from blockyard.server.app.settings import SettingsError, load_settings
from blockyard.server.definitions.model import VersionContent
from blockyard.server.definitions.model.implementation import Implementation
from blockyard.server.definitions.model.rules import check_implementation
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runners.model import RunnerId
from tests.support.clock import FixedClock
from tests.support.definitions import (
    VERSIONS,
    Catalogue,
    a_runner_for,
    an_input,
    an_output,
    changed,
    runner_ref,
    terraform,
)
from tests.support.principals import a_key
from tests.support.runner_keys import a_runner_key

STATIC = {"assignmentType": "STATIC", "argument": "x"}
OPERATOR = {"assignmentType": "PLATFORM_OPERATOR_MANUAL_INPUT"}
ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

BAD_INPUTS: list[tuple[str, Any, str, str]] = [
    (" ", {}, "BadInputKey", ""),
    ("a\nb", {}, "BadInputKey", ""),
    ("../x", {"type": "FILE", **OPERATOR}, "BadInputKey", ""),
    ("/etc/passwd", {"type": "FILE", **OPERATOR}, "BadInputKey", ""),
    ("a//b", {"type": "FILE", **OPERATOR}, "BadInputKey", ""),
    ("a\\..\\b", {"type": "FILE", **OPERATOR}, "BadInputKey", ""),
    ("a/./b", {"type": "FILE", **OPERATOR}, "BadInputKey", ""),
    ("f", {"type": "FILE", "isEnvironment": True, **OPERATOR}, "BadInputKey", ""),
    ("A=B", {"isEnvironment": True}, "BadInputKey", ""),
    ("9A", {"isEnvironment": True}, "BadInputKey", ""),
    ("TF_CLI_ARGS", {"isEnvironment": True}, "BadInputKey", ""),
    ("TF_CLI_ARGS_apply", {"isEnvironment": True}, "BadInputKey", ""),
    ("TF_LOG", {"isEnvironment": True}, "BadInputKey", ""),
    ("TF_WORKSPACE", {"isEnvironment": True}, "BadInputKey", ""),
    *(
        (name, {"isEnvironment": True, **source}, "BadInputKey", "")
        for name in ("TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE", "TF_DATA_DIR", "TF_HTTP_ADDRESS", "TF_TOMORROW")
        for source in ({}, OPERATOR, {"assignmentType": "STATIC", "argument": "x"})
    ),
    *(
        (name, {"isEnvironment": True}, "BadInputKey", "")
        for name in (
            *("LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "HOME", "BASH_ENV", "ENV", "GIT_SSH_COMMAND", "XDG_CONFIG_HOME"),
            *("AWS_CONFIG_FILE", "PYTHONPATH", "HTTPS_PROXY", "KUBECONFIG", "A_NAME_OF_TOMORROW", "TOKEN_FILE"),
            *("XDG_DATA_HOME", "https_proxy", "NODE_OPTIONS", "TOFU_CLI_CONFIG_FILE", "BLOCKYARD_TOKEN", "TF_X_TOKEN"),
        )
    ),
    ("k", {"type": "FILE"}, "BadInputType", "type"),
    ("k", {"assignmentType": "WORKSPACE_IDENTIFIER", "type": "INTEGER"}, "BadInputType", "type"),
    ("k", {"assignmentType": "AUTHOR"}, "BadInputType", "type"),
    ("k", {"assignmentType": "USER_PERMISSIONS"}, "BadInputType", "type"),
    ("k", {"assignmentType": "PROJECT_IDENTIFIER"}, "TenantOnly", "assignmentType"),
    ("k", {"assignmentType": "MESHSTACK_TENANT_UUID"}, "TenantOnly", "assignmentType"),
    ("k", {"assignmentType": "FULL_PLATFORM_IDENTIFIER"}, "TenantOnly", "assignmentType"),
    ("k", {"type": "SINGLE_SELECT"}, "BadOptions", "selectableValues"),
    ("k", {"type": "MULTI_SELECT", "selectableValues": []}, "BadOptions", "selectableValues"),
    ("k", {"selectableValues": ["a"]}, "BadOptions", "selectableValues"),
    ("k", {"type": "SINGLE_SELECT", "selectableValues": ["a", "a"]}, "BadOptions", "selectableValues"),
    ("k", {"valueValidationRegex": "["}, "BadRegex", "valueValidationRegex"),
    ("k", {"valueValidationRegex": "/^[a-z]+$/"}, "BadRegex", "valueValidationRegex"),
    ("k", {"valueValidationRegex": "x" * 1001}, "BadRegex", "valueValidationRegex"),
    ("k", {"valueValidationRegex": "((a{999}){999}){999}"}, "BadRegex", "valueValidationRegex"),
    ("k", {"valueValidationRegex": "(?R)"}, "BadRegex", "valueValidationRegex"),
    ("k", {"type": "FILE", "valueValidationRegex": "a", **OPERATOR}, "BadRegex", "valueValidationRegex"),
    ("k", {"isSensitive": True, "assignmentType": "WORKSPACE_IDENTIFIER"}, "BadSensitivity", "isSensitive"),
    ("k", {"isSensitive": True, "type": "INTEGER"}, "BadSensitivity", "isSensitive"),
    ("k", {"isSensitive": True, "argument": "visible"}, "BadSecret", "argument"),
    ("k", {"isSensitive": True, "defaultValue": {"plaintext": 5}}, "BadSecret", "defaultValue"),
    ("k", {"isSensitive": True, "argument": {"plaintext": "a", "hash": "b"}}, "BadSecret", "argument"),
    ("k", {"assignmentType": "STATIC"}, "MissingArgument", "argument"),
    ("k", {"assignmentType": "STATIC", "isSensitive": True, "argument": {}}, "MissingArgument", "argument"),
    ("k", {"assignmentType": "BUILDING_BLOCK_OUTPUT"}, "MissingArgument", "argument"),
    ("k", {"assignmentType": "BUILDING_BLOCK_OUTPUT", "argument": "url"}, "BadArgument", "argument"),
    ("k", {"assignmentType": "BUILDING_BLOCK_OUTPUT", "argument": f"{uuid4()}."}, "BadArgument", "argument"),
    ("k", {"assignmentType": "BUILDING_BLOCK_OUTPUT", "argument": f"{uuid4()}.url"}, "MissingDependency", "argument"),
    ("k", {"assignmentType": "WORKSPACE_IDENTIFIER", "argument": "x"}, "UnexpectedArgument", "argument"),
    ("k", {**OPERATOR, "argument": "x"}, "UnexpectedArgument", "argument"),
    ("k", {**STATIC, "type": "INTEGER"}, "InvalidValue", "argument"),
    ("k", {**STATIC, "type": "BOOLEAN"}, "InvalidValue", "argument"),
    ("k", {**STATIC, "argument": 5}, "InvalidValue", "argument"),
    ("k", {**STATIC, "type": "FILE"}, "InvalidValue", "argument"),
    ("k", {**STATIC, "type": "SINGLE_SELECT", "selectableValues": ["y"]}, "InvalidValue", "argument"),
    ("k", {**STATIC, "defaultValue": "y"}, "UnexpectedDefault", "defaultValue"),
    ("k", {"type": "INTEGER", "defaultValue": "16"}, "InvalidValue", "defaultValue"),
    ("k", {"type": "INTEGER", "defaultValue": True}, "InvalidValue", "defaultValue"),
    ("k", {"type": "MULTI_SELECT", "selectableValues": ["a"], "defaultValue": ["b"]}, "InvalidValue", "defaultValue"),
    ("k", {"displayOrder": "1"}, "InvalidRequest", "displayOrder"),
    ("k", {"displayOrder": 2**63}, "InvalidRequest", "displayOrder"),
    ("k", {"type": "FLOAT"}, "InvalidRequest", "type"),
    ("k", {"assignmentType": "MAGIC"}, "InvalidRequest", "assignmentType"),
    ("k", {"isSensitive": None}, "InvalidRequest", "isSensitive"),
]


@pytest.mark.parametrize(("key", "members", "code", "member"), BAD_INPUTS)
@pytest.mark.one_database
def test_a_bad_input_is_refused(catalogue: Catalogue, key: str, members: Any, code: str, member: str) -> None:
    draft = catalogue.draft(catalogue.define())
    body = changed(draft, implementation=terraform(), inputs={key: an_input(**members)})

    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", body)

    pointer = "/spec/inputs/" + key.replace("~", "~0").replace("/", "~1") + (f"/{member}" if member else "")
    assert (error["errorCode"], error["field"]) == (code, pointer)
    assert error["remedy"]
    assert catalogue.ok("GET", f"{VERSIONS}/{draft['metadata']['uuid']}") == draft


GOOD_INPUTS: list[tuple[str, Any]] = [
    ("TF_VAR_name", {"isEnvironment": True}),
    ("HTTPS_PROXY", {"isEnvironment": True, "assignmentType": "STATIC", "argument": "http://proxy.test"}),
    ("INPUT_size", {"isEnvironment": True}),
    ("TOKEN", {"isEnvironment": True}),
    ("GITHUB_TOKEN", {"isEnvironment": True}),
    ("PATH", {"isEnvironment": True, "assignmentType": "STATIC", "argument": "/usr/bin"}),
    ("AWS_REGION", {"isEnvironment": True, **OPERATOR}),
    ("TF_ENCRYPTION", {"isEnvironment": True, "assignmentType": "STATIC", "argument": "x"}),
    ("TF_TOKEN_registry_example_org", {"isEnvironment": True, "assignmentType": "STATIC", "argument": "x"}),
    ("some-file.yaml", {"type": "FILE", **OPERATOR}),
    ("a.tf", {"type": "FILE", "assignmentType": "STATIC", "argument": "data:text/plain;charset=utf-8;base64,"}),
    ("k", {"argument": "echoed"}),
    ("k", {"assignmentType": "STATIC", "argument": ""}),
    ("k", {"defaultValue": "", "valueValidationRegex": "[a-z]+"}),
    ("k", {"valueValidationRegex": "^(?!-)[a-z-]{3,20}(?<!-)$"}),
    ("k", {"type": "LIST", "assignmentType": "USER_PERMISSIONS"}),
    ("k", {"isSensitive": True, "argument": None}),
    ("k", {"isSensitive": True, "argument": {}}),
    ("k", {"isSensitive": True, "type": "CODE", "defaultValue": {"plaintext": ""}}),
    ("k", {"assignmentType": "STATIC", "argument": '{"hash": "x"}', "type": "CODE"}),
    ("ключ", {}),
]


@pytest.mark.parametrize(("key", "members"), GOOD_INPUTS)
@pytest.mark.one_database
def test_an_unusual_input_is_accepted(catalogue: Catalogue, key: str, members: Any) -> None:
    draft = catalogue.draft(catalogue.define())
    catalogue.edit(draft, implementation=terraform(), inputs={key: an_input(**members)})


def test_sources_of_tenants_are_for_definitions_of_tenants(catalogue: Catalogue) -> None:
    catalogue.seed_platform_types()
    definition = catalogue.define(targetType="TENANT_LEVEL", supportedPlatforms=[{"name": "AWS"}])
    sources = (
        "PLATFORM_TENANT_ID",
        "MESHSTACK_TENANT_UUID",
        "PROJECT_IDENTIFIER",
        "FULL_PLATFORM_IDENTIFIER",
        "TENANT_BUILDING_BLOCK_UUID",
    )

    catalogue.edit(catalogue.draft(definition), inputs={source: an_input(assignmentType=source) for source in sources})


BAD_OUTPUTS: list[tuple[Any, str, str]] = [
    ({"k": an_output(type="FILE")}, "BadOutputType", "/spec/outputs/k/type"),
    ({"k": an_output(type="LIST")}, "InvalidRequest", "/spec/outputs/k/type"),
    ({" ": an_output()}, "BadOutputKey", "/spec/outputs/ "),
    ({"k": an_output(assignmentType="PLATFORM_TENANT_ID")}, "BadOutputAssignment", "/spec/outputs/k/assignmentType"),
    ({"k": {"displayName": "x"}}, "InvalidRequest", "/spec/outputs/k/type"),
]


def test_a_version_has_five_hundred_inputs_and_outputs_at_most(catalogue: Catalogue) -> None:
    inputs = {f"k{number}": an_input() for number in range(501)}
    outputs = {f"k{number}": an_output() for number in range(501)}

    many = refused_content(catalogue, implementation=terraform(), inputs=inputs)
    more = refused_content(catalogue, implementation=terraform(), outputs=outputs)

    assert (many["errorCode"], many["field"]) == ("TooManyInputs", "/spec/inputs")
    assert (more["errorCode"], more["field"]) == ("TooManyOutputs", "/spec/outputs")


@pytest.mark.parametrize(("outputs", "code", "field"), BAD_OUTPUTS)
@pytest.mark.one_database
def test_a_bad_output_is_refused(catalogue: Catalogue, outputs: Any, code: str, field: str) -> None:
    error = refused_content(catalogue, implementation=terraform(), outputs=outputs)

    assert (error["errorCode"], error["field"]) == (code, field)
    assert error["remedy"]


def test_one_output_of_type_string_becomes_the_tenant_id(catalogue: Catalogue) -> None:
    catalogue.seed_platform_types()
    definition = catalogue.define(targetType="TENANT_LEVEL", supportedPlatforms=[{"name": "AWS"}])
    draft = catalogue.draft(definition)
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    tenant_id = an_output(assignmentType="PLATFORM_TENANT_ID")

    catalogue.edit(draft, implementation=terraform(), outputs={"a": tenant_id})
    for outputs in ({"a": tenant_id, "b": tenant_id}, {"a": {**tenant_id, "type": "CODE"}}):
        error = catalogue.refused(400, "PUT", path, changed(draft, implementation=terraform(), outputs=outputs))
        assert error["errorCode"] == "BadOutputAssignment"


BAD_TERRAFORM: list[tuple[Any, str]] = [
    *[
        ({"terraformVersion": version}, "terraformVersion")
        for version in ("latest", "v1.6.0", "1.9", "1.9.0.1", ">=1.9.0", "../1.9.0", "1.9.0\n", "01.9.0", "1.9.0-")
    ],
    *[
        ({"repositoryUrl": url}, "repositoryUrl")
        for url in (
            "ftp://host/a",
            "file:///srv/a",
            "/srv/a",
            "--upload-pack=x",
            "https://",
            "https://host/a b",
            "ssh://-oProxyCommand=x/a",
            "-oProxyCommand=x@host:a",
            "git@-host:a",
            "git@host:-a",
            "ext::sh -c x",
            "https://host\\a",
            "https://[bad/x",
            "ssh://git@[bad/x",
            "https://a\uff0fb/x",
            "https://host:99999/x",
            "ssh://git@host:abc/x",
            "https://evil.test%2f.example.org/a",
            "https://evil.test;.example.org/a",
            "ssh://git%3Atoken@host/a",
        )
    ],
    *[({"repositoryPath": path}, "repositoryPath") for path in ("../x", "/etc", "a/../../b", "a//b", "a\\b")],
    *[({"refName": name}, "refName") for name in ("-x", "a b", "a..b", "a^", "a:b")],
    ({"sshKnownHost": {"host": "a b", "keyType": "t", "keyValue": "v"}}, "sshKnownHost/host"),
    ({"sshKnownHost": {"host": "a", "keyType": "t\n", "keyValue": "v"}}, "sshKnownHost/keyType"),
    (
        {
            "repositoryUrl": "git@host:a",
            "sshKnownHost": {"host": "host", "keyType": "ssh-ed25519", "keyValue": "AAAA..."},
        },
        "sshKnownHost/keyValue",
    ),
    (
        {"repositoryUrl": "git@host:a", "sshKnownHost": {"host": "host", "keyType": "ssh-rsa", "keyValue": ED25519}},
        "sshKnownHost/keyValue",
    ),
    ({"repositoryUrl": "git@host:a", "sshPrivateKey": {"plaintext": "rubbish"}}, "sshPrivateKey"),
    ({"repositoryUrl": "https://[bad/x", "sshPrivateKey": {"plaintext": "rubbish"}}, "repositoryUrl"),
    ({"repositoryUrl": "ssh://git@host:22/a", "sshPrivateKey": {"plaintext": ""}}, "sshPrivateKey"),
]


@pytest.mark.parametrize(("settings", "member"), BAD_TERRAFORM)
@pytest.mark.one_database
def test_a_bad_setting_of_opentofu_is_refused(catalogue: Catalogue, settings: Any, member: str) -> None:
    error = refused_content(catalogue, implementation=terraform(**settings))

    assert (error["errorCode"], error["field"]) == ("BadImplementation", f"/spec/implementation/terraform/{member}")
    assert error["remedy"]


@pytest.mark.parametrize(
    "settings",
    [
        {"terraformVersion": "1.5.5"},
        {"terraformVersion": "1.12.0-rc1"},
        {"terraformVersion": "1.12.0-beta.2"},
        {"repositoryUrl": "http://git.local:3000/a.git"},
        {"repositoryUrl": "git@github.com:org/repo.git"},
        {"repositoryUrl": "ssh://git@[::1]:2222/repo.git"},
        {"repositoryPath": "./modules/a/", "refName": "feature/a-b"},
        {"repositoryPath": "", "refName": ""},
        {
            "repositoryUrl": "git@host:a",
            "sshKnownHost": {"host": "[host]:22", "keyType": "ssh-ed25519", "keyValue": ED25519},
        },
        {"sshPrivateKey": {"plaintext": "-----BEGIN OPENSSH PRIVATE KEY-----\n..."}},
        {"preRunScript": "#!/bin/bash\r\necho 'ü'\n"},
    ],
)
@pytest.mark.one_database
def test_a_setting_in_use_elsewhere_is_accepted_and_returned(catalogue: Catalogue, settings: Any) -> None:
    implementation = terraform(**settings)

    version = catalogue.edit(catalogue.draft(catalogue.define()), implementation=implementation)

    shown = version["spec"]["implementation"]["terraform"]
    assert {**shown, "sshPrivateKey": None} == {**implementation["terraform"], "sshPrivateKey": None}


def test_files_as_repositories_need_a_setting(database: Any, clock: FixedClock, ids: Any) -> None:
    catalogue = Catalogue(database, clock, ids, allow_files=True)
    catalogue.edit(
        catalogue.draft(catalogue.define()), implementation=terraform(repositoryUrl="file:///srv/git/a b.git")
    )


BAD_CONTENT: list[tuple[Any, str, str]] = [
    ({"implementation": {"type": "helm"}}, "InvalidRequest", "/spec/implementation/type"),
    ({"implementation": {"type": "terraform"}}, "MissingSettings", "/spec/implementation/terraform"),
    (
        {"implementation": {"type": "terraform", "terraform": {}}},
        "InvalidRequest",
        "/spec/implementation/terraform/terraformVersion",
    ),
    ({"implementation": terraform(**{"async": "no"})}, "InvalidRequest", "/spec/implementation/terraform/async"),
    (
        {
            "implementation": {
                "type": "gitlabPipeline",
                "gitlabPipeline": {
                    "projectId": "1",
                    "refName": "main",
                    "integrationRef": {"uuid": str(uuid4())},
                    "pipelineTriggerToken": {},
                },
            }
        },
        "MissingSecret",
        "/spec/implementation/gitlabPipeline/pipelineTriggerToken",
    ),
    (
        {
            "implementation": {
                "type": "azureDevOpsPipeline",
                "azureDevOpsPipeline": {"project": "p", "pipelineId": "1", "integrationRef": {"uuid": "x"}},
            }
        },
        "InvalidRequest",
        "/spec/implementation/azureDevOpsPipeline/integrationRef/uuid",
    ),
    ({"permissions": ["TENANT_LIST", "ADM_TENANT_LIST"]}, "BadPermission", "/spec/permissions/1"),
    ({"permissions": ["FLY"]}, "BadPermission", "/spec/permissions/0"),
    ({"deletionMode": "SHRED"}, "InvalidRequest", "/spec/deletionMode"),
    ({"state": "GONE"}, "InvalidRequest", "/spec/state"),
    ({"runnerRef": runner_ref(uuid4())}, "UnknownRunner", "/spec/runnerRef/uuid"),
    ({"runnerRef": {"uuid": "x"}}, "InvalidRequest", "/spec/runnerRef/uuid"),
]


@pytest.mark.parametrize(("spec", "code", "field"), BAD_CONTENT)
@pytest.mark.one_database
def test_bad_content_is_refused(catalogue: Catalogue, spec: Any, code: str, field: str) -> None:
    error = refused_content(catalogue, **spec)

    assert (error["errorCode"], error["field"]) == (code, field)
    assert error["remedy"]


def test_a_runner_of_others_cannot_be_named(catalogue: Catalogue) -> None:
    foreign = a_runner_for(catalogue, a_runner_key("second"), workspace="shop")

    assert refused_content(catalogue, runnerRef=runner_ref(foreign))["errorCode"] == "UnknownRunner"


def test_a_runner_stays_while_a_version_names_it(catalogue: Catalogue) -> None:
    own = a_runner_for(catalogue, a_runner_key("second"))
    catalogue.edit(catalogue.draft(catalogue.define()), runnerRef=runner_ref(own))

    with pytest.raises(Conflict, match="version 1 of 'Bucket'"):
        catalogue.database.write_now(lambda tx: catalogue.runners.delete(tx, a_key("team"), RunnerId(own)))


def test_whether_an_existing_input_is_sensitive_never_changes(catalogue: Catalogue) -> None:
    draft = catalogue.edit(catalogue.draft(catalogue.define()), inputs={"a": an_input()})
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    secret = {"a": an_input(isSensitive=True)}

    error = catalogue.refused(400, "PUT", path, changed(draft, inputs=secret))
    assert (error["errorCode"], error["field"]) == ("SensitivityFixed", "/spec/inputs/a/isSensitive")

    catalogue.edit(draft, inputs={}, outputs={})
    catalogue.edit(draft, inputs=secret)


def refused_content(catalogue: Catalogue, **spec: Any) -> Any:
    draft = catalogue.draft(catalogue.define())
    return catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", changed(draft, **spec))


@pytest.mark.parametrize(
    ("hosts", "address", "allowed"),
    [
        ("", "http://127.0.0.1/a.git", True),
        ("git.example.org", "https://git.example.org/a.git", True),
        ("git.example.org", "https://GIT.example.org:8443/a.git", True),
        ("git.example.org", "git@git.example.org:a.git", True),
        ("git.example.org", "ssh://git@git.example.org:22/a.git", True),
        ("git.example.org", "http://git.example.org/a.git", False),
        ("git.example.org", "http://169.254.169.254/latest", False),
        ("git.example.org", "https://git.example.org.evil.test/a.git", False),
        ("git.example.org", "git@evil.test:git.example.org", False),
        ("git.example.org, http://git.local", "http://git.local:3000/a.git", True),
        ("*.example.org", "https://a.b.example.org/a.git", True),
        ("*.example.org", "https://example.org/a.git", False),
        ("*.example.org", "http://git.example.org/a.git", False),
        ("http://*.example.org", "http://git.example.org/a.git", True),
        ("http://*.example.org", "https://git.example.org/a.git", False),
        ("*.example.org, http://git.local", "http://git.example.org/a.git", False),
    ],
)
def test_repositories_come_from_the_hosts_that_the_operator_names(hosts: str, address: str, *, allowed: bool) -> None:
    settings = load_settings({"BLOCKYARD_REPOSITORY_HOSTS": hosts})
    members: JsonObject = {"terraformVersion": "1.11.4", "repositoryUrl": address}
    content = VersionContent(implementation=Implementation(type=ImplementationType.TERRAFORM, settings=members))

    with nullcontext() if allowed else pytest.raises(Invalid, match="does not fetch from"):
        check_implementation(content, {}, allow_files=False, hosts=settings.repository_hosts)


@pytest.mark.parametrize("hosts", ["https://git.example.org/a", "*", "a b", "git.example.org:443", "*.*"])
def test_what_is_no_host_is_refused_at_the_start(hosts: str) -> None:
    with pytest.raises(SettingsError, match="BLOCKYARD_REPOSITORY_HOSTS must be hosts such as"):
        load_settings({"BLOCKYARD_REPOSITORY_HOSTS": hosts})


@pytest.mark.parametrize("address", ["https://[bad/x", "https://a%2f.example.org/x", "https://a;.example.org/x"])
def test_what_is_no_host_matches_no_host_that_the_operator_names(address: str) -> None:
    members: JsonObject = {"terraformVersion": "1.11.4", "repositoryUrl": address}
    content = VersionContent(implementation=Implementation(type=ImplementationType.TERRAFORM, settings=members))

    with pytest.raises(Invalid, match="repositoryUrl"):
        check_implementation(content, {}, allow_files=False, hosts=["*.example.org"])
