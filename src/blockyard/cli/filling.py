"""Completes the inputs of an order or a change: what is missing is asked for on a terminal, as the conditions say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.cli.documents import member, members, objects, texts
from blockyard.cli.model import Input, Version
from blockyard.cli.orders import refuse_missing
from blockyard.cli.prompts import ask_one
from blockyard.cli.resources import own
from blockyard.cli.session import Session, interactive
from blockyard.protocol.jsontypes import Json, JsonObject


def fill_in(
    session: Session,
    version: Version,
    values: JsonObject,
    kept: Mapping[str, Json],
    *,
    workspace: str,
    tenant_id: str | None = None,
) -> JsonObject:
    """Return values for the inputs that are missing beside those given and those a building block has already (`kept`).

    Once somebody is asked, they are asked for optional inputs, too, which an empty answer leaves out. Raises Failure (usage): an
    input is needed, and nobody can be asked.
    """
    found: JsonObject = {}
    declined: set[str] = set()
    while True:
        known = {*kept, *values, *found, *declined}
        missing = [item for item in version.inputs if item.key not in known]
        now = _asked(session, version, {**kept, **_plain(values), **_plain(found)}, missing, workspace, tenant_id)
        missing = [item for item in missing if item.key not in now.hidden and item.key not in now.defaults]
        needed = [item for item in missing if item.is_needed]
        if not (needed or found):
            return found
        if not interactive() or session.printer.for_programs:
            raise refuse_missing(needed)
        item = next((item for item in missing if item.is_needed or item.can_be_left_out), None)
        if item is None:
            return found
        answer = ask_one(replace(item, options=now.options.get(item.key, item.options)), session.printer.err)
        if answer is None:
            declined.add(item.key)
        else:
            found[item.key] = answer


def checked(
    session: Session, version: Version, values: JsonObject, *, workspace: str, tenant_id: str | None = None
) -> JsonObject:
    """Return what the server says of an order before it is placed."""
    block: JsonObject = {"definitionUuid": version.definition_id, "versionUuid": version.id, "inputs": values}
    return session.client.post(
        own("orders", "check"), {"workspace": workspace, "tenantUuid": tenant_id, "blocks": [block]}
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """How inputs are asked for now: which are hidden, which have a default by others, which options there are."""

    hidden: Collection[str] = ()
    defaults: Collection[str] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _asked(  # noqa: PLR0917  everything about one question
    session: Session,
    version: Version,
    values: Mapping[str, Json],
    missing: Sequence[Input],
    workspace: str,
    tenant_id: str | None,
) -> _Asked:
    """Return how the missing inputs are asked for; the server is asked if that depends on values."""
    if any(item.adapts for item in missing):
        sent: JsonObject = {key: {"value": value} for key, value in values.items()}
        block = next(iter(objects(checked(session, version, sent, workspace=workspace, tenant_id=tenant_id), "blocks")))
        keys = {item.key for item in missing if item.adapts}
        options = {key: tuple(texts(block, "options", key)) for key in members(block, "options")}
        return _Asked(texts(block, "hidden"), keys & members(block, "defaults").keys(), options)
    if not any(item.condition for item in missing):
        return _Asked()
    path = own("definitionversions", version.id, "hidden-inputs")
    return _Asked(texts(session.client.post(path, {"values": dict(values)}), "hidden"))


def _plain(values: JsonObject) -> JsonObject:
    """Return values as conditions read them: no secrets."""
    return {key: member(value, "value") for key, value in values.items() if member(value, "isSensitive") is False}
