"""Health and metrics over HTTP: what the command says, and what Prometheus reads."""

import shutil
import sqlite3
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gauge_ingest.core.model import Rule, Threshold
from gauge_ingest.desk.metrics import LEVELS_MAX
from tests.commands.place import Place
from tests.commands.serving import service, write_status
from tests.commands.test_acknowledge import IMMEDIATE, asked, prepare, rain
from tests.commands.test_health import follower
from tests.desk.serving import known_of, serving
from tests.worlds import HOUR, MINUTE, T0, message

Sample = tuple[str, tuple[tuple[str, str], ...]]


def metrics(client: httpx.Client) -> dict[Sample, float]:
    """Every sample of /metrics, as Prometheus' own parser reads them."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name.removeprefix("gauge_ingest_"), tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def plain(found: dict[Sample, float]) -> dict[str, float]:
    """The samples without labels."""
    return {name: value for (name, labels), value in found.items() if not labels}


def test_healthz_lives_with_the_process_and_nothing_else(place: Place) -> None:
    with serving(known_of(place)) as client:
        assert client.get("/healthz").text == "ok\n"


def test_a_configuration_that_another_one_stands_in_for_is_not_ready(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
    with serving(known_of(place)) as client, service(place):
        write_status(place, refused="the configuration on disk is refused: people.toml: people.liu")
        ready, measured = client.get("/readyz"), metrics(client)

    assert ready.status_code == 503
    row = ready.json()["checks"][0]
    assert (row["name"], row["ok"]) == ("configuration", False)
    assert "people.toml: people.liu" in row["detail"]
    assert measured["check_ok", (("check", "configuration"),)] == 0


def test_readyz_says_what_the_command_says(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauge_ingest.wellbeing.free_bytes", lambda _path: 80_000_000_000)  # others write meanwhile
    with place.desk() as desk:
        desk.now = place.now - MINUTE
        desk.take(message([(T0, 1)]))
    with serving(known_of(place)) as client, service(place):
        write_status(place, debts=3)
        ready, said = client.get("/readyz"), place.json("health")
    with serving(known_of(place)) as client:
        gone, said_gone = client.get("/readyz"), place.json("health", status=1)

    for answer, command, status in ((ready, said, 200), (gone, said_gone, 503)):
        told = answer.json()
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/json"
        assert told["ok"] is command["ok"] is (status == 200)
        assert told["checks"][0] == {"name": "configuration", "ok": True, "detail": "of the tests"}
        assert told["checks"][1:] == command["checks"][1:]


def test_metrics_say_what_stands_and_who_has_seen_it(place: Place) -> None:
    prepare(place)
    with place.desk() as desk:
        asked(desk, "acknowledge", alert=1, seen=1, who="wang")
    with serving(known_of(place)) as client:
        seen = metrics(client)
    with place.desk() as desk:
        rain(desk, 15, IMMEDIATE)
    with serving(known_of(place)) as client:
        risen = metrics(client)

    prepared, immediate = (("level", "prepare"),), (("level", "immediate"),)
    assert (seen["alerts_standing", prepared], seen["alerts_unacknowledged", prepared]) == (1, 0)
    assert (risen["alerts_standing", prepared], risen["alerts_standing", immediate]) == (0, 1)
    assert risen["alerts_unacknowledged", immediate] == 1, "what rose again waits to be seen again"
    assert plain(risen)["alert_events_total"] == 3


def test_metrics_say_how_the_journal_and_its_followers_stand(place: Place) -> None:
    with place.desk() as desk:
        for minute in range(0, 20, 5):
            desk.now = T0 + minute * MINUTE
            desk.take(message([(T0 + minute * MINUTE, minute)], seq=minute))
            desk.settle()
        desk.take(message([(T0, 1)], station_id="HTB99"))
        epoch, newest = desk.journal.reader.epoch(), desk.journal.reader.newest_seq()
    with sqlite3.connect(place.journal) as journal:
        journal.execute("INSERT INTO debt (kind, station, since, until) VALUES (1, 1, ?, ?)", (T0, T0 + MINUTE))
    journal.close()
    place.now = T0 + 20 * MINUTE
    follower(place, "influx", epoch=epoch, seq=newest - 1, error="InfluxDB cannot be reached", set_aside=2)
    follower(place, "log", epoch=epoch, seq=newest)
    with serving(known_of(place)) as client:
        found = metrics(client)

    assert plain(found) == plain(found) | {
        "journal_readable": 1,
        "newest_message_age_seconds": 300,
        "debts": 1,
        "oldest_debt_age_seconds": 1_200,
        "quarantine_entries": 1,
        "stations": 5,
        "stations_online": 1,
        "batches_total": 4,
        "changes_total": newest,
        "journal_bytes": place.journal.stat().st_size,
    }
    assert plain(found)["disk_free_bytes"] == pytest.approx(shutil.disk_usage(place.journal.parent).free, rel=0.1)
    influx, log = (("follower", "influx"),), (("follower", "log"),)
    assert [found[f"follower_{name}", influx] for name in ("behind_changes", "ill_seconds", "set_aside")] == [1, 300, 2]
    assert [found[f"follower_{name}", log] for name in ("behind_changes", "ill_seconds", "set_aside")] == [0, 0, 0]
    assert found["check_ok", (("check", "influx"),)] == 0
    assert found["check_ok", (("check", "journal"),)] == 1


@pytest.mark.parametrize(
    ("minutes", "online"),
    [(15, 1), (16, 0), (3 * 60, 0)],
)
def test_a_station_is_online_until_three_regular_reports_are_missing(place: Place, minutes: int, online: int) -> None:
    with place.desk() as desk:
        desk.now = T0
        desk.take(message([(T0, 1)]))
    place.now = T0 + minutes * MINUTE
    with serving(known_of(place)) as client:
        assert plain(metrics(client))["stations_online"] == online


def test_a_station_with_a_clock_somewhat_ahead_and_one_that_reports_daily_are_online(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0
        desk.take(message([(T0, 1)], station_id="HTB02"))
        desk.now = T0 + 65 * HOUR - 2 * MINUTE
        desk.take(message([(T0 + 65 * HOUR, 1)]))
    place.now = T0 + 65 * HOUR - MINUTE
    known = known_of(place)
    daily = replace(known.stations["HTB02"], report_every_s=86_400)
    with serving(replace(known, stations={**known.stations, "HTB02": daily})) as client:
        assert plain(metrics(client))["stations_online"] == 2


def test_without_a_journal_metrics_say_that(place: Place) -> None:
    with serving(known_of(place)) as client:
        found = metrics(client)

    assert plain(found)["journal_readable"] == 0
    assert "debts" not in plain(found)
    assert found["check_ok", (("check", "journal"),)] == 0


def test_the_number_of_series_does_not_grow_with_the_stations(place: Place) -> None:
    prepare(place)
    levels = tuple(f"level{number}" for number in range(60))
    rules = {"many": Rule("many", levels, (Threshold(3_600, "level0", 1.0),), ("HTB01",))}
    with sqlite3.connect(place.journal) as journal:
        journal.execute("UPDATE alert SET level = 'level59'")
    journal.close()
    with serving(replace(known_of(place), rules=rules)) as client:
        found = metrics(client)

    labels = [labels for name, labels in found if name == "alerts_standing"]
    assert len(labels) == LEVELS_MAX + 1
    assert found["alerts_standing", (("level", "other"),)] == 1
    assert not any("HTB" in value for _, one in found for _, value in one)
