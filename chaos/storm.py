"""Kills at random moments while several blocks are ordered, updated and destroyed at once."""

import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx2

from blockyard.protocol.jsontypes import Json
from chaos.checks import Finding, check_applied, check_destroyed, check_disk, check_nothing_runs
from chaos.module import Site
from chaos.stack import MACHINE, Stack, Victim
from tests.support.installation import secret, status, text_of, value

BLOCKS = 4
PAUSES_SECONDS = (0.3, 4.0)
DOWN_SECONDS = (0.0, 1.5)
_WITH: Json = True
_WITHOUT: Json = False

SETTLE_SECONDS = 420.0
"""A run whose attempts were lost several times rests for minutes."""


@dataclass
class Weather:
    """What happened in a storm."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    rounds: int = 0
    repeated: int = 0


class Storm:
    """Kills for some seconds, then lets everything come to rest and checks it."""

    def __init__(self, stack: Stack, seed: int, seconds: float) -> None:
        self._stack = stack
        self._random = random.Random(seed)  # noqa: S311  a storm that can be repeated, nearly
        self._seconds = seconds
        self._over = threading.Event()
        self._weather = Weather(seed)
        self._lock = threading.Lock()
        self._secrets: set[str] = set()

    def run(self) -> Weather:
        """Do it all."""
        owners = [threading.Thread(target=self._own, args=(number,)) for number in range(BLOCKS)]
        for owner in owners:
            owner.start()
        self._rage()
        for owner in owners:
            owner.join(SETTLE_SECONDS * 3)
        end = time.monotonic() + 30
        runs = self._stack.work_dir / "runs"
        while time.monotonic() < end and any(runs.iterdir()):
            time.sleep(0.05)
        self._weather.findings += check_nothing_runs(self._stack)
        self._weather.findings += check_disk(self._stack, self._secrets | self._stack.proxy.run_tokens)
        return self._weather

    def _rage(self) -> None:
        choices = [{Victim.SERVER}, {Victim.RUNNER}, set(MACHINE), {Victim.SERVER, Victim.RUNNER}, {Victim.SUPERVISOR}]
        choices += [{Victim.RUNNER, Victim.SUPERVISOR}, {Victim.RUNNER, Victim.ENGINE}]
        if self._stack.postgres is not None:
            choices += [{Victim.POSTGRES}, {Victim.POSTGRES, Victim.RUNNER}, set(Victim)]
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            time.sleep(self._random.uniform(*PAUSES_SECONDS))
            victims = frozenset(self._random.choice(choices))
            self._stack.kill(victims)
            self._weather.kills["+".join(sorted(victims))] += 1
            time.sleep(self._random.uniform(*DOWN_SECONDS))
            self._stack.revive()
        self._over.set()

    def _own(self, number: int) -> None:
        """Order, update and destroy one block after the other until the storm is over."""
        while not self._over.is_set():
            try:
                self._live(number)
            except (AssertionError, OSError, httpx2.HTTPError, Finding) as problem:
                self._find(f"block {number}: {type(problem).__name__}: {problem}")
                return
            with self._lock:
                self._weather.rounds += 1

    def _live(self, number: int) -> None:
        blockyard = self._stack.blockyard
        site = Site.create(self._stack.folder / "sites" / f"storm-{number}-{secrets.token_hex(4)}")
        password = f"pw-{secrets.token_hex(12)}"
        self._secrets.add(password)
        inputs = {"folder": value(str(site.folder)), "extra": value(_WITHOUT), "password": secret(password)}
        uuid = text_of(blockyard.order(self._stack.version, inputs), "metadata", "uuid")
        self._until_ended(uuid)
        self._judge(uuid, site, extra=False)
        blockyard.change(uuid, {**inputs, "extra": value(_WITH)})
        self._until_ended(uuid)
        self._judge(uuid, site, extra=True)
        blockyard.delete(uuid)
        self._until_ended(uuid)
        findings, repeated = check_destroyed(
            self._stack, blockyard.block(uuid), site, limit=self._limit(), made=self._limit()
        )
        self._note(uuid, findings, repeated)

    def _judge(self, uuid: str, site: Site, *, extra: bool) -> None:
        block = self._stack.blockyard.block(uuid)
        findings, repeated = check_applied(self._stack, block, site, limit=self._limit(), extra=extra)
        self._note(uuid, findings, repeated)
        if status(block) != "SUCCEEDED":
            raise Finding(self._stack.blockyard.logs(block)[-3000:])

    def _limit(self) -> int:
        """Return how often a resource may have been made: once, and once more for each time its engine was killed."""
        return 1 + sum(count for words, count in self._weather.kills.items() if Victim.ENGINE in words)

    def _until_ended(self, uuid: str) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            block = self._stack.blockyard.block(uuid)
            lifecycle = text_of(block, "status", "lifecycle", "state")
            if lifecycle == "DELETED" or status(block) in {"FAILED", "ABORTED"}:
                return
            if status(block) == "SUCCEEDED" and lifecycle == "ACTIVE":
                return
            if time.monotonic() > end:
                raise Finding(f"still {status(block)} ({lifecycle}) after {SETTLE_SECONDS:g} s")
            time.sleep(0.2)

    def _note(self, uuid: str, findings: list[str], repeated: list[str]) -> None:
        with self._lock:
            self._weather.repeated += len(repeated)
        for finding in findings:
            self._find(f"{uuid}: {finding}")

    def _find(self, finding: str) -> None:
        with self._lock:
            self._weather.findings.append(finding)
