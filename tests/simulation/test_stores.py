"""A store stopped and killed while stations report: once it is back, it holds the same rows as the journal."""

import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from gauge_ingest.core.model import Step
from gauge_ingest.wellbeing.followers import standings
from tests.edges.broker import running_mosquitto
from tests.edges.influx_server import InfluxServer, real_influxdb, running_victoria_metrics
from tests.simulation.service import (
    Service,
    events,
    running_service,
    running_stations,
    scaled_clock,
    tips_by_station,
    until,
)
from tests.simulation.test_kills import SEED, prove, settled

STORM_MINUTES = 480
SECONDS = 25


def expected(service: Service) -> dict[tuple[str, int], tuple[int, int, int, int]]:
    """What a store must hold of each station and time: tips, their bounds, the count, the flag."""
    points: dict[tuple[str, int], tuple[int, int, int, int]] = {}
    for rows in service.rows().values():
        for row in rows:
            if row.step != Step.VOID:
                points[row.station, row.observed_at] = (row.tips, row.tips_min, row.counter, row.flag)
    return points


def copied(service: Service) -> bool:
    """The copies, of readings and of windows, have reached the journal's newest change."""
    with closing(service.reader()) as reader:
        copies = [one for one in standings(service.folder / "outbound.db", reader) if one.name.startswith("influx ")]
    return len(copies) == 2 and not any(one.behind or one.error for one in copies)


def storm(service: Service, folder: Path, strikes: list[Callable[[], Any]], draw: random.Random) -> Path:
    """A storm in which each strike happens at a random instant."""
    truth = folder / "truth.jsonl"
    with running_stations(service, scenario="outage", seed=SEED, minutes=STORM_MINUTES, truth=truth) as stations:
        until(lambda: truth.exists() and events(truth, "publish"), within_s=60, what="the stations report")
        for strike in strikes:
            time.sleep(draw.uniform(0.5, 3.0))  # the instant is what is random here
            strike()
        assert stations.wait(180) == 0, (folder / "stations.log").read_text()
    until(lambda: settled(service, truth), within_s=60, what=f"everything is derived (seed {SEED})")
    return truth


def test_influxdb_killed_and_started_in_a_storm_ends_with_the_rows_of_the_journal(tmp_path: Path) -> None:
    """
    Goal: an outage of InfluxDB costs nothing, and history says the same from both.
    Method: a real influxd, killed with -9 and started, the outbound process killed, mosquitto killed, in a storm.
    """
    draw = random.Random(SEED)
    clock = scaled_clock(STORM_MINUTES * 60 / SECONDS)
    with (
        real_influxdb(tmp_path) as influx,
        running_mosquitto(tmp_path / "broker") as broker,
        influx.bucket() as bucket,
        running_service(
            tmp_path,
            port=broker.port,
            clock=clock,
            **influx.environ(bucket),
            GAUGE_OUTBOUND_RETRY_MAX_S="2",
        ) as service,
    ):
        strikes = [influx.kill, service.kill_outbound, influx.start, broker.kill, broker.start, influx.kill]
        truth = storm(service, tmp_path, [*strikes, influx.start], draw)
        prove(service, truth, tmp_path)
        until(lambda: copied(service), within_s=60, what="InfluxDB has caught up")

        assert influx_rows(influx, bucket) == expected(service)
        span = ("--since", "2026-07-14T08:00:00+08:00", "--until", "2026-07-16T05:00:00+08:00")
        stations = sorted(tips_by_station(truth))
        # Every station as it stands and by one length of step, so that each length is asked for once and more.
        steps = [("raw", station) for station in stations] + list(
            zip(cycle(("5m", "1h", "1d")), stations, strict=False)
        )
        for every, station in steps:
            asked = ("history", station, *span, "--every", every)
            assert service.ask(*asked, "--source", "influx") == service.ask(*asked, "--source", "journal")


def influx_rows(influx: InfluxServer, bucket: str) -> dict[tuple[str, int], tuple[int, int, int, int]]:
    """What InfluxDB holds of each station and time."""
    return {
        (point["station"], instant(point)): (
            int(point["tips"]),
            int(point["tips_min"]),
            int(point["count"]),
            int(point["quality"]),
        )
        for point in influx.points(bucket, "rain")
    }


def instant(point: Mapping[str, str]) -> int:
    """The time of a point in ms."""
    return round(datetime.fromisoformat(point["_time"]).timestamp() * 1000)


def test_victoriametrics_holds_the_tips_of_the_journal_after_a_storm_with_kills(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    clock = scaled_clock(STORM_MINUTES * 60 / SECONDS)
    with (
        running_victoria_metrics(tmp_path) as store,
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(
            tmp_path,
            port=broker.port,
            clock=clock,
            GAUGE_INFLUX_URL=store.url,
            GAUGE_INFLUX_TOKEN="none",  # noqa: S106 - it asks for none
            GAUGE_OUTBOUND_RETRY_MAX_S="2",
        ) as service,
    ):
        strikes = [service.kill_outbound, service.kill, service.start, service.kill_outbound]
        truth = storm(service, tmp_path, strikes, draw)
        until(lambda: copied(service), within_s=60, what="the store has caught up")

        stored = {}
        for series in store.export('{__name__="rain_tips"}'):
            for at, tips in zip(series["timestamps"], series["values"], strict=True):
                stored[series["metric"]["station"], at] = int(tips)
        assert stored == {place: values[0] for place, values in expected(service).items()}
        assert sum(stored.values()) == sum(tips_by_station(truth).values())
