"""Use cases of a definition's way to other workspaces: submit, withdraw, restrict, deprecate. Source: concepts.md 5.4 and 17."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.server.definitions.model import Definition, DefinitionId
from blockyard.server.definitions.service.access import LIST, SAVE, opened, unknown_definition
from blockyard.server.definitions.store import DefinitionStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.publications.model import (
    Audience,
    Publication,
    PublicationRequest,
    PublicationState,
    Step,
    Subject,
)
from blockyard.server.publications.service import PublicationService

TITLE = "Building Block Definition"

Release = Callable[[Transaction, Principal, Definition], Definition]
"""Releases the draft of a definition that has released nothing yet."""


class PublishingService:
    """Use cases of the publication of definitions; `release` comes from those of versions, which tell it of first releases."""

    title = TITLE
    release: Release

    def __init__(self, basics: Basics, *, publications: PublicationService) -> None:
        self._basics = basics
        self._publications = publications
        publications.kinds[DEFINITION.name] = self

    def show(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId
    ) -> tuple[Definition, Sequence[PublicationRequest]]:
        """Return an own definition and its requests for publication, newest first. Raises NotFound, Denied."""
        definition = opened(tx, principal, LIST, definition_id)
        return definition, self._publications.history(tx, definition_id)

    def submit(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, message: str
    ) -> tuple[Definition, Sequence[PublicationRequest]]:
        """Ask for the publication of a definition; where no review is needed it is published. Raises NotFound, Denied, Conflict."""
        before = opened(tx, principal, SAVE, definition_id)
        after = self._publications.submit(tx, principal, subject_of(before), before.publication, message)
        if after.state is PublicationState.PUBLISHED and before.released_version_id is None:
            before = self.release(tx, principal, before)
        self._save(tx, before, after)
        return self.show(tx, principal, definition_id)

    def withdraw(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId
    ) -> tuple[Definition, Sequence[PublicationRequest]]:
        """Take a request for publication back. Raises NotFound, Denied, Conflict."""
        before = opened(tx, principal, SAVE, definition_id)
        self._save(tx, before, self._publications.withdraw(tx, principal, before.id, before.publication))
        return self.show(tx, principal, definition_id)

    def turn(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, step: Step, reason: str
    ) -> tuple[Definition, Sequence[PublicationRequest]]:
        """Deprecate a published definition, or reactivate a deprecated one. Raises NotFound, Denied, Conflict."""
        before = opened(tx, principal, SAVE, definition_id)
        after = self._save(tx, before, before.publication.moved(step))
        if after != before:
            verb = "Deprecated" if step is Step.DEPRECATE else "Reactivated"
            self._tell(tx, principal.author, verb, before=before, after=after, reason=reason.strip())
        return self.show(tx, principal, definition_id)

    def restrict(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, audience: Audience
    ) -> tuple[Definition, Sequence[PublicationRequest]]:
        """Say whom a definition reaches; what is there goes on. Raises NotFound, Denied, Invalid, Conflict."""
        before = opened(tx, principal, SAVE, definition_id)
        after = self._save(tx, before, self._publications.with_audience(tx, principal, before.publication, audience))
        if after != before:
            self._tell(tx, principal.author, "Restriction Changed", before=before, after=after)
        return self.show(tx, principal, definition_id)

    def first_released(self, tx: Transaction, principal: Principal, definition: Definition) -> Definition:
        """Publish a definition whose first version was released, where no review is needed: public clients know no other step."""
        publication = definition.publication
        if publication.state is not PublicationState.UNPUBLISHED or not self._publications.may_publish(principal):
            return definition
        return self._save(tx, definition, self._publications.submit(tx, principal, subject_of(definition), publication))

    def forget(self, tx: Transaction, definition_id: DefinitionId) -> None:
        """Remove the requests of a definition that is deleted."""
        self._publications.forget(tx, definition_id)

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Restrict no definition to a workspace that is being deleted."""
        for before in DefinitionStore(tx).reaching(workspace):
            publication = before.publication
            narrower = replace(publication, audience=publication.audience.without(workspace))
            after = self._save(tx, before, narrower)
            self._tell(tx, author, "Restriction Changed", before=before, after=after)

    def decided(self, tx: Transaction, principal: Principal, object_id: UUID, step: Step) -> None:
        """Take the step that a reviewer decided on; an approved definition has a released version."""
        definition = DefinitionStore(tx).get(DefinitionId(object_id))
        if definition is None:
            raise unknown_definition(DefinitionId(object_id))
        publication = definition.publication.moved(step)
        if step is Step.APPROVE and definition.released_version_id is None:
            definition = self.release(tx, principal, definition)
        self._save(tx, definition, publication)

    def _save(self, tx: Transaction, definition: Definition, publication: Publication) -> Definition:
        if definition.publication == publication:
            return definition
        return DefinitionStore(tx).save(replace(definition, publication=publication))

    def _tell(
        self,
        tx: Transaction,
        author: Author,
        verb: str,
        *,
        before: Definition,
        after: Definition,
        reason: str = "",
    ) -> None:
        self._basics.event_log.append(
            tx,
            author,
            f"{TITLE} {verb}",
            EventType.CHANGED,
            workspace=after.workspace,
            subject_kind=DEFINITION.name,
            subject_id=str(after.id),
            description=after.display_name,
            content=_event_content(after.publication) | ({"reason": reason} if reason else {}),
            previous=_event_content(before.publication),
        )


def subject_of(definition: Definition) -> Subject:
    """Return what reviewers read of a definition."""
    return Subject(
        kind=DEFINITION.name,
        id=definition.id,
        workspace=definition.workspace,
        display_name=definition.display_name,
    )


def _event_content(publication: Publication) -> JsonObject:
    audience = publication.audience
    return {
        "publicationState": publication.state.value,
        "restriction": audience.restriction.value,
        "restrictedToWorkspaces": list(audience.workspaces),
    }
