"""What the checks flagged at a station and why: one pass over its rows, in memory that does not grow with them."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gauge_ingest.core.ledger import COVERING
from gauge_ingest.core.model import Flag, Kind, Row, Station, Step
from gauge_ingest.core.quality.course import Course, CourseRecord
from gauge_ingest.core.quality.seen import UM_PER_MM
from gauge_ingest.core.quality.verdicts import Check, Outcome, doubted, not_passed, outcome_of, reason_of

# Of each check the newest spans are told, the others are counted.
SPANS_MAX = 50
# Reasons that differ in their figures alone are one; of each check so many are told apart.
REASONS_MAX = 50

_TEST, _VOID, _OWED, _GAP = +Kind.TEST, +Step.VOID, +Step.OWED, +Step.GAP
_COVERING = frozenset(int(step) for step in COVERING)
_FIGURES = re.compile(r"-?\d+(?:\.\d+)?")


class FlaggedSpan(NamedTuple):
    """Readings that follow each other and that one check did not pass, over (since, until].

    `reason` is that of the first reading, `last_reason` that of the last where it is another.
    """

    since: int
    until: int
    readings: int
    rain_um: int
    outcome: Outcome
    reason: str
    last_reason: str | None


class Flagged(NamedTuple):
    """What one check did not pass. `why`: the reason given most often; `spans`: the newest ones, newest first."""

    check: Check
    suspect: int
    failed: int
    rain_um: int
    first_at: int
    last_at: int
    why: str
    spans: tuple[FlaggedSpan, ...]
    spans_number: int

    @property
    def readings(self) -> int:
        """Suspect and failed ones."""
        return self.suspect + self.failed

    @property
    def rain_mm(self) -> float:
        """Rain of the readings that were not passed."""
        return self.rain_um / UM_PER_MM


@dataclass(frozen=True, slots=True)
class QualitySummary:
    """What was flagged at a station in (since, until]. Shares are None where nothing is known.

    `flags`: readings by QARTOD flag; `doubted_um`: of the rain, what a check of the amount doubts; `missing_share`: of
    the time since the station's first reading, what no report speaks for; `silent_share`: that, and the gaps of which
    only the sum is known; `settled`: readings that checks flagged, and of which a person has said what fell; `flagged`:
    one for each check that did not pass every other reading, that with the most rain first.
    """

    station: Station
    since: int
    until: int
    flags: Mapping[int, int]
    rain_um: int
    doubted_um: int
    missing_share: float | None
    silent_share: float | None
    settled: int
    flagged: tuple[Flagged, ...]
    course: Course

    @property
    def readings(self) -> int:
        """Readings that have been derived; no tests."""
        return sum(self.flags.values())

    @property
    def suspect_share(self) -> float | None:
        """Of the readings."""
        return self._share(Flag.SUSPECT)

    @property
    def failed_share(self) -> float | None:
        """Of the readings."""
        return self._share(Flag.FAIL)

    @property
    def doubted_share(self) -> float | None:
        """Of the rain; None where there was none."""
        return self.doubted_um / self.rain_um if self.rain_um else None

    def _share(self, flag: Flag) -> float | None:
        return self.flags.get(flag, 0) / self.readings if self.flags else None


def quality_of(
    rows: Iterable[Row], station: Station, *, since: int, until: int, first_observed_at: int | None
) -> QualitySummary:
    """What was flagged in (since, until], from a station's rows after `since` in order of observed time.

    Rows are taken up to the first that stands after `until`: it tells whether the time before it is covered.
    `first_observed_at` is the station's first reading ever; before it nothing is missing.
    """
    assert since < until
    walk = _Walk(station, since=since, until=until)
    for row in rows:
        if not walk.take(row):
            break
    return walk.summary(first_observed_at)


class _Walk:
    """What is remembered of the rows that have passed."""

    def __init__(self, station: Station, *, since: int, until: int) -> None:
        self._station, self._since, self._until = station, since, until
        self._flags: Counter[int] = Counter()
        self._rain_um = self._doubted_um = self._covered_ms = self._gaps_ms = 0
        self._course = CourseRecord(since=since, until=until)
        self._checks: dict[Check, _Record] = {}
        self._settled = 0
        self._open: list[_Record] = []  # of checks that a span may go on of

    def take(self, row: Row) -> bool:
        """Take one row, the next in order; whether more is wanted."""
        step, at = row.step, row.observed_at
        if row.kind == _TEST or step == _OWED:
            return True
        is_inside = at <= self._until
        if is_inside:
            self._flags[row.flag] += 1
        if step == _VOID:
            return True
        begin, end = max(row.since, self._since), min(at, self._until)
        self._cover(step, begin, end, is_inside=is_inside)
        if not is_inside:
            return False
        self._judge(row, begin)
        return True

    def _cover(self, step: int, begin: int, end: int, *, is_inside: bool) -> None:
        """A reading that stands tells, by its step, what fell in (begin, end]; one within the span, that it came."""
        if step in _COVERING and begin < end:
            self._covered_ms += end - begin
            if step == _GAP:
                self._gaps_ms += end - begin
        if end <= self._course.heard_until:
            return
        if step in _COVERING and step != _GAP:
            self._course.hear(begin, end)
        elif is_inside:
            self._course.hear(end, end)

    def _judge(self, row: Row, begin: int) -> None:
        rain_um, checks = 0, row.checks
        if row.tips:
            rain_um = round(self._station.depth_mm(row.tips, until=row.observed_at) * UM_PER_MM)
            in_doubt = doubted(checks)
            self._rain_um += rain_um
            self._doubted_um += rain_um if in_doubt else 0
            self._course.rain(row.observed_at, rain_um, doubted=in_doubt)
        found = not_passed(checks)
        if found and outcome_of(checks, Check.CORRECTION) is Outcome.PASSED:
            self._settled += 1
            self._open.clear()
            return
        if self._open:
            self._open = [one for one in self._open if checks >> 2 * one.check & 3 != Outcome.PASSED]
        for check, outcome in found:
            record = self._checks.get(check)
            if record is None:
                record = self._checks[check] = _Record(check, join_ms=self._station.gap_after_ms)
            goes_on = record in self._open
            record.take(row, begin, outcome, rain_um, goes_on=goes_on)
            if not goes_on:
                self._open.append(record)
            self._course.flag(check, begin, row.observed_at, outcome)

    def summary(self, first_observed_at: int | None) -> QualitySummary:
        """What has passed."""
        flagged = [one.flagged() for one in self._checks.values()]
        begin = self._until if first_observed_at is None else max(self._since, first_observed_at)
        expected_ms = self._until - begin
        missing_ms = max(0, expected_ms - self._covered_ms)
        return QualitySummary(
            self._station,
            self._since,
            self._until,
            dict(sorted(self._flags.items())),
            self._rain_um,
            self._doubted_um,
            missing_ms / expected_ms if expected_ms > 0 else None,
            min(1.0, (missing_ms + self._gaps_ms) / expected_ms) if expected_ms > 0 else None,
            self._settled,
            tuple(sorted(flagged, key=lambda one: (-one.rain_um, -one.readings, one.check))),
            self._course.course(),
        )


class _Record:
    """What one check did not pass so far."""

    def __init__(self, check: Check, *, join_ms: int) -> None:
        self.check = check
        self._join_ms = join_ms  # a reading that begins later after the last one does not follow it
        self._outcomes: Counter[Outcome] = Counter()
        self._rain_um = 0
        self._first_at = self._last_at = 0
        self._reasons: Counter[str] = Counter()
        self._newest: dict[str, str] = {}  # the newest reason of each form
        self._told: tuple[str | None, str, str] = (None, "", "")  # the reasons of a row, this check's, its form
        self._spans: deque[FlaggedSpan] = deque(maxlen=SPANS_MAX)
        self._spans_number = 0

    def take(self, row: Row, begin: int, outcome: Outcome, rain_um: int, *, goes_on: bool) -> None:
        """A reading over (begin, observed_at] that was not passed; `goes_on`: none since the last one was passed."""
        reason, form = self._reason(row.reasons)
        if form in self._reasons or len(self._reasons) < REASONS_MAX:
            self._reasons[form] += 1
            self._newest[form] = reason
        self._outcomes[outcome] += 1
        self._rain_um += rain_um
        self._first_at = self._first_at or row.observed_at
        self._last_at = row.observed_at
        if goes_on and begin - self._spans[-1].until <= self._join_ms:
            last = self._spans[-1]
            self._spans[-1] = FlaggedSpan(
                last.since,
                row.observed_at,
                last.readings + 1,
                last.rain_um + rain_um,
                max(last.outcome, outcome),
                last.reason,
                None if reason == last.reason else reason,
            )
            return
        self._spans.append(FlaggedSpan(begin, row.observed_at, 1, rain_um, outcome, reason, None))
        self._spans_number += 1

    def flagged(self) -> Flagged:
        """What has passed."""
        form, _ = self._reasons.most_common(1)[0]
        return Flagged(
            self.check,
            self._outcomes[Outcome.SUSPECT],
            self._outcomes[Outcome.FAILED],
            self._rain_um,
            self._first_at,
            self._last_at,
            self._newest[form],
            tuple(reversed(self._spans)),
            self._spans_number,
        )

    def _reason(self, reasons: str | None) -> tuple[str, str]:
        """Why this check did not pass, and the same without its figures; readings often repeat each other's words."""
        if self._told[0] != reasons or reasons is None:
            reason = reason_of(reasons, self.check)
            self._told = reasons, reason, _FIGURES.sub("#", reason)
        return self._told[1:]
