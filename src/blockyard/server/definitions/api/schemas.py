"""Wire schemas of versions, and their way to the model. Source: api.md 3.17, 2.2, 2.4."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import VERSION, VERSION_V1
from blockyard.protocol.names import Cloud, ImplementationType
from blockyard.server.definitions.api.defects import DefectOut
from blockyard.server.definitions.model import (
    AssignmentType,
    DeclaredType,
    DefinitionId,
    DeletionMode,
    InputKind,
    InputSpec,
    OutputAssignment,
    OutputSpec,
    VersionContent,
    VersionRequest,
    VersionState,
    input_pointer,
)
from blockyard.server.definitions.model.adaptive import DependentDefault, InputCheck, OptionSource
from blockyard.server.definitions.model.conditions import MAX_CONDITION_CHARACTERS
from blockyard.server.definitions.model.implementation import MANUAL, WIRE_NAMES, Implementation
from blockyard.server.definitions.model.json_schemas import MAX_SCHEMA_CHARACTERS
from blockyard.server.definitions.model.migrations import InputMigration, MigrationAction
from blockyard.server.issuer.model.workload import NO_OPTIONS, IdentityOptions
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.objects import ObjectIn, object_schema
from blockyard.server.kit.patterns import MAX_PATTERN_CHARACTERS
from blockyard.server.kit.wire import ExactWireModel, Int64, Name, ShortText, Text, WireJson, WireModel, WireUuid
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId, SecretChange
from blockyard.server.runners.wire import RunnerRef, Secret

MAX_SCRIPT_CHARACTERS = 1_000_000

_Pattern = Annotated[Text, Field(json_schema_extra={"maxLength": MAX_PATTERN_CHARACTERS})]
_Condition = Annotated[Text, Field(json_schema_extra={"maxLength": MAX_CONDITION_CHARACTERS})]
_Schema = Annotated[Text, Field(json_schema_extra={"maxLength": MAX_SCHEMA_CHARACTERS})]
"""Their limits are only told here: the rules of patterns, conditions and schemas refuse longer ones, in their own words."""

_OPTION_SOURCES = "Options besides `selectableValues` that depend on something. Left out where there are none."
_DEPENDENT_DEFAULTS = "Defaults that depend on other inputs, before `defaultValue`. Left out where there are none."
_INPUT_CHECKS = "What has to hold between inputs. Left out where there is nothing. A member of Blockyard."
_IDENTITY = "What identity tokens of its runs are like. Left out where nothing is said. A member of Blockyard."


class DefinitionRef(WireModel):
    """A reference to a definition."""

    kind: Literal["meshBuildingBlockDefinition"] = "meshBuildingBlockDefinition"
    uuid: WireUuid


class IntegrationRef(WireModel):
    """A reference to an integration."""

    kind: Literal["meshIntegration"] = "meshIntegration"
    uuid: WireUuid


class KnownHost(WireModel):
    """The SSH host key a repository's host must show."""

    host: Name
    key_type: Name
    key_value: Annotated[Text, Field(min_length=1, max_length=10_000)]


class Terraform(WireModel):
    """An OpenTofu module (Terraform up to version 1.5.5) in a git repository."""

    terraform_version: Name
    repository_url: Annotated[Text, Field(min_length=1, max_length=2048)]
    is_async: Annotated[bool, Field(alias="async")] = False
    repository_path: ShortText | None = None
    ref_name: ShortText | None = None
    ssh_known_host: KnownHost | None = None
    use_mesh_http_backend_fallback: bool = False
    ssh_private_key: Secret | None = None
    pre_run_script: Annotated[Text, Field(max_length=MAX_SCRIPT_CHARACTERS)] | None = None


class GithubWorkflows(WireModel):
    """A GitHub Actions workflow."""

    repository: Name
    branch: Name
    apply_workflow: Name
    destroy_workflow: ShortText | None = None
    is_async: Annotated[bool, Field(alias="async")] = False
    omit_run_object_input: bool = False
    integration_ref: IntegrationRef


class GitlabPipeline(WireModel):
    """A GitLab pipeline."""

    project_id: Name
    ref_name: Name
    integration_ref: IntegrationRef
    pipeline_trigger_token: Secret


class AzureDevopsPipeline(WireModel):
    """An Azure DevOps pipeline."""

    project: Name
    pipeline_id: Name
    ref_name: ShortText | None = None
    is_async: Annotated[bool, Field(alias="async")] = False
    integration_ref: IntegrationRef


