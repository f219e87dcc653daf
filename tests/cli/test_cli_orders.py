"""Whole orders, the marketplace, and inputs that adapt to each other, from the command line on a real server."""

import json
import re
from pathlib import Path

from tests.cli.conftest import Cli
from tests.support.installation import object_of, text_of

ADAPTIVE = """
name = "Adaptive bucket"
input_checks = [{ condition = "input.copies < 3", message = "At most two copies", input = "copies" }]
[inputs.region]
type = "SINGLE_SELECT"
options = ["eu", "us"]
[inputs.zone]
type = "SINGLE_SELECT"
option_sources = [
  { condition = "input.region == 'eu'", values = ["eu-1"] },
  { condition = "input.region == 'us'", values = ["us-1"] },
]
[inputs.copies]
type = "INTEGER"
default = 1
dependent_defaults = [{ condition = "input.region == 'us'", value = 2 }]
"""


def test_an_adaptive_definition_is_imported_found_checked_and_ordered_at_once(cli: Cli, tmp_path: Path) -> None:
    file, order = tmp_path / "adaptive.toml", tmp_path / "order.json"
    file.write_text(ADAPTIVE)
    imported = ["definitions", "import", "--manual", "--file", str(file), "-w", "shop", "--release", "-o", "json"]
    definition = text_of(cli.does(*imported).document, "definition", "metadata", "uuid")

    def write(**inputs: object) -> str:
        sent = {key: {"value": value} for key, value in inputs.items()}
        blocks = [{"definitionUuid": definition, "displayName": name, "inputs": sent} for name in ("one", "two")]
        order.write_text(json.dumps({"workspace": "shop", "blocks": blocks}))
        return str(order)

    found = cli.does("marketplace", "search", "adaptiv", "buket").out
    wrong = cli("orders", "check", write(region="us", zone="eu-1", copies=3))
    sound = cli.does("orders", "check", write(region="us", zone="us-1")).out
    placed = cli.does("orders", "place", str(order), "-o", "json").out
    single = cli("blocks", "order", definition, "-w", "shop", "-i", "region=us", "-i", "zone=eu-1", "--no-wait")
    shown = cli.does("blocks", "show", "one", "-w", "shop", "-o", "json").document

    assert "Adaptive bucket" in found
    assert wrong.code == 1
    assert "must be one of the options" in wrong.out
    assert "At most two copies" in wrong.out
    assert "Nothing is wrong with it." in sound
    assert re.findall(r'"displayName": "(one|two)"', placed) == ["one", "two"]
    assert single.code == 1
    assert "must be one of the options" in single.err
    assert object_of(shown, "spec", "inputs", "copies")["value"] == 2


def test_a_file_that_is_no_order_is_refused_before_anything_is_sent(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text("workspace: shop\nworkspace: other\n")

    twice, missing = cli("orders", "place", str(file)), cli("orders", "place", str(tmp_path / "none"))

    assert (twice.code, missing.code) == (2, 2)
    assert "'workspace' is given twice" in twice.err
    assert "cannot be read" in missing.err
