"""The radio link of a station: up, down, or half open, at every millisecond.

Three causes work beside each other, and the worst of them is what the modem meets:

- Outages that come and go by chance: Gilbert and Elliott's two-state Markov chain (E. N. Gilbert, Capacity of a
  burst-noise channel, Bell Syst. Tech. J. 39, 1960; E. O. Elliott, same journal 42, 1963) in continuous time, each
  state lasting an exponential time. Gilbert and Elliott lose bits; here the bad state loses the whole link.
- Rain. Not by attenuation: at 1 GHz, 100 mm/h take 0.003 dB from each kilometre (ITU-R P.838-2, table 1). What fails
  in a thunderstorm is the mast: its mains power, its microwave link onwards, water in its antenna cables. No figures
  for a county were found, so the shares are estimates, and 0 by default.
- Spans that a scenario asks for.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from simulator.bounds import STRICT, NotNegative, Positive, Share, Sigma, Some, Whole
from simulator.dice import Dice
from simulator.values import MINUTE_MS, NEVER, Air

LinkState = Literal["up", "down", "half_open"]

MINUTES_PER_HOUR = 60
_CHAIN, _RAIN = -1, -2  # causes; spans that are held down count from 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How good a station's GPRS link is. As it stands it is always up, and as slow as GPRS is.

    Of the radio:

    - `good_min`, `bad_min`: how long outages stay away and last on average; `bad_min` 0: there are none.
    - `half_open_share`: of these outages, those that the station does not notice. Estimate.
    - `rain_fails_at_mm_per_h`: rain of a minute from which on the link may die; 0: rain does it no harm.
    - `rain_fails_per_min`: chance of that in a minute at just this rain, and in proportion more in heavier rain.
    - `rain_returns_per_min`: chance in a minute of lighter rain that the link is back. Both are estimates.

    Of the modem:

    - `latency_median_s`, `latency_sigma`: of one way, lognormal. Both ways together take 0.95 s at the median and 2.9 s
      at the 95th percentile, one way in 5,700 takes more than 10 s. RFC 3481 has a few hundred milliseconds to 1 s both
      ways (2.1), and spikes of several times that (2.4); the shape is an estimate.
    - `bytes_per_s`: 1,000 is what coding scheme CS-1 leaves of one time slot, 8 kbit/s (INSYS GPRS 5.0 manual, p. 89);
      RFC 3481 (2.2) has 10 to 20 kbit/s.
    - `loss_share`: of the packets, each way, those that never arrive; what comes behind one on its connection does not
      either, as TCP keeps the order. RFC 3481 (2.5): rare, the radio layer repeats.
    - `duplicate_share`: of the messages, those that the station sends twice at once.
    - `in_flight_max`: messages that wait for their acknowledgement; 20 is paho's. SL 651 stations have 1.
    - `ack_timeout_s`: 20 s on IP (fyyp_rtu's ptcl.h; domain.md 1.6).
    - `retry_min_s`, `retry_max_s`: least and longest pause before the next try. Estimate.
    - `repeats_max`: tries without success after the first before it gives up until the next report, or for `rest_s`.
      None: it never does. SL 651 mode M2 has 2 (domain.md 1.6).
    - `wake_min_s`, `wake_max_s`: from the wish to send to the first byte, after a while without traffic. Estimate.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    good_min: Positive = 720.0
    bad_min: NotNegative = 0.0
    half_open_share: Share = 0.2
    rain_fails_at_mm_per_h: NotNegative = 0.0
    rain_fails_per_min: Share = 0.1
    rain_returns_per_min: Share = 0.1
    latency_median_s: NotNegative = 0.4
    latency_sigma: Sigma = 0.9
    bytes_per_s: Positive = 1000.0
    loss_share: Share = 0.0
    duplicate_share: Share = 0.0
    in_flight_max: Some = 20
    ack_timeout_s: Positive = 20.0
    retry_min_s: Positive = 5.0
    retry_max_s: Positive = 120.0
    repeats_max: Whole | None = None
    rest_s: Positive = 300.0
    wake_min_s: NotNegative = 1.0
    wake_max_s: NotNegative = 4.0

    def __post_init__(self) -> None:
        for low, high in (("retry_min_s", "retry_max_s"), ("wake_min_s", "wake_max_s")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} = {getattr(self, low):g}: must not be above {high} = {getattr(self, high):g}")


class Radio:
    """State of a station's link. What it draws depends on nothing but its dice and the weather."""

    def __init__(self, settings: LinkSettings, dice: Dice) -> None:
        self._settings = settings
        self._dice = dice
        self._without_faults = not settings.bad_min and not settings.rain_fails_at_mm_per_h
        self._bad = self._failed = False
        self._chain_at: int | None = None  # of the chain's next change; it starts good, with the first minute
        self._spans = 0
        self._number = 0
        self._changes: list[tuple[int, int, int, LinkState]] = []  # at, in order of planning, cause, what it makes
        self._causes: dict[int, LinkState] = {}  # those that harm the link now
        self._state: LinkState = "up"
        self._seen_at = 0

    def minute(self, since: int, air: Air) -> None:
        """Decide what happens in (since, since + 60,000]."""
        if self._without_faults:
            return
        settings = self._settings
        if settings.bad_min:
            self._follow_chain(since, since + MINUTE_MS)
        if settings.rain_fails_at_mm_per_h:
            self._follow_rain(since, air.rain_mm * MINUTES_PER_HOUR / settings.rain_fails_at_mm_per_h)

    def state(self, at: int) -> LinkState:
        """Return how the link is. The changes up to there count as seen."""
        changes = self._changes
        while changes and changes[0][0] <= at:
            _, _, cause, state = heapq.heappop(changes)
            if state == "up":
                self._causes.pop(cause, None)
            else:
                self._causes[cause] = state
            self._state = _worst(self._causes)
        self._seen_at = max(self._seen_at, at)
        return self._state

    def next_change(self) -> int:
        """Return the instant from which on state() may answer otherwise than it last did, as far as is decided yet."""
        return self._changes[0][0] if self._changes else NEVER

    def hold_down(self, since: int, until: int, *, half_open: bool = False) -> None:
        """Have no link in [since, until), beside what chance brings; `until` NEVER: until it heals."""
        self._plan(since, self._spans, "half_open" if half_open else "down")
        if until != NEVER:
            self._plan(until, self._spans, "up")
        self._spans += 1

    def heal(self) -> None:
        """Be up from now on, and have no more faults."""
        self._without_faults = True
        self._changes.clear()
        self._causes.clear()
        if self._state != "up":
            self._plan(self._seen_at, _CHAIN, "up")

    def _follow_chain(self, since: int, until: int) -> None:
        settings = self._settings
        if self._chain_at is None:
            self._chain_at = since + self._lasting_ms(settings.good_min)
        while self._chain_at <= until:
            self._bad = not self._bad
            state: LinkState = "up"
            if self._bad:
                state = "half_open" if self._dice.chance(settings.half_open_share) else "down"
            self._plan(self._chain_at, _CHAIN, state)
            self._chain_at += self._lasting_ms(settings.bad_min if self._bad else settings.good_min)

    def _follow_rain(self, since: int, weight: float) -> None:
        """`weight` is the minute's rain, as a multiple of the rain from which on the link may die."""
        dice, settings = self._dice, self._settings
        if self._failed:
            changes = weight < 1.0 and dice.chance(settings.rain_returns_per_min)
        else:
            changes = weight >= 1.0 and dice.chance(settings.rain_fails_per_min * weight)
        if changes:
            self._failed = not self._failed
            self._plan(since + dice.whole(1, MINUTE_MS), _RAIN, "down" if self._failed else "up")

    def _lasting_ms(self, mean_min: float) -> int:
        return max(1, round(self._dice.exponential(mean_min * MINUTE_MS)))

    def _plan(self, at: int, cause: int, state: LinkState) -> None:
        heapq.heappush(self._changes, (at, self._number, cause, state))
        self._number += 1


def _worst(causes: dict[int, LinkState]) -> LinkState:
    if "down" in causes.values():
        return "down"
    return "half_open" if causes else "up"
