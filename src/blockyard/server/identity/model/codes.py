"""The permission codes of the API. Source: api.md appendix A."""

from collections.abc import Iterable

_LSD = ("LIST", "SAVE", "DELETE")
_FULL = (
    "APIKEY",
    "BUILDINGBLOCK",
    "BUILDINGBLOCKDEFINITION",
    "BUILDINGBLOCKRUNNER",
    "COMMUNICATION",
    "COMMUNICATIONDEFINITION",
    "INTEGRATION",
    "LANDINGZONE",
    "PLATFORMINSTANCE",
    "PROJECT",
    "PROJECTPRINCIPALROLE",
    "SERVICEINSTANCE",
    "TENANT",
    "TFSTATE",
    "WORKSPACE",
    "WORKSPACEPRINCIPALBINDING",
)
"""Objects with LIST, SAVE and DELETE both plain and everywhere."""

PLAIN = frozenset(
    {f"{thing}_{verb}" for thing in _FULL for verb in _LSD}
    | {"BRAKE_LIST", "BRAKE_SAVE", "EVENTLOG_LIST", "PAYMENTMETHOD_LIST", "WORKSPACEUSERGROUP_LIST"}
    | {"TFSTATE_MAINTAIN", "TFSTATE_RESTORE"}
)
"""Codes for objects of the holder's own workspace."""

MANAGED = frozenset(
    {
        "MANAGED_BRAKE_PASS",
        "MANAGED_BUILDINGBLOCK_LIST",
        "MANAGED_BUILDINGBLOCK_SAVE",
        "MANAGED_BUILDINGBLOCKRUN_LIST",
        "MANAGED_BUILDINGBLOCKRUN_SAVE",
        "MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE",
        "MANAGED_TENANT_IMPORT",
        "MANAGED_TFSTATE_LIST",
        "MANAGED_TFSTATE_SAVE",
        "MANAGED_TFSTATE_DELETE",
        "MANAGED_TFSTATE_MAINTAIN",
        "MANAGED_TFSTATE_RESTORE",
    }
)
"""Codes for objects in other workspaces that the holder's workspace provides for."""

ADMIN = frozenset(
    {f"ADM_{code}" for code in PLAIN}
    | {f"ADM_{thing}_{verb}" for thing in ("PAYMENTMETHOD", "TAGDEFINITION", "USER") for verb in _LSD}
    | {
        "ADM_BRAKE_PASS",
        "ADM_BUILDINGBLOCKRUN_LIST",
        "ADM_BUILDINGBLOCKRUN_SAVE",
        "ADM_BUILDINGBLOCKRUNSOURCE_SAVE",
        "ADM_PROJECTROLE_DELETE",
        "ADM_PROJECTROLE_SAVE",
        "ADM_REVIEW_PUBLICATION",
        "ADM_TENANT_IMPORT",
    }
)
"""Codes for every object, whoever owns it."""

ALL = PLAIN | MANAGED | ADMIN
"""Every code an API key may hold."""

EPHEMERAL = (PLAIN | MANAGED) - {"MANAGED_BRAKE_PASS"}
"""Every code a definition version may ask for its runs; breaking the glass is for people."""

KNOWN = frozenset(code.removeprefix("ADM_").removeprefix("MANAGED_") for code in ALL)
"""What use cases ask for: the codes without the prefixes that say for whose objects one holds them."""

_OF_KIND = {
    thing: frozenset(code for code in KNOWN if code.rpartition("_")[0] == thing)
    for thing in {code.rpartition("_")[0] for code in KNOWN}
}


def checked(code: str) -> str:
    """Return a code that use cases may ask for. Raises LookupError: a misspelled one would let nobody in, or nobody notice."""
    if code not in KNOWN:
        raise LookupError(f"there is no permission code '{code}' in the table of codes")
    return code


def of_kind(code: str) -> frozenset[str]:
    """Return all codes for the kind of object that a code is for: `PROJECT_SAVE` and its like for `PROJECT_LIST`."""
    return _OF_KIND[checked(code).rpartition("_")[0]]


def everywhere(codes: Iterable[str]) -> frozenset[str]:
    """Return the codes held everywhere among `codes`, without their prefix."""
    return frozenset(code.removeprefix("ADM_") for code in codes if code.startswith("ADM_"))
