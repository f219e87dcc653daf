"""Names and choice of engine workspaces: one per building block, found by its id. Source: runner.md 3.11."""

from collections.abc import Iterator
from dataclasses import dataclass

from blockyard.protocol.run import RunBlock

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do to be in the block's workspace: nothing, select it, or create it."""

    name: str
    is_current: bool = False
    exists: bool = False


def workspace_name(block: RunBlock) -> str:
    """Return the name for a new workspace."""
    spec = block.spec
    project, platform = spec.project_identifier or "", spec.full_platform_identifier or ""
    return f"{spec.workspace_identifier}.{project}.{platform}:{block.uuid}"


def choose_workspace(listing: str, block: RunBlock) -> Choice:
    """Return what to do, given the engine's list. Names change with projects and platforms, their end does not."""
    listed = list(_listed(listing))
    for name, is_current in sorted(listed, key=lambda one: not one[1]):
        if name.endswith(block.uuid):
            return Choice(name, is_current=is_current, exists=True)
    return Choice(workspace_name(block))


def _listed(listing: str) -> Iterator[tuple[str, bool]]:
    for line in listing.splitlines():
        if line.startswith(("* ", "  ")) and line[2:].strip():
            yield line[2:].strip(), line.startswith("*")
