"""The inventory of identities: who can be whom in a cloud, where, and who can change the code."""

import json
from base64 import b64encode
from typing import Any

import pytest

from tests.support.definitions import Catalogue, an_input, terraform
from tests.support.principals import a_key

PATH = "/api/blockyard/v1/identities"
ROLE = "arn:aws:iam::111122223333:role/buckets"


def static(value: str, **members: Any) -> Any:
    return an_input(assignmentType="STATIC", argument=value, isEnvironment=True, **members)


def listed(catalogue: Catalogue, query: str = "") -> list[Any]:
    found = catalogue.ok("GET", f"{PATH}{query}")
    return list(found["_embedded"]["identities"])


def define(catalogue: Catalogue, inputs: Any, **spec: Any) -> Any:
    _, version = catalogue.released({"implementation": terraform(), "inputs": inputs}, **spec)
    return version


def a_credential_file() -> str:
    url = "https://iam.example.org/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken"
    content = json.dumps({"type": "external_account", "service_account_impersonation_url": url})
    return f"data:application/json;base64,{b64encode(content.encode()).decode()}"


def test_each_cloud_of_a_version_is_listed_with_whom_it_can_be(catalogue: Catalogue) -> None:
    file = an_input(type="FILE", assignmentType="STATIC", argument=a_credential_file())
    version = define(
        catalogue,
        {
            "AWS_ROLE_ARN": static(ROLE),
            "ARM_CLIENT_ID": static("client-1"),
            "ARM_CLIENT_SECRET": static({"plaintext": "s3cret"}, isSensitive=True),  # type: ignore[arg-type]  # a secret
            "GOOGLE_APPLICATION_CREDENTIALS": static("gcp.json"),
            "gcp.json": file,
        },
    )
    define(catalogue, {"name": an_input()}, displayName="Nobody")

    found = listed(catalogue)

    assert {(one["cloud"], one["way"], one["identity"]) for one in found} == {
        ("aws", "FEDERATION", ROLE),
        ("azure", "KEY", "client-1"),
        ("gcp", "FEDERATION", "sa@p.iam.gserviceaccount.com"),
    }
    assert {one["versionUuid"] for one in found} == {version["metadata"]["uuid"]}
    assert {one["repositoryUrl"] for one in found} == {"https://git.example.org/bucket.git"}
    assert "s3cret" not in str(found)


def test_the_list_is_filtered_and_shows_own_definitions_alone(catalogue: Catalogue) -> None:
    define(catalogue, {"AWS_ROLE_ARN": static(ROLE)})
    define(catalogue, {"AWS_ROLE_ARN": static(ROLE + "2"), "ARM_CLIENT_ID": static("client-1")}, displayName="Two")

    assert len(listed(catalogue)) == 3
    assert [one["cloud"] for one in listed(catalogue, "?cloud=azure")] == ["azure"]
    assert [one["displayName"] for one in listed(catalogue, f"?identity={ROLE}")] == ["Bucket"]
    assert listed(catalogue, "?workspaceIdentifier=shop") == []
    catalogue.be(a_key("shop"))
    assert listed(catalogue) == []


def test_a_draft_that_is_saved_otherwise_is_listed_otherwise(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    draft = catalogue.edit(draft, implementation=terraform(), inputs={"AWS_ROLE_ARN": static(ROLE)})
    assert [one["identity"] for one in listed(catalogue)] == [ROLE]

    catalogue.edit(draft, inputs={"ARM_CLIENT_ID": static("client-1")})
    assert [one["identity"] for one in listed(catalogue)] == ["client-1"]


@pytest.mark.one_database
def test_values_that_people_enter_belong_to_their_blocks(catalogue: Catalogue) -> None:
    define(catalogue, {"AWS_WEB_IDENTITY_TOKEN_FILE": static("/var/run/secrets/workload-identity/aws/token")})

    [one] = listed(catalogue)
    assert (one["cloud"], one["identity"]) == ("aws", None)
