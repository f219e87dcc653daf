"""Routes of integrations. Source: api.md 3.13, 2.2."""

from http import HTTPStatus
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field, model_validator

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.media import INTEGRATION as MEDIA
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.integrations.model import Integration, IntegrationId, IntegrationSpec, IntegrationType
from blockyard.server.integrations.service import KIND, IntegrationService
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import media, media_class, page_request
from blockyard.server.kit.large_bodies import api_router
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import Name, ShortText, Text, WireJson, WireModel, WireUuid
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId
from blockyard.server.runners.secrets import SecretChange

MAX_SECRET_CHARACTERS = 100_000

_Address = Annotated[Text, Field(min_length=1, max_length=2048)]


class IntegrationSecret(WireModel):
    """A secret: `plaintext` sets it, `hash` keeps the stored one. Only `hash` is ever returned."""

    plaintext: Annotated[Text, Field(min_length=1, max_length=MAX_SECRET_CHARACTERS)] | None = Field(
        default=None, repr=False
    )
    hash: ShortText | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "IntegrationSecret":
        if self.plaintext is not None and self.hash is not None:
            raise ValueError("must have either plaintext or hash")
        return self

    def change(self) -> SecretChange | None:
        """Return what is asked for; None for `{}`, which counts as no secret."""
        if self.plaintext is None and not self.hash:
            return None
        return SecretChange(plaintext=self.plaintext, hash=self.hash)


class IntegrationRunnerRef(WireModel):
    """A reference to the runner that starts the pipelines."""

    kind: Literal["meshBuildingBlockRunner"] = "meshBuildingBlockRunner"
    uuid: WireUuid


_SHARED = IntegrationRunnerRef(uuid=SHARED_RUNNER)


class GithubConfig(WireModel):
    """A GitHub app that is installed at an owner."""

    owner: Name
    base_url: _Address
    app_id: Name
    app_private_key: IntegrationSecret | None = None
    runner_ref: IntegrationRunnerRef = _SHARED

    def secret(self) -> SecretChange | None:
        """Return what is said about the private key."""
        return None if self.app_private_key is None else self.app_private_key.change()


class GitlabConfig(WireModel):
    """A GitLab server; versions bring the trigger tokens of their projects."""

    base_url: _Address
    runner_ref: IntegrationRunnerRef = _SHARED

    def secret(self) -> SecretChange | None:
        """Return None: there is no secret."""
        return None


class AzureDevopsConfig(WireModel):
    """An organization of Azure DevOps."""

    base_url: _Address
    organization: Name
    personal_access_token: IntegrationSecret | None = None
    runner_ref: IntegrationRunnerRef = _SHARED

    def secret(self) -> SecretChange | None:
        """Return what is said about the access token."""
        return None if self.personal_access_token is None else self.personal_access_token.change()


Settings: TypeAlias = GithubConfig | GitlabConfig | AzureDevopsConfig


class IntegrationConfig(WireModel):
    """`type`, and the settings under the name of the type."""

    type: Annotated[IntegrationType, Field(strict=False)]
    github: GithubConfig | None = None
    gitlab: GitlabConfig | None = None
    azuredevops: AzureDevopsConfig | None = None

    def settings(self) -> Settings:
        """Return the settings of the type. Raises Invalid."""
        chosen: Settings | None = {
            IntegrationType.GITHUB: self.github,
            IntegrationType.GITLAB: self.gitlab,
            IntegrationType.AZURE_DEVOPS: self.azuredevops,
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

    display_name: Name
    config: IntegrationConfig


class IntegrationIn(WireModel):
    """The body of POST and PUT."""

    metadata: IntegrationMetadataIn
    spec: IntegrationSpecIn

    def model(self) -> IntegrationSpec:
        """Return what is asked for. Raises Invalid."""
        config = self.spec.config
        settings = config.settings()
        sent: dict[str, str] = settings.model_dump(
            by_alias=True, exclude={"app_private_key", "personal_access_token", "runner_ref"}
        )
        return IntegrationSpec(
            workspace=self.metadata.owned_by_workspace,
            display_name=self.spec.display_name,
            type=config.type,
            settings=sent,
            runner_id=RunnerId(settings.runner_ref.uuid),
            secret=settings.secret(),
        )


class IntegrationMetadata(IntegrationMetadataIn):
    """What the server adds."""

    uuid: UUID


class IntegrationStatus(WireModel):
    """What the server knows about an integration."""

    is_built_in: bool
    workload_identity_federation: WireJson = None


class IntegrationOut(WireModel):
    """An integration; its secret is shown as a hash."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["meshIntegration"] = "meshIntegration"
    metadata: IntegrationMetadata
    spec: IntegrationSpecIn
    status: IntegrationStatus
    links: dict[str, WireJson] = Field(alias="_links")


class IntegrationList(WireModel):
    """A page of integrations."""

    embedded: dict[Literal["meshIntegrations"], list[IntegrationOut]] = Field(alias="_embedded")
    links: dict[str, WireJson] = Field(alias="_links")
    page: dict[str, int]


IntegrationBody = Annotated[IntegrationIn, Body(media_type=MEDIA)]


def routes(db: Database, integrations: IntegrationService, links: Links) -> APIRouter:
    """Return the routes of integrations."""
    answer = media_class(MEDIA)
    router = api_router(
        prefix="/api/meshobjects/meshintegrations",
        tags=["Integrations"],
        dependencies=[Depends(media(MEDIA))],
        default_response_class=answer,
    )

    @router.get("", response_model=IntegrationList)
    async def list_integrations(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """Return the integrations of your workspaces."""
        found = await db.read(lambda tx: integrations.page(tx, principal, page))
        items = found.map(lambda integration: _render(integration, links))
        return answer(links.collection("integrations", KIND + "s", items, request.query_params))

    @router.post("", status_code=HTTPStatus.CREATED, response_model=IntegrationOut)
    async def create_integration(body: IntegrationBody, principal: CurrentPrincipal) -> Response:
        """Make an integration; its secret is sealed to its runner at once."""
        made = await db.write(lambda tx: integrations.create(tx, principal, body.model()))
        return answer(_render(made, links), status_code=HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=IntegrationOut)
    async def get_integration(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return an integration."""
        return answer(_render(await db.read(lambda tx: integrations.get(tx, principal, IntegrationId(uuid))), links))

    @router.put("/{uuid}", response_model=IntegrationOut)
    async def update_integration(uuid: UUID, body: IntegrationBody, principal: CurrentPrincipal) -> Response:
        """Change an integration; with another runner its secret has to be sent again."""
        changed = await db.write(lambda tx: integrations.update(tx, principal, IntegrationId(uuid), body.model()))
        return answer(_render(changed, links))

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_integration(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete an integration that no version uses."""
        await db.write(lambda tx: integrations.delete(tx, principal, IntegrationId(uuid)))

    return router


def _render(integration: Integration, links: Links) -> JsonObject:
    settings: JsonObject = dict(integration.settings)
    if integration.type.secret_member is not None and integration.secret is not None:
        settings[integration.type.secret_member] = integration.secret.wire()
    settings["runnerRef"] = {"uuid": str(integration.runner_id), "kind": "meshBuildingBlockRunner"}
    name = integration.type.value
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": {"uuid": str(integration.id), "ownedByWorkspace": integration.workspace},
        "spec": {"displayName": integration.display_name, "config": {"type": name, name: settings}},
        "status": {"isBuiltIn": False, "workloadIdentityFederation": None},
        "_links": {"self": links.link("integration", uuid=integration.id)},
    }
