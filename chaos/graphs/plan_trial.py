"""One point of a plan: what is planned, waits and is applied, or is not; or a state that is sent back."""

import time
from collections import Counter

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from chaos.checks import current_state
from chaos.graphs.module import TOOK_EFFECT, order
from chaos.graphs.points import PLANNED, QUICK
from chaos.graphs.trial import SETTLE_SECONDS, GraphTrial
from chaos.points import Action
from tests.support.installation import outputs, text_of, value
from tests.support.installation import status as status_of

_JSON = "application/json"
_LOOK_SECONDS = 0.2
_DECIDED = frozenset({"APPROVED", "CARRIED"})
_DONE = (TOOK_EFFECT, "NotWaiting", "RunUnfinished", "NoPlan")
"""How a request is refused that was sent once more, since the answer to it died with a server."""

_SERIAL = 1
"""That of the state which is sent back, where no engine writes states."""


class PlanTrial(GraphTrial):
    """Carries out one point on a stack."""

    _version = 0
    """That of the state which is sent back."""

    def _order_all(self) -> None:
        inputs = {"folder": value(str(self._yard.folder)), "name": value(PLANNED), "first": value(self._seed)}
        self._blocks[PLANNED] = order(
            self._stack.blockyard, self._ground.planned, inputs, [], name=self._named(PLANNED)
        )

    def _make_ready(self) -> None:
        """Let there be two versions of the state, one of which is sent back."""
        if self._point.action is not Action.STATE_RESTORE:
            return
        if self._is_quick:
            for serial in (_SERIAL, _SERIAL + 1):
                state: JsonObject = {"version": 4, "serial": serial, "lineage": "one", "outputs": {}, "resources": []}
                self._stack.blockyard.call("POST", self._state_path, _JSON, state)
            self._version = 1
        else:
            self._version = self._versions()[0]
            self._stack.blockyard.run_again(self._uuid)
            self._until(lambda: [] if self._versions()[0] > self._version else ["no other state"], "the state")
            self._until(self._problems_when_applied, "the block before")

    def _act(self) -> None:
        match self._point.action:
            case Action.STATE_RESTORE:
                self._restore()
            case _:
                self._seed = "other"
                self._change()
                self._decide()

    def _change(self) -> None:
        try:
            self._stack.blockyard.change(self._uuid, {"first": value(self._seed)})
        except AssertionError as refusal:
            if TOOK_EFFECT not in str(refusal):
                raise

    def _decide(self) -> None:
        """Wait until somebody is to decide, and do it."""
        end = time.monotonic() + SETTLE_SECONDS
        while not self._answer():
            if time.monotonic() > end:
                raise AssertionError(f"the block is {status_of(self._block)}, and nobody is asked")
            self._run_what_failed()
            time.sleep(_LOOK_SECONDS)

    def _answer(self) -> bool:
        """Approve or decline what waits; tell whether anything did. What is answered twice was answered."""
        block = self._block
        if status_of(block) != "WAITING_FOR_APPROVAL":
            return False
        run = text_of(block, "status", "latestRunUuid")
        if self._point.action is Action.PLAN_DECLINE:
            self._post_once(f"/api/blockyard/v1/runs/{run}/decline", {"comment": "no"})
        else:
            body: JsonObject = {"predecessorRunUuid": text_of(self._run(run), "approval", "predecessorRunUuid")}
            self._post_once(f"/api/meshobjects/meshbuildingblockruns/{run}/approve", body, media=kinds.RUN.media)
        return True

    def _restore(self) -> None:
        """Plan with an older version of the state, and send it back once the plan is there."""
        path = f"/api/blockyard/v1/blocks/{self._uuid}/state/versions/{self._version}"
        self._post_once(f"{path}/plan-restore")
        end = time.monotonic() + SETTLE_SECONDS
        while not self._is_planned():
            if time.monotonic() > end:
                raise AssertionError("no plan is there")
            time.sleep(_LOOK_SECONDS)
        self._post_once(f"{path}/apply-restore", {"reason": "a trial"})

    def _is_planned(self) -> bool:
        """Whether the dry run has planned; one whose engine was killed before the eyes of its runner is repeated."""
        newest = self._runs()[0]
        if newest["status"] == "FAILED" and self._point.fails:
            path = f"/api/blockyard/v1/blocks/{self._uuid}/state/versions/{self._version}"
            self._post_once(f"{path}/plan-restore")
        return newest["status"] == "SUCCEEDED" and newest["behavior"] == "DETECT"

    def _post_once(self, path: str, body: JsonObject | None = None, *, media: str = _JSON) -> None:
        """Send a request; one whose answer died with a server has taken effect, or is refused as done."""
        try:
            self._stack.blockyard.call("POST", path, media, body)
        except AssertionError as refusal:
            if not any(word in str(refusal) for word in _DONE):
                raise

    # Afterwards

    def _repair(self) -> None:
        self._run_what_failed()
        if self._killed_at and self._point.action is Action.PLAN_APPROVE:
            self._answer()  # what could not be applied was planned anew

    def _run_what_failed(self) -> None:
        """Do what somebody does whose run failed because its engine was killed, or had written part of the state."""
        if self._killed_at and self._point.kills_engine and status_of(self._block) == "FAILED":
            self._wait_for_quiet()
            self._stack.blockyard.run_again(self._uuid)

    def _problems(self) -> list[str]:
        match self._point.action:
            case Action.PLAN_DECLINE:
                return self._problems_when(("ABORTED", "seed"))
            case Action.STATE_RESTORE:
                return [*self._problems_when(("SUCCEEDED", "seed")), *self._problems_of_state()]
            case _:
                return self._problems_when(("SUCCEEDED", self._seed))

    def _problems_when_applied(self) -> list[str]:
        return self._problems_when(("SUCCEEDED", "seed"))

    def _problems_when(self, wanted: tuple[str, str]) -> list[str]:
        block, (status, seed) = self._block, wanted
        trail = outputs(block).get("trail")
        fits = (status_of(block), trail) == (status, f"{PLANNED}({seed})")
        return [] if fits else [f"it is {status_of(block)} and gives {trail}"]

    def _problems_of_state(self) -> list[str]:
        restored = [one for one in self._listed() if str(one["reason"]).startswith(f"version {self._version} restored")]
        found = [] if len(restored) == 1 else [f"the state was sent back {len(restored)} times"]
        if self._is_quick and (state := current_state(self._stack, self._block)) is not None:
            found += [] if state["serial"] == _SERIAL else [f"the state has the serial {state['serial']}"]
        return found

    def _judge_acts(self, acts: list[str]) -> list[str]:
        """Return what was applied too often, not at all, or without having been approved."""
        times, found = Counter(acts)[f"apply {PLANNED}"], []
        least = 0 if self._point.action is Action.PLAN_DECLINE else 1
        most = least + (1 if self._point.kills_engine and least else 0)
        if not least <= times <= most:
            found.append(f"it was applied {times} times, {most} at most")
        self._outcome.repeated += [f"apply {PLANNED}"] * max(0, times - least)
        self._outcome.end = status_of(self._block)
        if self._point.action is not Action.STATE_RESTORE:
            found += self._unapproved()
        return found

    def _unapproved(self) -> list[str]:
        """Return the runs that have applied something which nobody had approved; the first one needed nobody."""
        applied = [run for run in self._runs() if run["behavior"] == "APPLY" and run["status"] == "SUCCEEDED"][:-1]
        answers = [(run, run["approval"]) for run in applied]
        return [
            f"run {run['number']} has applied what nobody approved"
            for run, approval in answers
            if not (isinstance(approval, dict) and approval["outcome"] in _DECIDED)
        ]

    # What there is

    @property
    def _is_quick(self) -> bool:
        return self._stack.name.startswith(QUICK)

    @property
    def _uuid(self) -> str:
        return self._blocks[PLANNED]

    @property
    def _block(self) -> JsonObject:
        return self._stack.blockyard.block(self._uuid)

    @property
    def _state_path(self) -> str:
        return f"/api/terraform/state/workspace/shop/buildingBlock/{self._uuid}"

    def _run(self, uuid: str) -> JsonObject:
        return self._stack.blockyard.call("GET", f"/api/blockyard/v1/runs/{uuid}", _JSON)

    def _runs(self) -> list[JsonObject]:
        """Return the runs of the block, the newest first."""
        listed = self._stack.blockyard.client.get("/api/blockyard/v1/runs", params={"buildingBlockUuid": self._uuid})
        if listed.status_code != httpx2.codes.OK:
            raise AssertionError(listed.text)
        (found,) = listed.json()["_embedded"].values()
        return [self._run(str(run["metadata"]["uuid"])) for run in found]

    def _listed(self) -> list[JsonObject]:
        path = f"/api/blockyard/v1/blocks/{self._uuid}/state/versions"
        versions = self._stack.blockyard.call("GET", path, _JSON)["versions"]
        assert isinstance(versions, list)
        return [one for one in versions if isinstance(one, dict)]

    def _versions(self) -> list[int]:
        """Return the numbers of the versions of the state, the newest first."""
        return [int(str(one["number"])) for one in self._listed()]
