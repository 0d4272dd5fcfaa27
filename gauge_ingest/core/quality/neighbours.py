"""Checks against the neighbours: a gauge that stays dry while they have rain, and one that has far more than they.

Neighbours are looked at as they were `neighbours_lag_s` ago, so that the order in which stations report within that
time does not matter. What they told is a lower bound of what fell there, so that a neighbour that is away, or dead
itself, only makes a check more careful. At least three must be there, else nothing is checked.
"""

from collections.abc import Sequence
from statistics import median
from typing import Protocol

from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UNBOUNDED, Kind, Step
from gauge_ingest.core.quality.amount import FIVE_MINUTES_MS, grown_um
from gauge_ingest.core.quality.record import Presence, Rain
from gauge_ingest.core.quality.seen import NOT_CHECKED, PASSED, UM_PER_MM, Mark, Said, Seen, lasted, mm, suspect
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.verdicts import Check

# So much is some rain: so many neighbours as must be online must each have had it for a dry gauge to be doubted.
SOME_RAIN_UM = 1_000
# One of so many neighbours may have stayed dry by chance: what the others had at least stands for all.
DRY_OF = 4
# One of so many may be dead, unknown to anybody, and does not count.
DEAD_OF = 4
# Rain travels: neighbours 12 to 53 km apart may have had theirs so much earlier.
TRAVEL_MS = 30 * MINUTE_MS
# Sums over which a gauge is compared with its neighbours, beside the single reading.
INFLUX_WINDOWS_MS = (HOUR_MS, DAY_MS)
# Steps after which nothing is known of what fell before: a dry spell begins anew.
ANEW = frozenset({Step.FIRST, Step.RESET, Step.UNCONFIRMED, Step.DEPLOYED})
_STEADY = Step.STEADY  # named once: naming a member costs as much as a short check (Python 3.11)
_NEVER = -(1 << 62)


class Neighbour(Protocol):
    """What is asked of a neighbour: its rain and when it was heard."""

    @property
    def rain(self) -> Rain:
        """Its wet readings."""

    @property
    def presence(self) -> Presence:
        """When it was heard."""


