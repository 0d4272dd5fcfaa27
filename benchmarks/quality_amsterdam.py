"""A dead gauge and four healthy ones near Amsterdam: the service's flags beside those of pypwsqc."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from benchmarks.quality_assess import Assessed
from benchmarks.quality_figures import HOUR_S, Part, Table, Wanted, percent, share_text, worst
from benchmarks.quality_records import DEAD, PEER_CHECKS, Amsterdam

DEAD_AFTER_MM = 5.0  # of the neighbours: from here on a gauge without a tip is to be flagged
HEALTHY_BELOW_MM = 2.0  # of the neighbours since a gauge's own last tip: it may be dry without a fault
DEAD_FLAGGED_MIN, HEALTHY_FLAGGED_MAX = 99.0, 0.5  # per cent
SPAN_BREAK = timedelta(hours=6)  # flags closer than this are one span
SPANS_SHOWN = 40
OURS = "gauge-ingest"

# Gauges that pass for healthy and were not, by the rain of their neighbours: spans in which flags are hits.
ILL = {
    "ams8": [(datetime(2017, 7, 29, tzinfo=UTC), datetime(2017, 7, 30, tzinfo=UTC))],
    "ams12": [(datetime(2017, 9, 14, tzinfo=UTC), datetime(2017, 10, 8, tzinfo=UTC))],
}


class Span(NamedTuple):
    """Flags of a gauge that belong together: steps, how many are flagged, by which checks, and the rain meanwhile."""

    station: str
    first: int
    last: int
    flagged: int
    checks: str
    own_mm: float
    neighbours_mm: float
    missed_mm: float  # the most that the neighbours had since the gauge's own last tip


def figures(record: Amsterdam, assessed: Sequence[Assessed]) -> Part:
    """All that this record shows; `assessed` is in the order of `record.rows()`."""
    ours = {station: list(assessed[place :: len(record.sites)]) for place, station in enumerate(record.rain_mm)}
    healthy = [station for station in record.rain_mm if station != DEAD]
    dead, dead_share = _dead(record, ours[DEAD], healthy)
    missed_mm = {
        station: list(since_own_tip_mm(record, station, [one for one in healthy if one != station]))
        for station in healthy
    }
    false, false_shares = _healthy(record, ours, missed_mm)
    spans = [span for station in healthy for span in spans_of(record, station, ours[station], missed_mm[station])]
    return Part(
        "amsterdam",
        [dead, false, _spans_table(record, spans), _ill_table(record, ours)],
        [
            Wanted("steps of the dead gauge that are flagged", dead_share, DEAD_FLAGGED_MIN, "%", at_least=True),
            Wanted("false flags on the worst healthy gauge", worst(false_shares), HEALTHY_FLAGGED_MAX, "%"),
        ],
    )


def _dead(record: Amsterdam, ours: Sequence[Assessed], healthy: Sequence[str]) -> tuple[Table, float | None]:
    since_start_mm = list(_medians([_running_mm(record.rain_mm[one]) for one in healthy]))
    known = [step for step, rain_mm in enumerate(record.rain_mm[DEAD]) if rain_mm is not None]
    judged = [step for step in known if since_start_mm[step] > DEAD_AFTER_MM]
    rained_at = next((record.times[step] for step, rain_mm in enumerate(since_start_mm) if rain_mm > 0), None)
    told = [one.decided_at or record.times[step] for step, one in enumerate(ours) if one.flagged]
    answers = [(OURS, [one.flagged for one in ours], min(told, default=None))]
    for check in PEER_CHECKS:
        flags = [flag == 1 for flag in record.peer[DEAD][check]]
        first_at = record.times[flags.index(True)] if any(flags) else None
        answers.append((f"pypwsqc {check}", flags, first_at))
    rows = []
    for who, flagged, first_at in answers:
        hits = sum(flagged[step] for step in judged)
        everywhere = share_text(sum(flagged), len(flagged))
        delay = _delay(record, since_start_mm, rained_at, first_at)
        rows.append((who, str(hits), str(len(judged) - hits), share_text(hits, len(judged)), everywhere, *delay))
    heads = ("", "hits", "misses", "share", "of all steps", "first flagged", "neighbours had", "after their first rain")
    title = f"{DEAD}, dead: steps with a value after the neighbours' median has passed {DEAD_AFTER_MM:g} mm"
    return Table(title, heads, rows), percent(int(rows[0][1]), len(judged))


def _delay(
    record: Amsterdam, since_start_mm: Sequence[float], rained_at: datetime | None, first_at: datetime | None
) -> tuple[str, str, str]:
    if first_at is None or rained_at is None:
        return "never", "-", "-"
    until = max((step for step, at in enumerate(record.times) if at <= first_at), default=0)
    hours = (first_at - rained_at).total_seconds() / HOUR_S
    return f"{first_at:%Y-%m-%d %H:%M}", f"{since_start_mm[until]:.1f} mm", f"{hours:.1f} h"


def _healthy(
    record: Amsterdam, ours: Mapping[str, Sequence[Assessed]], missed_mm: Mapping[str, Sequence[float]]
) -> tuple[Table, list[float | None]]:
    rows, shares = [], []
    for station, missed in missed_mm.items():
        known = [step for step, rain_mm in enumerate(record.rain_mm[station]) if rain_mm is not None]
        dry = [step for step in known if missed[step] <= HEALTHY_BELOW_MM]
        ill = [step for step in known if missed[step] > DEAD_AFTER_MM]
        answers = {OURS: [one.flagged for one in ours[station]]}
        answers |= {f"pypwsqc {check}": [flag == 1 for flag in record.peer[station][check]] for check in PEER_CHECKS}
        for who, flagged in answers.items():
            false, hits, everywhere = (sum(flagged[step] for step in steps) for steps in (dry, ill, known))
            counted = (str(false), share_text(false, len(dry)), str(hits), str(len(ill) - hits))
            rows.append((station, who, *counted, str(everywhere), share_text(everywhere, len(known))))
        shares.append(percent(sum(answers[OURS][step] for step in dry), len(dry)))
    heads = ("gauge", "", "false flags", "share", "hits", "misses", "flags in all", "of all steps")
    title = (
        f"the others: a flag is false where the median of the healthy had at most {HEALTHY_BELOW_MM:g} mm since the"
        f" gauge's own last tip, a hit where it had more than {DEAD_AFTER_MM:g} mm"
    )
    return Table(title, heads, rows), shares


def since_own_tip_mm(record: Amsterdam, station: str, others: Sequence[str]) -> Iterator[float]:
    """At each step the median of what others had since the station's own last tip; what is missing adds nothing."""
    since_mm = dict.fromkeys(others, 0.0)
    for step, own_mm in enumerate(record.rain_mm[station]):
        for one in others:
            since_mm[one] = 0.0 if own_mm else since_mm[one] + (record.rain_mm[one][step] or 0.0)
        yield statistics.median(since_mm.values())


