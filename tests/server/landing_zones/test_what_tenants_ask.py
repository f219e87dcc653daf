"""What tenants ask of platforms and landing zones, and what happens at the same time. Source: api.md 3.11, concepts.md 4."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.landing_zones.model import LandingZone
from blockyard.server.platforms.model import Platform, PlatformId
from tests.support.places import a_landing_zone, a_platform, a_platform_type, an_availability
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tenancy import LANDING_ZONE, PLATFORM, PLATFORM_TYPE, Tenancy

pytestmark = pytest.mark.anyio
ZONES = "/api/meshobjects/meshlandingzones"
PLATFORMS = "/api/meshobjects/meshplatforms"


class Asked:
    """Asks the services in transactions of their own."""

    def __init__(self, tenancy: Tenancy) -> None:
        self.tenancy, self.admin = tenancy, tenancy.admin()
        self.platforms, self.zones = tenancy.services.platforms, tenancy.services.landing_zones

    async def platform(self, name: str, *availability: str, **spec: Any) -> PlatformId:
        """Make a platform of `team`."""
        sent = a_platform(name, availability=an_availability(*availability), **spec)
        made = await self.admin.post(PLATFORMS, json=sent, headers=PLATFORM)
        return PlatformId(UUID(made.json()["metadata"]["uuid"]))

    async def zone(self, platform: PlatformId, name: str, workspace: str = "team", **spec: Any) -> None:
        """Make a landing zone."""
        sent = a_landing_zone(str(platform), name, workspace, **spec)
        made = await self.admin.post(ZONES, json=sent, headers=LANDING_ZONE)
        assert made.status_code == 201, made.text

    def usable(self, workspace: str, platform: PlatformId) -> Platform:
        """Return a platform that a workspace may use. Raises Invalid."""
        ask = self.platforms.require_usable
        return self.tenancy.db.write_now(lambda tx: ask(tx, workspace, platform, field="/spec/platformRef/uuid"))

    def zone_of(self, principal: Principal, workspace: str, name: str, platform: PlatformId) -> LandingZone:
        """Return a landing zone that a workspace may use. Raises Invalid."""

        def ask(tx: Transaction) -> LandingZone:
            return self.zones.require_usable(
                tx, principal, workspace, name, platform, field="/spec/landingZoneRef/name"
            )

        return self.tenancy.db.write_now(ask)

    def choice(self, workspace: str, platform: PlatformId) -> list[str]:
        """Return the names of the landing zones that a workspace may choose from."""
        found = self.tenancy.db.read_now(lambda tx: self.zones.usable_of(tx, workspace, platform))
        return [zone.name for zone in found.items]


@pytest.fixture
async def asked(tenancy: Tenancy) -> Asked:
    """What platforms stand on."""
    tenancy.builder("team", "bank", "shop")
    tenancy.seed_places()
    await tenancy.admin().post("/api/meshobjects/meshplatformtypes", json=a_platform_type(), headers=PLATFORM_TYPE)
    return Asked(tenancy)


async def test_a_platform_is_usable_for_its_owner_and_for_whom_it_is_published(asked: Asked) -> None:
    hidden = await asked.platform("hidden", "PUBLIC", "UNPUBLISHED", contributingWorkspaces=["bank"])
    for_bank = await asked.platform("for-bank", "RESTRICTED", "PUBLISHED", "bank")
    private = await asked.platform("private", "PRIVATE", "PUBLISHED")
    public = await asked.platform("public", "PUBLIC")

    users = {hidden: ["team"], for_bank: ["team", "bank"], private: ["team"], public: ["team", "bank", "shop"]}
    for platform_id, workspaces in users.items():
        for workspace in workspaces:
            assert asked.usable(workspace, platform_id).id == platform_id
        for workspace in {"team", "bank", "shop"} - {*workspaces}:
            with pytest.raises(Invalid) as refused:
                asked.usable(workspace, platform_id)
            assert (refused.value.code, refused.value.field) == ("UnknownPlatform", "/spec/platformRef/uuid")
    platform = asked.usable("shop", public)
    assert (platform.identifier, platform.type_name) == ("public.global", "MAINFRAME")
    assert [quota.quota_key for quota in platform.quota_definitions] == ["limits.cpu"]
    by_identifier = asked.tenancy.db.read_now(lambda tx: asked.platforms.with_identifier(tx, "public.global"))
    assert by_identifier == platform


async def test_a_landing_zone_is_usable_unless_it_is_restricted_disabled_or_elsewhere(asked: Asked) -> None:
    public, other = await asked.platform("public", "PUBLIC"), await asked.platform("other", "PUBLIC")
    await asked.zone(public, "open", quotas=[{"key": "limits.cpu", "value": 4}])
    await asked.zone(public, "closed", restricted=True)
    await asked.zone(public, "off")
    await asked.admin.post("/api/blockyard/v1/landingzones/off/disable")
    shop = a_key("shop")

    assert asked.zone_of(shop, "shop", "open", public).quotas == {"limits.cpu": 4}
    assert asked.zone_of(a_key("team"), "team", "closed", public).restricted
    assert asked.zone_of(ADMINISTRATOR, "shop", "closed", public).restricted
    for name, platform, code in (
        ("closed", public, "UnknownLandingZone"),
        ("open", other, "UnknownLandingZone"),
        ("none", public, "UnknownLandingZone"),
        ("off", public, "DisabledLandingZone"),
    ):
        with pytest.raises(Invalid) as refused:
            asked.zone_of(shop, "shop", name, platform)
        assert refused.value.code == code
    assert (asked.choice("shop", public), asked.choice("team", public)) == (["open"], ["open", "closed"])


async def test_no_landing_zone_is_made_of_a_platform_that_is_deleted_meanwhile(asked: Asked) -> None:
    for number in range(8):
        platform = await asked.platform(f"pf-{number}", "PUBLIC")
        sent = a_landing_zone(str(platform), f"lz-{number}")

        created, deleted = await asyncio.gather(
            asked.admin.post(ZONES, json=sent, headers=LANDING_ZONE),
            asked.admin.delete(f"{PLATFORMS}/{platform}", headers=PLATFORM),
        )

        assert (created.status_code, deleted.status_code) in {(201, 409), (400, 204)}
