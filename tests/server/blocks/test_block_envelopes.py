"""Secrets on their way to a runner: what they are bound to, and who gets them."""

import json
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.binding import Owner, sealed_for
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.run import RunDocument
from blockyard.protocol.sealing import BOUND_PREFIX, EnvelopeError, unseal
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.inputs import Opener
from blockyard.server.runs.model import RunId
from tests.support.block_world import BlockWorld, Claimed, a_secret, an_input, definition_of, uuid_of
from tests.support.principals import ADMINISTRATOR

CONSUMER, FIXED, DEFAULT = "the consumer's own", "fixed by the provider", "a default of the provider"
INPUTS: JsonObject = {
    "own": an_input(isSensitive=True, updateableByConsumer=True),
    "fixed": an_input("STRING", "STATIC", isSensitive=True, argument=a_secret(FIXED)),
    "default": an_input(isSensitive=True, defaultValue=a_secret(DEFAULT)),
}


@pytest.fixture
def world(world: BlockWorld) -> BlockWorld:
    """A control plane whose shared runner opens bound envelopes."""
    world.protocol = 2
    pem = world.key.public_pem
    world.db.write_now(lambda tx: world.runners.seed_shared(tx, workspace="admin", public_key=pem, protocol=2))
    return world


def opener(world: BlockWorld, claimed: Claimed) -> Opener:
    """Return how the runner opens what it claimed."""
    return Opener.of(RunDocument.model_validate(claimed.document), world.key.private, in_clear=False)


def opened(world: BlockWorld, claimed: Claimed) -> dict[str, Any]:
    """Return the inputs of a run as its runner sees them."""
    inputs = RunDocument.model_validate(claimed.document).spec.building_block.spec.inputs
    return {item.key: opener(world, claimed).open(item, is_sensitive=True).value for item in inputs if item.is_sealed}


def test_each_secret_is_bound_to_the_object_it_was_entered_for(world: BlockWorld) -> None:
    version = world.define(inputs=INPUTS)
    block = world.order(version, {"own": a_secret(CONSUMER)})

    claimed = world.claimed()

    places = {key: sealed_for(item["sealedFor"]) for key, item in claimed.inputs.items()}
    assert {key: (place.workspace, place.owner, place.uuid, place.key) for key, place in places.items()} == {
        "own": ("shop", Owner.BLOCK, uuid_of(block), "input/own"),
        "fixed": ("platform", Owner.DEFINITION, definition_of(version), "input/fixed"),
        "default": ("platform", Owner.DEFINITION, definition_of(version), "input/default"),
    }
    assert opened(world, claimed) == {"own": CONSUMER, "fixed": FIXED, "default": DEFAULT}
    assert all("hash" not in item for item in claimed.inputs.values())


def test_secrets_stay_open_to_the_runner_after_an_upgrade_that_keeps_them(world: BlockWorld) -> None:
    version = world.define(inputs=INPUTS)
    block = world.order(version, {"own": a_secret(CONSUMER)})
    world.finish()
    newer = world.next_version(version)

    world.change(world.read(block), version=newer)

    assert opened(world, world.claimed()) == {"own": CONSUMER, "fixed": FIXED, "default": DEFAULT}


def test_an_envelope_in_another_document_is_refused_in_words(world: BlockWorld) -> None:
    version = world.define(inputs=INPUTS)
    first = world.order(version, {"own": a_secret(CONSUMER)})
    stolen = world.claimed().inputs["own"]
    world.order(version, {"own": a_secret("harmless")})
    other = world.claimed()
    item = RunDocument.model_validate(other.document).spec.building_block.spec.inputs[0]
    as_it_was = item.model_validate({**stolen, "key": "own"})
    as_unbound = item.model_validate({**stolen, "sealedFor": None})

    with pytest.raises(StepFailed) as foreign:
        opener(world, other).open(as_it_was, is_sensitive=True)
    with pytest.raises(StepFailed) as unbound:
        opener(world, other).open(as_unbound, is_sensitive=True)

    assert f"sealed for buildingBlock {uuid_of(first)}" in str(foreign.value.system_message)
    assert "bound to a place that the run does not name" in str(unbound.value.system_message)
    with pytest.raises(EnvelopeError):
        unseal(world.key.private, str(stolen["value"]))


def test_a_runner_of_the_official_protocol_is_not_given_what_it_cannot_open(world: BlockWorld) -> None:
    version = world.define(inputs=INPUTS)
    block = world.order(version, {"own": a_secret(CONSUMER)})
    world.protocol = 0

    assert world.claim() is None

    run = world.latest_run(block)
    assert run.status is RunStatus.FAILED
    assert "'own'" in str(run.summary)
    assert "bound to its place" in str(run.summary)


def test_a_secret_entered_again_is_one_that_the_runner_of_now_opens(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"own": INPUTS["own"]}), {"own": a_secret(CONSUMER)})
    world.protocol = 0
    assert world.claim() is None

    world.change(world.read(block), inputs={"own": a_secret(CONSUMER)})
    claimed = world.claimed()

    assert "sealedFor" not in claimed.inputs["own"]
    assert world.key.open(str(claimed.inputs["own"]["value"])) == CONSUMER


def test_an_older_envelope_still_opens_when_the_runner_has_learned_to_open_bound_ones(world: BlockWorld) -> None:
    world.protocol = 1
    block = world.order(world.define(inputs={"own": INPUTS["own"]}), {})
    assert block["status"]["status"] == "WAITING_FOR_USER_INPUT"
    assert world.claim() is None
    world.change(world.read(block), inputs={"own": a_secret(CONSUMER)})
    world.clock.advance(2 * 24 * 3600)
    world.protocol = 2

    claimed = world.claimed()

    assert not str(claimed.inputs["own"]["value"]).startswith(BOUND_PREFIX)
    assert opened(world, claimed) == {"own": CONSUMER}


@pytest.mark.parametrize("protocol", [0, 2])
def test_readers_of_a_run_get_hashes_and_never_an_envelope(world: BlockWorld, protocol: int) -> None:
    world.protocol = protocol
    world.claim()
    block = world.order(world.define(inputs=INPUTS, transparent=True), {"own": a_secret(CONSUMER)})
    run_id = RunId(UUID(str(world.latest_run(block).id)))

    def read() -> JsonObject:
        return world.db.read_now(lambda tx: world.views.document(tx, ADMINISTRATOR, run_id))

    before = read()
    claimed = world.claimed()
    after = read()

    hashes = world.read(block)["spec"]["inputs"]["own"]["value"]["hash"]
    for document in (before, after):
        text = json.dumps(document)
        assert all(str(item["value"]) not in text for item in claimed.inputs.values())
        assert "sealedFor" not in text
        shown = Claimed(document, claimed.principal).inputs
        assert shown["own"] == {
            "key": "own",
            "type": "STRING",
            "isSensitive": True,
            "isEnvironment": False,
            "value": hashes,
        }
