"""Compositions: blocks whose module orders a tenant in the name of its run, and waits until the blocks of that have come to an end."""

from dataclasses import replace
from uuid import UUID

from blockyard.server.platforms.model import PlatformId
from blockyard.server.projects.model import ProjectKey
from blockyard.server.tenants.model import TenantSpec
from tests.support.block_world import SHOP, uuid_of
from tests.support.simulation.engines import Engine
from tests.support.simulation.ground import PROJECTS
from tests.support.simulation.rows import BlockRow
from tests.support.simulation.simulation import Simulation

_OVER = frozenset({"SUCCEEDED", "FAILED", "ABORTED"})


def orders(sim: Simulation, engine: Engine) -> bool:
    """Whether an engine has a tenant to order still."""
    kind = sim.kind_of(sim.rows.blocks[engine.block_id])
    return kind.composes and engine.behavior == "APPLY" and not engine.has_ordered


def order_tenant(sim: Simulation, engine: Engine) -> None:
    """Order it; one that is there already is nobody's to wait for. An answer that was lost is asked for again."""
    project = PROJECTS[engine.run_id.int % len(PROJECTS)]  # the same one whenever the run repeats it
    tenants, platform_id = sim.ground.services.tenants, PlatformId(UUID(uuid_of(sim.ground.world.platform)))
    who = replace(SHOP, author=replace(SHOP.author, serves=engine.run_id))
    key, spec = ProjectKey("shop", project), TenantSpec(platform_id=platform_id, landing_zone="default")
    what = f"{engine.label} of {sim.name(engine.block_id)} orders a tenant in {project}"
    asked = sim.ask("composition", what, lambda tx: tenants.create(tx, who, key, spec).tenant.id)
    if asked.happened is not None:
        sim.tenants[engine.run_id] = asked.happened
    engine.has_ordered = asked.value is not None or asked.refusal is not None


def waits(sim: Simulation, engine: Engine) -> bool:
    """Whether an engine waits for what its run has ordered."""
    return not engine.told_to_stop and bool(awaited(sim, engine))


def awaited(sim: Simulation, engine: Engine) -> list[BlockRow]:
    """Return what it waits for."""
    tenant = sim.tenants.get(engine.run_id)
    there = [block for block in sim.live_blocks() if tenant is not None and block.tenant_id == tenant]
    return [block for block in there if block.status not in _OVER]
