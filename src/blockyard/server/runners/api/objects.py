"""Routes of runners. Source: api.md 3.14, runner.md 1.11."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from pydantic import Field, model_validator

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUNNER as KIND
from blockyard.protocol.version import PROTOCOL_HEADER, spoken_version
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.idempotency import shown_once
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, Name, ShortText, Text, WireDate, WireModel
from blockyard.server.runners.model import (
    CloudIdentity,
    Federation,
    Restriction,
    Runner,
    RunnerFilter,
    RunnerId,
    RunnerSpec,
    RunnerType,
    template_of_subject,
    unknown_placeholder,
)
from blockyard.server.runners.service import RunnerKeys, RunnerService
from blockyard.server.runners.wire import clouds_of


class CloudWire(WireModel):
    """How runs identify themselves to one cloud."""

    audience: Name
    token_path: Name


class FederationWire(WireModel):
    """The workload identity of a runner's runs; at least one cloud.

    `subjectTemplate` may have the placeholders `{{ workspaceIdentifier }}` and `{{ buildingBlockDefinitionUuid }}`. `subject` is
    the same in the notation of clients before 0.26, `<bbd-workspace>` and `<bbd-uuid>`; it counts where the template is missing.
    """

    issuer: Name
    subject_template: Name | None = None
    subject: Name | None = None
    gcp: CloudWire | None = None
    aws: CloudWire | None = None
    azure: CloudWire | None = None

    @model_validator(mode="after")
    def _names_a_cloud(self) -> "FederationWire":
        if self.gcp is None and self.aws is None and self.azure is None:
            raise ValueError("must name at least one of gcp, aws, azure")
        if self.template is None:
            raise ValueError("must have a subjectTemplate")
        unknown = unknown_placeholder(self.template)
        if unknown is not None:
            raise ValueError(f"has the unknown placeholder {unknown} in its subjectTemplate")
        return self

    @property
    def template(self) -> str | None:
        """The subject in the notation of now."""
        if self.subject_template is not None or self.subject is None:
            return self.subject_template
        return template_of_subject(self.subject)


class RunnerMetadataIn(WireModel):
    """Whose runner it is."""

    owned_by_workspace: Name


class RunnerSpecIn(WireModel):
    """A runner as its owner describes it; without `restriction` it stays as it is, at first PRIVATE."""

    display_name: DisplayName
    public_key: Annotated[Text, Field(min_length=1, max_length=65_536)]
    implementation_type: Annotated[RunnerType, Field(strict=False)]
    restriction: Annotated[Restriction, Field(strict=False)] | None = None
    workload_identity_federation: FederationWire | None = None


class RunnerIn(ObjectIn[RunnerMetadataIn, RunnerSpecIn]):
    """The body of POST and PUT."""

    def model(self) -> RunnerSpec:
        """Return what is asked for."""
        return RunnerSpec(
            workspace=self.metadata.owned_by_workspace,
            display_name=self.spec.display_name,
            public_key=self.spec.public_key,
            implementation_type=self.spec.implementation_type,
            restriction=self.spec.restriction,
            federation=_federation(self.spec.workload_identity_federation),
        )


class RunnerMetadata(RunnerMetadataIn):
    """What the server adds."""

    uuid: UUID
    created_on: str
    last_seen: str | None


class RunnerSpecOut(RunnerSpecIn):
    """A runner as it is stored."""

    restriction: Restriction
    is_self_hosted: bool


class RunnerQuery(WireModel):
    """The filters of a list; a filter without a value filters nothing."""

    owned_by_workspace: ShortText | None = None
    implementation_type: Annotated[RunnerType | None, Field(strict=False)] = None
    restriction: Annotated[Restriction | None, Field(strict=False)] = None

    def model(self) -> RunnerFilter:
        """Return what is asked for."""
        return RunnerFilter(
            workspace=self.owned_by_workspace or None,
            implementation_type=self.implementation_type,
            restriction=self.restriction,
        )


RunnerBody = Annotated[RunnerIn, Body(media_type=KIND.media)]
RunnerOut = object_schema(KIND, RunnerMetadata, RunnerSpecOut)


class RunnerKeyIn(WireModel):
    """The body of a request for a runner's own key."""

    display_name: DisplayName
    expires_at: WireDate | None = None


