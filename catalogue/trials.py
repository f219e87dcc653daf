"""One root from init to destroy, one module from import to the end of a block that was ordered of it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blockyard.cli.documents import flag, members, text
from blockyard.protocol.jsontypes import Json, JsonObject
from catalogue.copies import Catalogue
from catalogue.engine import Engine, Providers, Stopped
from catalogue.standins import stand_in
from catalogue.values import BESIDES, MODULES, ORDERS, SECRETS, UNFIT, UNQUIET, of_root
from catalogue.world import TEAM, World
from tests.support.installation import Installation, secret, status, text_of, value


@dataclass
class Row:
    """What became of one root or module: steps in their order, and why it stopped."""

    name: str
    steps: dict[str, bool] = field(default_factory=dict)
    remark: str = ""
    gaps: list[str] = field(default_factory=list)
    """What is not here and was stood in for, or stopped it: no fault of the server."""

    @property
    def failed(self) -> bool:
        """Whether a step failed."""
        return not all(self.steps.values())

    def take(self, step: str, work: Callable[[], object]) -> bool:
        """Do a step unless an earlier one failed, and note how it ended."""
        if self.failed:
            return False
        try:
            work()
        except Stopped as reason:
            self.steps[step], self.remark = False, str(reason)
        else:
            self.steps[step] = True
        return self.steps[step]


@dataclass(frozen=True)
class Trials:
    """Everything that trials need."""

    catalogue: Catalogue
    engine: Engine
    providers: Providers
    running: Installation
    world: World

    def root(self, name: str) -> Row:
        """Apply a root, see that it plans empty, destroy it; orders a block of it where that needs no cloud."""
        row, folder = Row(name), self.catalogue.folder / name
        if name in UNFIT:
            row.gaps.append(UNFIT[name])
            return row
        row.gaps += stand_in(folder, self.providers.has, self._providers_of)
        values = of_root(folder, self.world)
        place = folder
        if name in ORDERS:
            place = self._order(name, values)
        else:
            (folder / "values.auto.tfvars.json").write_text(json.dumps(values))
        return self._carry_out(row, place)

    def trial(self, name: str) -> Row:
        """Do the same with a root in which the catalogue orders what it offers."""
        row, folder = Row(name), self.catalogue.folder / name
        row.gaps += [f"provider {one}" for one in self._missing(folder)]
        row.gaps += [str(one.name) for one in folder.parent.glob("stand-in-*")]
        row.gaps += [UNFIT[name]] if name in UNFIT else []
        if not row.gaps:
            (folder / "values.auto.tfvars.json").write_text(json.dumps(of_root(folder, self.world)))
            self._carry_out(row, folder)
        return row

    def _carry_out(self, row: Row, folder: Path) -> Row:
        if row.take("init", lambda: self.engine.init(folder)):
            if row.take("apply", lambda: self.engine.apply(folder)):
                if row.name in UNQUIET:
                    row.gaps.append(f"an empty plan: {UNQUIET[row.name]}")
                else:
                    row.take("plan", lambda: self.engine.require_no_change(folder))
            try:
                self.engine.destroy(folder)
                row.steps["destroy"] = True
            except Stopped as reason:
                row.steps["destroy"], row.remark = False, f"{row.remark} {reason}".strip()
        return row

    def _order(self, name: str, values: JsonObject) -> Path:
        """Write a root that calls another and orders a block of what it offers."""
        folder = self.catalogue.folder / "orders" / name.replace("/", "-")
        folder.mkdir(parents=True)
        inputs: JsonObject = {
            key: {"value": json.dumps(one, separators=(",", ":"))} for key, one in ORDERS[name].items()
        }
        secrets: JsonObject = {key: {"sensitive": {"secret_value": one}} for key, one in SECRETS.get(name, {}).items()}
        version = "${module.root.building_block_definition.version_ref}"
        spec: JsonObject = {
            "building_block_definition_version_ref": version,
            "display_name": f"sample of {name}",
            "target_ref": {"kind": "meshWorkspace", "name": TEAM},
            "inputs": {**inputs, **secrets},
        }
        required: JsonObject = {"meshstack": {"source": "meshcloud/meshstack"}}
        root: JsonObject = {
            "terraform": {"required_providers": required},
            "module": {"root": {"source": f"../../{name}", **values}},
            "resource": {"meshstack_building_block": {"ordered": {"wait_for_completion": True, "spec": spec}}},
        }
        (folder / "main.tf.json").write_text(json.dumps(root))
        return folder

    def module(self, name: str) -> Row:
        """Import and release a module, also for tenants; order a block of it where that needs no cloud, and delete it."""
        row = Row(name)
        imported: list[JsonObject] = []
        try:
            imported.append(self._import(name, "--release"))
            row.steps["import"] = True
        except Stopped as reason:
            invalid = "the module is not valid" in str(reason)
            row.gaps += [f"a released version: {reason}"] * invalid
            row.take("import", (lambda: self._import(name)) if invalid else _raising(reason))
        if "supportedPlatforms:\n  - meshstack" not in self._readme(name):
            row.take("tenant", lambda: self._import(name, "--target", "tenant"))
        if imported and name in MODULES:
            row.take("order", lambda: self._ordered(name, imported[0]))
        elif imported:
            row.gaps += [f"provider {one}" for one in self._missing(self.catalogue.folder / name)] or ["values"]
        return row

    def _readme(self, name: str) -> str:
        file = self.catalogue.folder / name / "README.md"
        return file.read_text() if file.exists() else "supportedPlatforms:\n  - meshstack"

    def _import(self, name: str, *options: str) -> JsonObject:
        file = self.catalogue.folder / "import.json"
        script = self.catalogue.folder / name / "prerun.sh"
        prepared: JsonObject = {"pre_run_script": script.read_text()} if script.exists() else {}
        file.write_text(json.dumps({**prepared, "inputs": BESIDES.get(name, {})}))
        command = ["definitions", "import", self.catalogue.url, "--path", name, "--ref", "main", "--file", str(file)]
        environment = {
            **os.environ,
            **self.engine.environment,
            "BLOCKYARD_URL": self.running.url,
            "BLOCKYARD_API_KEY": self.engine.environment["MESHSTACK_API_KEY"],
            "BLOCKYARD_API_SECRET": self.engine.environment["MESHSTACK_API_SECRET"],
        }
        ended = subprocess.run(
            [sys.executable, "-m", "blockyard", *command, *options, "--workspace", TEAM, "--output", "json"],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        with (self.catalogue.folder / "imports.log").open("a") as log:
            log.write(f"# {name} {' '.join(options)}\n{ended.stderr}{ended.stdout}\n")
        if ended.returncode:
            raise Stopped(_problem(ended.stderr))
        document: JsonObject = json.loads(ended.stdout)
        return document

    def _ordered(self, name: str, imported: JsonObject) -> None:
        inputs = _inputs(MODULES[name], imported)
        version = text_of(imported, "version", "metadata", "uuid")
        block = self.running.settled(text_of(self.running.order(version, inputs, workspace=TEAM), "metadata", "uuid"))
        uuid = text_of(block, "metadata", "uuid")
        if status(block) != "SUCCEEDED":
            raise Stopped(f"{status(block)}: {self.running.logs(block)[-600:]}")
        self.running.delete(uuid)
        if text_of(gone := self.running.settled(uuid), "status", "lifecycle", "state") != "DELETED":
            raise Stopped(f"not deleted: {status(gone)}")

    def _missing(self, folder: Path) -> list[str]:
        """Return the providers that a folder needs and that are not here, with those of the modules it calls."""
        return sorted({one for one in _needed(folder) if not self.providers.has(one)})

    def _providers_of(self, source: str) -> list[str]:
        """Return which providers a module with this source needs; one from elsewhere is not here, as its providers are."""
        if self.catalogue.url not in source:
            return [source or "elsewhere/elsewhere"]
        path = source.partition(f"{self.catalogue.url}//")[2].partition("?")[0]
        return sorted(_needed(self.catalogue.folder / path))


def _raising(reason: Stopped) -> Callable[[], object]:
    def work() -> object:
        raise reason

    return work


def _problem(text: str) -> str:
    """Return the sentence of a refusal that the command line printed for programs, below its warnings."""
    try:
        return str(json.loads(text[text.index("{\n") :])["error"]["message"])
    except (ValueError, KeyError):
        return text[-400:]


def _needed(folder: Path) -> set[str]:
    """Return the providers that are named in a folder and in those of the modules it calls by a relative path."""
    found: set[str] = set()
    for file in folder.glob("*.tf"):
        text = file.read_text()
        found |= set(re.findall(r'source += "(\w[\w.-]*/[\w-]+)"', text))
        for inner in re.findall(r'source += "(\.\.?/[\w./-]*)"', text):
            found |= _needed((folder / inner).resolve())
    return found


def _inputs(given: Mapping[str, Json], imported: JsonObject) -> dict[str, JsonObject]:
    declared = members(imported, "version", "spec", "inputs")
    return {
        key: secret(str(plain)) if flag(declared[key], "isSensitive") else value(plain)
        for key, plain in given.items()
        if text(declared[key], "assignmentType") == "USER_INPUT"
    }
