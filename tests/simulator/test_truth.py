"""The truth file says of everything that happened what a reader needs, and the tables say what fell."""

import csv
import gc
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from simulator import truth
from simulator.truth import TruthLog, UnwritableError, open_text, write_truth
from simulator.values import MINUTE_MS, Happening, Message, Reading

AT = 1_784_109_600_000  # 2026-07-15T18:00:00+08:00
READING = Reading(
    observed_s=AT // 1000 + 300, count=65_535, kind="event", battery_v=12.6, made_at=AT + 300_001, counted=7
)
MESSAGE = Message("HTB01", 12, 3, AT // 1000 + 302, (READING, READING), kind="event", number=13)
RAIN = Happening(AT + MINUTE_MS, "HTB01", "rain", {"minute": 1, "fell_mm": 0.25, "caught_mm": 0.2499996, "tips": 1})


def written(*happenings: Happening) -> list[dict[str, object]]:
    stream = io.StringIO()
    log = TruthLog(stream)
    for happening in happenings:
        log.happening(happening)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_tip_stands_in_the_truth_with_its_station_and_its_millisecond() -> None:
    assert written(Happening(AT + 1, "HTB01", "tip"), Happening(AT + 2, "HTB02", "tip", {"service": True})) == [
        {"event": "tip", "station": "HTB01", "at": "2026-07-15T18:00:00.001+08:00"},
        {"event": "tip", "station": "HTB02", "at": "2026-07-15T18:00:00.002+08:00", "service": True},
    ]


def test_a_reading_stands_in_the_truth_as_its_station_saw_it_and_with_the_true_time() -> None:
    (line,) = written(Happening(AT + 300_001, "HTB01", "reading", {"reading": READING}))

    assert line == {
        "event": "reading",
        "station": "HTB01",
        "at": "2026-07-15T18:05:00.001+08:00",
        "observed_at": "2026-07-15T18:05:00+08:00",
        "count": 65_535,
        "kind": "event",
        "counted": 7,
    }


def test_a_message_stands_in_the_truth_with_its_numbers_and_how_many_readings_it_has() -> None:
    (line,) = written(Happening(AT + 302_000, "HTB01", "message", {"message": MESSAGE}))

    assert line == {
        "event": "message",
        "station": "HTB01",
        "at": "2026-07-15T18:05:02.000+08:00",
        "number": 13,
        "seq": 12,
        "boot": 3,
        "sent_at": "2026-07-15T18:05:02+08:00",
        "readings": 2,
        "kind": "event",
    }


def test_an_outage_is_told_with_the_instant_at_which_it_ends() -> None:
    (line,) = written(Happening(AT, "HTB01", "incident", {"what": "no_link", "until": AT + MINUTE_MS}))

    assert line["until"] == "2026-07-15T18:01:00.000+08:00"


def test_minutes_of_rain_are_left_to_the_table() -> None:
    assert written(RAIN, Happening(AT, "HTB01", "tip")) == written(Happening(AT, "HTB01", "tip"))


def test_every_line_is_on_disk_before_the_next_thing_happens(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        log = TruthLog(stream)

        log.write("start", seed=4)
        log.happening(Happening(AT, "HTB01", "tip"))

        assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_truth_that_its_disk_has_no_room_for_is_refused_with_its_name() -> None:
    stream = open_text(Path("/dev/full"))
    log = TruthLog(stream)

    with pytest.raises(
        UnwritableError, match=r"^/dev/full: cannot be written \(No space left on device\): name a file"
    ):
        log.happening(Happening(AT, "HTB01", "tip"))
    with pytest.raises(UnwritableError, match=r"^/dev/full: "):
        stream.close()
    assert stream.closed


def test_without_a_file_nothing_is_written() -> None:
    log = TruthLog(None)

    log.write("start", seed=4)
    log.happening(Happening(AT, "HTB01", "reading", {"reading": READING}))


def test_the_rain_has_a_row_per_minute_and_the_tips_one_each(tmp_path: Path) -> None:
    rain, tips = tmp_path / "rain.csv", tmp_path / "tips.csv"

    write_truth([Happening(AT + 59_999, "HTB01", "tip"), RAIN], rain=rain, tips=tips)

    assert rain.read_text(encoding="utf-8") == "station,minute,fell_mm,caught_mm,tips\nHTB01,1,0.250000,0.250000,1\n"
    assert tips.read_text(encoding="utf-8") == "station,observed_at\nHTB01,2026-07-15T18:00:59.999+08:00\n"


def test_poured_water_is_no_tip_of_the_rain(tmp_path: Path) -> None:
    tips = tmp_path / "tips.csv"

    write_truth([Happening(AT, "HTB01", "tip", {"service": True})], tips=tips)

    assert tips.read_text(encoding="utf-8") == "station,observed_at\n"


def test_a_dry_minute_in_which_water_evaporates_catches_less_than_nothing_and_never_minus_nothing(
    tmp_path: Path,
) -> None:
    rain = tmp_path / "rain.csv"
    dries = {"minute": 1, "fell_mm": 0.0, "caught_mm": -0.000108, "tips": 0}
    rests = {"minute": 2, "fell_mm": 0.0, "caught_mm": -1e-9, "tips": 0}

    write_truth([Happening(AT, "HTB01", "rain", dries), Happening(AT, "HTB01", "rain", rests)], rain=rain)

    rows = list(csv.reader(rain.read_text(encoding="utf-8").splitlines()))
    assert [row[3] for row in rows] == ["caught_mm", "-0.000108", "0.000000"]


@pytest.mark.parametrize("group", [2, 3, 65_536])
def test_parquet_and_csv_tell_of_the_same_rain(group: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "ROWS_IN_A_GROUP", group)
    names = {kind: (tmp_path / f"rain.{kind}", tmp_path / f"tips.{kind}") for kind in ("csv", "parquet")}

    for rain, tips in names.values():
        write_truth(_some_rain(), rain=rain, tips=tips)

    rain_table, tips_table = (parquet.read_table(path) for path in names["parquet"])
    rain_rows, tips_rows = (list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in names["csv"])
    assert rain_table.column_names == list(rain_rows[0])
    assert rain_table.num_rows == 7
    for told, row in zip(rain_table.to_pylist(), rain_rows, strict=True):
        assert told == {"station": row["station"]} | {
            "minute": int(row["minute"]),
            "fell_mm": float(row["fell_mm"]),
            "caught_mm": float(row["caught_mm"]),
            "tips": int(row["tips"]),
        }
    told_at = [row["observed_at"].isoformat(timespec="milliseconds") for row in tips_table.to_pylist()]
    assert told_at == [row["observed_at"] for row in tips_rows]
    assert told_at[0] == "2026-07-15T18:00:00.001+08:00"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("full", ["rain", "tips"])
def test_of_two_tables_the_one_without_room_is_named(
    full: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truth, "ROWS_IN_A_GROUP", 100)
    (tmp_path / f"{full}.{kind}").symlink_to("/dev/full")
    tables = {name: tmp_path / f"{name}.{kind}" for name in ("rain", "tips")}

    with pytest.raises(UnwritableError, match=rf"/{full}\.{kind}: cannot be written \(No space left on device\)"):
        write_truth(_some_rain(2_000), **tables)


def test_a_table_that_an_error_has_cut_off_is_left_without_another_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", words.append)
    (tmp_path / "tips.csv").symlink_to("/dev/full")

    with pytest.raises(UnwritableError, match=r"tips\.csv"):
        write_truth(_some_rain(2_000), rain=tmp_path / "rain.parquet", tips=tmp_path / "tips.csv")
    gc.collect()

    assert not words


def _some_rain(minutes: int = 7) -> Iterator[Happening]:
    for minute in range(1, minutes + 1):
        at = AT + minute * MINUTE_MS
        yield Happening(at - MINUTE_MS + 1, "HTB01", "tip")
        facts = {"minute": minute, "fell_mm": minute / 7.0, "caught_mm": minute / 9.0, "tips": 1}
        yield Happening(at, "HTB01", "rain", facts)