class Manual(WireModel):
    """Work done by people."""


_SECRET_MEMBERS: Mapping[ImplementationType, tuple[str, ...]] = {
    ImplementationType.TERRAFORM: ("sshPrivateKey",),
    ImplementationType.GITLAB_CICD: ("pipelineTriggerToken",),
}


class ImplementationIn(WireModel):
    """`type`, and the settings under the name of the type."""

    type: Literal["manual", "terraform", "githubWorkflows", "gitlabPipeline", "azureDevOpsPipeline"]
    manual: Manual | None = None
    terraform: Terraform | None = None
    github_workflows: GithubWorkflows | None = None
    gitlab_pipeline: GitlabPipeline | None = None
    azure_dev_ops_pipeline: Annotated[AzureDevopsPipeline | None, Field(alias="azureDevOpsPipeline")] = None

    def model(self) -> tuple[Implementation, dict[str, SecretChange]]:
        """Return the implementation without its secrets, and the secrets by pointer. Raises Invalid."""
        if self.type == "manual":
            return MANUAL, {}
        type_ = next(type_ for type_, name in WIRE_NAMES.items() if name == self.type)
        settings = {
            ImplementationType.TERRAFORM: self.terraform,
            ImplementationType.GITHUB_WORKFLOW: self.github_workflows,
            ImplementationType.GITLAB_CICD: self.gitlab_pipeline,
            ImplementationType.AZURE_DEVOPS: self.azure_dev_ops_pipeline,
        }[type_]
        if settings is None:
            raise Invalid(
                f"the implementation has no settings for its type '{self.type}'",
                code="MissingSettings",
                field=f"/spec/implementation/{self.type}",
                remedy=f"Send the settings in the member '{self.type}'.",
            )
        sent: JsonObject = settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
        implementation = Implementation(type=type_, settings=_without(sent, _SECRET_MEMBERS.get(type_, ())))
        secrets = {
            "sshPrivateKey": getattr(settings, "ssh_private_key", None),
            "pipelineTriggerToken": getattr(settings, "pipeline_trigger_token", None),
        }
        changes = {
            implementation.pointer(member): change
            for member, secret in secrets.items()
            if isinstance(secret, Secret) and (change := secret.change()) is not None
        }
        return implementation, changes


class OptionSourceIn(WireModel):
    """Further options of a select while `condition` is true: one of `values`, `tag`, `output` and `block`. A member of Blockyard."""

    condition: _Condition | None = None
    values: list[ShortText] | None = None
    tag: Annotated[ShortText | None, Field(description="`<owner>.<tag key>`: the values of this tag.")] = None
    output: Annotated[
        ShortText | None,
        Field(
            description="`<definition uuid>.<output key>`: what that output of each building block is that the ordering "
            "workspace has of the definition."
        ),
    ] = None
    block: Annotated[
        ShortText | None,
        Field(
            description="`<building block uuid>.<output key>`: the list that runs of a building block give that belongs to "
            "the workspace of the definition."
        ),
    ] = None

    def model(self) -> OptionSource:
        """Return the source."""
        return OptionSource(
            condition=self.condition,
            values=tuple(self.values or ()),
            tag=self.tag,
            output=self.output,
            block=self.block,
        )


class DependentDefaultIn(WireModel):
    """A default that counts while `condition` is true; of several the first. A member of Blockyard."""

    condition: _Condition
    value: WireJson = Field(repr=False)

    def model(self) -> DependentDefault:
        """Return the default."""
        return DependentDefault(self.condition, _json(self.value))


class InputCheckIn(WireModel):
    """What has to hold between inputs; `message` is said where it does not, beside the input `inputKey`. A member of Blockyard."""

    condition: _Condition
    message: Name
    input_key: ShortText | None = None

    def model(self) -> InputCheck:
        """Return the check."""
        return InputCheck(self.condition, self.message, self.input_key)


