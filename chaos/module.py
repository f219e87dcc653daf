"""The module of all runs: resources whose scripts count, and wait at gates.

Every script appends `<verb> <resource>` to the file `counter` of its run's folder; before and after it passes the gates
`<verb>-<resource>-before` and `…-after`: a gate that exists as a file is waited for, and named in the file `reached`.
"""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """\
#!/bin/sh
# usage: act <folder> create|destroy <resource>
gate() {
  [ -e "$1" ] || return 0
  echo x >> "$2"
  while [ -e "$1" ]; do sleep 0.05; done
}
echo "begin $2 $3"
gate "$1/gates/$2-$3-before" "$1/reached"
echo "$2 $3" >> "$1/counter"
echo "done $2 $3"
gate "$1/gates/$2-$3-after" "$1/reached"
"""

RESOURCES = ("a", "b", "c")
EXTRA = "d"
"""Comes with an update."""

_RESOURCE = """
resource "terraform_data" "{name}" {{
  {count}
  input      = {{ folder = var.folder, script = "{script}" }}
  depends_on = [{after}]
  provisioner "local-exec" {{ command = "sh ${{self.input.script}} ${{self.input.folder}} create {name}" }}
  provisioner "local-exec" {{
    when    = destroy
    command = "sh ${{self.input.script}} ${{self.input.folder}} destroy {name}"
  }}
}}
"""

_REST = """
variable "folder" { type = string }
variable "extra" { type = bool }
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "vault" { input = var.password }
output "ids" { value = join(" ", [terraform_data.a.id, terraform_data.b.id, terraform_data.c.id]) }
output "count" { value = var.extra ? 4 : 3 }
"""


def module_text(script: Path) -> str:
    """Return the module; its scripts are `script`, which must exist when the module is applied."""
    parts = [_REST]
    for at, name in enumerate((*RESOURCES, EXTRA)):
        after = f"terraform_data.{(*RESOURCES, EXTRA)[at - 1]}" if at else ""
        count = "count = var.extra ? 1 : 0" if name == EXTRA else ""
        parts.append(_RESOURCE.format(name=name, count=count, script=script, after=after))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Site:
    """The folder that the resources of one block use."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Site":
        """Make the folder."""
        (folder / "gates").mkdir(parents=True)
        return cls(folder)

    def close_gate(self, name: str) -> None:
        """Let scripts wait at a gate."""
        (self.folder / "reached").unlink(missing_ok=True)
        (self.folder / "gates" / name).touch()

    def open_gate(self, name: str) -> None:
        """Let them go on."""
        (self.folder / "gates" / name).unlink(missing_ok=True)

    def open_all(self) -> None:
        """Let everybody go on."""
        for gate in (self.folder / "gates").iterdir():
            gate.unlink(missing_ok=True)

    def is_reached(self) -> bool:
        """Tell whether a script waits."""
        return (self.folder / "reached").exists()

    def wait(self, seconds: float) -> bool:
        """Wait until a script waits; tell whether one does."""
        end = time.monotonic() + seconds
        while not self.is_reached():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def counts(self) -> Counter[str]:
        """Return how often each resource was created and destroyed, as `create a`."""
        path = self.folder / "counter"
        return Counter(path.read_text().splitlines()) if path.exists() else Counter()
