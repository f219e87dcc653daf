"""What a brake is, and the windows of a calendar."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NewType
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.events.model import Author
from blockyard.server.kit.clock import YEARS
from blockyard.server.kit.errors import Invalid

BrakeId = NewType("BrakeId", UUID)

WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


class BrakeKind(StrEnum):
    """What a brake is called."""

    HOLD = "HOLD"
    """On one building block; it is not deleted or upgraded either."""
    STOP = "STOP"
    """Until somebody lifts it, or a time that was said."""
    FREEZE = "FREEZE"
    """In the windows of a calendar."""


class BrakeScope(StrEnum):
    """What a brake is on."""

    BLOCK = "BLOCK"
    DEFINITION = "DEFINITION"
    WORKSPACE = "WORKSPACE"
    PLATFORM = "PLATFORM"
    EVERYTHING = "EVERYTHING"


class Recurrence(StrEnum):
    """How often a window comes again."""

    ONCE = "ONCE"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a freeze holds: from `opens_at` on, and before `closes_at`."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Windows that come again, in the time of a zone.

    Attributes:
        begin, end: as people write them: `2026-12-24T18:00` (ONCE), `18:00` (DAILY), `FRIDAY 18:00` (WEEKLY), `12-20 00:00`
            (YEARLY, month and day). A window goes over midnight, Sunday or New Year where its end comes before its beginning.
    """

    recurrence: Recurrence
    time_zone: str
    begin: str
    end: str

    def check(self, field: str) -> None:
        """Raise Invalid unless the calendar can be read."""
        zone_of(self.time_zone, f"{field}/timeZone")
        begin, end = (
            _checked(self.recurrence, text, name, f"{field}/{name}")
            for name, text in (("begin", self.begin), ("end", self.end))
        )
        if begin == end or (begin.day is not None and end.day is not None and end.on(end.day) < begin.on(begin.day)):
            raise Invalid(
                "the window ends when it begins, or before",
                code="EmptyWindow",
                field=f"{field}/end",
                remedy="Let it end after its beginning.",
            )

    def window_at(self, now: datetime) -> Window | None:
        """Return the window that is open, or else the next one; None if there is no more."""
        zone = zone_of(self.time_zone, "")
        begin, end = _moment(self.recurrence, self.begin), _moment(self.recurrence, self.end)
        for day in self._days(now.astimezone(zone).date(), begin):
            opens_at = _instant(begin.on(day), zone)
            closing = end.after(day, begin)
            closes_at = _instant(closing, zone)
            if opens_at < closes_at and now < closes_at:
                return Window(opens_at, closes_at)
        return None

    def document(self) -> JsonObject:
        """Return the calendar as it is stored and shown."""
        return {
            "recurrence": self.recurrence.value,
            "timeZone": self.time_zone,
            "begin": self.begin,
            "end": self.end,
        }

    def _days(self, today: date, begin: "_Moment") -> Iterator[date]:
        """Return days on which a window that is not over may begin, in their order."""
        match self.recurrence:
            case Recurrence.ONCE:
                if begin.day is not None:
                    yield begin.day
            case Recurrence.DAILY:
                yield from (today + timedelta(days=step) for step in range(-1, 4))
            case Recurrence.WEEKLY:
                first = today - timedelta(days=(today.weekday() - (begin.weekday or 0)) % 7)
                yield from (first + timedelta(weeks=step) for step in range(-1, 3))
            case Recurrence.YEARLY:
                month, day = begin.month_day or (1, 1)
                yield from (date(today.year + step, month, day) for step in range(-1, 3))


def read_calendar(stored: Json) -> Calendar | None:
    """Return the calendar of a row; None where there is none."""
    if not isinstance(stored, Mapping):
        return None
    return Calendar(
        recurrence=Recurrence(str(stored["recurrence"])),
        time_zone=str(stored["timeZone"]),
        begin=str(stored["begin"]),
        end=str(stored["end"]),
    )


@dataclass(frozen=True, slots=True)
class BrakePlace:
    """What a brake is on, with what lists and messages call it.

    Attributes:
        concerns: the workspace that it belongs to; None for everything.
    """

    scope: BrakeScope
    subject: str
    concerns: str | None = None
    block_id: UUID | None = None
    definition_id: UUID | None = None
    on_workspace: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """Somebody's word that nothing is applied for a while.

    Attributes:
        subject: what it is on, as people read it.
        workspace: whose people may lift it; None: administrators only.
        concerns: the workspace of what it is on, whose people see it; None for everything.
        author: who placed it.
        opens_at, closes_at: when it holds; of a calendar the window that is open, or comes next. None: until it is lifted.
        deleted_at: when it was lifted, or had ended by itself.
    """

    id: BrakeId
    kind: BrakeKind
    scope: BrakeScope
    subject: str
    block_id: UUID | None = None
    definition_id: UUID | None = None
    on_workspace: str | None = None
    platform: str | None = None
    workspace: str | None
    concerns: str | None
    reason: str
    author: Author
    calendar: Calendar | None = None
    opens_at: datetime
    closes_at: datetime | None = None
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> BrakeId:
        """What addresses the brake."""
        return self.id

    def is_closed(self, now: datetime) -> bool:
        """Whether it holds nothing: not yet, or not any more."""
        if self.deleted_at is not None or now < self.opens_at:
            return True
        return self.closes_at is not None and self.closes_at <= now

    @property
    def lifted_by(self) -> str:
        """Who can lift it, as people read it."""
        if self.workspace is None:
            return "an administrator"
        what = "change building blocks" if self.kind is BrakeKind.HOLD else "set brakes"
        return f"people of workspace '{self.workspace}' who may {what}, or an administrator"

    @property
    def until(self) -> str:
        """When it ends by itself, as people read it; empty if it does not."""
        return "" if self.closes_at is None else f" until {self.closes_at:%Y-%m-%d %H:%M} UTC"

    @property
    def message(self) -> str:
        """What it is, who wants it and why, in one sentence."""
        what = {
            BrakeKind.HOLD: f"{self.author.display_name} has put {self.subject} on hold",
            BrakeKind.STOP: f"{self.author.display_name} has stopped new applies of {self.subject}",
            BrakeKind.FREEZE: f"A freeze of {self.author.display_name} is on {self.subject}",
        }[self.kind]
        return f"{what} since {self.opens_at:%Y-%m-%d %H:%M} UTC{self.until}: {self.reason}"

    @property
    def ends(self) -> str:
        """What would end it, in one sentence."""
        by_itself = "" if self.closes_at is None else f"The time comes ({self.closes_at:%Y-%m-%d %H:%M} UTC), or "
        lifted = f"{self.lifted_by} lifts it." if self.workspace is None else f"{self.lifted_by} lift it."
        return f"{by_itself}{lifted}" if by_itself else lifted[0].upper() + lifted[1:]


