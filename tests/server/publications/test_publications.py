"""The way of definitions to other workspaces: submitted, reviewed, restricted, deprecated; who sees and orders them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.server.events.model import EventFilter
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database
from blockyard.server.kit.paging import PageRequest
from tests.support.block_world import BLOCKS, OTHER, PLATFORM, SHOP, BlockWorld, an_order
from tests.support.clock import FixedClock
from tests.support.definitions import DEFINITIONS, VERSIONS, Catalogue, next_draft
from tests.support.principals import ADMINISTRATOR, a_key

REVIEWS = "/api/blockyard/v1/publications"
REVIEWER = a_key("demo-partner", "ADM_REVIEW_PUBLICATION")
PUBLISHED = ["Created", "Marketplace Publication Approved"]
"""The titles of the events of a definition that was made and published at once."""


@pytest.fixture
def catalogue(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Catalogue:
    """Definitions of `team` where nothing is reviewed."""
    return Catalogue(database, clock, ids)


@pytest.fixture
def reviewed(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Catalogue:
    """Definitions of `team` on an installation where publications are reviewed."""
    return Catalogue(database, clock, ids, publication_review=True)


def publication_of(definition: Any) -> str:
    return f"/api/blockyard/v1/definitions/{definition['metadata']['uuid']}/publication"


def open_request(catalogue: Catalogue) -> str:
    """Return the address of the request that has to be decided."""
    first = catalogue.ok("GET", f"{REVIEWS}?decision=OPEN")["_embedded"]["publications"][0]
    return f"{REVIEWS}/{first['uuid']}"


def seen_by(catalogue: Catalogue, principal: Principal) -> list[str]:
    catalogue.be(principal)
    answer = catalogue.http.send("GET", DEFINITIONS, params={"includeAllPublished": "true"}).json()
    return [item["spec"]["displayName"] for item in answer["_embedded"]["meshBuildingBlockDefinitions"]]


def titles(catalogue: Catalogue, definition: Any) -> list[str]:
    """Return the titles of the events of a definition, in the order of the alphabet: all happen in one moment."""
    wanted = EventFilter(subject_kind=DEFINITION.name, subject_id=definition["metadata"]["uuid"])
    events = catalogue.database.read_now(lambda tx: catalogue.events.page(tx, wanted, PageRequest())).items
    return sorted(event.title.removeprefix("Building Block Definition ") for event in events)


# Without a review, as public clients expect


def test_the_first_release_publishes_where_no_review_is_needed(catalogue: Catalogue) -> None:
    definition, version = catalogue.released()

    shown = catalogue.ok("GET", publication_of(definition))
    assert (shown["state"], shown["restriction"], shown["nextSteps"]) == ("PUBLISHED", "PUBLIC", ["deprecate"])
    assert [(each["decision"], each["requestedBy"]) for each in shown["requests"]] == [("APPROVED", "key of team")]
    catalogue.edit(catalogue.ok("POST", VERSIONS, next_draft(version)), state="RELEASED")
    assert len(catalogue.ok("GET", publication_of(definition))["requests"]) == 1
    assert seen_by(catalogue, a_key("shop")) == ["Bucket"]
    assert titles(catalogue, definition) == PUBLISHED


def test_a_definition_that_is_submitted_as_a_draft_is_released_with_its_publication(catalogue: Catalogue) -> None:
    definition = catalogue.define()

    assert catalogue.ok("POST", f"{publication_of(definition)}/submit", {})["state"] == "PUBLISHED"

    status = catalogue.ok("GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")["status"]
    assert (status["latestReleasedVersion"], status["publicationState"]) == (1, "PUBLISHED")


# With a review


def test_a_release_stays_private_until_a_reviewer_approves_what_was_submitted(reviewed: Catalogue) -> None:
    definition, _version = reviewed.released()
    path = publication_of(definition)
    assert reviewed.ok("GET", path)["state"] == "UNPUBLISHED"
    assert seen_by(reviewed, a_key("shop")) == []
    reviewed.refused(404, "GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")
    reviewed.be(a_key("team"))

    submitted = reviewed.ok("POST", f"{path}/submit", {"message": "please"})
    again = reviewed.ok("POST", f"{path}/submit", {"message": "please"})

    assert again == submitted
    assert (submitted["state"], submitted["nextSteps"]) == ("REQUESTED", ["withdraw"])
    assert seen_by(reviewed, a_key("shop")) == []
    reviewed.be(REVIEWER)
    request = open_request(reviewed)
    assert reviewed.ok("GET", request)["message"] == "please"
    assert reviewed.ok("GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")["status"]["latestVersion"] == 1
    approved = reviewed.ok("POST", f"{request}/approve", {})
    assert (approved["decision"], approved["decidedBy"]) == ("APPROVED", "key of demo-partner")
    assert reviewed.ok("POST", f"{request}/approve", {}) == approved
    assert reviewed.refused(409, "POST", f"{request}/reject", {"comment": "no"})["errorCode"] == "AlreadyDecided"
    assert seen_by(reviewed, a_key("shop")) == ["Bucket"]
    assert titles(reviewed, definition) == [*PUBLISHED, "Marketplace Publication Request"]


def test_a_rejection_says_why_and_the_owner_submits_again(reviewed: Catalogue) -> None:
    definition, _version = reviewed.released()
    path = publication_of(definition)
    reviewed.ok("POST", f"{path}/submit", {})
    reviewed.be(REVIEWER)
    request = open_request(reviewed)
    assert reviewed.refused(400, "POST", f"{request}/reject", {"comment": " "})["field"] == "/comment"

    reviewed.ok("POST", f"{request}/reject", {"comment": "say what it costs"})

    reviewed.be(a_key("team"))
    shown = reviewed.ok("GET", path)
    assert (shown["state"], shown["requests"][0]["comment"]) == ("REJECTED", "say what it costs")
    reviewed.ok("POST", f"{path}/submit", {})
    assert reviewed.ok("POST", f"{path}/withdraw")["state"] == "UNPUBLISHED"
    decisions = [each["decision"] for each in reviewed.ok("GET", path)["requests"]]
    assert decisions == ["WITHDRAWN", "REJECTED"]
    assert reviewed.refused(409, "POST", f"{path}/deprecate", {})["errorCode"] == "WrongPublicationState"


def test_an_approved_draft_is_released_and_what_a_reviewer_releases_is_published(reviewed: Catalogue) -> None:
    draft = reviewed.define(displayName="Draft")
    reviewed.ok("POST", f"{publication_of(draft)}/submit", {})
    other = reviewed.define(displayName="Other")
    version = reviewed.draft(other)
    reviewed.be(ADMINISTRATOR)
    reviewed.ok("POST", f"{open_request(reviewed)}/approve", {})
    reviewed.edit(version, state="RELEASED")

    assert seen_by(reviewed, a_key("shop")) == ["Draft", "Other"]


def test_only_reviewers_decide_and_list_what_is_to_be_decided(reviewed: Catalogue) -> None:
    definition = reviewed.define()
    reviewed.ok("POST", f"{publication_of(definition)}/submit", {})
    reviewed.be(REVIEWER)
    request = open_request(reviewed)

    for principal in (a_key("team"), a_key("shop")):
        reviewed.be(principal)
        assert reviewed.refused(403, "GET", REVIEWS)["errorCode"] == "MissingPermission"
        assert reviewed.refused(404, "GET", request)["errorCode"] == "UnknownPublicationRequest"
        assert reviewed.refused(404, "POST", f"{request}/approve", {})["errorCode"] == "UnknownPublicationRequest"
    reviewed.be(REVIEWER)
    unknown = f"{REVIEWS}/{UUID(int=1)}"
    assert reviewed.refused(404, "GET", unknown)["errorCode"] == "UnknownPublicationRequest"


def test_the_review_list_begins_with_what_is_to_be_decided_and_has_filters(reviewed: Catalogue) -> None:
    for name in ("One", "Two", "Three"):
        reviewed.ok("POST", f"{publication_of(reviewed.define(displayName=name))}/submit", {})
    reviewed.be(REVIEWER)
    reviewed.ok("POST", f"{open_request(reviewed)}/approve", {})

    def names(query: str) -> list[str]:
        found = reviewed.ok("GET", f"{REVIEWS}?{query}")
        return [each["displayName"] for each in found["_embedded"]["publications"]]

    assert names("") == ["Two", "Three", "One"]
    assert names("size=1&page=1") == ["Three"]
    assert names("decision=APPROVED") == ["One"]
    assert names("ownedByWorkspace=shop") == []
    assert names(f"kind={DEFINITION.name}&ownedByWorkspace=team&decision=OPEN") == ["Two", "Three"]


# Whom it reaches


def test_a_restricted_definition_is_seen_by_the_workspaces_it_names(catalogue: Catalogue) -> None:
    definition, _version = catalogue.released()
    uuid = definition["metadata"]["uuid"]
    audience = {"restriction": "RESTRICTED", "restrictedToWorkspaces": ["shop"]}

    stored = catalogue.ok("PUT", publication_of(definition), audience)

    assert {name: stored[name] for name in audience} == audience
    assert catalogue.ok("PUT", publication_of(definition), audience) == stored
    assert seen_by(catalogue, a_key("shop")) == ["Bucket"]
    catalogue.ok("GET", f"{DEFINITIONS}/{uuid}")
    assert seen_by(catalogue, a_key("demo-partner")) == []
    catalogue.refused(404, "GET", f"{DEFINITIONS}/{uuid}")
    catalogue.be(a_key("team"))
    catalogue.ok("PUT", publication_of(definition), {"restriction": "PRIVATE"})
    assert seen_by(catalogue, a_key("shop")) == []
    assert seen_by(catalogue, a_key("team")) == ["Bucket"]
    assert titles(catalogue, definition) == [*PUBLISHED, "Restriction Changed", "Restriction Changed"]


def test_a_workspace_that_is_deleted_is_named_by_no_restriction_any_more(catalogue: Catalogue) -> None:
    both, alone = catalogue.define(displayName="Both"), catalogue.define(displayName="Alone")
    for definition, names in ((both, ["shop", "demo-partner"]), (alone, ["shop"])):
        named: JsonObject = {"restriction": "RESTRICTED", "restrictedToWorkspaces": [*names]}
        catalogue.ok("PUT", publication_of(definition), named)

    catalogue.database.write_now(lambda tx: catalogue.workspaces.delete(tx, ADMINISTRATOR, "shop"))

    left = [catalogue.ok("GET", publication_of(definition)) for definition in (both, alone)]
    assert [(one["restriction"], one["restrictedToWorkspaces"]) for one in left] == [
        ("RESTRICTED", ["demo-partner"]),
        ("PRIVATE", []),
    ]
    assert [titles(catalogue, definition).count("Restriction Changed") for definition in (both, alone)] == [2, 2]


@pytest.mark.parametrize(
    ("audience", "code"),
    [
        ({"restriction": "RESTRICTED"}, "NoWorkspaces"),
        ({"restriction": "PUBLIC", "restrictedToWorkspaces": ["shop"]}, "UnexpectedWorkspaces"),
        ({"restriction": "RESTRICTED", "restrictedToWorkspaces": ["nowhere"]}, "UnknownWorkspace"),
        ({"restriction": "SECRET"}, "InvalidRequest"),
        ({}, "InvalidRequest"),
    ],
)
@pytest.mark.one_database
def test_an_audience_that_makes_no_sense_is_refused(catalogue: Catalogue, audience: Any, code: str) -> None:
    assert catalogue.refused(400, "PUT", publication_of(catalogue.define()), audience)["errorCode"] == code


def test_what_was_approved_for_fewer_is_widened_by_a_reviewer_only(reviewed: Catalogue) -> None:
    definition = reviewed.define()
    path = publication_of(definition)
    reviewed.ok("PUT", path, {"restriction": "RESTRICTED", "restrictedToWorkspaces": ["shop"]})
    reviewed.be(ADMINISTRATOR)
    reviewed.ok("POST", f"{path}/submit", {})
    reviewed.be(a_key("team"))

    assert reviewed.refused(409, "PUT", path, {"restriction": "PUBLIC"})["errorCode"] == "ReviewNeeded"
    reviewed.ok("PUT", path, {"restriction": "PRIVATE"})
    reviewed.be(ADMINISTRATOR)
    assert reviewed.ok("PUT", path, {"restriction": "PUBLIC"})["restriction"] == "PUBLIC"


def test_foreign_publications_are_not_touched(catalogue: Catalogue) -> None:
    hidden, (shown, _version) = catalogue.define(), catalogue.released()
    catalogue.be(a_key("shop"))

    for step, body in (("submit", {}), ("withdraw", None), ("deprecate", {}), ("reactivate", {})):
        catalogue.refused(404, "POST", f"{publication_of(hidden)}/{step}", body)
        catalogue.refused(403, "POST", f"{publication_of(shown)}/{step}", body)
    catalogue.refused(403, "GET", publication_of(shown))
    catalogue.refused(403, "PUT", publication_of(shown), {"restriction": "PRIVATE"})


def test_a_deprecated_definition_is_not_listed_for_others_and_comes_back(catalogue: Catalogue) -> None:
    definition, _version = catalogue.released()
    path = publication_of(definition)

    deprecated = catalogue.ok("POST", f"{path}/deprecate", {"reason": "use Store"})

    assert (deprecated["state"], deprecated["nextSteps"]) == ("DEPRECATED", ["reactivate"])
    assert seen_by(catalogue, a_key("shop")) == []
    shown = catalogue.ok("GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")
    assert shown["status"]["publicationState"] == "DEPRECATED"
    catalogue.be(a_key("team"))
    catalogue.ok("POST", f"{path}/reactivate", {})
    assert seen_by(catalogue, a_key("shop")) == ["Bucket"]
    assert titles(catalogue, definition) == sorted([*PUBLISHED, "Deprecated", "Reactivated"])


def test_the_requests_of_a_deleted_definition_go_with_it(catalogue: Catalogue) -> None:
    definition, _version = catalogue.released()
    catalogue.http.send("DELETE", f"{DEFINITIONS}/{definition['metadata']['uuid']}")
    catalogue.be(REVIEWER)

    assert catalogue.ok("GET", REVIEWS)["page"]["totalElements"] == 0


# Who orders


def test_a_workspace_orders_what_is_published_for_it_and_what_it_has_goes_on(
    database: Database, clock: FixedClock
) -> None:
    world = BlockWorld(database, clock)
    version: Any = world.define()
    definition = version["spec"]["buildingBlockDefinitionRef"]["uuid"]
    path = f"/api/blockyard/v1/definitions/{definition}/publication"

    def turn(method: str, step: str, body: Any) -> None:
        world.api.be(PLATFORM)
        world.api.ok(method, f"{path}{step}", body, media="application/json")

    def order(principal: Principal, workspace: str) -> Any:
        world.api.be(principal)
        return world.api.send("POST", BLOCKS, an_order(version, workspace=workspace))

    assert order(SHOP, "shop").status_code == 201
    turn("PUT", "", {"restriction": "RESTRICTED", "restrictedToWorkspaces": ["other"]})
    assert order(SHOP, "shop").status_code == 404
    assert order(OTHER, "other").status_code == 201
    assert order(PLATFORM, "platform").status_code == 201
    assert order(ADMINISTRATOR, "shop").status_code == 201
    turn("POST", "/deprecate", {})
    for principal, workspace in ((OTHER, "other"), (PLATFORM, "platform"), (ADMINISTRATOR, "shop")):
        refused = order(principal, workspace)
        assert (refused.status_code, refused.json()["errorCode"]) == (409, "DefinitionDeprecated")


def test_blocks_of_a_definition_that_is_offered_no_more_are_upgraded(database: Database, clock: FixedClock) -> None:
    world = BlockWorld(database, clock)
    version: Any = world.define()
    world.api.be(SHOP)
    block = world.order(version)
    world.finish()
    newer: Any = world.next_version(version)
    definition = version["spec"]["buildingBlockDefinitionRef"]["uuid"]
    path = f"/api/blockyard/v1/definitions/{definition}/publication"
    world.api.be(PLATFORM)
    world.api.ok("PUT", path, {"restriction": "PRIVATE"}, media="application/json")
    world.api.ok("POST", f"{path}/deprecate", {}, media="application/json")
    world.api.be(SHOP)

    changed = world.change(world.read(block), version=newer)

    assert changed["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] == newer["metadata"]["uuid"]
