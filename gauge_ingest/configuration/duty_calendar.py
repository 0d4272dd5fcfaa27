"""A duty rota as an iCalendar file (RFC 5545): its events, the recurring ones too, as shifts of known people."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from gauge_ingest.configuration.files import read_text
from gauge_ingest.configuration.mistakes import Mistake, Place
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import Person, Shift, no_shifts
from gauge_ingest.core.spans import BEIJING, instant_ms

BYTES_MAX = 4 * 1024 * 1024
EVENTS_MAX = 3_000  # the library reads about a thousand in a second
TOLD_MAX = 10  # mistakes of one calendar; the others are counted
CHUNK_MS = 28 * DAY_MS  # what is reckoned at once, and kept
CHUNKS_MAX = 32
TITLE_CHARACTERS_MAX = 60

_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,128}\.ics")
_BETWEEN_NAMES = re.compile(r"[\s,;/&+|:()，；、：（）]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
# How the libraries give up (icalendar 7.3, recurring-ical-events 3.8).
GIVEN_UP = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
_THINGS = ("ROOM", "RESOURCE")  # what is invited and is no person


@dataclass(slots=True)
class CalendarRead:
    """What a calendar says: the shifts that touch a span, its SHA-256, every mistake in it."""

    shifts: Callable[[int, int], Sequence[Shift]] = no_shifts
    sha256: str = ""
    mistakes: list[Mistake] = field(default_factory=list)


def read_calendar(name: object, directory: Path, place: Place, people: Mapping[str, Person]) -> CalendarRead:
    """The calendar of that name beside people.toml, whose events name people by id, name or address."""
    read = CalendarRead()
    if not isinstance(name, str) or not _FILE_NAME.fullmatch(name):
        remedy = "must be the name of a file beside people.toml that ends in .ics, e.g. duty.ics"
        read.mistakes.append(place.mistake(remedy, name))
        return read
    try:
        text = read_text(directory / name, BYTES_MAX)
        calendar = Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
    except OSError as error:
        read.mistakes.append(place.mistake(f"cannot be read ({error.strerror}): it must stand in {directory}", name))
        return read
    except GIVEN_UP as error:
        read.mistakes.append(place.mistake(f"is no calendar (RFC 5545): {error}", name))
        return read
    read.sha256 = hashlib.sha256(text.encode()).hexdigest()
    if not 1 <= len(events) <= EVENTS_MAX:
        read.mistakes.append(place.mistake(f"must hold 1 to {EVENTS_MAX} events, it has {len(events)}", name))
        return read
    known = _Known(people)
    wrong = [mistake for event in events if (mistake := _mistake(event, known, Place(name))) is not None]
    read.mistakes += wrong[:TOLD_MAX]
    if len(wrong) > TOLD_MAX:
        read.mistakes.append(Place(name).mistake(f"{len(wrong) - TOLD_MAX} more events are wrong"))
    if not wrong:
        try:
            read.shifts = _Shifts(recurring_ical_events.of(calendar), known)
        except GIVEN_UP as error:
            read.mistakes.append(place.mistake(f"has a series of events that cannot be reckoned: {error}", name))
    return read


class _Known:
    """People by whatever a calendar may call them."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self.ids = {name.lower(): name for name in people}
        self.names = {person.name: person.id for person in people.values()}
        self.addresses: dict[str, list[str]] = {}
        for person in people.values():
            for address in person.reach:
                self.addresses.setdefault(address.to.lower(), []).append(person.id)

    def called(self, word: str) -> list[str]:
        """Whom a whole word calls, be it an id, a name or an address."""
        plain = word.strip()
        address = re.sub(r"^(mailto|tel|sms):", "", plain, flags=re.IGNORECASE).lower()
        one = self.ids.get(address) or self.names.get(plain)
        return [one] if one else self.addresses.get(address, [])

    def in_title(self, title: str) -> list[str]:
        """Whom a title calls: as a whole, in words of its own, else as names inside of words, the longest first."""
        found = self.called(title) or [name for word in _BETWEEN_NAMES.split(title) for name in self.called(word)]
        if not found:
            for name in sorted(self.names, key=len, reverse=True):
                if name in title:
                    found.append(self.names[name])
                    title = title.replace(name, " ")
        return list(dict.fromkeys(found))


