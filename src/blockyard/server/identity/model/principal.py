"""The principal of a request and the rules of what it may do. Source: api.md 2.7, concepts.md 2."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from blockyard.server.events.model import KEY, SYSTEM, Author
from blockyard.server.identity.model.access import AccessLevel
from blockyard.server.identity.model.codes import PLAIN, checked, of_kind
from blockyard.server.kit.errors import Denied, NotFound


class Owned(Protocol):
    """An object of a workspace."""

    @property
    def workspace(self) -> str:
        """Its owner."""


T = TypeVar("T", bound=Owned)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunGrant:
    """What a run token stands for: one attempt of one run, and the state of its block."""

    run_id: UUID
    block_id: UUID
    runner_id: UUID
    workspace: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Which objects a list may show: everything, those in `workspaces`, those provided for by `providers`."""

    everything: bool
    workspaces: frozenset[str]
    providers: frozenset[str]

    @property
    def nothing(self) -> bool:
        """Whether the list is empty whatever there is."""
        return not (self.everything or self.workspaces or self.providers)

    @property
    def owners(self) -> frozenset[str] | None:
        """The workspaces whose own objects a list may show; None for all."""
        return None if self.everything else self.workspaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks, and with which rights.

    Attributes:
        author: how events and runs name the principal.
        everywhere: permission codes held for every workspace, without their `ADM_` prefix; those of `ADM_REVIEW_PUBLICATION` style too.
        grants: permission codes (plain and `MANAGED_`) per workspace the principal belongs to.
        only_projects: workspaces of whose projects, and what is in them, the principal may know these alone.
        run: the attempt a run token stands for; None for everybody else.
        runner: the runner whose own key this is; such a key works for this runner and holds no codes.
        key: the API key that asks; None for everybody else.
        block: the building block whose run asks, with its ephemeral API key; None for everybody else.
        last_day: the last day of the API key that asks; None if it has none, and for everybody else.
        must_change_password: whether the person may do nothing but choose a password of their own.
        signed_in_at: when the person showed who they are; None for machines.
        must_add_factor: whether the person may do nothing but sign in with two factors.
        level: how much of what the person may do the program may do that asks for them.
    """

    author: Author
    everywhere: frozenset[str] = frozenset()
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    only_projects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    run: RunGrant | None = None
    runner: UUID | None = None
    key: UUID | None = None
    block: UUID | None = None
    last_day: date | None = None
    must_change_password: bool = False
    signed_in_at: datetime | None = None
    must_add_factor: bool = False
    level: AccessLevel = AccessLevel.FULL

    def limited(self, level: AccessLevel, workspace: str | None, *, everywhere: bool) -> "Principal":
        """Return the principal with what a program may do for them: at most `level`, in one workspace if there is one.

        What is held `everywhere` counts beyond that workspace only if the caller says so.
        """
        kept = {name: _kept(codes, level) for name, codes in self.grants.items()}
        over_all, only = _kept(self.everywhere, level), self.only_projects
        if workspace is not None:
            inside = kept.get(workspace, frozenset()) | (over_all & PLAIN)
            kept = {workspace: inside} if inside else {}
            only = {} if "PROJECT_LIST" in over_all else {name: only[name] for name in only if name == workspace}
            over_all = over_all if everywhere else frozenset()
        return replace(self, everywhere=over_all, grants=kept, only_projects=only, level=level)

    def allows(self, code: str, *, workspace: str | None, provider: str | None = None) -> bool:
        """Whether the principal holds `code` for an object of `workspace` that `provider` provides for.

        `code` is a plain code of api.md appendix A such as `BUILDINGBLOCK_SAVE`. `ADM_<code>` covers every object, `<code>` those
        of the principal's own workspaces, `MANAGED_<code>` those provided for by a workspace of the principal.
        """
        if checked(code) in self.everywhere:
            return True
        if workspace is not None and code in self.grants.get(workspace, frozenset()):
            return True
        return provider is not None and f"MANAGED_{code}" in self.grants.get(provider, frozenset())

    def require(
        self,
        code: str,
        *,
        workspace: str | None,
        provider: str | None = None,
        hide: str | None = None,
    ) -> None:
        """Refuse unless `allows`. With `hide` (a sentence such as "there is no runner …") the refusal is NotFound, else Denied."""
        if self.allows(code, workspace=workspace, provider=provider):
            return
        if hide is not None:
            raise NotFound(hide)
        raise _denied(code, workspace, provider)

    def sees_project(self, workspace: str, project: str) -> bool:
        """Whether a project of one of the principal's workspaces is no secret to them: members see those they are bound to."""
        if "PROJECT_LIST" in self.everywhere or workspace not in self.only_projects:
            return True
        return project in self.only_projects[workspace]

    def knows(self, code: str, *, workspace: str | None, provider: str | None = None) -> bool:
        """Whether an object is no secret to the principal: they hold `code`, or another one for objects of its kind."""
        return any(self.allows(each, workspace=workspace, provider=provider) for each in of_kind(code))

    def belongs_to(self, workspace: str) -> bool:
        """Whether the principal has any permission in `workspace`, so that its existence is no secret to them."""
        return workspace in self.grants

    def holds(self, code: str, workspace: str) -> bool:
        """Whether the principal has `code` of api.md appendix A (plain, `MANAGED_` or `ADM_`) as a key of `workspace` would."""
        if code.startswith("ADM_"):
            return code.removeprefix("ADM_") in self.everywhere
        return code.removeprefix("MANAGED_") in self.everywhere or code in self.grants.get(workspace, frozenset())

    def require_holds(self, codes: Iterable[str], workspace: str, *, of: str) -> None:
        """Raise Denied unless the principal has every code that the credential or role `of` has in `workspace`.

        Whoever could change what is stronger than themselves would be as strong as it.
        """
        wanted = frozenset(codes)
        self.require_covers(wanted, workspace, of=of)
        lacking = sorted(code for code in wanted if not self.holds(code, workspace))
        if lacking:
            more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise Denied(
                f"you don't have sufficient permissions: {of} has {lacking[0]}{more}, which you do not have",
                code="PermissionNotHeld",
                remedy="Ask somebody who has all of its permissions, such as an owner of the workspace or an administrator.",
            )

    def require_covers(self, codes: Collection[str], workspace: str, *, of: str, field: str | None = None) -> None:
        """Refuse a key, naming both lists, that lacks in `workspace` a code which a version, a key or a role has. Raises Denied.

        It is for keys only: people hold roles, and read what the runs of a version may do before they order it.
        """
        if self.is_key and not all(self.holds(code, workspace) for code in codes):
            own = self.grants.get(workspace, frozenset()) | {f"ADM_{code}" for code in self.everywhere}
            raise Denied(
                f"you don't have sufficient permissions: {of} has {_listed(codes)}; this key has {_listed(own)}",
                code="PermissionNotHeld",
                field=field,
                remedy="Use a key that has all of these. What the key of a run has stands in the version of its definition.",
            )

    @property
    def is_machinery(self) -> bool:
        """Whether a run asks, by its token or its key, or a runner: they decide nothing, and keep nothing of their own."""
        return self.run is not None or self.runner is not None or self.block is not None

    @property
    def is_key(self) -> bool:
        """Whether an API key asks, also an ephemeral one."""
        return self.author.type == KEY and self.run is None

    def require_in(self, code: str, workspace: str, *, hide: str) -> None:
        """Refuse unless `allows` for an object of `workspace`: Denied to those who belong there, NotFound to others."""
        self.require(code, workspace=workspace, hide=None if self.belongs_to(workspace) else hide)

    def opened(self, code: str, found: T | None, unknown: NotFound, *, shown: bool = False) -> T:
        """Return what was found by its key, if `allows`: how every use case on one object begins.

        Raises:
            NotFound: `unknown`: nothing was found, or nothing that the principal may know of.
            Denied: they know of it, or it is `shown` to them for another reason, but they may not do this with it.
        """
        if found is None:
            raise unknown
        if self.allows(code, workspace=found.workspace):
            return found
        if not (shown or self.knows(code, workspace=found.workspace)):
            raise unknown
        raise _denied(code, found.workspace, None)

    def enter(self, code: str, unknown: NotFound) -> None:
        """Refuse unless `code` is held everywhere: how every use case on one thing of the installation begins.

        Raises:
            NotFound: `unknown`: the principal may not know of any such thing.
            Denied: they may, but they may not do this.
        """
        if not self.knows(code, workspace=None):
            raise unknown
        self.require(code, workspace=None)

    def listing(self, code: str) -> Reach:
        """Return which objects a list may show; nothing to a person who belongs to no workspace yet.

        Raises Denied: the principal holds permissions, but this one nowhere. An empty list would hide that from a client.
        """
        reach = self.reach(code)
        if reach.nothing and (self.grants or self.everywhere):
            raise _nowhere(code)
        return reach

    def reach(self, code: str) -> Reach:
        """Return which objects a list by permission `code` may show. Raises Denied: a run token lists nothing."""
        if self.run is not None:
            raise Denied(
                f"you don't have sufficient permissions: a run token cannot list anything, {code} is needed",
                code="MissingPermission",
                remedy="Use an API key with this permission.",
            )
        return Reach(
            everything=checked(code) in self.everywhere,
            workspaces=frozenset(name for name, codes in self.grants.items() if code in codes),
            providers=frozenset(name for name, codes in self.grants.items() if f"MANAGED_{code}" in codes),
        )

    def require_somewhere(self, code: str) -> None:
        """Refuse unless there may be an object that `allows` would allow: what can be asked before a large body or a list is read."""
        if self.reach(code).nothing:
            raise _nowhere(code)

    def holds_somewhere(self, code: str) -> bool:
        """Whether there may be an object that `allows` would allow."""
        return self.run is None and not self.reach(code).nothing

    def require_anything(self) -> None:
        """Refuse whoever holds no permission at all."""
        if self.run is None and not self.everywhere and not any(self.grants.values()):
            raise Denied("you hold no permission", code="MissingPermission", remedy="Ask the owner of a workspace.")

    @property
    def holds_any_code(self) -> bool:
        """Whether the principal holds a permission code; a run token holds none."""
        return bool(self.everywhere) or any(self.grants.values())

    def require_any_code(self) -> None:
        """Refuse whoever holds no permission code. For what tells of the installation."""
        if not self.holds_any_code:
            raise Denied(
                "you hold no permission", code="MissingPermission", remedy="Sign in with a key or role that has one."
            )

    def attempt_of(self, run_id: UUID) -> int | None:
        """Return the attempt this principal's run token stands for, None if it is no token of `run_id`."""
        return self.run.attempt if self.run is not None and self.run.run_id == run_id else None

    @property
    def is_administrator(self) -> bool:
        """Whether the principal may do anything with workspaces: the mark of the admin area."""
        return "WORKSPACE_SAVE" in self.everywhere


