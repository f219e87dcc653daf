"""How SCIM is spoken: what a directory sends is read leniently, and every refusal has the shape of the standard.

Source: RFC 7644 §3.12. Directories in use send attributes nobody declared, values of a removal, and texts for booleans; the
policy takes these.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError
from scim2_models import (
    Context,
    Error,
    ListResponse,
    PatchOp,
    Resource,
    SCIMException,
    ScimFilter,
    ScimPolicy,
    SearchRequest,
)
from scim2_models.path import Comparison, LogicalExpr

from blockyard.diagnosis.validation import in_words
from blockyard.server.identity.api.scim.quirks import as_meant
from blockyard.server.identity.api.scim.wrong import first_wrong
from blockyard.server.identity.model import folded
from blockyard.server.kit.errors import Conflict, Invalid, Refusal
from blockyard.server.kit.http import status_of
from blockyard.server.kit.paging import MAX_SIZE, PageFrom
from blockyard.server.kit.routers import BodyRoute, Handle
from blockyard.server.kit.wire import ShortText, WireJson

MEDIA = "application/scim+json"
DEFAULT_COUNT = 100

LENIENT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)

Search: TypeAlias = SearchRequest[Any]  # Any: as in the library
"""What a directory asks of a list."""

_ASSIGNED = frozenset({"id", "meta", "groups"})
"""What only the server says of a resource, in lower case: whatever a directory sends there is ignored. Source: RFC 7643 §2.2, §3.1."""

_LAST_INDEX = 2**53
"""No list is so long; a larger number means no more, and no database takes every one."""

_COUNTS = frozenset({"startindex", "count"})

_NOBODY = UUID(int=0)
"""In place of what cannot be an id: nothing has it."""

R = TypeVar("R", bound=Resource[Any])  # Any: as in the library


class ScimJson(JSONResponse):
    """An answer to a directory."""

    media_type = MEDIA


class ScimRoute(BodyRoute):
    """Answers refusals in the shape of SCIM."""

    def get_route_handler(self) -> Handle:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                if (scim_type := _type_of(refusal)) is None:  # answered as what comes before a route, with its headers
                    raise
                return _refused(status_of(refusal), refusal.in_full, scim_type)
            except SCIMException as error:
                wrong = error.__cause__  # of a PATCH that makes a value of another kind
                return _error(first_wrong(wrong) if isinstance(wrong, ValidationError) else error.to_error())
            except ValidationError as error:
                return _error(first_wrong(error))

        return handled


def read(model: type[R], body: Mapping[str, object], context: Context) -> R:
    """Return what a directory sent. Raises ValidationError."""
    sent = {name: value for name, value in body.items() if name.lower() not in _ASSIGNED}
    found: R = model.model_validate(sent, scim_ctx=context, scim_policy=LENIENT)
    return found


def patched(resource: R, body: Mapping[str, WireJson]) -> R:
    """Return a resource with the changes of a PATCH. Raises ValidationError, SCIMException."""
    model: Any = type(resource)  # Any: the library makes the message of a class at run time
    operations = PatchOp[model].model_validate(
        as_meant(body), scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=LENIENT
    )
    operations.patch(resource, LENIENT)
    return resource


def search_of(request: Request) -> Search:
    """Return what a list is asked for. Raises ValidationError."""
    query: dict[str, object] = dict(request.query_params)
    for name in ("attributes", "excludedAttributes"):
        if name in query:
            query[name] = str(query[name]).split(",")
    return Search.model_validate(_bounded(query), scim_policy=LENIENT)


def search_in(body: Mapping[str, object]) -> Search:
    """Return what a list is asked for by POST. Raises ValidationError."""
    return Search.model_validate(_bounded(body), scim_ctx=Context.SEARCH_REQUEST, scim_policy=LENIENT)


def _bounded(sent: Mapping[str, object]) -> dict[str, object]:
    """Return what is asked for, with numbers that are too large as the largest one. Source: RFC 7644 §3.4.2.4."""
    return {name: _index(value) if name.lower() in _COUNTS else value for name, value in sent.items()}


def _index(sent: object) -> object:
    if isinstance(sent, str) and (found := _WHOLE.fullmatch(sent.strip())) is not None:
        sign, digits = found.groups()
        number = _LAST_INDEX if len(digits) > _LONGEST_INDEX else int(digits)
        sent = -number if sign == "-" else number
    return max(-_LAST_INDEX, min(sent, _LAST_INDEX)) if isinstance(sent, int) else sent


_WHOLE = re.compile(r"([+-]?)0*([0-9]+)")
_LONGEST_INDEX = len(str(_LAST_INDEX))


def page_of(search: Search, *, after: int = 0) -> PageFrom:
    """Return which objects of a list are wanted; of one that goes on where another with `after` objects ends."""
    count = DEFAULT_COUNT if search.count is None else min(search.count, MAX_SIZE)
    start = (search.start_index or 1) - 1
    taken = min(max(after - start, 0), count)
    return PageFrom(size=count - taken, start=max(start - after, 0))


def wanted(model: type[R], search: Search, members: Mapping[str, str]) -> dict[str, object]:
    """Return the values of members that a filter asks for; `members` has them by the attributes that can be asked for.

    Raises SCIMException: the filter cannot be read. Raises Invalid: it asks for more than texts that attributes equal.
    """
    if search.filter is None:
        return {}
    bound: Any = ScimFilter[model]  # type: ignore[valid-type]  # the library binds a filter to a class at run time
    tree = bound(str(search.filter)).ast
    terms: Sequence[Any] = tree.terms if isinstance(tree, LogicalExpr) and tree.op == "and" else (tree,)
    found: dict[str, object] = {}
    for term in terms:
        member = _member_asked_for(term, members)
        if member is None or member in found:
            raise Invalid(
                f'lists are filtered by one of {", ".join(members)}, such as: {next(iter(members))} eq "…"',
                code="InvalidFilter",
                field="query/filter",
                remedy="Send a filter of this kind.",
            )
        found[member] = _comparable(member, kept(term.value, "filter") or "")
    return found


def _member_asked_for(term: object, members: Mapping[str, str]) -> str | None:
    if not isinstance(term, Comparison) or term.op != "eq" or not isinstance(term.value, str):
        return None
    path = term.attr_path.attr + (f".{term.attr_path.sub_attr}" if term.attr_path.sub_attr else "")
    return next((member for attribute, member in members.items() if path.lower() == attribute.lower()), None)


def _comparable(member: str, text: str) -> object:
    if member == "id":
        try:
            return UUID(text)
        except ValueError:
            return _NOBODY
    return folded(text) if member.endswith("_key") else text


def one(resource: R, status: HTTPStatus = HTTPStatus.OK, search: Search | None = None) -> ScimJson:
    """Return the answer with one resource."""
    location = None if resource.meta is None else resource.meta.location
    headers = None if location is None else {"Location": str(location)}
    return ScimJson(shown(resource, search), status_code=status, headers=headers)


def listed(resources: Sequence[Resource[Any]], total: int, search: Search) -> ScimJson:  # Any: as in the library
    """Return the answer with some resources of a list."""
    answer: dict[str, object] = {
        "schemas": [str(ListResponse.__schema__)],
        "totalResults": total,
        "startIndex": search.start_index or 1,
        "itemsPerPage": len(resources),
        "Resources": [shown(resource, search) for resource in resources],
    }
    return ScimJson(answer)


def shown(resource: Resource[Any], search: Search | None = None) -> dict[str, object]:
    """Return a resource with the attributes that are asked for."""
    document: dict[str, object] = resource.model_dump(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=search
    )
    return document


def kept(text: str | None, path: str) -> str | None:
    """Return a text of the attribute at `path` that both databases can keep, if there is one. Raises Invalid."""
    try:
        return _TEXT.validate_python(text)
    except ValidationError as error:
        raise Invalid(
            f"{path} {in_words(error.errors()[0])}",
            code="InvalidValue",
            field=f"/{path.replace('.', '/')}",
            remedy="Change it in the directory.",
        ) from None


_TEXT: TypeAdapter[str | None] = TypeAdapter(ShortText | None)


def _type_of(refusal: Refusal) -> str | None:
    if refusal.code == "InvalidFilter":
        return "invalidFilter"
    if isinstance(refusal, Conflict) and refusal.code in {"UserExists", "EmailTaken", "NameTaken"}:
        return "uniqueness"
    if isinstance(refusal, Invalid):
        return "mutability" if refusal.code == "Immutable" else "invalidValue"
    return None


def _refused(status: HTTPStatus, detail: str, scim_type: str) -> ScimJson:
    return _error(Error(status=int(status), detail=detail, scim_type=scim_type))


def _error(error: Error) -> ScimJson:
    return ScimJson(error.model_dump(), status_code=error.status or HTTPStatus.BAD_REQUEST)