class RunnerKeyOut(WireModel):
    """A runner's own key; the secret is shown once."""

    uuid: UUID
    runner_uuid: UUID
    client_id: str
    client_secret: str = Field(repr=False)


def own_key_routes(db: Database, keys: RunnerKeys) -> APIRouter:
    """Return the route that makes keys of runners."""
    router = api_router(prefix="/api/blockyard/v1/runners", tags=["Runners"])

    @router.post("/{uuid}/keys", status_code=HTTPStatus.CREATED)
    async def create_runner_key(
        request: Request, uuid: UUID, body: RunnerKeyIn, principal: CurrentPrincipal
    ) -> RunnerKeyOut:
        """Make a runner's own API key: it claims, reports and reads runs of this runner and may do nothing else."""
        shown_once(request)
        runner_id, name, expires_at = RunnerId(uuid), body.display_name, body.expires_at
        issued = await db.write(lambda tx: keys.create(tx, principal, runner_id, name, expires_at))
        return RunnerKeyOut(
            uuid=issued.key,
            runner_uuid=uuid,
            client_id=str(issued.key),
            client_secret=issued.secret or "",
        )

    return router


def routes(db: Database, runners: RunnerService, links: Links) -> APIRouter:
    """Return the routes of runners."""
    router, answer = object_router(KIND, "Runners"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, RunnerOut))
    async def list_runners(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[RunnerQuery, Query()],
    ) -> Response:
        """Return the runners of your workspaces and the public ones."""
        return answer.page(await db.read(lambda tx: runners.page(tx, principal, filters.model(), page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=RunnerOut)
    async def create_runner(
        body: RunnerBody,
        principal: CurrentPrincipal,
        protocol: Annotated[str | None, Header(alias=PROTOCOL_HEADER)] = None,
    ) -> Response:
        """Register a runner; the header says which version of Blockyard's own protocol it will speak, if any."""
        spoken = spoken_version(protocol)
        runner = await db.write(lambda tx: runners.create(tx, principal, body.model(), protocol=spoken))
        return answer.one(runner, HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=RunnerOut)
    async def get_runner(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a runner."""
        return answer.one(await db.read(lambda tx: runners.get(tx, principal, RunnerId(uuid))))

    @router.put("/{uuid}", response_model=RunnerOut)
    async def update_runner(uuid: UUID, body: RunnerBody, principal: CurrentPrincipal) -> Response:
        """Change name, public key or workload identity of a runner."""
        return answer.one(await db.write(lambda tx: runners.update(tx, principal, RunnerId(uuid), body.model())))

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_runner(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete a runner that nothing refers to."""
        await db.write(lambda tx: runners.delete(tx, principal, RunnerId(uuid)))

    return router


def _federation(wire: FederationWire | None) -> Federation | None:
    if wire is None:
        return None
    return Federation(
        issuer=wire.issuer,
        subject_template=wire.template or "",
        gcp=_cloud(wire.gcp),
        aws=_cloud(wire.aws),
        azure=_cloud(wire.azure),
    )


def _cloud(wire: CloudWire | None) -> CloudIdentity | None:
    return None if wire is None else CloudIdentity(audience=wire.audience, token_path=wire.token_path)


def _parts(runner: Runner) -> JsonObject:
    return {
        "metadata": {
            "uuid": str(runner.id),
            "ownedByWorkspace": runner.workspace,
            "createdOn": wire_time(runner.created_at),
            "lastSeen": None if runner.last_seen_at is None else wire_time(runner.last_seen_at),
        },
        "spec": {
            "displayName": runner.display_name,
            "publicKey": runner.public_key,
            "implementationType": runner.implementation_type.value,
            "restriction": runner.restriction.value,
            "isSelfHosted": runner.is_self_hosted,
            "workloadIdentityFederation": _render_federation(runner.federation),
        },
    }


def _render_federation(federation: Federation | None) -> JsonObject | None:
    if federation is None:
        return None
    template, old = federation.subject_template, federation.old_subject
    return {"issuer": federation.issuer, "subjectTemplate": template, "subject": old, **clouds_of(federation)}
