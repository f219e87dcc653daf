"""An import means what the engine means by the same text: defaults, sensitivity, validations, in every syntax.

Random modules are imported, and the same modules are given to the engine: many variables at once, since each start costs time.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blockyard.modules.importing import ProposedInput, propose
from blockyard.modules.module import read
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.run import InputType
from blockyard.runner.executors.opentofu.given import variables
from blockyard.runner.executors.opentofu.own_names import VARIABLE_FILE
from blockyard.runner.frame.inputs import PlainInput
from blockyard.server.kit.patterns import check_pattern, matches

ENGINE_STARTS = settings(
    max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
"""Few starts of many cases each; a failure names its case, so none is sought that is smaller."""


def console_object(engine: Path, folder: Path, members: Mapping[str, str]) -> JsonObject:
    """Return the values of several expressions."""
    answer = console(engine, folder, "{" + ", ".join(f"{name} = {text}" for name, text in members.items()) + "}")
    assert isinstance(answer, dict)
    return answer


def console(engine: Path, folder: Path, expression: str) -> Json:
    """Return the value of an expression in the module in `folder`."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [str(engine), "console"],
        cwd=folder,
        env=environment,
        input=f"jsonencode({expression})\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    answer: Json = json.loads(json.loads(done.stdout.strip().splitlines()[-1]), parse_float=Decimal)
    return answer


# Values, types and how modules spell them

TEXTS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), include_characters="\n\t"), max_size=12
) | (
    st.sampled_from(
        ["true", "false", "null", "5", "1.50", "[1]", '{"a": 1}', "${x}", "%{ if", "$${x}", "a\\b", '"', "", "var.x"]
    )
)
NUMBERS = st.integers(-(10**24), 10**24) | st.decimals(-1000, 1000, places=3) | st.integers(-9, 9)
SCALARS = TEXTS | NUMBERS | st.booleans()


