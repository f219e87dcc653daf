"""The definitions that people may order: searched, filtered and paged by the database. Source: concepts.md 17."""

import math
from collections.abc import Sequence

from sqlalchemy import CTE, ColumnElement, Select, and_, false, func, or_, select

from blockyard.server.definitions.model import Definition
from blockyard.server.definitions.model.catalogue import CatalogueQuery, Facets, grams
from blockyard.server.definitions.store.definitions import definitions, offered_to, platform_types, rows
from blockyard.server.definitions.store.grams import grams as _grams
from blockyard.server.definitions.store.tags import tags as _tags
from blockyard.server.identity.model import Reach
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest

_LEAST_SHARE = 0.4
"""Of the groups of a search a definition has at least so many: `bukcet` has three of seven in common with `bucket`."""

_CLOSE_TO_BEST = 0.6
"""What has fewer than this part of what the best one has is left out."""

_MAX_FACETS = 200


class CatalogueStore:
    """Reads what may be ordered."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def page(self, reach: Reach, query: CatalogueQuery, request: PageRequest) -> Page[Definition]:
        """Return one page of what may be ordered within `reach`, or is its own: the best first, else by name.

        Where a request asks for an order by age, it gets that.
        """
        columns = definitions.c
        conditions = [_within(reach), *_filters(query), *before(columns.created_at, request)]
        wanted = grams(query.search)
        if query.search and not wanted:
            return Page([], 0, request)
        by_age = ordered((columns.created_at, columns.id), request)
        is_by_age = request.newest_first is not None
        by_name = by_age if is_by_age else (columns.sort_name, columns.id)
        if not wanted:
            found = select(definitions).where(*conditions)
            return self._page(found, found.order_by(*by_name), request)
        near = self._near(sorted(wanted), conditions)
        best = select(func.max(near.c.hits)).scalar_subquery()
        found = select(definitions).join(near, near.c.id == columns.id).where(near.c.hits >= best * _CLOSE_TO_BEST)
        best_first = () if is_by_age else (near.c.score.desc(),)
        return self._page(found, found.order_by(*best_first, *by_name), request)

    def facets(self, reach: Reach) -> Facets:
        """Return what the definitions of `page` can be told apart by."""
        columns, within = definitions.c, _within(reach)
        owners = select(columns.workspace).where(within).distinct().order_by(columns.workspace).limit(_MAX_FACETS)
        types = (
            select(platform_types.c.type_name)
            .where(platform_types.c.definition_id.in_(select(columns.id).where(within)))
            .distinct()
            .order_by(platform_types.c.type_name)
            .limit(_MAX_FACETS)
        )
        tagged = (
            select(_tags.c.tag_key, _tags.c.tag_value)
            .where(_tags.c.definition_id.in_(select(columns.id).where(within)))
            .distinct()
            .order_by(_tags.c.tag_key, _tags.c.tag_value)
            .limit(_MAX_FACETS)
        )
        return Facets(
            owners=[row.workspace for row in self._tx.execute(owners)],
            platform_types=[row.type_name for row in self._tx.execute(types)],
            tags=[(row.tag_key, row.tag_value) for row in self._tx.execute(tagged)],
        )

    def _near(self, wanted: Sequence[str], conditions: Sequence[ColumnElement[bool]]) -> CTE:
        hits = func.count()
        return (
            select(_grams.c.definition_id.label("id"), hits.label("hits"), func.sum(_grams.c.weight).label("score"))
            .join(definitions, definitions.c.id == _grams.c.definition_id)
            .where(_grams.c.gram.in_(wanted), *conditions)
            .group_by(_grams.c.definition_id)
            .having(hits >= math.ceil(len(wanted) * _LEAST_SHARE))
            .cte("near")
        )

    def _page(
        self, found: Select[tuple[object, ...]], ordered: Select[tuple[object, ...]], request: PageRequest
    ) -> Page[Definition]:
        counted = select(func.count()).select_from(found.subquery())
        page = ordered.limit(request.limit).offset(request.offset)
        items = [rows.read(row) for row in self._tx.execute(page)]
        return Page.of(items, lambda: int(str(self._tx.execute(counted).scalar_one())), request)


def _within(reach: Reach) -> ColumnElement[bool]:
    """Return that a definition is its own, or offered to it and not only by landing zones."""
    if reach.owners is None:
        return definitions.c.id.is_not(None)
    if not reach.owners:
        return false()
    own = definitions.c.workspace.in_(sorted(reach.owners))
    return or_(own, and_(offered_to(reach.owners), definitions.c.only_in_zones.is_(False)))


def _filters(query: CatalogueQuery) -> list[ColumnElement[bool]]:
    columns = definitions.c
    found: list[ColumnElement[bool]] = []
    if query.target_type is not None:
        found.append(columns.target_type == query.target_type)
    if query.owner is not None:
        found.append(columns.workspace == query.owner)
    if query.platform_type is not None:
        of_type = select(platform_types.c.definition_id).where(platform_types.c.type_name == query.platform_type)
        found.append(columns.id.in_(of_type))
    if query.tag is not None:
        key, value = query.tag
        tagged = select(_tags.c.definition_id).where(_tags.c.tag_key == key, _tags.c.tag_value == value)
        found.append(columns.id.in_(tagged))
    return found
