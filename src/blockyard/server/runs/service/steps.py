"""Applying what sources say about steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ImplementationType, StepStatus
from blockyard.protocol.status import OutputValue, SourceRegistration, StepUpdate
from blockyard.protocol.status import Source as WireSource
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.runs.model import Claimer, Run, RunLimits, Source, Step, StepId, clean, sound
from blockyard.server.runs.model.amounts import (
    MAX_MESSAGE_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    SHORTEST_CHARACTERS,
    check_outputs,
    check_sources,
    check_steps,
    cut,
)
from blockyard.server.runs.model.shown_outputs import shows_no_output, without_sensitive_outputs
from blockyard.server.runs.model.step import OPEN_STEPS
from blockyard.server.runs.service.ending import SERVER_SOURCE
from blockyard.server.runs.service.logbook import Logbook
from blockyard.server.runs.store import FileStore, StepBatch, StepStore

MAX_ID_LENGTH = 255

OUTPUT_STEP = "output"
"""The step in which the official OpenTofu runner logs all output values in clear. Source: runner.md 7.2 #7."""

TRIGGER_STEP = "trigger"
"""The only step of a run that the official OpenTofu runner hands over: it logs everything there. Source: runner.md 3.5."""

WITHHELD = "The log of this step is not kept: it may show sensitive outputs."
NOT_KEPT = "Warning: values of sensitive outputs are not kept: "
OUTPUTS_WITHHELD = "(The outputs are not shown: some are sensitive.)"


