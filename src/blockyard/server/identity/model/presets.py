"""Ready lists of codes for API keys that people make again and again. Source: concepts.md 19."""

from collections.abc import Mapping
from dataclasses import dataclass

from blockyard.server.identity.model.codes import EPHEMERAL


@dataclass(frozen=True, slots=True)
class Preset:
    """A list of codes with a name, and what a key with these is for."""

    description: str
    permissions: frozenset[str]


_LISTS = frozenset(code for code in EPHEMERAL if code.endswith("_LIST"))
_STATES = frozenset({"TFSTATE_LIST", "MANAGED_TFSTATE_LIST"})
"""States hold what modules were given, secrets too."""

_READ_ONLY = _LISTS - _STATES

PRESETS: Mapping[str, Preset] = {
    "read-only": Preset("Looks at everything of the workspace but states, and changes nothing.", _READ_ONLY),
    "plan": Preset(
        "Plans but does not apply: reads everything that a plan compares, states too, and changes nothing.", _LISTS
    ),
    "order": Preset(
        "Orders and changes projects, tenants and building blocks, but deletes nothing.",
        _READ_ONLY | {"BUILDINGBLOCK_SAVE", "PROJECT_SAVE", "TENANT_SAVE"},
    ),
}
"""The presets by name. None has a code that deletes, or one that reaches everything."""
