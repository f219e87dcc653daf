"""Taking roles away: one form for workspaces and projects, whose bindings are of two kinds each."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.ui.frame.site import Site, submit

K = TypeVar("K", bound=StrEnum)


def add_removal(
    router: APIRouter,
    site: Site,
    at: str,
    kinds: type[K],
    delete: Callable[[Transaction, Principal, K, str], None],
) -> None:
    """Add the route below the page `at` that takes a role away; the first of `kinds` is meant where a form names none."""

    @router.post(f"{at}/remove", name=f"take_role_of_{kinds.__module__}")
    async def take_role(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path, name = request.url.path.removesuffix("/remove"), form.texts.get("binding", "").replace("\0", "")
        sent = form.texts.get("kind")
        kind = next((one for one in kinds if one.value == sent), next(iter(kinds)))
        return await submit(
            site.db.write(lambda tx: delete(tx, visitor.principal, kind, name)),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, said="The role was taken away."),
        )
