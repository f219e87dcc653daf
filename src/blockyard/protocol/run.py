"""The run document: what a claim answers and a runner executes. Source: runner.md 1.5."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue, field_validator

from blockyard.protocol.binding import SealedFor
from blockyard.protocol.identity import RunIdentity
from blockyard.protocol.names import (
    RUNNER_TYPES,
    SEALED_TYPES,
    Behavior,
    ImplementationType,
    InputType,
    MaintenanceCommand,
    OutputType,
    RunStatus,
    StepStatus,
)
from blockyard.protocol.wire import WireModel

__all__ = [
    "RUNNER_TYPES",
    "SEALED_TYPES",
    "AzureDevopsImplementation",
    "Behavior",
    "GithubImplementation",
    "GitlabImplementation",
    "Implementation",
    "ImplementationType",
    "InputType",
    "KnownHost",
    "Link",
    "ManualImplementation",
    "OutputType",
    "ParentBlock",
    "RunBlock",
    "RunBlockSpec",
    "RunDefinition",
    "RunDefinitionSpec",
    "RunDocument",
    "RunInput",
    "RunLinks",
    "RunMetadata",
    "RunSpec",
    "RunStatus",
    "StepStatus",
    "TerraformImplementation",
    "Trigger",
    "TriggerAuthor",
]


class RunInput(WireModel):
    """One input. A sensitive value of a sealed type is an envelope until somebody opens it."""

    key: str
    value: JsonValue = Field(repr=False)
    type: InputType
    is_sensitive: bool = False
    is_environment: bool = False
    sealed_for: SealedFor | None = None
    """The place a bound envelope belongs to."""
    is_renamed: bool | None = None
    """Whether it was entered for an input that had another name then; documents say it only of such."""

    @field_validator("is_sensitive", "is_environment", mode="before")
    @classmethod
    def _null_is_false(cls, value: object) -> object:
        return False if value is None else value

    @property
    def is_sealed(self) -> bool:
        """Whether the value is an envelope for the runner's key."""
        return self.is_sensitive and self.type in SEALED_TYPES


class KnownHost(WireModel):
    """The SSH host key a repository's host must show."""

    host: str
    key_type: str
    key_value: str


class TerraformImplementation(WireModel):
    """An OpenTofu (or Terraform up to 1.5.5) module in a git repository."""

    type: Literal["TERRAFORM"] = "TERRAFORM"
    terraform_version: str
    repository_url: str = Field(repr=False)
    repository_path: str | None = None
    ref_name: str | None = None
    ssh_private_key: str | None = Field(default=None, repr=False)
    """Envelope; absent when unused, never empty."""
    sealed_for: Mapping[str, SealedFor] | None = None
    """The places bound envelopes of members belong to."""
    known_host: KnownHost | None = None
    is_async: bool = Field(default=False, alias="async")
    use_mesh_http_backend_fallback: bool = False
    pre_run_script: str | None = None


class GithubImplementation(WireModel):
    """A GitHub Actions workflow."""

    type: Literal["GITHUB_WORKFLOW"] = "GITHUB_WORKFLOW"
    github_base_url: str = "https://api.github.com"
    owner: str
    app_id: str = Field(coerce_numbers_to_str=True)
    app_pem: str = Field(repr=False)
    sealed_for: Mapping[str, SealedFor] | None = None
    repository: str
    branch: str
    apply_workflow: str
    destroy_workflow: str | None = None
    is_async: bool = Field(default=False, alias="async")
    omit_run_object_input: bool = False


class GitlabImplementation(WireModel):
    """A GitLab pipeline; always asynchronous."""

    type: Literal["GITLAB_CICD"] = "GITLAB_CICD"
    gitlab_base_url: str
    project_id: str = Field(coerce_numbers_to_str=True)
    ref_name: str
    pipeline_trigger_token: str = Field(repr=False)
    sealed_for: Mapping[str, SealedFor] | None = None


class AzureDevopsImplementation(WireModel):
    """An Azure DevOps pipeline."""

    type: Literal["AZURE_DEVOPS"] = "AZURE_DEVOPS"
    azure_dev_ops_base_url: str = Field(alias="azureDevOpsBaseUrl")
    organization: str
    project: str
    pipeline_id: str = Field(coerce_numbers_to_str=True)
    personal_access_token: str = Field(repr=False)
    sealed_for: Mapping[str, SealedFor] | None = None
    is_async: bool = Field(default=False, alias="async")
    ref_name: str | None = None


