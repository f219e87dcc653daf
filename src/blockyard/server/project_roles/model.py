"""What a project role is. Source: concepts.md 2.4, 23."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """What administrators say about a project role.

    Attributes:
        display_name: what bindings call the role; no two roles share one.
        rank: roles with more rights have a higher one; lists begin with these.
    """

    display_name: str
    rank: int
    description: str
    tags: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRole(RoleSpec):
    """What somebody can be in a project; building blocks read its name."""

    name: str
    created_at: datetime
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this role."""
        return self.name

    @property
    def workspace(self) -> None:
        """Whose it is: nobody's, it is there for all projects."""
        return


DEFAULT_ROLES: Mapping[str, RoleSpec] = {
    "admin": RoleSpec(display_name="Project Admin", rank=300, description="Administers the project.", tags={}),
    "user": RoleSpec(display_name="Project User", rank=200, description="Works in the project.", tags={}),
    "reader": RoleSpec(display_name="Project Reader", rank=100, description="Looks at the project.", tags={}),
}
"""The roles of a new installation, by name."""
