"""Reports of a span to increments: steady counting, wraps, resets, gaps, conflicting and unlikely counts.

The derivation is one pass in order of observed time. Its state is the report that stands last and at most two
reports after it that nothing has confirmed yet. Where the state is a single report alone, the report is an
*anchor*: what follows depends on nothing before it, so a later derivation may begin there.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import ceil

from gauge_ingest.core.model import HOUR_MS, Flag, Increment, Kind, Report, Station, Step

# An unlikely count stands once this many reports in a row speak for it, itself included.
CONFIRMED_BY = 3
# Tips that the highest possible rate may be exceeded by: the residue of the tip before, and one bounce.
SLACK_TIPS = 2


def tips_max_possible(station: Station, *, since: int, until: int) -> int:
    """The most tips that a span can hold: what the gauge lets through, and for long spans what has ever fallen.

    The envelope of the world's record depths is 491 mm x hours^0.452 (Galmarini, Steyn and Ainslie 2004,
    "The scaling law relating world point-precipitation records to duration", Int. J. Climatol. 24).
    """
    elapsed_ms = max(0, until - since)
    through_mm = station.intensity_max_mm_per_min * elapsed_ms / 60_000
    record_mm: float = 491 * (elapsed_ms / HOUR_MS) ** 0.452
    return ceil(min(through_mm, record_mm) / station.deployment_at(until).bucket_depth_mm) + SLACK_TIPS


def increment_after(before: Report, report: Report, station: Station) -> Increment | None:
    """The increment from a standing report to a later one; None when the count alone cannot decide it."""
    since, until = before.observed_at, report.observed_at
    if station.changes_at and station.deployment_at(since) is not station.deployment_at(until):
        return Increment(since, until, 0, 0, 0, Step.DEPLOYED, Flag.NOT_EVALUATED, True)
    tips = report.counter - before.counter
    if tips >= 0:
        if tips > SLACK_TIPS and tips > _possible(before, report, station):
            return None
        if until - since > station.gap_after_ms:
            return Increment(since, until, tips, tips, tips, Step.GAP, Flag.NOT_EVALUATED, True)
        # Nearly every report ends here; tuple.__new__ saves the call of Increment's own __new__.
        return tuple.__new__(Increment, (since, until, tips, tips, tips, Step.STEADY, Flag.GOOD, True))
    if before.boot is not None and report.boot is not None and report.boot > before.boot:
        return _reset(before, report, station)
    modulus = station.deployment_at(until).counter_modulus
    if modulus and 0 <= tips + modulus <= _possible(before, report, station):
        tips += modulus
        return Increment(since, until, tips, tips, tips, Step.WRAPPED, Flag.GOOD, True)
    return None


def increments(reports: Sequence[Report], station: Station, *, after: Report | None) -> list[Increment]:
    """One increment for each report, in the order given: by observed time, then count.

    `after` is the anchor before the first report, or None at the beginning of the station's record.
    """
    derivation = _Derivation(station, after)
    counted = [report for report in reports if report.kind is not Kind.TEST]
    groups = [list(group) for _, group in groupby(counted, key=lambda report: report.observed_at)]
    for number, group in enumerate(groups):
        derivation.take(group, following=groups[number + 1] if number + 1 < len(groups) else ())
    derived = iter(derivation.derived)
    return [void(report) if report.kind is Kind.TEST else next(derived) for report in reports]


def void(report: Report) -> Increment:
    """The increment of a report that is no fact about rain: nothing, flagged as missing."""
    return Increment(report.observed_at, report.observed_at, 0, 0, 0, Step.VOID, Flag.MISSING, False)


class _Derivation:
    """The pass over the groups of reports that share an observed time."""

    def __init__(self, station: Station, after: Report | None) -> None:
        self.station = station
        self.standing = after
        self.derived: list[Increment] = []
        self.waiting: list[tuple[int, Report]] = []  # place in `derived`, report: unlikely, not confirmed yet

    def take(self, group: list[Report], *, following: Sequence[Report]) -> None:
        """Derive the increments of one observed time; `following` are the reports of the next."""
        chosen = _choose(group, before=self.standing, following=following)
        place = len(self.derived) + group.index(chosen)
        self.derived.extend(void(report) for report in group)
        self._place(place, chosen)
        if len(group) > 1:  # which of them stands depends on the next: no anchor
            self.derived[place] = self.derived[place]._replace(anchor=False)

    def _place(self, place: int, report: Report) -> None:
        if self.standing is None:
            at = report.observed_at
            self._stand(place, report, Increment(at, at, 0, 0, 0, Step.FIRST, Flag.NOT_EVALUATED, True))
            return
        increment = increment_after(self.standing, report, self.station)
        if increment is not None:
            for waiting_place, waiting in self.waiting:
                self.derived[waiting_place] = void(waiting)
            self._stand(place, report, increment)
            return
        self._wait(place, report)

    def _stand(self, place: int, report: Report, increment: Increment) -> None:
        self.derived[place] = increment
        self.standing = report
        self.waiting = []

    def _wait(self, place: int, report: Report) -> None:
        assert self.standing is not None
        if self.waiting and increment_after(self.waiting[-1][1], report, self.station) is None:
            for waiting_place, waiting in self.waiting:
                self.derived[waiting_place] = void(waiting)
            self.waiting = []
        self.waiting.append((place, report))
        if len(self.waiting) < CONFIRMED_BY:
            before = self.waiting[-2][1] if len(self.waiting) > 1 else self.standing
            self.derived[place] = _unconfirmed(before, report, self.station)
            return
        for (_, before), (later_place, later) in pairwise([(-1, self.standing), *self.waiting]):
            increment = increment_after(before, later, self.station)
            self.derived[later_place] = (increment or _reset(before, later, self.station))._replace(anchor=False)
        self._stand(place, report, self.derived[place]._replace(anchor=True))


def _choose(group: Sequence[Report], *, before: Report | None, following: Sequence[Report]) -> Report:
    """Of several counts for one time the largest that fits between the neighbours; else the largest after `before`."""
    if len(group) == 1:
        return group[0]
    floor = before.counter if before is not None else 0
    rising = [report for report in group if report.counter >= floor]
    ceiling = max((report.counter for report in following), default=None)
    fitting = [report for report in rising if ceiling is None or report.counter <= ceiling]
    return max(fitting or rising or group, key=lambda report: report.counter)


def _possible(before: Report, report: Report, station: Station) -> int:
    """The most tips between two reports. Where a clock was mended, the time that passed on it counts if it is longer.

    A backlog whose times are unknown is mended to the time when it came: days may lie a millisecond apart.
    """
    since, until = before.observed_at, report.observed_at
    if report.claimed_at != until:
        since = min(since, until - (report.claimed_at - before.claimed_at))
    return tips_max_possible(station, since=since, until=until)


def _reset(before: Report, report: Report, station: Station) -> Increment:
    """The counter began anew: what it shows now fell since; a figure that cannot have fallen was never rain."""
    since, until = before.observed_at, report.observed_at
    possible = _possible(before, report, station)
    if report.counter >= before.counter:  # jumped up and stayed: at most what can fall, perhaps nothing
        tips_max = min(report.counter - before.counter, possible)
        return Increment(since, until, 0, 0, tips_max, Step.RESET, Flag.SUSPECT, True)
    tips = report.counter if report.counter <= possible else 0
    return Increment(since, until, tips, tips, tips, Step.RESET, Flag.SUSPECT, True)


def _unconfirmed(before: Report, report: Report, station: Station) -> Increment:
    since, until = before.observed_at, report.observed_at
    tips = report.counter - before.counter if report.counter >= before.counter else report.counter
    tips_max = min(tips, _possible(before, report, station))
    return Increment(since, until, 0, 0, tips_max, Step.UNCONFIRMED, Flag.SUSPECT, False)
