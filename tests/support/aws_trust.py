"""What AWS decides by a role's trust policy: who may assume the role, with which token, tags and external id.

The part of the policy language that trust policies use. Whatever else a policy says is an error here, not a permission.
Source: AWS IAM User Guide, "IAM JSON policy elements".
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Values = Mapping[str, Collection[str]]
"""What conditions are asked about: one or more values by key; a key that is missing matches nothing."""


@dataclass(frozen=True)
class Request:
    """Somebody wants to assume a role.

    Attributes:
        action: such as `sts:AssumeRole`; several where one call needs more than one permission.
        principal: ARN of the caller, of the identity provider, or `*`.
        context: what the conditions of the policy may ask about.
    """

    actions: tuple[str, ...]
    principals: frozenset[str]
    context: Values = field(default_factory=dict)


def refusal(policy: Any, request: Request) -> str | None:
    """Return why a trust policy does not let a request pass, as a test reads it; None if it does."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = _listed(document["Statement"])
    for action in request.actions:
        reasons = [_reason(statement, action, request) for statement in statements]
        if not any(reason is None for reason in reasons):
            return f"{action}: " + "; ".join(str(reason) for reason in reasons)
    return None


def _reason(statement: Any, action: str, request: Request) -> str | None:
    assert statement["Effect"] == "Allow", "only what is allowed is understood here"
    if action not in _listed(statement["Action"]):
        return "the action is not named"
    named = {one for kind in statement["Principal"].values() for one in _listed(kind)}
    if not named & request.principals:
        return f"the principal is none of {sorted(named)}"
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            values = request.context.get(key, ())
            if not _OPERATORS[operator](values, _listed(wanted)):
                return f"{operator} {key}: {sorted(values)} is none of {_listed(wanted)}"
    return None


def _equals(values: Collection[str], wanted: list[str]) -> bool:
    return any(value in wanted for value in values)


def _like(values: Collection[str], wanted: list[str]) -> bool:
    return any(fnmatchcase(value, re.sub(r"([\[\]])", "[\\1]", pattern)) for value in values for pattern in wanted)


def _all_equal(values: Collection[str], wanted: list[str]) -> bool:
    return all(value in wanted for value in values)


_OPERATORS: Mapping[str, Callable[[Collection[str], list[str]], bool]] = {
    "StringEquals": _equals,
    "StringLike": _like,
    "ForAllValues:StringEquals": _all_equal,
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
