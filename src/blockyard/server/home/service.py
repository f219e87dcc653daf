"""What needs a person, what they find, and what they used last. Source: concepts.md 27, 21."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TypeVar

from blockyard.server.binding_requests.model import RequestState
from blockyard.server.binding_requests.service import SAVE as BIND
from blockyard.server.binding_requests.service import BindingRequestService
from blockyard.server.blocks.model.block import BlockStatus
from blockyard.server.blocks.model.expiry import WARNINGS
from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.details import BlockLine
from blockyard.server.definitions.model.catalogue import CatalogueQuery
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.drift.service import DriftService
from blockyard.server.events.basics import Basics
from blockyard.server.home.model import (
    MOST_KEPT,
    SOON,
    Kept,
    Kind,
    Need,
    Needs,
    Thing,
    Why,
    pieces,
    rank,
)
from blockyard.server.home.store import KeptStore
from blockyard.server.identity.model import Principal, UserId
from blockyard.server.identity.service import UserService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.projects.service import ProjectService
from blockyard.server.runs.service import RunService
from blockyard.server.tags.service import PolicyService
from blockyard.server.tenants.model import TenantQuery
from blockyard.server.tenants.service import TenantDetail, TenantService
from blockyard.server.workspaces.service import BindingService, WorkspaceService

_SHOWN = 10
"""How many needs of one reason are named."""

_FEW = PageRequest(0, _SHOWN, is_counted=False)

_FOUND = 8
"""How many things of one kind are found."""

_LOOKED_AT = 60
"""How many names of one kind are compared where none has the whole text in it."""

_STATUSES = (
    (Why.INPUT, BlockStatus.WAITING_FOR_USER_INPUT),
    (Why.OPERATOR_INPUT, BlockStatus.WAITING_FOR_OPERATOR_INPUT),
    (Why.APPROVAL, BlockStatus.WAITING_FOR_APPROVAL),
    (Why.FAILED, BlockStatus.FAILED),
)

T = TypeVar("T")

Look = Callable[[Transaction, Principal, str, PageRequest], Sequence[Thing]]


class HomeService:
    """Use cases of what a person comes back to."""

    def __init__(
        self,
        basics: Basics,
        *,
        users: UserService,
        workspaces: WorkspaceService,
        bindings: BindingService,
        binding_requests: BindingRequestService,
        policies: PolicyService,
        projects: ProjectService,
        tenants: TenantService,
        blocks: BlockService,
        definitions: DefinitionService,
        runs: RunService,
        drift: DriftService,
    ) -> None:
        self._runs = runs
        self._drift = drift
        self._basics = basics
        self._users = users
        self._workspaces = workspaces
        self._bindings = bindings
        self._requests = binding_requests
        self._policies = policies
        self._projects = projects
        self._tenants = tenants
        self._blocks = blocks
        self._definitions = definitions
        self._looks: dict[Kind, Look] = {
            Kind.WORKSPACE: self._find_workspaces,
            Kind.PROJECT: self._find_projects,
            Kind.TENANT: self._find_tenants,
            Kind.BLOCK: self._find_blocks,
            Kind.DEFINITION: self._find_definitions,
        }

    def needs(self, tx: Transaction, principal: Principal, *, workspace: str | None = None) -> Needs:
        """Return what needs the principal, in one workspace or in all of theirs. Raises Denied: a run token asks."""
        found = [
            *self._blocks_that_need(tx, principal, workspace),
            self._open_requests(tx, principal, workspace),
            self._tenants_to_decide(tx, principal, workspace),
            self._ending_access(tx, principal, workspace),
            self._expiring(tx, principal, workspace),
            self._violations(tx, principal, workspace),
            self._drifted(tx, principal, workspace),
        ]
        return Needs([need for needs in found for need in needs.items], sum(needs.total for needs in found))

    def search(self, tx: Transaction, principal: Principal, text: str, *, kind: Kind | None = None) -> Sequence[Thing]:
        """Return what the principal may see that is called so: exactly, then beginning so, then with typing errors.

        Without a text, the first of each kind. Raises Denied: a run token asks.
        """
        found: list[Thing] = []
        for one, look in self._looks.items():
            if kind in {None, one}:
                found += _best(text, self._look(tx, principal, look, text))[:_FOUND]
        return _best(text, found)

    def kept(self, tx: Transaction, principal: Principal) -> Sequence[Kept]:
        """Return what a person used, the last first, and what they pinned. Raises Denied: no person asks."""
        return KeptStore(tx).of(self._require_person(tx, principal))

    def visit(self, tx: Transaction, principal: Principal, thing: Thing) -> None:
        """Remember that a person used a thing; the oldest that are not pinned are forgotten. Raises Denied: no person asks."""
        user_id = self._require_person(tx, principal)
        store = KeptStore(tx)
        before = store.of(user_id)
        known = next((kept for kept in before if (kept.kind, kept.id) == (thing.kind, thing.id)), None)
        is_pinned = known is not None and known.is_pinned
        store.put(user_id, _kept(thing, self._basics.clock(), is_pinned=is_pinned))
        others = [kept for kept in before if not kept.is_pinned and kept is not known]
        store.forget(user_id, others[MOST_KEPT - 1 :])

    def pin(self, tx: Transaction, principal: Principal, thing: Thing, *, pinned: bool) -> None:
        """Keep a thing at hand, or no more. Raises Denied: no person asks."""
        user_id = self._require_person(tx, principal)
        self.visit(tx, principal, thing)
        KeptStore(tx).pin(user_id, thing.kind, thing.id, pinned=pinned)

    # What needs somebody

    def _blocks_that_need(self, tx: Transaction, principal: Principal, workspace: str | None) -> Iterator[Needs]:
        mine = principal
        if principal.grants:  # who may see everything is not needed everywhere, unless they have no place of their own
            mine = replace(principal, everywhere=frozenset())
        for why, status in _STATUSES:
            query = BlockQuery(workspace=workspace, status=status.value)
            page = self._blocks.search(tx, mine, query, PageRequest(0, _SHOWN), descending=True)
            lines = [line for line in page.items if _needs(mine, why, line)]
            if why is Why.APPROVAL:
                lines = self._approvable(tx, mine, lines)
            total = page.total if len(lines) == len(page.items) else len(lines)
            yield Needs([_of_block(why, line) for line in lines], total)

    def _approvable(self, tx: Transaction, principal: Principal, lines: Sequence[BlockLine]) -> list[BlockLine]:
        """Return those of the blocks whose plan the principal may approve."""
        latest = [line.block.latest_run_id for line in lines if line.block.latest_run_id is not None]
        may = self._runs.approvals.approvable(tx, principal, self._runs.find_all(tx, latest))
        return [line for line in lines if line.block.latest_run_id in may]

    def _open_requests(self, tx: Transaction, principal: Principal, workspace: str | None) -> Needs:
        page = _readable(
            lambda: self._requests.page(tx, principal, _FEW, workspace=workspace, state=RequestState.REQUESTED)
        )
        me = principal.author.identifier
        mine = [one for one in page if principal.allows(BIND, workspace=one.workspace) and me not in one.approvals]
        return _all(
            Need(
                why=Why.REQUEST,
                workspace=one.workspace,
                id=str(one.id),
                name=f"{one.subject} as {one.role}" + (f" in {one.place}" if one.project else ""),
                since=one.created_at,
                detail=f"{one.requested_by}: {one.reason}" if one.reason else one.requested_by,
            )
            for one in mine
        )

    def _tenants_to_decide(self, tx: Transaction, principal: Principal, workspace: str | None) -> Needs:
        query = TenantQuery(workspace=workspace, awaits_approval=True)
        page = self._tenants.search(tx, principal, query, _FEW)
        return _all(_of_tenant(detail) for detail in page.items if detail.may_decide)

    def _ending_access(self, tx: Transaction, principal: Principal, workspace: str | None) -> Needs:
        limit = (self._basics.clock() + SOON).date()
        ending = [
            one
            for one in self._bindings.own(tx, principal)
            if one.expires_on is not None and one.expires_on <= limit and workspace in {None, one.workspace}
        ]
        return _all(
            Need(
                why=Why.ACCESS_ENDS,
                workspace=one.workspace,
                id=one.name,
                name=f"{one.role} of {one.workspace}",
                since=datetime.combine(one.expires_on or limit, time.max, UTC),
            )
            for one in ending
        )

    def _expiring(self, tx: Transaction, principal: Principal, workspace: str | None) -> Needs:
        own = {name for name, codes in principal.grants.items() if "BUILDINGBLOCK_SAVE" in codes}
        chosen = own if workspace is None else own & {workspace}
        if not chosen:
            return Needs([], 0)
        ends = self._blocks.expiring.soon(tx, self._basics.clock() + WARNINGS[0], chosen, _SHOWN)
        return _all(
            Need(
                why=Why.EXPIRES,
                workspace=block.workspace,
                id=str(block.id),
                name=block.name,
                since=at,
                detail=f"It is deleted at {at:%Y-%m-%d %H:%M} UTC.",
            )
            for block, at in ends
            if block.tenant is None or principal.sees_project(block.workspace, block.tenant.project)
        )

    def _violations(self, tx: Transaction, principal: Principal, workspace: str | None) -> Needs:
        page = _readable(lambda: self._policies.violations(tx, principal, _FEW, workspace=workspace))
        return _all(
            Need(
                why=Why.VIOLATION,
                workspace=violation.workspace or "",
                id=violation.affected_id,
                name=policy.name,
                since=violation.found_at,
                detail=violation.reason,
            )
            for violation, policy in page
            if principal.allows("WORKSPACE_SAVE", workspace=violation.workspace)
        )

    def _drifted(self, tx: Transaction, principal: Principal, workspace: str | None) -> Needs:
        mine = replace(principal, everywhere=frozenset()) if principal.grants else principal
        page = _readable(lambda: self._drift.to_tell(tx, mine, _FEW, workspace=workspace))
        return _all(
            Need(
                why=Why.DRIFT,
                workspace=one.watch.workspace,
                id=str(one.watch.block_id),
                name=one.block_name,
                since=one.watch.drifted_since or one.watch.created_at,
                detail=", ".join(str(change["address"]) for change in one.watch.changes[:3]),
            )
            for one in page
        )

    # What is found

    def _look(self, tx: Transaction, principal: Principal, look: Look, text: str) -> Sequence[Thing]:
        """Return what has the text in its name; where nothing has, what has a part of it."""
        request = PageRequest(0, _LOOKED_AT, is_counted=False)
        found = look(tx, principal, text, request)
        if found or not text:
            return found
        parts = [part for part in pieces(text) if part != text]
        return [thing for part in parts for thing in look(tx, principal, part, request)]

    def _find_workspaces(
        self, tx: Transaction, principal: Principal, text: str, request: PageRequest
    ) -> Sequence[Thing]:
        page = _readable(lambda: self._workspaces.page(tx, principal, request, search=text))
        return [
            Thing(kind=Kind.WORKSPACE, id=one.name, name=one.display_name or one.name, where=one.name) for one in page
        ]

    def _find_projects(self, tx: Transaction, principal: Principal, text: str, request: PageRequest) -> Sequence[Thing]:
        page = _readable(lambda: self._projects.page(tx, principal, request, search=text))
        return [
            Thing(kind=Kind.PROJECT, id=str(one.key), name=one.display_name or one.name, where=str(one.key))
            for one in page
        ]

    def _find_tenants(self, tx: Transaction, principal: Principal, text: str, request: PageRequest) -> Sequence[Thing]:
        page = self._tenants.search(tx, principal, TenantQuery(search=text), request)
        tenants = (detail.view.tenant for detail in page.items)
        return [
            Thing(kind=Kind.TENANT, id=str(one.id), name=one.name, where=one.platform_tenant_id or "")
            for one in tenants
        ]

    def _find_blocks(self, tx: Transaction, principal: Principal, text: str, request: PageRequest) -> Sequence[Thing]:
        page = self._blocks.search(tx, principal, BlockQuery(search=text or None), request, descending=True)
        return [
            Thing(
                kind=Kind.BLOCK,
                id=str(line.block.id),
                name=line.block.name,
                where=f"{line.definition}, {line.block.workspace}",
            )
            for line in page.items
        ]

    def _find_definitions(
        self, tx: Transaction, principal: Principal, text: str, request: PageRequest
    ) -> Sequence[Thing]:
        page = self._definitions.catalogue.page(tx, principal, CatalogueQuery(search=text), request)
        return [
            Thing(kind=Kind.DEFINITION, id=str(one.id), name=one.display_name, where=one.workspace)
            for one in page.items
        ]

    # Who asks

    def _require_person(self, tx: Transaction, principal: Principal) -> UserId:
        is_person = principal.author.type == "User"
        user = self._users.by_username(tx, principal.author.identifier) if is_person else None
        if user is None:
            raise Denied(
                "only people have things at hand",
                code="PersonNeeded",
                remedy="Sign in as a person, not with an API key.",
            )
        return user.id


def _readable(read: Callable[[], Page[T]]) -> Sequence[T]:
    """Return the items of a page; none if the principal may list nothing of that kind."""
    try:
        return read().items
    except Denied:
        return []


def _all(needs: Iterator[Need]) -> Needs:
    found = [*needs]
    return Needs(found, len(found))


def _needs(principal: Principal, why: Why, line: BlockLine) -> bool:
    """Whether a block that waits, or failed, is the principal's matter: a provider need not give what a workspace has to."""
    if why in {Why.FAILED, Why.APPROVAL}:
        return True
    is_theirs = principal.belongs_to(line.block.workspace) or not principal.grants
    return line.is_yours and (why is Why.OPERATOR_INPUT or is_theirs)


