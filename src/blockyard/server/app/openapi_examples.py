"""Examples in the OpenAPI document: what a request that makes or changes an object of each kind looks like. Source: api.md 3."""

import json
from collections.abc import Mapping
from importlib.resources import files

from blockyard.protocol.jsontypes import Json, JsonObject

_MEDIA = "application/vnd.meshcloud.api."
_METHODS = ("post", "put")


def add_examples(paths: JsonObject) -> None:
    """Add the example of its kind, or of its version where that has one, to every body that makes or changes an object."""
    examples = _read()
    for path in paths.values():
        for method in _METHODS:
            operation = path.get(method) if isinstance(path, dict) else None
            for media, content in _bodies(operation).items():
                kind, _, version = media.removeprefix(_MEDIA).removesuffix(".hal+json").partition(".")
                example = examples.get(f"{kind}.{version}", examples.get(kind))
                if media.startswith(_MEDIA) and example is not None and isinstance(content, dict):
                    content["example"] = example


def _read() -> Mapping[str, JsonObject]:
    found: Mapping[str, JsonObject] = json.loads(
        files(__package__ or "").joinpath("examples.json").read_text(encoding="utf-8")
    )
    return found


def _bodies(operation: Json) -> JsonObject:
    body = operation.get("requestBody") if isinstance(operation, dict) else None
    content = body.get("content") if isinstance(body, dict) else None
    return content if isinstance(content, dict) else {}
