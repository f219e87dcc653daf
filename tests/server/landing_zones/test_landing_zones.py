"""Landing zones over HTTP. Source: api.md 3.10, 2.7, concepts.md 4, 23."""

from functools import partial
from typing import Any

import pytest

from blockyard.protocol.kinds import DEFINITION
from tests.support.definitions import DEFINITIONS, SHARED_KEY, a_definition
from tests.support.places import a_landing_zone, a_platform, a_platform_type, an_availability, properties
from tests.support.tags import TAGS, a_tag
from tests.support.tenancy import LANDING_ZONE, PLATFORM, PLATFORM_TYPE, TAG_DEFINITION, WORKSPACE, Tenancy, vendor

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshlandingzones"
ONE = f"{PATH}/mf-default"
OWN = "/api/blockyard/v1/landingzones/mf-default"
PLATFORMS = "/api/meshobjects/meshplatforms"
CODES = tuple(f"LANDINGZONE_{verb}" for verb in ("LIST", "SAVE", "DELETE"))
MANDATORY = "mandatoryBuildingBlockRefs"


def naming(field: str, *refs: Any) -> dict[str, Any]:
    """Return the member that names definitions."""
    return {field: [*refs]}


class Zones:
    """Landing zones of a platform of the workspace `team`."""

    def __init__(self, tenancy: Tenancy, platform: str) -> None:
        self.tenancy, self.platform = tenancy, platform
        self.admin = tenancy.admin()

    def body(self, name: str = "mf-default", workspace: str = "team", **spec: Any) -> Any:
        """Return a request for a landing zone of the platform."""
        return a_landing_zone(self.platform, name, workspace, **spec)

    async def make(self, name: str = "mf-default", workspace: str = "team", **spec: Any) -> Any:
        """Make a landing zone as an administrator."""
        made = await self.admin.post(PATH, json=self.body(name, workspace, **spec), headers=LANDING_ZONE)
        assert made.status_code == 201, made.text
        return made.json()

    async def define(self, workspace: str = "team", *types: str) -> Any:
        """Make a definition for tenants of platforms of these types, for workspaces if there are none."""
        supported = [{"kind": "meshPlatformType", "name": name} for name in types]
        target = "TENANT_LEVEL" if types else "WORKSPACE_LEVEL"
        sent = a_definition(workspace, targetType=target, supportedPlatforms=supported or None)
        made = await self.admin.post(DEFINITIONS, json=sent, headers=vendor(DEFINITION.media))
        assert made.status_code == 201, made.text
        return {"uuid": made.json()["metadata"]["uuid"], "kind": DEFINITION.name}


@pytest.fixture
async def zones(tenancy: Tenancy) -> Zones:
    """A published platform of `team`, to which `bank` contributes."""
    tenancy.builder("team", "bank", "shop")
    tenancy.seed_places()
    tenancy.declare_tags("meshLandingZone", "env", "a", options=["dev", "b"])
    seed_runner = partial(tenancy.services.runners.seed_shared, workspace="admin", public_key=SHARED_KEY.public_pem)
    tenancy.db.write_now(seed_runner)
    admin = tenancy.admin()
    await admin.post("/api/meshobjects/meshplatformtypes", json=a_platform_type(), headers=PLATFORM_TYPE)
    made = await admin.post(PLATFORMS, json=a_platform(contributingWorkspaces=["bank"]), headers=PLATFORM)
    return Zones(tenancy, made.json()["metadata"]["uuid"])


async def test_a_landing_zone_is_returned_as_it_was_sent(zones: Zones) -> None:
    refs: Any = {MANDATORY: [await zones.define("team", "MAINFRAME")], "recommendedBuildingBlockRefs": []}
    quotas = [{"key": "limits.cpu", "value": 4}]
    sent = zones.body(
        tags={"env": ["dev", "dev"]}, automateDeletionApproval=True, infoLink="https://i.test", quotas=quotas, **refs
    )

    created = await zones.admin.post(PATH, json=sent, headers=LANDING_ZONE)

    dates = {"createdOn": "2026-01-01T12:00:00Z", "deletedOn": None}
    assert (created.status_code, created.json()) == (
        201,
        sent
        | {
            "metadata": sent["metadata"] | dates,
            "status": {"disabled": False, "restricted": False},
            "_links": {"self": {"href": f"http://blockyard.test{ONE}"}},
        },
    )
    assert (await zones.admin.get(ONE, headers=LANDING_ZONE)).json() == created.json()
    assert (await zones.admin.put(ONE, json=created.json(), headers=LANDING_ZONE)).json() == created.json()
    assert "Landing Zone Modified" not in zones.tenancy.titles()


