"""account: the table for people, the document for programs, and how the command ends."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from gauge_ingest.core.spans import parse_instant
from gauge_ingest.journal import Lock, Reader
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.positions import SetAside
from gauge_ingest.stores.influx import InfluxSettings, InfluxStore
from tests.account.runs import Run, at
from tests.commands.place import Place
from tests.commands.serving import write_status
from tests.edges.influx_server import InfluxServer, real_influxdb


@contextmanager
def running(place: Place) -> Iterator[Run]:
    """A run at a place; its truth is written at the end."""
    configuration = place.configuration()
    place.journal.parent.mkdir(exist_ok=True)
    run = Run(place.journal.parent, *configuration.stations.values(), rules=configuration.rules)
    try:
        yield run
    finally:
        run.desk.journal.close()
        run.write()


def storm(run: Run, *, lost: bool = False) -> None:
    """Two stations with 12 tips of half a millimetre and what can happen beside it."""
    for station in ("HTB01", "HTB02"):
        logger = run.logger(station)
        logger.report(0)
        for minute in range(1, 13):
            logger.tip(minute)
            if minute % 4 == 0:
                logger.report(minute + 0.5)
        logger.tip(14, times=2, missed="stuck_switch")
        logger.report(15, shows=999)
        logger.report(20)
        logger.report(25, fate="acknowledged", arrives=not lost)
        logger.balance(fell=7.3, lost_turning=0.05, residue=0.25, tipped=7.0)


def truth(place: Place) -> str:
    return str(place.journal.parent / "truth.jsonl")


def damage(place: Place) -> None:
    """A tip less in the journal than was counted, past the pump."""
    db = sqlite3.connect(place.journal)
    assert db.execute("UPDATE reading SET tips = 3 WHERE observed_at = ? AND tips = 4", (at(8.5),)).rowcount == 2
    db.commit()
    db.close()


def test_an_account_that_closes_says_so_first_and_ends_well(place: Place) -> None:
    with running(place) as run:
        storm(run)

    result = place.run("account", truth(place))

    assert result.exit_code == 0
    assert result.stdout.startswith("the account closes to the tip")
    assert "by_hand, seed 1: 60 min from 2026-07-15 18:00 (Beijing), 5 stations" in result.stdout
    assert "HTB01 07-15 18:15:00: count 999, counted 12: void" in result.stdout
    assert row(result.stdout, "reed switch stuck") == ["tips", "-2", "-2", "-4"]
    assert row(result.stdout, "fell") == ["mm", "7.30", "7.30", "?", "?", "?", "?"]
    assert row(result.stdout, "stored in the journal")[:3] == ["tips", "12", "12"]
    alerts = result.stdout[result.stdout.index("alerts ") :]
    assert row(alerts, "HTB01") == ["prepare", "18:12", "7.0", "in", "30m", "prepare", "18:12", "18:12", "18:12"]


def row(stdout: str, name: str) -> list[str]:
    """The cells of the first line that begins with a name."""
    line = next(line for line in stdout.splitlines() if line.strip().startswith(f"{name} "))
    return line.strip().removeprefix(name).split()


def test_a_tip_that_is_missing_is_shown_with_the_reading_where_it_parts_and_ends_with_1(place: Place) -> None:
    with running(place) as run:
        storm(run)
    damage(place)

    result = place.run("account", truth(place))

    assert result.exit_code == 1
    assert result.stdout.startswith("THE ACCOUNT DOES NOT CLOSE: 2 differences are not explained")
    assert row(result.stdout, "not explained") == ["tips", "-1", "-1", "0", "0", "0", "-2"]
    assert "HTB01: -1 tip stored beyond what was counted, reading of 07-15 18:08:30, count 8" in result.stdout


def test_readings_that_were_acknowledged_and_are_not_here_stand_at_the_top(place: Place) -> None:
    with running(place) as run:
        storm(run, lost=True)

    result = place.run("account", truth(place))

    assert result.exit_code == 1
    assert result.stdout.startswith("THE ACCOUNT IS STILL OPEN: 2 readings acknowledged and not here yet")
    assert "may be on their way: the service does not run" in result.stdout
    assert row(result.stdout, "acknowledged, on its way") == ["-1", "-1", "-2"]


def test_a_service_that_is_connected_leaves_no_reading_on_its_way(place: Place) -> None:
    with running(place) as run:
        storm(run, lost=True)
    write_status(place)

    with Lock(place.journal):
        connected = place.run("account", truth(place))
        write_status(place, connected=False)
        not_connected = place.run("account", truth(place))

    assert "on their way" not in connected.stdout
    assert "not connected to the broker: connection refused" in not_connected.stdout


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_the_table_fits_the_terminal(place: Place, columns: int) -> None:
    with running(place) as run:
        storm(run, lost=True)
    damage(place)

    result = place.run("account", truth(place), columns=columns)

    assert max(map(cell_len, result.stdout.splitlines())) <= columns
    assert "…" not in result.stdout
    assert row(result.stdout, "turns of the bucket") == ["tips", "14", "14", "0", "0", "0", "28"]


def test_in_a_narrow_terminal_stations_that_do_not_close_come_first(place: Place) -> None:
    with running(place) as run:
        storm(run)
        run.logger("HTB05").report(0)
    db = sqlite3.connect(place.journal)
    db.execute("UPDATE reading SET tips = 1 WHERE station = (SELECT n FROM station WHERE id = 'HTB05')")
    db.commit()
    db.close()

    result = place.run("account", truth(place), columns=62)

    headings = next(line for line in result.stdout.splitlines() if "in all" in line).split()
    assert headings[:2] == ["unit", "HTB05"]
    assert "stations more: --json" in result.stdout


def test_the_document_has_both_sides_of_everything(place: Place) -> None:
    with running(place) as run:
        storm(run)

    document = place.json("account", truth(place))

    assert document["closes"] is True
    assert document["truth"] == {
        "file": truth(place),
        "scenario": "by_hand",
        "seed": 1,
        "minutes": 60,
        "started_at": "2026-07-15T18:00:00+08:00",
        "ended_at": "2026-07-15T19:00:00+08:00",
        "outstanding_messages": 0,
        "cut_line": None,
        "unknown_events": {},
    }
    one = document["stations"][0]
    assert (one["station"], one["name"], one["bucket_depth_mm"]) == ("HTB01", "石门", 0.5)
    assert one["rain"]["water"]["fell_mm"] == 7.3
    assert one["rain"]["missed_tips"] == {"stuck_switch": 2}
    assert (one["rain"]["turned_tips"], one["rain"]["stored_tips"], one["rain"]["stored_mm"]) == (14, 12, 6.0)
    assert one["readings"]["wrong_counts"][0]["became"] == "void"
    assert (one["readings"]["made"], one["readings"]["stored"], one["messages"]["acknowledged"]) == (7, 7, 7)
    (alert,) = one["alerts"]
    assert (alert["verdict"], alert["true_level"], alert["told_level"]) == ("right", "prepare", "prepare")
    assert parse_instant(alert["true_at"]) == at(12)
    assert alert["windows"][0] == {"window_s": 1800, "true_mm": 7.0, "stored_mm": 6.0, "true_level": "prepare"}
    assert document["total"]["rain"]["turned_tips"] == 28
    assert document["total"]["unexplained"] == []


def test_the_document_of_an_account_that_does_not_close_names_the_reading(place: Place) -> None:
    with running(place) as run:
        storm(run)
    damage(place)

    document = place.json("account", truth(place), status=1)

    assert document["closes"] is False
    first = document["stations"][0]["unexplained"][0]
    assert (first["amount"], first["unit"], first["count"]) == (-1, "tips", 8)
    assert parse_instant(first["observed_at"]) == at(8.5)
    assert first["line"] == 18


def test_a_wrong_line_is_wrong_use_and_is_named(place: Place) -> None:
    with running(place) as run:
        storm(run)
    path = Path(truth(place))
    path.write_text(path.read_text("utf-8").replace('"count": 4', '"count": "four"'), encoding="utf-8")

    result = place.run("account", truth(place))

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{path}:" in result.stderr
    assert "reading: count: must be a whole number, is 'four'" in result.stderr


def test_without_a_truth_file_or_a_journal_the_command_says_which(place: Place) -> None:
    nothing = place.run("account", "nowhere.jsonl")
    with place.desk():
        pass
    no_truth = place.run("account", "nowhere.jsonl")

    assert (nothing.exit_code, nothing.stdout) == (3, "")
    assert "no journal at" in nothing.stderr
    assert (no_truth.exit_code, no_truth.stdout) == (2, "")
    assert "nowhere.jsonl: cannot be read (No such file or directory)" in no_truth.stderr


def test_asking_an_influxdb_that_is_not_configured_is_wrong_use(place: Place) -> None:
    with running(place) as run:
        storm(run)

    result = place.run("account", truth(place), "--source", "influx")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--source" in result.stderr


def test_an_influxdb_that_cannot_be_reached_is_left_out_unless_it_was_asked_for(place: Place) -> None:
    with running(place) as run:
        storm(run)
    place.environ = {"GAUGE_INFLUX_URL": "http://127.0.0.1:9", "GAUGE_INFLUX_TOKEN": "secret-of-nobody"}

    auto, only = place.run("account", truth(place)), place.run("account", truth(place), "--source", "influx")
    journal = place.json("account", truth(place), "--source", "journal")

    assert auto.exit_code == 0
    assert "InfluxDB is left out" in auto.stderr
    assert "in InfluxDB" not in auto.stdout
    assert (only.exit_code, only.stdout) == (3, "")
    assert "secret-of-nobody" not in auto.output + only.output
    assert journal["stations"][0]["influx"] is None


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with real_influxdb(tmp_path_factory.mktemp("influx")) as server:
        yield server


def copied(place: Place, influx: InfluxServer, bucket: str, *, rows: int) -> InfluxStore:
    """So many of the journal's rows of each station in a bucket, and the place told of it."""
    told = {"URL": influx.url, "TOKEN": influx.token, "ORG": influx.org, "BUCKET": bucket}
    place.environ = {f"GAUGE_INFLUX_{key}": value for key, value in told.items()}
    settings = place.configuration().settings.influx
    store = InfluxStore(InfluxSettings.model_validate(settings), place.configuration().stations)
    reader = Reader.open(place.journal)
    for station in reader.stations():
        store.write(list(reader.rows(station, since=0, until=1 << 61))[:rows], [])
    reader.close()
    store.close()
    return store


