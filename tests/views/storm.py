"""A simulated storm in a journal and, copied by the stores of the service, in a real InfluxDB.

The stations are those of config/stations.toml. It rains on HTB01 to HTB04 for some days around the end of a month, also
in the last minutes before 08:00; HTB05 reports and stays dry. HTB02 is heard late for a while, HTB03 loses its power
for some hours, HTB04 falls silent for good. HTB02 has a calibration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from gauge_ingest.configuration import load
from gauge_ingest.core.calibration import TipLoss
from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import DAY_MS, HOUR_MS, AlertEvent, Kind, Row, Station, Step
from gauge_ingest.core.told import newest_rise
from gauge_ingest.history import JournalHistory, fixed_steps
from gauge_ingest.pump import Delivery
from gauge_ingest.requests import ACKNOWLEDGE, COMMENT, carry_out
from gauge_ingest.spool import Request
from gauge_ingest.stores import Total
from gauge_ingest.stores.influx import InfluxSettings, InfluxStore, InfluxWindows
from simulator.direct import Direct
from simulator.modem import Modem
from simulator.scenario import read_scenario
from simulator.sites import read_sites
from simulator.values import NEVER, Message
from simulator.wire import WIRES
from simulator.world import World
from tests.edges.influx_server import InfluxServer, running_influxd
from tests.worlds import HOUR, MINUTE, Desk

ROOT = Path(__file__).parents[2]
BEGIN = 1_785_283_200_000  # 2026-07-29T08:00:00+08:00
DAYS = 4
END = BEGIN + DAYS * DAY_MS  # 2026-08-02T08:00:00+08:00
BUCKETS = {"rain": "rain", "rain_hourly": "rain_hourly", "rain_daily": "rain_daily"} | {
    "alert": "rain_alerts",
    "station": "rain_stations",
}
WHO, SAID = "刘伟", "calling the village"
SCENARIO = """
intent = "Storms around the end of a month, one of them across 08:00."
minutes = 5755

[weather]
temperature_c = 18.0
lightning_per_mm = 0.0

[[weather.rain]]
kind = "design"
stations = ["HTB01", "HTB02", "HTB03"]
shape = "uniform"
depth_mm = 24.0
duration_min = 90.0
since_min = 600.0

[[weather.rain]]
kind = "design"
stations = ["HTB01", "HTB03", "HTB04"]
shape = "uniform"
depth_mm = 9.0
duration_min = 60.0
since_min = 1410.0

[[weather.rain]]
kind = "design"
stations = ["HTB01", "HTB02"]
shape = "uniform"
depth_mm = 6.0
duration_min = 240.0
since_min = 4200.0

[[incidents]]
what = "no_link"
station = "HTB02"
at_min = 610
until_min = 760

[[incidents]]
what = "power_cut"
station = "HTB03"
at_min = 2100
until_min = 2580

[[incidents]]
what = "power_cut"
station = "HTB04"
at_min = 4000
"""


@dataclass(frozen=True, slots=True)
class Storm:
    """What the journal holds, and where the copy stands."""

    influx: InfluxServer
    stations: dict[str, Station]
    rows: dict[str, list[Row]]
    events: list[AlertEvent]
    totals: list[Total]

    def standing(self, station: str, *, since: int = BEGIN, until: int = END) -> list[Row]:
        """The rows that rain is made of in (since, until]."""
        rows = self.rows[station]
        return [row for row in rows if since < row.observed_at <= until and row.step != Step.VOID]

    def rain_mm(self, station: str, since: int, until: int) -> float:
        """What the reports that end in (since, until] counted, from tips."""
        depth_mm = self.stations[station].deployments[0].bucket_depth_mm
        return sum(row.tips for row in self.standing(station, since=since, until=until)) * depth_mm

    def windows(self, station: str, step_ms: int) -> dict[int, Fixed]:
        """Hours or days of a station as the journal has them, by their end."""
        found = [one.window for one in self.totals if one.station == station and one.step_ms == step_ms]
        return {window.until: window for window in found}


def settings_of(server: InfluxServer) -> InfluxSettings:
    """Settings for the five buckets by their own names."""
    return InfluxSettings(url=server.url, org=server.org, token=SecretStr(server.token), timeout_s=30.0)


@contextmanager
def copied_storm(folder: Path) -> Iterator[Storm]:
    """An InfluxDB of its own with the storm in it."""
    with running_influxd(folder) as server:
        yield fill(server, folder)


def fill(server: InfluxServer, folder: Path) -> Storm:
    """Let the storm pass over a journal, and copy it."""
    configuration = load(ROOT / "config", {})
    stations = dict(configuration.stations)
    only = stations["HTB02"].deployments[0]
    stations["HTB02"] = replace(stations["HTB02"], deployments=(replace(only, calibration=TipLoss(0.45)),))
    desk = Desk(folder, list(stations.values()), configuration.rules)
    _let_it_rain(desk)
    _say_something(desk)
    reader = desk.journal.reader
    rows = {name: list(reader.rows(name, since=0, until=1 << 61)) for name in stations}
    events = reader.alerts.changes(0)[1]
    totals = [
        Total(one.id, step_ms, window)
        for one in stations.values()
        for step_ms in (HOUR_MS, DAY_MS)
        for window in fixed_steps(
            JournalHistory(reader), one, since=BEGIN, until=rows[one.id][-1].observed_at, step_ms=step_ms
        )
    ]
    desk.journal.close()
    settings = settings_of(server)
    store, windows = InfluxStore(settings, stations), InfluxWindows(settings)
    store.prepare()
    windows.prepare()
    store.write([row for found in rows.values() for row in found if row.kind != Kind.TEST], events)
    windows.write(totals)
    store.close()
    windows.close()
    return Storm(server, stations, rows, events, totals)


def _let_it_rain(desk: Desk) -> None:
    sites = {site.station: site for site in read_sites(ROOT / "config")}
    wire = WIRES["json_v1"]

    def uplink(station: str, modem: Modem) -> Direct:
        def arrived(message: Message, at: int) -> bool:
            desk.now = max(desk.now, at)
            desk.take(Delivery(wire.topic(message), wire.payload(message, sites[station])))
            desk.settle()
            desk.pump.tick()
            return True

        return Direct(modem, arrived)

    desk.now = BEGIN
    scenario = read_scenario(SCENARIO, name="views", origin="views", folder=ROOT)
    world = World(scenario, tuple(sites.values()), seed=7, start_at=BEGIN, uplink=uplink)
    while (at := world.next_at()) != NEVER:
        for _ in world.advance(at + HOUR):
            pass
    desk.settle()
    desk.pump.tick()


def _say_something(desk: Desk) -> None:
    """Somebody has seen the first alert and said so."""
    desk.now = END - 30 * MINUTE
    alerts = desk.journal.reader.alerts
    first = next(one for one in alerts.all(ended=True) if one.rule == "flash_flood")
    rise = newest_rise(alerts.events(first.id))
    assert rise is not None
    sayings: list[tuple[str, dict[str, Any]]] = [(ACKNOWLEDGE, {"seen": rise.id}), (COMMENT, {"comment": SAID})]
    for number, (kind, more) in enumerate(sayings):
        request = Request(f"r{number}", kind, {"alert": first.id, **more}, WHO)
        answer = carry_out(desk.pump, desk.journal, request, now=desk.now, reload=dict)
        assert answer["ok"], answer
