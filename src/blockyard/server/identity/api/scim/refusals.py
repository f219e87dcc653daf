"""Refusals that no route of SCIM makes, in the shape of the standard. Source: RFC 7644 §3.12."""

from http import HTTPStatus

from fastapi import Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import JsonObject

_TYPES = {"MalformedJson": "invalidSyntax", "InvalidRequest": "invalidSyntax"}
"""What the standard calls reasons, by our codes."""


def scim_problem(status: HTTPStatus, code: str, detail: str, headers: dict[str, str] | None) -> Response:
    """Return an error answer to a directory; without the library, which nobody needs to be refused."""
    body: JsonObject = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": str(int(status)),
        "detail": detail,
    }
    if code in _TYPES:
        body["scimType"] = _TYPES[code]
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/scim+json")
