"""A tipping-bucket gauge: what falls into its funnel becomes turns of the bucket, in continuous time, and losses.

Water is in millimetres over the orifice. Falling water goes through the funnel (which may be clogged) into the bucket;
snow, and rain that freezes, waits in the funnel until it melts. The balance says at every minute where all of it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from simulator.bounds import STRICT, Celsius, NotNegative, Positive
from simulator.dice import Dice
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Air

_HOUR_MIN = HOUR_MS // MINUTE_MS
_DAY_MIN = DAY_MS // MINUTE_MS
_WARM_C = 20.0  # evaporation is stated for this temperature
_TURN_MS_MIN = 2  # no bucket fills faster, so that no two turns fall on one millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeSettings:
    """How a gauge is built, and what weather does to it.

    - `turn_s`: of each turn, in which inflow is lost: 0.45 s (Duchon et al. 2014, JTECH 31-6, high-speed camera).
    - `funnel_lets_through_mm_per_min`: a clean funnel, 8 mm/min (GB/T 11832-2002; domain.md section 3).
    - `funnel_holds_mm`: what stands in it before it runs over the rim. A funnel of 45 degrees (WMO-No. 8) under a
      200 mm orifice holds 33 mm, the upright wall above it is 100 mm deep (Hong Kong Observatory: over 4 inches).
    - `snow_holds_mm`: snow, as water, before its cap falls off: the same 130 mm deep, at 150 kg/m3. Estimate.
    - `melts_mm_per_c_day`: degree-day factor, 3.5 on open ground (Kuusisto 1980, Nordic Hydrology 11); 2 to 6 is usual.
    - `bucket_freezes_c`: at this and below, water in the bucket is ice and the bucket is stuck. Estimate.
    - `residue_evaporates_mm_per_h`: from the bucket at 20 °C, in proportion to the degrees above 0. Estimate: half the
      open water's below, from a twentieth of the orifice's area; less than a tip between storms (Pima County).
    - `funnel_evaporates_mm_per_h`: likewise, of water that stands in a clogged funnel: 2300 mm a year (domain.md
      section 5) are 0.26 mm/h.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    turn_s: NotNegative = 0.45
    funnel_lets_through_mm_per_min: Positive = 8.0
    funnel_holds_mm: NotNegative = 130.0
    snow_holds_mm: NotNegative = 20.0
    melts_mm_per_c_day: NotNegative = 3.5
    bucket_freezes_c: Celsius = -1.0
    residue_evaporates_mm_per_h: NotNegative = 0.0065
    funnel_evaporates_mm_per_h: NotNegative = 0.26


class Turn(NamedTuple):
    """The bucket began to turn at this millisecond. Of a service turn the water was poured in by hand."""

    at: int
    service: bool = False


@dataclass(slots=True)
class Balance:
    """Where the water is, in mm since the beginning: fell = evaporated + overflowed + lost_turning + tipped + held.

    Water that somebody pours is no rain, and turns by hand are no `rain_turns`: both stand apart.
    """

    bucket_depth_mm: float
    fell_mm: float = 0.0
    evaporated_mm: float = 0.0
    overflowed_mm: float = 0.0  # over the rim of the funnel, or of a bucket that is stuck
    lost_turning_mm: float = 0.0  # ran in while the bucket turned
    rain_turns: int = 0
    snow_held_mm: float = 0.0  # in the funnel, as water
    funnel_held_mm: float = 0.0
    residue_mm: float = 0.0  # in the bucket, not tipped yet

    @property
    def tipped_mm(self) -> float:
        """Return what the gauge says has fallen."""
        return self.rain_turns * self.bucket_depth_mm

    @property
    def held_mm(self) -> float:
        """Return what is still in the gauge."""
        return self.snow_held_mm + self.funnel_held_mm + self.residue_mm

    @property
    def caught_mm(self) -> float:
        """Return what reached the bucket and stayed: all that fell, less losses and what waits in the funnel.

        It falls while the residue evaporates.
        """
        lost_mm = self.overflowed_mm + self.lost_turning_mm + self.evaporated_mm
        return self.fell_mm - lost_mm - self.snow_held_mm - self.funnel_held_mm

    def facts(self) -> dict[str, object]:
        """Return the sums, as the truth file names them."""
        return {
            "fell_mm": self.fell_mm,
            "evaporated_mm": self.evaporated_mm,
            "overflowed_mm": self.overflowed_mm,
            "lost_turning_mm": self.lost_turning_mm,
            "tipped_mm": self.tipped_mm,
            "snow_held_mm": self.snow_held_mm,
            "funnel_held_mm": self.funnel_held_mm,
            "residue_mm": self.residue_mm,
        }


