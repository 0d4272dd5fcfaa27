"""Rain records replayed: every drop of three real files, and one clear error for a file that cannot be used."""

import csv
import gzip
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.weather import Place, Record, RecordError, WeatherSettings, make_sky, record_file

# Real records; sources and licences: tests/records/gauges/README.md.
RECORDS = Path(__file__).parents[1] / "records" / "gauges"
AMSTERDAM = "amsterdam/ams_five_gauges_5min.csv.gz"
IMHEA = "imhea/iMHEA_LLO_01_PO_01_raw.csv.gz"
SEPARATE = "separate/ExampleData_CumulativeTips.csv"
DAYS = 1440
TIPS: dict[str, Any] = {"rows": "tip", "time_column": "at"}
COUNTS: dict[str, Any] = {"rows": "count", "time_column": "at", "value_column": "n"}


def replayed(
    record: Record, station: str = "HTB01", *, minutes: int, folder: Path = RECORDS, start_at: int = 0
) -> list[float]:
    settings = WeatherSettings(rain=(record,))
    sky = make_sky(settings, seed=1, start_at=start_at, minutes=minutes, folder=folder)
    return [air.rain_mm + air.snow_mm for air in sky.over(Place(station, 44.5, 86.5, 500.0))]


def written(folder: Path, text: str) -> str:
    (folder / "rain.csv").write_text(text, encoding="utf-8")
    return "rain.csv"


def test_each_station_has_the_column_that_feeds_it_and_all_of_its_rain() -> None:
    feeds = {"HTB01": "ams1", "HTB02": "ams20", "HTB03": "ams11"}
    with gzip.open(RECORDS / AMSTERDAM, "rt", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))

    falls = {
        station: replayed(Record(file=AMSTERDAM, feeds=feeds), station, minutes=93 * DAYS)
        for station in ("HTB01", "HTB02", "HTB03", "HTB04")
    }

    for station, column in feeds.items():
        assert math.fsum(falls[station]) == pytest.approx(math.fsum(float(row[column] or 0.0) for row in rows))
    assert 300.0 < math.fsum(falls["HTB01"]) < 409.0
    assert math.fsum(falls["HTB03"]) == 0.0 == math.fsum(falls["HTB04"])  # a dead gauge; a station that nothing feeds
    first = next(number for number, row in enumerate(rows) if float(row["ams1"] or 0.0) > 0.0)
    assert falls["HTB01"][first * 5 : first * 5 + 5] == pytest.approx([float(rows[first]["ams1"]) / 5.0] * 5)


def test_a_record_begins_where_it_is_told_to_and_so_many_minutes_into_the_run() -> None:
    whole = replayed(Record(file=AMSTERDAM, value_column="ams1"), minutes=DAYS * 3)
    # The first row is the step that ends at 2017-07-15 00:00.
    later = Record(file=AMSTERDAM, value_column="ams1", begins="2017-07-16 00:00:00", since_min=30.0, factor=2.0)

    part = replayed(later, minutes=DAYS)

    assert part[:30] == [0.0] * 30
    assert part[30:] == pytest.approx([2.0 * fell for fell in whole[DAYS + 5 : 2 * DAYS + 5 - 30]])


def test_a_record_may_keep_its_dates_and_its_clock_may_be_ahead_of_utc() -> None:
    start_at = int(datetime(2017, 7, 24, tzinfo=UTC).timestamp() * 1000)
    kept = Record(file=AMSTERDAM, value_column="ams1", begins="date")
    ahead = Record(file=AMSTERDAM, value_column="ams1", begins="date", utc_offset_h=2.0)

    utc = replayed(kept, minutes=DAYS * 2, start_at=start_at)
    summer_time = replayed(ahead, minutes=DAYS * 2, start_at=start_at)

    assert math.fsum(utc) > 1.0
    assert summer_time[: DAYS * 2 - 120] == pytest.approx(utc[120:])


