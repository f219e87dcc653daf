"""Routes of integrations. Source: api.md 3.13, 2.2."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import INTEGRATION as KIND
from blockyard.protocol.kinds import RUNNER
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.integrations.identity import federation_of
from blockyard.server.integrations.model import Integration, IntegrationId, IntegrationSpec, IntegrationType
from blockyard.server.integrations.service import IntegrationService
from blockyard.server.issuer.model.workload import Installation
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, Name, ShortText, Text, WireJson, WireModel
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId, SecretChange
from blockyard.server.runners.wire import RunnerRef, Secret

MAX_SECRET_CHARACTERS = 100_000

_Address = Annotated[Text, Field(min_length=1, max_length=2048)]


class IntegrationSecret(Secret):
    """The secret of an integration."""

    plaintext: Annotated[Text, Field(min_length=1, max_length=MAX_SECRET_CHARACTERS)] | None = Field(
        default=None, repr=False
    )


_SHARED = RunnerRef(uuid=SHARED_RUNNER)


class GithubConfig(WireModel):
    """A GitHub app that is installed at an owner."""

    owner: Name
    base_url: _Address
    app_id: Name
    app_private_key: IntegrationSecret | None = None
    runner_ref: RunnerRef = _SHARED

    def secret(self) -> SecretChange | None:
        """Return what is said about the private key."""
        return None if self.app_private_key is None else self.app_private_key.change()


class GitlabConfig(WireModel):
    """A GitLab server; versions bring the trigger tokens of their projects."""

    base_url: _Address
    runner_ref: RunnerRef = _SHARED

    def secret(self) -> SecretChange | None:
        """Return None: there is no secret."""
        return None


class AzureDevopsConfig(WireModel):
    """An organization of Azure DevOps."""

    base_url: _Address
    organization: Name
    personal_access_token: IntegrationSecret | None = None
    runner_ref: RunnerRef = _SHARED

    def secret(self) -> SecretChange | None:
        """Return what is said about the access token."""
        return None if self.personal_access_token is None else self.personal_access_token.change()


class EntraIdConfig(WireModel):
    """A tenant of Microsoft Entra ID that people sign in by; `redirectUrl` is known to the server alone, and ignored."""

    tenant_id: Name
    client_id: Name
    client_secret: IntegrationSecret | None = None
    idp_alias: Name | None = None
    redirect_url: ShortText | None = None

    def secret(self) -> SecretChange | None:
        """Return what is said about the client's secret."""
        return None if self.client_secret is None else self.client_secret.change()


Settings: TypeAlias = GithubConfig | GitlabConfig | AzureDevopsConfig | EntraIdConfig

_APART = {"app_private_key", "personal_access_token", "client_secret", "runner_ref", "redirect_url"}
"""Members that are no settings: secrets, the runner, and what follows from the others."""


class IntegrationConfig(WireModel):
    """`type`, and the settings under the name of the type."""

    type: Annotated[IntegrationType, Field(strict=False)]
    github: GithubConfig | None = None
    gitlab: GitlabConfig | None = None
    azuredevops: AzureDevopsConfig | None = None
    entraid: EntraIdConfig | None = None

    def settings(self) -> Settings:
        """Return the settings of the type. Raises Invalid."""
        if self.type.is_built_in:
            raise Invalid(
                f"integrations of type '{self.type}' come with the server",
                code="BuiltIn",
                field="/spec/config/type",
                remedy="Send github, gitlab, azuredevops or entraid.",
            )
        chosen: Settings | None = {
            IntegrationType.GITHUB: self.github,
            IntegrationType.GITLAB: self.gitlab,
            IntegrationType.AZURE_DEVOPS: self.azuredevops,
            IntegrationType.ENTRA_ID: self.entraid,
        }[self.type]
        if chosen is None:
            raise Invalid(
                f"the integration has no settings for its type '{self.type}'",
                code="MissingSettings",
                field=f"/spec/config/{self.type}",
                remedy=f"Send the settings in the member '{self.type}'.",
            )
        return chosen


