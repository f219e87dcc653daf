"""The route that tells who the runs of a version are to clouds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model import VersionId
from blockyard.server.definitions.model.identities import VersionIdentity
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireModel
from blockyard.server.runners.api.identities import CloudOut


class VersionIdentityOut(WireModel):
    """Who the runs of a version are to clouds; without `issuer` they have no identity."""

    issuer: str | None
    signed_by_blockyard: Annotated[bool, Field(description="Else its runner gets the tokens elsewhere.")]
    subject: str | None
    plan_subject: Annotated[
        str | None, Field(description="That of runs that only plan, where the version separates them.")
    ]
    other_subjects: Annotated[
        list[str], Field(description="What trust policies should name besides, while the runner changes its subjects.")
    ]
    used_clouds: Annotated[list[Cloud], Field(description="Whose tokens its runs use, as far as the version tells.")]
    aws_session_tags: bool
    gcp: CloudOut | None
    aws: CloudOut | None
    azure: CloudOut | None


def identity_routes(db: Database, definitions: DefinitionService) -> APIRouter:
    """Return the route."""
    router = api_router(prefix="/api/blockyard/v1/definitionversions/{uuid}/identity", tags=["Definitions"])

    @router.get("")
    async def read_version_identity(uuid: UUID, principal: CurrentPrincipal) -> VersionIdentityOut:
        """Return who the runs of a version are to clouds: issuer, subjects, audiences and token paths, also of drafts."""
        return _shown(await db.read(lambda tx: definitions.identities.get(tx, principal, VersionId(uuid))))

    return router


def _shown(found: VersionIdentity | None) -> VersionIdentityOut:
    return VersionIdentityOut(
        issuer=None if found is None else found.issuer,
        signed_by_blockyard=found is not None and found.is_ours,
        subject=None if found is None else found.subject,
        plan_subject=None if found is None else found.plan_subject,
        other_subjects=[] if found is None else [*found.other_subjects],
        used_clouds=[] if found is None else [*found.used],
        aws_session_tags=found is not None and found.options.tags_sessions,
        gcp=_cloud(found, Cloud.GCP),
        aws=_cloud(found, Cloud.AWS),
        azure=_cloud(found, Cloud.AZURE),
    )


def _cloud(found: VersionIdentity | None, cloud: Cloud) -> CloudOut | None:
    known = None if found is None else found.clouds.get(cloud)
    return None if known is None else CloudOut(audience=known.audience, token_path=known.token_path)
