"""The code keeps to the layers that docs/architecture.md draws."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom in Blockyard."""
    return grimp.build_graph("blockyard", cache_dir=None)


def test_the_import_contracts_hold() -> None:
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout


def test_no_module_needs_itself(graph: grimp.ImportGraph) -> None:
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' needs '.join(reversed(error.args[1]))}")


def test_a_store_is_used_by_the_use_cases_of_its_own_feature_only(graph: grimp.ImportGraph) -> None:
    strangers = [
        f"{importer} imports {module}"
        for module in sorted(graph.modules)
        if (feature := feature_of(module, "store"))
        for importer in sorted(graph.find_modules_that_directly_import(module))
        if feature_of(importer, "service") != feature and feature_of(importer, "store") != feature
    ]

    assert strangers == []


def feature_of(module: str, part: str) -> str | None:
    """Return the feature whose `part` (or a module inside it) `module` is: `blockyard.server.runs.store` → `runs`."""
    words = module.split(".")
    if words[:2] != ["blockyard", "server"] or len(words) < 4 or words[3] != part:
        return None
    return words[2]


EXECUTORS, FRAME = "blockyard.runner.executors", "blockyard.runner.frame"
COMPOSERS = {"blockyard.runner.configuration", "blockyard.runner.doctor"}
"""What may know executors: it puts a runner together, or examines one."""


def test_the_runner_knows_no_executor(graph: grimp.ImportGraph) -> None:
    executors = graph.find_descendants(EXECUTORS)
    strangers = [
        f"{importer} imports {module}"
        for module in sorted(executors)
        for importer in sorted(graph.find_modules_that_directly_import(module) - executors - COMPOSERS)
    ]

    assert strangers == []


def test_an_executor_knows_nothing_of_the_runner_but_the_frame(graph: grimp.ImportGraph) -> None:
    executors = graph.find_descendants(EXECUTORS)
    of_the_runner = graph.find_descendants("blockyard.runner") - executors - graph.find_descendants(FRAME)
    strangers = [
        f"{module} imports {imported}"
        for module in sorted(executors)
        for imported in sorted(graph.find_modules_directly_imported_by(module) & of_the_runner)
    ]

    assert strangers == []


READERS = {"kit/bodies.py", "kit/routers.py"}
"""What may read the body of a request: it asks who sends first."""


def test_no_route_reads_a_body_past_the_shared_reader() -> None:
    server = ROOT / "src" / "blockyard" / "server"
    read = [
        f"{file.relative_to(server)}:{line}"
        for file in sorted(server.rglob("*.py"))
        if file.relative_to(server).as_posix() not in READERS
        for line in body_reads(file.read_text())
    ]

    assert read == []


def test_reads_of_a_body_are_found() -> None:
    text = "await request.body()\nawait sender.json()\nrequest.form(x=1)\nasync for x in r.stream():\n  pass\nfeed.stream(1)"

    assert sorted(body_reads(text)) == [1, 2, 3, 4]


def body_reads(text: str) -> Iterator[int]:
    """Yield the lines in which source code reads the body of a request."""
    tree = ast.parse(text)
    awaited = [node.value for node in ast.walk(tree) if isinstance(node, ast.Await)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        is_stream = name == "stream" and not call.args
        if name == "form" or is_stream or (name in {"body", "json"} and call in awaited):
            yield call.lineno


def test_only_one_module_takes_addresses_apart() -> None:
    source = ROOT / "src" / "blockyard"
    modules = [
        file.relative_to(source).as_posix()
        for file in sorted(source.rglob("*.py"))
        if names_a_splitter(file.read_text())
    ]

    assert modules == ["protocol/addresses.py"], "urlsplit raises for malformed addresses: use protocol.addresses"


def test_other_ways_to_take_addresses_apart_are_found() -> None:
    assert names_a_splitter("from urllib.parse import quote, urlparse")
    assert names_a_splitter("from urllib import parse\nparse.urlsplit(x)")
    assert not names_a_splitter("from urllib.parse import quote, urlunsplit")


def names_a_splitter(text: str) -> bool:
    """Whether source code names a function that raises for malformed addresses."""
    splitters = {"urlsplit", "urlparse"}
    return any(
        (isinstance(node, ast.Attribute) and node.attr in splitters)
        or (isinstance(node, ast.alias) and node.name in splitters)
        for node in ast.walk(ast.parse(text))
    )
