"""The text of an iCalendar file (RFC 5545), looked at line by line before a library reads it.

What a library would never end with, or tell of without its line, is found here: a file that is cut off, lines that are
none, series that come by the second.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LINES_MAX = 100_000  # the library reads about 25 thousand in a second
DATES_MAX = 10_000  # of RDATE and EXDATE together
ZONES_MAX = 100  # halves of a year, standard or daylight, that time zones describe
RULE_CHARACTERS_MAX = 512
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_LINE = re.compile(r"[\w.-]+(?=[;:]).*:", re.ASCII | re.DOTALL)
_NO_CALENDAR = "is no calendar (RFC 5545): "
_ZONE_PARTS = ("STANDARD", "DAYLIGHT")


class Fault(NamedTuple):
    """What is wrong on a line: what stands there, and what would be right. An empty value is not shown."""

    line: int
    value: str
    remedy: str


class _Line(NamedTuple):
    number: int
    name: str
    value: str
    text: str


def faults(text: str) -> list[Fault]:
    """Everything that is wrong with the lines of a calendar, in their order."""
    lines = list(_lines(text))
    if len(lines) > LINES_MAX:
        return [Fault(lines[LINES_MAX].number, "", f"must have at most {LINES_MAX} lines: export fewer months")]
    found = _structure(lines)
    dates = zones = 0
    for line in lines:
        if line.name == "RRULE":
            found += [Fault(line.number, shown, remedy) for shown, remedy in _rule_faults(line.value)]
        elif line.name in ("RDATE", "EXDATE"):
            before, dates = dates, dates + 1 + line.value.count(",")
            if before <= DATES_MAX < dates:
                found.append(Fault(line.number, "", f"RDATE and EXDATE must name at most {DATES_MAX} dates in all"))
        elif line.name == "BEGIN" and line.value.upper() in _ZONE_PARTS:
            zones += 1
            if zones == ZONES_MAX + 1:
                found.append(Fault(line.number, "", f"time zones must have at most {ZONES_MAX} parts in all"))
    return sorted(found, key=lambda fault: fault.line)


def events_in(text: str) -> int:
    """How many events a calendar holds."""
    return sum(line.name == "BEGIN" and line.value.upper() == "VEVENT" for line in _lines(text))


def zones_in(text: str) -> str:
    """A calendar of nothing but the time zones that a calendar describes; empty where it describes none."""
    kept, within = [], False
    for line in _lines(text):
        is_edge = line.name in ("BEGIN", "END") and line.value.upper() == "VTIMEZONE"
        within = line.name == "BEGIN" if is_edge else within
        if within or is_edge:
            kept.append(line.text)
    return "\r\n".join(["BEGIN:VCALENDAR", *kept, "END:VCALENDAR", ""]) if kept else ""


def _lines(text: str) -> Iterator[_Line]:
    """The lines with what is folded put together, each with the number on which it begins; empty ones left out."""
    number, parts = 0, [""]
    for at, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip("\r")
        if line[:1] in (" ", "\t"):
            parts.append(line[1:])
        elif line:
            yield from _line(number, "".join(parts))
            number, parts = at, [line]
    yield from _line(number, "".join(parts))


def _line(number: int, text: str) -> Iterator[_Line]:
    if text:
        head, _, value = text.partition(":")
        yield _Line(number, head.partition(";")[0].upper(), value.strip(), text)


def _structure(lines: list[_Line]) -> list[Fault]:
    if not lines or (lines[0].name, lines[0].value.upper()) != ("BEGIN", "VCALENDAR"):
        return [Fault(lines[0].number if lines else 1, "", f"{_NO_CALENDAR}it must begin with BEGIN:VCALENDAR")]
    found: list[Fault] = []
    still_open: list[_Line] = []
    for line in lines:
        if line.name == "BEGIN":
            still_open.append(line)
        elif line.name == "END":
            if not still_open or still_open[-1].value.upper() != line.value.upper():
                what = f"END:{still_open[-1].value} is missing before it" if still_open else "nothing was begun"
                return [*found, Fault(line.number, line.text, _NO_CALENDAR + what)]
            still_open.pop()
        elif not _LINE.match(line.text):
            found.append(Fault(line.number, line.text, "is no line of a calendar: write NAME:value, e.g. SUMMARY:liu"))
    if still_open:
        first = still_open[-1]
        words = (
            f"{_NO_CALENDAR}the file is cut off, END:{first.value} of line {first.number} is missing: export it again"
        )
        found.append(Fault(lines[-1].number, "", words))
    return found


def _rule_faults(rule: str) -> Iterator[tuple[str, str]]:
    if len(rule) > RULE_CHARACTERS_MAX:
        yield f"RRULE:{rule}", f"must be at most {RULE_CHARACTERS_MAX} characters long: write several events"
        return
    parts = {name.strip().upper(): value.strip() for name, _, value in (one.partition("=") for one in rule.split(";"))}
    often = parts.get("FREQ", "").upper()
    if often not in FREQUENCIES:
        yield f"RRULE:{rule}", f"FREQ must be one of {', '.join(FREQUENCIES)}: a shift lasts longer than minutes"
    for name in ("INTERVAL", "COUNT"):
        value = parts.get(name, "1")
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
            yield f"RRULE:{rule}", f"{name} must be a whole number of at least 1, or be left out"
