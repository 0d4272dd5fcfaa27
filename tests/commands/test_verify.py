"""verify and rebuild against a real InfluxDB: what differs is found, named and mended, and nothing else is touched."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.commands.place import Place
from tests.commands.rain import fill
from tests.edges.influx_server import InfluxServer, real_influxdb
from tests.worlds import HOUR, MINUTE, T0, message, text

SINCE, UNTIL = text(T0 - 60 * HOUR), text(T0 + 30 * HOUR)
EVERYTHING = ("--since", SINCE, "--until", UNTIL)
NS = 1_000_000
KINDS = ("hourly", "daily", "alerts", "stations")


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    folder: Path = tmp_path_factory.mktemp("influx")
    with real_influxdb(folder) as server:
        yield server


@pytest.fixture
def buckets(place: Place, influx: InfluxServer) -> Iterator[dict[str, str]]:
    """The place told of InfluxDB, with buckets of its own, which the copy makes; what they are called."""
    with influx.bucket() as name:
        place.environ = influx.environ(name) | {
            f"GAUGE_INFLUX_BUCKET_{kind.upper()}": f"{name}-{kind}" for kind in KINDS
        }
        yield {"readings": name, **{kind: f"{name}-{kind}" for kind in KINDS}}
        for kind in KINDS:
            influx.drop_bucket(f"{name}-{kind}")


@pytest.fixture
def filled(place: Place, buckets: dict[str, str]) -> dict[str, str]:
    """Days of rain with alerts and voltages, copied by a command, since no service runs; the buckets."""
    with place.desk() as desk:
        fill(desk, 3, hours=50)
        desk.now = T0 + 131 * MINUTE
        desk.take(message([{"observed_at": text(T0 + 130 * MINUTE), "count": 5, "battery_v": 12.6}], seq=99_999))
    place.now = T0 + 30 * HOUR
    done = place.run("rebuild", *EVERYTHING)
    assert done.exit_code == 0, done.output
    assert "no service runs: copied by this command" in done.stderr
    return buckets


def counts(document: Any) -> dict[str, tuple[int, int, int]]:
    """Of each measurement that differs: missing, different, unknown."""
    found = {row["measurement"]: (row["missing"], row["different"], row["unknown"]) for row in document["measurements"]}
    return {name: numbers for name, numbers in found.items() if any(numbers)}


def test_what_was_copied_agrees_and_every_measurement_was_compared(place: Place, filled: dict[str, str]) -> None:
    document = place.json("verify", *EVERYTHING)

    points = {row["measurement"]: row["points"] for row in document["measurements"]}
    assert document["ok"]
    assert min(points.values()) > 0
    assert points["rain_daily"] in (3, 4)
    assert {row["bucket"] for row in document["measurements"]} == set(filled.values())


def test_points_that_somebody_took_out_changed_or_put_there_are_found_and_mended(
    place: Place, influx: InfluxServer, filled: dict[str, str]
) -> None:
    rain = influx.points(filled["readings"], "rain")
    gone, other = rain[10]["_time"], nanoseconds(rain[20]["_time"])
    influx.call("POST", f"/api/v2/delete?org={influx.org}&bucket={filled['readings']}", {"start": gone, "stop": gone})
    influx.write(filled["readings"], f"rain,station=HTB01 tips=77i {other}")
    influx.write(filled["readings"], f"rain,station=HTB01 tips=7i,rain_mm=3.5 {(T0 - 3 * HOUR + 11) * NS}")
    influx.write(filled["readings"], f"rain,station=HTB01,host=pc tips=1i {(T0 - 4 * HOUR) * NS}")
    influx.write(filled["readings"], f"rain,station=HTB77 tips=1i {(T0 - 4 * HOUR) * NS}")
    influx.write(filled["readings"], f"rain tips=4i {nanoseconds(rain[30]['_time'])}")
    influx.write(filled["hourly"], f"rain_hourly rain_mm=4 {(T0 - 6 * HOUR) * NS}")
    influx.write(filled["hourly"], f"rain_hourly,station=HTB01 rain_mm=99.0 {(T0 - 5 * HOUR) * NS}")
    influx.write(filled["daily"], f"rain_daily,station=HTB01 extra=1i {(T0 - 10 * HOUR) * NS}")
    influx.write(filled["alerts"], f'alert,rule=r,scope=HTB01 kind="raised" {(T0 - 10 * HOUR) * NS}')
    influx.write(filled["stations"], f"station,station=HTB01 battery_v=3.0 {(T0 + 130 * MINUTE) * NS}")
    before = {kind: everything(influx, bucket, kind) for kind, bucket in filled.items()}

    document = place.json("verify", *EVERYTHING, status=1)

    assert counts(document) == {
        "rain": (1, 1, 4),
        "rain_hourly": (0, 1, 1),
        "rain_daily": (0, 1, 0),
        "station": (0, 1, 0),
        "alert": (0, 0, 1),
    }
    changed = next(one for one in document["differences"] if one["influx"] == {"tips": "77i"})
    assert changed["station"] == "HTB01"
    assert changed["journal"] != changed["influx"]
    assert {kind: everything(influx, bucket, kind) for kind, bucket in filled.items()} == before

    mended = place.run("verify", *EVERYTHING, "--repair")

    assert mended.exit_code == 0, mended.output
    assert "journal and InfluxDB agree in every point" in mended.stdout
    assert place.json("verify", *EVERYTHING)["ok"]
    (kept,) = place.journal.parent.glob("journal.db.taken-out-*.lp")
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 7
    assert f"rain,host=pc,station=HTB01 tips=1i {(T0 - 4 * HOUR) * NS}\n" in kept.read_text(encoding="utf-8")
    assert {point["station"] for point in influx.points(filled["readings"], "rain")} == {"HTB01"}


def test_what_was_taken_out_can_be_written_back(place: Place, influx: InfluxServer, filled: dict[str, str]) -> None:
    line = rf'rain,station=HTB01,na\ me=a\,b\=c text="say \"hi\" \\ there",tips=1i,half=0.5,yes=true {T0 * NS + 7}'
    influx.write(filled["readings"], line)
    strange = {point["_time"]: point for point in influx.points(filled["readings"], "rain") if point["text"]}
    assert place.run("verify", *EVERYTHING, "--repair").exit_code == 0
    (kept,) = place.journal.parent.glob("journal.db.taken-out-*.lp")

    influx.write(filled["readings"], kept.read_text(encoding="utf-8"))

    assert {one["_time"]: one for one in influx.points(filled["readings"], "rain") if one.get("text")} == strange


def test_late_rain_a_correction_and_another_bucket_reach_every_measurement(
    place: Place, influx: InfluxServer, filled: dict[str, str]
) -> None:
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[stations.HTB01.deployments]]\nsince = {text(T0 - 20 * HOUR)}\nbucket_depth_mm = 0.2\n")
    before = {kind: everything(influx, bucket, kind) for kind, bucket in filled.items()}
    voided = place.run(
        "correct", "void", "HTB01", "--since", text(T0 - 30 * HOUR), "--until", text(T0 - 26 * HOUR), "--why", "visit"
    )
    assert voided.exit_code == 0, voided.output
    with place.desk() as desk:
        desk.now = T0 + 29 * HOUR
        desk.take(message([(T0 - 45 * HOUR + 7_000, 3)], station_id="HTB02"))

    differs = place.run("verify", *EVERYTHING)
    assert differs.exit_code == 1
    assert "what is not copied yet will differ" in differs.stderr
    assert place.run("rebuild", "--since", text(T0), "--until", UNTIL, "--station", "HTB01").exit_code == 0

    assert place.json("verify", *EVERYTHING)["ok"]
    after = {kind: everything(influx, bucket, kind) for kind, bucket in filled.items()}
    assert {kind for kind in after if after[kind] != before[kind]} >= {"readings", "hourly", "daily"}


def test_a_bucket_that_was_emptied_is_filled_again_from_the_journal(
    place: Place, influx: InfluxServer, filled: dict[str, str]
) -> None:
    before = everything(influx, filled["hourly"], "hourly")
    influx.drop_bucket(filled["hourly"])
    influx.create_bucket(filled["hourly"])
    assert counts(place.json("verify", *EVERYTHING, status=1)) == {"rain_hourly": (len(before), 0, 0)}

    assert place.run("verify", *EVERYTHING, "--repair").exit_code == 0

    assert everything(influx, filled["hourly"], "hourly") == before


def test_only_the_span_and_the_station_that_were_asked_for_are_compared(
    place: Place, influx: InfluxServer, filled: dict[str, str]
) -> None:
    influx.write(filled["readings"], f"rain,station=HTB01 tips=7i {(T0 - 3 * HOUR + 11) * NS}")
    influx.write(filled["readings"], f"rain,station=HTB77 tips=1i {(T0 - 4 * HOUR) * NS}")

    assert place.json("verify", "--since", text(T0 - 50 * HOUR), "--until", text(T0 - 5 * HOUR))["ok"]
    assert counts(place.json("verify", *EVERYTHING, "--station", "HTB01", status=1)) == {"rain": (0, 0, 1)}
    refused = place.run("verify", *EVERYTHING, "--station", "HTB9")
    assert refused.exit_code == 2
    assert "--station HTB9: the journal has nothing of it" in refused.stderr


def test_what_the_journal_has_deleted_because_of_its_age_is_left_where_it_is(
    place: Place, influx: InfluxServer, filled: dict[str, str]
) -> None:
    before = {kind: everything(influx, bucket, kind) for kind, bucket in filled.items()}
    with closing(sqlite3.connect(place.journal, isolation_level=None)) as journal:
        journal.execute("DELETE FROM reading WHERE observed_at < ?", (T0 - 20 * HOUR,))
        journal.execute("INSERT INTO meta VALUES ('pruned_before', ?)", (str(T0 - 20 * HOUR),))

    assert place.json("verify", *EVERYTHING)["ok"]
    assert place.run("rebuild", *EVERYTHING).exit_code == 0

    assert {kind: everything(influx, bucket, kind) for kind, bucket in filled.items()} == before


def test_without_influxdb_there_is_nothing_to_compare(place: Place) -> None:
    for command in ("verify", "rebuild"):
        refused = place.run(command, "--since", "24h")

        assert refused.exit_code == 2
        assert "set url in [influx]" in refused.stderr


def test_an_influxdb_that_does_not_answer_is_said(place: Place) -> None:
    with place.desk() as desk:
        fill(desk, 3, hours=3)
    place.environ = {"GAUGE_INFLUX_URL": "http://127.0.0.1:9", "GAUGE_INFLUX_TOKEN": "none"}
    for command in ("verify", "rebuild"):
        refused = place.run(command, *EVERYTHING)

        assert refused.exit_code == 3, refused.output
        assert "InfluxDB cannot be reached" in refused.stderr


def everything(influx: InfluxServer, bucket: str, kind: str) -> list[dict[str, str]]:
    """Every point of a bucket."""
    measurement = {
        "readings": "rain",
        "hourly": "rain_hourly",
        "daily": "rain_daily",
        "alerts": "alert",
        "stations": "station",
    }
    return influx.points(bucket, measurement[kind])


def nanoseconds(time: str) -> int:
    """An instant as line protocol has it."""
    return round(datetime.fromisoformat(time).timestamp() * 1000) * NS
