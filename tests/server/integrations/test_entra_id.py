"""Identity providers among the integrations. Source: api.md 3.13."""

import pytest

from blockyard.protocol.kinds import INTEGRATION
from tests.support.definitions import INTEGRATIONS, Catalogue, an_integration
from tests.support.principals import ADMINISTRATOR, a_key


def entra(**settings: object) -> dict[str, object]:
    """Return an identity provider of the administrators' workspace."""
    sent: dict[str, object] = an_integration("entraid", "admin", **settings)
    return sent


@pytest.fixture(autouse=True)
def _administrator(catalogue: Catalogue) -> None:
    seed = catalogue.workspaces.seed
    catalogue.database.write_now(lambda tx: seed(tx, "admin", "Administration", platform_builder=True))
    catalogue.be(ADMINISTRATOR)


def test_an_identity_provider_is_returned_with_an_alias_a_redirect_and_a_hash_and_has_no_runner(
    catalogue: Catalogue,
) -> None:
    created = catalogue.ok("POST", INTEGRATIONS, entra(redirectUrl="https://elsewhere.example.org"))

    config = created["spec"]["config"]
    shown = config["entraid"]
    assert config["type"] == "entraid"
    assert list(shown["clientSecret"]) == ["hash"]
    assert shown["idpAlias"].startswith("entraid-")
    assert shown["redirectUrl"] == f"http://blockyard.test/api/blockyard/v1/sign-in/{shown['idpAlias']}/callback"
    assert "runnerRef" not in shown
    assert created["status"] == {"isBuiltIn": False, "workloadIdentityFederation": None}
    path = f"{INTEGRATIONS}/{created['metadata']['uuid']}"
    assert catalogue.ok("GET", path) == created
    assert catalogue.ok("PUT", path, entra(clientSecret=shown["clientSecret"])) == created
    assert "secret-of-acme" not in catalogue.dump() + "".join(catalogue.http.answers)
    assert catalogue.http.send("DELETE", path, media=INTEGRATION.media).status_code == 204


def test_the_alias_is_chosen_once(catalogue: Catalogue) -> None:
    created = catalogue.ok("POST", INTEGRATIONS, entra(idpAlias="our-idp"))
    path = f"{INTEGRATIONS}/{created['metadata']['uuid']}"

    error = catalogue.refused(400, "PUT", path, entra(idpAlias="other"))
    taken = catalogue.refused(409, "POST", INTEGRATIONS, entra(idpAlias="our-idp"))
    bad = catalogue.refused(400, "POST", INTEGRATIONS, entra(idpAlias="a/b"))

    assert (error["errorCode"], error["field"]) == ("Immutable", "/spec/config/entraid/idpAlias")
    assert (taken["errorCode"], taken["field"]) == ("NameTaken", "/spec/config/entraid/idpAlias")
    assert bad["field"] == "/spec/config/entraid/idpAlias"
    renamed = entra(idpAlias="our-idp")
    renamed["spec"] = {**created["spec"], "displayName": "renamed"}
    assert catalogue.ok("PUT", path, renamed)["spec"]["displayName"] == "renamed"


def test_a_kept_secret_goes_to_no_other_tenant(catalogue: Catalogue) -> None:
    created = catalogue.ok("POST", INTEGRATIONS, entra())
    kept = created["spec"]["config"]["entraid"]["clientSecret"]

    error = catalogue.refused(
        400, "PUT", f"{INTEGRATIONS}/{created['metadata']['uuid']}", entra(tenantId="other", clientSecret=kept)
    )

    assert error["errorCode"] == "SecretOfAnotherTarget"


def test_only_the_administrators_workspace_has_identity_providers(catalogue: Catalogue) -> None:
    error = catalogue.refused(400, "POST", INTEGRATIONS, an_integration("entraid"))
    catalogue.be(a_key("team", "INTEGRATION_SAVE"))
    catalogue.refused(403, "POST", INTEGRATIONS, entra())

    assert (error["errorCode"], error["field"]) == ("AdminWorkspaceOnly", "/metadata/ownedByWorkspace")