def test_a_label_at_the_start_of_a_step_rains_after_it(tmp_path: Path) -> None:
    file = written(tmp_path, "time,mm\n2026-07-01 00:00,0\n2026-07-01 00:10,3\n")

    starts = replayed(Record(file=file, value_column="mm", step_min=10, label="start"), minutes=30, folder=tmp_path)
    ends = replayed(Record(file=file, value_column="mm", step_min=10), minutes=30, folder=tmp_path)

    assert starts == pytest.approx([0.0] * 10 + [0.3] * 10 + [0.0] * 10)
    assert ends == starts  # its first row is the step before


def test_tips_of_a_file_with_bom_bare_cr_and_days_first_keep_their_water() -> None:
    record = Record(
        file=IMHEA,
        rows="tip",
        time_column="Date",
        time_format="%d/%m/%Y %H:%M:%S",
        value_column="Event mm",
        utc_offset_h=-5.0,
        begins="12/01/2013 00:00:00",
    )

    mm = replayed(record, minutes=60 * DAYS)

    text = gzip.decompress((RECORDS / IMHEA).read_bytes()).decode("utf-8-sig")
    rows = [line.split(",") for line in text.split("\r")[1:] if line]
    times = [(datetime.strptime(row[0], "%d/%m/%Y %H:%M:%S"), row[1]) for row in rows]  # noqa: DTZ007
    since, until = datetime(2013, 1, 12), datetime(2013, 3, 13)  # noqa: DTZ001
    assert math.fsum(mm) == pytest.approx(sum(float(depth or 0) for at, depth in times if since < at <= until), abs=0.2)
    assert math.fsum(mm) > 100.0
    # The first tips: 11:49:44, 11:50:55 and 11:51:03 on the first day.
    noon = mm[11 * 60 + 38 : 11 * 60 + 53]
    assert noon[0] == 0.0 < noon[1] < noon[2]
    assert math.fsum(noon) == pytest.approx(0.6)


def test_a_running_count_of_tips_becomes_rain() -> None:
    record = Record(
        file=SEPARATE,
        rows="count",
        time_column="DateTime",
        time_format="%m/%d/%y %H:%M:%S",
        value_column="CumulativeTips",
        utc_offset_h=-6.0,
    )

    mm = replayed(record, minutes=100 * DAYS)

    assert math.fsum(mm) == pytest.approx(0.2 * 512)
    assert mm[:4] == pytest.approx([0.2 * 60 / 284] * 4)  # the first tip: 284 s after the first row


def test_the_water_of_a_tip_fell_since_the_tip_before_but_at_most_ten_minutes_ago(tmp_path: Path) -> None:
    file = written(
        tmp_path, "at\n2026-07-01T00:00:00Z\n2026-07-01T00:30:00Z\n2026-07-01T00:32:00Z\n2026-07-01T00:32:00Z\n"
    )

    mm = replayed(Record(file=file, **TIPS, tip_mm=0.5), minutes=60, folder=tmp_path)

    assert mm[:10] == pytest.approx([0.05] * 10)
    assert mm[10:30] == [0.0] * 20
    assert mm[30:40] == pytest.approx([0.05] * 10)
    assert mm[40:43] == pytest.approx([0.25, 0.75, 0.0])  # two tips at once: the second has no time to spread over


def test_what_fell_before_the_chosen_instant_is_not_replayed(tmp_path: Path) -> None:
    file = written(tmp_path, "at\n2026-07-01T00:00:00Z\n2026-07-01T00:08:00Z\n")

    record = Record(file=file, **TIPS, tip_mm=0.8, begins="2026-07-01T00:06:00Z", since_min=5.0)
    mm = replayed(record, minutes=20, folder=tmp_path)

    assert mm == pytest.approx([0.0] * 5 + [0.1] * 2 + [0.0] * 13)


def test_a_record_is_not_read_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_file, "ROWS_MAX", 3)
    file = written(tmp_path, "time,mm\n" + "2026-07-01 00:05,1\n" * 3)

    with pytest.raises(RecordError, match="line 4: more than 3 rows: cut out"):
        replayed(Record(file=file, value_column="mm"), minutes=60, folder=tmp_path)


