"""What is allowed in a version but deserves a look before it is released. Source: concepts.md 9.2, hub-usage.md A1."""

from collections.abc import Iterator
from dataclasses import dataclass

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model.definition import (
    AssignmentType,
    DeletionMode,
    TargetType,
    Version,
    input_pointer,
)
from blockyard.server.definitions.model.rules.implementations import has_credentials, is_ssh


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801  `Warning` is a builtin exception
    """One thing to look at: a stable code, a sentence, and where."""

    code: str
    message: str
    field: str


def warnings_of(version: Version, target: TargetType) -> list[Warning_]:
    """Return what deserves a look in a version of a definition for `target`."""
    found = [*_of_inputs(version, target), *_of_deletion(version)]
    is_tofu = version.implementation.type is ImplementationType.TERRAFORM
    return [*_of_module(version), *found] if is_tofu else found


def _of_inputs(version: Version, target: TargetType) -> Iterator[Warning_]:
    for spec in version.inputs.values():
        if target is TargetType.WORKSPACE_LEVEL and spec.assignment_type is AssignmentType.PLATFORM_TENANT_ID:
            yield Warning_(
                "NeverHasAValue",
                f"input '{spec.label}' takes the id of a tenant, which building blocks of workspaces do not have: they would "
                "wait for it and never run",
                input_pointer(spec.key, "assignmentType"),
            )


def _of_deletion(version: Version) -> Iterator[Warning_]:
    if lacks_destroy_workflow(version):
        yield Warning_(
            "MissingDestroyWorkflow",
            "deletionMode DELETE runs a destroy workflow, and none is named: deletions will fail",
            version.implementation.pointer("destroyWorkflow"),
        )


def lacks_destroy_workflow(version: Version) -> bool:
    """Whether deleting a block of the version needs a workflow that the version does not name."""
    is_github = version.implementation.type is ImplementationType.GITHUB_WORKFLOW
    deletes = version.deletion_mode is DeletionMode.DELETE
    return is_github and deletes and not version.implementation.text("destroyWorkflow")


def _of_module(version: Version) -> Iterator[Warning_]:
    implementation = version.implementation
    url = implementation.text("repositoryUrl")
    if implementation.settings.get("useMeshHttpBackendFallback") is not True:
        yield Warning_(
            "StateMayBeLost",
            "without an own backend in the module the state is lost after each run",
            implementation.pointer("useMeshHttpBackendFallback"),
        )
    if version.deletion_mode is DeletionMode.PURGE:
        yield Warning_("ResourcesStay", "deleting a block leaves its resources behind", "/spec/deletionMode")
    if has_credentials(url):
        yield Warning_(
            "CredentialsInUrl",
            "whoever may read this version reads the credentials in the address of the repository",
            implementation.pointer("repositoryUrl"),
        )
    if "sshPrivateKey" in implementation.secrets and not is_ssh(url):
        yield Warning_(
            "UnusedKey",
            "the SSH key is not used to fetch the repository, and was not examined",
            implementation.pointer("sshPrivateKey"),
        )
