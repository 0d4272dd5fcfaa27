"""The logger itself: pulses in, readings and messages out, with its clock, its power, its door and its restarts."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.dice import Dice
from simulator.rtu.counter import Counter
from simulator.rtu.memory import Memory
from simulator.rtu.packing import HOUR_S, Packer
from simulator.rtu.power import POWER_STEP_MS, Power
from simulator.rtu.quirks import in_year
from simulator.rtu.rtc import Rtc
from simulator.rtu.schedule import DAY_S, Due, Schedule, is_new_year
from simulator.rtu.senses import Senses
from simulator.rtu.settings import RtuSettings
from simulator.sites import Site
from simulator.values import NEVER, SECOND_MS, Air, Happening, Kind, Reading

NETWORK_TOLERANCE_MS = SECOND_MS  # a clock that is wrong by less is left alone


class Rtu:
    """One logger. Whoever owns it calls `wake` at `next_at`, after the pulses of that millisecond.

    A reading stands at a whole second of the logger's clock and has every pulse up to the instant at which the clock
    came to it. What is done to the logger (visits, reboots, a clock that is set) comes after what was due just then.
    """

    def __init__(self, site: Site, settings: RtuSettings, *, dice: Dice, start_at: int, boot: int) -> None:
        self.site = site
        self.settings = settings
        self.on = True
        self.memory = Memory(settings.memory)
        self.clock = Rtc(start_at, shows_ms=start_at, drift_ppm=settings.clock.drift_ppm)
        self.power = Power(settings.power, start_at)
        self._counter = Counter(first=settings.first_count, modulus=site.counter_modulus)
        self._packer = Packer(site.station, settings, self.memory, boot=boot)
        self._senses = Senses(settings, dice)
        self._schedule = Schedule(self.clock, _steps_s(site, settings))
        self._air = Air()
        self._start_at = start_at
        self._charge_at = start_at + POWER_STEP_MS
        self._messages_paid = 0  # whose current the battery has given
        self._power_at = NEVER  # when the battery lets the load go, or takes it again
        self._cut = False  # somebody has cut the power
        self._visit: Kind | None = None
        self._event_tips = settings.event_tips
        self._tips = 0  # since the last reading
        self._read_at = start_at

    def start(self) -> list[Happening]:
        """Begin to count; return the first reading, made before any pulse."""
        at, clock = self._start_at, self.settings.clock
        shows_ms = at + round(clock.offset_s * SECOND_MS)
        if self.settings.quirks.demo_year:
            shows_ms = in_year(shows_ms, self.settings.quirks.demo_year)
        happenings = self._show(at, shows_ms, why="start") if shows_ms != at else []
        observed_s = self.clock.next_second(at)
        self._schedule.begin(self.clock.reaches(observed_s) + 1)
        return happenings + self._read(Due(observed_s, by_clock=False, wanted="timed"), at)

    def pulse(self, at: int) -> bool:
        """Count a pulse; return False when there is nobody to count it."""
        if not self.on:
            return False
        self._counter.tip()
        self._tips += 1
        if self._tips == self._event_tips:
            self._schedule.want(max(at, self._read_at + self.settings.event_gap_s * SECOND_MS), "event")
        return True

    def minute(self, since: int, air: Air, *, sun: float) -> None:
        """Feel the weather of the minute that begins; `sun` is the clear sky's radiation, 0 to 1."""
        self._air = air
        if since >= self._charge_at:
            self._charge(since, sun)

    def next_at(self) -> int:
        """Return the instant of the next thing to do, NEVER when there is none."""
        next_at = self._schedule.next_at
        return next_at if next_at < self._power_at else self._power_at

    def wake(self, at: int) -> list[Happening]:
        """Do what is due."""
        happenings = self._read(self._schedule.take(at), at) if self._schedule.next_at <= at else []
        if self._power_at <= at:
            self._power_at = NEVER
            happenings += self._follow_battery(at)
        return happenings

    def reboot(self, at: int, *, loses_count: bool, loses_memory: bool) -> list[Happening]:
        """Start anew; without power there is nothing to start."""
        if not self.on:
            return []
        happenings = self.wake(at)
        if loses_memory or self.settings.memory.kind == "ram":
            happenings += self._packer.lose(at, self.clock.seconds(at))
        return happenings + self._boot(at, loses_count=loses_count)

    def cut_power(self, at: int) -> list[Happening]:
        """Take the supply away, whatever the battery holds."""
        happenings = self.wake(at)
        self._cut = True
        return happenings + self._lose_power(at) if self.on else happenings

    def restore_power(self, at: int) -> list[Happening]:
        """Give the supply back; a low battery still has to be charged first."""
        self._cut = False
        return [] if self.on or self.power.low else self._regain_power(at)

    def visit_begins(self, at: int, *, as_test: bool) -> list[Happening]:
        """Open the box. As a test: what is counted now is shown as a test, and is not in later counts."""
        happenings = self.wake(at) + self._leave(at)
        self._visit = "test" if as_test else "maintenance"
        self._counter.leaves_out = as_test and not self.settings.test_tips_stay
        self._look_at_door(at)
        return [*happenings, self._happening(at, "visit", begins=True, as_test=as_test)]

    def visit_ends(self, at: int) -> list[Happening]:
        """Close the box; `left_out` says how many pulses the logger has forgotten as a test."""
        happenings = self.wake(at)
        if self._visit is None:
            return happenings
        self._look_at_door(at)
        return happenings + self._leave(at)

    def set_clock(self, at: int, offset_s: float, *, why: str = "set") -> list[Happening]:
        """Let the clock be ahead of true time by so much, 0 for right."""
        return self._show(at, at + round(offset_s * SECOND_MS), why=why)

    def step_clock(self, at: int, by_s: float) -> list[Happening]:
        """Let the clock jump, forward where `by_s` is above 0."""
        return self._show(at, self.clock.milliseconds(at) + round(by_s * SECOND_MS), why="step")

    def hears_network(self, at: int) -> list[Happening]:
        """The modem has a connection, and with it the network's time."""
        wrong_ms = abs(self.clock.milliseconds(at) - at)
        if not self.on or not self.settings.clock.set_by_network or wrong_ms < NETWORK_TOLERANCE_MS:
            return []
        return self._show(at, at, why="network")

    def corrupt(self, _at: int, *, counts: Sequence[int]) -> None:
        """Let the next readings carry these counts, one each, and be right again after them."""
        self._counter.corrupt(counts)

    def close(self, at: int) -> list[Happening]:
        """Make the closing reading and pack everything; there is power again, nobody is there, nothing follows."""
        happenings: list[Happening] = []
        if not self.on:
            happenings += self._regain_power(at)
        happenings += self._leave(at)
        self._counter.corrupt(())
        self._schedule.stop()
        self._charge_at = self._power_at = NEVER
        observed_s = self.clock.next_second(at)
        reading = self._reading(observed_s, "timed", at)
        return [*happenings, self._told(reading, at), *self._packer.add(reading, at, last=True)]

    def _read(self, due: Due, at: int) -> list[Happening]:
        """Make the reading, or the message, that is due."""
        observed_s, every_s, settings = due.observed_s, self.site.report_every_s, self.settings
        happenings: list[Happening] = []
        new_year = due.by_clock and settings.yearly_reset and is_new_year(observed_s)
        timed = (due.by_clock and observed_s % every_s == 0) or new_year
        event_every_s = settings.quirks.event_every_s
        dry = due.by_clock and event_every_s > 0 and observed_s % event_every_s == 0
        kind: Kind | None = "timed" if timed else due.wanted or ("event" if dry else None)
        full_hour = due.by_clock and observed_s % HOUR_S == 0
        if kind is not None:
            self._schedule.answered()
            self._tips = 0
            self._read_at = at
            reading = self._reading(observed_s, self._visit or kind, at)
            happenings = [self._told(reading, at), *self._packer.add(reading, at)]
            if timed:
                self._packer.remember(reading, every_s=every_s)
                if settings.quirks.repeats_times and (dry or due.wanted or full_hour):
                    happenings += self._packer.send((reading,), "event", at, observed_s)
        if settings.hourly and full_hour:
            happenings += self._packer.hourly(at, observed_s)
        if new_year:
            happenings.append(self._happening(at, "count_reset", counted_lost=self._counter.restart()))
        return happenings

    def _reading(self, observed_s: int, kind: Kind, at: int) -> Reading:
        battery_v, signal_dbm, temperature_c = self._senses.look(volts=self.power.volts, air_c=self._air.temperature_c)
        counter = self._counter
        return Reading(
            observed_s,
            counter.read(),
            kind,
            battery_v,
            signal_dbm,
            temperature_c,
            self._visit is not None,
            at,
            counter.counted,
        )

    def _charge(self, at: int, sun: float) -> None:
        """Let the battery give and take up to now, and see whether it lets the load go or takes it again."""
        self._charge_at = at + POWER_STEP_MS
        messages, self._messages_paid = self._packer.number - self._messages_paid, self._packer.number
        air = self._air
        self.power.step(
            at, sun=sun, cloud=air.cloud, temperature_c=air.temperature_c, loaded=self.on, messages=messages
        )
        if self.on == (self.power.low or self._cut):
            self._power_at = at

    def _follow_battery(self, at: int) -> list[Happening]:
        if self.on == (not self.power.low and not self._cut):
            return []
        return self._lose_power(at) if self.on else self._regain_power(at)

    def _lose_power(self, at: int) -> list[Happening]:
        self.on = False
        self._schedule.stop()
        happenings = [self._happening(at, "power", on=False, battery_v=round(self.power.volts, 2))]
        if self.settings.memory.kind == "ram":
            happenings += self._packer.lose(at, self.clock.seconds(at))
        return happenings

    def _regain_power(self, at: int) -> list[Happening]:
        self.on = True
        happenings = [self._happening(at, "power", on=True, battery_v=round(self.power.volts, 2))]
        if not self.settings.clock.backup:
            happenings += self._show(at, self.settings.clock.resets_to_ms, why="power_loss")
        return happenings + self._boot(at, loses_count=not self.settings.count_survives)

    def _boot(self, at: int, *, loses_count: bool) -> list[Happening]:
        """Begin a new boot; its first reading follows at the next second of the clock, the base line."""
        happenings = self._packer.flush(at, self.clock.seconds(at))
        forgets = self.settings.quirks.forgets_at_reboot
        loses_count = loses_count or forgets
        counted_lost = self._counter.restart() if loses_count else 0
        self._packer.begin_boot(first_seq=1 if forgets else 0 if self.settings.seq_restarts else None)
        self._tips = 0
        self._schedule.stop()
        self._schedule.begin(at + 1)
        self._schedule.want(at + 1, "timed")
        facts = {"boot": self._packer.boot, "loses_count": loses_count, "counted_lost": counted_lost}
        return [*happenings, self._happening(at, "restart", **facts)]

    def _leave(self, at: int) -> list[Happening]:
        if self._visit is None:
            return []
        self._visit = None
        return [self._happening(at, "visit", begins=False, left_out=self._counter.end_test())]

    def _look_at_door(self, at: int) -> None:
        if self.on and self.settings.door_reports:
            self._schedule.want(at + 1, "event")

    def _show(self, at: int, shows_ms: int, *, why: str) -> list[Happening]:
        """Set the clock; timed readings go on with the next multiple that it will show."""
        happenings = self.wake(at)
        if shows_ms == self.clock.milliseconds(at):
            return happenings
        self.clock.set(at, shows_ms)
        if self.on:
            self._schedule.begin(at)
        return [*happenings, self._happening(at, "clock", offset_s=(shows_ms - at) / SECOND_MS, why=why)]

    def _told(self, reading: Reading, at: int) -> Happening:
        return Happening(at, self.site.station, "reading", {"reading": reading})

    def _happening(self, at: int, event: str, **facts: object) -> Happening:
        return Happening(at, self.site.station, event, facts)


def _steps_s(site: Site, settings: RtuSettings) -> tuple[int, ...]:
    """Return the steps at whose multiples there is something to do."""
    steps_s = [site.report_every_s]
    if settings.quirks.event_every_s:
        steps_s.append(settings.quirks.event_every_s)
    if settings.hourly:
        steps_s.append(HOUR_S)
    if settings.yearly_reset:
        steps_s.append(DAY_S)
    return tuple(steps_s)
