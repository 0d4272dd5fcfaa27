"""readings: every report of a station as it came, void ones and tests too."""

from collections.abc import Sequence
from typing import Any

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
from gauge_ingest.core.spans import instant_text

# A station's clock may be ahead of ours: without --until its newest reports are shown all the same.
_EVER = 1 << 61
_STEP_STYLES = {Step.VOID: "dim", Step.OWED: "dim", Step.UNCONFIRMED: "yellow", Step.RESET: "yellow"}


def readings(
    station: StationArgument,
    *,
    since: SinceOption,
    until: UntilOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the readings of a station as they came, with void ones and tests."""
    configuration, clock = configured(config), clock_of_environment()
    begin, end = span(since, until, now=clock.now())
    with reading(configuration) as reader:
        if station not in configuration.stations and station not in reader.stations():
            station_named(station, configuration.stations)
        rows = list(reader.rows(station, since=begin, until=_EVER if until is None else end))
    if as_json:
        print_json([_document(row) for row in rows])
    else:
        _show(rows, configuration.stations.get(station), station, begin)


def _document(row: Row) -> dict[str, Any]:
    return {
        "station": row.station,
        "seq": row.seq,
        "boot": row.boot,
        "observed_at": instant_text(row.observed_at),
        "received_at": instant_text(row.received_at),
        "count": row.counter,
        "kind": Kind(row.kind).name.lower(),
        "flag": int(row.flag),
        "message_id": row.message_id,
    }


def _show(rows: Sequence[Row], station: Station | None, name: str, begin: int) -> None:
    place = f" {station.name}" if station else ""
    title = f"{name}{place}  readings after {full_instant(begin)}, times of Beijing"
    if not rows:
        show(Text(title, style="bold"), "no readings")
        return
    numbers = ("received", "count", "tips", "seq", "boot")
    listing = table("observed", *numbers[:3], "kind", "step", "flag", "seq", "boot", right=numbers)
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
    show(Text(title, style="bold"), listing, f"{len(rows)} readings")


def _tips(row: Row) -> str:
    if row.step in (Step.VOID, Step.OWED, Step.FIRST):
        return ""
    return str(row.tips) if row.tips_min == row.tips_max else f"{row.tips_min}-{row.tips_max}"


def _delay(row: Row) -> str:
    sign = "+" if row.received_at >= row.observed_at else "-"
    return f"{sign}{elapsed(row.received_at - row.observed_at)}"