class Gauge:
    """One gauge in time. Water runs in evenly within a minute."""

    def __init__(self, bucket_depth_mm: float, settings: GaugeSettings, dice: Dice) -> None:
        self.balance = Balance(bucket_depth_mm)
        self._dice = dice
        self._funnel_holds_mm, self._snow_holds_mm = settings.funnel_holds_mm, settings.snow_holds_mm
        self._bucket_freezes_c = settings.bucket_freezes_c
        self._turn_ms = settings.turn_s * SECOND_MS
        fastest_mm = bucket_depth_mm * (MINUTE_MS / _TURN_MS_MIN)
        self._clean_mm = min(settings.funnel_lets_through_mm_per_min, fastest_mm)  # in a minute
        self._through_mm = self._clean_mm
        self._melts_mm = settings.melts_mm_per_c_day / _DAY_MIN  # by a degree in a minute, as the next two
        self._bucket_dries_mm = settings.residue_evaporates_mm_per_h / (_HOUR_MIN * _WARM_C)
        self._funnel_dries_mm = settings.funnel_evaporates_mm_per_h / (_HOUR_MIN * _WARM_C)
        self._turning_ms = 0.0  # of the open turn, beyond the end of the last minute
        self._ice_mm = 0.0  # of the residue; while there is any, the bucket is stuck
        self._at_rest = True  # nothing in the funnel, no ice, no turn: without rain, only the residue may change

    def minute(self, since: int, air: Air) -> list[Turn]:
        """Let one minute of weather come; return the turns in (since, since + 60000], no two on one millisecond."""
        if self._at_rest and not air.rain_mm and not air.snow_mm:
            if self.balance.residue_mm:
                self._rest(air.temperature_c)
            return []
        balance = self.balance
        balance.fell_mm += air.rain_mm + air.snow_mm
        if air.snow_mm or air.temperature_c <= 0.0:
            self._pile_up(air)
        turns = self._bucket(since, self._funnel(air), air.temperature_c)
        busy = balance.snow_held_mm or balance.funnel_held_mm or self._ice_mm or self._turning_ms
        self._at_rest = not busy and balance.residue_mm < balance.bucket_depth_mm
        return turns

    def clog(self, lets_through_mm_per_h: float) -> None:
        """Let no more than this through the funnel; the rest stands in it and comes later.

        It comes at this rate until nothing is left: through a hole under a cone of water the outflow falls with the
        sixth root of the volume (Torricelli), to one half when 1/64 is left.
        """
        self._through_mm = min(lets_through_mm_per_h / _HOUR_MIN, self._clean_mm)

    def unclog(self) -> None:
        """Clean the funnel: what stands in it drains as fast as a clean funnel lets it, through the bucket."""
        self._through_mm = self._clean_mm

    def service_turns(self, since: int, until: int, number: int) -> list[Turn]:
        """Let somebody pour so many bucket depths within (since, until], about evenly; return the turns.

        As much goes out as was poured in: the residue is what it was, and the balance knows nothing of it.
        """
        stretch_ms = (until - since) / max(number, 1)
        marks = (index + self._dice.between(0.25, 0.75) for index in range(number))
        return [Turn(since + math.ceil(mark * stretch_ms), service=True) for mark in marks]

    def _pile_up(self, air: Air) -> None:
        """Pile up snow, and rain that freezes where it falls."""
        balance = self.balance
        piled_mm = balance.snow_held_mm + air.snow_mm + (air.rain_mm if air.temperature_c <= 0.0 else 0.0)
        balance.snow_held_mm = min(piled_mm, self._snow_holds_mm)
        balance.overflowed_mm += piled_mm - balance.snow_held_mm

    def _funnel(self, air: Air) -> float:
        """Melt, drain, and run over; return what reaches the bucket in this minute. Below freezing nothing runs."""
        if air.temperature_c <= 0.0:
            return 0.0
        balance = self.balance
        melted_mm = min(balance.snow_held_mm, self._melts_mm * air.temperature_c)
        balance.snow_held_mm -= melted_mm
        water_mm = balance.funnel_held_mm + air.rain_mm + melted_mm
        through_mm = min(water_mm, self._through_mm)
        water_mm -= through_mm
        if water_mm > self._funnel_holds_mm:
            balance.overflowed_mm += water_mm - self._funnel_holds_mm
            water_mm = self._funnel_holds_mm
        if water_mm and not air.rain_mm:
            dried_mm = min(water_mm, self._funnel_dries_mm * air.temperature_c)
            balance.evaporated_mm += dried_mm
            water_mm -= dried_mm
        balance.funnel_held_mm = water_mm
        return through_mm

    def _bucket(self, since: int, inflow_mm: float, temperature_c: float) -> list[Turn]:
        balance = self.balance
        if self._ice_mm:
            self._thaw(inflow_mm, temperature_c)
        elif inflow_mm or balance.residue_mm >= balance.bucket_depth_mm:
            return self._fill(since, inflow_mm)
        else:
            self._rest(temperature_c)
        self._turning_ms = max(self._turning_ms - MINUTE_MS, 0.0)
        return []

    def _rest(self, temperature_c: float) -> None:
        """Let the residue evaporate, or freeze, while nothing runs in."""
        balance = self.balance
        if temperature_c > 0.0:
            dried_mm = self._bucket_dries_mm * temperature_c
            if dried_mm > balance.residue_mm:
                dried_mm = balance.residue_mm
            balance.residue_mm -= dried_mm
            balance.evaporated_mm += dried_mm
        if temperature_c <= self._bucket_freezes_c and balance.residue_mm:
            self._ice_mm = balance.residue_mm
            self._at_rest = False

    def _thaw(self, inflow_mm: float, temperature_c: float) -> None:
        """Fill a bucket that is stuck up to its depth; the rest runs over. Its ice melts as the snow in the funnel."""
        balance = self.balance
        enters_mm = min(inflow_mm, max(balance.bucket_depth_mm - balance.residue_mm, 0.0))
        balance.residue_mm += enters_mm
        balance.overflowed_mm += inflow_mm - enters_mm
        if temperature_c <= self._bucket_freezes_c:
            self._ice_mm = balance.residue_mm
        elif temperature_c > 0.0:
            self._ice_mm = max(self._ice_mm - self._melts_mm * temperature_c, 0.0)

    def _fill(self, since: int, inflow_mm: float) -> list[Turn]:
        """Let water run into the bucket; return its turns.

        A turn takes `turn_s`, in which inflow is lost: with rain R and bucket depth d, R x turn_s is lost for every d
        that tips, so a share R' x turn_s / d of the rain, where R' is the rate that the gauge shows.
        """
        balance, turns = self.balance, []
        depth_mm, residue_mm, turn_ms = balance.bucket_depth_mm, balance.residue_mm, self._turn_ms
        rate = inflow_mm / MINUTE_MS
        at_ms = self._turning_ms  # water counts from here on
        lost_ms = min(at_ms, MINUTE_MS)
        while at_ms < MINUTE_MS:
            missing_mm, comes_mm = depth_mm - residue_mm, rate * (MINUTE_MS - at_ms)
            if missing_mm > comes_mm:
                residue_mm += comes_mm
                at_ms = MINUTE_MS
                break
            if missing_mm > 0.0:
                at_ms = min(at_ms + missing_mm / rate, MINUTE_MS)
            turns.append(Turn(since + max(math.ceil(at_ms), 1)))
            residue_mm = 0.0
            lost_ms += min(turn_ms, MINUTE_MS - at_ms)
            at_ms += turn_ms
        self._turning_ms = at_ms - MINUTE_MS
        balance.residue_mm = residue_mm
        balance.lost_turning_mm += rate * lost_ms
        balance.rain_turns += len(turns)
        return turns
