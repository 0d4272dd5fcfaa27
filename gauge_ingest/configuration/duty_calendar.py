"""A duty rota as an iCalendar file (RFC 5545): its events, the recurring ones too, as shifts of known people."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from gauge_ingest.configuration.bounded import TooMuch, at_most
from gauge_ingest.configuration.calendar_people import (
    Known,
    attendees_of,
    invited,
    is_off,
    listed,
    people_of,
    plain_address,
)
from gauge_ingest.configuration.calendar_text import events_in, faults, zones_in
from gauge_ingest.configuration.files import read_text
from gauge_ingest.configuration.mistakes import UNSHOWN, Mistake, Place
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import NotReckoned, Person, Shift, no_shifts
from gauge_ingest.core.spans import BEIJING, instant_ms

BYTES_MAX = 4 * 1024 * 1024
EVENTS_MAX = 3_000  # the library reads about a thousand in a second
TOLD_MAX = 10  # mistakes of one calendar; the others are counted
CHUNK_MS = 28 * DAY_MS  # what is reckoned at once, and kept
CHUNKS_MAX = 32
SHIFTS_MAX = 5_000  # of what is reckoned at once
LINES_MAX = 20_000_000  # of the library's Python, for the same: about five seconds
TITLE_CHARACTERS_MAX = 60

_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,128}\.ics")
EMPTY = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
# How the libraries give up (icalendar 7.3, recurring-ical-events 3.8).
GIVEN_UP = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


@dataclass(slots=True)
class CalendarRead:
    """What a calendar says: the shifts that touch a span, its SHA-256, every mistake in it."""

    shifts: Callable[[int, int], Sequence[Shift]] = no_shifts
    sha256: str = ""
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)


def read_calendar(name: object, directory: Path, place: Place, people: Mapping[str, Person]) -> CalendarRead:
    """The calendar of that name beside people.toml, whose events name people by id, name or address."""
    read = CalendarRead()
    if not isinstance(name, str) or not _FILE_NAME.fullmatch(name):
        remedy = "must be the name of a file beside people.toml that ends in .ics, e.g. duty.ics"
        read.mistakes.append(place.mistake(remedy, name))
        return read
    try:
        text = read_text(directory / name, BYTES_MAX)
    except OSError as error:
        read.mistakes.append(place.mistake(f"cannot be read ({error.strerror}): it must stand in {directory}", name))
        return read
    except ValueError as error:
        read.mistakes.append(place.mistake(f"is no calendar (RFC 5545): {error}", name))
        return read
    read.sha256 = hashlib.sha256(text.encode()).hexdigest()
    _told(
        read, [Place(name, f"line {one.line}").mistake(one.remedy, one.value or UNSHOWN) for one in faults(text)], name
    )
    if not read.mistakes and not 1 <= (events := events_in(text)) <= EVENTS_MAX:
        read.mistakes.append(place.mistake(f"must hold 1 to {EVENTS_MAX} events, it has {events}", name))
    if not read.mistakes:
        _read_events(read, text, name, place, Known(people))
    return read


def _read_events(read: CalendarRead, text: str, name: str, place: Place, known: Known) -> None:
    """The events of a calendar whose lines are right."""
    try:
        with at_most(LINES_MAX):
            Calendar.from_ical(zones_in(text) or EMPTY)  # kept by the library: it is not asked again below
        calendar = Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
    except TooMuch:
        read.mistakes.append(place.mistake("describes time zones that change too often: take its VTIMEZONE out", name))
        return
    except GIVEN_UP as error:
        read.mistakes.append(place.mistake(f"is no calendar (RFC 5545): {error}", name))
        return
    _told(read, [wrong for event in events if (wrong := _mistake(event, known, Place(name))) is not None], name)
    if read.mistakes:
        return
    read.warnings += [told for event in events if (told := _never(event, Place(name))) is not None][:TOLD_MAX]
    try:
        read.shifts = _Shifts(recurring_ical_events.of(calendar), known)
    except GIVEN_UP as error:
        read.mistakes.append(place.mistake(f"has a series of events that cannot be reckoned: {error}", name))


def _told(read: CalendarRead, wrong: Sequence[Mistake], name: str) -> None:
    read.mistakes += wrong[:TOLD_MAX]
    if len(wrong) > TOLD_MAX:
        read.mistakes.append(Place(name).mistake(f"{len(wrong) - TOLD_MAX} more things are wrong"))


class _Shifts:
    """The shifts of a calendar that touch a span, reckoned piece by piece; NotReckoned once that takes too much.

    What was given up in the middle is never asked again: the library keeps what it has reckoned, and it is half done.
    """

    def __init__(self, query: Any, known: Known) -> None:
        self._query = query
        self._known = known
        self._kept: dict[int, tuple[Shift, ...]] = {}
        self._given_up = ""
        self._one_at_a_time = threading.Lock()

    def __call__(self, since: int, until: int) -> Sequence[Shift]:
        found: dict[Shift, None] = {}
        with self._one_at_a_time:
            for chunk in range(since // CHUNK_MS, until // CHUNK_MS + 1):
                found |= dict.fromkeys(self._chunk(chunk))
        return list(found)

    def _chunk(self, chunk: int) -> tuple[Shift, ...]:
        if self._given_up:
            raise NotReckoned(self._given_up)
        kept = self._kept.get(chunk)
        if kept is None:
            if len(self._kept) >= CHUNKS_MAX:
                self._kept.clear()
            kept = self._kept[chunk] = tuple(self._reckoned(chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS))
        return kept

    def _reckoned(self, since: int, until: int) -> list[Shift]:
        found: list[Shift] = []
        uid = ""
        try:
            # A day more at both ends: times without a zone are those of Beijing, which the library does not know.
            begin = (_EPOCH + timedelta(milliseconds=since)).astimezone(BEIJING) - _DAY
            end = (_EPOCH + timedelta(milliseconds=until)).astimezone(BEIJING) + _DAY
        except (ValueError, OverflowError):  # beyond what dates can say: nobody is on duty, so that everybody is told
            return []
        try:
            with at_most(LINES_MAX):
                for series in self._query.series:
                    uid = str(series.uid)[:TITLE_CHARACTERS_MAX]
                    for occurrence in series.between(begin, end):
                        found += self._shift(occurrence.as_component(False))
                        if len(found) > SHIFTS_MAX:
                            raise TooMuch
        except OverflowError:  # at the edge of what dates can say
            return []
        except (TooMuch, *GIVEN_UP) as error:
            words = "has too many shifts to reckon" if isinstance(error, TooMuch) else f"cannot be reckoned ({error})"
            self._given_up = f"{words}, given up at the series with the UID {uid}"
            self._query, self._kept = None, {}
            raise NotReckoned(self._given_up) from None
        return found

    def _shift(self, event: Any) -> Iterator[Shift]:
        named = people_of(event, self._known)
        span = _span(event)
        if named and span is not None and span[0] < span[1]:
            yield Shift(*span, tuple(named))


def _mistake(event: Any, known: Known, file: Place) -> Mistake | None:
    """What is wrong with an event, or None."""
    title = _title(event)
    if event.get("DTSTART") is None:
        return _place(event, file).mistake("has no DTSTART: it must say when the shift begins")
    if event.errors:
        key, words = event.errors[0]
        words = words.removeprefix("Content line could not be parsed into parts: ")
        return _and_uid(_place(event, file), event, key or "a line").mistake(f"cannot be read: {words}")
    try:
        return _wrong_shift(event, title, known, _place(event, file))
    except GIVEN_UP as error:
        return _place(event, file).mistake(f"cannot be read: {error}")


def _title(event: Any) -> str:
    return str(event.get("SUMMARY", "")).strip()[:TITLE_CHARACTERS_MAX]


def _place(event: Any, file: Place) -> Place:
    """Where an event is to be found: its title and the time of its beginning."""
    key = f'event "{_title(event)}"'
    try:
        return Place(file.file, f"{key} of {event['DTSTART'].dt.isoformat()}")
    except GIVEN_UP:
        return Place(file.file, key)


def _and_uid(place: Place, event: Any, part: str) -> Place:
    """The place of a part of an event. The UID finds it in the file, where nothing of the part may be shown."""
    uid = str(event.get("UID", ""))[:TITLE_CHARACTERS_MAX]
    return Place(place.file, f"{place.key}, UID {uid}, {part}" if uid else f"{place.key}, {part}")


def _wrong_shift(event: Any, title: str, known: Known, place: Place) -> Mistake | None:
    """What is wrong with an event that can be read, or None."""
    for key in _TIMES:
        for zone in _unknown_zones(event.get(key)):
            return place.mistake(f"{key} has a time zone that nobody knows, {zone}: write e.g. Asia/Shanghai")
    span = _span(event)
    if span is None or span[0] >= span[1]:
        return place.mistake("ends before it begins, or lasts no time: give it DTEND or DURATION")
    for number, attendee in enumerate(attendees_of(event), 1):
        if not invited(attendee, known):
            remedy = f"is nobody in people.toml, by id, name or address; {nearest(plain_address(attendee), known.ids)}"
            return _and_uid(place, event, f"ATTENDEE {number}").mistake(remedy, plain_address(attendee))
    if not people_of(event, known) and not is_off(event):
        remedy = "names nobody in people.toml, by id, name or address, in ATTENDEE or SUMMARY"
        return place.mistake(f"{remedy}; {nearest(title, (*known.ids, *known.names))}")
    return None


def _never(event: Any, file: Place) -> Mistake | None:
    """A warning where a series ends before it begins. No mistake: calendar programs leave such rests of a series."""
    for rule in listed(event.get("RRULE")):
        for until in rule.get("UNTIL", ()):
            last = _instant(until) + (0 if isinstance(until, datetime) else DAY_MS - 1)
            if last < _instant(event["DTSTART"].dt):
                remedy = "the series ends before it begins, and puts nobody on duty: mend UNTIL, or take the event out"
                return _and_uid(_place(event, file), event, "RRULE").mistake(remedy, f"UNTIL={until.isoformat()}")
    return None


def _span(event: Any) -> tuple[int, int] | None:
    """From when to when an event lasts. A day without hours lasts from midnight to midnight in Beijing."""
    begin = event["DTSTART"].dt
    if event.get("DTEND") is not None:
        end = event["DTEND"].dt
    elif event.get("DURATION") is not None:
        end = begin + event["DURATION"].dt
    else:
        end = begin if isinstance(begin, datetime) else begin + _DAY
    return _instant(begin), _instant(end)


def _instant(moment: date) -> int:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=BEIJING)
    return instant_ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=BEIJING))


def _unknown_zones(value: Any) -> Iterable[str]:
    """Names of time zones that neither the calendar nor the machine knows."""
    for one in listed(value):
        zone = getattr(one, "params", {}).get("TZID")
        moments = [getattr(item, "dt", None) for item in getattr(one, "dts", [one])]
        if zone and any(isinstance(moment, datetime) and moment.tzinfo is None for moment in moments):
            yield str(zone)
