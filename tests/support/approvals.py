"""Short ways to plans and approvals in tests of blocks."""

from base64 import b64encode
from functools import partial
from typing import Any

import httpx2

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.protocol.status import StatusUpdate
from blockyard.server.identity.model import NewUser, Principal, WorkspaceRole
from blockyard.server.kit.database import Transaction
from blockyard.server.workspaces.model import BindingKind, NewBinding
from tests.support.block_world import PLATFORM, BlockWorld, Claimed
from tests.support.principals import ADMINISTRATOR

RUNS = "/api/meshobjects/meshbuildingblockruns"
OWN_RUNS = "/api/blockyard/v1/runs"

EVERYTHING: JsonObject = {
    "buildingBlockCreation": True,
    "versionUpgrade": True,
    "userInputChanges": True,
    "anyInputChanges": True,
    "manualTriggers": True,
}


def hired(world: BlockWorld, *names: str, workspace: str = "platform") -> None:
    """Make accounts of managers of a workspace: votes count of people who are there still."""

    def hire(tx: Transaction, name: str) -> None:
        new = NewUser(username=name, first_name=name.title(), last_name="", email="", admin=False)
        world.services.users.seed(tx, new, "a sentence of somebody who tests")
        binding = NewBinding(
            name=f"{name}-{workspace}",
            kind=BindingKind.USER,
            workspace=workspace,
            subject=name,
            role=WorkspaceRole.MANAGER,
            expires_on=None,
        )
        world.services.bindings.create(tx, ADMINISTRATOR, binding)

    for name in names:
        world.db.write_now(partial(hire, name=name))


def policies(*asked: str, **rules: Any) -> JsonObject:
    """Return what a definition says about approvals: the policies that are on, and rules of ours."""
    found: JsonObject = {"approvalPolicies": {name: name in asked for name in EVERYTHING}}
    return {**found, "approvalRules": rules} if rules else found


def a_resource(address: str, action: str, digest: str = "1") -> JsonObject:
    """Return what becomes of a resource."""
    return {"address": address, "type": address.partition(".")[0], "action": action, "digest": digest * 64}


def report_plan(world: BlockWorld, claimed: Claimed, *resources: JsonObject, plan: bytes = b"a plan") -> None:
    """Report a dry run that has found these changes."""
    counts: dict[str, int] = {}
    for resource in resources:
        counts[str(resource["action"])] = counts.get(str(resource["action"]), 0) + 1
    digest = f"{hash(tuple(sorted(str(resource) for resource in resources))) & (2**64 - 1):064x}"
    document: JsonObject = {
        "status": "SUCCEEDED",
        "artifact": b64encode(plan).decode(),
        "changesDetected": bool(resources),
        "planChanges": {"resources": list(resources), "counts": {**counts}, "digest": digest},
    }
    update = StatusUpdate.model_validate(document)
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def planned(world: BlockWorld, *resources: JsonObject, plan: bytes = b"a plan") -> Claimed:
    """Take the next run, which has to be a dry run, and report what it has found."""
    claimed = world.claimed()
    assert claimed.behavior == "DETECT"
    report_plan(world, claimed, *resources, plan=plan)
    return claimed


def decide(
    world: BlockWorld, block: JsonObject, *, who: Principal = PLATFORM, plan: object = None, **more: Any
) -> httpx2.Response:
    """Approve what the newest run of a block waits for, with the plan that it names unless `plan` says another one."""
    run = world.latest_run(block)
    body = {"predecessorRunUuid": str(plan or run.plan_run_id), **more}
    before = world.api.principal
    world.api.be(who)
    try:
        return world.api.send("POST", f"{RUNS}/{run.id}/approve", body, media=RUN.media)
    finally:
        world.api.be(before)


def decline(world: BlockWorld, block: JsonObject, comment: str = "too dear") -> httpx2.Response:
    """Decline what the newest run of a block waits for."""
    before = world.api.principal
    world.api.be(PLATFORM)
    try:
        path = f"{OWN_RUNS}/{world.latest_run(block).id}/decline"
        return world.api.send("POST", path, {"comment": comment}, media="application/json")
    finally:
        world.api.be(before)
