"""Which quotas a new tenant gets. Source: api.md 3.11, concepts.md 4."""

from collections.abc import Mapping

from blockyard.server.kit.errors import Invalid
from blockyard.server.platforms.model import QuotaDefinition


def applied_quotas(
    definitions: Mapping[str, QuotaDefinition],
    defaults: Mapping[str, int],
    requested: Mapping[str, int],
    *,
    approves: bool,
    at: str = "/spec/requestedQuotas",
) -> Mapping[str, int]:
    """Return the defaults of the landing zone overlaid by what is requested.

    `approves` says that the caller may approve any value, `at` where the request has the values.

    Raises:
        Invalid: the platform has no such quota, or the value is out of its range or needs an approval.
    """
    for key, value in requested.items():
        definition = definitions.get(key)
        if definition is None:
            raise _refusal(
                f"{at}/{_escaped(key)}/value",
                f"the platform has no quota '{key}'",
                "UnknownQuota",
                f"Request one of: {', '.join(sorted(definitions))}." if definitions else "Request no quotas.",
            )
        if not definition.min_value <= value <= definition.max_value:
            raise _refusal(
                f"{at}/{_escaped(key)}/value",
                f"Quota '{key}': {value} is out of range [{definition.min_value}, {definition.max_value}]",
                "QuotaOutOfRange",
                "Send a value in this range.",
            )
        granted = max(definition.auto_approval_threshold, defaults.get(key, definition.min_value))
        if not approves and value > granted:
            raise _refusal(
                f"{at}/{_escaped(key)}/value",
                f"Quota '{key}': {value} needs an approval; without one up to {granted} are possible",
                "QuotaNeedsApproval",
                "Request less, or ask an administrator to make the tenant.",
            )
    return {**defaults, **requested}


def _refusal(field: str, message: str, code: str, remedy: str) -> Invalid:
    return Invalid(message, code=code, field=field, remedy=remedy)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
