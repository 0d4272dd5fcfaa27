"""health: well with a service that writes its status, not well in every other case."""

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from gauge_ingest.app.accepted import accept
from gauge_ingest.configuration import kept_beside
from gauge_ingest.jobs import KNOCKED
from gauge_ingest.outbound import Positions
from tests.commands.place import Place
from tests.commands.serving import service, write_status
from tests.worlds import HOUR, MINUTE, T0, message

NAMES = ["configuration", "service", "broker", "outbound", "journal", "debts", "quarantine", "disk"]


def follower(place: Place, name: str, *, epoch: str, seq: int, error: str = "", set_aside: int = 0) -> None:
    """A follower's position as the outbound process writes it."""
    outbound = sqlite3.connect(place.journal.with_name("outbound.db"))
    outbound.execute(
        "CREATE TABLE IF NOT EXISTS position (name TEXT PRIMARY KEY, epoch TEXT, seq INTEGER, error TEXT,"
        " error_at INTEGER, set_aside INTEGER)"
    )
    row = (name, epoch, seq, error, place.now - 5 * MINUTE, set_aside)
    outbound.execute("INSERT INTO position VALUES (?, ?, ?, ?, ?, ?)", row)
    outbound.commit()
    outbound.close()


def details(place: Place, *, status: int) -> dict[str, tuple[bool, str]]:
    """Every check by its name."""
    document = place.json("health", status=status)
    assert list(document) == ["ok", "checks"]
    assert document["ok"] is (status == 0)
    assert all(list(check) == ["name", "ok", "detail"] for check in document["checks"])
    return {check["name"]: (check["ok"], check["detail"]) for check in document["checks"]}


def test_a_service_that_runs_and_says_so_is_well(place: Place) -> None:
    with place.desk() as desk:
        desk.now = place.now - MINUTE
        desk.take(message([(T0, 1)]))
    with service(place):
        write_status(place, debts=3)

        checks = details(place, status=0)
        shown = place.run("health")

    assert list(checks) == NAMES
    assert all(ok for ok, _ in checks.values())
    assert str(os.getpid()) in checks["service"][1]
    assert "60 s ago" in checks["journal"][1]
    assert checks["debts"][1].startswith("3 ")
    assert (shown.exit_code, "all is well" in shown.stdout) == (0, True)


def test_a_newest_message_that_lies_ahead_of_the_clock_is_not_well(place: Place) -> None:
    with place.desk() as desk:
        desk.now = place.now + 2 * HOUR
        desk.take(message([(T0, 1)]))
    with service(place):
        write_status(place)

        checks = details(place, status=1)

    assert not checks["journal"][0]
    assert "its newest message is 2 h ahead of the clock" in checks["journal"][1]


def test_without_a_service_it_is_not_well_though_its_last_word_was_a_good_one(place: Place) -> None:
    with place.desk():
        write_status(place)

    checks = details(place, status=1)

    assert {name for name, (ok, _) in checks.items() if not ok} == {"service", "broker", "outbound"}
    shown = place.run("health", columns=80)
    assert shown.exit_code == 1
    assert "not well: service, broker, outbound" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("age_s", "connected", "alive", "ill"),
    [
        (25, True, True, set()),
        (35, True, True, {"broker", "outbound"}),
        (-35, True, True, {"broker", "outbound"}),
        (0, False, True, {"broker"}),
        (0, True, False, {"outbound"}),
    ],
)
def test_a_service_that_hangs_or_is_cut_off_is_not_well(
    place: Place, age_s: float, *, connected: bool, alive: bool, ill: set[str]
) -> None:
    with place.desk():
        pass
    with service(place):
        write_status(place, age_s=age_s, connected=connected, alive=alive)

        checks = details(place, status=1 if ill else 0)

    assert {name for name, (ok, _) in checks.items() if not ok} == ill


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"wall_at": "now", "broker": {}, "debts": 0, "outbound": {}}'])
def test_a_status_that_is_none_is_not_well(place: Place, content: str) -> None:
    with place.desk():
        pass
    place.journal.with_name("journal.db.status.json").write_text(content, encoding="utf-8")

    with service(place):
        checks = details(place, status=1)

    assert {name for name, (ok, _) in checks.items() if not ok} == {"broker", "outbound"}


def test_each_follower_says_how_far_behind_it_is_and_what_is_wrong(place: Place) -> None:
    with place.desk() as desk:
        for minute in range(0, 20, 5):
            desk.now = T0 + minute * MINUTE
            desk.take(message([(T0 + minute * MINUTE, minute)], seq=minute))
            desk.settle()
        epoch, newest = desk.journal.reader.epoch(), desk.journal.reader.newest_seq()
    follower(place, "influx", epoch=epoch, seq=newest - 1, error="InfluxDB cannot be reached")
    follower(place, "log", epoch=epoch, seq=newest, set_aside=2)
    follower(place, "mqtt", epoch="of another journal", seq=newest)

    with service(place):
        write_status(place)
        checks = details(place, status=1)

    waits = f"1 changes behind, the oldest reading waits {105} min"
    assert checks["influx"] == (False, f"InfluxDB cannot be reached (for 5 min); {waits}")
    assert checks["log"] == (True, "everything sent; 2 refused for good and set aside")
    assert checks["mqtt"] == (True, f"{newest} changes behind, the oldest reading waits 2 h")


