"""The routes of admin roles and who has them. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.model.admin_roles import (
    ADMIN_ROLES,
    AdminBinding,
    AdminBindingId,
    NewAdminBinding,
    SubjectKind,
    parse_admin_role,
)
from blockyard.server.identity.service import AdminBindingService
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, ShortText, WireDate, WireJson, WireModel


class AdminSubject(WireModel):
    """A person or a group."""

    kind: Annotated[SubjectKind, Field(strict=False)] = SubjectKind.USER
    name: Name


class AdminBindingIn(WireModel):
    """Who gets which admin role, until the end of which day."""

    role: Name
    subject: AdminSubject
    expiry_date: WireDate | None = None

    def new(self) -> NewAdminBinding:
        """Return the binding as use cases take it. Raises Invalid."""
        return NewAdminBinding(
            role=parse_admin_role(self.role),
            kind=self.subject.kind,
            subject=self.subject.name,
            expires_on=self.expiry_date,
        )


class AdminBindingOut(AdminBindingIn):
    """An admin binding as the API shows it."""

    uuid: str
    created_on: str


class AdminRoleOut(WireModel):
    """An admin role and the codes it gives."""

    name: str
    permissions: list[str]


class AdminRoles(WireModel):
    """All admin roles."""

    admin_roles: list[AdminRoleOut]


def admin_binding_routes(db: Database, bindings: AdminBindingService, links: Links) -> APIRouter:
    """Return the routes of admin roles and admin bindings."""
    router = api_router(prefix="/api/blockyard/v1", tags=["Admin roles"])

    @router.get("/admin-roles")
    async def list_admin_roles(principal: CurrentPrincipal) -> AdminRoles:
        """Return the admin roles, each with the codes it gives."""
        principal.require_any_code()
        return AdminRoles(
            admin_roles=[
                AdminRoleOut(name=role.value, permissions=sorted(codes)) for role, codes in ADMIN_ROLES.items()
            ]
        )

    @router.get("/admin-bindings")
    async def list_admin_bindings(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        subject: Annotated[ShortText | None, Query()] = None,
    ) -> dict[str, WireJson]:
        """Return who has admin roles, ended bindings too, oldest first."""
        found = await db.read(lambda tx: bindings.page(tx, principal, page, subject=subject))
        return page_at(links.own("admin-bindings"), "adminBindings", found.map(_json), sent_query(request))

    @router.post("/admin-bindings", status_code=HTTPStatus.CREATED)
    async def create_admin_binding(
        body: Annotated[AdminBindingIn, Body()], principal: CurrentPrincipal
    ) -> AdminBindingOut:
        """Give an admin role."""
        new = body.new()
        return _binding(await db.write(lambda tx: bindings.create(tx, principal, new)))

    @router.get("/admin-bindings/{uuid}")
    async def read_admin_binding(uuid: UUID, principal: CurrentPrincipal) -> AdminBindingOut:
        """Return an admin binding."""
        return _binding(await db.read(lambda tx: bindings.get(tx, principal, AdminBindingId(uuid))))

    @router.delete("/admin-bindings/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_admin_binding(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Take an admin role away."""
        await db.write(lambda tx: bindings.delete(tx, principal, AdminBindingId(uuid)))

    return router


def _binding(binding: AdminBinding) -> AdminBindingOut:
    return AdminBindingOut(
        uuid=str(binding.id),
        role=binding.role.value,
        subject=AdminSubject(kind=binding.kind, name=binding.subject),
        expiry_date=binding.expires_on,
        created_on=wire_time(binding.created_at),
    )


def _json(binding: AdminBinding) -> JsonObject:
    document: JsonObject = _binding(binding).model_dump(by_alias=True, mode="json")
    return document
