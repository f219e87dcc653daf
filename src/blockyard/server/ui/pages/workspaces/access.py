"""Who has which role in a workspace, until when, and who asks for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response

from blockyard.server.binding_requests.model import RequestedKind, RequestId, RequestState, Wanted
from blockyard.server.identity.model import Principal, WorkspaceRole
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option, again, send
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.workspaces.around import around, home_of
from blockyard.server.ui.pages.workspaces.removal import add_removal
from blockyard.server.workspaces.model import Binding, BindingKind, NewBinding

_MOST = 200
LIST, SAVE = "WORKSPACEPRINCIPALBINDING_LIST", "WORKSPACEPRINCIPALBINDING_SAVE"
DELETE = "WORKSPACEPRINCIPALBINDING_DELETE"

REASON = Ask(name="reason", label="Reason", needed=True, help="Who decides about it reads this.")
"""Asked for where several people decide together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRow:
    """A role as a page shows it."""

    binding: Binding
    name: str
    role: str
    is_group: bool
    ends: words.Badge | None


def active(bindings: Sequence[Binding], at: datetime) -> list[Binding]:
    """Return those that have not ended, owners first."""
    order = list(WorkspaceRole)
    living = [one for one in bindings if one.expires_on is None or one.expires_on >= at.date()]
    return sorted(living, key=lambda one: (order.index(one.role), one.subject))


def binding_rows(tx: Transaction, services: Services, bindings: Sequence[Binding]) -> list[BindingRow]:
    """Return roles with the names of the people who have them."""
    usernames = [one.subject for one in bindings if one.kind is BindingKind.USER]
    names = {user.username: user.author.display_name for user in services.users.people(tx, usernames)}
    at = services.clock()
    return [
        BindingRow(
            binding=one,
            name=names.get(one.subject, one.subject) if one.kind is BindingKind.USER else one.subject,
            role=one.role.value.removeprefix("Workspace "),
            is_group=one.kind is BindingKind.GROUP,
            ends=words.end_badge(one.expires_on, at.date()),
        )
        for one in bindings
    ]


def _asks(*, must_ask: bool) -> list[Ask]:
    roles = [
        Option(WorkspaceRole.MEMBER.value, "Member", "Sees the workspace, and the projects in which they have a role."),
        Option(
            WorkspaceRole.MANAGER.value, "Manager", "Orders, changes and deletes; gives roles but that of an owner."
        ),
        Option(WorkspaceRole.OWNER.value, "Owner", "May do everything, also delete the workspace. At most two people."),
    ]
    return [
        Ask(
            name="subjects",
            label="Usernames",
            kind="area",
            needed=True,
            longest=2000,
            help="One or several, each in its own line. For a group, its name.",
            pointers=["/subject"],
        ),
        Ask(
            name="kind",
            label="They are",
            kind="select",
            value="user",
            options=[Option("user", "People"), Option("group", "Groups")],
        ),
        Ask(name="role", label="Role", kind="radios", needed=True, options=roles, pointers=["/roleRef", "/role"]),
        Ask(
            name="ends",
            label="Last day",
            kind="date",
            help="Leave empty if it does not end.",
            pointers=["/expiryDate"],
        ),
        *([REASON] if must_ask else []),
    ]


