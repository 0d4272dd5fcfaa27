"""What a correction would change: the rain of its span before and after, and the alerts that stand on it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gauge_ingest.core.corrections import Correction, at_once, corrected, in_force
from gauge_ingest.core.model import Alert, Kind, Row, Rule, Station, Step
from gauge_ingest.journal import Reader
from gauge_ingest.pump.sweep import row_as, sweep_whole


class Rain(NamedTuple):
    """Rain of a span: the best answer, and what may have fallen at most."""

    rain_mm: float
    rain_mm_max: float


class Preview(NamedTuple):
    """Of the readings in a correction's span: how many count, their rain, and alerts whose windows reach into it."""

    readings: int
    before: Rain
    after: Rain
    alerts: list[Alert]


def preview(reader: Reader, station: Station, rules: Iterable[Rule], draft: Correction) -> Preview:
    """What a drafted correction would change, from any process; it takes longer than the rain may have to wait."""
    entries = reader.corrections.entries(station.id)
    present, future = in_force(entries), in_force([*entries, draft])
    since, until = at_once([*present, *future], since=draft.since, until=draft.until)
    rows, derived, _ = sweep_whole(reader, station, since=since, until=until)
    after = [row_as(row, one) for row, one in zip(rows, corrected(derived, future, station), strict=True)]
    inside = [place for place, row in enumerate(rows) if draft.since < row.observed_at <= draft.until]
    now_standing = [rows[place] for place in inside if _stands(rows[place])]
    then_standing = [after[place] for place in inside if _stands(after[place])]
    alerts = [
        alert
        for rule in rules
        if station.id in rule.stations
        for alert in reader.alerts.overlapping(
            rule.id, station.id, since=draft.since, until=draft.until + rule.window_max_s * 1000
        )
    ]
    return Preview(len(then_standing), _rain(now_standing, station), _rain(then_standing, station), alerts)


def _stands(row: Row) -> bool:
    return row.kind != Kind.TEST and row.step not in (Step.VOID, Step.OWED)


def _rain(rows: Sequence[Row], station: Station) -> Rain:
    depths_mm = [
        (station.depth_mm(row.tips, until=row.observed_at), station.depth_mm(row.tips_max, until=row.observed_at))
        for row in rows
    ]
    return Rain(round(sum(one[0] for one in depths_mm), 3), round(sum(one[1] for one in depths_mm), 3))