def test_a_copy_in_influxdb_is_looked_at_row_by_row(place: Place, influx: InfluxServer) -> None:
    with running(place) as run:
        storm(run)
        journal = run.desk.journal
        position = (journal.reader.epoch(), journal.reader.newest_seq())
    with influx.bucket() as bucket:
        name = copied(place, influx, bucket, rows=5).name
        behind = place.json("account", truth(place))
        reached(place, name, position)
        missing = place.json("account", truth(place), status=1)
        aside = [SetAside(station, at(minute), 0, "no") for station in ("HTB01", "HTB02") for minute in (20, 25)]
        reached(place, name, position, aside)
        refused = place.json("account", truth(place))
        copied(place, influx, bucket, rows=9)
        whole = place.json("account", truth(place), "--source", "influx")
        shown = place.run("account", truth(place)).stdout

    assert behind["total"]["influx"]["absent_rows"] == {"copy_is_behind": 4, "refused": 0, "unexplained": 0}
    assert "changes behind: the outbound process has not run yet" in behind["notices"][-1]
    assert missing["total"]["influx"]["absent_rows"]["unexplained"] == 4
    assert missing["total"]["unexplained"][0]["what"] == "that InfluxDB has not"
    assert refused["total"]["influx"]["absent_rows"]["refused"] == 4
    assert whole["total"]["influx"] == {
        "rows": 14,
        "there_rows": 14,
        "absent_rows": {"copy_is_behind": 0, "refused": 0, "unexplained": 0},
        "beyond_rows": 0,
        "tips": 24,
    }
    assert row(shown, "in InfluxDB") == ["tips", "12", "12", "24"]


def reached(place: Place, name: str, position: tuple[str, int], refused: list[SetAside] | None = None) -> None:
    """The outbound process has come so far with InfluxDB."""
    positions = Positions(place.configuration().settings.outbound_path)
    positions.move(name, _position(position))
    positions.set_aside(name, refused or [])
    positions.close()


def _position(position: tuple[str, int]) -> Any:
    from gauge_ingest.journal import Position

    return Position(*position)