def add_access(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the page."""
    bindings, requests = services.bindings, services.binding_requests

    def read(tx: Transaction, principal: Principal, name: str) -> tuple[dict[str, object], list[Ask]]:
        context = around(tx, principal, services, name)
        at = services.clock()
        known = bindings.of_workspace(tx, principal, name)
        now = active(known, at)
        may_save = principal.allows(SAVE, workspace=name)
        page = requests.page(
            tx, principal, PageRequest(0, _MOST, newest_first=True), workspace=name, state=RequestState.REQUESTED
        )
        must_ask = bindings.needs_approval(principal)
        context |= {
            "bindings": binding_rows(tx, services, now),
            "ended": binding_rows(tx, services, [one for one in known if one not in now]),
            "requests": page.items,
            "may_remove": principal.allows(DELETE, workspace=name),
            "may_decide": may_save,
            "must_ask": must_ask,
            "last_owner": _last_owner(now),
            "me": principal.author.identifier,
        }
        return context, _asks(must_ask=must_ask) if may_save else []

    @router.get("/w/{workspace}/access")
    async def show_access(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context, asks = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))
        context["asks"] = again(asks, request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/access.html", context)

    @router.post("/w/{workspace}/access")
    async def give_role(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/access"
        _, asks = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))

        def give(tx: Transaction, filled: Filled) -> str:
            subjects = [line.strip() for line in filled.texts["subjects"].replace(",", "\n").splitlines()]
            subjects = [subject for subject in subjects if subject]
            for subject in subjects:
                if "reason" in filled.texts:
                    requests.create(tx, visitor.principal, _wanted(workspace, subject, filled))
                else:
                    bindings.create(tx, visitor.principal, _new(workspace, subject, filled))
            who = subjects[0] if len(subjects) == 1 else f"{len(subjects)} of them"
            return f"{who}: asked for." if "reason" in filled.texts else f"{who}: the role was given."

        return await send(
            site,
            visitor,
            asks,
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: give(tx, filled)),
            done=lambda said: site.go(path, visitor, said=said),
        )

    add_removal(router, site, "/w/{workspace}/access", BindingKind, bindings.delete)
    _add_end(router, site, services)

    @router.post("/w/{workspace}/access/requests/{request_id}")
    async def decide(request: Request, workspace: str, request_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/access"
        acts = {"approve": requests.approve, "decline": requests.decline, "cancel": requests.cancel}
        act = acts.get(form.texts.get("act", ""))
        if act is None:
            return site.go(path, visitor)
        return await submit(
            site.db.write(lambda tx: act(tx, visitor.principal, RequestId(request_id))),
            again=site.back_to(path, visitor),
            done=lambda made: site.go(path, visitor, said=told(made.state)),
        )


def _last_owner(now: Sequence[Binding]) -> str | None:
    """Return the name of the only binding of an owner."""
    owners = [binding for binding in now if binding.owns]
    return owners[0].name if len(owners) == 1 else None


def _add_end(router: APIRouter, site: Site, services: Services) -> None:
    @router.post("/w/{workspace}/access/end")
    async def change_end(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path, name = f"{home_of(workspace)}/access", form.texts.get("binding", "").replace("\0", "")
        kind = BindingKind.GROUP if form.texts.get("kind") == BindingKind.GROUP.value else BindingKind.USER

        async def work() -> Binding:
            day = _day(form.texts.get("ends", ""))
            return await site.db.write(lambda tx: services.bindings.change_end(tx, visitor.principal, kind, name, day))

        def done(made: Binding) -> Response:
            ends = "no longer ends" if made.expires_on is None else f"ends with {made.expires_on.isoformat()} now"
            return site.go(path, visitor, said=f"The role of {made.subject} {ends}.")

        return await submit(work(), again=site.back_to(path, visitor), done=done)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(
            "this is not a day", code="InvalidDate", field="/expiryDate", remedy="Enter one such as 2027-01-31."
        ) from None


def told(state: RequestState) -> str:
    return {
        RequestState.REQUESTED: "You approved it. Others have to approve it, too.",
        RequestState.APPROVED: "The role was given.",
        RequestState.REJECTED: "The request was declined.",
        RequestState.CANCELLED: "The request was taken back.",
    }[state]


def _new(workspace: str, subject: str, filled: Filled) -> NewBinding:
    is_group = filled.texts["kind"] == "group"
    return NewBinding(
        kind=BindingKind.GROUP if is_group else BindingKind.USER,
        name=f"{workspace}-{uuid4().hex[:12]}",
        role=WorkspaceRole(filled.texts["role"]),
        workspace=workspace,
        subject=subject,
        expires_on=filled.day("ends"),
    )


def _wanted(workspace: str, subject: str, filled: Filled) -> Wanted:
    new = _new(workspace, subject, filled)
    is_group = new.kind is BindingKind.GROUP
    return Wanted(
        kind=RequestedKind.WORKSPACE_GROUP if is_group else RequestedKind.WORKSPACE_USER,
        name=new.name,
        role=new.role.value,
        workspace=workspace,
        subject=subject,
        expires_on=new.expires_on,
        reason=filled.texts["reason"],
    )
