"""Conditions of inputs: a part of CEL that is parsed with a grammar, checked for types, and evaluated within bounds.

The part is that of api.md 3.17: comparisons, `&& || !`, `in`, startsWith, endsWith, contains, size, arithmetic of integers, and
`input.<key>`. It has no loop and makes no text, so what an expression costs is bounded by its length and by the texts that it
searches, which share a budget (decision 57).

An input without a value is null. What cannot be decided, such as `input.size > 3` without a size, is false; as everywhere in
CEL, `&&` and `||` are decided where one side is enough.
"""

from blockyard.server.definitions.model.conditions.evaluation import Values
from blockyard.server.definitions.model.conditions.expressions import (
    MAX_CONDITION_CHARACTERS,
    ConditionError,
    Node,
    parsed,
)
from blockyard.server.definitions.model.conditions.kinds import Kind, check_condition
from blockyard.server.definitions.model.conditions.trees import tree_of

__all__ = [
    "MAX_CONDITION_CHARACTERS",
    "ConditionError",
    "Kind",
    "Node",
    "Values",
    "check_condition",
    "parsed",
    "tree_of",
]
