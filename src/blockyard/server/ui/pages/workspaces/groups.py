"""Groups of a workspace: who is in them."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.identity.service.groups import GroupOfPeople
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.tags.model import Tags, TargetKind
from blockyard.server.ui.frame.plain_forms import Ask, Filled, again, send
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.workspaces.around import around, home_of
from blockyard.server.ui.pages.workspaces.tags import tag_asks, tags_in

_MOST = 200
_SAVE = "WORKSPACEPRINCIPALBINDING_SAVE"


def add_groups(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of groups."""
    groups = services.groups

    def read(tx: Transaction, principal: Principal, name: str) -> dict[str, object]:
        context = around(tx, principal, services, name)
        page = groups.page(tx, principal, PageRequest(0, _MOST), workspace=name)
        members = groups.usernames(tx, [group.name for group in page.items])
        return {
            **context,
            "groups": [(group, members[group.name]) for group in page.items],
            "may_save": principal.allows(_SAVE, workspace=name),
        }

    @router.get("/w/{workspace}/groups")
    async def show_groups(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))
        context["asks"] = again(_asks(None), request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/groups.html", context)

    @router.post("/w/{workspace}/groups")
    async def make_group(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/groups"

        def make(tx: Transaction, filled: Filled) -> GroupOfPeople:
            return groups.create(
                tx,
                visitor.principal,
                name=filled.texts["identifier"],
                display_name=filled.texts["name"] or filled.texts["identifier"],
                workspace=workspace,
                usernames=_usernames(filled),
            )

        return await send(
            site,
            visitor,
            _asks(None),
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: make(tx, filled)),
            done=lambda made: site.go(path, visitor, said=f"The group {made.group.display_name} was made."),
        )

    _add_group(router, site, services)


class _GroupPages:
    """Reads what the page of a group shows, and writes its tags."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def of(self, tx: Transaction, principal: Principal, workspace: str, name: str) -> GroupOfPeople:
        """Return a group of this workspace. Raises NotFound."""
        found = self._services.groups.get(tx, principal, name)
        if found.group.workspace != workspace or found.usernames is None:
            raise NotFound(f"workspace '{workspace}' has no group '{name}'")
        return found

    def tags(self, tx: Transaction, principal: Principal, name: str) -> Tags:
        """Return the tags of a group; none for those who may not know them."""
        may_know = "USER_LIST" in principal.everywhere
        return self._services.principal_tags.of_group(tx, principal, name) if may_know else {}

    def asks(self, tx: Transaction, principal: Principal, found: GroupOfPeople) -> list[Ask]:
        """Return what the form asks for; administrators for tags, too."""
        if TargetKind.PRINCIPAL.saved_by not in principal.everywhere:
            return _asks(found)
        held = self.tags(tx, principal, found.group.name)
        return [*_asks(found), *tag_asks(tx, principal, self._services, TargetKind.PRINCIPAL, held)]

    def tag(self, tx: Transaction, principal: Principal, name: str, filled: Filled, asks: Sequence[Ask]) -> None:
        """Give a group the tags that the form says, where they are others than it has."""
        before = self.tags(tx, principal, name)
        after = tags_in(filled, asks, before)
        if after != before:
            self._services.principal_tags.tag_group(tx, principal, name, after)


def _add_group(router: APIRouter, site: Site, services: Services) -> None:
    groups, pages = services.groups, _GroupPages(services)

    @router.get("/w/{workspace}/groups/{group}")
    async def show_group(request: Request, workspace: str, group: str) -> Response:
        visitor = await site.visitors.of(request)

        def look(tx: Transaction) -> tuple[dict[str, object], list[Ask]]:
            context = around(tx, visitor.principal, services, workspace)
            found = pages.of(tx, visitor.principal, workspace, group)
            context |= {
                "group": found.group,
                "members": found.usernames or (),
                "may_save": visitor.principal.allows(_SAVE, workspace=workspace),
                "tags": pages.tags(tx, visitor.principal, group),
            }
            return context, pages.asks(tx, visitor.principal, found)

        context, asks = await site.db.read(look)
        context["asks"] = again(asks, request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/group.html", context)

    @router.post("/w/{workspace}/groups/{group}")
    async def save_group(request: Request, workspace: str, group: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/groups/{group}"
        asks = await site.db.read(
            lambda tx: pages.asks(tx, visitor.principal, pages.of(tx, visitor.principal, workspace, group))
        )

        def save(tx: Transaction, filled: Filled) -> None:
            groups.update(
                tx,
                visitor.principal,
                group,
                display_name=filled.texts["name"],
                usernames=_usernames(filled),
            )
            pages.tag(tx, visitor.principal, group, filled, asks)

        return await send(
            site,
            visitor,
            asks,
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: save(tx, filled)),
            done=lambda _: site.go(path, visitor, said="The group was saved."),
        )

    @router.post("/w/{workspace}/groups/{group}/delete")
    async def delete_group(request: Request, workspace: str, group: str) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        await site.db.read(lambda tx: pages.of(tx, visitor.principal, workspace, group))
        return await submit(
            site.db.write(lambda tx: groups.delete(tx, visitor.principal, group)),
            again=site.back_to(f"{home_of(workspace)}/groups/{group}", visitor),
            done=lambda _: site.go(f"{home_of(workspace)}/groups", visitor, said="The group was deleted."),
        )


def _usernames(filled: Filled) -> list[str]:
    lines = (line.strip() for line in filled.texts["members"].replace(",", "\n").splitlines())
    return sorted({line for line in lines if line})


def _asks(found: GroupOfPeople | None) -> list[Ask]:
    identifier = Ask(
        name="identifier",
        label="Identifier",
        needed=True,
        longest=64,
        pointers=["/name"],
        help="How other people and programs call the group. It never changes.",
    )
    return [
        Ask(
            name="name",
            label="Name",
            needed=found is not None,
            value=found.group.display_name if found else "",
            pointers=["/displayName"],
        ),
        *([identifier] if found is None else []),
        Ask(
            name="members",
            label="Usernames of its members",
            kind="area",
            longest=10_000,
            value="\n".join(found.usernames or ()) if found else "",
            pointers=["/members"],
            help="Each in its own line.",
        ),
    ]
