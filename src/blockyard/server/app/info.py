"""`GET /mesh/info`: what clients ask before anything else. Source: api.md 1.9."""

from fastapi import APIRouter
from pydantic import Field

from blockyard.server.kit.wire import WireModel

VERSION = "2026.34.0"
"""The version of the public API this server promises."""


class Info(WireModel):
    """Version and switches of this installation."""

    version: str = VERSION
    is_4ep_enabled: bool = Field(default=False, alias="is4EPEnabled")
    metadata: dict[str, str] = Field(default_factory=dict)
    admin_workspace_identifier: str


def info_routes(admin_workspace: str) -> APIRouter:
    """Return the route that needs no sign-in."""
    router = APIRouter(tags=["Installation"])
    info = Info(admin_workspace_identifier=admin_workspace)

    @router.get("/mesh/info")
    async def read_info() -> Info:
        """Return the version of the API and the switches of this installation."""
        return info

    return router