def zone_of(name: str, field: str) -> tzinfo:
    """Return a time zone by its name, such as `Europe/Berlin`. Raises Invalid."""
    if name == "UTC":
        return UTC
    try:
        found = None if name in _NO_PLACE or name.startswith(_NO_PLACES) else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found = None
    if found is None:
        raise Invalid(
            f"the server knows no time zone '{name[:64]}'",
            code="UnknownTimeZone",
            field=field,
            remedy="Name one of the IANA database, such as 'Europe/Berlin', or 'UTC'.",
        )
    return found


@dataclass(frozen=True, slots=True)
class _Moment:
    """A time of day, and on which day as far as the recurrence says."""

    at: time
    day: date | None = None
    weekday: int | None = None
    month_day: tuple[int, int] | None = None

    def on(self, day: date) -> datetime:
        return datetime.combine(day, self.at)

    def after(self, day: date, begin: "_Moment") -> datetime:
        """Return when this comes first after a beginning on a day."""
        if self.day is not None:
            return self.on(self.day)
        if self.weekday is not None:
            later = day + timedelta(days=(self.weekday - day.weekday()) % 7)
            return self.on(later if self.on(later) > begin.on(day) else later + timedelta(days=7))
        if self.month_day is not None:
            this_year = date(day.year, *self.month_day)
            return self.on(this_year if self.on(this_year) > begin.on(day) else date(day.year + 1, *self.month_day))
        return self.on(day if self.at > begin.at else day + timedelta(days=1))


def _checked(recurrence: Recurrence, text: str, name: str, field: str) -> _Moment:
    """Return what people wrote. Raises Invalid."""
    try:
        moment = _moment(recurrence, text)
    except ValueError:
        raise Invalid(
            f"'{text[:40]}' does not say when a window that comes {_OFTEN[recurrence]} {name}s",
            code="WrongMoment",
            field=field,
            remedy=f"Write it such as '{_EXAMPLES[recurrence]}'.",
        ) from None
    if moment.month_day == _LEAP_DAY:
        raise Invalid(
            "29 February is not in every year",
            code="LeapDay",
            field=field,
            remedy="Use '02-28' or '03-01', or a window that comes once.",
        )
    if moment.day is not None and moment.day.year not in YEARS:
        raise Invalid(
            f"the year {moment.day.year} is too far away",
            code="YearOutOfBounds",
            field=field,
            remedy=f"Choose a year between {YEARS[0]} and {YEARS[-1]}.",
        )
    return moment


def _moment(recurrence: Recurrence, text: str) -> _Moment:
    """Return what people wrote. Raises ValueError."""
    match recurrence:
        case Recurrence.ONCE:
            found = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007  it is of the calendar's zone
            return _Moment(found.time(), day=found.date())
        case Recurrence.DAILY:
            return _Moment(_time(text))
        case Recurrence.WEEKLY:
            weekday, _, at = text.partition(" ")
            return _Moment(_time(at), weekday=WEEKDAYS.index(weekday))
        case Recurrence.YEARLY:
            day, _, at = text.partition(" ")
            month, number = (int(part) for part in day.split("-"))
            if not 1 <= number <= monthrange(2024, month)[1]:
                raise ValueError(f"no year has {day}")
            return _Moment(_time(at), month_day=(month, number))


def _time(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  it is of the calendar's zone


def _instant(local: datetime, zone: tzinfo) -> datetime:
    """Return when a clock of the zone shows this; a time that is skipped counts as the clock's before it was put forward."""
    return local.replace(tzinfo=zone).astimezone(UTC)


_LEAP_DAY = (2, 29)
_NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})
_NO_PLACES = ("posix/", "right/")
"""What lies beside the zones of the database: what the server's own machine is set to, and other ways to count."""

_OFTEN = {
    Recurrence.ONCE: "once",
    Recurrence.DAILY: "daily",
    Recurrence.WEEKLY: "weekly",
    Recurrence.YEARLY: "yearly",
}
_EXAMPLES = {
    Recurrence.ONCE: "2026-12-24T18:00",
    Recurrence.DAILY: "22:00",
    Recurrence.WEEKLY: "FRIDAY 18:00",
    Recurrence.YEARLY: "12-20 00:00",
}
