"""All checks of one station in order of time: a reading in, its verdict out, and marks on readings before it.

A check never sees what is later than the reading it judges. What it can only know later it marks later.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.model import Flag, Kind, Step
from gauge_ingest.core.quality.amount import Accumulation, ClimateLimits, Limits, Repeated, Tips
from gauge_ingest.core.quality.calm import Calm, ordinary
from gauge_ingest.core.quality.neighbours import Dry, Influx, Neighbour
from gauge_ingest.core.quality.record import Presence, Rain
from gauge_ingest.core.quality.seen import NOT_CHECKED, PASSED, Mark, Said, Seen
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.station import Arrival, Clock, Counter, Frost, Gap, Sums, Supply, Visit
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, flag_of

# A neighbour counts as online up to so many of its regular reports after the last one that came.
SILENT_REPORTS = 6
# Nobody is compared with more neighbours than these, the nearest ones.
NEIGHBOURS_MAX = 10
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

    __slots__ = (
        "_accumulation",
        "_arrival",
        "_climate",
        "_clock",
        "_counter",
        "_frost",
        "_gap",
        "_influx",
        "_limits",
        "_repeated",
        "_sums",
        "_supply",
        "_tips",
        "_visit",
        "calm",
        "dry",
        "gauge",
        "listeners",
        "marks",
        "neighbours",
        "presence",
        "rain",
        "settings",
    )

    def __init__(self, gauge: Gauge, settings: QualitySettings) -> None:
        self.gauge = gauge
        self.settings = settings
        self.neighbours: list[Neighbour] = []
        self.listeners: list[StationChecks] = []  # whose neighbour it is
        self.marks: list[Mark] = []
        self.rain = Rain()
        self.presence = Presence(gauge.silence_ms)
        self.calm = Calm(settings, self.presence)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the neighbours, the station's rain and when it was heard."""
        gauge, settings, marks = self.gauge, self.settings, self.marks
        marks.clear()
        self.dry = Dry(settings, self.neighbours)
        self.calm.reset(self.dry)
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
                listener.calm.stir(seen.until, seen.rain_um)
        self.presence.heard(seen.until)

    def take(self, seen: Seen) -> list[Said]:
        """What every check says of the next reading of the station, each at the place of its number.

        The station's rain and presence must know of it already (`hear`); what they know beyond it changes nothing.
        """
        calm = self.calm
        heard_until, heard_at = calm.last_until, calm.last_at
        calm.last_until, calm.last_at = seen.until, seen.received_at
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
        restless = self._influx.waits or self.settings.every_tip_reported
        if restless or spell.reason or zero.reason:
            self.calm.forget()
            self.calm.disturb()
            return
        if seen.rain_um:
            self.calm.unsettle()
            return
        self.calm.rest(seen.until)
        if seen.step is _STEADY and seen.kind is not Kind.MAINTENANCE and not any(one.reason for one in said):
            self.calm.know(ordinary(seen.kind, seen.temperature_c, seen.battery_v), verdict(said, seen.step))

    def remember(self, earlier: Sequence[Seen], *, frozen_at: int | None) -> None:
        """Take into account what checks look back to that is not seen again: the last wet readings, the last frost."""
        self._frost.frozen_at = frozen_at
        for seen in earlier:
            self._repeated.take(seen)
            self._accumulation.take(seen, heard_until=seen.since)
        self.marks.clear()


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
