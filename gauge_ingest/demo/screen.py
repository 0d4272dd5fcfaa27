"""What the demonstration shows: five stations filling up against their thresholds, and alerts as they come and go."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gauge_ingest.core.model import Alert, AlertEvent, Rule, Station
from gauge_ingest.core.spans import duration_text, instant_text
from gauge_ingest.journal import Reader
from gauge_ingest.notifiers.text import rain

BARS = ((116, 16), (96, 9), (84, 5))  # columns of the terminal, cells of a bar
WINDOWS_S = (1800, 3600, 10800)
LEVEL_STYLES = ("green", "yellow", "bold red")
EVENTS_SHOWN = 10


class Filling(NamedTuple):
    """How full a station's windows are: millimetres, and the thresholds of each level."""

    station: Station
    newest_at: int | None
    rain_mm: tuple[float, ...]
    thresholds_mm: tuple[tuple[float, ...], ...]


class Scene(NamedTuple):
    """One look at the journal."""

    now: int
    fillings: list[Filling]
    alerts: dict[str, Alert]
    events: list[AlertEvent]


def look(reader: Reader, stations: Mapping[str, Station], rule: Rule, *, now: int) -> Scene:
    """What the journal holds now."""
    fillings = []
    for station in stations.values():
        newest = reader.newest(station.id)
        until = newest.observed_at if newest is not None else now
        rows = list(reader.rows(station.id, since=until - WINDOWS_S[-1] * 1000, until=until))
        amounts = [sum(row.tips for row in rows if row.observed_at > until - window_s * 1000) for window_s in WINDOWS_S]
        rain_mm = tuple(station.depth_mm(tips, until=until) for tips in amounts)
        fillings.append(Filling(station, newest.observed_at if newest else None, rain_mm, _thresholds(rule)))
    raised = {alert.scope: alert for alert in reader.alerts.all() if alert.rule == rule.id}
    return Scene(now, fillings, raised, reader.alerts.changes(0)[1])


def draw(scene: Scene, *, title: str, width: int = 120) -> RenderableType:
    """The scene for a terminal; a narrow one gets shorter bars, a very narrow one none."""
    cells = next((cells for least, cells in BARS if width >= least), 0)
    table = Table(expand=True, title_style="bold", box=None, padding=(0, 1))
    table.add_column("station", no_wrap=True)
    for window_s in WINDOWS_S:
        table.add_column(f"mm in {duration_text(window_s)}", no_wrap=True)
    table.add_column("alert", no_wrap=True)
    for filling in scene.fillings:
        bars = [
            _bar(amount, thresholds, cells=cells)
            for amount, thresholds in zip(filling.rain_mm, filling.thresholds_mm, strict=True)
        ]
        table.add_row(f"{filling.station.id} {filling.station.name}", *bars, _standing(scene, filling.station.id))
    told = [Text(line, style=style) for line, style in (event_line(event, scene) for event in scene.events)]
    waiting = [Text("none yet: the storm comes from the south-west", style="dim")]
    return Group(
        Panel(table, title=f"{title}   {instant_text(scene.now // 1000 * 1000)}", border_style="blue"),
        Panel(Group(*(told[-EVENTS_SHOWN:] or waiting)), title="alerts, as they were told", border_style="blue"),
    )


def event_line(event: AlertEvent, scene: Scene) -> tuple[str, str]:
    """One told event as a line, and how to paint it."""
    names = {filling.station.id: filling.station.name for filling in scene.fillings}
    level = f" {event.level}" if event.level else ""
    why = rain(event.evidence) if event.evidence is not None and event.level else event.reason
    place = f"{names.get(event.scope, '')} {event.scope}"
    line = f"{_hour(event.rained_at)}  {event.kind.upper():<12}{level:<11} {place}  {why}"
    return line.rstrip(), _style(event)


def plain_line(scene: Scene) -> str:
    """The scene in one line, for a pipe."""
    amounts = "  ".join(f"{one.station.id} {one.rain_mm[0]:.1f}/{one.rain_mm[-1]:.1f}" for one in scene.fillings)
    return f"{_hour(scene.now)}  mm in 30m/3h: {amounts}"


def _thresholds(rule: Rule) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(one.rain_mm for one in rule.thresholds if one.window_s == window_s) for window_s in WINDOWS_S)


def _bar(amount_mm: float, thresholds_mm: Sequence[float], *, cells: int) -> Text:
    """A bar that is full at the highest threshold, with a mark at each lower one, and the figures."""
    top = max(thresholds_mm, default=1.0)
    full = min(cells, round(cells * amount_mm / top))
    level = sum(amount_mm >= threshold for threshold in thresholds_mm)
    marks = {round(cells * threshold / top) for threshold in thresholds_mm}
    text = Text()
    for cell in range(cells):
        mark = cell + 1 in marks
        character = "█" if cell < full else ("│" if mark else "·")
        text.append(character, style=LEVEL_STYLES[min(level, 2)] if cell < full else "dim")
    text.append(f" {amount_mm:4.1f}", style=LEVEL_STYLES[min(level, 2)] if amount_mm else "dim")
    text.append(f"/{top:.0f}", style="dim")
    return text


def _standing(scene: Scene, scope: str) -> Text:
    alert = scene.alerts.get(scope)
    if alert is None:
        return Text("-", style="dim")
    return Text(alert.level.upper(), style="black on yellow" if alert.level == "prepare" else "white on red")


def _style(event: AlertEvent) -> str:
    if event.kind.value in ("cleared", "withdrawn", "lapsed"):
        return "green"
    return "bold red" if event.level == "immediate" else "yellow"


def _hour(at: int) -> str:
    return instant_text(at)[11:16]
