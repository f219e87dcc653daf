"""`python -m catalogue CATALOGUE MIRROR`: tries everything in a catalogue, prints a table, fails if something of ours did."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from uuid import uuid4

from catalogue.copies import copied
from catalogue.engine import Engine, Providers
from catalogue.outside import forgejo, programs
from catalogue.trials import Row, Trials
from catalogue.world import furnish
from tests.support.git_repositories import create_repository
from tests.support.git_servers import git_http_server
from tests.support.installation import installation


def main() -> int:
    """Try what was asked for; return 1 if a step failed."""
    parser = argparse.ArgumentParser(prog="python -m catalogue", description=__doc__)
    parser.add_argument("catalogue", type=Path, help="git repository of the catalogue, on this machine")
    parser.add_argument("providers", type=Path, help="filesystem mirror of providers, one of them meshcloud/meshstack")
    parser.add_argument("--only", default="", help="what has this in its path")
    parser.add_argument("--part", choices=["roots", "trials", "modules"], help="nothing else")
    parser.add_argument("--keep", type=Path, help="folder to work in, which stays")
    chosen = parser.parse_args()
    rows: list[Row] = []
    with _folder(chosen.keep) as folder, _trials(chosen.catalogue, chosen.providers.resolve(), folder) as trials:
        for part, kind, names in (
            ("roots", trials.root, trials.catalogue.roots()),
            ("trials", trials.trial, trials.catalogue.trials()),
            ("modules", trials.module, trials.catalogue.modules()),
        ):
            for name in names:
                if chosen.only in name and chosen.part in {None, part}:
                    rows.append(kind(name))
                    sys.stdout.write(f"{_line(rows[-1])}\n")
                    sys.stdout.flush()
    sys.stdout.write(f"\n{_summary(rows)}\n")
    return int(any(row.failed for row in rows))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@contextmanager
def _trials(catalogue: Path, mirror: Path, folder: Path) -> Iterator[Trials]:
    providers = Providers(mirror)
    repositories = folder / "repositories"
    repositories.mkdir()
    key = {"MESHSTACK_API_KEY": str(uuid4()), "MESHSTACK_API_SECRET": token_hex(20)}
    settings = {
        "BLOCKYARD_RUNNER_PROVIDER_MIRROR_DIR": str(mirror),
        "BLOCKYARD_RUNNER_ENGINE_FALLBACK": "warn",
        "BLOCKYARD_RUNNER_OFFLINE": "true",
        "BLOCKYARD_RUNNER_PASS_ENVIRONMENT": ",".join(key),
        **key,
        "PATH": f"{programs(folder)}:{os.environ['PATH']}",
    }
    data = folder / "data"
    data.mkdir()
    content = json.dumps({"clientId": key["MESHSTACK_API_KEY"], "clientSecret": key["MESHSTACK_API_SECRET"]})
    (data / "admin-key.json").write_text(content)
    (data / "admin-key.json").chmod(0o600)
    with git_http_server(repositories) as git, forgejo() as forge, installation(data, settings) as running:
        copy = copied(catalogue.resolve(), folder / "copy", repositories / "catalogue.git", git.url("catalogue.git"))
        tenant = create_repository(repositories / "tenant.git")
        world = furnish(running, tenant, git.url("tenant.git"), forge)
        engine = Engine(
            {
                "MESHSTACK_ENDPOINT": running.url,
                **key,
                "TF_CLI_CONFIG_FILE": str(providers.configuration(folder)),
                "CHECKPOINT_DISABLE": "1",
            }
        )
        yield Trials(copy, engine, providers, running, world)


def _line(row: Row) -> str:
    steps = " ".join(f"{step}:{'yes' if done else 'NO'}" for step, done in row.steps.items()) or "left out"
    gaps = f"  [not here: {', '.join(dict.fromkeys(row.gaps))}]" if row.gaps else ""
    return f"{row.name:60} {steps}{gaps}{'  ' if row.remark else ''}{row.remark}"


def _summary(rows: Sequence[Row]) -> str:
    steps = dict.fromkeys(step for row in rows for step in row.steps)
    counts = ", ".join(f"{step} {sum(row.steps.get(step, False) for row in rows)}" for step in steps)
    return f"{len(rows)} tried: {counts}; {sum(row.failed for row in rows)} failed"


if __name__ == "__main__":
    sys.exit(main())
