"""Server-sent events, parsed as the standard says. Source: HTML Living Standard §9.2.6."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `id` is the last one the stream named."""

    type: str
    data: str
    id: str


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events of a stream's lines; comments and unfinished events are left out."""
    kind, last_id = "", ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(kind or "message", "\n".join(data), last_id)
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
