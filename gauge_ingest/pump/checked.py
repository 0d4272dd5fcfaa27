"""Verdicts of readings that the journal holds already, looked at again when facts have come that concern them."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from gauge_ingest.core.corrections import Correction, holding, with_correction
from gauge_ingest.core.model import Kind, Row, Station, Step
from gauge_ingest.core.quality.amount import RETRO_MS
from gauge_ingest.core.quality.checks import StationChecks, verdict
from gauge_ingest.core.quality.record import Presence
from gauge_ingest.core.quality.seen import Mark, Said
from gauge_ingest.core.quality.verdicts import Outcome, Verdict, doubted
from gauge_ingest.journal import JUDGE, Journal
from gauge_ingest.pump.seen import (
    AROUND_MS,
    Heard,
    gauge_of,
    hear,
    neighbours_of,
    replayed,
    warm,
    warm_ms,
)

SLICE_ROWS = 400
_VOID = Verdict(9, 0)


class Checked(NamedTuple):
    """Whether any verdict changed, and up to where the span is done: None for all of it."""

    changed: bool
    up_to: int | None


def check_again(
    journal: Journal,
    stations: Mapping[str, Station],
    station: Station,
    *,
    since: int,
    until: int,
    now: int,
    configuration: int,
) -> Checked:
    """Judge the readings of a station in (since, until] again, a slice of them; changes are written and announced."""
    reader = journal.reader
    rows = list(islice(reader.rows(station.id, since=since, until=until), SLICE_ROWS + 1))
    up_to = None
    if len(rows) > SLICE_ROWS:
        up_to = rows[-1].observed_at - 1  # readings of one time stay together
        rows = [row for row in rows if row.observed_at <= up_to] or rows
        up_to = rows[-1].observed_at
    if not rows:
        return Checked(changed=False, up_to=None)
    judged = _judged(journal, stations, station, rows, since=min(since, rows[0].observed_at - 1))
    changed = [(row, new) for row, new in judged if new != (row.flag, row.checks, row.reasons)]
    if changed:
        number = journal.station_number(station.id)
        journal.verdicts.judge(number, changed, at=now, configuration=configuration)
        journal.log_rain(array("q", [number, changed[0][0].observed_at - 1, changed[-1][0].observed_at]))
        doubts = [row for row, new in changed if row.tips_max and doubted(new.checks) != doubted(row.checks)]
        if doubts:
            journal.owing.owe(JUDGE, number, since=doubts[0].observed_at - 1, until=doubts[-1].observed_at)
    return Checked(changed=bool(changed), up_to=up_to)


def _judged(
    journal: Journal, stations: Mapping[str, Station], station: Station, rows: Sequence[Row], *, since: int
) -> list[tuple[Row, Verdict]]:
    """The verdicts of rows, with what later readings mark on them."""
    reader, last = journal.reader, rows[-1].observed_at
    checks = StationChecks(gauge_of(station, at=last), station.quality)
    around = neighbours_of(station, stations)
    known_from = since - warm_ms(station) - AROUND_MS
    # Marks are for wet readings alone: only for these it matters what comes after.
    end = last + RETRO_MS if any(row.tips for row in rows) else last
    for other in around:
        heard = Heard(Presence(gauge_of(other, at=last).silence_ms))
        hear(heard, reader, other, since=known_from, until=end)
        checks.neighbours.append(heard)
    checks.reset()
    hear(checks, reader, station, since=known_from, until=end)
    warm(checks, reader, station, around, at=since)
    said = list(replayed(checks, reader.rows(station.id, since=since, until=end), station))
    _apply(checks.marks, said)
    corrections = reader.corrections.in_force(station.id)
    return [
        (row, _final(row, one, corrections)) for row, one in said if row.observed_at <= last and row.step != Step.OWED
    ]


def _final(row: Row, said: list[Said] | Verdict | None, corrections: Sequence[Correction]) -> Verdict:
    """What the checks say, below the word of a person. Of what is no fact about rain nothing is said but that."""
    found = _VOID if said is None else said if isinstance(said, Verdict) else verdict(said, Step(row.step))
    if not corrections or row.step == Step.VOID or row.kind == Kind.TEST:
        return found
    return with_correction(found, holding(corrections, row.observed_at))


def _apply(marks: Sequence[Mark], said: Sequence[tuple[Row, list[Said] | Verdict | None]]) -> None:
    """Put marks on the wet readings that they are meant for. What failed stays failed."""
    times = [row.observed_at for row, _ in said]
    for mark in marks:
        for row, one in said[bisect_right(times, mark.since) : bisect_right(times, mark.until)]:
            if isinstance(one, list) and row.tips > 0 and one[mark.check].outcome is not Outcome.FAILED:
                one[mark.check] = mark.said
