"""Options, defaults and checks that depend on something: what is refused when it is saved, and when a run is claimed."""

from dataclasses import replace
from typing import Any

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.kinds import VERSION
from blockyard.server.tags.model import TargetKind
from blockyard.server.workspaces.model import WorkspaceSettings
from tests.support.block_world import (
    BLOCKS,
    OTHER,
    SHOP,
    VERSIONS,
    BlockWorld,
    a_change,
    a_value,
    an_input,
    an_order,
    an_output,
    definition_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tags import declare

SENTENCE = "The smallest size is at most the largest"
ZONES: Any = {
    "region": an_input("SINGLE_SELECT", selectableValues=["eu", "us"], updateableByConsumer=True),
    "zone": an_input(
        "SINGLE_SELECT",
        displayName="Zone",
        updateableByConsumer=True,
        optionSources=[
            {"condition": "input.region == 'eu'", "values": ["eu-1", "eu-2"]},
            {"condition": "input.region == 'us'", "values": ["us-1"]},
        ],
        dependentDefaults=[{"condition": "input.region == 'us'", "value": "us-1"}],
    ),
}
SIZES: Any = {
    "smallest": an_input("INTEGER", updateableByConsumer=True),
    "largest": an_input("INTEGER", updateableByConsumer=True),
}
CHECKS: Any = [{"condition": "input.smallest <= input.largest", "message": SENTENCE, "inputKey": "smallest"}]


def selecting(**source: Json) -> Any:
    """Return a select whose options come from one source."""
    return {
        "chosen": an_input("SINGLE_SELECT", displayName="Chosen", updateableByConsumer=True, optionSources=[source])
    }


def refusal_of(answer: Any) -> tuple[Any, ...]:
    """Return what a refusal says."""
    told = answer.json()
    return answer.status_code, told["errorCode"], told["field"], told["message"]


def set_tag(world: BlockWorld, *values: str) -> None:
    """Give the shop a tag."""
    settings = WorkspaceSettings(display_name="Shop", tags={"stage": [*values]})
    world.db.write_now(lambda tx: world.workspaces.update(tx, ADMINISTRATOR, "shop", "shop", settings))


def test_options_follow_another_input_and_defaults_too(world: BlockWorld) -> None:
    version = world.define(inputs=ZONES)

    wrong = world.api.send("POST", BLOCKS, an_order(version, {"region": "us", "zone": "eu-1"}))
    block = world.order(version, {"region": "us"})
    world.finish()
    moved = world.api.send("PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(world.read(block), inputs={"region": "eu"}))
    both = world.change(world.read(block), inputs={"region": "eu", "zone": "eu-2"})

    told = (400, "InvalidValue", "/spec/inputs/zone/value", "the value of input 'Zone' must be one of the options")
    assert refusal_of(wrong) == refusal_of(moved) == told
    assert wrong.json()["remedy"] == "Choose one of: us-1."
    assert block["spec"]["inputs"]["zone"]["value"] == "us-1"
    assert both["spec"]["inputs"]["zone"]["value"] == "eu-2"


def test_a_check_between_inputs_is_said_in_its_own_words(world: BlockWorld) -> None:
    version = world.define(inputs=SIZES, inputChecks=CHECKS)

    wrong = world.api.send("POST", BLOCKS, an_order(version, {"smallest": 5, "largest": 3}))
    waiting = world.order(version, {"smallest": 5})
    right = world.change(waiting, inputs={"largest": 9})
    late = world.api.send("PUT", f"{BLOCKS}/{uuid_of(right)}", a_change(world.read(right), inputs={"largest": 1}))

    assert refusal_of(wrong) == refusal_of(late) == (400, "InputCheckFailed", "/spec/inputs/smallest/value", SENTENCE)
    assert (status_of(waiting), status_of(right)) == ("WAITING_FOR_USER_INPUT", "PENDING")


def test_options_come_from_a_tag_and_a_run_is_refused_once_the_value_is_gone(world: BlockWorld) -> None:
    declare(world.db, world.services.tag_definitions, TargetKind.WORKSPACE, "stage", options=("dev", "prod"))
    set_tag(world, "dev", "prod")
    version = world.define(inputs=selecting(tag="WORKSPACE.stage"))
    block = world.order(version, {"chosen": "prod"})

    set_tag(world, "dev")
    claim = world.claim()
    refused = world.api.send("POST", BLOCKS, an_order(version, {"chosen": "prod"}))

    told = "the value of input 'Chosen' must be one of the options"
    assert claim is None
    assert status_of(world.read(block)) == "FAILED"
    assert told in (world.latest_run(block).summary or "")
    world.api.be(ADMINISTRATOR)
    run = world.api.ok("GET", f"/api/blockyard/v1/runs/{world.latest_run(block).id}", media="application/json")
    assert (run["failure"]["cause"], run["failure"]["code"]) == ("INPUT", "VALUE_OUTDATED")
    assert refusal_of(refused) == (400, "InvalidValue", "/spec/inputs/chosen/value", told)


def test_options_come_from_outputs_of_blocks_that_one_may_see(world: BlockWorld) -> None:
    network = world.define("Network", outputs={"name": an_output()})
    for name in ("blue", "green"):
        world.order(network, name=name)
        world.finish({"name": a_value(name)})
    version = world.define(inputs=selecting(output=f"{definition_of(network)}.name"))

    ordered = world.order(version, {"chosen": "green"})
    claimed = world.claimed()
    world.api.be(a_key("shop", "BUILDINGBLOCK_SAVE"))
    unseen = world.api.send("POST", BLOCKS, an_order(version, {"chosen": "green"}))
    world.api.be(replace(SHOP, only_projects={"shop": frozenset({"none"})}))
    outside = world.api.ok("POST", BLOCKS, an_order(version, {"chosen": "blue"}))
    world.api.be(OTHER)
    others = world.api.send("POST", BLOCKS, an_order(version, {"chosen": "green"}, workspace="other"))

    assert status_of(ordered) == status_of(outside) == "PENDING"
    assert claimed.inputs["chosen"]["value"] == "green"
    assert unseen.json()["remedy"] == others.json()["remedy"] == "There is nothing to choose from at the moment."


def test_options_come_from_what_a_runner_fetched_for_the_team_that_offers_it_and_from_nobody_else(
    world: BlockWorld,
) -> None:
    images = world.define("Images", outputs={"names": an_output("CODE")})
    own = world.api.ok("POST", BLOCKS, an_order(images, workspace="platform"))
    world.finish({"names": a_value(["debian", "alpine"], "CODE")})
    foreign = world.order(images)
    world.finish({"names": a_value(["secret"], "CODE")})
    version = world.define(inputs=selecting(block=f"{uuid_of(own)}.names"))
    leaking = world.define(inputs=selecting(block=f"{uuid_of(foreign)}.names"))

    ordered = world.order(version, {"chosen": "alpine"})
    refused = world.api.send("POST", BLOCKS, an_order(leaking, {"chosen": "secret"}))
    world.api.be(SHOP)
    shown = world.api.ok("GET", f"{VERSIONS}/{uuid_of(version)}", media=VERSION.media)

    assert status_of(ordered) == "PENDING"
    assert refused.json()["remedy"] == "There is nothing to choose from at the moment."
    assert "optionSources" not in shown["spec"]["inputs"]["chosen"]


def test_an_upgrade_asks_anew_for_what_is_not_offered_any_more(world: BlockWorld) -> None:
    version = world.define(inputs=ZONES)
    block = world.order(version, {"region": "eu", "zone": "eu-2"})
    world.finish()
    zone = {**ZONES["zone"], "optionSources": [{"condition": "input.region == 'eu'", "values": ["eu-1"]}]}
    newer = world.next_version(version, inputs={**ZONES, "zone": {**zone, "dependentDefaults": []}})

    upgraded = world.change(world.read(block), version=newer)

    assert status_of(upgraded) == "WAITING_FOR_USER_INPUT"
    assert upgraded["spec"]["inputs"]["region"]["value"] == "eu"


def test_a_block_is_destroyed_whatever_its_values_are(world: BlockWorld) -> None:
    declare(world.db, world.services.tag_definitions, TargetKind.WORKSPACE, "stage", options=("dev", "prod"))
    set_tag(world, "prod")
    block = world.order(world.define(inputs=selecting(tag="WORKSPACE.stage")), {"chosen": "prod"})
    world.finish()
    set_tag(world, "dev")

    world.delete(block)

    assert world.claimed().behavior == "DESTROY"


def test_what_was_declared_comes_back_and_nothing_else(world: BlockWorld) -> None:
    plain: Any = world.define(inputs={"name": an_input()})
    rich: Any = world.define(inputs=ZONES | SIZES, inputChecks=CHECKS)

    declared = {key: rich["spec"]["inputs"]["zone"][key] for key in ("optionSources", "dependentDefaults")}
    assert declared == {key: ZONES["zone"][key] for key in declared}
    assert rich["spec"]["inputChecks"] == CHECKS
    assert "inputChecks" not in plain["spec"]