class StepReports:
    """Changes sources, steps, logs and outputs of one attempt in one transaction. Only for the services of this feature."""

    def __init__(
        self, tx: Transaction, run: Run, *, claimer: Claimer | None, attempt: int, at: datetime, limits: RunLimits
    ) -> None:
        self._run = run
        self._claimer = claimer
        self._attempt = attempt
        self._at = at
        self._store = StepStore(tx)
        self._files = FileStore(tx)
        self._batch = StepBatch(tx, run.id, attempt)
        self._logbook = Logbook(tx, self._batch, limits)
        self._limits = limits
        self._outputs: JsonObject | None = None
        self._added = 0
        self._room: int | None = None

    def register(self, registration: SourceRegistration) -> None:
        """Add a source and its steps; what is there keeps its status and gets the new name and place."""
        _refuse_reserved(registration.source.id)
        source = self._put_source(registration.source)
        known = self._steps_of(source.id)
        announced = {step.id: place for place, step in enumerate(registration.steps)}
        for update in registration.steps:
            place = announced[update.id]
            step = known.get(update.id)
            name = clean(update.display_name or (step.display_name if step else update.id))
            if step is None:
                self._add(source.id, update, position=place, display_name=name)
            elif (step.position, step.display_name) != (place, name):
                self._batch.put(replace(step, position=place, display_name=name))
        for step in known.values():
            if step.id.name not in announced:
                self._batch.put(replace(step, position=len(announced) + step.position))
        self._write()

    def apply(self, source_id: str, updates: Sequence[StepUpdate]) -> None:
        """Change the steps of a source as told; unknown ones are created."""
        _refuse_reserved(source_id)
        if not updates:
            return
        known = self._steps_of(source_id)
        if not known:
            self._put_source(WireSource(id=source_id))
        for update in updates:
            step = known.get(update.id)
            if step is None:
                position = 1 + max((other.position for other in known.values()), default=-1)
                name = clean(update.display_name or update.id)
                step = self._add(source_id, update, position=position, display_name=name)
            known[update.id] = self._change(step, update)
        self._write()

    def complete(self, source_id: str, updates: Sequence[StepUpdate]) -> None:
        """Let a source complete its open steps after the run ended; nothing else changes. Source: runner.md 1.8."""
        _refuse_reserved(source_id)
        known = self._steps_of(source_id)
        for update in updates:
            step = known.get(update.id)
            if step is not None and step.status in OPEN_STEPS:
                self._change(step, update.model_copy(update={"outputs": None}))
        self._write()

    def chunk(self, name: str, offset: int, data: bytes) -> Step:
        """Append to the log of the runner's step `name`."""
        stored = self._store.steps(self._run.id, self._attempt)
        steps = [step for step in stored if step.id.source != SERVER_SOURCE]
        step = next((step for step in steps if step.id.name == name), None)
        if step is None:
            all_sources = self._store.sources(self._run.id, self._attempt)
            sources = [source for source in all_sources if source.id != SERVER_SOURCE]
            source = sources[0] if sources else self._put_source(WireSource(id=str(self._run.target.runner_id)))
            position = 1 + max((other.position for other in steps), default=-1)
            step = self._add(source.id, StepUpdate(id=name), position=position, display_name=clean(name))
        changed = self._logbook.chunk(step, offset, data)
        self._write()
        return changed

    def _write(self) -> None:
        """Store what was collected."""
        self._batch.write(log_limit=self._limits.log_bytes)
        if self._outputs is not None:
            self._files.put_outputs(self._run.id, self._attempt, self._outputs)

    def _put_source(self, wire: WireSource) -> Source:
        _check_id(wire.id, "/source/id")
        sources = self._store.sources(self._run.id, self._attempt)
        known = next((source for source in sources if source.id == wire.id), None)
        if known is None:
            check_sources(len(sources) + 1)
            position = 1 + max((source.position for source in sources), default=-1)
            known = Source(run_id=self._run.id, attempt=self._attempt, id=wire.id, position=position)
            self._store.put_source(known, is_new=True)
        changed = replace(
            known,
            external_run_id=cut(clean(wire.external_run_id), MAX_NAME_CHARACTERS)
            if wire.external_run_id
            else known.external_run_id,
            external_run_url=cut(clean(wire.external_run_url), MAX_NAME_CHARACTERS)
            if wire.external_run_url
            else known.external_run_url,
        )
        if changed != known:
            self._store.put_source(changed, is_new=False)
        return changed

    def _steps_of(self, source_id: str) -> dict[str, Step]:
        steps = self._store.steps(self._run.id, self._attempt)
        return {step.id.name: step for step in steps if step.id.source == source_id}

    def _add(self, source_id: str, update: StepUpdate, *, position: int, display_name: str) -> Step:
        _check_id(update.id, "/steps/id")
        self._added += 1
        check_steps(len(self._store.steps(self._run.id, self._attempt)) + self._added)
        step = Step(
            run_id=self._run.id,
            attempt=self._attempt,
            id=StepId(source_id, update.id),
            position=position,
            display_name=cut(display_name, MAX_NAME_CHARACTERS),
            status=update.status or StepStatus.PENDING,
        )
        return self._batch.put(step, is_new=True)

    def _change(self, step: Step, update: StepUpdate) -> Step:
        changed = step
        if update.status is not None:
            changed = self._moved(changed, update.status)
        if update.display_name is not None:
            changed = replace(changed, display_name=cut(clean(update.display_name), MAX_NAME_CHARACTERS))
        if update.user_message is not None:
            changed = replace(changed, user_message=self._fitting(step, clean(update.user_message)))
        if changed != step:
            changed = self._batch.put(changed)
        withheld = [] if self._claimer is Claimer.BLOCKYARD else _sensitive(update.outputs or {})  # ours says so itself
        are_new = bool(withheld) and not self._sensitive_so_far().issuperset(withheld)
        has_sensitive = self._merge_outputs(update.outputs) if update.outputs else self._had_sensitive(step, update)
        if update.system_message is not None:
            text = self._kept_message(changed, update, has_sensitive=has_sensitive)
            text = _on_a_line(text, NOT_KEPT + ", ".join(withheld)) if withheld else text
            changed = self._logbook.message(changed, text, follows_chunks=self._claimer is Claimer.BLOCKYARD)
        elif are_new:
            line = f"{NOT_KEPT}{', '.join(withheld)}\n"
            changed = self._logbook.chunk(changed, changed.log_bytes, line.encode())
        return changed

    def _fitting(self, step: Step, message: str) -> str:
        """Return as much of a message to people as there is room for beside those of all other steps."""
        if self._room is None:
            steps = self._store.steps(self._run.id, self._attempt)
            self._room = MAX_TEXT_CHARACTERS - sum(len(other.user_message or "") for other in steps)
        self._room += len(step.user_message or "")
        fitting = cut(message, max(SHORTEST_CHARACTERS, min(MAX_MESSAGE_CHARACTERS, self._room)))
        self._room -= len(fitting)
        return fitting

    def _moved(self, step: Step, status: StepStatus) -> Step:
        began = step.started_at or (None if status is StepStatus.PENDING else self._at)
        is_open = status in OPEN_STEPS
        ended = None if is_open else (step.ended_at if status is step.status and step.ended_at else self._at)
        return replace(step, status=status, started_at=began, ended_at=ended)

    def _merge_outputs(self, outputs: dict[str, OutputValue]) -> bool:
        """Add to the outputs of the attempt, sensitive ones without their value; return whether any is sensitive."""
        merged: JsonObject = dict(self._known_outputs())
        for name, output in outputs.items():
            kept = output.model_copy(update={"value": None}) if output.is_sensitive else output
            merged[clean(name)] = sound(kept.wire(), f"/steps/outputs/{clean(name)}/value")
        check_outputs(output.get("value") for output in merged.values() if isinstance(output, dict))
        self._outputs = merged
        return any(output.is_sensitive for output in outputs.values())

    def _had_sensitive(self, step: Step, update: StepUpdate) -> bool:
        """Whether an `output` step may show sensitive values without having named them yet."""
        if step.id.name != OUTPUT_STEP or shows_no_output(update.system_message or ""):
            return False
        return bool(self._sensitive_so_far()) or update.outputs is None

    def _sensitive_so_far(self) -> frozenset[str]:
        """Return the names of the outputs that were sensitive before this report."""
        known = self._known_outputs()
        return frozenset(n for n, output in known.items() if isinstance(output, dict) and output.get("isSensitive"))

    def _known_outputs(self) -> JsonObject:
        """Return the outputs of the attempt with those of this report."""
        return self._files.outputs(self._run.id, self._attempt) if self._outputs is None else self._outputs

    def _kept_message(self, step: Step, update: StepUpdate, *, has_sensitive: bool) -> str:
        """Return the system message to keep: not that of the official runner's `output` step, unless surely harmless.

        The one step of a run it hands over, `trigger`, is kept up to the list of outputs.
        """
        message = update.system_message or ""
        is_tofu = self._run.target.implementation is ImplementationType.TERRAFORM
        if self._claimer is Claimer.BLOCKYARD or not is_tofu:
            return message
        if step.id.name == OUTPUT_STEP:
            return WITHHELD if has_sensitive else message
        return without_sensitive_outputs(message, OUTPUTS_WITHHELD) if step.id.name == TRIGGER_STEP else message


def _sensitive(outputs: Mapping[str, OutputValue]) -> list[str]:
    return sorted(clean(name) for name, output in outputs.items() if output.is_sensitive)


def _on_a_line(text: str, line: str) -> str:
    """Return a text with one more line."""
    return "\n".join(part for part in (text.removesuffix("\n"), line) if part) + "\n"


def _refuse_reserved(source_id: str) -> None:
    """Refuse to let anybody speak as the server, whose steps people trust."""
    if source_id.casefold() == SERVER_SOURCE:
        raise Invalid(
            f"the source id '{SERVER_SOURCE}' is reserved for what the server itself says about a run",
            code="ReservedSource",
            field="/source/id",
            remedy="Use another id, such as the id of the runner.",
        )


def _check_id(text: str, field: str) -> None:
    if len(text) > MAX_ID_LENGTH or not text.isprintable():
        raise Invalid(
            f"an id must have 1 to {MAX_ID_LENGTH} printable characters", field=field, remedy="Use a short plain name."
        )