class Dry:
    """A gauge that tells no rain: since when, and what each neighbour has had since."""

    __slots__ = (
        "_half_um",
        "_least_um",
        "_long_ms",
        "_neighbours",
        "_settings",
        "_there",
        "doubtful_um",
        "dry_since",
        "lag_ms",
        "summed_until",
        "sums_um",
    )

    def __init__(self, settings: QualitySettings, neighbours: Sequence[Neighbour]) -> None:
        self._settings = settings
        self._neighbours = neighbours
        self._least_um = settings.neighbours_rain_mm * UM_PER_MM
        self._half_um = settings.neighbours_median_mm * UM_PER_MM
        self._long_ms = round(settings.dry_days_max * DAY_MS)
        # Rain that is on its way here is no sign that this gauge is dead.
        self.lag_ms = settings.neighbours_lag_s * SECOND_MS + TRAVEL_MS
        # Three quarters of those that are not dead have had the least there is to doubt, so all together have.
        living = len(neighbours) - len(neighbours) // DEAD_OF
        enough = len(neighbours) >= settings.neighbours_min
        self.doubtful_um = round((living - living // DRY_OF) * self._least_um) if enough else UNBOUNDED
        self.dry_since: int | None = None
        self.sums_um: list[int] = []
        self.summed_until = _NEVER
        self._there = (UNBOUNDED, _NEVER)  # when last asked, and up to when enough neighbours are there

    def begin(self, at: int, sums_um: Sequence[int] = (), *, summed_until: int | None = None) -> None:
        """The gauge has rained, or its record begins: what the neighbours have had since then, none unless given."""
        self.dry_since = at
        self.sums_um = list(sums_um) or [0] * len(self._neighbours)
        self.summed_until = at if summed_until is None else summed_until

    def pass_over(self, since: int, until: int) -> None:
        """Nothing is known of the gauge in (since, until]: what the neighbours had then does not count."""
        self._sum_until(since)
        self.summed_until = max(self.summed_until, until)

    def take(self, seen: Seen) -> tuple[Said, Said]:
        """What the checks DRY_SPELL and FAULTY_ZERO say."""
        if seen.rain_um or seen.perhaps or self.dry_since is None or (seen.step is not _STEADY and seen.step in ANEW):
            self.begin(seen.until)
            return PASSED, PASSED if self._neighbours_online(seen.until) else NOT_CHECKED
        if seen.kind is Kind.MAINTENANCE:
            return PASSED, NOT_CHECKED
        self._sum_until(seen.until - self.lag_ms)
        online = self._neighbours_online(seen.until)
        least_um, half_um = self._around_um()
        return self._spell(seen, half_um, online=online), self._zero(least_um, half_um, online=online)

    def quiet_until(self, heard_um: int) -> int:
        """Up to when further dry readings need not be looked at, as far as can be told from `heard_um`.

        While all neighbours together have not had what half of them would need, none of the checks can be in doubt.
        """
        assert self.dry_since is not None
        until = self.dry_since + self._long_ms
        if heard_um < self.doubtful_um:
            return until
        wet = [one.rain.next_after(self.summed_until) for one in self._neighbours]
        return min([until, *(at + self.lag_ms - 1 for at in wet if at is not None)])

    def heard_um(self) -> int:
        """What all neighbours have had since the gauge is dry, as far as was heard, the last minutes included."""
        return sum(self.sums_um) + sum(one.rain.ended_um(self.summed_until, UNBOUNDED) for one in self._neighbours)

    def online_until(self, until: int) -> int:
        """Up to when enough neighbours are known to be there; long ago when they are not."""
        enough = self._settings.neighbours_min
        if len(self._neighbours) < enough:
            return UNBOUNDED
        if self._there[0] == until:
            return self._there[1]
        self._there = until, self._found_until(until, enough)
        return self._there[1]

    def _found_until(self, until: int, enough: int) -> int:
        at, least = until - self.lag_ms, UNBOUNDED
        for one in self._neighbours:
            presence = one.presence
            # Asked so often that the usual answer of `until_when` stands here.
            known = at >= presence.run_since
            end = presence.heard_until + presence.silence_ms if known else presence.until_when(at)
            if end >= at:
                least = min(least, end)
                enough -= 1
                if not enough:
                    return least + self.lag_ms
        return _NEVER

    def absent_until(self, until: int) -> int:
        """While too few neighbours are there: up to when there will surely not be enough of them.

        One that is heard from now on counts when the lag is over. What comes later than `neighbours_lag_s` makes
        whoever was judged without it be judged again.
        """
        at, fresh_at = until - self.lag_ms, until - self._settings.neighbours_lag_s * SECOND_MS
        known = [one.presence.there_from(at) for one in self._neighbours]
        since = sorted(fresh_at if one is None else one for one in known)
        return since[self._settings.neighbours_min - 1] + self.lag_ms - 1

    def _around_um(self) -> tuple[int, float]:
        """What three quarters of the neighbours that are not dead had at least, and their median."""
        if not self.sums_um:
            return 0, 0
        living_um = sorted(self.sums_um)
        del living_um[: min(living_um.count(0), len(living_um) // DEAD_OF)]
        number = len(living_um)
        return living_um[number // DRY_OF], (living_um[(number - 1) // 2] + living_um[number // 2]) / 2

    def _zero(self, least_um: int, half_um: float, *, online: bool) -> Said:
        rained = sum(sum_um >= SOME_RAIN_UM for sum_um in self.sums_um)
        if least_um > self._least_um and half_um > self._half_um and rained >= self._settings.neighbours_min:
            around = f"half of {len(self.sums_um)} neighbours had {mm(half_um)}, three quarters {mm(least_um)} or more"
            return suspect(f"no tip while {around}")
        return PASSED if online else NOT_CHECKED

    def _spell(self, seen: Seen, fell_um: float, *, online: bool) -> Said:
        assert self.dry_since is not None
        dry_ms = seen.until - self.dry_since
        if dry_ms <= self._long_ms:
            return PASSED
        if online and fell_um < SOME_RAIN_UM:
            return PASSED._replace(reason=f"dry for {lasted(dry_ms)}, and so are the neighbours")
        return suspect(f"no tip for {lasted(dry_ms)}, longer than it is ever dry here")

    def _neighbours_online(self, until: int) -> bool:
        if len(self._neighbours) < self._settings.neighbours_min:
            return False
        return until <= self._there[1] or self.online_until(until) >= until

    def _sum_until(self, at: int) -> None:
        if at > self.summed_until:
            for place, one in enumerate(self._neighbours):
                self.sums_um[place] += one.rain.ended_um(self.summed_until, at)
            self.summed_until = at


class Influx:
    """A gauge that has far more than any neighbour: decided when the neighbours have had time to report."""

    def __init__(
        self, settings: QualitySettings, rain: Rain, neighbours: Sequence[Neighbour], marks: list[Mark]
    ) -> None:
        self._settings = settings
        self._rain = rain
        self._neighbours = neighbours
        self._marks = marks
        self._lag_ms = settings.neighbours_lag_s * SECOND_MS
        self._least_um = settings.influx_mm * UM_PER_MM
        self._most: dict[int, float] = {}
        self._waiting: list[tuple[int, int, int]] = []  # until, window_ms, rain_um

    @property
    def waits(self) -> bool:
        """Whether a reading waits for its neighbours."""
        return bool(self._waiting)

    def take(self, seen: Seen) -> Said:
        """Suspect at once when it is much, until the neighbours' reports clear it or confirm the doubt."""
        while self._waiting and seen.until >= self._waiting[0][0] + self._lag_ms:
            self._decide(*self._waiting.pop(0))
        if not seen.rain_um:
            return PASSED if len(self._neighbours) >= self._settings.neighbours_min else NOT_CHECKED
        if len(self._neighbours) < self._settings.neighbours_min or seen.step is Step.GAP:
            return NOT_CHECKED
        span_ms = max(seen.until - seen.since, FIVE_MINUTES_MS)
        hour_um, day_um = self._rain.recent_um(seen.until)
        if span_ms <= DAY_MS and day_um <= self._least_um:
            return PASSED  # what a day did not bring, no part of it did
        for window_ms in (span_ms, *(one for one in INFLUX_WINDOWS_MS if one > span_ms)):
            most_um = self._most_um(window_ms)
            if window_ms <= DAY_MS and (hour_um if window_ms <= HOUR_MS else day_um) <= most_um:
                continue
            fell_um = self._rain.ended_um(seen.until - window_ms, seen.until)
            if fell_um > most_um:
                self._waiting.append((seen.until, window_ms, fell_um))
                if self._there(seen.until - self._lag_ms) < self._settings.neighbours_min:
                    return NOT_CHECKED
                return suspect(f"{mm(fell_um)} in {lasted(window_ms)}: the neighbours have yet to report")
        return PASSED

    def _most_um(self, window_ms: int) -> float:
        """What a gauge may have in a window without being compared; asked for every wet reading, so remembered."""
        known = self._most.get(window_ms)
        if known is None:
            known = self._most[window_ms] = grown_um(self._settings.influx_mm, window_ms)
        return known

    def _there(self, at: int) -> int:
        return sum(one.presence.online(at) for one in self._neighbours)

    def _decide(self, until: int, window_ms: int, fell_um: int) -> None:
        settings = self._settings
        there = [one for one in self._neighbours if one.presence.online(until)]
        said = NOT_CHECKED
        if len(there) >= settings.neighbours_min:
            around_um = median(one.rain.ended_um(until - window_ms - TRAVEL_MS, until) for one in there)
            quiet_um = grown_um(settings.influx_neighbours_mm, window_ms)
            most_um = max(grown_um(settings.influx_mm, window_ms), around_um * settings.influx_ratio)
            alone = around_um < quiet_um or fell_um > most_um
            said = PASSED
            if alone:
                reason = f"{mm(fell_um)} in {lasted(window_ms)}, the neighbours had {mm(around_um)}"
                said = suspect(f"{reason} (median of {len(there)})")
        self._marks.append(Mark(until - 1, until, Check.HIGH_INFLUX, said))
