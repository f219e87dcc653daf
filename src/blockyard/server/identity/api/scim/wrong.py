"""What is wrong with what a directory sends, in plain words: the path of the attribute, and what to do."""

from collections.abc import Mapping

from pydantic import ValidationError
from scim2_models import Error

from blockyard.diagnosis.validation import in_words

_WORDS: Mapping[str, str] = {
    "scim_invalidFilter": 'cannot be read: send a filter such as userName eq "jane"',
    "scim_invalidPath": "cannot be read: send the path of an attribute, such as name.givenName",
    "scim_noTarget": "names nothing that can be changed: send the path of an attribute",
    "scim_mutability": "changes what never changes, or what only the server says: leave it out",
}
"""By the library's kind of error, as the rest of a sentence that begins with the path of the attribute."""


def first_wrong(error: ValidationError) -> Error:
    """Return the first thing that is wrong, in the shape of the standard."""
    first = error.errors()[0]
    found = Error.from_validation_error(first)
    path = _path(first["loc"])
    kind, context = first["type"], first.get("ctx", {})
    if kind == "required_error":
        found.detail = f"{context['field_name']} is missing: send a value"
    elif kind == "schema_error":
        found.detail = f"schemas must name {context['schema']}: add it"
    elif kind in _WORDS:
        found.detail = f"{path or 'the operation'} {_WORDS[kind]}"
    elif not kind.startswith("scim_"):
        found.detail = f"{path or 'the body'} {in_words(first)}: correct it and send the request again"
    elif first["loc"]:
        found.detail = f"{path}: {found.detail}"
    elif "Operations" not in (found.detail or "") and "operations" in (found.detail or ""):
        found.detail = "Operations must have at least one operation: send what to change"
    return found


def _path(loc: tuple[int | str, ...]) -> str:
    """Return the path of an attribute: `emails[0].value`."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
