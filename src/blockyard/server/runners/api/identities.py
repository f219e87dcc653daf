"""Who the runs of a runner are to clouds, and which subjects they have. Source: concepts.md 14."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.protocol.names import Cloud
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.issuer.model.workload import SubjectForm, SubjectSwitch
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ExactWireModel, WireInstant, WireModel
from blockyard.server.runners.model import RunnerId
from blockyard.server.runners.service import RunnerService
from blockyard.server.runners.service.identities import SwitchView


class CloudOut(WireModel):
    """How runs identify themselves to one cloud."""

    audience: str
    token_path: str


class RunnerIdentityOut(WireModel):
    """Who the runs of a runner are to clouds; without `issuer` they have no identity."""

    runner_uuid: UUID
    issuer: str | None
    signed_by_blockyard: Annotated[bool, Field(description="Else the runner gets the tokens elsewhere.")]
    subject_form: Annotated[
        SubjectForm,
        Field(description="OLD and BOTH: tokens have the subject of the runner; NEW: that of the definition."),
    ]
    moves_on: Annotated[str | None, Field(description="When BOTH becomes NEW by itself.")]
    subject_template: str | None
    other_subject_templates: list[str]
    used_by: Annotated[
        list[str], Field(description="The versions whose runs use tokens; told to those who handle the runner.")
    ]
    gcp: CloudOut | None
    aws: CloudOut | None
    azure: CloudOut | None


class SubjectSwitchIn(ExactWireModel):
    """Which subjects the tokens of a runner's runs have; BOTH may become NEW by itself on a day."""

    subject_form: Annotated[SubjectForm, Field(strict=False)]
    moves_on: WireInstant | None = None

    def model(self) -> SubjectSwitch:
        """Return what is asked for."""
        return SubjectSwitch(form=self.subject_form, moves_at=self.moves_on)


def identity_routes(db: Database, runners: RunnerService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/runners/{uuid}/identity", tags=["Runners"])

    @router.get("")
    async def read_runner_identity(uuid: UUID, principal: CurrentPrincipal) -> RunnerIdentityOut:
        """Return who the runs of a runner are to clouds: issuer, subjects, audiences and token paths."""
        return _shown(await db.read(lambda tx: runners.identity(tx, principal, RunnerId(uuid))))

    @router.put("")
    async def change_runner_subjects(
        uuid: UUID, body: SubjectSwitchIn, principal: CurrentPrincipal
    ) -> RunnerIdentityOut:
        """Choose whether tokens have the subject of the runner or of the definition, or change that on a day."""
        switch = body.model()
        return _shown(await db.write(lambda tx: runners.change_subjects(tx, principal, RunnerId(uuid), switch)))

    return router


def _shown(view: SwitchView) -> RunnerIdentityOut:
    identity, runner = view.identity, view.runner
    clouds = {} if identity is None else identity.clouds
    shown = {cloud: CloudOut(audience=one.audience, token_path=one.token_path) for cloud, one in clouds.items()}
    return RunnerIdentityOut(
        runner_uuid=runner.id,
        issuer=None if identity is None else identity.federation.issuer,
        signed_by_blockyard=identity is not None and identity.is_ours,
        subject_form=runner.subject_form if identity is None else identity.form,
        moves_on=None if runner.subject_moves_at is None else wire_time(runner.subject_moves_at),
        subject_template=None if identity is None else identity.federation.subject_template,
        other_subject_templates=[] if identity is None else [*identity.others],
        used_by=[*view.users],
        gcp=shown.get(Cloud.GCP),
        aws=shown.get(Cloud.AWS),
        azure=shown.get(Cloud.AZURE),
    )
