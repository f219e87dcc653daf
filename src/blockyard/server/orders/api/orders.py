"""The routes of whole orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import Field

from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.identity.api import CurrentPrincipal, holding
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.routers import api_router, takes
from blockyard.server.kit.wire import Name, ShortText, WireJson, WireModel, WireUuid
from blockyard.server.orders.model import (
    MAX_BLOCKS,
    Asked,
    Caution,
    Judged,
    NewTenant,
    Order,
    OrderedBlock,
    Placed,
    Reference,
    shown_default,
)
from blockyard.server.orders.service import OrderService
from blockyard.server.platforms.model import PlatformId
from blockyard.server.tenants.model import TenantSpec


class OrderInput(WireModel):
    """The value of an input; that of a sensitive one is `{"plaintext": …}`."""

    value: WireJson = None
    is_sensitive: bool | None = None


Inputs = dict[ShortText, OrderInput]


class OrderParent(WireModel):
    """A building block that another one depends on: one that is there, or `block`, the name of one of the same order."""

    building_block_uuid: WireUuid | None = None
    block: Name | None = None

    def model(self) -> "UUID | Reference | None":
        """Return what is named; None if it is not one of both."""
        if (self.building_block_uuid is None) is (self.block is None):
            return None
        return self.building_block_uuid or Reference(self.block or "")


class OrderBlock(WireModel):
    """A building block of an order.

    `name` is what others of the order call it. Without `versionUuid` it is of the version that the marketplace offers. A dependency
    that `parents` do not name is the block that comes with the new tenant.
    """

    definition_uuid: WireUuid
    version_uuid: WireUuid | None = None
    name: Name | None = None
    display_name: ShortText | None = None
    inputs: Inputs = Field(default_factory=dict, repr=False)
    parents: Annotated[list[OrderParent], Field(max_length=100)] = Field(default_factory=list)

    def model(self) -> OrderedBlock:
        """Return it as use cases take it."""
        return OrderedBlock(
            definition_id=self.definition_uuid,
            version_id=self.version_uuid,
            name=None if self.name is None else Reference(self.name),
            display_name=self.display_name,
            inputs={key: SentInput(item.value, item.is_sensitive) for key, item in self.inputs.items()},
            parents=[named for parent in self.parents if (named := parent.model()) is not None],
        )


class NewProjectIn(WireModel):
    """What a project is called that is made with the order."""

    display_name: Name


class NewTenantIn(WireModel):
    """A tenant that is made with the order, maybe with its project."""

    project: Name
    new_project: NewProjectIn | None = None
    platform_uuid: WireUuid
    landing_zone: Name | None = None
    building_block_inputs: dict[WireUuid, Inputs] = Field(default_factory=dict, max_length=100, repr=False)

    def model(self) -> NewTenant:
        """Return it as use cases take it."""
        inputs = {
            DefinitionId(definition): {key: item.value for key, item in sent.items()}
            for definition, sent in self.building_block_inputs.items()
        }
        return NewTenant(
            project=self.project,
            new_project=None if self.new_project is None else self.new_project.display_name,
            spec=TenantSpec(
                platform_id=PlatformId(self.platform_uuid), landing_zone=self.landing_zone, block_inputs=inputs
            ),
        )


class OrderIn(WireModel):
    """A whole order: for `workspace` itself, on a tenant that is there, or on a new one."""

    workspace: Name
    tenant_uuid: WireUuid | None = None
    new_tenant: NewTenantIn | None = None
    blocks: Annotated[list[OrderBlock], Field(min_length=1, max_length=MAX_BLOCKS)]

    def model(self) -> Order:
        """Return it as use cases take it."""
        return Order(
            workspace=self.workspace,
            tenant_id=self.tenant_uuid,
            new_tenant=None if self.new_tenant is None else self.new_tenant.model(),
            blocks=[block.model() for block in self.blocks],
        )


class OrderWarning(WireModel):
    """What keeps an order from going on: `NoRunner` or `RunnerAway`."""

    code: str
    message: str


class PlacedBlock(WireModel):
    """A building block that was ordered."""

    name: str | None
    uuid: UUID
    display_name: str
    status: str
    links: Annotated[dict[str, dict[str, str]], Field(alias="_links")]


class OrderOut(WireModel):
    """What was ordered and made; the blocks in the order they were sent."""

    workspace: str
    project: str | None
    tenant_uuid: UUID | None
    blocks: list[PlacedBlock]
    warnings: list[OrderWarning]


class AskedBlock(WireModel):
    """How a building block asks for its inputs with these values: which it hides, which options and defaults there are."""

    version_uuid: UUID
    hidden: list[str]
    options: dict[str, list[str]]
    options_as_of: dict[str, str]
    defaults: dict[str, WireJson]


class OrderProblem(WireModel):
    """What is wrong with an order, as a refusal of it would say."""

    field: str | None
    error_code: str
    message: str
    remedy: str


class OrderCheck(WireModel):
    """What can be told of an order before it is placed."""

    is_sound: bool
    blocks: list[AskedBlock]
    problems: list[OrderProblem]
    warnings: list[OrderWarning]
    usual_seconds: int | None


def order_routes(db: Database, orders: OrderService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/orders", tags=["Orders"])
    may = holding("BUILDINGBLOCK_SAVE")

    @router.post("", status_code=status.HTTP_201_CREATED)
    @takes(LARGE_BYTES, may)
    async def place_order(body: OrderIn, principal: CurrentPrincipal) -> OrderOut:
        """Order several building blocks at once, maybe with a new tenant and its project: all of it or nothing."""
        order = body.model()
        return _placed(await db.write(lambda tx: orders.place(tx, principal, order)), links)

    @router.post("/check")
    @takes(LARGE_BYTES, may)
    async def check_order(body: OrderIn, principal: CurrentPrincipal) -> OrderCheck:
        """Return how an order asks for its inputs, what is wrong with it, and what will keep it waiting; nothing is made."""
        order = body.model()
        return _judged(await db.rehearse(lambda tx: orders.judge(tx, principal, order)))

    return router


def _placed(placed: Placed, links: Links) -> OrderOut:
    return OrderOut(
        workspace=placed.workspace,
        project=placed.project,
        tenant_uuid=placed.tenant_id,
        blocks=[
            PlacedBlock(
                name=made.name,
                uuid=made.block_id,
                display_name=made.display_name,
                status=made.status,
                links={"self": {"href": links.own("blocks", made.block_id)}},
            )
            for made in placed.blocks
        ],
        warnings=[_warning(one) for one in placed.warnings],
    )


def _judged(judged: Judged) -> OrderCheck:
    return OrderCheck(
        is_sound=not judged.refusals,
        blocks=[_asked(one) for one in judged.blocks],
        problems=[
            OrderProblem(field=one.field, error_code=one.code, message=one.message, remedy=one.remedy)
            for one in judged.refusals
        ],
        warnings=[_warning(one) for one in judged.warnings],
        usual_seconds=None if judged.usual is None else round(judged.usual.total_seconds()),
    )


def _asked(asked: Asked) -> AskedBlock:
    return AskedBlock(
        version_uuid=asked.version_id,
        hidden=[*asked.hidden],
        options={key: [*found] for key, found in asked.options.items()},
        options_as_of={key: wire_time(at) for key, at in asked.as_of.items()},
        defaults={key: shown_default(value) for key, value in asked.defaults.items()},
    )


def _warning(caution: Caution) -> OrderWarning:
    return OrderWarning(code=caution.code, message=caution.message)
