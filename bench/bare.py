"""The comparator of runs: the engine by hand, in a fresh directory, with local state."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.support.installation import engine

MODULE = """
variable "name" { type = string }
resource "terraform_data" "greeting" { input = "hello ${var.name}" }
output "greeting" { value = terraform_data.greeting.output }
"""


def bare_pair(module: str = MODULE, *, mirror: Path | None = None) -> float:
    """Run `init` and `apply` of a module once and return the seconds both took; providers come from `mirror`."""
    program = shutil.which(engine()) or engine()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(module)
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        if mirror is not None:
            config = Path(folder) / "config"
            config.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{mirror}" }} }}\n')
            environment["TF_CLI_CONFIG_FILE"] = str(config)
        started = time.perf_counter()
        for arguments in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve", "-var=name=bench"]):
            subprocess.run([program, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started