def _kept(codes: frozenset[str], level: AccessLevel) -> frozenset[str]:
    return frozenset(code for code in codes if level.keeps(code))


def _listed(codes: Collection[str]) -> str:
    """Return codes in one phrase."""
    return ", ".join(sorted(codes)) or "none"


def _nowhere(code: str) -> Denied:
    return Denied(
        f"you don't have sufficient permissions: {code} is needed in a workspace",
        code="MissingPermission",
        remedy="Ask an owner of the workspace for a key or role with this permission.",
    )


def _denied(code: str, workspace: str | None, provider: str | None) -> Denied:
    if workspace is not None and code in PLAIN:  # nobody can be given another one for a workspace alone
        needed, holder = f"{code} is needed in workspace '{workspace}'", "an owner of the workspace"
    elif provider is not None:
        needed, holder = f"MANAGED_{code} is needed", "an owner of the workspace that provides it"
    else:
        needed, holder = f"ADM_{code} is needed", "an administrator"
    return Denied(
        f"you don't have sufficient permissions: {needed}",
        code="MissingPermission",
        remedy=f"Ask {holder} for a key or role with this permission.",
    )


def system(*codes: str) -> Principal:
    """Return the server itself acting, with `codes` everywhere."""
    return Principal(author=SYSTEM, everywhere=frozenset(map(checked, codes)))
