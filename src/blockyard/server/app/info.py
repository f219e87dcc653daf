"""`GET /mesh/info`: what clients ask before anything else. Source: api.md 1.9."""

from fastapi import APIRouter
from pydantic import Field

from blockyard.server.issuer.model import CLIENT_ID
from blockyard.server.kit.wire import WireModel


class Info(WireModel):
    """Version and switches of this installation."""

    version: str
    is_4ep_enabled: bool = Field(default=False, alias="is4EPEnabled")
    metadata: dict[str, str] = Field(default_factory=dict)
    admin_workspace_identifier: str
    issuer: str
    cli_client_id: str


def info_routes(version: str, admin_workspace: str, issuer: str) -> APIRouter:
    """Return the route that needs no sign-in; `version` is that of the public API, which clients compare with their minimum."""
    router = APIRouter(tags=["Installation"])
    info = Info(version=version, admin_workspace_identifier=admin_workspace, issuer=issuer, cli_client_id=CLIENT_ID)

    @router.get("/mesh/info")
    async def read_info() -> Info:
        """Return the version of the API and the switches of this installation."""
        return info

    return router