class IntegrationMetadataIn(WireModel):
    """Whose integration it is."""

    owned_by_workspace: Name


class IntegrationSpecIn(WireModel):
    """An integration as its owner describes it."""

    display_name: DisplayName
    config: IntegrationConfig


class IntegrationIn(ObjectIn[IntegrationMetadataIn, IntegrationSpecIn]):
    """The body of POST and PUT."""

    def model(self) -> IntegrationSpec:
        """Return what is asked for. Raises Invalid."""
        config = self.spec.config
        settings = config.settings()
        sent: dict[str, str] = settings.model_dump(by_alias=True, exclude=_APART, exclude_none=True)
        return IntegrationSpec(
            workspace=self.metadata.owned_by_workspace,
            display_name=self.spec.display_name,
            type=config.type,
            settings=sent,
            runner_id=None if isinstance(settings, EntraIdConfig) else RunnerId(settings.runner_ref.uuid),
            secret=settings.secret(),
        )


class IntegrationMetadata(IntegrationMetadataIn):
    """What the server adds."""

    uuid: UUID


class IntegrationStatus(WireModel):
    """What the server knows about an integration."""

    is_built_in: bool
    workload_identity_federation: WireJson = None


IntegrationBody = Annotated[IntegrationIn, Body(media_type=KIND.media)]
IntegrationOut = object_schema(KIND, IntegrationMetadata, IntegrationSpecIn, IntegrationStatus)


def routes(db: Database, integrations: IntegrationService, links: Links, installation: Installation) -> APIRouter:
    """Return the routes of integrations."""
    router, answer = object_router(KIND, "Integrations"), Answers(KIND, links, partial(_parts, links, installation))

    @router.get("", response_model=list_schema(KIND, IntegrationOut))
    async def list_integrations(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """Return the integrations of your workspaces."""
        return answer.page(await db.read(lambda tx: integrations.page(tx, principal, page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=IntegrationOut)
    async def create_integration(body: IntegrationBody, principal: CurrentPrincipal) -> Response:
        """Make an integration; its secret is sealed to its runner at once."""
        made = await db.write(lambda tx: integrations.create(tx, principal, body.model()))
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=IntegrationOut)
    async def get_integration(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return an integration."""
        return answer.one(await db.read(lambda tx: integrations.get(tx, principal, IntegrationId(uuid))))

    @router.put("/{uuid}", response_model=IntegrationOut)
    async def update_integration(uuid: UUID, body: IntegrationBody, principal: CurrentPrincipal) -> Response:
        """Change an integration; with another runner its secret has to be sent again."""
        changed = await db.write(lambda tx: integrations.update(tx, principal, IntegrationId(uuid), body.model()))
        return answer.one(changed)

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_integration(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete an integration that no version uses."""
        await db.write(lambda tx: integrations.delete(tx, principal, IntegrationId(uuid)))

    return router


def _parts(links: Links, installation: Installation, integration: Integration) -> JsonObject:
    settings: JsonObject = dict(integration.settings)
    if integration.type.secret_member is not None and integration.secret is not None:
        settings[integration.type.secret_member] = integration.secret.wire()
    if integration.runner_id is not None:
        settings["runnerRef"] = RUNNER.ref(integration.runner_id)
    if integration.alias is not None:
        settings["redirectUrl"] = links.own("sign-in", integration.alias, "callback")
    name, is_built_in = integration.type.value, integration.type.is_built_in
    return {
        "metadata": {"uuid": str(integration.id), "ownedByWorkspace": integration.workspace},
        "spec": {
            "displayName": integration.display_name,
            "config": {"type": name} | ({} if is_built_in else {name: settings}),
        },
        "status": {
            "isBuiltIn": is_built_in,
            "workloadIdentityFederation": federation_of(installation, integration.type) if is_built_in else None,
        },
    }