def test_rows_may_name_their_station_and_flagged_ones_are_left_out(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "station,time,mm,flag\nA,2026-07-01 00:05,1,\nB,2026-07-01 00:05,2,\nA,2026-07-01 00:10,4,X\n"
        "A,2026-07-01 00:15,nan,\nB,2026-07-01 00:15,,\n",
    )
    long: dict[str, Any] = {
        "value_column": "mm",
        "station_column": "station",
        "flag_column": "flag",
        "skip_flags": ("X",),
    }

    def total(station: str, **more: Any) -> float:
        return math.fsum(replayed(Record(file=file, **long, **more), station, minutes=60, folder=tmp_path))

    assert [total("A"), total("B"), total("HTB01")] == pytest.approx([1.0, 2.0, 0.0])
    assert total("HTB01", feeds={"HTB01": "B"}) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "plan", "wanted"),
    [
        ("", {}, r"line 1: time_column = 'time': no such column: the file has no columns"),
        ("when,mm\n", {}, r"line 1: time_column = 'time': no such column: the file has 'when', 'mm'"),
        ("time,rain\n", {}, r"line 1: value_column = 'mm': no such column"),
        ("time,mm\n", {}, r"has no row with a value: check"),
        ("time,mm\n2026-07-01 00:05,1\n1 July,2\n", {}, r"line 3: time = '1 July': is not written as time_format"),
        ("time,mm\n\n2026-07-01 00:05,wet\n", {}, r"line 3: mm = 'wet': write a depth in millimetres"),
        ("time,mm\n2026-07-01 00:05,-1\n", {}, r"line 2: mm = '-1': write a depth"),
        ("time,mm\n2026-07-01 00:05,inf\n", {}, r"line 2: mm = 'inf': write a depth"),
        ("at,n\n2026-07-01 00:05,1.5\n", COUNTS, r"line 2: n = '1.5': write a whole number"),
        ("at,n\n2026-07-01 00:05,7\n2026-07-01 00:06,6\n", COUNTS, r"line 3: n = 6: less than 7 in line 2: a count"),
        ("at,n\n2026-07-01 00:05,7\n2026-07-01 00:04,8\n", COUNTS, r"line 3: at goes back: sort the rows"),
        ("time,mm\n2026-07-01 00:05,1\n", {"begins": "July"}, r"begins = 'July': write it as the record does"),
        ("time,mm\n2026-07-01 00:05,1\n", {"begins": "2026-07-02"}, r"begins = '2026-07-02': the record ends before"),
        (
            "time,mm\n2026-07-01 00:05,1\n",
            {"feeds": {"HTB01": "west"}},
            r"line 1: feeds = 'west': no such column: the file has 'time', 'mm'",
        ),
        (
            "time,mm,id\n2026-07-01 00:05,1,east\n",
            {"station_column": "id", "feeds": {"HTB01": "west"}},
            r"feeds: id is never 'west': it is 'east'",
        ),
    ],
)
def test_a_record_with_a_mistake_says_where_it_is_and_what_to_do(
    tmp_path: Path, text: str, plan: dict[str, Any], wanted: str
) -> None:
    record = Record(**{"file": written(tmp_path, text), "value_column": "mm", **plan})

    with pytest.raises(RecordError, match=wanted) as caught:
        replayed(record, minutes=60, folder=tmp_path)

    assert str(tmp_path / "rain.csv") in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("gone.csv", None, "cannot be read"),
        ("torn.csv.gz", gzip.compress(b"time,mm\n" + b"2026-07-01 00:05,1\n" * 99, mtime=0)[:40], "cannot be read"),
        ("plain.csv.gz", b"time,mm\n", "cannot be read"),
        ("latin.csv", "time,mm\n2026-07-01 00:05,1,é\n".encode("latin-1"), "is no CSV file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_as_a_record_that_cannot_be_used(
    tmp_path: Path, name: str, content: bytes | None, wanted: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(RecordError, match=wanted):
        replayed(Record(file=name, value_column="mm"), minutes=60, folder=tmp_path)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({}, "value_column: "),
        ({"rows": "count"}, "value_column: "),
        ({**TIPS, "skip_flags": ("x",)}, "flag_column: "),
        ({**TIPS, "delimiter": ", "}, "delimiter = "),
    ],
)
def test_a_record_that_does_not_say_what_to_read_is_refused_by_name(plan: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        Record(file="rain.csv", **plan)