class _Shifts:
    """The shifts of a calendar that touch a span, reckoned piece by piece."""

    def __init__(self, query: Any, known: _Known) -> None:
        self._query = query
        self._known = known
        self._kept: dict[int, tuple[Shift, ...]] = {}

    def __call__(self, since: int, until: int) -> Sequence[Shift]:
        found: dict[Shift, None] = {}
        for chunk in range(since // CHUNK_MS, until // CHUNK_MS + 1):
            found |= dict.fromkeys(self._chunk(chunk))
        return list(found)

    def _chunk(self, chunk: int) -> tuple[Shift, ...]:
        kept = self._kept.get(chunk)
        if kept is None:
            if len(self._kept) >= CHUNKS_MAX:
                self._kept.clear()
            kept = self._kept[chunk] = tuple(self._reckoned(chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS))
        return kept

    def _reckoned(self, since: int, until: int) -> Iterator[Shift]:
        try:
            # A day more at both ends: times without a zone are those of Beijing, which the library does not know.
            begin = (_EPOCH + timedelta(milliseconds=since)).astimezone(BEIJING) - _DAY
            end = (_EPOCH + timedelta(milliseconds=until)).astimezone(BEIJING) + _DAY
            events = self._query.between(begin, end)
        except (ValueError, OverflowError):  # beyond what dates can say: nobody is on duty, so that everybody is told
            return
        for event in events:
            named = _people(event, self._known)
            span = _span(event)
            if named and span is not None and span[0] < span[1]:
                yield Shift(*span, tuple(named))


def _mistake(event: Any, known: _Known, file: Place) -> Mistake | None:
    """What is wrong with an event, or None."""
    title = str(event.get("SUMMARY", "")).strip()[:TITLE_CHARACTERS_MAX]
    place = Place(file.file, f'event "{title}"')
    if event.get("DTSTART") is None:
        return place.mistake("has no DTSTART: it must say when the shift begins")
    if event.errors:
        key, words = event.errors[0]
        return place.mistake(f"cannot be read: {key}: {words}")
    try:
        place = Place(file.file, f'event "{title}" of {event["DTSTART"].dt.isoformat()}')
        return _wrong_shift(event, title, known, place)
    except GIVEN_UP as error:
        return place.mistake(f"cannot be read: {error}")


def _wrong_shift(event: Any, title: str, known: _Known, place: Place) -> Mistake | None:
    """What is wrong with an event that can be read, or None."""
    for key in _TIMES:
        for zone in _unknown_zones(event.get(key)):
            return place.mistake(f"{key} has a time zone that nobody knows, {zone}: write e.g. Asia/Shanghai")
    span = _span(event)
    if span is None or span[0] >= span[1]:
        return place.mistake("ends before it begins, or lasts no time: give it DTEND or DURATION")
    for attendee in _attendees(event):
        if not _invited(attendee, known):
            remedy = f"is nobody in people.toml, by id, name or address; {nearest(_plain(attendee), known.ids)}"
            return place.mistake(remedy, _plain(attendee))
    if not _people(event, known) and not _is_off(event):
        remedy = "names nobody in people.toml, by id, name or address, in ATTENDEE or SUMMARY"
        return place.mistake(f"{remedy}; {nearest(title, (*known.ids, *known.names))}")
    return None


def _people(event: Any, known: _Known) -> list[str]:
    """The ids of those whom an event puts on duty; none when it is cancelled."""
    if _is_off(event):
        return []
    invited = [name for attendee in _attendees(event) for name in _invited(attendee, known)]
    return list(dict.fromkeys(invited)) or known.in_title(str(event.get("SUMMARY", "")))


def _is_off(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _attendees(event: Any) -> list[Any]:
    return [one for one in _listed(event.get("ATTENDEE")) if str(one.params.get("CUTYPE", "")).upper() not in _THINGS]


def _invited(attendee: Any, known: _Known) -> list[str]:
    return known.called(str(attendee)) or known.called(str(attendee.params.get("CN", "")))


def _plain(attendee: Any) -> str:
    return re.sub(r"^mailto:", "", str(attendee), flags=re.IGNORECASE)


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
    for one in _listed(value):
        zone = getattr(one, "params", {}).get("TZID")
        moments = [getattr(item, "dt", None) for item in getattr(one, "dts", [one])]
        if zone and any(isinstance(moment, datetime) and moment.tzinfo is None for moment in moments):
            yield str(zone)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
