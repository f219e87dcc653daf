"""Completes the inputs of an order or a change: what is missing is asked for on a terminal, as the conditions say."""

from collections.abc import Collection, Mapping

from blockyard.cli.documents import member, texts
from blockyard.cli.model import Version
from blockyard.cli.orders import refuse_missing
from blockyard.cli.prompts import ask_one
from blockyard.cli.resources import own
from blockyard.cli.session import Session, interactive
from blockyard.protocol.jsontypes import Json, JsonObject


def fill_in(session: Session, version: Version, values: JsonObject, kept: Mapping[str, Json]) -> JsonObject:
    """Return values for the inputs that are missing beside those given and those a building block has already (`kept`).

    Once somebody is asked, they are asked for optional inputs, too, which an empty answer leaves out. Raises Failure (usage): an
    input is needed, and nobody can be asked.
    """
    found: JsonObject = {}
    declined: set[str] = set()
    while True:
        known = {*kept, *values, *found, *declined}
        hidden = _hidden(session, version, {**kept, **_plain(values), **_plain(found)}, known)
        missing = [item for item in version.inputs if item.key not in known and item.key not in hidden]
        needed = [item for item in missing if item.is_needed]
        if not (needed or found):
            return found
        if not interactive() or session.printer.for_programs:
            raise refuse_missing(needed)
        item = next((item for item in missing if item.is_needed or item.can_be_left_out), None)
        if item is None:
            return found
        answer = ask_one(item, session.printer.err)
        if answer is None:
            declined.add(item.key)
        else:
            found[item.key] = answer


def _hidden(session: Session, version: Version, values: Mapping[str, Json], known: Collection[str]) -> Collection[str]:
    """Return the keys of inputs whose condition is false; the server is asked if an input without a value has one."""
    if not any(item.condition and item.key not in known for item in version.inputs):
        return ()
    path = own("definitionversions", version.id, "hidden-inputs")
    return texts(session.client.post(path, {"values": dict(values)}), "hidden")


def _plain(values: JsonObject) -> JsonObject:
    """Return values as conditions read them: no secrets."""
    return {key: member(value, "value") for key, value in values.items() if member(value, "isSensitive") is False}