def test_what_waits_in_quarantine_is_said_and_no_illness(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)], station_id="HTB99"))
    with service(place):
        write_status(place)

        assert details(place, status=0)["quarantine"][1].startswith("1 entries")


def test_a_disk_that_is_nearly_full_is_not_well(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with place.desk():
        pass
    usage = shutil.disk_usage(place.config)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=499_000_000))

    with service(place):
        write_status(place)
        checks = details(place, status=1)

    assert checks["disk"] == (False, f"0.5 GB free in {place.journal.parent}")


def test_before_the_first_run_it_is_not_well_and_never_status_3(place: Place) -> None:
    checks = details(place, status=1)

    assert not checks["journal"][0]
    assert not checks["service"][0]
    assert not place.journal.parent.exists()


def test_files_that_are_no_databases_are_not_well(place: Place) -> None:
    place.journal.parent.mkdir()
    place.journal.write_bytes(b"this is no journal" * 1_000)
    assert not details(place, status=1)["journal"][0]

    place.journal.unlink()
    with place.desk():
        place.journal.with_name("outbound.db").write_bytes(b"this is no database" * 1_000)

    assert not details(place, status=1)["outbound.db"][0]


def test_a_configuration_that_is_wrong_is_not_well(place: Place) -> None:
    (place.config / "rules.toml").write_text("wrong = 1\n[also]\n", encoding="utf-8")

    checks = details(place, status=1)

    assert list(checks) == ["configuration"]
    assert "rules.toml" in checks["configuration"][1]


def test_where_an_accepted_configuration_stands_in_the_mistake_is_named_and_all_else_is_looked_at(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
    accept(place.config, kept_beside(place.journal), place.environment())
    with service(place):
        (place.config / "rules.toml").write_text("wrong = 1\n", encoding="utf-8")
        write_status(place, refused="the configuration on disk is refused: rules.toml")

        checks = details(place, status=1)

    assert list(checks) == NAMES
    assert [name for name, (ok, _) in checks.items() if not ok] == ["configuration"]
    assert checks["configuration"][1].startswith("rules.toml: wrong: unknown key")
    assert "a start would take the one accepted at" in checks["configuration"][1]


def test_files_that_are_mended_are_not_well_until_they_are_reloaded(place: Place) -> None:
    with place.desk():
        pass
    with service(place):
        write_status(place, refused="the configuration on disk is refused: rules.toml")
        before = details(place, status=1)
        write_status(place)

        after = details(place, status=0)

    refused = "the configuration on disk is refused: rules.toml: gauge-ingest reload when it is mended"
    assert before["configuration"] == (False, refused)
    assert after["configuration"][0]


def test_a_wrong_clock_is_not_well(place: Place) -> None:
    place.environ = {"GAUGE_CLOCK": "fast"}

    assert "GAUGE_CLOCK" in details(place, status=1)["configuration"][1]


def test_ages_are_told_by_the_clock_of_the_service_and_staleness_by_the_machines(place: Place) -> None:
    place.now = T0 + 48 * HOUR
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
    with service(place):
        write_status(place)

        checks = details(place, status=0)

    assert "2 d ago" in checks["journal"][1]
    assert Path(place.journal).exists()


@pytest.mark.parametrize(("age_s", "well"), [(30, True), (600, False), (-605, False)])
def test_a_calendar_that_knocks_no_more_is_seen(place: Place, age_s: int, *, well: bool) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
    positions = Positions(place.journal.with_name("outbound.db"))
    positions.done(KNOCKED, int((time.time() - age_s) * 1000))
    positions.close()
    with service(place):
        write_status(place)

        found = details(place, status=0 if well else 1)

    assert found["calendar"] == (well, "knocks" if well else "has not knocked for 10 min: no job of it is done")


def test_while_the_outbound_process_gives_no_sign_of_life_nobody_is_said_to_be_told(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
        desk.settle()
        epoch, newest = desk.journal.reader.epoch(), desk.journal.reader.newest_seq()
    follower(place, "people", epoch=epoch, seq=newest)
    with service(place):
        write_status(place, alive=False, heard_at=place.now - 2 * MINUTE)
        stands = details(place, status=1)
        write_status(place, heard_at=place.now)
        runs = details(place, status=0)

    silent = "the outbound process does not run, or stands still, no sign of life for 2 min"
    assert stands["outbound"] == (False, silent)
    assert stands["people"] == (False, f"{silent}; everything sent")
    assert runs["people"] == (True, "everything sent")


@pytest.mark.parametrize(("age_s", "well"), [(55, True), (65, False)])
def test_events_that_wait_untold_for_a_minute_are_not_well(place: Place, age_s: int, *, well: bool) -> None:
    place.now = T0 + 20 * MINUTE
    with place.desk() as desk:
        desk.now = place.now - age_s * 1000
        desk.take(message([(T0, 1), (T0 + 19 * MINUTE, 60)]))
        desk.settle()
        epoch, events = desk.journal.reader.epoch(), desk.journal.reader.alerts.changes(0)[1]
    follower(place, "people", epoch=epoch, seq=0)
    with service(place):
        write_status(place)
        found = details(place, status=0 if well else 1)

    assert events
    assert found["people"][0] is well
    assert ("alert events wait untold, the oldest for 65 s" in found["people"][1]) is not well
