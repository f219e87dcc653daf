"""The rules of tags; plain Python."""

from blockyard.server.tags.model.definition import (
    MAX_DEFINITIONS,
    TagDefinition,
    TagDefinitionId,
    Tagged,
    Tags,
    TagSpec,
    TargetKind,
    parse_address,
)
from blockyard.server.tags.model.policy import (
    Policy,
    PolicyId,
    PolicySpec,
    Strategy,
    Subject,
    Violation,
    violated,
)
from blockyard.server.tags.model.rules import checked_tags
from blockyard.server.tags.model.value_types import ValueType, ValueTypeName, check_values

__all__ = [
    "MAX_DEFINITIONS",
    "Policy",
    "PolicyId",
    "PolicySpec",
    "Strategy",
    "Subject",
    "TagDefinition",
    "TagDefinitionId",
    "TagSpec",
    "Tagged",
    "Tags",
    "TargetKind",
    "ValueType",
    "ValueTypeName",
    "Violation",
    "check_values",
    "checked_tags",
    "parse_address",
    "violated",
]
