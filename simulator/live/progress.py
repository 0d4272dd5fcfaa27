"""What a person, or a program with --json-progress, sees of a run while it goes on and when it is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from simulator.clock import BEIJING, rfc3339_s
from simulator.live.runner import Display, Tally
from simulator.values import Happening
from simulator.world import World

JSON_EVERY_MIN = 5
PLAIN_SHARES = 10  # lines in a whole run


class JsonProgress:
    """One JSON line per station and five simulated minutes: the amounts of these minutes and those since the start."""

    def __init__(self, console: Console, world: World) -> None:
        self._console = console
        self._minutes = world.minutes
        self._total = {site.station: (0.0, 0) for site in world.sites}
        self._told = dict(self._total)

    def rain(self, rain: Happening) -> None:
        """Write a line when five minutes are full, or the run is."""
        station, (minute, minute_mm, minute_tips) = rain.station, _amounts(rain)
        fell_mm, tips = self._total[station]
        fell_mm, tips = fell_mm + minute_mm, tips + minute_tips
        self._total[station] = (fell_mm, tips)
        if minute % JSON_EVERY_MIN and minute != self._minutes:
            return
        told_mm, told_tips = self._told[station]
        self._told[station] = (fell_mm, tips)
        line = {
            "at": rfc3339_s(rain.at // 1000),
            "station": station,
            "fell_mm": round(fell_mm - told_mm, 3),
            "tips": tips - told_tips,
            "fell_total_mm": round(fell_mm, 3),
            "tips_total": tips,
        }
        self._console.file.write(json.dumps(line) + "\n")
        self._console.file.flush()

    def close(self) -> None:
        """Nothing is held."""


class PlainProgress:
    """A line for every tenth of the run."""

    def __init__(self, console: Console, world: World) -> None:
        self._console = console
        self._minutes = world.minutes
        self._last = world.sites[-1].station
        self._mm = {site.station: 0.0 for site in world.sites}
        self._told = 0

    def rain(self, rain: Happening) -> None:
        """Write a line when another tenth is over at every station."""
        minute, minute_mm, _ = _amounts(rain)
        self._mm[rain.station] += minute_mm
        share = minute * PLAIN_SHARES // self._minutes
        if rain.station == self._last and share > self._told:
            self._told = share
            amounts = "  ".join(f"{name} {mm:.1f}" for name, mm in self._mm.items())
            so_far = f"{_hour(rain.at)}  {share * 100 // PLAIN_SHARES:3d} %  mm so far: {amounts}"
            self._console.print(so_far, soft_wrap=True)

    def close(self) -> None:
        """Nothing is held."""


class BarProgress:
    """A bar per run, with the rain so far, on a terminal."""

    def __init__(self, console: Console, world: World) -> None:
        self._mm = {site.station: 0.0 for site in world.sites}
        self._bar = Progress(
            TextColumn("{task.fields[at]}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[mm]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._bar.add_task(world.scenario.name, total=world.minutes, at=_hour(world.start_at), mm="")
        self._bar.start()

    def rain(self, rain: Happening) -> None:
        """Move the bar."""
        minute, minute_mm, _ = _amounts(rain)
        self._mm[rain.station] += minute_mm
        amounts = " ".join(f"{mm:4.1f}" for mm in self._mm.values()) + " mm"
        self._bar.update(self._task, completed=minute, at=_hour(rain.at), mm=amounts)

    def close(self) -> None:
        """Give the terminal back."""
        self._bar.stop()


def choose_display(console: Console, world: World, *, as_json: bool) -> Display:
    """Return the display that suits the reader."""
    if as_json:
        return JsonProgress(console, world)
    return BarProgress(console, world) if console.is_terminal else PlainProgress(console, world)


def summary(tallies: Mapping[str, Tally]) -> Table:
    """Return the closing table, one row per station."""
    table = Table("station", *("tips", "readings", "messages", "acknowledged", "dropped", "outstanding"))
    for column in table.columns[1:]:
        column.justify = "right"
    for station, tally in tallies.items():
        numbers = (tally.tips, tally.readings, tally.messages, tally.acknowledged, tally.dropped)
        table.add_row(station, *map(str, (*numbers, tally.outstanding)))
    return table


def _amounts(rain: Happening) -> tuple[int, float, int]:
    """The minute's number, what fell in it, and turns of the bucket."""
    minute, fell_mm, tips = (rain.facts[name] for name in ("minute", "fell_mm", "tips"))
    assert isinstance(minute, int) and isinstance(fell_mm, float) and isinstance(tips, int)  # noqa: PT018
    return minute, fell_mm, tips


def _hour(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, BEIJING):%H:%M}"
