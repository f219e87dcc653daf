"""The form of an order: what consumers have to fill in, and nothing they may not see."""

from tests.support.definitions import Catalogue, a_secret_input, an_input, an_output, terraform
from tests.support.principals import a_key


def form_of(version: str, workspace: str) -> str:
    return f"/api/blockyard/v1/definitionversions/{version}/form?workspace={workspace}"


def test_a_consumer_sees_the_inputs_to_fill_in_and_no_fixed_value(catalogue: Catalogue) -> None:
    inputs = {
        "second": an_input(displayName="", displayOrder=2, defaultValue="x"),
        "first": an_input(type="SINGLE_SELECT", selectableValues=["a", "b"], displayOrder=1),
        "operator": an_input(type="INTEGER", assignmentType="PLATFORM_OPERATOR_MANUAL_INPUT", displayOrder=3),
        "fixed": an_input(assignmentType="STATIC", argument="nobody-shall-see-this"),
        "secret": a_secret_input("s3cret"),
    }
    definition, version = catalogue.released({"inputs": inputs, "implementation": terraform()}, displayName="Bucket")
    catalogue.be(a_key("shop", "BUILDINGBLOCK_SAVE"))

    form = catalogue.ok("GET", form_of(version["metadata"]["uuid"], "shop"))

    assert [item["key"] for item in form["inputs"]] == ["first", "second", "operator"]
    assert form["displayName"] == "Bucket"
    assert form["definitionUuid"] == definition["metadata"]["uuid"]
    assert form["inputs"][0]["selectableValues"] == ["a", "b"]
    assert (form["inputs"][1]["hasDefault"], form["inputs"][1]["defaultValue"]) == (True, "x")
    assert "nobody-shall-see-this" not in str(form)


def test_a_draft_has_a_form_for_its_own_team_only(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())["metadata"]["uuid"]

    assert catalogue.ok("GET", form_of(draft, "team"))["state"] == "DRAFT"
    catalogue.be(a_key("shop", "BUILDINGBLOCK_SAVE"))
    catalogue.refused(404, "GET", form_of(draft, "shop"))


def test_only_who_may_order_for_the_workspace_gets_the_form(catalogue: Catalogue) -> None:
    _, version = catalogue.released()
    catalogue.be(a_key("shop", "BUILDINGBLOCK_LIST"))

    catalogue.refused(403, "GET", form_of(version["metadata"]["uuid"], "shop"))
    catalogue.be(a_key("shop"))
    catalogue.refused(403, "GET", form_of(version["metadata"]["uuid"], "team"))


def shown(version: str) -> str:
    return f"/api/blockyard/v1/definitionversions/{version}/form"


def test_whoever_sees_a_definition_sees_what_its_released_version_takes_and_gives(catalogue: Catalogue) -> None:
    content = {
        "inputs": {"size": an_input()},
        "outputs": {"url": an_output(displayName="Address")},
        "implementation": terraform(),
        "permissions": ["TENANT_SAVE", "TENANT_LIST", "APIKEY_SAVE"],
    }
    _, version = catalogue.released(content, displayName="Bucket", readme="# Read me", supportUrl="https://help.test")
    catalogue.be(a_key("shop", "BUILDINGBLOCKDEFINITION_LIST"))

    form = catalogue.ok("GET", shown(version["metadata"]["uuid"]))

    assert (form["readme"], form["supportUrl"]) == ("# Read me", "https://help.test")
    assert [(item["key"], item["displayName"]) for item in form["outputs"]] == [("url", "Address")]
    assert form["permissions"] == ["APIKEY_SAVE", "TENANT_LIST", "TENANT_SAVE"]
    assert form["permissionsInWords"] == [
        "Create and change API keys, which stay when the run is over",
        "See, create and change tenants",
    ]


def test_a_draft_is_shown_to_its_own_team_only(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())["metadata"]["uuid"]

    assert catalogue.ok("GET", shown(draft))["state"] == "DRAFT"
    catalogue.be(a_key("shop"))
    catalogue.refused(404, "GET", shown(draft))


def test_an_order_is_told_which_inputs_are_hidden_with_what_was_filled_in(catalogue: Catalogue) -> None:
    inputs = {
        "size": an_input(type="INTEGER"),
        "zone": an_input(defaultValue="eu"),
        "why": an_input(condition="input.size > 3"),
        "law": an_input(condition="input.zone == 'eu'"),
        "who": an_input(condition="input.law == 'strict'"),
        "fixed": an_input(assignmentType="STATIC", argument="x"),
    }
    _, version = catalogue.released({"inputs": inputs, "implementation": terraform()})
    draft = catalogue.draft(catalogue.define())["metadata"]["uuid"]
    catalogue.be(a_key("shop", "BUILDINGBLOCKDEFINITION_LIST"))
    path = f"/api/blockyard/v1/definitionversions/{version['metadata']['uuid']}/hidden-inputs"

    def hidden(**values: object) -> object:
        return catalogue.ok("POST", path, {"values": values})["hidden"]

    assert hidden() == ["who", "why"]  # the default of zone counts
    assert hidden(size=4, law="strict") == []
    assert hidden(zone="us", law="strict", fixed="y", nothing=1) == ["law", "who", "why"]
    catalogue.be(a_key("shop"))
    assert hidden(size=4, law="x" * 2_000_000) == ["who"]  # as large as values of orders may be
    catalogue.refused(404, "POST", path.replace(version["metadata"]["uuid"], draft), {"values": {}})
