"""readings: every report of a station as it came, void ones and tests too."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    SinceOption,
    StationArgument,
    UntilOption,
    clock_of_environment,
    configured,
    reading,
    span,
    station_named,
)
from gauge_ingest.commands.output import elapsed, flag_text, full_instant, instant, print_json, show, table
from gauge_ingest.core.model import Kind, Row, Station, Step
from gauge_ingest.core.reading_document import reading_document
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Former, Reader
from gauge_ingest.journal.together import rows_and_imported

# A station's clock may be ahead of ours: without --until its newest reports are shown all the same.
_EVER = 1 << 61
HistoryOption = Annotated[bool, typer.Option("--history", help="What was said of each reading before, too.")]
_STEP_STYLES = {
    Step.VOID: "dim",
    Step.OWED: "dim",
    Step.UNCONFIRMED: "yellow",
    Step.RESET: "yellow",
    Step.VOIDED: "cyan",
    Step.CORRECTED: "cyan",
    Step.IMPORTED: "cyan",
}


def readings(
    station: StationArgument,
    *,
    since: SinceOption,
    until: UntilOption = None,
    history: HistoryOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the readings of a station as they came, with void ones and tests."""
    configuration, clock = configured(config), clock_of_environment()
    begin, end = span(since, until, now=clock.now())
    with reading(configuration) as reader:
        if station not in configuration.stations and station not in reader.stations():
            station_named(station, configuration.stations)
        end = _EVER if until is None else end
        rows = list(rows_and_imported(reader, station, since=begin, until=end))
        former = _former(reader, station, begin, end) if history else None
    if as_json:
        print_json([_document(row, former) for row in rows])
    else:
        _show(rows, former or {}, configuration.stations.get(station), station, begin)


def _key(one: Row | Former) -> tuple[int, int, bool]:
    test = one.kind == Kind.TEST if isinstance(one, Row) else bool(one.test)
    return one.observed_at, one.counter, test


def _former(reader: Reader, station: str, since: int, until: int) -> dict[tuple[int, int, bool], list[Former]]:
    found: dict[tuple[int, int, bool], list[Former]] = {}
    for one in reader.verdicts(station, since=since, until=until):
        found.setdefault(_key(one), []).append(one)
    return found


def _document(row: Row, former: Mapping[tuple[int, int, bool], Sequence[Former]] | None) -> dict[str, Any]:
    document = reading_document(row)
    if former is not None:
        document["reasons"] = row.reasons
        document["history"] = [_former_document(one) for one in former.get(_key(row), ())]
    return document


def _former_document(one: Former) -> dict[str, Any]:
    return {
        "until": instant_text(one.at),
        "tips": one.tips,
        "tips_min": one.tips_min,
        "tips_max": one.tips_max,
        "step": Step(one.step).name.lower(),
        "flag": one.flag,
        "reasons": one.reasons,
    }


def _show(
    rows: Sequence[Row],
    former: Mapping[tuple[int, int, bool], Sequence[Former]],
    station: Station | None,
    name: str,
    begin: int,
) -> None:
    place = f" {station.name}" if station else ""
    title = f"{name}{place}  readings after {full_instant(begin)}, times of Beijing"
    if not rows:
        show(Text(title, style="bold"), "no readings")
        return
    numbers = ("received", "count", "tips", "seq", "boot")
    listing = table(
        "observed", *numbers[:3], "kind", "step", "flag", "seq", "boot", right=numbers, least=_least(rows, former)
    )
    for row in rows:
        step = Step(row.step)
        mended = " mended" if row.claimed_at != row.observed_at else ""
        listing.add_row(
            instant(row.observed_at, seconds=True),
            _delay(row),
            str(row.counter),
            _tips(row),
            Kind(row.kind).name.lower(),
            Text(step.name.lower() + mended, style=_STEP_STYLES.get(step, "")),
            flag_text(row.flag),
            "" if row.seq is None else str(row.seq),
            "" if row.boot is None else str(row.boot),
            style="bold" if row.tips else "",
        )
        for one in former.get(_key(row), ()):
            until = f"until {instant(one.at)}"
            listing.add_row(
                until, "", "", _tips(one), "", Step(one.step).name.lower(), flag_text(one.flag), style="dim"
            )
    show(Text(title, style="bold"), listing, f"{len(rows)} readings")


def _least(rows: Sequence[Row], former: Mapping[tuple[int, int, bool], Sequence[Former]]) -> dict[str, int]:
    """A time or a count that was cut short would be another one: rather the columns to the right of them are."""
    return {
        "observed": len("until 07-15 20:00" if former else "07-15 20:00:00"),
        "received": max(len(_delay(row)) for row in rows),
        "count": max(len(str(row.counter)) for row in rows),
    }


def _tips(row: Row | Former) -> str:
    if row.step in (Step.VOID, Step.OWED, Step.FIRST, Step.VOIDED):
        return ""
    return str(row.tips) if row.tips_min == row.tips_max else f"{row.tips_min}-{row.tips_max}"


def _delay(row: Row) -> str:
    sign = "+" if row.received_at >= row.observed_at else "-"
    return f"{sign}{elapsed(row.received_at - row.observed_at)}"
