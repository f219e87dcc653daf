"""Completes the OpenAPI document: links, the one shape of refusals, and no 422 of the framework, which is 400 here."""

from collections.abc import Callable

from fastapi import FastAPI

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.app.openapi_examples import add_examples
from blockyard.server.app.openapi_links import add_links

PROBLEM: JsonObject = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was refused, and what to do.",
    "required": ["status", "error", "errorCode", "message", "field", "remedy", "timestamp", "path"],
    "properties": {
        "status": {"type": "integer"},
        "error": {"type": "string", "description": "The name of the status."},
        "errorCode": {"type": "string", "description": "Stable: programs may compare it."},
        "message": {"type": "string"},
        "field": {"type": ["string", "null"], "description": "JSON pointer to the member, or the parameter."},
        "remedy": {"type": "string", "description": "What to do about it."},
        "timestamp": {"type": "string", "format": "date-time"},
        "path": {"type": "string"},
    },
}

_CONTENT: JsonObject = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSALS: JsonObject = {
    "4XX": {"description": "Refused: the body says why and what to do.", "content": _CONTENT},
    "503": {"description": "Not possible now: try again.", "content": _CONTENT},
}
_OF_THE_FRAMEWORK = ("HTTPValidationError", "ValidationError")


def complete_document(app: FastAPI) -> None:
    """Make the document of `app` tell of refusals as they are."""
    app.openapi = _completed(app.openapi)  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _completed(draw: Callable[[], JsonObject]) -> Callable[[], JsonObject]:
    document: JsonObject = {}

    def complete() -> JsonObject:
        if not document:
            document.update(draw())
            _complete(document)
        return document

    return complete


def _complete(document: JsonObject) -> None:
    schemas = _member(_member(document, "components"), "schemas")
    for name in _OF_THE_FRAMEWORK:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    paths = _member(document, "paths")
    add_links(paths)
    add_examples(paths)
    for path in paths.values():
        for operation in path.values() if isinstance(path, dict) else ():
            responses = _member(operation, "responses")
            responses.pop("422", None)
            responses |= {status: answer for status, answer in _REFUSALS.items() if status not in responses}


def _member(parent: Json, name: str) -> JsonObject:
    member = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(member, dict):
        raise TypeError(f"the document has no {name}")
    return member