class ManualImplementation(WireModel):
    """Work done by people; the runner only echoes the inputs."""

    type: Literal["MANUAL"] = "MANUAL"


Implementation: TypeAlias = Annotated[
    TerraformImplementation
    | GithubImplementation
    | GitlabImplementation
    | AzureDevopsImplementation
    | ManualImplementation,
    Field(discriminator="type"),
]


class ParentBlock(WireModel):
    """A building block this one depends on."""

    building_block_uuid: str
    definition_uuid: str


class RunBlockSpec(WireModel):
    """The building block as the run sees it."""

    display_name: str = ""
    workspace_identifier: str
    project_identifier: str | None = None
    full_platform_identifier: str | None = None
    inputs: tuple[RunInput, ...] = ()
    parent_building_blocks: tuple[ParentBlock, ...] = ()

    @field_validator("inputs", "parent_building_blocks", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return () if value is None else value


class RunBlock(WireModel):
    """The building block a run works on."""

    uuid: str
    spec: RunBlockSpec


class RunDefinitionSpec(WireModel):
    """The definition version a run executes."""

    workspace_identifier: str = ""
    """The workspace that owns the definition."""
    version: int = 1
    implementation: Implementation


class RunDefinition(WireModel):
    """The definition of the building block."""

    uuid: str
    spec: RunDefinitionSpec


class TriggerAuthor(WireModel):
    """Who caused a run."""

    identifier: str | None = None
    type: str | None = None
    display_name: str | None = None
    username: str | None = None
    email: str | None = None
    euid: str | None = None


class Trigger(WireModel):
    """Why a run exists. `reason` is open: a newer server may know more of them."""

    reason: str
    author: TriggerAuthor | None = None


class Maintenance(WireModel):
    """Work on the state itself, by the engine; `arguments` are addresses and ids."""

    command: MaintenanceCommand
    arguments: tuple[str, ...]


class RunSpec(WireModel):
    """What to do, with what, on whose behalf."""

    run_number: int = 0
    behavior: Behavior
    run_token: str | None = Field(default=None, repr=False)
    """Only in the answer to a claim."""
    building_block: RunBlock
    building_block_definition: RunDefinition
    trigger: Trigger | None = None
    former_inputs: tuple[RunInput, ...] | None = Field(default=None, repr=False)
    """Sensitive inputs of the last run that applied: the state may hold their values. Only for Blockyard's runner, which masks them."""
    workload_identity: RunIdentity | None = None
    """Which identity tokens the run may have; only for Blockyard's runner, which fetches them."""
    maintenance: Maintenance | None = None
    """Instead of a plan; only for Blockyard's runner."""
    trust_test: bool | None = None
    """Instead of a plan the identity tokens of the run are exchanged for credentials, which are thrown away."""


class Link(WireModel):
    """A HAL link."""

    href: str
    templated: bool | None = None
    sha256: str | None = None
    """Of what is there, where that must not differ; only Blockyard says so, and only to its own runner."""


class RunLinks(WireModel):
    """Where to report, and what else belongs to the run."""

    self_: Link | None = Field(default=None, alias="self")
    register_source: Link | None = None
    update_source: Link | None = None
    meshstack_base_url: Link | None = None
    plan_artifact: Link | None = None
    """Present only when the saved plan of a DETECT run is to be applied."""
    download_logs: Link | None = None
    log: Link | None = Field(default=None, alias="blockyard:log")
    heartbeat: Link | None = Field(default=None, alias="blockyard:heartbeat")
    release: Link | None = Field(default=None, alias="blockyard:release")
    identity: Link | None = Field(default=None, alias="blockyard:identity")


class RunMetadata(WireModel):
    """Which run this is."""

    uuid: str = Field(min_length=1)


class RunDocument(WireModel):
    """A run, as claimed or read."""

    kind: Literal["meshBuildingBlockRun"] = "meshBuildingBlockRun"
    api_version: str = "v1"
    metadata: RunMetadata
    spec: RunSpec
    status: RunStatus = RunStatus.IN_PROGRESS
    links: RunLinks = Field(default_factory=RunLinks, alias="_links")
