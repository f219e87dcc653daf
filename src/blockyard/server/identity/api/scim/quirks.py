"""What directories in use send in a PATCH, as the standard would say it.

Entra ID names paths where members of a value stand, puts `active` into a list, and removes people by lists with empty references;
Okta repeats what only the server writes. Sources: learn.microsoft.com "Known issues and resolutions with SCIM 2.0 protocol compliance
of the Microsoft Entra user provisioning service"; developer.okta.com "Update a specific group name".
"""

from collections.abc import Iterator, Mapping

from blockyard.server.kit.wire import WireJson

_READ_ONLY = frozenset({"id", "meta", "schemas", "groups"})
"""Members of a value that only the server writes, in lower case."""


def as_meant(body: Mapping[str, WireJson]) -> dict[str, WireJson]:
    """Return a PATCH whose operations say what their directory means; what is not known stays as it is."""
    operations = body.get("Operations")
    if not isinstance(operations, list):
        return dict(body)
    return {**body, "Operations": [part for one in operations for part in _parts(one)]}


def _parts(operation: WireJson) -> Iterator[WireJson]:
    if not isinstance(operation, dict):
        yield operation
        return
    path, value = operation.get("path"), operation.get("value")
    if not path and isinstance(value, dict):
        for name, member in value.items():
            if name.lower() not in _READ_ONLY:
                yield {**operation, "path": name, "value": _value(name, member)}
    elif isinstance(path, str):
        changed = {**operation, "value": _value(path, value)} if "value" in operation else operation
        yield _without_references(changed) if str(operation.get("op")).lower() == "remove" else changed
    else:
        yield operation


def _value(path: str, value: WireJson) -> WireJson:
    match value:
        case [{"value": wrapped}] if path.lower() == "active":
            return wrapped
        case _:
            return value


def _without_references(operation: dict[str, WireJson]) -> dict[str, WireJson]:
    """Return a removal whose values are found by what they are, whatever else a directory says of them."""
    value = operation.get("value")
    if not isinstance(value, list):
        return operation
    bare: list[WireJson] = [
        {"value": one["value"]} if isinstance(one, dict) and one.get("value") is not None else one for one in value
    ]
    return {**operation, "value": bare}
