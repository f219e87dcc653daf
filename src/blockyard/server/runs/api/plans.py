"""Saved plans as bytes. Source: runner.md 1.9, api.md 3.20."""

import asyncio

from fastapi import Response

from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.sealed import MasterKey, Undecryptable
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import plan_context

OCTETS = "application/octet-stream"


async def plan_answer(master_key: MasterKey, run_id: RunId, sealed: bytes | None) -> Response:
    """Return the answer with a saved plan in clear. Raises NotFound: there is none."""
    if sealed is None:
        raise NotFound("this run has no saved plan, or it is too old", code="PlanGone", remedy="Plan again.")
    try:
        plan = await asyncio.to_thread(master_key.decrypt, sealed, context=plan_context(run_id))
    except Undecryptable as error:
        raise NotFound("the saved plan cannot be read any more", code="PlanGone", remedy="Plan again.") from error
    return Response(plan, media_type=OCTETS)
