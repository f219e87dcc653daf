"""Routes about the identity of a version's runs in the clouds. Blockyard's own endpoints. Source: concepts.md 6.4 and 14."""

from dataclasses import fields
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model import VersionId
from blockyard.server.definitions.model.documents import shown_inputs
from blockyard.server.definitions.model.trust import MAX_CREDENTIALS, Known, TrustPolicy, Way
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireJson, WireModel

_LONGEST = 255

KnownName = Annotated[str | None, Field(min_length=1, max_length=_LONGEST, pattern=r"^[A-Za-z0-9@:._/+=,-]+$")]
"""A name in a cloud: nothing that would end a text in a policy."""


class KnownQuery(WireModel):
    """Names that only you know; placeholders stand for those that are left out."""

    cloud: Annotated[Cloud | None, Field(strict=False)] = None
    account: KnownName = None
    role: KnownName = None
    project_number: KnownName = None
    pool: KnownName = None
    provider: KnownName = None
    service_account: KnownName = None

    def known(self) -> Known:
        """Return them as the model has them."""
        given = {one.name: getattr(self, one.name) for one in fields(Known)}
        return Known(**{name: value for name, value in given.items() if value is not None})


class InputsQuery(KnownQuery):
    """Which inputs; left out, all that the version can have."""

    way: Annotated[Way | None, Field(strict=False)] = None


class GeneratedInputs(WireModel):
    """Inputs of one way to sign in to one cloud, as a version has them; `missing` names those whose value you have to fill in."""

    cloud: Cloud
    way: Way
    inputs: Annotated[dict[str, dict[str, WireJson]], Field(description="As in the spec of a version, by their keys.")]
    missing: list[str]


class GeneratedInputsList(WireModel):
    """The ways in which the module of a version can sign in."""

    ways: list[GeneratedInputs]


class TrustPolicyOut(WireModel):
    """One thing to enter in a cloud, with what you have to know before."""

    cloud: Cloud
    kind: str
    title: str
    content: dict[str, WireJson]
    warnings: list[str]


class FederatedCredentials(WireModel):
    """How many federated credentials the version needs in an identity on Azure, and how many one has at most."""

    needed: int
    at_most: int


class TrustPolicies(WireModel):
    """Who the runs of a version are, and what clouds are told so that they believe these and nobody else.

    `planSubjects` are those of runs that only plan, where the version asks for such.
    """

    issuer: str
    subjects: list[str]
    plan_subjects: list[str]
    federated_credentials: FederatedCredentials
    policies: list[TrustPolicyOut]


def trust_routes(db: Database, definitions: DefinitionService) -> APIRouter:
    """Return the routes."""
    router, trust = (
        api_router(prefix="/api/blockyard/v1/definitionversions/{uuid}", tags=["Definitions"]),
        definitions.trust,
    )

    @router.get("/generated-inputs")
    async def generate_inputs(
        uuid: UUID, principal: CurrentPrincipal, query: Annotated[InputsQuery, Query()]
    ) -> GeneratedInputsList:
        """Return inputs that let the module of a version sign in to its clouds, by identity tokens or by keys."""
        known = query.known()
        found = await db.read(
            lambda tx: trust.inputs(tx, principal, VersionId(uuid), wanted=query.cloud, way=query.way, known=known)
        )
        return GeneratedInputsList(
            ways=[
                GeneratedInputs(cloud=one.cloud, way=one.way, inputs=shown_inputs(one.inputs), missing=[*one.missing])
                for one in found
            ]
        )

    @router.get("/trust-policies")
    async def read_trust_policies(
        uuid: UUID, principal: CurrentPrincipal, query: Annotated[KnownQuery, Query()]
    ) -> TrustPolicies:
        """Return what clouds have to be told so that they trust the runs of a version, and no others."""
        known = query.known()
        identity, found = await db.read(lambda tx: trust.policies(tx, principal, VersionId(uuid), query.cloud, known))
        return TrustPolicies(
            issuer=identity.issuer,
            subjects=[*identity.subjects],
            plan_subjects=[*identity.plan_subjects],
            federated_credentials=FederatedCredentials(needed=len(identity.all_subjects), at_most=MAX_CREDENTIALS),
            policies=[_policy(one) for one in found],
        )

    return router


def _policy(policy: TrustPolicy) -> TrustPolicyOut:
    return TrustPolicyOut(
        cloud=policy.cloud, kind=policy.kind, title=policy.title, content=policy.content, warnings=[*policy.warnings]
    )
