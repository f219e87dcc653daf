"""Use cases of requests for bindings. Source: concepts.md 2.5."""

from collections.abc import Collection, Iterable

from blockyard.server.binding_requests.model import BindingRequest, RequestId, RequestState, Wanted
from blockyard.server.binding_requests.store import RequestStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal, WorkspaceRole
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Refusal
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.project_bindings.service import SAVE as SAVE_IN_PROJECT
from blockyard.server.project_bindings.service import ProjectBindingService
from blockyard.server.projects.model import Project
from blockyard.server.workspaces.service import BindingService, WorkspaceService

LIST, SAVE = "WORKSPACEPRINCIPALBINDING_LIST", "WORKSPACEPRINCIPALBINDING_SAVE"

_OWNERS = frozenset({WorkspaceRole.OWNER.value})
_MANAGERS = _OWNERS | {WorkspaceRole.MANAGER.value}

_FIELDS = {
    "/metadata/name": "/name",
    "/roleRef/name": "/role",
    "/subject/name": "/subject",
    "/targetRef/ownedByWorkspace": "/workspaceIdentifier",
}
"""What members of a binding are called in a request for one; the target is the workspace, or the project."""

_TYPES = {
    RequestState.REQUESTED: EventType.REQUESTED,
    RequestState.APPROVED: EventType.APPROVED,
    RequestState.REJECTED: EventType.REJECTED,
    RequestState.CANCELLED: EventType.CANCELLED,
}


