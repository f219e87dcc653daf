"""Fills a database with many copies of one real block, its runs and all that belongs to them, by SQL in the database itself.

The rows of a template, made over HTTP, are copied with other ids, names, owners and times.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.copies import Copies, copying, is_id

RUNS_PER_BLOCK = 10
BLOCKS_PER_WORKSPACE = 100
DEFINITIONS = 40
PROVIDERS = 8
STEPS = ("prepare", "init", "apply")

_STATUS = "CASE WHEN n % 20 < 17 THEN 'SUCCEEDED' WHEN n % 20 < 19 THEN 'FAILED' ELSE 'WAITING_FOR_USER_INPUT' END"


@dataclass(frozen=True, slots=True)
class Template:
    """What is copied: the ids of one block of a released definition and of its finished run."""

    workspace: str
    definition: str
    version: str
    block: str
    run: str


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is."""

    blocks: int

    @property
    def runs(self) -> int:
        """How many runs."""
        return self.blocks * RUNS_PER_BLOCK

    @property
    def workspaces(self) -> int:
        """How many workspaces have blocks."""
        return max(10, self.blocks // BLOCKS_PER_WORKSPACE)


def seed(url: str, template: Template, scale: Scale) -> None:
    """Fill the database at `url`, which no server uses meanwhile."""
    with copying(url, scale.runs) as copies:
        _Copier(copies, template, scale).copy_all()


class _Copier:
    """Copies template rows; everything is an expression of the running number `n`."""

    def __init__(self, copies: Copies, template: Template, scale: Scale) -> None:
        self._copies = copies
        self._template = template
        self._scale = scale

    def copy_all(self) -> None:
        """Copy all tables, referenced ones first."""
        scale, template = self._scale, self._template
        block = self._block()
        workspace = {"name": _team("n"), "display_name": "'Team ' || n", "created_at": "seed_time(0)"}
        self._copies.copy("workspaces", f"name = '{template.workspace}'", range(scale.workspaces), workspace)
        self._copies.copy("definitions", is_id("id", template.definition), range(DEFINITIONS), self._definition())
        for number in (1, 2):
            self._copies.copy(
                "definition_versions", is_id("id", template.version), range(DEFINITIONS), self._version(number)
            )
        self._copies.copy("blocks", is_id("id", template.block), range(scale.blocks), block)
        self._runs(block)
        self._records()
        self._copies.execute(
            "INSERT INTO block_parents (child_id, parent_id, definition_id, position) "
            "SELECT b.id, p.id, p.definition_id, 0 FROM blocks b JOIN blocks p ON p.id = seed_id('block', "
            "CAST(substr(b.display_name, 7) AS integer) - 1) WHERE b.display_name LIKE 'block-%7'"
        )

    def _definition(self) -> Mapping[str, str]:
        return {
            "id": "seed_id('definition', n)",
            "workspace": _provider("n"),
            "display_name": "'Definition ' || n",
            "sort_name": "'definition ' || n",
            "latest_version_id": "seed_id('version2-', n)",
            "released_version_id": "seed_id('version2-', n)",
            "created_at": "seed_time(n)",
        }

    def _version(self, number: int) -> Mapping[str, str]:
        return {
            "id": f"seed_id('version{number}-', n)",
            "definition_id": "seed_id('definition', n)",
            "workspace": _provider("n"),
            "number": str(number),
            "created_at": "seed_time(n)",
        }

    def _block(self) -> Mapping[str, str]:
        return {
            "id": "seed_id('block', n)",
            "display_name": "'block-' || n",
            "name": "'Block ' || n",
            "workspace": _team(f"n % {self._scale.workspaces}"),
            **_of_definition("n"),
            "status": _STATUS,
            "lifecycle": "CASE WHEN n % 25 = 24 THEN 'DELETED' ELSE 'ACTIVE' END",
            "deleted_at": "CASE WHEN n % 25 = 24 THEN seed_time(n) END",
            "latest_run_id": f"seed_id('run', n + {self._scale.runs - self._scale.blocks})",
            "created_at": "seed_time(n)",
        }

    def _runs(self, block: Mapping[str, str]) -> None:
        scale, template = self._scale, self._template
        of_block = f"n % {scale.blocks}"
        run = {
            "id": "seed_id('run', n)",
            "number": f"n / {scale.blocks} + 1",
            "block_id": f"seed_id('block', {of_block})",
            "display_name": f"'block-' || ({of_block})",
            "workspace": block["workspace"].replace("n %", f"({of_block}) %"),
            **_of_definition(f"({of_block})"),
            "created_at": "seed_time(n)",
            "due_at": "seed_time(n)",
            "claimed_at": "seed_time(n)",
            "finished_at": "seed_time(n)",
            "status": "CASE WHEN n % 20 < 17 THEN 'SUCCEEDED' ELSE 'FAILED' END",
        }
        self._copies.copy("runs", is_id("id", template.run), range(scale.runs), run)

    def _records(self) -> None:
        """Copy what belongs to the newest run of each block; documents and logs to a tenth of them."""
        scale, template = self._scale, self._template
        newest = {"run_id": f"seed_id('run', n + {scale.runs - scale.blocks})"}
        of_run = is_id("run_id", template.run)
        self._copies.copy("run_attempts", of_run, range(scale.blocks), {**newest, "token_hash": "'seed' || n"})
        for table in ("run_sources", "run_steps", "run_outputs"):
            self._copies.copy(table, of_run, range(scale.blocks), newest)
        for table in ("run_documents", "run_log_chunks"):
            self._copies.copy(table, of_run, range(scale.blocks // 10), newest)
        an_event = {
            "id": "seed_id('event', n)",
            "at": "seed_time(n)",
            "workspace": _team(f"n % {scale.workspaces}"),
            "subject_id": "CAST(seed_id('run', n) AS varchar(36))",
        }
        one = f"subject_id = '{template.run}' AND title = 'Building Block Run Requested'"
        self._copies.copy("events", one, range(scale.runs), an_event)


def _of_definition(number: str) -> Mapping[str, str]:
    version = f"({number} / {DEFINITIONS} % 2 + 1)"
    return {
        "provider": _provider(f"{number} % {DEFINITIONS}"),
        "definition_id": f"seed_id('definition', {number} % {DEFINITIONS})",
        "version_id": f"seed_id('version' || {version} || '-', {number} % {DEFINITIONS})",
        "version_number": version,
    }


def _team(number: str) -> str:
    return f"('team-' || ({number}))"


def _provider(number: str) -> str:
    return f"('team-' || ({number} % {PROVIDERS}))"
