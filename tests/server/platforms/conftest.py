"""Fixtures of platforms."""

import pytest

from tests.support.places import a_platform_type
from tests.support.tenancy import PLATFORM_TYPE, Tenancy


@pytest.fixture
async def places(tenancy: Tenancy) -> Tenancy:
    """The server with what platforms stand on: the builders `team` and `bank`, locations, and the type MAINFRAME."""
    tenancy.builder("team", "bank", "shop")
    tenancy.seed_places()
    made = await tenancy.admin().post(
        "/api/meshobjects/meshplatformtypes", json=a_platform_type(), headers=PLATFORM_TYPE
    )
    assert made.status_code == 201
    return tenancy
