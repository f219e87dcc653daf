"""What a comparison of two states says, and what it must not."""

import json
from typing import Any

from blockyard.protocol.jsontypes import Json
from blockyard.server.tofu_state.difference import MASK, difference


def a_state(*instances: tuple[dict[str, Json], Json]) -> bytes:
    """Return a state of things with these attributes and keys, whose attribute `hidden` is sensitive."""
    hidden: Json = [[{"type": "get_attr", "value": "hidden"}]]
    made: list[Json] = [
        {"attributes": attributes, "index_key": key, "sensitive_attributes": hidden} for attributes, key in instances
    ]
    entry: Json = {"mode": "managed", "type": "thing", "name": "it", "instances": made}
    return json.dumps({"version": 4, "resources": [entry]}).encode()


def attributes(before: bytes, after: bytes) -> Any:
    """Return the attributes of the only thing that differs."""
    found = difference(before, after)
    assert found is not None
    return {one.name: (one.before, one.after) for one in found.resources[0].attributes}


def test_a_sensitive_number_is_shown_nowhere() -> None:
    before = a_state(({"hidden": 98765432, "shown": "port 1"}, None))
    after = a_state(({"hidden": 98765433, "shown": "port 98765433"}, None))

    assert attributes(before, after) == {"hidden": (MASK, MASK), "shown": (MASK, MASK)}


def test_the_type_of_a_dynamic_value_is_no_secret() -> None:
    hidden: Json = {"type": "string", "value": "s3cr3t-value"}
    before = a_state(({"hidden": hidden, "shown": "a string", "other": "1"}, None))
    after = a_state(({"hidden": hidden, "shown": "two strings", "other": "s3cr3t-value"}, None))

    assert attributes(before, after) == {"shown": ('"a string"', '"two strings"'), "other": (MASK, MASK)}


def test_a_secret_in_the_key_of_an_instance_is_masked() -> None:
    found = difference(a_state(), a_state(({"hidden": "s3cr3t-value"}, "s3cr3t-value")))

    assert found is not None
    assert [one.address for one in found.resources] == [f'thing.it["{MASK}"]']