def native(value: object) -> str:
    """Write a value in native syntax."""
    match value:
        case str():
            text = json.dumps(value, ensure_ascii=False)
            return text.replace("${", "$${").replace("%{", "%%{")
        case bool() | None:
            return json.dumps(value)
        case list():
            return "[" + ", ".join(map(native, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{native(key)} = {native(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


NUMBER_SPELLINGS = NUMBERS | NUMBERS.map(str)
BOOL_SPELLINGS = st.booleans() | st.sampled_from(["true", "false", "1", "0"])
DEFAULTS: Mapping[str, st.SearchStrategy[object]] = {
    "string": SCALARS,
    "number": NUMBER_SPELLINGS,
    "bool": BOOL_SPELLINGS,
    "any": SCALARS | st.lists(TEXTS, max_size=2) | st.dictionaries(st.sampled_from("abc"), NUMBERS, max_size=2),
    "": SCALARS | st.lists(NUMBERS, max_size=2),
    "list(string)": st.lists(SCALARS, max_size=3),
    "set(number)": st.lists(NUMBER_SPELLINGS, max_size=3),
    "map(bool)": st.dictionaries(st.sampled_from(["a", "b c", "ü"]), BOOL_SPELLINGS, max_size=3),
    "tuple([string, number])": st.tuples(SCALARS, NUMBER_SPELLINGS).map(list),
    "object({ a = string, b = optional(number, 3), c = optional(bool) })": st.fixed_dictionaries(
        {"a": SCALARS}, optional={"b": NUMBER_SPELLINGS, "c": BOOL_SPELLINGS}
    ),
}
TRUE_SPELLINGS = ["true", '"true"', '"1"', "(true)", "!false", "1 == 1", '"${true}"']
FALSE_SPELLINGS = ["false", '"false"', '"0"', "!true"]


@dataclass(frozen=True)
class Declared:
    """A variable as a module declares it."""

    type: str
    default: object
    sensitive: str | None
    style: str
    """`native`, `json`, or `override`: an override file repeats a part."""


VARIABLES = st.sampled_from(sorted(DEFAULTS)).flatmap(
    lambda type_: st.builds(
        Declared,
        type=st.just(type_),
        default=DEFAULTS[type_] | st.none(),
        sensitive=st.none() | st.none() | st.sampled_from(TRUE_SPELLINGS + FALSE_SPELLINGS),
        style=st.sampled_from(["native", "native", "json", "override"]),
    )
)


@dataclass
class Files:
    """The files of a module in the making."""

    native: list[str] = field(default_factory=list)
    override: list[str] = field(default_factory=list)
    json: dict[str, Json] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        document = json.dumps({"variable": self.json}, default=float) if self.json else "{}"
        return {"main.tf": "\n".join(self.native), "z_override.tf": "\n".join(self.override), "more.tf.json": document}


def written(declared: Sequence[Declared]) -> dict[str, str]:
    """Return the files of a module with these variables, `v0` and on."""
    files = Files()
    for number, variable in enumerate(declared):
        name = f"v{number}"
        attributes = {"type": variable.type, "default": native(variable.default), "sensitive": variable.sensitive or ""}
        if (
            variable.style == "json"
            and not isinstance(variable.default, Decimal)
            and "Decimal" not in repr(variable.default)
        ):
            document: JsonObject = {"default": json.loads(json.dumps(variable.default))}
            document |= {"type": variable.type} if variable.type else {}
            document |= {"sensitive": variable.sensitive.strip('"')} if variable.sensitive in {'"true"', '"0"'} else {}
            files.json[name] = document
            continue
        if variable.style == "override":
            files.override.append(block(name, {"default": attributes["default"], "sensitive": attributes["sensitive"]}))
            attributes |= {"default": "null", "sensitive": ""}
        files.native.append(block(name, attributes))
    return files.texts()


def block(name: str, attributes: Mapping[str, str]) -> str:
    lines = "".join(f"  {key} = {text}\n" for key, text in attributes.items() if text)
    return f'variable "{name}" {{\n{lines}}}\n'


def place(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def delivered(inputs: Mapping[str, ProposedInput], files: Mapping[str, str]) -> str:
    """Return the variable file of a run in which every input has its default."""
    given = [
        PlainInput(item.key, item.default, InputType(item.type)) for item in inputs.values() if item.default is not None
    ]
    found = variables.from_inputs(given, read(files))
    assert not found.warnings
    return found.file_text()


def test_a_default_is_the_same_value_when_the_definition_delivers_it(
    engine: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @ENGINE_STARTS
    @given(st.lists(VARIABLES, min_size=60, max_size=60))
    def check(declared: list[Declared]) -> None:
        files = written(declared)
        inputs = {item.key: item for item in propose(files).inputs}
        folder = tmp_path_factory.mktemp("module")
        place(files, folder)
        names = [f"v{number}" for number in range(len(declared))]
        secret = console_object(engine, folder, {name: f"issensitive(var.{name})" for name in names})
        assert all(inputs[name].sensitive for name in names if secret[name])
        assert not [name for name in names if inputs[name].sensitive and not secret[name]]
        shown = [name for name in names if not secret[name] and not inputs[name].sensitive]
        values = {name: f"var.{name}" for name in shown}
        alone = console_object(engine, folder, values)
        (folder / VARIABLE_FILE).write_text(delivered(inputs, files))
        assert console_object(engine, folder, values) == alone
        assert [name for name in shown if inputs[name].default is None and alone[name] is not None] == []

    check()


# Validations

SAMPLES = [
    "",
    "a",
    "b",
    "abc",
    "admin",
    "root",
    "a.b",
    "A-1",
    "é",
    "٣",
    "a b",
    "a\n",
    "x\ny",
    "dev",
    "my-prod",
    "prod-my",
    "[",
    "]a",
    "{2}",
    "aa",
    "_",
]
OPTIONS = st.lists(st.sampled_from(["a", "b", "admin", "root", "a.b", "dev"]), min_size=1, max_size=4)
PATTERNS = st.sampled_from(
    [
        "^[a-z]+$",
        "[0-9]$",
        "^a",
        "b",
        "^(dev|prod)$",
        "^dev|prod$",
        r"^\w+$",
        r"^\W*$",
        r"\d",
        r"^\S+$",
        r"\s",
        r"^\Qa.b\E$",
        "(?U)a+",
        r"\C",
        "(?i)^ADMIN$",
        "^[[:alpha:]]+$",
        "^[^[:space:]]*$",
        r"\bmy\b",
        r"\pL",
        "a{2}",
        "^a{,2}$",
        "^.$",
        r"^[\w.-]+$",
        r"\Aa\z",
        "^$",
        "(?s)^x.y$",
        "(?m)^y$",
        "a*",
        "^(?P<n>a)b",
        r"[\[\]]",
        "[]a]",
        r"^\{2\}$",
        "^[&~|a]+$",
        "a|",
        r"\x61b",
        "^a.b$",
    ]
)
SURROUNDINGS = [
    "{}",
    "({})",
    "{} == true",
    "true == ({})",
    "{} != false",
    "{} && length(var.x) > 0",
    "length(var.x) > 0 && ({})",
    "var.x == null || {}",
    "var.x == null ? true : {}",
    "var.x != null ? {} : true",
    "!{}",
    "{} == false",
    "false == {}",
    "{} != true",
    "{} || length(var.x) > 2",
    "{} ? false : true",
    "{} ? true : length(var.x) == 1",
    "!({} && true)",
    "alltrue([{} == false])",
    'anytrue([{}, var.x == "abc"])',
    "try({} == false, true)",
    "{} == (length(var.x) > 3)",
    "!!{}",
    "({} == true) == false",
    "{} && {} == false || true",
    "contains([{}], false)",
]
EXACT = frozenset(SURROUNDINGS[:5] + SURROUNDINGS[7:10])
"""With these around it a term says all there is to say."""


@dataclass(frozen=True)
class Rule:
    """A condition: a term and what stands around it."""

    term: str
    around: str

    @property
    def condition(self) -> str:
        return self.around.replace("{}", self.term)


RULES = st.builds(
    Rule,
    term=OPTIONS.map(lambda options: f"contains({native(options)}, var.x)")
    | PATTERNS.map(lambda text: f"can(regex({native(text)}, var.x))"),
    around=st.sampled_from(SURROUNDINGS),
)


def accepts(item: ProposedInput, sample: str) -> bool:
    """Tell whether the server takes a value for the proposed input."""
    if item.options:
        return sample in item.options
    return item.regex is None or matches(item.regex, sample)


def test_an_input_takes_what_the_modules_own_validation_takes(engine: Path, tmp_path: Path) -> None:
    @ENGINE_STARTS
    @given(st.lists(RULES, min_size=80, max_size=80))
    def check(rules: list[Rule]) -> None:
        tests = [rule.condition.replace("var.x", "x") for rule in rules]
        loops = ", ".join(f"[for x in {native(SAMPLES)} : {test}]" for test in tests)
        answers = console(engine, tmp_path, f"[{loops}]")
        assert isinstance(answers, list)
        for rule, verdicts in zip(rules, answers, strict=True):
            validation = f'  validation {{\n    condition = {rule.condition}\n    error_message = "No."\n  }}\n'
            proposal = propose({"main.tf": f'variable "x" {{\n  type = string\n{validation}}}\n'})
            (item,) = proposal.inputs
            if item.regex is not None:
                check_pattern(item.regex)
            assert isinstance(verdicts, list)
            taken = {sample: accepts(item, sample) for sample in SAMPLES}
            by_module = dict(zip(SAMPLES, verdicts, strict=True))
            assert [sample for sample in SAMPLES if by_module[sample] and not taken[sample]] == [], (
                rule.condition,
                item,
            )
            if rule.around in EXACT and (item.options or item.regex):
                assert taken == by_module, (rule.condition, item)
            if rule.around in EXACT and not (item.options or item.regex):
                assert proposal.warnings, rule.condition

    check()
