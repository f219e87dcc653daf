"""Values on the command line, read by the type of their input."""

import base64
import io
import sys
from pathlib import Path

import pytest

from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.model import Input, Version
from blockyard.cli.values import (
    GivenText,
    exposed_secrets,
    parse,
    read_values,
    split_assignments,
    wire_value,
)
from blockyard.protocol.jsontypes import Json, JsonObject


def an_input(type_: str, *, options: tuple[str, ...] = (), sensitive: bool = False) -> Input:
    return Input(key="k", name="K", type=type_, assignment="USER_INPUT", options=options, sensitive=sensitive)


def a_version(**inputs: JsonObject) -> Version:
    return Version.read({"spec": {"versionNumber": 3, "inputs": dict(inputs)}})


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("STRING", "5", "5"),
        ("STRING", "@home", "@home"),
        ("STRING", "", ""),
        ("STRING", "a=b", "a=b"),
        ("INTEGER", "16", 16),
        ("INTEGER", "-3", -3),
        ("BOOLEAN", "true", True),
        ("BOOLEAN", "No", False),
        ("CODE", '{ "a": 1 }', '{ "a": 1 }'),
        ("CODE", "@@handle", "@handle"),
        ("LIST", "[1, 2]", [1, 2]),
        ("FILE", "data:text/plain;base64,YQ==", "data:text/plain;base64,YQ=="),
        ("MULTI_SELECT", '["a", "b"]', ["a", "b"]),
        ("MULTI_SELECT", "a, b,a", ["a", "b"]),
        ("SOMETHING_NEW", "x", "x"),
    ],
)
def test_a_text_becomes_the_value_its_type_asks_for(type_: str, text: str, value: Json) -> None:
    assert parse(an_input(type_), [text]) == value


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("INTEGER", "1.5"),
        ("INTEGER", "٣x"),
        ("BOOLEAN", "1"),
        ("LIST", "{}"),
        ("LIST", "no json"),
        ("FILE", "plain text"),
        ("FILE", "@/does/not/exist"),
        ("CODE", "@/does/not/exist"),
    ],
)
def test_a_text_of_the_wrong_type_is_a_usage_error_that_names_the_input(type_: str, text: str) -> None:
    with pytest.raises(Failure) as caught:
        parse(an_input(type_), [text])

    assert caught.value.exit_code is ExitCode.USAGE
    assert "'k'" in caught.value.message


def test_a_choice_must_be_an_option() -> None:
    size = an_input("SINGLE_SELECT", options=("small", "large"))

    assert parse(size, ["large"]) == "large"
    with pytest.raises(Failure, match="one of: small, large"):
        parse(size, ["huge"])


def test_an_option_that_holds_a_comma_can_be_chosen() -> None:
    regions = an_input("MULTI_SELECT", options=("north, south", "east"))

    assert parse(regions, ["north, south", "east"]) == ["north, south", "east"]


def test_only_a_multi_select_can_be_given_twice() -> None:
    with pytest.raises(Failure, match="more than once"):
        parse(an_input("STRING"), ["a", "b"])


def test_a_file_becomes_a_data_uri_of_its_media_type(tmp_path: Path) -> None:
    file = tmp_path / "ca.html"
    file.write_bytes(b"\x00<b>")

    assert parse(an_input("FILE"), [f"@{file}"]) == "data:text/html;base64," + base64.b64encode(b"\x00<b>").decode()


def test_code_is_read_from_a_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("a:\n  - ü # keep\n", encoding="utf-8")

    assert parse(an_input("CODE"), [f"@{file}"]) == "a:\n  - ü # keep\n"


def test_a_sensitive_value_is_sent_as_a_secret() -> None:
    assert wire_value(an_input("STRING", sensitive=True), ["s3cret"]) == {
        "value": {"plaintext": "s3cret"},
        "isSensitive": True,
    }


