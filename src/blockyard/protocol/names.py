"""The closed vocabularies of runs, in plain Python: behaviors, states, types. Source: runner.md 1.5."""

from enum import StrEnum
from typing import Final


class Behavior(StrEnum):
    """What a run does with its building block."""

    APPLY = "APPLY"
    DETECT = "DETECT"
    DESTROY = "DESTROY"


class RunStatus(StrEnum):
    """Where a run is."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


class StepStatus(StrEnum):
    """Where a step of a run is."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


class InputType(StrEnum):
    """The type of an input value. `LIST` is a legacy form of `CODE`."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    CODE = "CODE"
    SINGLE_SELECT = "SINGLE_SELECT"
    MULTI_SELECT = "MULTI_SELECT"
    FILE = "FILE"
    LIST = "LIST"


class OutputType(StrEnum):
    """The type of an output value on the wire of a run."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    CODE = "CODE"


class ImplementationType(StrEnum):
    """The implementation types of runs; runner objects name two of them differently, see `RUNNER_TYPES`."""

    TERRAFORM = "TERRAFORM"
    GITHUB_WORKFLOW = "GITHUB_WORKFLOW"
    GITLAB_CICD = "GITLAB_CICD"
    AZURE_DEVOPS = "AZURE_DEVOPS"
    MANUAL = "MANUAL"


RUNNER_TYPES: dict[ImplementationType, str] = {
    ImplementationType.TERRAFORM: "TERRAFORM",
    ImplementationType.GITHUB_WORKFLOW: "GITHUB_WORKFLOW",
    ImplementationType.GITLAB_CICD: "GITLAB_PIPELINE",
    ImplementationType.AZURE_DEVOPS: "AZURE_DEVOPS_PIPELINE",
    ImplementationType.MANUAL: "MANUAL",
}
"""What the `implementationType` of a runner object calls an implementation type. Source: runner.md 1.5.3."""

TYPES_BY_NAME = {name: kind for kind, name in RUNNER_TYPES.items()} | {kind.value: kind for kind in ImplementationType}
"""The implementation types by either name."""

SEALED_TYPES = frozenset({InputType.STRING, InputType.CODE, InputType.FILE})
"""Sensitive inputs of these types carry an envelope; of others the value is used verbatim. Source: runner.md 2.4."""

SECRET_MEMBERS = frozenset({"sshPrivateKey", "appPem", "pipelineTriggerToken", "personalAccessToken"})
"""The members of implementations that are envelopes. Source: runner.md 2.4."""


class FailureCause(StrEnum):
    """Whose matter the failure of a run is."""

    INPUT = "INPUT"
    """A value that somebody entered."""
    MODULE = "MODULE"
    """The automation of the building block itself."""
    CREDENTIALS = "CREDENTIALS"
    """What the automation signs in with, and what that may do."""
    CAPACITY = "CAPACITY"
    """A quota, or a platform that has no room at the moment."""
    TRANSIENT = "TRANSIENT"
    """A disturbance that passes by itself."""
    PLATFORM = "PLATFORM"
    """The platform refused: a policy, or something that is in the way there."""
    PRODUCT = "PRODUCT"
    """Blockyard itself, its runners, or how they are set up."""


class MaintenanceCommand(StrEnum):
    """What an engine does with a state itself."""

    STATE_RM = "STATE_RM"
    STATE_MV = "STATE_MV"
    IMPORT = "IMPORT"
    TAINT = "TAINT"
    UNTAINT = "UNTAINT"


class ChangeAction(StrEnum):
    """What becomes of a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    MOVE = "move"
    """It is known by another address, and nothing else changes."""
    IMPORT = "import"
    """It is there already and is managed from now on; nothing else changes."""
    FORGET = "forget"
    """It stays, and is not managed any more."""


class Cloud(StrEnum):
    """Who exchanges identity tokens of runs for credentials."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


TOKEN_PATHS: Final = {cloud: f"/var/run/secrets/workload-identity/{cloud.value}/token" for cloud in Cloud}
"""Where modules and inputs expect the token of a cloud. Source: concepts.md 14."""
