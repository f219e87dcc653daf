"""The inputs of a block, and the form that changes them."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.blocks.service import BlockDetail, BlockService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.http import status_of
from blockyard.server.services import Services
from blockyard.server.ui.frame.controls import Entry
from blockyard.server.ui.frame.entries import problem_of
from blockyard.server.ui.frame.following import checks_of
from blockyard.server.ui.frame.layout import FORM_HEADER
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, document_of, refusal_in, submit
from blockyard.server.ui.frame.values import input_rows
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.blocks.head import About, Heads, head_of
from blockyard.server.ui.pages.blocks.inputs import (
    Filled,
    Judged,
    field_name,
    fields_of,
    filled,
    follow_each_other,
    judge,
    known_inputs,
    refused_input,
    request_of,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a form: `notice` if it was saved, else what is wrong."""

    judged: Judged
    about: About
    notice: str | None = None
    refusal: Refusal | None = None

    @property
    def detail(self) -> BlockDetail:
        """The block that the form is about."""
        return self.about.detail


def add_inputs(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the form."""
    blocks = services.blocks

    form = InputForm(services)

    def page(request: Request, visitor: Visitor, outcome: Outcome, *, kept: JsonObject | None) -> Response:
        told = refusal_in(kept) or shown(outcome.refusal)
        context = {**_context(outcome), "told": told, "again": _again(kept), "is_kept": kept is not None}
        status = HTTPStatus.OK if kept is not None else _status(outcome)
        return site.frame.page(request, "pages/blocks/input_form.html", context, visitor=visitor, status=status)

    @router.get("/blocks/{block_id}/inputs")
    async def show_inputs(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        if "discard" in request.query_params:
            response = site.go(f"/blocks/{block_id}", visitor)
            site.drafts.drop(response, request.url.path)
            return response
        kept = site.drafts.read(request, visitor.cookie)
        sent = _filled_before(kept)
        outcome = await site.db.read(lambda tx: form.look(tx, visitor.principal, block_id, sent))
        return page(request, visitor, outcome, kept=kept)

    @router.post("/blocks/{block_id}/inputs/check")
    async def check_inputs(request: Request, block_id: UUID) -> Response:
        visitor, sent = await _came(site, blocks, request, block_id)
        judged = (await site.db.read(lambda tx: form.look(tx, visitor.principal, block_id, sent))).judged
        return JSONResponse({"problems": {field_name(key): text for key, text in judged.problems.items()}})

    @router.post("/blocks/{block_id}/inputs")
    async def save_inputs(request: Request, block_id: UUID) -> Response:
        visitor, sent = await _came(site, blocks, request, block_id)
        path = f"/blocks/{block_id}/inputs"

        def done(outcome: Outcome) -> Response:
            if outcome.notice is not None:
                response = site.go(f"/blocks/{block_id}", visitor, notice=outcome.notice)
                site.drafts.drop(response, path)
                return response
            response = site.go(path, visitor)
            is_kept = FORM_HEADER not in request.headers and site.drafts.keep(
                response, path, visitor.cookie, _draft(outcome, sent.revision)
            )
            return response if is_kept else page(request, visitor, outcome, kept=None)

        async def again(refusal: Refusal) -> Response:
            outcome = await site.db.read(lambda tx: form.look(tx, visitor.principal, block_id, sent))
            return done(_blamed(outcome, refusal))

        return await submit(
            site.db.write(lambda tx: form.save(tx, visitor.principal, block_id, sent)), again=again, done=done
        )


async def _came(site: Site, blocks: BlockService, request: Request, block_id: UUID) -> tuple[Visitor, Filled]:
    """Return who sent the form, and what came back; who may not change the block is refused before that is read."""

    async def may(sender: Request) -> None:
        principal = (await site.visitors.of(sender)).principal
        principal.require_somewhere("BUILDINGBLOCK_SAVE")
        await site.db.read(lambda tx: blocks.detail(tx, principal, block_id))

    visitor, data = await site.visitors.of_form(request, LARGE_BYTES, may)
    return visitor, filled(data)


class InputForm:
    """Reads and saves what the form is about, in one transaction each."""

    def __init__(self, services: Services) -> None:
        self._blocks = services.blocks
        self._heads = Heads(services)

    def look(self, tx: Transaction, principal: Principal, block_id: UUID, sent: Filled | None) -> Outcome:
        """Return the block, and what is to be said about a form that was filled in before. Raises NotFound."""
        about = self._heads.read(tx, principal, block_id)
        return Outcome(judge(about.detail, sent or Filled(entries={})), about)

    def save(self, tx: Transaction, principal: Principal, block_id: UUID, sent: Filled) -> Outcome:
        """Save what was changed if all of it can be saved. Raises NotFound and what changing a block raises."""
        about = self._heads.read(tx, principal, block_id)
        detail, judged = about.detail, judge(about.detail, sent)
        if not judged.is_sound:
            return Outcome(judged, about)
        if not judged.changes:
            return Outcome(judged, about, "unchanged")
        after = self._blocks.update(tx, principal, block_id, request_of(detail, judged))
        ran = after.block.latest_run_id != detail.view.block.latest_run_id
        if after.block.is_running and not ran:
            return Outcome(judged, about, "saved-queued")
        return Outcome(judged, about, "saved-run" if ran else "saved")


def _blamed(outcome: Outcome, refusal: Refusal) -> Outcome:
    """Return the outcome with a refusal at the field that it is about, or as a whole."""
    specs = {spec.key: spec for spec in outcome.detail.changeable}
    key = refused_input(refusal, list(specs))
    if key is None:
        return replace(outcome, refusal=refusal)
    judged = outcome.judged
    problems = {**judged.problems, key: problem_of(specs[key], refusal)}
    return replace(outcome, judged=replace(judged, problems=problems))


def _context(outcome: Outcome) -> dict[str, object]:
    fields = fields_of(outcome.detail, outcome.judged) if outcome.detail.editable else []
    asked = {field.key for field in fields}
    return {
        **head_of(outcome.about, "Inputs"),
        "refusal": None,
        "fields": fields,
        "inputs": [row for row in input_rows(outcome.detail.view) if row.key not in asked],
        "wrong": [(place, field) for place, field in enumerate(fields, 1) if field.error or field.theirs],
        "mistaken": any(field.error for field in fields),
        "gone": outcome.judged.gone,
        "broken": outcome.judged.broken,
        "checks_between": checks_of(outcome.detail.view.version),
        "known": known_inputs(outcome.detail),
        "follows": follow_each_other(outcome.detail),
    }


def _status(outcome: Outcome) -> HTTPStatus:
    if outcome.refusal is not None:
        return status_of(outcome.refusal)
    if outcome.judged.is_sound:
        return HTTPStatus.OK
    is_wrong = outcome.judged.problems or outcome.judged.broken
    return HTTPStatus.BAD_REQUEST if is_wrong else HTTPStatus.CONFLICT


def _draft(outcome: Outcome, revision: int | None) -> JsonObject:
    """Return what the next page needs to show the form as it was sent, but no secret and no file."""
    specs = outcome.detail.view.version.inputs
    entries: JsonObject = {}
    again: list[Json] = []
    for key, entry in outcome.judged.typed.items():
        if specs[key].is_sensitive or entry.file is not None:
            again.append(specs[key].label)
        else:
            chosen: list[Json] = [*entry.chosen]
            entries[key] = {"was": entry.was, "text": entry.text, "chosen": chosen}
    problems: JsonObject = {**outcome.judged.problems}
    return {
        "entries": entries,
        "again": again,
        "problems": problems,
        "gone": [*outcome.judged.gone],
        "revision": revision,
        "refusal": document_of(shown(outcome.refusal)),
    }


def _filled_before(kept: JsonObject | None) -> Filled | None:
    match kept:
        case {
            "entries": dict(entries),
            "problems": dict(problems),
            "gone": list(gone),
            "revision": int() | None as revision,
        }:
            found = {key: _entry(entry) for key, entry in entries.items()}
            return Filled(
                entries={key: entry for key, entry in found.items() if entry},
                revision=revision,
                problems={key: str(text) for key, text in problems.items()},
                gone=[str(key) for key in gone],
            )
        case _:
            return None


def _entry(document: Json) -> Entry | None:
    match document:
        case {"was": str(was), "text": str(text), "chosen": list(chosen)}:
            return Entry(was=was, text=text, chosen=[str(item) for item in chosen])
        case _:
            return None


def _again(kept: JsonObject | None) -> list[str]:
    """Return the labels of what has to be entered again, as it is never kept."""
    match kept:
        case {"again": list(labels)}:
            return [str(label) for label in labels]
        case _:
            return []