class BindingRequestService:
    """Use cases of requests. Owners and managers decide, and who may bind everywhere decides alone."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        bindings: BindingService,
        project_bindings: ProjectBindingService,
        min_approvals: int,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._bindings = bindings
        self._project_bindings = project_bindings
        self._min_approvals = min_approvals

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        workspace: str | None = None,
        project: str | None = None,
        state: RequestState | None = None,
    ) -> Page[BindingRequest]:
        """Return one page of the requests the principal may see, oldest first. Raises Denied."""
        owners = principal.listing(LIST).owners
        only = {} if owners is None else principal.only_projects
        wanted = {"workspace": workspace, "project": project, "state": state}
        return RequestStore(tx).visible(request, owners=owners, only=only, wanted=wanted)

    def get(self, tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest:
        """Return a request. Raises Denied, NotFound."""
        return self._shown(tx, principal, request_id)

    def create(self, tx: Transaction, principal: Principal, wanted: Wanted) -> BindingRequest:
        """Ask for a binding, which counts as an approval; the binding is made at once if that is enough.

        Raises Denied, Invalid, NotFound, Conflict (name, owners), Unprocessable (unknown person or group).
        """
        principal.require(_saved_by(wanted), workspace=wanted.workspace)
        _require_person(principal, wanted)
        wanted.check()
        self._require_possible(tx, principal, wanted)
        if twins := RequestStore(tx).open_like(wanted):
            raise Conflict(
                f"'{twins[0].requested_by}' asks for the role '{wanted.role}' in '{wanted.place}' for '{wanted.subject}' "
                f"already: request {twins[0].id}",
                code="AlreadyRequested",
                remedy="Approve that request, or take it back first.",
            )
        who = principal.author.identifier
        asked = BindingRequest(
            id=RequestId(self._basics.new_id()),
            requested_by=who,
            approvals=(who,),
            created_at=self._basics.clock(),
            **members(wanted),
        )
        RequestStore(tx).add(asked)
        self._tell(tx, principal.author, asked)
        return self._settled(tx, principal, asked)

    def approve(self, tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest:
        """Approve a request; doing it again changes nothing. The approval that completes the count makes the binding.

        Raises Denied, NotFound, Conflict (decided already), and what a new binding may be refused for.
        """
        before = self._decidable(tx, principal, request_id)
        if before.state is RequestState.APPROVED and principal.author.identifier in before.approvals:
            return before
        after = before.approved_by(principal.author.identifier)
        self._require_possible(tx, principal, after)
        if after != before:
            after = RequestStore(tx).save(after)
        return self._settled(tx, principal, after)

    def decline(self, tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest:
        """Refuse a request, which ends it; doing it again changes nothing. Raises Denied, NotFound, Conflict (decided)."""
        return self._end(tx, principal, self._decidable(tx, principal, request_id), RequestState.REJECTED)

    def cancel(self, tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest:
        """Take one's own request back; doing it again changes nothing. Raises Denied, NotFound, Conflict (decided)."""
        request = self._shown(tx, principal, request_id)
        if principal.author.identifier != request.requested_by:
            raise Denied(
                f"only '{request.requested_by}' can take this request back",
                code="RequesterNeeded",
                remedy="Decline it instead, if you may decide it.",
            )
        return self._end(tx, principal, request, RequestState.CANCELLED)

    # For other services: no principal is asked

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Cancel the open requests of a workspace that is being deleted."""
        self._cancel(tx, author, RequestStore(tx).all_of(workspace))

    def project_deleted(self, tx: Transaction, project: Project) -> None:
        """Cancel the open requests for roles in a project that is being deleted."""
        self._cancel(tx, SYSTEM, RequestStore(tx).open_of_project(project.workspace, project.name))

    def user_changed(self, tx: Transaction, username: str) -> None:
        """Do nothing: a person is the same, whatever they are called."""

    def user_deleted(self, tx: Transaction, author: Author, username: str) -> None:
        """Cancel the open requests for a deleted person: the next one of this username was not meant."""
        self._cancel(tx, author, RequestStore(tx).of_subject(username, is_group=False))

    def group_changed(self, tx: Transaction, group: str) -> None:
        """Do nothing: requests name the group, whoever is in it."""

    def group_deleted(self, tx: Transaction, author: Author, group: str) -> None:
        """Cancel the open requests for a deleted group."""
        self._cancel(tx, author, RequestStore(tx).of_subject(group, is_group=True))

    def _cancel(self, tx: Transaction, author: Author, requests: Iterable[BindingRequest]) -> None:
        for request in requests:
            if request.state is RequestState.REQUESTED:
                ended = request.decided(RequestState.CANCELLED, author.identifier, self._basics.clock())
                self._tell(tx, author, RequestStore(tx).save(ended))

    def _shown(self, tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest:
        return principal.opened(LIST, _known(tx, principal, request_id), _unknown(request_id))

    def _decidable(self, tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest:
        found = _known(tx, principal, request_id)
        code = SAVE if found is None else _saved_by(found)
        shown = found is not None and principal.knows(LIST, workspace=found.workspace)
        request = principal.opened(code, found, _unknown(request_id), shown=shown)
        _require_person(principal, request)
        return request

    def _require_possible(self, tx: Transaction, principal: Principal, wanted: Wanted) -> None:
        try:
            if wanted.project is None:
                self._bindings.require_possible(tx, principal, wanted.of_workspace())
            else:
                self._project_bindings.require_possible(tx, principal, wanted.of_project(wanted.project))
        except Refusal as refusal:
            refusal.field = _FIELDS.get(refusal.field or "", refusal.field)
            if refusal.field == "/targetRef/name":
                refusal.field = "/workspaceIdentifier" if wanted.project is None else "/projectIdentifier"
            raise

    def _settled(self, tx: Transaction, principal: Principal, request: BindingRequest) -> BindingRequest:
        """Make the binding if the request has enough approvals, or somebody who decides alone approved it."""
        alone = _saved_by(request) in principal.everywhere
        if not alone and not request.is_complete(self._entitled(tx, request), self._min_approvals):
            return request
        after = request.decided(RequestState.APPROVED, principal.author.identifier, self._basics.clock())
        after = RequestStore(tx).save(after)
        self._tell(tx, principal.author, after)
        if after.project is None:
            self._bindings.grant(tx, principal.author, after.of_workspace())
        else:
            self._project_bindings.grant(tx, principal.author, after.of_project(after.project))
        return after

    def _end(
        self, tx: Transaction, principal: Principal, request: BindingRequest, state: RequestState
    ) -> BindingRequest:
        if request.state is state and request.decided_by == principal.author.identifier:
            return request
        after = request.decided(state, principal.author.identifier, self._basics.clock())
        after = RequestStore(tx).save(after)
        self._tell(tx, principal.author, after)
        return after

    def _entitled(self, tx: Transaction, request: BindingRequest) -> Collection[str]:
        """Return the usernames of those who may decide about the role: nobody makes an owner but owners."""
        makes_owner = request.project is None and request.role == WorkspaceRole.OWNER.value
        deciding = _OWNERS if makes_owner else _MANAGERS
        people = self._workspaces.people_of(tx, request.workspace)
        return [str(one["username"]) for one in people if deciding & _roles(one["roles"])]

    def _tell(self, tx: Transaction, author: Author, request: BindingRequest) -> None:
        self._basics.event_log.append(
            tx,
            author,
            f"{request.kind.in_titles} {_TYPES[request.state]}",
            _TYPES[request.state],
            workspace=request.workspace,
            subject_kind="bindingRequest",
            subject_id=str(request.id),
            content=request.document(),
        )


def _roles(roles: object) -> set[str]:
    return {str(role) for role in roles} if isinstance(roles, list) else set()


def _saved_by(wanted: Wanted) -> str:
    """Return the permission that gives such a role; who has it everywhere decides alone."""
    return SAVE if wanted.project is None else SAVE_IN_PROJECT


def _known(tx: Transaction, principal: Principal, request_id: RequestId) -> BindingRequest | None:
    """Return a request unless it is about a project that the principal may not know of."""
    found = RequestStore(tx).get(request_id)
    if found is None or found.project is None or principal.sees_project(found.workspace, found.project):
        return found
    return None


def _require_person(principal: Principal, wanted: Wanted) -> None:
    """Raise Denied if a machine decides that may not decide alone: whoever has one key could have two."""
    if principal.author.type != "User" and _saved_by(wanted) not in principal.everywhere:
        raise Denied(
            "requests for roles are made and decided by people",
            code="PersonNeeded",
            remedy="Sign in as a person, not with an API key.",
        )


def _unknown(request_id: RequestId) -> NotFound:
    return NotFound(f"there is no request {request_id}")
