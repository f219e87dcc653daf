"""The route for identity tokens of runs. Source: concepts.md 14."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.identity import IdentityToken
from blockyard.protocol.names import Cloud
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.issuer.service import SigningKeys
from blockyard.server.kit.database import Database
from blockyard.server.kit.idempotency import shown_once
from blockyard.server.kit.routers import api_router
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunIdentities


def identity_token_routes(db: Database, identities: RunIdentities, keys: SigningKeys) -> APIRouter:
    """Return the route."""
    router = api_router(prefix="/api/blockyard/v1/runs/{run_id}/identity-tokens", tags=["runs"])

    @router.post("/{cloud}")
    async def sign_identity_token(
        request: Request, response: Response, run_id: UUID, cloud: Cloud, principal: CurrentPrincipal
    ) -> IdentityToken:
        """Sign an identity token of a run for a cloud; only the attempt that works on the run gets one."""
        shown_once(request)
        response.headers["Cache-Control"] = "no-store"
        await keys.provide(db)
        return await db.read(lambda tx: identities.token(tx, principal, RunId(run_id), cloud))

    return router
