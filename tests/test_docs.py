"""The documents point to what exists, and name all that there is to set and to call."""

import json
import re
import shlex
from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest
import typer
from typer._click.core import Command  # public nowhere
from typer.core import TyperGroup

from blockyard.__main__ import _SERVERS
from blockyard.cli.app import build
from blockyard.runner import configuration
from blockyard.runner import settings as runner_settings
from blockyard.runner.executors.opentofu import settings as opentofu_settings
from blockyard.runner.frame.settings import SharedSettings
from blockyard.server.app import settings as server_settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changelog.d/*.md")])
FRAGMENTS = sorted(path for path in ROOT.glob("changelog.d/*") if path.name not in {"README.md", "template.md"})
KINDS = {"summary", "added", "changed", "deprecated", "removed", "fixed", "security"}
OPTION = re.compile(r"--?[a-zA-Z][\w-]*")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each_document
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", _prose(document))

    assert [target for target in targets if not (document.parent / target).exists()] == []


@each_document
def test_every_link_leads_to_a_heading(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#\s]*\.md)?#([^)\s]+)\)", _prose(document))

    missing = [
        f"{name}#{anchor}"
        for name, anchor in targets
        if anchor not in _anchors(document.parent / name if name else document)
    ]
    assert missing == []


@each_document
def test_every_quoted_command_exists(document: Path) -> None:
    assert [problem for line in _commands(document) if (problem := _problem(line))] == []


def test_the_readme_names_every_document() -> None:
    readme = (ROOT / "README.md").read_text()
    documents = [*ROOT.glob("docs/*.*"), ROOT / "docs/contract/README.md", ROOT / "CHANGELOG.md"]

    assert [name for page in documents if f"]({(name := str(page.relative_to(ROOT)))})" not in readme] == []


def test_what_the_shell_can_do_is_not_called_missing() -> None:
    rows = re.findall(r"^\|(.+)\|(.+)\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    missing = " ".join(lacking for _, lacking in rows[rows.index((" there ", " not yet ")) + 1 :])
    main = typer.main.get_command(build())
    assert isinstance(main, TyperGroup)

    groups = [name for name, command in main.commands.items() if isinstance(command, TyperGroup) and "-" in name]
    assert "payment-methods" in groups
    assert [name for name in groups if name.replace("-", " ") in missing] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text())

    assert listed == [page.name for page in sorted(folder.glob("[0-9]*.md"))]


def test_every_target_of_make_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for document in DOCUMENTS for name in re.findall(r"(?:`|\$ )make ([a-z-]+)", document.read_text())}

    assert named - targets == set()


def own(model: type[SharedSettings]) -> list[str]:
    """Return the settings that an executor has beside those of the runner."""
    return [name for name in model.model_fields if name not in SharedSettings.model_fields]


@pytest.mark.parametrize(
    ("explained", "fields", "prefix"),
    [
        (server_settings.__doc__, server_settings.Settings.model_fields, server_settings.PREFIX),
        (runner_settings.__doc__, runner_settings.RunnerSettings.model_fields, runner_settings.PREFIX),
        (opentofu_settings.__doc__, own(opentofu_settings.OpenTofuSettings), runner_settings.PREFIX),
    ],
    ids=["server", "runner", "opentofu"],
)
def test_the_tables_of_settings_equal_those_of_the_code(explained: str, fields: Collection[str], prefix: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", explained, re.MULTILINE)
    expected = [f"| `{prefix}{name.upper()}` | {default} | {meaning} |" for name, default, meaning in rows]
    lines = set((ROOT / "docs" / "operating.md").read_text().splitlines())

    assert sorted(name for name, _, _ in rows) == sorted(fields)
    assert [row for row in expected if row not in lines] == []


def test_every_setting_that_the_documents_name_exists() -> None:
    others = {"CONFIG_FILE", "RUNNER_CONFIG_FILE", "URL", "API_KEY", "API_SECRET", "API_TOKEN", "CONTEXT", "WORKSPACE"}
    known = others | {name.upper() for name in server_settings.Settings.model_fields}
    known |= {f"RUNNER_{name.upper()}" for model in configuration.MODELS for name in model.model_fields}
    named = {name for document in DOCUMENTS for name in re.findall(r"\bBLOCKYARD_([A-Z_]+[A-Z])\b", _read(document))}

    assert named - known - {"PROCESS_OF"} == set()


def test_every_own_endpoint_is_documented() -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    own = {
        f"{method.upper()} {re.sub(r'{[^}]+}', '{}', path)}"
        for path, operations in paths.items()
        for method in operations
        if not path.startswith("/api/meshobjects/")
    }
    rows = re.findall(r"^\| ((?:`[A-Z]+` ?)+) \| `([^`]+)` \|", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    documented = {
        f"{method} {re.sub(r'{[^}]+}', '{}', path)}"
        for methods, path in rows
        for method in re.findall("[A-Z]+", methods)
    }

    assert own - documented == set()


def test_every_change_is_of_a_known_kind_and_says_something() -> None:
    names = {path.name: path.read_text().strip() for path in FRAGMENTS}
    named = re.compile(rf"[a-z0-9]+(-[a-z0-9]+)*\.({'|'.join(sorted(KINDS))})\.md")

    assert [name for name, text in names.items() if not (named.fullmatch(name) and text)] == []


def _read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _prose(document: Path) -> str:
    """Return a document without its blocks of code."""
    return re.sub(r"^```.*?^```", "", _read(document), flags=re.MULTILINE | re.DOTALL)


def _anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as code forges make them."""
    headings = re.findall(r"^#+ (.+)$", _prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _commands(document: Path) -> list[str]:
    """Return the lines of `console` blocks that call our command, without what stands before it."""
    blocks = re.findall(r"^```console\n(.*?)^```", _read(document), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [match[1] for line in lines if (match := re.match(r"\$ (?:[A-Z_]+=\S+ )*blockyard (.*)", line))]


def _problem(line: str) -> str | None:
    """Return what is wrong with the words after `blockyard`; None if such a command with such options exists."""
    words = shlex.split(line, comments=True)
    command = _main()
    while words and isinstance(command, TyperGroup) and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if isinstance(command, TyperGroup):
        return f"no command: {line}"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in words if OPTION.fullmatch(word.partition("=")[0])}
    unknown = used - known - {"--help"}
    return f"unknown options {sorted(unknown)}: {line}" if unknown else None


@cache
def _main() -> Command:
    """Return `blockyard` with all its commands; to make them takes longer than to look at hundreds of lines."""
    application = build()
    for name, command in _SERVERS.items():
        application.command(name)(command)
    return typer.main.get_command(application)
