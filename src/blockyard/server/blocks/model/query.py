"""Which blocks a list shows. Source: api.md 3.18."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

_VERSION_NUMBER = re.compile(r"v?([0-9]{1,9})\Z", re.IGNORECASE)


class BlockSort(StrEnum):
    """What a list of people is sorted by."""

    CREATED = "created"
    NAME = "name"
    WORKSPACE = "workspace"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockQuery:
    """Filters of a list, all of which must match; None means any.

    Attributes:
        search: a part of the name, upper and lower case alike.
        shown_name: exactly the name that people see, with its placeholders filled in.
        workspaces: only blocks of these workspaces, by what the principal may see.
        only_projects: of these workspaces, only blocks outside projects or of these projects, by what the principal may see.
        providers: only blocks that these workspaces provide for, by what the principal may see.
        managed: only blocks that the principal's workspaces provide for.
        project, platform, tenant_id: of the tenant that the block is on.
        on_tenant: whether it is on a tenant at all.
        deleted: those that are gone, in the order in which they were made, instead of the others.
        nothing: a filter names something that no block has.
    """

    search: str | None = None
    workspace: str | None = None
    provider: str | None = None
    display_name: str | None = None
    shown_name: str | None = None
    definition_id: UUID | None = None
    version_id: UUID | None = None
    version_number: int | None = None
    status: str | None = None
    project: str | None = None
    platform: str | None = None
    tenant_id: UUID | None = None
    on_tenant: bool | None = None
    workspaces: frozenset[str] | None = None
    only_projects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    providers: frozenset[str] | None = None
    managed: bool = False
    deleted: bool = False
    nothing: bool = False


def version_number(text: str) -> int | None:
    """Return the number in `1` or `v1`; None if there is none."""
    match = _VERSION_NUMBER.match(text.strip())
    return int(match[1]) if match else None
