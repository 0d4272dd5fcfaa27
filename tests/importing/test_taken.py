"""Imported history is there for whoever asks, and for nobody else: no alert, no increment, no watchdog knows of it."""

import csv
import json
import os
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.commands import writing
from gauge_ingest.configuration import load
from gauge_ingest.core.model import Station, Step
from gauge_ingest.journal import Journal, Lock, Reader
from gauge_ingest.pump.accept import Network
from gauge_ingest.requests.take_history import ROWS_MAX, asked, take_history
from gauge_ingest.stores.lines import LineProtocol
from tests.backup.place import in_a_fork
from tests.commands.place import Place
from tests.commands.serving import service
from tests.commands.test_writing import requests_left
from tests.importing.spans import BEFORE, fell_of
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

MAPPING = """
[station]
id = "{station}"
[time]
columns = ["time"]
format = "unix_ms"
[rain]
column = "mm"
unit = "mm"
step_s = 300
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def storm(*, since: int = BEFORE, steps: int = 24, mm: float = 8.0) -> list[tuple[int, float]]:
    """Steps of five minutes that would raise every alert there is."""
    return [(since + n * 5 * MINUTE, mm) for n in range(1, steps + 1)]


def old(place: Path, rows: list[tuple[int, float]], *, name: str = "HTB01") -> list[str]:
    """A file and its mapping; the words of the command."""
    file, mapping = place / "old.csv", place / "mapping.toml"
    file.write_text("time,mm\n" + "".join(f"{at},{mm}\n" for at, mm in rows), encoding="utf-8")
    mapping.write_text(MAPPING.format(station=name), encoding="utf-8")
    return ["import", str(file), "--mapping", str(mapping)]


def begun(place: Place, *, reports: bool = True) -> None:
    """A journal, perhaps with a dry day of reports in it."""
    with place.desk() as desk:
        for number in range(3 if reports else 0):
            desk.now = T0 + number * 5 * MINUTE + 2_000
            desk.take(message([(T0 + number * 5 * MINUTE, 100)], seq=number))


def told(
    place: Place, *, every: str = "1d", since: int = BEFORE - HOUR, until: int = T0 + HOUR
) -> list[dict[str, Any]]:
    words = ["history", "HTB01", "--every", every]
    for option, at in (("--since", since), ("--until", until)):
        words += [option, instant(at)]
    found: list[dict[str, Any]] = place.json(*words)
    return found


def instant(at: int) -> str:
    from gauge_ingest.core.spans import instant_text

    return instant_text(at)


def state(journal: Path) -> list[tuple[Any, ...]]:
    """Everything of a journal but what is imported."""
    with closing(Journal(journal)) as opened:
        names = [n for (n,) in opened._db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        kept = [
            name for name in names if not name.startswith(("imported", "sqlite")) and name not in ("change", "meta")
        ]
        return [(name, *row) for name in kept for row in opened._db.execute(f"SELECT * FROM {name}")]  # noqa: S608 - tables


def test_a_dry_run_says_what_would_be_taken_and_changes_nothing(place: Place, tmp_path: Path) -> None:
    begun(place)
    words = old(tmp_path, [*storm(mm=0.75), (BEFORE + 24 * HOUR, 900.0)])
    before = place.journal.read_bytes()

    document = place.json(*words, "--dry-run", status=1)
    shown = place.run(*words, "--dry-run")

    assert place.journal.read_bytes() == before
    assert not (tmp_path / "old.csv.rejects.csv").exists()
    assert document["taken"] is None
    assert document["refused"] == {"much": 1}
    [one] = document["stations"]
    assert (one["rows"], one["new"], one["rain_mm"], one["rain_mm_in_tips"]) == (24, 24, 18.0, 18.0)
    assert one["days"] == {"2026-07-13": 18.0}
    assert "dry run, nothing was changed" in shown.stdout
    assert "line 26: 900 mm in 5 min is more than can fall" in shown.stdout


def test_what_is_taken_is_shown_as_imported_and_the_same_again_changes_nothing(place: Place, tmp_path: Path) -> None:
    begun(place)
    words = old(tmp_path, storm())
    live = state(place.journal)

    first = place.json(*words)
    with closing(Reader.open(place.journal)) as reader:
        seq = reader.newest_seq()
    again = place.json(*words)

    assert (first["taken"], again["taken"]) == (24, 0)
    assert again["stations"][0]["new"] == 0
    with closing(Reader.open(place.journal)) as reader:
        assert reader.newest_seq() == seq
    assert state(place.journal) == live
    readings = place.json("readings", "HTB01", "--since", instant(BEFORE - HOUR))
    assert [one["imported"] for one in readings] == [True] * 24 + [False] * 3
    raw = told(place, every="raw")
    assert [(one["step"], one["rain_mm"], one["flag"]) for one in raw[:24]] == [("imported", 8.0, 2)] * 24
    assert [one["step"] for one in raw[24:]] == ["first", "steady", "steady"]
    assert sum(one["rain_mm"] for one in told(place)) == 192.0


def test_through_the_service_that_runs_it_is_the_same(place: Place, tmp_path: Path) -> None:
    begun(place)
    words = old(tmp_path, storm(since=BEFORE - 400 * HOUR, steps=ROWS_MAX + 500, mm=0.5))

    with service(place) as asked_for:
        document = place.json(*words)

    assert document["taken"] == ROWS_MAX + 500
    assert [request.what for request in asked_for] == ["history", "history"]
    with closing(Journal(place.journal)) as opened:
        assert opened._db.execute("SELECT count(*) FROM request WHERE body LIKE '%history%'").fetchone()[0] == 0


def test_history_raises_no_alert_now_nor_under_any_later_configuration(place: Place, tmp_path: Path) -> None:
    begun(place)
    place.json(*old(tmp_path, storm()))
    network = load(place.config, place.environment())

    with place.desk() as desk:
        for changed in (0.5, 0.3):
            stations = {
                one.id: replace(one, deployments=tuple(replace(d, bucket_depth_mm=changed) for d in one.deployments))
                for one in network.stations.values()
            }
            low = rule("HTB01", tell_within_s=10**8)
            low = replace(low, thresholds=tuple(replace(one, rain_mm=0.1) for one in low.thresholds))
            text = json.dumps({"stations": {n: _canonical(s) for n, s in stations.items()}})
            desk.pump.configure(Network(stations, [low], f"digest {changed}", text))
            desk.settle()
            desk.now += HOUR
            desk.pump.tick()
        desk.now = T0 + 3 * HOUR
        desk.take(message([(desk.now, 100)], seq=50))
        desk.settle()
        assert desk.journal.reader.alerts.all(ended=True) == []
        assert desk.tips() == 0
        assert {row.step for row in desk.journal.reader.rows("HTB01", since=0, until=1 << 61)} <= {
            Step.FIRST,
            Step.STEADY,
            Step.GAP,
        }

    assert place.json("alerts", "--all") == []


def _canonical(one: Station) -> dict[str, Any]:
    return {
        "deployments": [{"since": d.since, "bucket_depth_mm": d.bucket_depth_mm} for d in one.deployments],
        "intensity_max_mm_per_min": 8.0,
        "report_every_s": 300,
    }


@pytest.mark.parametrize("bucket_mm", [0.1, 0.2, 0.3, 0.5, 1.0])
def test_millimetres_stay_whatever_bucket_is_configured_to_a_tip(tmp_path: Path, bucket_mm: float) -> None:
    desk = Desk(tmp_path, [station()], [])
    fell = fell_of([700, 0, 1_300, 250, 333, 17, 2_400])
    take_history(desk.journal, {"HTB01": station()}, asked("HTB01", fell, file="f", digest="d"), who="w", now=T0)
    seq = desk.journal.reader.newest_seq()

    changed = station(bucket_depth_mm=bucket_mm)
    text = json.dumps({"stations": {"HTB01": {**_canonical(changed)}}})
    desk.pump.configure(
        Network({"HTB01": station()}, [], "one", json.dumps({"stations": {"HTB01": _canonical(station())}}))
    )
    desk.pump.configure(Network({"HTB01": changed}, [], "two", text))
    desk.settle()

    number = desk.journal.reader.number("HTB01")
    assert number is not None
    rows = list(desk.journal.reader.imported.rows(number, "HTB01", since=0, until=T0))
    bucket_um, sums_um = round(bucket_mm * 1000), 0
    for row, one in zip(rows, fell, strict=True):
        sums_um += row.tips * bucket_um
        assert 0 <= one.sum_um - sums_um < bucket_um
    announced = desk.journal.reader.changes(seq, rows_max=1_000).rows
    assert (len(announced) > 0) is (bucket_mm != 0.5)


def test_followers_copy_it_marked_and_as_the_file_says(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [])
    desk.take(message([(T0, 5)]))
    desk.settle()
    seq = desk.journal.reader.newest_seq()
    take_history(
        desk.journal, {"HTB01": station()}, asked("HTB01", fell_of([1_000, 0]), file="f", digest="d"), who="w", now=T0
    )

    rows = desk.journal.reader.changes(seq, rows_max=1_000).rows
    lines = [line for line, _ in LineProtocol({"HTB01": station()}).lines(rows, [])]

    assert [(row.since, row.observed_at, row.tips) for row in rows] == [
        (BEFORE, BEFORE + 5 * MINUTE, 2),
        (BEFORE + 5 * MINUTE, BEFORE + 10 * MINUTE, 0),
    ]
    assert (
        f"rain_mm=1.0,count=2i,quality=2i,step={int(Step.IMPORTED)}i,span_s=300.0 {BEFORE + 5 * MINUTE}000000"
        in lines[0]
    )
    whole = desk.journal.reader.changes(0, rows_max=1_000).rows
    assert sorted(row.step for row in whole) == [Step.FIRST, Step.IMPORTED, Step.IMPORTED]


def test_what_lies_in_or_behind_the_own_record_is_refused_and_named_or_left_out(place: Place, tmp_path: Path) -> None:
    begun(place)
    words = old(tmp_path, [*storm(steps=2), *storm(since=T0 - 10 * MINUTE, steps=3)])
    before = place.journal.read_bytes()

    dry = place.json(*words, "--dry-run", status=1)
    refused = place.run(*words)
    assert place.journal.read_bytes() == before
    taken = place.json(*words, "--before-own")

    assert [(one["station"], one["by"], one["rows"]) for one in dry["overlaps"]] == [("HTB01", "readings", 2)]
    assert refused.exit_code == 2
    assert "HTB01: 2 rows from 2026-07-15 17:55 to 2026-07-15 18:05 lie in or behind its own record" in refused.stderr
    assert "--before-own" in refused.stderr
    assert taken["taken"] == 3


def test_another_figure_for_what_was_imported_is_refused(place: Place, tmp_path: Path) -> None:
    begun(place)
    place.json(*old(tmp_path, storm()))

    other = place.run(*old(tmp_path, storm(mm=7.0)))
    shifted = place.run(*old(tmp_path, storm(since=BEFORE + MINUTE)))
    longer = place.json(*old(tmp_path, storm(steps=30)))

    assert (other.exit_code, shifted.exit_code) == (2, 2)
    assert "tell otherwise what was imported before" in other.stderr
    assert longer["taken"] == 6


def test_a_station_that_is_not_configured_is_named_with_the_line_to_add(place: Place, tmp_path: Path) -> None:
    begun(place)

    refused = place.run(*old(tmp_path, storm(), name="HTB10"))

    assert refused.exit_code == 2
    assert "mapping.toml: station.id: station 'HTB10' is not in stations.toml" in refused.stderr
    assert "add [stations.HTB10] there" in refused.stderr


def test_refused_rows_are_kept_with_line_and_reason_and_the_others_taken(place: Place, tmp_path: Path) -> None:
    begun(place)
    words = old(tmp_path, storm(steps=2))
    with (tmp_path / "old.csv").open("a") as file:
        file.write("never,1\n")

    result = place.run(*words)

    assert result.exit_code == 1
    assert "taken in: 2 rows" in result.stdout
    with (tmp_path / "old.csv.rejects.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "station", "reason", "cells"],
            ["4", "", "time cannot be read as unix_ms: never", "never", "1"],
        ]
    assert place.run(*words, "--rejects", str(tmp_path / "none" / "r.csv")).exit_code == 3


def test_killed_at_any_slice_the_next_import_takes_the_rest(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gauge_ingest.commands import history_writing

    begun(place)
    monkeypatch.setattr(history_writing, "ROWS_MAX", 5)
    words = old(tmp_path, storm())

    def die() -> None:
        from gauge_ingest.journal.imported import ImportedWriter

        real, calls = ImportedWriter.add, iter(range(100))

        def add(*arguments: Any, **more: Any) -> int:
            taken = real(*arguments, **more)
            if next(calls) == 3:
                os._exit(9)
            return taken

        ImportedWriter.add = add  # type: ignore[method-assign]
        place.run(*words)

    assert in_a_fork(die) == 9
    rest = place.json(*words)

    assert rest["taken"] == 24 - 15  # three slices were committed, the fourth was not
    assert sum(one["rain_mm"] for one in told(place)) == 192.0


def test_where_the_service_is_killed_the_import_goes_on_by_itself(place: Place, tmp_path: Path) -> None:
    begun(place)
    words = old(tmp_path, storm())
    locked = threading.Event()

    def serve() -> None:
        with Lock(place.journal):
            locked.set()
            requests_left(place, 1)

    thread = threading.Thread(target=serve)
    thread.start()
    assert locked.wait(10)
    document = place.json(*words)
    thread.join()

    assert document["taken"] == 24
    assert sum(one["rain_mm"] for one in told(place)) == 192.0
    assert list((place.journal.parent / "spool").iterdir()) == []


def test_where_nobody_answers_it_says_that_the_same_command_goes_on(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(place)
    monkeypatch.setattr(writing, "ANSWER_MAX_S", 0.1)

    with Lock(place.journal):
        refused = place.run(*old(tmp_path, storm()))

    assert refused.exit_code == 3
    assert "no answer within 0.1 s; the request is taken back; what was taken before stays" in refused.stderr
    assert "the same command again goes on from there" in refused.stderr


def test_reports_that_come_of_the_imported_time_later_take_its_place(place: Place, tmp_path: Path) -> None:
    begun(place, reports=False)
    place.json(*old(tmp_path, storm(steps=4, mm=0.5)))

    with place.desk() as desk:
        desk.now = T0
        late = [(BEFORE + n * 5 * MINUTE, 100 + 2 * n) for n in range(3)]
        desk.take(message(late, seq=9))
        desk.settle()

    raw = told(place, every="raw")
    assert [(one["step"], one["tips"]) for one in raw] == [("first", 0), ("steady", 2), ("steady", 2)]
    assert place.json("alerts", "--all") == []