def test_assignments_are_split_at_the_first_equals_sign_and_files_are_read(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("t0ken")

    given = split_assignments(["a=1=2", "b=x", "b=y"], [f"c={secret}"])

    assert given == {
        "a": [GivenText("1=2")],
        "b": [GivenText("x"), GivenText("y")],
        "c": [GivenText("t0ken", from_file=True)],
    }


def test_a_value_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe")))

    assert split_assignments([], ["token=-"]) == {"token": [GivenText("from a pipe", from_file=True)]}


def test_an_assignment_without_a_key_is_not_repeated_in_the_message() -> None:
    with pytest.raises(Failure) as caught:
        split_assignments(["s3cret"])

    assert "s3cret" not in caught.value.message


def test_unknown_and_computed_inputs_are_refused_with_the_names_of_those_that_can_be_given() -> None:
    version = a_version(
        size={"type": "INTEGER", "assignmentType": "USER_INPUT"},
        ticket={"type": "STRING", "assignmentType": "PLATFORM_OPERATOR_MANUAL_INPUT"},
        region={"type": "STRING", "assignmentType": "STATIC"},
    )

    assert read_values(version, {"size": [GivenText("3")], "ticket": [GivenText("T1")]}) == {
        "size": {"value": 3, "isSensitive": False},
        "ticket": {"value": "T1", "isSensitive": False},
    }
    for key in ("region", "sise"):
        with pytest.raises(Failure) as caught:
            read_values(version, {key: [GivenText("x")]})
        assert caught.value.remedy == "Its inputs are: size, ticket."


@pytest.mark.parametrize(
    ("content", "type_", "value"),
    [
        ("Hello\n", "STRING", "Hello"),
        ("Hello\r\n", "STRING", "Hello"),
        ("Hello\n\n", "STRING", "Hello\n"),
        ("Hello", "STRING", "Hello"),
        ("\n", "STRING", ""),
        ("a = 1\n", "CODE", "a = 1\n"),
    ],
)
def test_one_newline_at_the_end_of_a_file_does_not_belong_to_a_string(
    content: str, type_: str, value: str, tmp_path: Path
) -> None:
    file = tmp_path / "value"
    file.write_bytes(content.encode())
    version = a_version(text={"type": type_, "assignmentType": "USER_INPUT"})

    values = read_values(version, split_assignments([], [f"text={file}"]))

    assert values["text"] == {"value": value, "isSensitive": False}


def test_a_newline_of_the_command_line_belongs_to_the_value() -> None:
    version = a_version(text={"type": "STRING", "assignmentType": "USER_INPUT"})

    assert read_values(version, split_assignments(["text=a\n"]))["text"] == {"value": "a\n", "isSensitive": False}


def test_secrets_given_as_words_of_the_command_are_told(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret")
    secret: JsonObject = {"type": "STRING", "assignmentType": "USER_INPUT", "isSensitive": True}
    version = a_version(word=secret, file=secret, open={"type": "STRING", "assignmentType": "USER_INPUT"})

    given = split_assignments(["word=s3cret", "open=x"], [f"file={file}"])

    assert exposed_secrets(version, given) == ["word"]


def test_inputs_are_missing_that_have_neither_value_nor_default() -> None:
    version = a_version(
        late={"type": "STRING", "assignmentType": "USER_INPUT", "displayOrder": 2},
        early={"type": "STRING", "assignmentType": "USER_INPUT", "displayOrder": 1},
        given={"type": "STRING", "assignmentType": "USER_INPUT"},
        empty={"type": "STRING", "assignmentType": "USER_INPUT", "defaultValue": ""},
        off={"type": "BOOLEAN", "assignmentType": "USER_INPUT", "defaultValue": False},
        fixed={"type": "STRING", "assignmentType": "STATIC"},
        operator={"type": "STRING", "assignmentType": "PLATFORM_OPERATOR_MANUAL_INPUT"},
    )

    assert [item.key for item in version.inputs if item.is_needed and item.key != "given"] == ["early", "late"]