def _of_block(why: Why, line: BlockLine) -> Need:
    block = line.block
    return Need(
        why=why,
        workspace=block.workspace,
        id=str(block.id),
        name=block.name,
        since=block.created_at,
        detail=line.definition,
    )


def _of_tenant(detail: TenantDetail) -> Need:
    tenant = detail.view.tenant
    return Need(
        why=Why.TENANT_DELETION,
        workspace=tenant.workspace,
        id=str(tenant.id),
        name=tenant.name,
        since=tenant.marked_at or tenant.created_at,
        detail=tenant.marked_by or "",
    )


def _best(text: str, found: Sequence[Thing]) -> list[Thing]:
    """Return each thing once, those that fit best first; those that do not fit are left out."""
    once = {(thing.kind, thing.id): thing for thing in found}
    if not text:
        return [*once.values()]
    ranked = [(best, thing) for thing in once.values() if (best := _rank(text, thing)) is not None]
    return [thing for _, thing in sorted(ranked, key=lambda pair: (pair[0], pair[1].name.casefold()))]


def _rank(text: str, thing: Thing) -> float | None:
    ranks = [found for name in (thing.name, thing.where) if (found := rank(text, name)) is not None]
    return min(ranks, default=None)


def _kept(thing: Thing, at: datetime, *, is_pinned: bool) -> Kept:
    return Kept(kind=thing.kind, id=thing.id, name=thing.name, where=thing.where, visited_at=at, is_pinned=is_pinned)
