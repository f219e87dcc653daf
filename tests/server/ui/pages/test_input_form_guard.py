"""The form of inputs sends what was changed and nothing else, whatever the values are and however browsers encode them."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.blocks.model.inputs import same_json
from blockyard.server.runners.model import StoredSecret
from tests.support.block_world import MANUAL, a_secret, an_input, uuid_of
from tests.support.browser_form import File
from tests.support.page_world import PageWorld

pytestmark = pytest.mark.one_database

LINES = "-----BEGIN CERTIFICATE-----\nMIIB\n\n  indented\n-----END CERTIFICATE-----\n"

TEXTS = {
    "empty": "",
    "plain": "plain",
    "blanks": "  two before, three behind   ",
    "blank": " ",
    "lines": LINES,
    "leading-line-ends": "\n\nthird line",
    "only-line-end": "\n",
    "dos-lines": "one\r\ntwo\r\n",
    "old-mac-lines": "one\rtwo",
    "mixed-lines": "one\r\ntwo\nthree\rfour",
    "quotes": "\"double\" 'single' `back` &amp; &lt;b&gt; </textarea><script>",
    "unicode": "naïve 日本語 🏗️ \u202eright to left \u00a0no break",
    "controls": "tab\t form feed\f vertical\v bell\x07",
    "number-like": "007",
    "boolean-like": "true",
    "null-like": "null",
    "long": "x" * 20_000,
}

OTHERS: Mapping[str, tuple[JsonObject, Json]] = {
    "zero": (an_input("INTEGER"), 0),
    "negative": (an_input("INTEGER"), -17),
    "longest": (an_input("INTEGER"), 9_223_372_036_854_775_807),
    "no": (an_input("BOOLEAN"), False),
    "yes": (an_input("BOOLEAN"), True),
    "choice": (an_input("SINGLE_SELECT", selectableValues=["eu", "us", " eu"]), " eu"),
    "choices": (an_input("MULTI_SELECT", selectableValues=["a", "b", "c"]), ["c", "a"]),
    "no-choices": (an_input("MULTI_SELECT", selectableValues=["a", "b"]), []),
    "list": (an_input("LIST"), ["h1", "h2"]),
    "list-of-objects": (an_input("LIST"), [{"a": 1.5, "ü": None}, ["x\ny"], 12345678901234567890]),
    "list-as-text": (an_input("LIST"), '[ "h1",\n  "h2" ]'),
    "code": (an_input("CODE"), '{\n  "allow": ["read"]\n}\n'),
    "yaml": (an_input("CODE"), "a:\n  - b\n  - 'c: [d'\n"),
    "template": (an_input("CODE"), "{% if x %}[{% endif %}"),
    "configuration": (an_input("CODE"), "[section]\nmotto = don't { panic\n"),
    "odd key: a/b \"c\" 'd' %41 +": (an_input(), "text"),
}

SECRETS = {"secret": an_input(isSensitive=True), "secret-code": an_input("CODE", isSensitive=True)}


def everything() -> tuple[JsonObject, JsonObject]:
    """Return inputs of every type and the value of each."""
    inputs: JsonObject = {f"text-{name}": an_input(defaultValue="something") for name in TEXTS}
    inputs |= {f"code-{name}": an_input("CODE", defaultValue="something") for name in TEXTS}
    inputs |= {key: spec for key, (spec, _) in OTHERS.items()}
    inputs |= {**SECRETS, "file": an_input("FILE", "PLATFORM_OPERATOR_MANUAL_INPUT")}
    for spec in inputs.values():
        assert isinstance(spec, dict)
        spec["updateableByConsumer"] = True
    values: JsonObject = {f"{kind}-{name}": text for name, text in TEXTS.items() for kind in ("text", "code")}
    values |= {key: value for key, (_, value) in OTHERS.items()}
    values |= {key: a_secret("hunter2\nhunter2\n") for key in SECRETS}
    return inputs, {**values, "file": "data:text/plain;base64,Z3JhbnRlZA=="}


@pytest.fixture
def block(world: PageWorld) -> JsonObject:
    """A block whose inputs have every type; its runs are over at once."""
    inputs, values = everything()
    ordered: JsonObject = world.order(world.define(implementation=MANUAL, inputs=inputs), values)
    return ordered


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    """Return the keys whose value is another one, or of another type."""
    return {key for key in before.keys() | after.keys() if not alike(before.get(key), after.get(key))}


def alike(left: object, right: object) -> bool:
    """Whether two stored values are the same."""
    return left == right if isinstance(left, StoredSecret) else same_json(left, right)


def test_a_form_sent_as_it_was_opened_changes_nothing(world: PageWorld, block: JsonObject) -> None:
    before, run = world.stored(block), world.latest_run(block)

    answer = world.person("pat").change(f"/blocks/{uuid_of(block)}/inputs")

    assert answer.status_code == 303
    assert differences(before.inputs, world.stored(block).inputs) == set()
    assert world.latest_run(block).id == run.id


CHANGES: Mapping[str, tuple[str | list[str] | File, Json]] = {
    "text-empty": ("now text", "now text"),
    "text-plain": ("several\nlines\n", "several\nlines\n"),
    "text-blanks": ("", ""),
    "text-lines": (LINES + "more", LINES + "more"),
    "text-leading-line-ends": ("\n", "\n"),
    "text-dos-lines": ("one\ntwo\nthree\n", "one\r\ntwo\r\nthree\r\n"),
    "text-old-mac-lines": ("one\ntwo\nthree", "one\rtwo\rthree"),
    "text-unicode": ("日本", "日本"),
    "code-lines": ("x\ny", "x\ny"),
    "zero": ("-1", -1),
    "longest": ("9223372036854775806", 9_223_372_036_854_775_806),
    "no": ("true", True),
    "yes": ("false", False),
    "choice": ("eu", "eu"),
    "choices": (["a", "b"], ["a", "b"]),
    "no-choices": (["b"], ["b"]),
    "list": ('["h1", "h2", "h3"]', ["h1", "h2", "h3"]),
    "list-as-text": ('["h1"]', '["h1"]'),
    "code": ('{"allow": []}', '{"allow": []}'),
    "yaml": ("b: 1\n", "b: 1\n"),
    "odd key: a/b \"c\" 'd' %41 +": ("other", "other"),
    "file": (("b.txt", b"\r\n\0", "text/plain"), "data:text/plain;base64,DQoA"),
}


def test_a_form_with_one_changed_field_changes_that_input_only(world: PageWorld, block: JsonObject) -> None:
    person, path = world.person("pat"), f"/blocks/{uuid_of(block)}/inputs"
    wrong: list[str] = []
    for key, (entered, expected) in CHANGES.items():
        before = world.stored(block).inputs
        answer = person.change(path, {name_of(key): entered})
        after = world.stored(block).inputs
        if differences(before, after) != {key} or not same_json(after[key], expected):
            wrong.append(f"{key}: {answer.status_code}, changed {differences(before, after)}, is {after[key]!r}")

    assert wrong == []


def test_a_secret_is_replaced_alone_and_keeps_its_line_ends(world: PageWorld) -> None:
    spec = an_input(isSensitive=True, updateableByConsumer=True)
    block = world.order(
        world.define(inputs={"key": spec, "other": spec}), {"key": a_secret("old"), "other": a_secret("same")}
    )
    world.finish()
    before = world.stored(block).inputs

    world.person("pat").change(f"/blocks/{uuid_of(block)}/inputs", {"input.key": LINES})

    assert differences(before, world.stored(block).inputs) == {"key"}
    assert world.key.open(str(world.claimed().inputs["key"]["value"])) == LINES


WORDS = st.text(st.sampled_from(" \t\n\r\"'<>&;[]{}%+aé日🏗\u2028\u00a0\\/\0"), max_size=12)


def test_no_text_is_changed_by_opening_and_saving_it(world: PageWorld) -> None:
    kinds = {kind: an_input(kind, defaultValue="x", updateableByConsumer=True) for kind in ("STRING", "CODE", "LIST")}
    block = world.order(world.define(implementation=MANUAL, inputs=kinds))
    person, path = world.person("sam"), f"/blocks/{uuid_of(block)}/inputs"

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.fixed_dictionaries({kind: WORDS.map(lambda text: text.replace("\0", "")) for kind in kinds}))
    def opens_and_saves(values: dict[str, Json]) -> None:
        world.change(block, inputs=values)
        before = world.stored(block).inputs

        assert person.change(path).status_code == 303
        assert differences(before, world.stored(block).inputs) == set()

    opens_and_saves()


def name_of(key: str) -> str:
    """Return the name of the control of an input."""
    return "input." + "".join(
        letter if letter.isalnum() or letter in "-._~" else f"%{ord(letter):02X}" for letter in key
    )
