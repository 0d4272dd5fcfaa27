"""Reports of a span to increments: steady counting, wraps, resets, gaps, conflicting and unlikely counts.

The derivation is one pass in order of observed time. Its state is the report that stands last, the one before it
while a rise, a wrap or a restart rests on a single report, and at most two reports that nothing has confirmed yet.
Where the state is a single report alone, the report is an *anchor*: what follows depends on nothing before it, so a
later derivation may begin there. What each case can and cannot tell: docs/stations.md, decision 0013.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import ceil

from gauge_ingest.core.model import DAY_MS, HOUR_MS, Flag, Increment, Kind, Report, Station, Step

# An unlikely count stands once this many reports in a row speak for it, itself included.
CONFIRMED_BY = 3
# So many that go on from before a rise speak against the one report that it rests on.
RETURNED_BY = 2
# Tips that the highest possible rate may be exceeded by: the residue of the tip before, and one bounce.
SLACK_TIPS = 2
# A fall is taken for a wrap up to this much rain. Beyond it a counter that began anew unseen is the likelier reading:
# 100 mm is where the second highest class of a day's rain begins (大暴雨, GB/T 28592-2012).
WRAP_MM_MAX = 100.0
# Numbers that the first message of a start may have: 0 in json_v1, 1 in SL 651.
SEQS_FIRST = (0, 1)
# Counters that begin anew each year do so on 1 January at 08:00 or at midnight in Beijing, by clocks that may be wrong.
NEW_YEAR_WITHIN_MS = DAY_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Taking a member out of an enumeration costs as much as all the rest of a steady increment.
_STEADY, _GOOD = Step.STEADY, Flag.GOOD


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
    """The increment from a standing report to a later one; None when the two counts alone cannot decide it."""
    since, until = before.observed_at, report.observed_at
    if station.changes_at and station.deployment_at(since) is not station.deployment_at(until):
        return Increment(since, until, 0, 0, 0, Step.DEPLOYED, Flag.NOT_EVALUATED, True)
    tips = report.counter - before.counter
    if (report.boot != before.boot or report.seq in SEQS_FIRST) and _restarted(before, report):
        restart = _since_restart(before, report, station)
        if restart is not None:
            return restart
    if tips >= 0:
        borne_out = tips <= SLACK_TIPS  # a greater rise counts at once, and may turn out to have been a wrong count
        if not borne_out and tips > _possible(before, report, station):
            return None
        if until - since > station.gap_after_ms:
            return Increment(since, until, tips, tips, tips, Step.GAP, Flag.NOT_EVALUATED, borne_out)
        # Nearly every report ends here; tuple.__new__ saves the call of Increment's own __new__.
        return tuple.__new__(Increment, (since, until, tips, tips, tips, _STEADY, _GOOD, borne_out))
    wrapped = _wrapped(before, report, station)
    if wrapped is None or wrapped > _tips_of(WRAP_MM_MAX, station, until):
        return None
    if until - since > station.gap_after_ms:
        return Increment(since, until, wrapped, wrapped, wrapped, Step.GAP, Flag.NOT_EVALUATED, False)
    return Increment(since, until, wrapped, wrapped, wrapped, Step.WRAPPED, Flag.GOOD, False)


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
        self.standing_place = -1
        # The report before a rise, wrap or restart that no second report has borne out: the count may return to it.
        self.fallback: Report | None = None
        self.derived: list[Increment] = []
        self.waiting: list[tuple[int, Report]] = []  # place in `derived`, report: unlikely, not confirmed yet

    def take(self, group: list[Report], *, following: Sequence[Report]) -> None:
        """Derive the increments of one observed time; `following` are the reports of the next."""
        chosen = group[0] if len(group) == 1 else self._choose(group, following)
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
        if increment is None and self.fallback is not None and not self._rose():
            returned = increment_after(self.fallback, report, self.station)
            if returned is not None and _onward(returned, self.fallback, report):  # what lies between was a wrong count
                increment = returned
                self._fall_back()
        if increment is None:
            self._wait(place, report)
            return
        self._void_waiting()
        self._stand(place, report, increment)

    def _stand(self, place: int, report: Report, increment: Increment) -> None:
        self.derived[place] = increment
        self.fallback = None if increment.anchor else self.standing
        self.standing, self.standing_place = report, place
        self.waiting = []

    def _wait(self, place: int, report: Report) -> None:
        assert self.standing is not None
        if self.waiting and increment_after(self.waiting[-1][1], report, self.station) is None:
            self._void_waiting()
        self.waiting.append((place, report))
        returned = self._returned()
        if len(self.waiting) < (RETURNED_BY if returned and self._rose() else CONFIRMED_BY):
            before = self.waiting[-2][1] if len(self.waiting) > 1 else self.standing
            self.derived[place] = _unconfirmed(before, report, self.station)
            return
        if returned:
            self._fall_back()
        for (_, before), (later_place, later) in pairwise([(-1, self.standing), *self.waiting]):
            increment = increment_after(before, later, self.station) or _begun_anew(before, later, self.station)
            self.derived[later_place] = increment._replace(anchor=False)
        self._stand(place, report, self.derived[place]._replace(anchor=True))

    def _rose(self) -> bool:
        """Whether what stands rests on a rise that nothing has borne out yet, and not on a wrap or a restart."""
        if self.fallback is None or self.standing is None:
            return False
        return _onward(self.derived[self.standing_place], self.fallback, self.standing)

    def _returned(self) -> bool:
        """Whether the counts that wait go on from before what stands, and tell that it was a wrong count.

        After a rise they do so only where the logger says that it has gone on since, and where they are more than a
        count that began at 0 all the same would show: rain before a restart is not taken back.
        """
        assert self.standing is not None
        first = self.waiting[0][1]
        if self.fallback is None or increment_after(self.fallback, first, self.station) is None:
            return False
        if not self._rose():
            return True
        if not _went_on(self.standing, first):
            return False
        begun_max = _possible(self.standing, first, self.station)
        return first.counter > min(begun_max, _tips_of(WRAP_MM_MAX, self.station, first.observed_at))

    def _fall_back(self) -> None:
        assert self.standing is not None
        self.derived[self.standing_place] = void(self.standing)
        self.standing, self.fallback = self.fallback, None

    def _void_waiting(self) -> None:
        for place, report in self.waiting:
            self.derived[place] = void(report)
        self.waiting = []

    def _choose(self, group: Sequence[Report], following: Sequence[Report]) -> Report:
        """Of several counts for one time the largest that fits between the neighbours, or next to one of them."""

        def fits(before: Report, report: Report) -> bool:
            return increment_after(before, report, self.station) is not None

        def advance(report: Report) -> tuple[int, int]:
            increment = increment_after(self.standing, report, self.station) if self.standing is not None else None
            if increment is None or increment.step is Step.RESET:  # what came before a restart is not passed over
                return -1, report.counter
            return increment.tips, report.counter

        neighbours = [one for one in (self.standing, *(report for _, report in self.waiting[-1:])) if one is not None]
        after = next((found for one in neighbours if (found := [each for each in group if fits(one, each)])), [])
        ahead = [report for report in group if any(fits(report, one) for one in following)]
        return max([one for one in after if one in ahead] or after or ahead or group, key=advance)


def _possible(before: Report, report: Report, station: Station) -> int:
    """The most tips between two reports. Where a clock was mended, the time that passed on it counts if it is longer.

    A backlog whose times are unknown is mended to the time when it came: days may lie a millisecond apart.
    """
    since, until = before.observed_at, report.observed_at
    if report.claimed_at != until:
        since = min(since, until - (report.claimed_at - before.claimed_at))
    return tips_max_possible(station, since=since, until=until)


def _restarted(before: Report, report: Report) -> bool:
    """Whether the logger says that it has started anew: its boot rose, or its messages number from the first again."""
    if before.boot is not None and report.boot is not None and report.boot != before.boot:
        return report.boot > before.boot
    return before.seq is not None and report.seq is not None and report.seq in SEQS_FIRST and report.seq < before.seq


def _went_on(before: Report, report: Report) -> bool:
    """Whether the logger says that it has not started anew: by the same boot or, without one, by a later message."""
    if before.boot is not None and report.boot is not None:
        return before.boot == report.boot
    return before.seq is not None and report.seq is not None and before.seq < report.seq


def _since_restart(before: Report, report: Report, station: Station) -> Increment | None:
    """What fell since a restart that was told: the count itself if it began at 0, the difference if it was kept.

    Where both are possible the lesser surely fell, and is the answer. None where the count cannot have begun at 0: it
    was kept, and is judged as without a restart.
    """
    if report.counter > _possible(before, report, station):
        return None
    kept = report.counter - before.counter
    if kept < 0:
        wrapped = _wrapped(before, report, station)
        kept = report.counter if wrapped is None else wrapped
    least, most = min(kept, report.counter), max(kept, report.counter)
    return Increment(before.observed_at, report.observed_at, least, least, most, Step.RESET, Flag.SUSPECT, False)


def _wrapped(before: Report, report: Report, station: Station) -> int | None:
    """The tips of a count that fell by passing its modulus; None when it never wraps or so much cannot have fallen."""
    tips = report.counter - before.counter + station.deployment_at(report.observed_at).counter_modulus
    return tips if 0 <= tips <= _possible(before, report, station) else None


def _onward(increment: Increment, before: Report, report: Report) -> bool:
    """Whether a count went on from the one before, without a wrap or a restart."""
    if increment.step is Step.DEPLOYED:
        return True
    return increment.step in (Step.STEADY, Step.GAP) and report.counter >= before.counter


def _tips_of(rain_mm: float, station: Station, at: int) -> int:
    """The tips that so much rain can show as at an instant."""
    return ceil(rain_mm / station.deployment_at(at).bucket_depth_mm) + SLACK_TIPS


def _begun_anew(before: Report, report: Report, station: Station) -> Increment:
    """An unlikely count that stays: the counter began anew without a word, or another gauge has taken its place.

    A fall to what can have fallen, and to less than half, is taken for a beginning at 0; any fall, and surely so, at
    new year. Of any other figure nobody knows where it began.
    """
    since, until = before.observed_at, report.observed_at
    tips_max = _tips_max_unlikely(before, report, station)
    new_year = _meets_new_year(since, until)
    fell = report.counter < (before.counter if new_year else before.counter / 2)
    tips = report.counter if fell and report.counter <= tips_max else 0
    surely = tips if new_year else 0
    return Increment(since, until, tips, surely, tips_max, Step.RESET, Flag.SUSPECT, True)


def _unconfirmed(before: Report, report: Report, station: Station) -> Increment:
    tips_max = _tips_max_unlikely(before, report, station)
    return Increment(before.observed_at, report.observed_at, 0, 0, tips_max, Step.UNCONFIRMED, Flag.SUSPECT, False)


def _tips_max_unlikely(before: Report, report: Report, station: Station) -> int:
    """The most that an unlikely count can stand for: its difference, what it shows since 0, or a deep wrap."""
    rise = report.counter - before.counter
    if rise >= 0:
        return min(rise, _possible(before, report, station))
    return _wrapped(before, report, station) or min(report.counter, _possible(before, report, station))


def _meets_new_year(since: int, until: int) -> bool:
    """Whether a span comes near enough to 1 January 08:00 in Beijing, which is midnight of UTC."""
    latest = _EPOCH + timedelta(milliseconds=until + NEW_YEAR_WITHIN_MS)
    turn = (datetime(latest.year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
    return since <= turn + NEW_YEAR_WITHIN_MS
