"""What a run got, what took how long, and how that differs from the run before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.paging import PageRequest
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunAccess, RunDetail, RunFilter
from blockyard.server.services import Services
from blockyard.server.ui.frame import values, words
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.runs.head import around, head_of, sum_of
from blockyard.server.ui.pages.runs.steps import took


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPair:
    """An input in this run and in the one before; None where a run did not have it."""

    label: str
    now: values.Shown | None
    before: values.Shown | None
    differs: bool

    def cut(self, longest: int) -> "InputPair":
        """Return it with how its values begin, where they have more than so many characters."""
        now, before = (None if one is None else one.cut(longest) for one in (self.now, self.before))
        return replace(self, now=now, before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPair:
    """How long a step took in this run and in the one before."""

    label: str
    now: timedelta | None
    before: timedelta | None
    differs: bool


def add_comparison(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    pages = ComparisonPages(site, services)

    @router.get("/runs/{run_id}/inputs")
    async def show_inputs(request: Request, run_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: pages.context(tx, visitor.principal, RunId(run_id)))
        return site.page(request, visitor, "pages/runs/comparison.html", context)


class ComparisonPages:
    """Reads what the page shows."""

    def __init__(self, site: Site, services: Services) -> None:
        self._clock = site.clock
        self._services = services

    def context(self, tx: Transaction, principal: Principal, run_id: RunId) -> dict[str, object]:
        """Return what the template needs. Raises NotFound."""
        views = self._services.views
        detail = views.detail(tx, principal, run_id)
        previous = self._previous(tx, principal, detail)
        total = sum_of(tx, principal, views, detail)
        return {
            **around(tx, self._services, detail.run),
            **head_of(detail, self._clock(), "Inputs and comparison", total),
            "previous": None if previous is None else previous.run,
            "previous_badge": None if previous is None else words.run_badge(previous.run),
            "previous_took": None if previous is None else took(previous.run.claimed_at, previous.run.finished_at),
            "inputs": _inputs(
                self._given(tx, principal, detail),
                self._given(tx, principal, previous),
                self._labels(tx, principal, detail),
                is_first=previous is None,
            ),
            "steps": _steps(detail, previous),
        }

    def _previous(self, tx: Transaction, principal: Principal, detail: RunDetail) -> RunDetail | None:
        run, chosen = detail.run, RunFilter(block_id=detail.run.block_id)
        newest = self._services.runs.search(tx, principal, chosen, PageRequest(0, 1)).items
        if run.number == 1 or not newest:
            return None
        place = PageRequest(max(newest[0].number - run.number + 1, 0), 1)
        found = self._services.runs.search(tx, principal, chosen, place).items
        if not found or found[0].number >= run.number:
            return None
        return self._services.views.detail(tx, principal, found[0].id)

    def _labels(self, tx: Transaction, principal: Principal, detail: RunDetail) -> Mapping[str, str]:
        """Return what people call the inputs, by key, where the visitor may look at the block."""
        try:
            view = self._services.blocks.get(tx, principal, detail.run.block_id)
        except Refusal:
            return {}
        return {key: spec.label for key, spec in view.version.inputs.items()}

    def _given(self, tx: Transaction, principal: Principal, detail: RunDetail | None) -> Mapping[str, JsonObject]:
        """Return the inputs that a run got, by key; nothing where the visitor may not see them."""
        if detail is None or detail.access is not RunAccess.FULL:
            return {}
        match self._services.views.document(tx, principal, detail.run.id):
            case {"spec": {"buildingBlock": {"spec": {"inputs": list(items)}}}}:
                return {str(item["key"]): item for item in items if isinstance(item, dict) and "key" in item}
            case _:
                return {}


def _inputs(
    now: Mapping[str, JsonObject], before: Mapping[str, JsonObject], labels: Mapping[str, str], *, is_first: bool
) -> Sequence[InputPair]:
    pairs = [
        InputPair(
            label=labels.get(key, key),
            now=_shown(now.get(key)),
            before=_shown(before.get(key)),
            differs=not is_first and _value(now.get(key)) != _value(before.get(key)),
        )
        for key in sorted({*now, *before})
        if not _is_of_machinery(now.get(key) or before.get(key) or {})
    ]
    longest = values.longest_of(shown for pair in pairs for shown in (pair.now, pair.before) if shown is not None)
    return sorted((pair.cut(longest) for pair in pairs), key=lambda pair: not pair.differs)


def _steps(detail: RunDetail, previous: RunDetail | None) -> Sequence[StepPair]:
    before = {} if previous is None else {step.id.name: step for step in previous.steps}
    pairs = []
    for step in detail.steps:
        other = before.get(step.id.name)
        then = None if other is None else took(other.started_at, other.ended_at)
        now = took(step.started_at, step.ended_at)
        pairs.append(StepPair(label=step.display_name, now=now, before=then, differs=_is_far(now, then)))
    return pairs


def _is_far(now: timedelta | None, then: timedelta | None) -> bool:
    """Whether one took at least twice as long as the other, and seconds longer."""
    if now is None or then is None:
        return False
    longer, shorter = max(now, then), min(now, then)
    return longer >= 2 * shorter and longer - shorter >= timedelta(seconds=5)


def _is_of_machinery(item: JsonObject) -> bool:
    """Whether an input is how a run finds its server: nobody ordered it."""
    return item.get("isEnvironment") is True and str(item.get("key", "")).startswith("MESHSTACK_")


def _value(item: JsonObject | None) -> Json:
    return None if item is None else item.get("value")


def _shown(item: JsonObject | None) -> values.Shown | None:
    if item is None:
        return None
    if item.get("isSensitive") is True:
        return values.Shown("secret", values.MASK)
    return values.shown(item.get("value"), code=item.get("type") == "CODE")