class InputIn(WireModel):
    """An input. With `isSensitive`, `argument` and `defaultValue` are secrets or null; without, any JSON."""

    display_name: ShortText
    type: Annotated[InputKind, Field(strict=False)]
    assignment_type: Annotated[AssignmentType, Field(strict=False)]
    is_environment: bool = False
    is_sensitive: bool = False
    argument: WireJson = Field(default=None, repr=False)
    default_value: WireJson = Field(default=None, repr=False)
    updateable_by_consumer: bool = False
    selectable_values: list[ShortText] | None = None
    description: ShortText | None = None
    value_validation_regex: _Pattern | None = None
    validation_regex_error_message: ShortText | None = None
    json_schema: _Schema | None = None
    is_optional: bool | None = None
    condition: _Condition | None = None
    option_sources: Annotated[list[OptionSourceIn] | None, Field(description=_OPTION_SOURCES)] = None
    dependent_defaults: Annotated[list[DependentDefaultIn] | None, Field(description=_DEPENDENT_DEFAULTS)] = None
    display_order: Int64 = 0

    def model(self, key: str) -> tuple[InputSpec, dict[str, SecretChange]]:
        """Return the input without its secrets, and the secrets by pointer. Raises Invalid."""
        spec = InputSpec(
            key=key,
            display_name=self.display_name,
            type=self.type.run_type,
            assignment_type=self.assignment_type,
            is_environment=self.is_environment,
            is_sensitive=self.is_sensitive,
            argument=None if self.is_sensitive else _json(self.argument),
            default_value=None if self.is_sensitive else _json(self.default_value),
            updateable_by_consumer=self.updateable_by_consumer,
            selectable_values=None if self.selectable_values is None else tuple(self.selectable_values),
            description=self.description,
            value_validation_regex=self.value_validation_regex,
            validation_regex_error_message=self.validation_regex_error_message,
            is_json=self.type is InputKind.JSON,
            json_schema=self.json_schema,
            is_optional=self.is_optional or False,
            condition=self.condition,
            display_order=self.display_order,
            option_sources=tuple(source.model() for source in self.option_sources or ()),
            dependent_defaults=tuple(default.model() for default in self.dependent_defaults or ()),
        )
        if not self.is_sensitive:
            return spec, {}
        members = (("argument", self.argument), ("defaultValue", self.default_value))
        changes = {
            pointer: _secret(_json(value), pointer) for name, value in members for pointer in [input_pointer(key, name)]
        }
        return spec, {pointer: change for pointer, change in changes.items() if change is not None}


class OutputIn(WireModel):
    """An output."""

    display_name: ShortText
    type: Annotated[DeclaredType, Field(strict=False)]
    assignment_type: Annotated[OutputAssignment, Field(strict=False)]
    display_order: Int64 = 0
    is_optional: Annotated[bool, Field(description="A run may leave it out. A member of Blockyard.")] = False

    def model(self, key: str) -> OutputSpec:
        """Return the output."""
        return OutputSpec(
            key=key,
            display_name=self.display_name,
            type=self.type,
            assignment_type=self.assignment_type,
            display_order=self.display_order,
            is_optional=self.is_optional,
        )


class MappedValue(WireModel):
    """An old value and what becomes of it."""

    source: Annotated[WireJson, Field(alias="from")]
    to: WireJson


class InputMigrationIn(WireModel):
    """What becomes of values of building blocks that are changed to this version. Each action has its own members.

    RENAME has `from` and `to`, MAP also `values`, SPLIT `from`, `parts` and `separator`, DEFAULT `to` and `value`.
    """

    action: Annotated[MigrationAction, Field(strict=False)]
    source: Annotated[ShortText | None, Field(alias="from")] = None
    to: ShortText | None = None
    parts: Annotated[list[ShortText], Field(max_length=100)] | None = None
    separator: ShortText | None = None
    values: Annotated[list[MappedValue], Field(max_length=1000)] | None = None
    value: WireJson = Field(default=None, repr=False)

    def model(self) -> InputMigration:
        """Return the step."""
        return InputMigration(
            action=self.action,
            source=self.source,
            target=self.to,
            parts=tuple(self.parts or ()),
            separator=self.separator,
            values=tuple((_json(pair.source), _json(pair.to)) for pair in self.values or ()),
            value=_json(self.value),
        )


class IdentityOptionsIn(ExactWireModel):
    """Which identity tokens runs get though no input names them, and what they say besides the usual. A member of Blockyard."""

    clouds: Annotated[list[Annotated[Cloud, Field(strict=False)]], Field(max_length=3)] | None = None
    separate_plan_subject: Annotated[
        bool, Field(description="Runs that only plan have a subject of their own, which ends in `.plan`.")
    ] = False
    aws_session_tags: Annotated[
        bool, Field(description="Tokens for AWS name workspace, building block and run as session tags.")
    ] = False

    def model(self) -> IdentityOptions:
        """Return the options."""
        return IdentityOptions(
            clouds=tuple(cloud for cloud in Cloud if cloud in (self.clouds or ())),
            separates_plan=self.separate_plan_subject,
            tags_sessions=self.aws_session_tags,
        )


