"""What the commands list, show and truth do: look at scenarios without a broker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from simulator.direct import to_nobody
from simulator.looking.chronicle import chronicles
from simulator.looking.plot import Line, draw, printed
from simulator.looking.svg import svg
from simulator.scenario import Scenario, find_scenario, scenario_names
from simulator.sites import Site
from simulator.truth import open_text
from simulator.truth import write_truth as write_tables
from simulator.values import HOUR_MS, Happening
from simulator.world import World

FILE_COLUMNS = 120  # of a picture in a file


def list_scenarios(console: Console) -> None:
    """Print the shipped scenarios: name, length, intent."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("scenario", no_wrap=True)
    table.add_column("hours", justify="right")
    table.add_column("what happens")
    for name in scenario_names():
        scenario = find_scenario(name)
        table.add_row(name, f"{scenario.minutes / 60:g}", scenario.intent)
    console.print(table)


def show_truth(
    console: Console,
    scenario: Scenario,
    sites: Sequence[Site],
    *,
    seed: int,
    start_at: int,
    minutes: int | None = None,
    out: Path | None = None,
) -> None:
    """Print what really falls and what goes wrong when, as a picture; `out` gets it as SVG as well."""
    world = World(scenario, sites, seed=seed, start_at=start_at, minutes=minutes, uplink=to_nobody)
    stations, title = chronicles(world), f"{scenario.name}, seed {seed}"
    told = {"title": title, "intent": scenario.intent}

    def picture(columns: int) -> list[Line]:
        return draw(stations, **told, start_at=start_at, minutes=world.minutes, columns=columns)

    console.print(printed(picture(console.width)), soft_wrap=True)
    if out is not None:
        with open_text(out) as stream:
            stream.write(svg(picture(FILE_COLUMNS), title=title))


def write_truth(
    scenario: Scenario,
    sites: Sequence[Site],
    *,
    seed: int,
    start_at: int,
    minutes: int | None = None,
    out: Path,
    tips: Path | None = None,
) -> None:
    """Write what really falls minute by minute, and tip by tip, as CSV or Parquet."""
    world = World(scenario, sites, seed=seed, start_at=start_at, minutes=minutes, uplink=to_nobody)
    write_tables(_happenings(world), rain=out, tips=tips)


def _happenings(world: World) -> Iterator[Happening]:
    while not world.closed:
        yield from world.advance(world.next_at() + HOUR_MS)
