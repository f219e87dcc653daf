"""Modules made to hold up their reader: nothing else waits for them, neither in a run nor in an import."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from blockyard.modules.importing import propose
from blockyard.modules.module import MAX_FILE_BYTES, MAX_MODULE_BYTES, read
from blockyard.runner.executors.opentofu.sources.module_files import module_files

BLOCK_SECONDS = 0.1
"""How long any other thread may have to wait. Source: architecture.md 9."""

SIZE = MAX_FILE_BYTES // 2
EVIL = {
    "escaped_quotes": 'variable terraform "' + '\\"' * (SIZE // 2),
    "open_comments": "variable " + "/*" * (SIZE // 2),
    "comment_signs": "variable " + "/ *" * (SIZE // 3),
    "open_string_lines": "variable\n" + '"\n' * (SIZE // 2),
    "blanks": 'output "x" {\n value = a' + " " * (SIZE - 100) + "b\n}\n",
    "flat_list": "locals {\n terraform = [" + "1," * (SIZE // 2 - 50) + "]\n}\n",
    "broken_list": "locals {\n terraform = [" + "1," * (SIZE // 2 - 50),
    "nested_lists": "locals {\n terraform = " + "[" * (SIZE - 50),
    "nested_blocks": "terraform {\n" * (SIZE // 12),
    "nested_templates": "terraform = " + '"${' * (SIZE // 3 - 10),
    "minuses": "terraform = " + "-" * (SIZE - 50) + "1\n",
    "sum": "terraform = 1" + "+1" * (SIZE // 2 - 50) + "\n",
    "questions": "terraform = a" + "?a:a" * (SIZE // 4 - 50) + "\n",
    "steps": "terraform = a" + ".a" * (SIZE // 2 - 50) + "\n",
    "heredocs": "variable\n" + "<<E\n" * (SIZE // 4 - 10),
    "heredoc_markers": "".join(f"variable_{n} = <<E{n}\nE{n}\n" for n in range(SIZE // 40)),
    "digits": "terraform = " + "9" * (SIZE - 50) + "\n",
    "many_variables": "".join(f'variable "v{n}" {{}}\n' for n in range(SIZE // 22)),
    "condition": 'variable "x" {\n validation {\n condition = contains([' + '"a",' * (SIZE // 5) + "], var.x)\n }\n}\n",
    "condition_blanks": 'variable "x" {\n validation {\n condition = ('
    + " " * (SIZE - 200)
    + "var.x == null)\n }\n}\n",
    "pattern": 'variable "x" {\n type = string\n validation {\n condition = can(regex("'
    + "[" * (SIZE // 2)
    + '", var.x))\n }\n}\n',
    "type": 'variable "x" {\n type = list(object({ ' + "a " * (SIZE // 3) + "}))\n}\n",
    "url": 'output "x_url" {\n value = "' + "$" * (SIZE - 200) + '"\n}\n',
    "default": 'variable "x" {\n default = [' + "/**/" * (SIZE // 5) + "]\n}\n",
    "default_braces": 'variable "x" {\n default = "' + "$${" * (SIZE // 4) + '"\n}\n',
}
EVIL_FOR_IMPORTS = [
    "condition",
    "condition_blanks",
    "pattern",
    "type",
    "url",
    "default",
    "default_braces",
    "many_variables",
]
"""An import looks closer at these; the rest it reads as a run does."""

JSON_EVIL = {
    "lists": '{"variable": ' + "[" * 1_000_000,
    "members": '{"variable": {"x": {"default": [' + "1," * 500_000 + "1]}}}",
    "digits": '{"variable": {"x": {"default": ' + "9" * 1_000_000 + "}}}",
    "template": '{"output": {"x": {"value": "' + "${" * 500_000 + '"}}}',
}


def longest_wait(work: Callable[[], object]) -> float:
    """Return the longest time that another thread could not go on while `work` did."""
    ended = threading.Event()
    waits = [0.0]

    def tick() -> None:
        before = time.perf_counter()
        while not ended.wait(0.001):
            now = time.perf_counter()
            waits.append(now - before)
            before = now

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        work()
    finally:
        ended.set()
        thread.join()
    return max(waits)


def shortest_of_longest_waits(work: Callable[[], object]) -> float:
    """Return the better of a few tries: the machine has other work too."""
    waits = []
    for _ in range(6):
        waits.append(longest_wait(work))
        if waits[-1] < BLOCK_SECONDS:
            break
    return min(waits)


@pytest.mark.parametrize("name", [f"{key}.tf" for key in EVIL] + [f"{key}.tf.json" for key in JSON_EVIL])
def test_nothing_waits_while_a_run_reads_an_evil_module(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(EVIL.get(name.partition(".")[0], "") or JSON_EVIL[name.partition(".")[0]])

    assert shortest_of_longest_waits(lambda: read(module_files(tmp_path))) < BLOCK_SECONDS


@pytest.mark.parametrize("name", EVIL_FOR_IMPORTS)
def test_nothing_waits_while_an_evil_module_is_imported(name: str) -> None:
    assert shortest_of_longest_waits(lambda: propose({"main.tf": EVIL[name]})) < BLOCK_SECONDS


@pytest.mark.parametrize(
    ("files", "name", "words"),
    [
        ({"main.tf": "variable\n" + "#" * MAX_FILE_BYTES}, "main.tf", "is larger than 256 KiB"),
        (
            {f"f{n:02}.tf.json": '{"variable": "' + "x" * 1_000_000 + '"}' for n in range(3)},
            "f02.tf.json",
            f"makes the module larger than {MAX_MODULE_BYTES // 1024} KiB",
        ),
    ],
)
def test_what_is_too_large_is_not_read(files: Mapping[str, str], name: str, words: str) -> None:
    assert [(file.name, file.why) for file in read(files).unread] == [(name, words)]


def test_a_large_file_still_tells_its_backend_and_variables(tmp_path: Path) -> None:
    text = 'terraform {\n  backend "s3" {}\n}\nvariable "meshstack_building_block_id" {}\n' + "#" * MAX_FILE_BYTES
    (tmp_path / "main.tf").write_text(text)

    module = read(module_files(tmp_path))

    assert (module.backend, list(module.variables)) == ("s3", ["meshstack_building_block_id"])