class VersionMetadataIn(WireModel):
    """Whose version it is."""

    owned_by_workspace: Name


class VersionSpecIn(WireModel):
    """A version as its author writes it."""

    building_block_definition_ref: DefinitionRef
    version_number: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    state: Annotated[VersionState, Field(strict=False)] = VersionState.DRAFT
    runner_ref: RunnerRef = RunnerRef(uuid=SHARED_RUNNER)
    only_apply_once_per_tenant: bool = False
    deletion_mode: Annotated[DeletionMode, Field(strict=False)] = DeletionMode.DELETE
    permissions: Annotated[list[ShortText], Field(max_length=500)] | None = None
    dependency_definition_refs: Annotated[list[DefinitionRef], Field(max_length=500)] | None = None
    inputs: dict[ShortText, InputIn] = Field(default_factory=dict)
    outputs: dict[ShortText, OutputIn] = Field(default_factory=dict)
    implementation: ImplementationIn
    input_migrations: Annotated[
        list[InputMigrationIn] | None,
        Field(max_length=500, description="Left out where there are none. A member of Blockyard."),
    ] = None
    input_checks: Annotated[list[InputCheckIn] | None, Field(description=_INPUT_CHECKS)] = None
    workload_identity: Annotated[IdentityOptionsIn | None, Field(description=_IDENTITY)] = None


class VersionIn(ObjectIn[VersionMetadataIn, VersionSpecIn]):
    """The body of POST and PUT."""

    def model(self) -> VersionRequest:
        """Return what is asked for. Raises Invalid."""
        spec = self.spec
        implementation, changes = spec.implementation.model()
        inputs: dict[str, InputSpec] = {}
        for key, sent in spec.inputs.items():
            inputs[key], found = sent.model(key)
            changes |= found
        dependencies = dict.fromkeys(DefinitionId(ref.uuid) for ref in spec.dependency_definition_refs or ())
        return VersionRequest(
            definition_id=DefinitionId(spec.building_block_definition_ref.uuid),
            workspace=self.metadata.owned_by_workspace,
            number=spec.version_number,
            state=spec.state,
            content=VersionContent(
                runner_id=RunnerId(spec.runner_ref.uuid),
                deletion_mode=spec.deletion_mode,
                only_apply_once_per_tenant=spec.only_apply_once_per_tenant,
                permissions=tuple(dict.fromkeys(spec.permissions or ())),
                dependencies=tuple(dependencies),
                inputs=inputs,
                outputs={key: output.model(key) for key, output in spec.outputs.items()},
                implementation=implementation,
                input_migrations=tuple(step.model() for step in spec.input_migrations or ()),
                input_checks=tuple(check.model() for check in spec.input_checks or ()),
                identity=NO_OPTIONS if spec.workload_identity is None else spec.workload_identity.model(),
            ),
            secrets=changes,
        )


class VersionMetadata(VersionMetadataIn):
    """What the server adds."""

    uuid: UUID
    created_on: str


class VersionStatus(WireModel):
    """What the server knows about a version; how many blocks it has only its owner is told."""

    state: VersionState
    usage_count: int | None = None
    defect: Annotated[DefectOut | None, Field(description="Left out where there is none. A member of Blockyard.")] = (
        None
    )


VersionOut = object_schema(VERSION, VersionMetadata, VersionSpecIn, VersionStatus, others=[VERSION_V1])


def _secret(value: Json, pointer: str) -> SecretChange | None:
    """Return what is said about a secret. Raises Invalid; the message never repeats the value."""
    if value is None or value == {}:
        return None
    plaintext = value.get("plaintext") if isinstance(value, dict) else None
    known = value.get("hash") if isinstance(value, dict) else None
    if isinstance(plaintext, str) and known is None:
        return SecretChange(plaintext=plaintext)
    if isinstance(known, str) and known and plaintext is None:
        return SecretChange(hash=known)
    raise Invalid(
        "a sensitive value must be a secret",
        code="BadSecret",
        field=pointer,
        remedy='Send {"plaintext": "…"} to set it, {"hash": "…"} to keep it, or null.',
    )


def _json(value: object) -> Json:
    return value if isinstance(value, bool | int | float | str | list | dict) else None


def _without(settings: JsonObject, members: tuple[str, ...]) -> JsonObject:
    return {key: value for key, value in settings.items() if key not in members}
