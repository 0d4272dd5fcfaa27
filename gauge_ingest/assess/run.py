"""Records through the checks in order of time, as if they arrived live; what each row is flagged in the end."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from gauge_ingest.assess.records import MISSING_UM, Records, RowKind, usual_step_ms
from gauge_ingest.core.model import DAY_MS, MINUTE_MS, UNBOUNDED, Flag, Kind, Step
from gauge_ingest.core.quality.amount import less_than_none
from gauge_ingest.core.quality.checks import Gauge, StationChecks, link, nothing_said, verdict
from gauge_ingest.core.quality.seen import Said, Seen, failed, suspect
from gauge_ingest.core.quality.site import Site
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict

# Reports further apart than so many steps have lost one.
GAP_STEPS = 2.5
# A gauge that tells nothing but tips is silent when it is dry: it counts as online for so long after each.
TIPS_THERE_MS = DAY_MS
BUCKET_UM = 200
# A record of tips with at least so many times on the minute has no seconds.
TO_THE_MINUTE_SHARE = 0.95
TELL_EVERY_ROWS = 20_000
_MISSING = Verdict(Flag.MISSING, 0)
_ANOTHER = suspect("another amount was told for the same time")


@dataclass(slots=True)
class Assessed:
    """The outcome: for each row its verdict and the row that decided it (itself, or a later one of its station)."""

    verdicts: list[Verdict]
    decided_by: "array[int]"


class _Judged(NamedTuple):
    """A wet reading that may still be marked: its row and what was said."""

    row: int
    said: list[Said]


def assess(records: Records, sites: Mapping[str, Site], *, on_rows: Callable[[int], None]) -> Assessed:
    """Judge every row of the records; `sites` may leave stations out, then they have no neighbours."""
    return _Run(records, sites).run(on_rows)


class _Run:
    def __init__(self, records: Records, sites: Mapping[str, Site]) -> None:
        self.records = records
        self.sites = [sites.get(name, Site()) for name in records.stations]
        self.order = sorted(range(len(records)), key=lambda row: (records.at[row], records.station[row]))
        self.steps_ms = self._steps()
        self.buckets_um = self._buckets()
        self.checks = self._checks()
        self.verdicts: list[Verdict] = [_MISSING] * len(records)
        self.decided_by = array("q", range(len(records)))
        self.wet: list[list[_Judged]] = [[] for _ in self.sites]
        self.wet_at: list[list[int]] = [[] for _ in self.sites]
        self.heard: list[int] = [-UNBOUNDED] * len(self.sites)
        self.twins: list[tuple[int, int]] = []  # rows that are there twice, each with the one that stands

    def run(self, on_rows: Callable[[int], None]) -> Assessed:
        """All rows in order of time; rows of one station and time together."""
        station, at = self.records.station, self.records.at
        if self.records.tips:
            for done, row in enumerate(self.order, 1):
                self._take(row)
                if done % TELL_EVERY_ROWS == 0:
                    on_rows(done)
            return Assessed(self.verdicts, self.decided_by)
        done = 0
        for _, group in groupby(self.order, key=lambda row: (at[row], station[row])):
            rows = list(group)
            if len(rows) == 1:
                self._take(rows[0])
            else:
                self._take_rivals(rows)
            done += len(rows)
            if done % TELL_EVERY_ROWS < len(rows):
                on_rows(done)
        self._judge_twins()
        return Assessed(self.verdicts, self.decided_by)

    # --- what is known of the stations -------------------------------------------------------------------------

    def _steps(self) -> list[int]:
        """The step of each station's record; 0 where each row is a tip."""
        if self.records.tips:
            return [0] * len(self.sites)
        times: list[list[int]] = [[] for _ in self.sites]
        for row in self.order:
            if self.records.kind[row] == RowKind.RAIN:
                times[self.records.station[row]].append(self.records.at[row])
        return [usual_step_ms(one) for one in times]

    def _buckets(self) -> list[int]:
        """The bucket of each station as it is told, else the smallest amount that was measured, else 0.2 mm."""
        least_um: dict[int, int] = {}
        for place, rain_um in zip(self.records.station, self.records.rain_um, strict=True):
            if 0 < rain_um < least_um.get(place, UNBOUNDED):
                least_um[place] = rain_um
        return [
            least_um.get(place, BUCKET_UM)
            if site.bucket_depth_mm is None
            else max(1, round(site.bucket_depth_mm * 1000))
            for place, site in enumerate(self.sites)
        ]

    def _checks(self) -> list[StationChecks]:
        places = {name: place for place, name in enumerate(self.records.stations)}
        checks, minutes = [], self._to_the_minute()
        for place, site in enumerate(self.sites):
            step_ms = self.steps_ms[place] or UNBOUNDED
            gauge = Gauge(
                self.buckets_um[place],
                step_ms,
                round(step_ms * GAP_STEPS),
                site.through_mm_per_min,
                to_the_minute=minutes[place],
                there_ms=0 if self.steps_ms[place] else TIPS_THERE_MS,
            )
            checks.append(StationChecks(gauge, site.settings))
        around = [[places[name] for name in site.neighbours if name in places] for site in self.sites]
        link(checks, around)
        return checks

    def _to_the_minute(self) -> list[bool]:
        """Whether a station's tips were written down to the minute, so that two of one minute have one time."""
        if not self.records.tips:
            return [False] * len(self.sites)
        rows, whole = [0] * len(self.sites), [0] * len(self.sites)
        for place, at in zip(self.records.station, self.records.at, strict=True):
            rows[place] += 1
            whole[place] += not at % MINUTE_MS
        return [whole[place] >= TO_THE_MINUTE_SHARE * rows[place] for place in range(len(rows))]

    # --- rows --------------------------------------------------------------------------------------------------

    def _take(self, row: int, *, rival: bool = False) -> None:
        records = self.records
        place, at, kind = records.station[row], records.at[row], records.kind[row]
        rain_um = self.buckets_um[place] if records.tips and kind == RowKind.RAIN else records.rain_um[row]
        if kind == RowKind.TEST:
            self.verdicts[row] = _only({Check.VISIT: failed("a test of the gauge, no rain")})
            return
        if rain_um == MISSING_UM:
            return
        checks, celsius = self.checks[place], records.celsius[row]
        told_c = None if celsius != celsius else celsius
        follows = at - self.heard[place] <= checks.gauge.gap_after_ms
        if not rain_um and kind == RowKind.RAIN and not rival and follows:
            known = checks.calm.verdict(at, Kind.TIMED, celsius=told_c)
            if known is not None:
                self.heard[place] = at
                self.verdicts[row] = known
                return
        seen = self._seen(place, at, rain_um, kind, told_c, rival=rival)
        checks.hear(seen)
        said = checks.take(seen)
        if rival:
            said[Check.ARRIVAL] = _ANOTHER  # the check itself speaks of counts, of which a file has none
        self.heard[place] = at
        self._keep(row, place, at, said, visit=kind == RowKind.VISIT, wet=rain_um > 0)

    def _seen(self, place: int, at: int, rain_um: int, kind: int, celsius: float | None, *, rival: bool) -> Seen:
        step_ms = 0 if kind == RowKind.VISIT else self.steps_ms[place]
        since = min(at, max(at - step_ms, self.heard[place])) if step_ms else at
        told = Kind.MAINTENANCE if kind == RowKind.VISIT else Kind.EVENT if self.records.tips else Kind.TIMED
        tips = round(rain_um / self.buckets_um[place])
        return Seen(since, at, rain_um, tips, kind=told, temperature_c=celsius, claimed_at=at, rival=rival)

    def _take_rivals(self, rows: Sequence[int]) -> None:
        """Several rows of one station and time: the largest stands, the others are kept and told apart.

        A row in which nothing was measured is no other amount: it stays missing, and its company is not in doubt.
        """
        records = self.records
        rain = [row for row in rows if records.kind[row] == RowKind.RAIN and records.rain_um[row] != MISSING_UM]
        stands = max(rain, key=lambda row: records.rain_um[row], default=None)
        differ = len({records.rain_um[row] for row in rain}) > 1
        for row in rows:
            rain_um = records.rain_um[row]
            if records.kind[row] != RowKind.RAIN or rain_um == MISSING_UM or stands is None:
                self._take(row)
            elif row == stands:
                self._take(row, rival=differ)
            elif rain_um == records.rain_um[stands]:
                self.twins.append((row, stands))
                self.verdicts[row] = _only({Check.ARRIVAL: Said(Outcome.PASSED, "twice")})
            else:
                self.verdicts[row] = _lesser(rain_um)

    def _judge_twins(self) -> None:
        """What is there twice has the verdict of the row that stands, unless that is good."""
        for row, stands in self.twins:
            if self.verdicts[stands].flag != Flag.GOOD:
                self.verdicts[row], self.decided_by[row] = self.verdicts[stands], self.decided_by[stands]

    def _keep(self, row: int, place: int, at: int, said: list[Said], *, visit: bool, wet: bool) -> None:
        self.verdicts[row] = _MISSING if visit and not wet else verdict(said, Step.STEADY)
        if wet:
            self.wet[place].append(_Judged(row, said))
            self.wet_at[place].append(at)
        marks = self.checks[place].marks
        for mark in marks:
            first, last = bisect_right(self.wet_at[place], mark.since), bisect_right(self.wet_at[place], mark.until)
            for judged in self.wet[place][first:last]:
                if judged.said[mark.check].outcome is Outcome.FAILED:
                    continue
                judged.said[mark.check] = mark.said
                changed = verdict(judged.said, Step.STEADY)
                if changed != self.verdicts[judged.row]:
                    self.verdicts[judged.row], self.decided_by[judged.row] = changed, row
        marks.clear()


def _lesser(rain_um: int) -> Verdict:
    """The verdict of an amount beside a larger one of the same time: in doubt, and no milder than it would be alone."""
    said = {Check.ARRIVAL: _ANOTHER}
    if rain_um < 0:
        said[Check.LIMITS] = less_than_none(rain_um)
    return _only(said)


def _only(told: Mapping[Check, Said]) -> Verdict:
    """The verdict of a row of which few checks have something to say."""
    all_said = nothing_said()
    for check, said in told.items():
        all_said[check] = said
    return verdict(all_said, Step.STEADY)
