"""All checks of one station in order of time: a reading in, its verdict out, and marks on readings before it.

A check never sees what is later than the reading it judges. What it can only know later it marks later.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gauge_ingest.core.model import SECOND_MS, Flag, Kind, Step
from gauge_ingest.core.quality.amount import Accumulation, ClimateLimits, Limits, Repeated, Tips
from gauge_ingest.core.quality.neighbours import Dry, Influx
from gauge_ingest.core.quality.record import KEPT_MS, Presence, Rain
from gauge_ingest.core.quality.seen import NOT_CHECKED, Mark, Said, Seen
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.station import Arrival, Clock, Counter, Frost, Gap, Sums, Supply, Visit
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, flag_of, packed

# A neighbour counts as online up to so many of its regular reports after the last one that came.
SILENT_REPORTS = 3
# Nobody is compared with more neighbours than these, the nearest ones.
NEIGHBOURS_MAX = 10
NOTHING_IS_CALM = -(1 << 62)
_BLIND = frozenset({Step.RESET, Step.UNCONFIRMED})  # what fell in their span is not known
_NOT_EVALUATED = frozenset({Step.FIRST, Step.GAP, Step.DEPLOYED})


class Gauge(NamedTuple):
    """What the checks must know of a gauge."""

    bucket_um: int
    report_every_ms: int
    gap_after_ms: int
    through_mm_per_min: float = 8.0


class StationChecks:
    """The checks of one station and what they remember. `neighbours` are the checks of the stations around it."""

    def __init__(self, gauge: Gauge, settings: QualitySettings) -> None:
        self.gauge = gauge
        self.settings = settings
        self.neighbours: list[StationChecks] = []
        self.listeners: list[StationChecks] = []  # whose neighbour it is
        self.marks: list[Mark] = []
        self.reset()

    def reset(self) -> None:
        """Forget everything but the neighbours."""
        gauge, settings, marks = self.gauge, self.settings, self.marks
        marks.clear()
        self.rain = Rain()
        self.presence = Presence(max(SILENT_REPORTS * gauge.report_every_ms, gauge.gap_after_ms))
        self.calm_until = NOTHING_IS_CALM
        self._calm: dict[tuple[Kind, bool, bool], Verdict] = {}
        self.dry = Dry(settings, self.neighbours)
        self._influx = Influx(settings, self.rain, self.neighbours, marks)
        self._clock = Clock(settings)
        self._gap = Gap(gap_after_ms=gauge.gap_after_ms)
        self._accumulation = Accumulation(settings)
        self._plain: Mapping[Check, Arrival | Counter | Limits | ClimateLimits | Tips | Repeated | Frost | Supply] = {
            Check.ARRIVAL: Arrival(settings),
            Check.COUNTER: Counter(),
            Check.LIMITS: Limits(
                settings, self.rain, through_mm_per_min=gauge.through_mm_per_min, bucket_um=gauge.bucket_um
            ),
            Check.CLIMATE: ClimateLimits(settings, self.rain),
            Check.TIPS: Tips(settings),
            Check.REPEATED: Repeated(settings, marks, bucket_um=gauge.bucket_um),
            Check.FROZEN: Frost(settings),
            Check.SUPPLY: Supply(settings),
        }
        self._visit = Visit(settings, marks)
        self._sums = Sums(settings)

    def take(self, seen: Seen) -> dict[Check, Said]:
        """What every check says of the next reading of the station."""
        heard_until = self.presence.heard_until
        if seen.rain_um > 0:
            self.rain.add(seen.since, seen.until, seen.rain_um)
            for listener in self.listeners:
                listener.stir(seen.until)
        self.presence.heard(seen.until)
        if self.dry.dry_since is not None:
            if seen.since - heard_until > self.gauge.gap_after_ms:
                self.dry.pass_over(heard_until, seen.since)
            elif seen.step in _BLIND:
                self.dry.pass_over(seen.since, seen.until)
        said: dict[Check, Said] = {check: judge.take(seen) for check, judge in self._plain.items()}
        said[Check.CLOCK] = self._clock.take(seen, heard_until=heard_until)
        said[Check.GAP] = self._gap.take(seen, heard_until=heard_until)
        said[Check.ACCUMULATION] = self._accumulation.take(seen, heard_until=heard_until)
        said[Check.HIGH_INFLUX] = self._influx.take(seen)
        said[Check.VISIT] = self._visit.take(seen)
        said[Check.SUMS] = self._sums.take(seen)
        said[Check.DRY_SPELL], said[Check.FAULTY_ZERO] = self.dry.take(seen)
        self._settle(seen, said)
        return said

    def calm(
        self, until: int, kind: Kind, *, celsius: float | None = None, volts: float | None = None
    ) -> Verdict | None:
        """The verdict of a dry and ordinary reading that nothing stands against; None when it must be taken.

        Ordinary: a steady count, in time, by a clock that is right, with the door closed.
        """
        if until > self.calm_until:
            return None
        if (celsius is not None and celsius <= self.settings.melt_c) or (
            volts is not None and volts < self.settings.battery_v_min
        ):
            return None
        found = self._calm.get((kind, celsius is None, volts is None))
        if found is not None:
            self.presence.heard_until = until
        return found

    def stir(self, at: int) -> None:
        """A neighbour had rain: readings from the lag after it on must be looked at."""
        self.calm_until = min(self.calm_until, at + self.dry.lag_ms - 1)

    def _settle(self, seen: Seen, said: Mapping[Check, Said]) -> None:
        """How long dry readings may pass unseen: not while anything is in doubt or waits."""
        self._calm.clear()
        spell, zero = said[Check.DRY_SPELL], said[Check.FAULTY_ZERO]
        asks = len(self.neighbours) >= self.settings.neighbours_min
        restless = self._influx.waits or self.settings.every_tip_reported or (asks and zero is NOT_CHECKED)
        if restless or spell.reason or zero.reason:
            self.calm_until = NOTHING_IS_CALM
            return
        self.calm_until = self.dry.calm_until(seen.until)
        if not seen.rain_um and seen.step is Step.STEADY and not any(one.reason for one in said.values()):
            key = (seen.kind, seen.temperature_c is None, seen.battery_v is None)
            self._calm[key] = verdict(said, seen.step)

    def prune(self, now: int) -> None:
        """Forget rain and presence that no check looks back to."""
        self.rain.prune(now - KEPT_MS)


def link(checks: Sequence[StationChecks], around: Sequence[Sequence[int]]) -> None:
    """Make stations each other's neighbours: of each the places of those around it, the nearest first."""
    for place, others in enumerate(around):
        for other in others[:NEIGHBOURS_MAX]:
            checks[place].neighbours.append(checks[other])
            checks[other].listeners.append(checks[place])
    for one in checks:
        one.reset()


def verdict(said: Mapping[Check, Said], step: Step) -> Verdict:
    """What the checks say as it is kept: flag, packed outcomes, reasons."""
    checks = packed((check, one.outcome) for check, one in said.items())
    reasons = "; ".join(f"{check.name.lower()}: {said[check].reason}" for check in sorted(said) if said[check].reason)
    if step is Step.VOID:
        return Verdict(Flag.MISSING, checks, reasons or None)
    frozen = said.get(Check.FROZEN)
    blind = step in _NOT_EVALUATED or (frozen is not None and frozen.outcome is Outcome.NOT_CHECKED and frozen.reason)
    return Verdict(flag_of(checks, otherwise=Flag.NOT_EVALUATED if blind else Flag.GOOD), checks, reasons or None)


def lag_ms(settings: QualitySettings) -> int:
    """How long after a reading its neighbours may still change what is said of it."""
    return settings.neighbours_lag_s * SECOND_MS


def is_test(seen: Seen) -> bool:
    """Whether a reading is a test: kept, and no rain."""
    return seen.kind is Kind.TEST
