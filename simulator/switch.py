"""The reed switch and its wire: turns of the bucket become pulses at the logger, or fail to.

Pulses that no turn has made come as well: a switch that bounces, and lightning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from simulator.bounds import STRICT, Pulses, Seconds, Share
from simulator.dice import Dice
from simulator.gauge import Turn
from simulator.values import NEVER, SECOND_MS

Cause = Literal["tip", "bounce", "lightning"]
Missing = Literal["stuck_switch", "dead_input", "loose_wire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSettings:
    """How well a switch works. As it stands it gives one pulse for each turn, and lightning does no lasting harm.

    - `bounce_share`: of the pulses, those that a second one follows after `bounce_s_min` to `bounce_s_max`. 13.0 % and
      11.5 % of the tips in the two iMHEA records come at most 1.1 s after another (their technicians' limit for a
      repetition; simonmoulds/imhea, MIT). A healthy gauge has none.
    - `loose_wire_share`: of the turns, those whose pulse is lost: a chafed wire, a magnet too far away
      (EA W6-084; domain.md section 3).
    - `lightning_pulses_min`, `lightning_pulses_max`: pulses that one strike makes, within `lightning_s_max`. Estimate.
    - `protector_trips_share`: of the strikes, those after which the input is dead until somebody mends it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    bounce_share: Share = 0.0
    bounce_s_min: Seconds = 0.1
    bounce_s_max: Seconds = 1.1
    loose_wire_share: Share = 0.0
    lightning_pulses_min: Pulses = 1
    lightning_pulses_max: Pulses = 20
    lightning_s_max: Seconds = 2.0
    protector_trips_share: Share = 0.0

    def __post_init__(self) -> None:
        for low, high in (("bounce_s_min", "bounce_s_max"), ("lightning_pulses_min", "lightning_pulses_max")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} = {getattr(self, low):g}: must not be above {high} = {getattr(self, high):g}")


class Pulse(NamedTuple):
    """The logger's input closed at this millisecond; and why."""

    at: int
    cause: Cause


class Switch:
    """The way from the bucket to the logger. `stuck` and `dead_input` may be set and cleared from outside."""

    def __init__(self, settings: SwitchSettings, dice: Dice) -> None:
        self.stuck = False  # the reed switch does not close
        self._settings = settings
        self._dice = dice
        self._dead_input = False
        self._trips_at = NEVER

    @property
    def dead_input(self) -> bool:
        """Return whether the logger's input is dead. A protector that tripped is noticed with the next turn."""
        return self._dead_input

    @dead_input.setter
    def dead_input(self, dead: bool) -> None:
        self._dead_input = dead
        self._trips_at = NEVER

    @property
    def missing(self) -> Missing:
        """Return why the pulses() of the last turn were none."""
        if self.stuck:
            return "stuck_switch"
        return "dead_input" if self._dead_input else "loose_wire"

    def pulses(self, turn: Turn) -> list[Pulse]:
        """Return the pulses of a turn in order of time, none when it is missed. A second one may pass the next turn."""
        if turn.at > self._trips_at:
            self.dead_input = True
        if self.stuck or self._dead_input:
            return []
        settings, dice = self._settings, self._dice
        if settings.loose_wire_share and dice.chance(settings.loose_wire_share):
            return []
        first = Pulse(turn.at, "tip")
        if not settings.bounce_share or not dice.chance(settings.bounce_share):
            return [first]
        after_ms = round(dice.between(settings.bounce_s_min, settings.bounce_s_max) * SECOND_MS)
        return [first, Pulse(turn.at + max(after_ms, 1), "bounce")]

    def lightning(self, at: int) -> list[Pulse]:
        """Let a strike come; return the pulses that it makes, in order of time, after `at`.

        A burst needs the wire and not the switch: a stuck switch does not stop it. The protector trips at its end.
        """
        settings, dice = self._settings, self._dice
        number = dice.whole(settings.lightning_pulses_min, settings.lightning_pulses_max)
        last_ms = max(round(settings.lightning_s_max * SECOND_MS), 1)
        burst = sorted({at + dice.whole(1, last_ms) for _ in range(number)})  # two on one millisecond are one
        trips = dice.chance(settings.protector_trips_share)
        if self._dead_input or at > self._trips_at:
            return []
        if trips:
            self._trips_at = at + last_ms
        return [Pulse(moment, "lightning") for moment in burst]
