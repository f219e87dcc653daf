"""The routes of policies and their violations. Blockyard's own endpoints; source of the rules: concepts.md 20."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import POLICY as KIND
from blockyard.protocol.kinds import POLICY_VIOLATION
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, Name, ShortText, Text, WireModel, WireUuid
from blockyard.server.tags.model import Policy, PolicyId, PolicySpec, Strategy, Subject, TargetKind, Violation
from blockyard.server.tags.service import PolicyService

LongText = Annotated[Text, Field(max_length=4000)]


class SubjectIn(WireModel):
    """A tag of a kind of things."""

    kind: Annotated[TargetKind, Field(strict=False)]
    tag: Name


class PolicySpecIn(WireModel):
    """What administrators say about a policy."""

    name: DisplayName
    description: LongText = ""
    hint: LongText = ""
    strategy: Annotated[Strategy, Field(strict=False)]
    authoritative: SubjectIn
    affected: SubjectIn

    def policy_spec(self) -> PolicySpec:
        """Return it as use cases take it."""
        subjects = {name: getattr(self, name).into(Subject) for name in ("authoritative", "affected")}
        return PolicySpec(**{**dict(self), **subjects})


class PolicyMetadata(WireModel):
    """What a new policy has of its own: nothing."""


class StoredPolicyMetadata(WireModel):
    """The id and the date of a policy."""

    uuid: WireUuid
    created_on: str


class PolicyIn(ObjectIn[PolicyMetadata, PolicySpecIn]):
    """A policy as clients send it."""

    metadata: PolicyMetadata = PolicyMetadata()


class ViolationSubject(WireModel):
    """A thing that a violation is about."""

    kind: TargetKind
    id: str
    name: str
    tag: str


class ViolatedPolicy(WireModel):
    """The policy that is violated."""

    uuid: WireUuid
    name: str
    description: str
    hint: str
    strategy: Strategy


class PolicyViolationOut(WireModel):
    """Two related things whose tags do not fit together."""

    policy: ViolatedPolicy
    authoritative: ViolationSubject
    affected: ViolationSubject
    workspace_identifier: str | None
    reason: str
    since: str


PolicyBody = Annotated[PolicyIn, Body(media_type=KIND.media)]
PolicyOut = object_schema(KIND, StoredPolicyMetadata, PolicySpecIn)


def policy_routes(db: Database, policies: PolicyService, links: Links) -> APIRouter:
    """Return the routes of policies and their violations."""
    router, answer = object_router(KIND, "Policies"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, PolicyOut))
    async def list_policies(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """Return the policies, oldest first."""
        return answer.page(await db.read(lambda tx: policies.page(tx, principal, page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=PolicyOut)
    async def create_policy(body: PolicyBody, principal: CurrentPrincipal) -> Response:
        """Make a policy; what violates it is found soon after."""
        spec = body.spec.policy_spec()
        return answer.one(await db.write(lambda tx: policies.create(tx, principal, spec)), HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=PolicyOut)
    async def read_policy(uuid: WireUuid, principal: CurrentPrincipal) -> Response:
        """Return a policy."""
        return answer.one(await db.read(lambda tx: policies.get(tx, principal, PolicyId(uuid))))

    @router.put("/{uuid}", response_model=PolicyOut)
    async def update_policy(uuid: WireUuid, body: PolicyBody, principal: CurrentPrincipal) -> Response:
        """Change a policy; what violates it is looked for anew."""
        spec = body.spec.policy_spec()
        return answer.one(await db.write(lambda tx: policies.update(tx, principal, PolicyId(uuid), spec)))

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_policy(uuid: WireUuid, principal: CurrentPrincipal) -> None:
        """Delete a policy and its violations."""
        await db.write(lambda tx: policies.delete(tx, principal, PolicyId(uuid)))

    return router


def violation_routes(db: Database, policies: PolicyService, links: Links) -> APIRouter:
    """Return the route of violations."""
    router = object_router(POLICY_VIOLATION, "Policies")

    @router.get("", response_model=list_schema(POLICY_VIOLATION, PolicyViolationOut))
    async def list_policy_violations(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
        policy: Annotated[WireUuid | None, Query(alias="policyUuid")] = None,
    ) -> Response:
        """Return the policy violations in the workspaces you may see, oldest first."""
        wanted = None if policy is None else PolicyId(policy)
        found = await db.read(lambda tx: policies.violations(tx, principal, page, workspace=workspace, policy=wanted))
        query = {name: request.query_params.getlist(name) for name in request.query_params}
        return JSONResponse(links.page_of(POLICY_VIOLATION, found.map(_violation), query))

    return router


def _parts(policy: Policy) -> JsonObject:
    return {
        "metadata": {"uuid": str(policy.id), "createdOn": wire_time(policy.created_at)},
        "spec": policy.document(),
    }


def _violation(found: tuple[Violation, PolicySpec]) -> JsonObject:
    violation, policy = found
    return {
        "policy": {
            "uuid": str(violation.policy_id),
            "name": policy.name,
            "description": policy.description,
            "hint": policy.hint,
            "strategy": policy.strategy.value,
        },
        "authoritative": {
            **policy.authoritative.document(),
            "id": violation.authoritative_id,
            "name": violation.authoritative_name,
        },
        "affected": {**policy.affected.document(), "id": violation.affected_id, "name": violation.affected_name},
        "workspaceIdentifier": violation.workspace,
        "reason": violation.reason,
        "since": wire_time(violation.found_at),
    }
