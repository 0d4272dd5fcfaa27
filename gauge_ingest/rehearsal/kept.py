"""The journal's readings as they came: reports of each station, and the order in which they arrived."""

from collections.abc import Callable, Mapping, Sequence

from gauge_ingest.core.corrections import holding
from gauge_ingest.core.model import DAY_MS, Basin, Flag, Increment, Row, Rule, Station, Step
from gauge_ingest.core.quality.verdicts import doubted
from gauge_ingest.journal import Reader
from gauge_ingest.rehearsal.counts import UNKNOWN, Counts, Reports
from gauge_ingest.rehearsal.replay import Record, unwatched

# So long before what is asked for the reading begins, so that windows are full and what stands then stands.
BEFORE_MS = DAY_MS


def read_kept(
    reader: Reader,
    stations: Mapping[str, Station],
    rules: Sequence[Rule],
    basins: Mapping[str, Basin],
    *,
    since: int,
    until: int,
    on_share: Callable[[float], None] = unwatched,
) -> Record:
    """The readings of all stations that were received up to an instant, from well before another."""
    judged = [basins[name] for name in dict.fromkeys(name for rule in rules for name in rule.basins)]
    watched = {name for rule in rules for name in rule.stations} | {name for one in judged for name in one.stations}
    begin = _begin(reader, rules, since)
    told = [station for name, station in stations.items() if name in watched]
    kept: list[Reports] = []
    for number, station in enumerate(told):
        on_share(number / len(told))
        kept.append(_reports(reader, station, begin, until))
    order = sorted(
        (reports.received_at[place], reports.message_id[place], reports.observed_at[place], number, place)
        for number, reports in enumerate(kept)
        for place in range(len(reports))
    )
    return Record(
        courses=[Counts(reports) for reports in kept],
        arrivals=((received_at, number, place) for received_at, _, _, number, place in order),
        total=len(order),
        since=since,
        until=until,
        ends_at=until,
        basins=judged,
        unheard=frozenset(reports.station.id for reports in kept if not len(reports)),
    )


def _begin(reader: Reader, rules: Sequence[Rule], since: int) -> int:
    """From where to read: before every window and the days that wet the ground, and before the rain of what stood."""
    reach_ms = max((rule.window_max_s + rule.minimum_s for rule in rules), default=0) * 1000
    days = max((rule.wetness.days + 1 for rule in rules if rule.wetness is not None), default=0)
    begin = since - 2 * reach_ms - days * DAY_MS - BEFORE_MS
    standing = [
        alert.rained_since
        for rule in rules
        for name in (*rule.stations, *rule.basins)
        for alert in reader.alerts.overlapping(rule.id, name, since=begin, until=since)
    ]
    return min([begin, *(at - 2 * reach_ms - days * DAY_MS for at in standing)])


def _reports(reader: Reader, station: Station, begin: int, until: int) -> Reports:
    reports = Reports(station)
    corrections = reader.corrections.in_force(station.id)
    for row in reader.rows(station.id, since=begin, until=until + DAY_MS):
        if row.received_at > until:
            continue
        if corrections and holding(corrections, row.observed_at) and row.step not in (Step.VOID, Step.OWED):
            reports.said[len(reports)] = _increment(row)
        reports.observed_at.append(row.observed_at)
        reports.claimed_at.append(row.claimed_at)
        reports.received_at.append(row.received_at)
        reports.counter.append(row.counter)
        reports.kind.append(row.kind)
        reports.seq.append(UNKNOWN if row.seq is None else row.seq)
        reports.boot.append(UNKNOWN if row.boot is None else row.boot)
        reports.message_id.append(row.message_id)
        reports.doubted.append(doubted(row.checks))
    return reports


def _increment(row: Row) -> Increment:
    tips = (row.tips, row.tips_min, row.tips_max)
    return Increment(row.since, row.observed_at, *tips, Step(row.step), Flag(row.flag), bool(row.anchor))
