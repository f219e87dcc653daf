"""What the commands of plain kinds have in common: one way to list, show, make, change, switch and delete.

A module of such a kind says what its objects are called and how people see them; its commands have their options only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import typer

from blockyard.cli.changes import require_change
from blockyard.cli.client import Client
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import members, text
from blockyard.cli.listing import require_workspace, tell_list, tell_one
from blockyard.cli.output import Column, Format
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, Session, UrlOption, connected
from blockyard.cli.tags import with_tags
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import Kind

NewName = Annotated[str, typer.Argument(metavar="NAME", help="Identifier: lower-case letters, digits, single hyphens.")]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
Description = Annotated[str | None, typer.Option("--description", help="What it is.")]

Fact = tuple[str, str]
Merge = Callable[[JsonObject], JsonObject]
"""From what an object says to those of its members that shall say something else."""

Finder = Callable[[Client, str], JsonObject]


class Objects(Protocol):
    """Where the objects of a kind are read and written."""

    @property
    def kind(self) -> Kind:
        """How they are called on the wire."""

    @property
    def find(self) -> Finder | None:
        """What looks for the object that a word means, where a word is more than its address."""

    def show(self, client: Client, word: str) -> JsonObject:
        """Return the object that a word means. Raises Failure."""

    def address(self, document: JsonObject) -> str:
        """Return what its URL ends on."""

    def said(self, document: JsonObject) -> JsonObject:
        """Return what its author says of it, as far as it is said anew with every change."""

    def create(self, client: Client, content: JsonObject) -> JsonObject:
        """Store a new object, and return it as stored. Raises Failure."""

    def replace(self, client: Client, address: str, before: JsonObject, said: JsonObject) -> JsonObject:
        """Store an object anew, and return it as stored. Raises Failure."""

    def delete(self, client: Client, address: str) -> None:
        """Delete an object. Raises Failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshObjects:
    """Objects of the public API. Those that `find` looks for have an id in their URL."""

    kind: Kind
    find: Finder | None = None
    has_tags_in_metadata: bool = False

    def show(self, client: Client, word: str) -> JsonObject:
        """Return the object that a word means. Raises Failure."""
        return self.find(client, word) if self.find else client.show(self.kind, word)

    def address(self, document: JsonObject) -> str:
        """Return what its URL ends on."""
        return text(document, "metadata", "uuid")

    def said(self, document: JsonObject) -> JsonObject:
        """Return its specification, with the tags, wherever the kind has them."""
        tags: JsonObject = {"tags": members(document, "metadata", "tags")} if self.has_tags_in_metadata else {}
        return members(document, "spec") | tags

    def create(self, client: Client, content: JsonObject) -> JsonObject:
        """Store a new object, and return it as stored. Raises Failure."""
        return client.create(self.kind, content)

    def replace(self, client: Client, address: str, before: JsonObject, said: JsonObject) -> JsonObject:
        """Store an object anew, and return it as stored. Raises Failure."""
        metadata, spec = members(before, "metadata"), dict(said)
        if self.has_tags_in_metadata:
            metadata = metadata | {"tags": spec.pop("tags")}
        return client.replace(self.kind, address, {"metadata": metadata, "spec": spec})

    def delete(self, client: Client, address: str) -> None:
        """Delete an object. Raises Failure."""
        client.delete(self.kind, address)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnObjects:
    """Objects of Blockyard's own interface, whose members are not in an envelope."""

    kind: Kind
    members: Sequence[str] = ()
    """What a change says."""
    find: Finder | None = None

    def show(self, client: Client, word: str) -> JsonObject:
        """Return the object that a word means. Raises Failure."""
        return self.find(client, word) if self.find else client.show(self.kind, word)

    def address(self, document: JsonObject) -> str:
        """Return what its URL ends on."""
        return text(document, "uuid")

    def said(self, document: JsonObject) -> JsonObject:
        """Return the members that a change says."""
        return {name: document.get(name) for name in self.members}

    def create(self, client: Client, content: JsonObject) -> JsonObject:
        """Store a new object, and return it as stored. Raises Failure."""
        return client.post(self.kind.path(), content)

    def replace(self, client: Client, address: str, before: JsonObject, said: JsonObject) -> JsonObject:  # noqa: ARG002  as others are
        """Store an object anew, and return it as stored. Raises Failure."""
        answer = client.request("PUT", self.kind.path(address), body=said, sends=JSON)
        stored: JsonObject = answer.json()
        return stored

    def delete(self, client: Client, address: str) -> None:
        """Delete an object. Raises Failure."""
        client.delete(self.kind, address)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainKind:
    """A kind of objects as commands and people know it."""

    word: str
    """One of them, such as `payment method`."""
    which: object
    """The annotation of the argument that says which one."""
    objects: Objects
    columns: Sequence[Column]
    row: Callable[[JsonObject], Sequence[str]]
    """The cells of a list; an object alone has them as facts, called as the columns."""
    more: Callable[[JsonObject], Iterable[Fact]] = lambda _: ()
    """What is said of an object alone, too."""
    called: Callable[[JsonObject], str] = lambda document: text(document, "metadata", "name")
    """What sentences call one that was looked for; others are called by the word that was given."""

    def tell_page(
        self,
        session: Session,
        filters: Mapping[str, str | None],
        *,
        page: int,
        limit: int,
        workspace: str | None = None,
    ) -> None:
        """Print a page of the list. Raises Failure; also where nothing was found in a workspace that there is not."""
        found = session.client.page(self.objects.kind, filters, number_=page - 1, size=limit)
        tell_list(session, found, workspace, [*self.columns], self.row)

    def tell_all(
        self,
        session: Session,
        filters: Mapping[str, str | None],
        *,
        limit: int | None = None,
        order: Callable[[JsonObject], int] | None = None,
        path: str | None = None,
        workspace: str | None = None,
    ) -> None:
        """Print the whole list, or its first `limit`; it may stand at another path. Raises Failure, as `tell_page` does."""
        wanted = 0 if order is not None else limit or 0
        found = [*session.client.list(self.objects.kind, filters, limit=wanted, path=path)]
        if order is not None:
            found = sorted(found, key=order)[:limit]
        if session.printer.for_programs:
            session.printer.document([*found])
        else:
            require_workspace(session, workspace, found)
            session.printer.objects([*self.columns], [self.row(item) for item in found])

    def tell(self, session: Session, document: JsonObject) -> None:
        """Print an object; people are not told of what is empty."""
        names = [column.name.lower() for column in self.columns]
        facts = [*zip(names, self.row(document), strict=True), *self.more(document)]
        tell_one(session, document, [(name, value) for name, value in facts if value])

    def create(self, session: Session, content: JsonObject, called: str) -> None:
        """Store a new object, and tell. Raises Failure."""
        made = self.objects.create(session.client, content)
        session.printer.result(made, f"{self._title} {called} created.")

    def change(
        self,
        session: Session,
        word: str,
        changes: JsonObject,
        *,
        tag: list[str] | None = None,
        merge: Merge | None = None,
        options: str = "at least one option",
    ) -> None:
        """Change what was given of an object, and tell; the rest stays as it is. Raises Failure: `options` could be given.

        `merge` says what becomes of members of which a part was given.
        """
        if merge is None and not tag:
            require_change(changes, options)
        before = self.objects.show(session.client, word)
        said = self.objects.said(before)
        said |= changes | (merge(said) if merge else {})
        said |= {"tags": with_tags(members(said, "tags"), tag)} if tag else {}
        address, called = self._named(word, before)
        changed = self.objects.replace(session.client, address, before, said)
        session.printer.result(changed, f"{self._title} {called} changed.")

    def add_show(self, group: typer.Typer, help_: str) -> None:
        """Add the command that shows an object."""

        def show(which: str, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
            with connected(output, url) as session:
                self.tell(session, self.objects.show(session.client, which))

        self._add(group, "show", show, help_)

    def add_switch(self, group: typer.Typer, name: str, help_: str, *, done: str) -> None:
        """Add a command that puts an object into a state: `done` says which one."""
        collection = self.objects.kind.path().rpartition("/")[2].removeprefix("mesh")

        def switch(which: str, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
            with connected(output, url) as session:
                changed = session.client.post(own(collection, which, name))
                session.printer.result(changed, f"{self._title} {which} {done}.")

        self._add(group, name, switch, help_)

    def add_delete(self, group: typer.Typer, help_: str, *, question: str | None = None) -> None:
        """Add the command that deletes an object, once somebody agreed; `question` has `{}` where its name stands."""
        asked = question or f"Delete the {self.word} '{{}}'?"

        def delete(
            which: str, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
        ) -> None:
            with connected(output, url) as session:
                address, called = self._looked_up(session.client, which)
                require_consent(asked.format(called), yes=yes)
                self.objects.delete(session.client, address)
                session.printer.result({"deleted": address}, f"{self._title} {called} deleted.")

        self._add(group, "delete", delete, help_)

    @property
    def _title(self) -> str:
        return self.word[0].upper() + self.word[1:]

    def _looked_up(self, client: Client, word: str) -> tuple[str, str]:
        """Return the address and the name of an object; a word that is its address is not looked for. Raises Failure."""
        return (word, word) if self.objects.find is None else self._named(word, self.objects.show(client, word))

    def _named(self, word: str, document: JsonObject) -> tuple[str, str]:
        if self.objects.find is None:
            return word, word
        return self.objects.address(document), self.called(document)

    def _add(self, group: typer.Typer, name: str, command: Callable[..., None], help_: str) -> None:
        """Add a command whose argument is that of the kind. Typer reads it, and the help, from the function."""
        command.__annotations__["which"] = self.which
        command.__doc__ = help_
        group.command(name)(command)