async def test_tags_are_declared_and_go_with_their_definition_and_defaults_are_set(zones: Zones) -> None:
    undeclared = await zones.admin.post(PATH, json=zones.body(tags={"none": ["a"]}), headers=LANDING_ZONE)
    assert (undeclared.status_code, undeclared.json()["field"]) == (400, "/metadata/tags/none")
    tier = a_tag("meshLandingZone", "tier", restricted=True, valueType={"string": {"defaultValue": "basic"}})
    await zones.admin.post(TAGS, json=tier, headers=TAG_DEFINITION)

    made = await zones.make(tags={"env": ["dev"]})

    assert made["metadata"]["tags"] == {"env": ["dev"], "tier": ["basic"]}
    assert (await zones.admin.delete(f"{TAGS}/meshLandingZone.env", headers=TAG_DEFINITION)).status_code == 204
    left = (await zones.admin.get(ONE, headers=LANDING_ZONE)).json()["metadata"]["tags"]
    assert left == {"tier": ["basic"]}


async def test_restricted_stays_where_it_is_not_sent(zones: Zones) -> None:
    await zones.make()
    without = zones.body()
    del without["spec"]["restricted"]

    async def put(body: Any) -> Any:
        answer = (await zones.admin.put(ONE, json=body, headers=LANDING_ZONE)).json()
        assert answer["spec"]["restricted"] is answer["status"]["restricted"]
        return answer["spec"]["restricted"]

    said = [await put(body) for body in (without, zones.body(restricted=True), without, zones.body(restricted=False))]
    assert said == [False, True, True, False]


async def test_a_put_replaces_everything_and_names_are_free_after_a_deletion(zones: Zones) -> None:
    await zones.make(infoLink="https://i.test", tags={"a": ["b"]}, quotas=[{"key": "limits.cpu", "value": 4}])
    taken = await zones.admin.post(PATH, json=zones.body(workspace="bank"), headers=LANDING_ZONE)
    short = zones.body()
    for member in ("quotas", MANDATORY, "recommendedBuildingBlockRefs"):
        del short["spec"][member]

    changed = (await zones.admin.put(ONE, json=short, headers=LANDING_ZONE)).json()

    assert (taken.status_code, taken.json()["errorCode"]) == (409, "NameTaken")
    assert (changed["spec"], changed["metadata"]["tags"]) == (zones.body()["spec"] | {"infoLink": None}, {})
    assert [(await zones.admin.delete(ONE, headers=LANDING_ZONE)).status_code for _ in range(2)] == [204, 204]
    assert (await zones.admin.get(ONE, headers=LANDING_ZONE)).status_code == 404
    await zones.make(workspace="bank")
    titles = [event.title for event in zones.tenancy.all_events() if event.subject_kind == "meshLandingZone"]
    assert titles == [f"Landing Zone {verb}" for verb in ("Created", "Modified", "Deleted", "Created")]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("spec", "code", "field"),
    [
        ({"platformProperties": None}, "WrongValue", "/spec/platformProperties"),
        ({"platformProperties": {"type": "custom"}}, "Missing", "/spec/platformProperties/custom"),
        ({"platformProperties": properties("openshift")}, "WrongPlatformType", "/spec/platformProperties/type"),
        (
            {"platformProperties": properties() | {"openshift": {}}},
            "WrongType",
            "/spec/platformProperties/openshift",
        ),
        (
            {"platformProperties": properties("custom", odd={"plaintext": "x"})},
            "UnexpectedSecret",
            "/spec/platformProperties/custom/odd",
        ),
        ({"platformProperties": properties("aws")}, "Missing", "/spec/platformProperties/aws/awsEnrollAccount"),
        ({"quotas": [{"key": "limits.cpu", "value": 65}]}, "QuotaOutOfRange", "/spec/quotas/0/value"),
        ({"quotas": [{"key": "odd", "value": 1}]}, "UnknownQuota", "/spec/quotas/0/key"),
        ({"quotas": [{"key": "limits.cpu", "value": 4}] * 2}, "DuplicateQuota", "/spec/quotas/1/key"),
        (
            {"platformRef": {"uuid": "98520496-627d-43e6-82da-ce499179ff3f"}},
            "UnknownPlatform",
            "/spec/platformRef/uuid",
        ),
        ({"platformRef": {"uuid": "none"}}, "InvalidRequest", "/spec/platformRef/uuid"),
        (
            {MANDATORY: [{"uuid": "98520496-627d-43e6-82da-ce499179ff3f"}]},
            "UnknownDefinition",
            f"/spec/{MANDATORY}/0/uuid",
        ),
    ],
)
async def test_a_bad_member_is_refused_by_name(zones: Zones, spec: dict[str, Any], code: str, field: str) -> None:
    answer = await zones.admin.post(PATH, json=zones.body(**spec), headers=LANDING_ZONE)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    if code != "Missing":
        assert answer.json()["field"] == field