def spans_of(record: Amsterdam, station: str, ours: Sequence[Assessed], missed_mm: Sequence[float]) -> Iterator[Span]:
    """The flags of a gauge, those together that lie close together."""
    flagged = [step for step, one in enumerate(ours) if one.flagged]
    others = [one for one in record.rain_mm if one not in (station, DEAD)]
    begin = 0
    for place, step in enumerate(flagged):
        last = place + 1 == len(flagged) or record.times[flagged[place + 1]] - record.times[step] > SPAN_BREAK
        if not last:
            continue
        first, steps = flagged[begin], slice(flagged[begin], step + 1)
        checks = sorted({check for one in flagged[begin : place + 1] for check in ours[one].checks.split(";")})
        yield Span(
            station,
            first,
            step,
            place + 1 - begin,
            ", ".join(checks),
            sum(rain or 0.0 for rain in record.rain_mm[station][steps]),
            statistics.median(sum(rain or 0.0 for rain in record.rain_mm[one][steps]) for one in others),
            max(missed_mm[steps]),
        )
        begin = place + 1


def _spans_table(record: Amsterdam, spans: Sequence[Span]) -> Table:
    rows = []
    for span in sorted(spans, key=lambda one: one.flagged, reverse=True)[:SPANS_SHOWN]:
        since, until = record.times[span.first], record.times[span.last]
        ill = any(since < end and begin <= until for begin, end in ILL.get(span.station, ()))
        rain = (f"{span.own_mm:.1f}", f"{span.neighbours_mm:.1f}", f"{span.missed_mm:.1f}")
        when = (f"{since:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}")
        rows.append((span.station, *when, str(span.flagged), span.checks, *rain, "hit" if ill else ""))
    more = len(spans) - len(rows)
    heads = ("gauge", "since", "until", "steps", "checks", "own mm", "neighbours mm", "missed mm", "known to be ill")
    title = "spans of flags on the others; missed: the most that the neighbours had since the gauge's own last tip"
    return Table(title + (f"; {more} shorter ones are left out" if more else ""), heads, rows)


def _ill_table(record: Amsterdam, ours: Mapping[str, Sequence[Assessed]]) -> Table:
    rows = []
    for station, spans in ILL.items():
        for since, until in spans:
            within = [step for step, at in enumerate(record.times) if since <= at < until]
            flagged = sum(ours[station][step].flagged for step in within)
            peer = sum(record.peer[station]["fz"][step] == 1 for step in within)
            rows.append((station, f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}", str(flagged), str(peer), str(len(within))))
    return Table("known to be ill", ("gauge", "since", "until", OURS, "pypwsqc fz", "of steps"), rows)


def _running_mm(rain_mm: Sequence[float | None]) -> list[float]:
    sums, sum_mm = [], 0.0
    for rain in rain_mm:
        sum_mm += rain or 0.0
        sums.append(sum_mm)
    return sums


def _medians(series: Sequence[Sequence[float]]) -> Iterator[float]:
    return (statistics.median(at_once) for at_once in zip(*series, strict=True))
