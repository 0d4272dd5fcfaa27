"""All checks of one station in order of time: a reading in, its verdict out, and marks on readings before it.

A check never sees what is later than the reading it judges. What it can only know later it marks later.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.model import SECOND_MS, Flag, Kind, Step
from gauge_ingest.core.quality.amount import Accumulation, ClimateLimits, Limits, Repeated, Tips
from gauge_ingest.core.quality.neighbours import Dry, Influx, Neighbour
from gauge_ingest.core.quality.record import Presence, Rain
from gauge_ingest.core.quality.seen import NOT_CHECKED, PASSED, Mark, Said, Seen
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.station import BEHIND_APART_MS, Arrival, Clock, Counter, Frost, Gap, Sums, Supply, Visit
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, flag_of

# A neighbour counts as online up to so many of its regular reports after the last one that came.
SILENT_REPORTS = 6
# Nobody is compared with more neighbours than these, the nearest ones.
NEIGHBOURS_MAX = 10
NOTHING_IS_CALM = -(1 << 62)
ORDINARY_KINDS = 16
# Verdicts without a word of reason that were met first: nearly all readings have one of them.
USUAL_MAX = 8
_usual: list[tuple[list[Said], Verdict]] = []
_STEADY = Step.STEADY
# LIMITS, CLIMATE, TIPS, REPEATED, ACCUMULATION of no rain.
DRY = (PASSED, PASSED, NOT_CHECKED, PASSED, PASSED)
DRY_TIPS = (PASSED, PASSED, PASSED, NOT_CHECKED, PASSED)
_NOT_EVALUATED = frozenset({Step.FIRST, Step.GAP, Step.DEPLOYED})


class Gauge(NamedTuple):
    """What the checks must know of a gauge."""

    bucket_um: int
    report_every_ms: int
    gap_after_ms: int
    through_mm_per_min: float = 8.0
    to_the_minute: bool = False  # times are cut to whole minutes: tips of one minute have one time
    there_ms: int = 0  # how long it counts as online after it was heard; 0: as long as its reports say

    @property
    def silence_ms(self) -> int:
        """How long after it was heard the gauge counts as online for its neighbours."""
        return self.there_ms or max(SILENT_REPORTS * self.report_every_ms, self.gap_after_ms)


class StationChecks:
    """The checks of one station and what they remember. `neighbours` are the checks of the stations around it."""

    def __init__(self, gauge: Gauge, settings: QualitySettings) -> None:
        self.gauge = gauge
        self.settings = settings
        self._cold_c = max(settings.frost_c, settings.melt_c)
        self.neighbours: list[Neighbour] = []
        self.listeners: list[StationChecks] = []  # whose neighbour it is
        self.marks: list[Mark] = []
        self._behind_ms = settings.clock_behind_s * SECOND_MS
        self._least_v = settings.battery_v_min
        self.calm_until = self._quiet_until = NOTHING_IS_CALM
        self._around_um = 0
        self.rain = Rain()
        self.presence = Presence(gauge.silence_ms)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the neighbours, the station's rain and when it was heard."""
        gauge, settings, marks = self.gauge, self.settings, self.marks
        marks.clear()
        self.last_until = -(1 << 62)  # when the reading before was observed
        self.last_at = -(1 << 62)  # and received
        self.disturb()
        self._calm: list[Verdict | None] = [None] * ORDINARY_KINDS
        self._alone = False  # too few neighbours are there to be compared with
        self.dry = Dry(settings, self.neighbours)
        self._influx = Influx(settings, self.rain, self.neighbours, marks)
        self._clock = Clock(settings, gap_after_ms=gauge.gap_after_ms)
        self._arrival = Arrival()
        self._gap = Gap(gap_after_ms=gauge.gap_after_ms)
        self._counter = Counter()
        self._limits = Limits(
            settings, self.rain, through_mm_per_min=gauge.through_mm_per_min, bucket_um=gauge.bucket_um
        )
        self._climate = ClimateLimits(settings, self.rain)
        self._tips = Tips(settings, marks, to_the_minute=gauge.to_the_minute)
        self._repeated = Repeated(settings, marks, bucket_um=gauge.bucket_um)
        self._accumulation = Accumulation(settings)
        self._frost = Frost(settings)
        self._supply = Supply(settings)
        self._visit = Visit(settings, marks)
        self._sums = Sums(settings)

    def hear(self, seen: Seen) -> None:
        """Know of a reading, the newest: it counts for the station's own checks and for those of its neighbours."""
        if seen.rain_um > 0:
            self.rain.add(seen.since, seen.until, seen.rain_um)
            for listener in self.listeners:
                if not listener.unsettled:
                    listener.stir(seen.until, seen.rain_um)
        self.presence.heard(seen.until)

    def take(self, seen: Seen) -> list[Said]:
        """What every check says of the next reading of the station, each at the place of its number.

        The station's rain and presence must know of it already (`hear`); what they know beyond it changes nothing.
        """
        heard_until, self.last_until = self.last_until, seen.until
        heard_at, self.last_at = self.last_at, seen.received_at
        if self.dry.dry_since is not None and seen.since - heard_until > self.gauge.gap_after_ms:
            self.dry.pass_over(heard_until, seen.since)
        spell, zero = self.dry.take(seen)
        said = [
            self._clock.take(seen, heard_until=heard_until, heard_at=heard_at),
            self._arrival.take(seen),
            self._gap.take(seen, heard_until=heard_until),
            self._counter.take(seen),
            *self._of_the_amount(seen, heard_until),
            spell,
            zero,
            self._influx.take(seen),
            self._frost.take(seen),
            self._visit.take(seen),
            self._supply.take(seen),
            self._sums.take(seen),
            NOT_CHECKED,  # CORRECTION: what people say comes later
        ]
        self._settle(seen, said)
        return said

    def calm(
        self, until: int, kind: Kind, received_at: int = 0, celsius: float | None = None, volts: float | None = None
    ) -> Verdict | None:
        """The verdict of a dry and ordinary reading that nothing stands against; None when it must be taken.

        Ordinary: a steady count, by a clock that is not ahead, with the door closed.
        """
        if until > self.calm_until and not self._calm_still(until):
            return None
        if received_at - until >= self._behind_ms and received_at - self.last_at >= BEHIND_APART_MS:
            return None
        if celsius is None and volts is None:
            found = self._calm[kind]
        elif (celsius is not None and celsius <= self._cold_c) or (volts is not None and volts < self._least_v):
            return None
        else:
            found = self._calm[_ordinary(kind, celsius, volts)]
        if found is not None:
            self.last_until, self.last_at = until, received_at
            presence = self.presence
            if until > presence.heard_until:
                presence.heard(until)
        return found

    def stir(self, at: int, rain_um: int) -> None:
        """A neighbour had rain: with enough of it, readings from the lag after it on must be looked at."""
        self._around_um += rain_um
        if self._around_um >= self.dry.doubtful_um:
            self._quiet_until = min(self._quiet_until, at + self.dry.lag_ms - 1)
            self.calm_until = min(self.calm_until, self._quiet_until)

    def disturb(self) -> None:
        """Whatever comes next must be looked at."""
        self.calm_until = self._quiet_until = NOTHING_IS_CALM
        self._around_um = 0
        self.unsettled = False

    def _calm_still(self, until: int) -> bool:
        """Whether all is quiet and the neighbours have been heard meanwhile."""
        if self.unsettled:
            self._rest(self.last_until)
            if until <= self.calm_until:
                return True
        if until > self._quiet_until or self._alone:
            return False
        self.calm_until = min(self._quiet_until, self.dry.online_until(until))
        return until <= self.calm_until

    def _of_the_amount(self, seen: Seen, heard_until: int) -> tuple[Said, ...]:
        """LIMITS, CLIMATE, TIPS, REPEATED, ACCUMULATION."""
        if not seen.rain_um:
            return DRY_TIPS if seen.kind is Kind.EVENT else DRY
        return (
            self._limits.take(seen),
            self._climate.take(seen),
            self._tips.take(seen),
            self._repeated.take(seen),
            self._accumulation.take(seen, heard_until=heard_until),
        )

    def _settle(self, seen: Seen, said: Sequence[Said]) -> None:
        """How long dry readings may pass unseen: not while anything is in doubt or waits."""
        spell, zero = said[Check.DRY_SPELL], said[Check.FAULTY_ZERO]
        asks = len(self.neighbours) >= self.settings.neighbours_min
        restless = self._influx.waits or self.settings.every_tip_reported
        alone = asks and zero is NOT_CHECKED
        if alone != self._alone:
            self._alone = alone
            self._calm = [None] * ORDINARY_KINDS
        if restless or spell.reason or zero.reason:
            self._calm = [None] * ORDINARY_KINDS
            self.disturb()
            return
        if seen.rain_um:
            self.disturb()
            # In the midst of rain the next reading is wet as well: how long all is quiet is found out when it is not.
            self.unsettled = True
            return
        self._rest(seen.until)
        ordinary = seen.step is Step.STEADY and seen.kind is not Kind.MAINTENANCE
        if ordinary and not any(one.reason for one in said):
            self._calm[_ordinary(seen.kind, seen.temperature_c, seen.battery_v)] = verdict(said, seen.step)

    def _rest(self, until: int) -> None:
        """Find out how long all will be quiet, from what was heard up to now."""
        self.unsettled = False
        dry = self.dry
        self._around_um = dry.heard_um()
        self._quiet_until = dry.quiet_until(self._around_um)
        self.calm_until = min(self._quiet_until, dry.absent_until(until) if self._alone else dry.online_until(until))

    def remember(self, earlier: Sequence[Seen], *, frozen_at: int | None) -> None:
        """Take into account what checks look back to that is not seen again: the last wet readings, the last frost."""
        self._frost.frozen_at = frozen_at
        for seen in earlier:
            self._repeated.take(seen)
            self._accumulation.take(seen, heard_until=seen.since)
        self.marks.clear()


