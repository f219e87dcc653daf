"""Short ways to place and lift brakes over HTTP."""

from typing import Any

from tests.support.block_world import OWN, BlockWorld, uuid_of

BRAKES = "/api/blockyard/v1/brakes"
JSON = "application/json"


def stop(world: BlockWorld, scope: str = "EVERYTHING", subject: str | None = None, **more: Any) -> Any:
    """Stop new applies, or freeze them by a calendar, as whoever the world's requests are from."""
    body = {"scope": scope, "subject": subject, "reason": "the network is rebuilt", **more}
    return world.api.ok("POST", BRAKES, body, media=JSON)


def lift(world: BlockWorld, brake: Any) -> Any:
    """Lift a stop or a freeze."""
    return world.api.ok("POST", f"{BRAKES}/{brake['uuid']}/lift", {"reason": "done"}, media=JSON)


def hold(world: BlockWorld, block: Any, **more: Any) -> Any:
    """Put a block on hold."""
    return world.api.ok("POST", f"{OWN}/{uuid_of(block)}/holds", {"reason": "audit", **more}, media=JSON)


def lift_hold(world: BlockWorld, block: Any) -> Any:
    """Lift the holds of a block."""
    return world.api.ok("POST", f"{OWN}/{uuid_of(block)}/holds/lift", {"reason": "audited"}, media=JSON)


def waits(world: BlockWorld, block: Any) -> list[Any]:
    """Return what the detail of a block says it waits for."""
    found: list[Any] = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]
    return found