async def test_name_workspace_and_platform_never_change(zones: Zones) -> None:
    await zones.make()
    other = (await zones.admin.post(PLATFORMS, json=a_platform("other"), headers=PLATFORM)).json()["metadata"]["uuid"]

    for sent, field in (
        (zones.body("other"), "/metadata/name"),
        (zones.body(workspace="bank"), "/metadata/ownedByWorkspace"),
        (a_landing_zone(other), "/spec/platformRef/uuid"),
    ):
        answer = await zones.admin.put(ONE, json=sent, headers=LANDING_ZONE)
        assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, "Immutable", field)


async def test_only_definitions_that_fit_the_platform_are_named(zones: Zones) -> None:
    fitting, of_bank = await zones.define("team", "MAINFRAME", "AWS"), await zones.define("bank", "MAINFRAME")
    owner = zones.tenancy.key("team", *CODES)

    for ref, code in (
        (await zones.define("team"), "WrongTargetType"),
        (await zones.define("team", "AWS"), "UnsupportedPlatformType"),
        (of_bank, "UnknownDefinition"),  # a draft
    ):
        for field in (MANDATORY, "recommendedBuildingBlockRefs"):
            answer = await owner.post(PATH, json=zones.body(**naming(field, fitting, ref)), headers=LANDING_ZONE)
            assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
            assert answer.json()["field"] == f"/spec/{field}/1/uuid"
    twice = await owner.post(PATH, json=zones.body(**naming(MANDATORY, fitting, fitting)), headers=LANDING_ZONE)
    assert (twice.status_code, twice.json()["errorCode"]) == (400, "Duplicate")


async def test_a_deleted_definition_is_taken_out_of_landing_zones(zones: Zones) -> None:
    first, second = await zones.define("team", "MAINFRAME"), await zones.define("team", "MAINFRAME")
    await zones.make(**naming(MANDATORY, first, second), **naming("recommendedBuildingBlockRefs", first))

    gone = await zones.admin.delete(f"{DEFINITIONS}/{first['uuid']}", headers=vendor(DEFINITION.media))

    assert gone.status_code == 204
    spec = (await zones.admin.get(ONE, headers=LANDING_ZONE)).json()["spec"]
    assert (spec[MANDATORY], spec["recommendedBuildingBlockRefs"]) == ([second], [])
    assert zones.tenancy.titles().count("Landing Zone Modified") == 1


async def test_contributors_manage_their_own_landing_zones_and_others_none(zones: Zones) -> None:
    contributor, stranger = zones.tenancy.key("bank", *CODES), zones.tenancy.key("shop", *CODES)
    await zones.make("of-team")

    own = await contributor.post(PATH, json=zones.body("of-bank", "bank"), headers=LANDING_ZONE)
    refused = await stranger.post(PATH, json=zones.body("of-shop", "shop"), headers=LANDING_ZONE)
    foreign = await contributor.put(f"{PATH}/of-team", json=zones.body("of-team"), headers=LANDING_ZONE)

    assert (own.status_code, foreign.status_code) == (201, 403)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "UnknownPlatform")
    assert (await contributor.delete(f"{PATH}/of-bank", headers=LANDING_ZONE)).status_code == 204


