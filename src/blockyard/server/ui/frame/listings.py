"""What a list is: its columns, its filters, its use case, and what an address of it asks for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Request

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.ui.frame import words

T = TypeVar("T")

PAGE_SIZE = 25

_MAX_PAGE = 100_000
MAX_TEXT = 255
"""Characters of a search, or of a filter."""

_PAGE = re.compile(r"\d{1,9}", re.ASCII)
NO_WORD = re.compile(r"[^a-z0-9]+")

Choices = Sequence[tuple[str, str]]
"""Words in the address, and what people read."""

Choose = Callable[[Transaction, Principal], Choices | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a row has in one column: a text, a status, or an instant; `detail` is its second line, or follows the instant."""

    text: str = ""
    badge: words.Badge | None = None
    at: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        sort: its word in the address; None if the list cannot be sorted by it.
        turned: whether the first click on it sorts in descending order, as for instants.
        groups: whether rows that are alike in it can stand together, below what they have in common; it has to have a `sort`.
    """

    label: str
    cell: Callable[[T], Cell]
    sort: str | None = None
    turned: bool = False
    groups: bool = False

    @property
    def word(self) -> str:
        """What the address calls it."""
        return NO_WORD.sub("-", self.label.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter.

    Attributes:
        every: what it says while it filters nothing.
        choices: all there is to choose from; any other word counts as not asked for.
        choose: finds what there is to choose from; None if that is too much, so that a word is typed.
    """

    name: str
    label: str
    every: str
    choices: Choices = ()
    choose: Choose | None = None

    def reads(self, sent: str) -> str:
        """Return what a word in the address asks for."""
        known = self.choose is not None or sent in {word for word, _ in self.choices}
        return sent.replace("\0", "")[:MAX_TEXT] if known else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address of a list asks for; anything it cannot mean counts as not asked for.

    Attributes:
        sort: the column, with a `-` before it in descending order.
        hidden: the columns that are not shown.
        group: the column, by its `sort`, that rows stand together by; they are sorted by it first.
        within: what stands in the braces of the list's path.
    """

    search: str
    filters: Mapping[str, str]
    sort: str
    page: int
    hidden: frozenset[str] = frozenset()
    group: str = ""
    within: Mapping[str, str] = field(default_factory=dict)
    size: int = PAGE_SIZE

    @property
    def is_filtered(self) -> bool:
        """Whether less than everything is asked for."""
        return bool(self.search or any(self.filters.values()))

    @property
    def column(self) -> str:
        """What the list is sorted by."""
        return self.group or self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether it is sorted in descending order."""
        return not self.group and self.sort.startswith("-")

    @property
    def request(self) -> PageRequest:
        """The page, as use cases take it."""
        return PageRequest(self.page - 1, self.size)


Begin = Callable[[Transaction, Principal, Sequence[str] | None, Asked], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What can be done with rows that are selected.

    Attributes:
        name: its word in the form.
        do: the use case, for one row by its key, in a transaction of its own; or
        begin: the use case that makes one job of all rows, by their keys, or of all that the list finds (None): returns the
            address of the page that follows the job.
        ask: what is asked first, by how many rows it is about: the title and the text of a question.
        done: what is said afterwards, about how many.
        is_dangerous: whether its button says so.
    """

    name: str
    label: str
    icon: str
    do: Callable[[Transaction, Principal, str], object] | None = None
    begin: Begin | None = None
    done: Callable[[int], str] = field(default=str)
    ask: Callable[[int], tuple[str, str]] | None = None
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """A list of one kind of things.

    Attributes:
        path: may name parts in braces; `Asked.within` has what stands there.
        one, many: what the things are called.
        columns: the first one names the thing, and leads to it.
        find: the use case.
        sort: what the list is sorted by unless the address says otherwise.
        is_moving: whether a thing will soon look different by itself: the page looks again every few seconds.
        about: the line below the title.
        around: what else the page shows, such as its `scope`.
        searches: what the search looks at; empty if there is none.
        key: what addresses a thing in `acts`.
        offers: whether an act is offered to a principal who sees these things.
        template: a template of the page that extends `frame/list.html` to say what to do while there is nothing.
    """

    path: str
    title: str
    one: str
    many: str
    columns: Sequence[Column[T]]
    href: Callable[[T], str]
    find: Callable[[Transaction, Principal, Asked], Page[T]]
    sort: str
    about: Callable[[Principal], str]
    filters: Sequence[Filter] = ()
    is_moving: Callable[[T], bool] = field(default=lambda _: False)
    around: Callable[[Transaction, Principal, Asked], Mapping[str, object]] = field(default=lambda *_: {})
    searches: str = "name"
    key: Callable[[T], str] | None = None
    acts: Sequence[Act] = ()
    offers: Callable[[Act, Principal, Sequence[T]], bool] = field(default=lambda *_: True)
    template: str = "frame/list.html"

    @property
    def groups(self) -> Sequence[Column[T]]:
        """The columns by which rows can stand together."""
        return [column for column in self.columns if column.groups]

    def asked(self, request: Request) -> Asked:
        """Return what a request asks for."""
        sent = request.query_params
        sort, page, group = sent.get("sort", ""), sent.get("page", ""), sent.get("group", "")
        return Asked(
            search=sent.get("search", "").replace("\0", "").strip()[:MAX_TEXT],
            filters={one.name: one.reads(sent.get(one.name, "")) for one in self.filters},
            sort=sort if sort.removeprefix("-") in {column.sort for column in self.columns} else self.sort,
            page=min(max(int(page), 1), _MAX_PAGE) if _PAGE.fullmatch(page) else 1,
            hidden=frozenset(sent.get("hide", "").split(".")) & {column.word for column in self.columns[1:]},
            group=group if group in {column.sort for column in self.groups} else "",
            within={name: str(value) for name, value in request.path_params.items()},
        )

    def at(self, asked: Asked) -> str:
        """Return the address of the whole list."""
        return self.path.format(**{name: quote(value, safe="") for name, value in asked.within.items()})

    def address(self, asked: Asked, *, sort: str | None = None, page: int = 1, **more: str) -> str:
        """Return the address of the same list, sorted otherwise or at another page."""
        members = {
            "search": asked.search,
            **asked.filters,
            "sort": sort or asked.sort,
            "hide": ".".join(sorted(asked.hidden)),
            "group": asked.group,
            "page": str(page),
            **more,
        }
        defaults = {"sort": self.sort, "page": "1"}
        kept = {name: value for name, value in members.items() if value != defaults.get(name, "")}
        return f"{self.at(asked)}?{urlencode(kept)}" if kept else self.at(asked)

    def shown(self, asked: Asked) -> Sequence[Column[T]]:
        """Return the columns that are not hidden."""
        return [column for column in self.columns if column.word not in asked.hidden]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; `sorted` is `ascending`, `descending` or None, `href` sorts by it, or the other way round."""

    label: str
    sorted: str | None
    href: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One thing: where its row leads, what it has in each column, and its key where rows can be selected."""

    href: str
    cells: Sequence[Cell]
    key: str = ""
    group: Cell | None = None
    """What this row and those after it have in common, where the row before has not."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column in the menu of columns: `href` shows or hides it."""

    label: str
    is_shown: bool
    href: str
