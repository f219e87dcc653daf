"""What clouds read before they trust identity tokens: the discovery document of the issuer. Its keys are those of the protocol."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.issuer.api.protocol import KEYS, KEYS_SECONDS
from blockyard.server.issuer.model.workload import Installation
from blockyard.server.issuer.service import SigningKeys

DISCOVERY = "/.well-known/openid-configuration"
_CLAIMS = ("iss", "sub", "aud", "jti", "iat", "nbf", "exp")


def workload_routes(keys: SigningKeys, installation: Installation) -> APIRouter:
    """Return the route of the discovery document, which everybody may read and keep for a while."""
    router = APIRouter(include_in_schema=False)
    document = discovery(keys, installation)

    @router.get(DISCOVERY)
    async def read_workload_discovery() -> Response:
        return JSONResponse(document, headers={"Cache-Control": f"public, max-age={KEYS_SECONDS}"})

    return router


def discovery(keys: SigningKeys, installation: Installation) -> JsonObject:
    """Return what a cloud needs to know. Source: OpenID Connect Discovery 1.0 section 3."""
    algorithms: list[Json] = [algorithm.value for algorithm in keys.wanted]
    return {
        "issuer": installation.issuer,
        "jwks_uri": installation.issuer + KEYS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "claims_supported": [*_CLAIMS],
    }