async def test_whoever_sees_the_platform_sees_its_landing_zones_unless_they_are_restricted(zones: Zones) -> None:
    hidden = a_platform("hidden", availability=an_availability("PUBLIC", "UNPUBLISHED"))
    platform = (await zones.admin.post(PLATFORMS, json=hidden, headers=PLATFORM)).json()["metadata"]["uuid"]
    await zones.make()
    await zones.make("restricted", restricted=True)
    await zones.admin.post(PATH, json=a_landing_zone(platform, "of-hidden"), headers=LANDING_ZONE)
    consumer, owner = zones.tenancy.key("shop", *CODES), zones.tenancy.key("team", "LANDINGZONE_LIST")

    async def names(key: Any, query: str = "") -> list[str]:
        listed = (await key.get(f"{PATH}{query}", headers=LANDING_ZONE)).json()
        return [item["metadata"]["name"] for item in listed["_embedded"]["meshLandingZones"]]

    assert await names(consumer) == ["mf-default"]
    assert await names(owner) == ["mf-default", "restricted", "of-hidden"]
    answers = [
        (await consumer.get(f"{PATH}/{name}", headers=LANDING_ZONE)).status_code
        for name in ("mf-default", "restricted", "of-hidden")
    ]
    assert answers == [200, 404, 404]
    assert (await consumer.delete(ONE, headers=LANDING_ZONE)).status_code == 403
    assert await names(owner, f"?platformUuid={platform}") == ["of-hidden"]
    assert await names(owner, "?restricted=true") == ["restricted"]
    assert await names(owner, "?identifier=mf-default&displayName=Default&ownedByWorkspace=team") == ["mf-default"]
    assert await names(owner, "?ownedByWorkspace=bank") == []


@pytest.mark.parametrize(
    ("spec", "seeing"),
    [
        ({"availability": an_availability("PUBLIC")}, ["bank", "shop"]),
        ({"availability": an_availability("PUBLIC", "UNPUBLISHED")}, []),
        ({"availability": an_availability("PRIVATE")}, []),
        ({"availability": an_availability("RESTRICTED", "PUBLISHED", "team", "shop")}, ["shop"]),
        ({"availability": an_availability("RESTRICTED", "UNPUBLISHED", "team", "shop")}, []),
        ({"availability": an_availability("PRIVATE"), "contributingWorkspaces": ["bank"]}, ["bank"]),
    ],
)
@pytest.mark.parametrize("begins", ["PUBLIC", "PRIVATE"])
async def test_landing_zones_follow_who_may_know_of_their_platform(
    zones: Zones, begins: str, spec: Any, seeing: list[str]
) -> None:
    path = f"{PLATFORMS}/{zones.platform}"
    before = await zones.admin.put(path, json=a_platform(availability=an_availability(begins)), headers=PLATFORM)
    await zones.make()
    after = await zones.admin.put(path, json=a_platform(**spec), headers=PLATFORM)
    assert (before.status_code, after.status_code) == (200, 200)
    # a change of the landing zone keeps what its platform says
    await zones.admin.put(ONE, json=zones.body(description="other"), headers=LANDING_ZONE)

    for workspace in ("team", "bank", "shop"):
        key = zones.tenancy.key(workspace, "LANDINGZONE_LIST")
        listed = (await key.get(PATH, headers=LANDING_ZONE)).json()["_embedded"]["meshLandingZones"]
        read = await key.get(ONE, headers=LANDING_ZONE)
        expected = workspace in ["team", *seeing]
        assert (len(listed), read.status_code) == ((1, 200) if expected else (0, 404))


async def test_a_landing_zone_is_disabled_and_enabled_again(zones: Zones) -> None:
    await zones.make()
    owner = zones.tenancy.key("team", *CODES)

    assert (await owner.post(f"{OWN}/disable")).json()["status"] == {"disabled": True, "restricted": False}
    assert (await owner.put(ONE, json=zones.body(), headers=LANDING_ZONE)).json()["status"]["disabled"]
    assert not (await owner.post(f"{OWN}/enable")).json()["status"]["disabled"]
    assert (await zones.tenancy.key("shop", *CODES).post(f"{OWN}/disable")).status_code == 403


async def test_a_platform_stays_while_it_has_landing_zones(zones: Zones) -> None:
    await zones.make("of-bank", "bank")

    refused = await zones.admin.delete(f"{PLATFORMS}/{zones.platform}", headers=PLATFORM)
    of_workspace = await zones.admin.delete("/api/meshobjects/meshworkspaces/bank", headers=WORKSPACE)

    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "platform 'mf-prod.global' is still used by landing zone 'of-bank'",
    )
    assert of_workspace.json()["message"] == "workspace 'bank' still has 1 landing zone"
    await zones.admin.delete(f"{PATH}/of-bank", headers=LANDING_ZONE)
    assert (await zones.admin.delete(f"{PLATFORMS}/{zones.platform}", headers=PLATFORM)).status_code == 204
