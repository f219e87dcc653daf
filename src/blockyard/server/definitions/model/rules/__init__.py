"""What a definition and a version must obey when they are saved; pure functions that raise Invalid with field and remedy."""

from blockyard.server.definitions.model.rules.definition import (
    DEFAULT_SYMBOL,
    PLATFORMS_FIELD,
    check_definition,
)
from blockyard.server.definitions.model.rules.dependencies import (
    MAX_DEPENDENCIES,
    Parent,
    check_consumed_outputs,
    check_graph,
    check_parents,
)
from blockyard.server.definitions.model.rules.identities import check_identity
from blockyard.server.definitions.model.rules.implementations import (
    check_implementation,
    has_credentials,
    normalized_secrets,
)
from blockyard.server.definitions.model.rules.inputs import check_inputs, check_kept_inputs
from blockyard.server.definitions.model.rules.migrations import check_migrations
from blockyard.server.definitions.model.rules.outputs import check_outputs, derived_outputs
from blockyard.server.definitions.model.rules.permissions import check_permissions
from blockyard.server.definitions.model.rules.policies import check_policies
from blockyard.server.definitions.model.rules.warnings import Warning_, lacks_destroy_workflow, warnings_of

__all__ = [
    "DEFAULT_SYMBOL",
    "MAX_DEPENDENCIES",
    "PLATFORMS_FIELD",
    "Parent",
    "Warning_",
    "check_consumed_outputs",
    "check_definition",
    "check_graph",
    "check_identity",
    "check_implementation",
    "check_inputs",
    "check_kept_inputs",
    "check_migrations",
    "check_outputs",
    "check_parents",
    "check_permissions",
    "check_policies",
    "derived_outputs",
    "has_credentials",
    "lacks_destroy_workflow",
    "normalized_secrets",
    "warnings_of",
]
