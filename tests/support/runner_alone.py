"""Run with an installation of the runner alone: imports all of it, finds nothing of the server, starts the command.

Needs the standard library only, since the tests' own libraries are not installed beside a runner.
"""

import importlib
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

OF_THE_SERVER = ("alembic", "argon2", "fastapi", "jinja2", "psycopg", "sqlalchemy", "uvicorn")


def main() -> None:
    """Fail with a sentence when the runner needs what it does not bring."""
    present = [name for name in OF_THE_SERVER if importlib.util.find_spec(name)]
    if present:
        sys.exit(f"a runner's installation brings what only the server needs: {', '.join(present)}")
    imported = [_import_all(name) for name in ("blockyard.protocol", "blockyard.runner", "blockyard.cli")]
    command = Path(sys.executable).with_name("blockyard")
    for arguments in (["--help"], ["runner", "--help"]):
        subprocess.run([command, *arguments], check=True, stdout=subprocess.DEVNULL)
    sys.stdout.write(f"The runner alone: {sum(imported)} modules imported, the command starts.\n")


def _import_all(name: str) -> int:
    package = importlib.import_module(name)
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{name}.")]
    for module in names:
        importlib.import_module(module)
    return 1 + len(names)


if __name__ == "__main__":
    main()