def _ordinary(kind: Kind, celsius: float | None, volts: float | None) -> int:
    """What a calm reading tells beside its count, as a number below ORDINARY_KINDS: its verdict depends on that."""
    return kind + (4 if celsius is not None else 0) + (8 if volts is not None else 0)


def link(checks: Sequence[StationChecks], around: Sequence[Sequence[int]]) -> None:
    """Make stations each other's neighbours: of each the places of those around it, the nearest first."""
    for place, others in enumerate(around):
        for other in others[:NEIGHBOURS_MAX]:
            checks[place].neighbours.append(checks[other])
            checks[other].listeners.append(checks[place])
    for one in checks:
        one.reset()


def verdict(said: Sequence[Said], step: Step) -> Verdict:
    """What the checks say, in the order of their numbers, as it is kept: flag, packed outcomes, reasons."""
    if step is _STEADY:
        for usual, known in _usual:
            if usual == said:  # the same outcomes without a word: compared by identity, nearly free
                return known
    checks, told = 0, False
    for outcome, reason in reversed(said):
        checks = checks << 2 | outcome
        told = told or reason != ""
    reasons = None
    if told:
        reasons = "; ".join(
            f"{check.name.lower()}: {one.reason}" for check, one in zip(Check, said, strict=True) if one.reason
        )
    if step is Step.VOID:
        return Verdict(Flag.MISSING, checks, reasons)
    frost = said[Check.FROZEN]
    blind = step in _NOT_EVALUATED or (frost.outcome is Outcome.NOT_CHECKED and frost.reason != "")
    found = Verdict(flag_of(checks, otherwise=Flag.NOT_EVALUATED if blind else Flag.GOOD), checks, reasons)
    if step is _STEADY and not told and len(_usual) < USUAL_MAX:
        _usual.append((list(said), found))
    return found


def nothing_said() -> list[Said]:
    """A reading that no check has looked at."""
    return [NOT_CHECKED] * len(Check)
