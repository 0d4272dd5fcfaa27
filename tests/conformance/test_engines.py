"""The same questions to journal and InfluxDB 2: one answer, to the tip.

Goal: whoever asks need not know who answers. Method: three stations with gaps, reboots, wrong counts, late reports,
corrections, another bucket, a calibration and imported history, copied by the followers of the service into a real
InfluxDB with its five buckets; every kind of history is asked of both, over spans with odd ends.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gauge_ingest.requests.take_history import asked, take_history
from tests.commands.place import Place
from tests.edges.influx_server import InfluxServer, real_influxdb
from tests.importing.spans import fell_of
from tests.outbound.test_windows_copied import late, sent_by
from tests.pump.test_corrections import correct
from tests.worlds import HOUR, MINUTE, T0, text

KINDS = ("raw", "5m", "1h", "1d", "month", "storm", "maxima")
BUCKETS = ("hourly", "daily", "alerts", "stations")
SPANS = {
    "all": (T0 - 200 * HOUR, T0 + 60 * HOUR),
    "odd ends": (T0 - 41 * HOUR + 7, T0 - 3 * HOUR - 7),
    "one hour": (T0 - 20 * HOUR, T0 - 19 * HOUR),
    "before anything": (T0 - 400 * HOUR, T0 - 390 * HOUR),
}
DEPLOYED = f"""
[[stations.HTB02.deployments]]
since = {text(T0 - 20 * HOUR)}
bucket_depth_mm = 0.2
correction = {{ tip_time_s = 0.45 }}
"""


class World(NamedTuple):
    """Where commands are run, and the InfluxDB that everything was copied to."""

    place: Place
    influx: InfluxServer
    bucket: str


@pytest.fixture(scope="module", params=[0, 1])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("engines")
    place = Place(folder)
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(DEPLOYED)
    report(place, request.param)
    with real_influxdb(folder) as influx, influx.bucket() as bucket:
        named = {f"GAUGE_INFLUX_BUCKET_{kind.upper()}": f"{bucket}-{kind}" for kind in BUCKETS}
        place.environ = {**influx.environ(bucket), **named}
        place.now = T0 + 60 * HOUR
        copied = place.run("rebuild", "--since", text(T0 - 200 * HOUR))
        assert copied.exit_code == 0, copied.output
        yield World(place, influx, bucket)
        for kind in BUCKETS:
            influx.drop_bucket(f"{bucket}-{kind}")


def report(place: Place, seed: int) -> None:
    """Days of three stations as they come in, with what people say of it, and older history of one of them."""
    draw, stations = random.Random(seed), place.configuration().stations
    with place.desk() as desk:
        corrections: list[int] = []
        for at, one in late(sent_by(seed, 50), draw):
            desk.now = at
            desk.take(one)
            if draw.random() < 0.3:
                desk.settle()
            if draw.random() < 0.005:
                end = (at - T0) // MINUTE - draw.randrange(20 * 60)
                desk.settle()
                corrections.append(correct(desk, "void", end - draw.randrange(1, 300), end))
        fell = fell_of([0, 700, 0, 1_300] * 100, since=T0 - 190 * HOUR)
        take_history(desk.journal, stations, asked("HTB03", fell, file="f", digest="d"), who="w", now=T0)


def answer(world: World, every: str, span: str, source: str) -> list[dict[str, Any]]:
    since, until = SPANS[span]
    words = ("history", "HTB01", "HTB02", "HTB03", "--since", text(since), "--until", text(until), "--every", every)
    found = world.place.run(*words, "--source", source, "--json")
    assert found.exit_code == 0, found.output
    rows: list[dict[str, Any]] = json.loads(found.stdout)
    return rows


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("every", KINDS)
def test_both_give_one_answer(world: World, every: str, span: str) -> None:
    journal = answer(world, every, span, "journal")

    assert answer(world, every, span, "influx") == journal
    if span == "all":
        assert {row["station"] for row in journal} == {"HTB01", "HTB02", "HTB03"}
        assert sum(row["tips"] for row in journal) > 100
        assert any(row["rain_mm"] != row["corrected_mm"] for row in journal)


@pytest.mark.parametrize(("kind", "every"), [("hourly", "1h"), ("daily", "1d")])
def test_the_hours_and_days_in_influxdb_are_those_of_history(world: World, kind: str, every: str) -> None:
    points = world.influx.points(f"{world.bucket}-{kind}", f"rain_{kind}")
    stored = {(one["station"], one["_time"]): one for one in points}
    told = {(row["station"], utc(row["until"])): row for row in answer(world, every, "all", "journal")}

    assert len(stored) > 5
    assert set(stored) <= set(told)
    for place, one in stored.items():
        row = told[place]
        counts = (int(one["tips"]), int(one["tips_min"]), int(one["tips_max"]), int(one["quality"]))
        shares = (float(one["rain_mm"]), float(one["corrected_mm"]), float(one["coverage"]))
        assert counts == (row["tips"], row["tips_min"], row["tips_max"], row["flag"])
        assert shares == (row["rain_mm"], row["corrected_mm"], row["coverage"])
    assert not any(row["tips"] or row["coverage"] for place, row in told.items() if place not in stored)


def test_what_was_copied_is_what_the_journal_has(world: World) -> None:
    assert world.place.json("verify", "--since", text(T0 - 200 * HOUR))["ok"]


def utc(written: str) -> str:
    """An instant as InfluxDB writes it."""
    return datetime.fromisoformat(written).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
