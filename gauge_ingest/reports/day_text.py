"""The day's report as plain text that reads the same on a screen, in a mail and on paper; made of its document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

from gauge_ingest.core.model import Flag

_FLAGS = {
    Flag.GOOD: "",
    Flag.NOT_EVALUATED: "unchecked",
    Flag.SUSPECT: "SUSPECT",
    Flag.FAIL: "FAIL",
    Flag.MISSING: "missing",
}
_COVERED_MIN = 0.995  # below it the day's rain is a lower bound
_EVENTS_MAX = 12  # of one alert


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The report, line by line."""
    yield f"Day {report['day']}, {_short(report['since'])} to {_short(report['until'])}, times of Beijing"
    revision = report.get("revision")
    made = f"made {_short(report['made_at'])}"
    yield made if revision in (None, 1) else f"{made}, revision {revision}"
    if report["owed"]:
        yield f"NOT FINAL: {report['owed']} spans are still to be derived"
    for change in report.get("changes", ()):
        yield f"CHANGED since the report of {_short(change['since'])}: {'; '.join(change['what'])}"
    yield ""
    yield from _stations(report["stations"])
    yield from _alerts(report["alerts"])
    yield from _silences(report["silences"])
    yield from _corrections(report["corrections"])
    yield from _found(report["stations"])


def text(report: Mapping[str, Any]) -> str:
    """The whole report."""
    return "\n".join(line.rstrip() for line in lines(report)) + "\n"


def _stations(stations: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    calibrated = any(one["corrected_mm"] != one["rain_mm"] for one in stations)
    head = ["station", "", "rain mm", "at least", "at most", *(["corrected"] if calibrated else [])]
    rows = [[*head, "in 1 h", "until", "covered", "low V", ""]]
    for one in sorted(stations, key=lambda one: -one["rain_mm"]):
        figures = ["rain_mm", "rain_mm_min", "rain_mm_max", *(["corrected_mm"] if calibrated else [])]
        heard = one["flag"] != Flag.MISSING or one["coverage"] > 0
        rows.append(
            [
                one["station"],
                one["name"],
                *(f"{one[name]:.1f}" if heard else "?" for name in figures),
                "" if not one["hour_mm"] else f"{one['hour_mm']:.1f}",
                "" if one["hour_until"] is None else _clock(one["hour_until"]),
                _share(one["coverage"]),
                "" if one["battery_min_v"] is None else f"{one['battery_min_v']:.1f}",
                _FLAGS[Flag(one["flag"])],
            ]
        )
    yield from _table(rows, right=set(range(2, len(rows[0]) - 1)))
    partly = [_place(one) for one in stations if one["coverage"] < _COVERED_MIN]
    if partly:
        yield f"not covered by reports all day, so that more may have fallen: {', '.join(partly)}"


def _alerts(alerts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"Alerts: {len(alerts)}" if alerts else "Alerts: none"
    for one in alerts:
        level = one["level"] if one["peak"] == one["level"] else f"{one['level']}, highest {one['peak']}"
        state = "STANDS" if one["stands"] else "over"
        yield f"  {one['id']}  {_place(one)}  {one['rule']}  {level}  {state}; {_seen(one)}"
        for event in one["events"][:_EVENTS_MAX]:
            level = f" {event['level']}" if event["level"] else ""
            by = f" by {event['who']}" if event["who"] else ""
            why = f": {event['reason']}" if event["reason"] else ""
            yield f"      {_clock(event['at'])} {event['kind']}{level}{by}{why}"
        if len(one["events"]) > _EVENTS_MAX:
            yield f"      … and {len(one['events']) - _EVENTS_MAX} more: gauge-ingest alerts show {one['id']}"


def _seen(one: Mapping[str, Any]) -> str:
    return f"acknowledged by {one['acknowledged_by']}" if one["acknowledged_by"] else "acknowledged by nobody"


def _silences(silences: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not silences:
        return
    yield ""
    yield f"Silences and maintenance windows: {len(silences)}"
    for one in silences:
        moving = ", levels that move people too" if one["evacuation"] else ""
        rule = f" {one['rule']}" if one["rule"] else ""
        yield (
            f"  {one['id']}  {_place(one)}{rule}{moving}  {_short(one['since'])} to {_short(one['until'])}"
            f" by {one['who']}: {one['why']}"
        )


def _corrections(corrections: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not corrections:
        return
    yield ""
    yield f"Corrections entered: {len(corrections)}"
    for one in corrections:
        depth = "" if one["rain_mm"] is None else f" {one['rain_mm']:g} mm"
        span = f"{_short(one['since'])} to {_short(one['until'])}"
        yield f"  {one['id']}  {_place(one)} {one['what']}{depth}, {span} by {one['who']}: {one['why']}"


def _found(stations: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    told = [(found["grade"], one, found) for one in stations for found in one["found"]]
    yield ""
    yield "Stations: all are well" if not told else f"Stations: {len(told)} things to look at"
    for grade, one, found in sorted(told, key=lambda told: (told[0] != "ill", told[1]["station"])):
        word = "ILL" if grade == "ill" else "watch"
        yield f"  {_place(one)}  {word:5}  {found['name']}: {found['reason']}"


def _place(one: Mapping[str, Any]) -> str:
    """The id of a place, and what people call it."""
    return f"{one.get('scope') or one['station']} {one['name']}".rstrip()


def _table(rows: Sequence[Sequence[str]], *, right: set[int]) -> Iterator[str]:
    """Columns that line up in a font of one width, in which Chinese characters are twice as wide."""
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            room = " " * (width - _width(cell))
            cells.append(f"{room}{cell}" if place in right else f"{cell}{room}")
        yield "  ".join(cells)


def _width(cell: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in cell)


def _share(share: float) -> str:
    return f"{min(share * 100, 99.9):.1f}%" if share < 1 else "100%"


def _short(instant: str) -> str:
    """2026-07-15T18:05:00+08:00 to the minute."""
    return f"{instant[:10]} {instant[11:16]}"


def _clock(instant: str) -> str:
    return instant[11:16]
