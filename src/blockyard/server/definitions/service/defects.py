"""Use cases of defective versions: a released one never changes, but its owner can warn of it. Source: concepts.md 5.3."""

from dataclasses import replace

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import VERSION
from blockyard.server.definitions.model import Defect, Definition, Version, VersionId
from blockyard.server.definitions.service.access import SAVE, own_version
from blockyard.server.definitions.store import VersionStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid


class DefectService:
    """Use cases of defective versions: nothing new uses one, blocks that do go on and are offered another one."""

    def __init__(self, basics: Basics) -> None:
        self._basics = basics

    def mark(self, tx: Transaction, principal: Principal, version_id: VersionId, reason: str) -> Version:
        """Mark a released version as defective, or give another reason.

        Raises:
            NotFound, Denied.
            Invalid: no reason is given.
            Conflict: the version is a draft.
        """
        definition, version = own_version(tx, principal, SAVE, version_id)
        if not reason.strip():
            raise Invalid(
                "no reason is given",
                code="ReasonMissing",
                field="/reason",
                remedy="Say what is wrong: those who have building blocks of this version read it.",
            )
        if not version.is_released:
            raise Conflict(
                f"version {version.number} of '{definition.display_name}' is a draft",
                code="VersionNotReleased",
                remedy="Change the draft instead.",
            )
        at = self._basics.clock() if version.defect is None else version.defect.marked_at
        return self._save(tx, principal, definition, version, Defect(reason=reason.strip(), marked_at=at))

    def unmark(self, tx: Transaction, principal: Principal, version_id: VersionId) -> Version:
        """Say that a version is not defective; one that is not stays as it is. Raises NotFound, Denied."""
        definition, version = own_version(tx, principal, SAVE, version_id)
        return self._save(tx, principal, definition, version, None)

    def _save(
        self, tx: Transaction, principal: Principal, definition: Definition, before: Version, defect: Defect | None
    ) -> Version:
        if before.defect == defect:
            return before
        after = VersionStore(tx).save(replace(before, defect=defect))
        self._basics.event_log.append(
            tx,
            principal.author,
            "Definition Version Marked Defective" if defect else "Definition Version Defect Removed",
            EventType.CHANGED,
            workspace=definition.workspace,
            subject_kind=VERSION.name,
            subject_id=str(after.id),
            description=f"version {after.number} of '{definition.display_name}'",
            content=_event_content(after),
            previous=_event_content(before),
        )
        return after


def _event_content(version: Version) -> JsonObject:
    return {
        "versionNumber": version.number,
        "isDefective": version.defect is not None,
        "reason": None if version.defect is None else version.defect.reason,
    }
