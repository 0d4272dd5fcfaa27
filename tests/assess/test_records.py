"""Records as people have them are read, and a mistake is told with its file, line, column, value and remedy."""

import math
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.assess import BadRecords, Records, read_records, records
from gauge_ingest.assess.records import MISSING_UM, MISTAKES_MAX, RowKind, usual_step_ms

HEAD = "station,observed_at,rain_mm\n"
FIVE = "2026-07-15T18:05:00+08:00"
FIVE_MS = round(datetime.fromisoformat(FIVE).timestamp() * 1000)


def read(folder: Path, content: str | bytes) -> Records:
    path = folder / "rain.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_records(path, on_rows=lambda _: None)


def mistakes(folder: Path, content: str | bytes) -> tuple[str, ...]:
    with pytest.raises(BadRecords) as bad:
        read(folder, content)
    return bad.value.mistakes


def test_a_row_is_a_station_an_instant_and_an_amount(tmp_path: Path) -> None:
    found = read(
        tmp_path, f"{HEAD}HTB01,{FIVE},0.5\nHTB02,2026-07-15T10:05:00Z,12.25\nHTB01,2026-07-15T18:10+08:00,0\n"
    )

    assert len(found) == 3
    assert found.stations == ["HTB01", "HTB02"]
    assert list(found.station) == [0, 1, 0]
    assert list(found.at) == [FIVE_MS, FIVE_MS, FIVE_MS + 300_000]
    assert list(found.rain_um) == [500, 12_250, 0]
    assert list(found.kind) == [RowKind.RAIN] * 3
    assert all(map(math.isnan, found.celsius))
    assert found.texts[:2] == [(FIVE, "0.5"), ("2026-07-15T10:05:00Z", "12.25")]
    assert not found.tips
    assert not found.naive
    assert found.in_order()


SAME = [
    pytest.param(f"\ufeff{HEAD}HTB01,{FIVE},0.5\n", id="a byte order mark"),
    pytest.param(f"{HEAD}HTB01,{FIVE},0.5\n".replace("\n", "\r\n"), id="ends of line as Windows has them"),
    pytest.param(f"rain_mm,station,observed_at\n0.5,HTB01,{FIVE}\n", id="columns in another order"),
    pytest.param(f"id,station,name,observed_at,rain_mm,x\n1,HTB01,石门,{FIVE},0.5,y\n", id="further columns"),
    pytest.param(f" Station , OBSERVED_AT,Rain_mm\n HTB01 , {FIVE} , 0.5 \n", id="blanks and capitals"),
    pytest.param(f'"station","observed_at","rain_mm"\n"HTB01","{FIVE}","0.5"\n', id="quotes"),
    pytest.param(f"{HEAD}\nHTB01,{FIVE},0.5\n,,\n\n", id="empty lines"),
    pytest.param(f"{HEAD}HTB01,{FIVE},0.5", id="no end of line at the end"),
    pytest.param(f"{HEAD}HTB01,{FIVE},5e-1\n", id="a number with an exponent"),
]


@pytest.mark.parametrize("content", SAME)
def test_the_form_of_the_file_makes_no_difference(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)

    assert (found.stations, list(found.at), list(found.rain_um)) == (["HTB01"], [FIVE_MS], [500])


@pytest.mark.parametrize("text", ["", "NaN", "nan", "NA", "n/a", "null", "None", "-", "inf", " "])
def test_what_was_not_measured_is_missing_and_not_zero(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, f"{HEAD}HTB01,{FIVE},{text}\n")

    assert list(found.rain_um) == [MISSING_UM]


@pytest.mark.parametrize("end", ["", ",", ",,", ",,,", ", ,  "])
def test_what_need_not_be_told_may_end_early_and_commas_may_trail(tmp_path: Path, end: str) -> None:
    found = read(tmp_path, f"{HEAD.strip()},kind,temperature_c\nHTB01,{FIVE},0.5{end}\n")

    assert (list(found.rain_um), list(found.kind), math.isnan(found.celsius[0])) == ([500], [RowKind.RAIN], True)


@pytest.mark.parametrize("row", ["0.5", "0.5,", "0.5,,"])
def test_a_comma_at_the_end_of_the_first_line_names_no_column(tmp_path: Path, row: str) -> None:
    assert list(read(tmp_path, f"{HEAD.strip()}, ,\nHTB01,{FIVE},{row}\n").rain_um) == [500]


@pytest.mark.parametrize("celsius", [-90.0, 70.0])
def test_air_as_cold_and_as_warm_as_it_gets_is_read(tmp_path: Path, celsius: float) -> None:
    assert list(read(tmp_path, f"station,observed_at,temperature_c\nA,{FIVE},{celsius}\n").celsius) == [celsius]


def test_less_than_no_rain_is_read_for_the_checks_to_see(tmp_path: Path) -> None:
    assert list(read(tmp_path, f"{HEAD}HTB01,{FIVE},-999\n").rain_um) == [-999_000]


def test_without_amounts_each_row_is_a_tip(tmp_path: Path) -> None:
    found = read(tmp_path, f"station,observed_at,kind\nHTB01,{FIVE},\nHTB01,{FIVE},visit\nHTB01,{FIVE},test\n")

    assert found.tips
    assert list(found.rain_um) == [0, 0, 0]
    assert list(found.kind) == [RowKind.RAIN, RowKind.VISIT, RowKind.TEST]


def test_kinds_are_read_in_any_case_and_a_visit_needs_no_amount(tmp_path: Path) -> None:
    rows = "".join(
        f"HTB01,{FIVE},{mm},{kind}\n"
        for mm, kind in ((1, ""), (1, "Rain"), ("nan", "VISIT"), (2, "visit"), (3, "test"))
    )

    found = read(tmp_path, f"station,observed_at,rain_mm,kind\n{rows}")

    assert list(found.kind) == [RowKind.RAIN, RowKind.RAIN, RowKind.VISIT, RowKind.VISIT, RowKind.TEST]
    assert list(found.rain_um) == [1_000, 1_000, 0, 2_000, 3_000]


def test_a_temperature_that_is_not_told_is_unknown(tmp_path: Path) -> None:
    found = read(tmp_path, f"station,observed_at,rain_mm,temperature_c\nHTB01,{FIVE},0,-3.5\nHTB01,{FIVE},0,\n")

    assert found.celsius[0] == -3.5
    assert math.isnan(found.celsius[1])


def test_a_time_without_an_offset_is_universal_time_and_it_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}HTB01,2026-07-15 10:05:00,0\nHTB01,2026-07-15,0\n")

    assert found.naive
    assert list(found.at) == [FIVE_MS, FIVE_MS - 36_300_000]


@pytest.mark.parametrize(
    ("rows", "in_order"),
    [
        (f"A,{FIVE},0\nB,2026-07-15T10:00Z,0\n", True),  # each station has its own order
        (f"A,2026-07-15T10:00Z,0\nA,{FIVE},0\nA,{FIVE},1\n", True),
        (f"A,{FIVE},0\nA,2026-07-15T10:00Z,0\n", False),
        (f"A,{FIVE},0\nB,{FIVE},0\nA,2026-07-15T10:00Z,0\n", False),
    ],
)
def test_whether_the_rows_of_each_station_are_in_order(tmp_path: Path, rows: str, *, in_order: bool) -> None:
    assert read(tmp_path, HEAD + rows).in_order() is in_order


MISTAKES = [
    ("", "line 1: no column station and no column observed_at; the first line must name the columns, e.g. station,"),
    *(
        (content, f"line 1: {words} stand between the columns: commas must stand there, and a point in numbers (2.5)")
        for content, words in (
            (f"station;observed_at;rain_mm\nA;{FIVE};2,5\n", "semicolons"),
            (f'"station";"observed_at";"rain, mm"\nA;{FIVE};2,5\n', "semicolons"),
            (f"Station\tobserved_at\train_mm\nA\t{FIVE}\t2.5\n", "tabs"),
            (f"id;time;rain\nA;{FIVE};2,5\n", "semicolons"),
        )
    ),
    *(
        (
            f"{HEAD.strip()}{more}\nA,{FIVE},2,5\n",
            "line 2: the row has 4 cells, but line 1 names 3 columns: write a decimal with a point (2.5)",
        )
        for more in ("", ",")
    ),
    (f"{HEAD}A,{FIVE},2,,x\n", "line 2: the row has 5 cells, but line 1 names 3 columns"),
    (f"{HEAD}A,{FIVE}\n", "line 2: the row ends before rain_mm: separate cells with commas, and leave one empty where"),
    (f"{HEAD}A;{FIVE};2.5\n", "line 2: the row ends before observed_at: separate cells with commas"),
    (f"kind,{HEAD}visit,A\n", "line 2: the row ends before observed_at"),
    ("rain_mm,kind,station,observed_at\n0,\n", "line 2: the row ends before station"),
    *(
        (f"{HEAD}{name},{FIVE},0\n", f"line 2: station = {name!r}: must be a name without control or invisible")
        for name in ("A\x07B", "\x1b[31mA", "A\u202eB", "A\x00")
    ),
    *(
        (f"{HEAD}A,{FIVE},{number}\n", f"line 2: rain_mm = '{number}': must be a number, or empty where it is missing")
        for number in ("1_000", "２.5", "٣")
    ),
    *(
        (
            f"station,observed_at,temperature_c\nA,{FIVE},{celsius}\n",
            f"temperature_c = '{celsius}': must lie between -90 and 70 °C; leave it empty where it is missing",
        )
        for celsius in ("-999", "-90.1", "70.1", "9999")
    ),
    (f"HTB01,{FIVE},0.5\n", "line 1: no column station and no column observed_at"),
    ("station,time,rain_mm\n", "line 1: no column observed_at; the first line must name the columns"),
    ("station,observed_at,rain_mm,Station\n", "line 1: column station is there twice: take one out"),
    (
        f"station,observed_at,Rainfall (mm)\nA,{FIVE},0\n",
        (
            "line 1: column rainfall (mm): call it rain_mm if it is the rain of a step in mm; without such a column "
            "each row is one tip, and no column may look like rain"
        ),
    ),
    *(
        (f"station,observed_at,{name}\nA,{FIVE},0\n", f"line 1: column {name}: call it rain_mm")
        for name in ("precipitation", "tips", "depth", "amount", "value", "p_mm")
    ),
    (HEAD, "holds no row below the line that names the columns"),
    (f"{HEAD} ,{FIVE},0\n", "line 2: station is empty"),
    (
        f"{HEAD}A,15.07.2026 18:05,0\n",
        "line 2: observed_at = '15.07.2026 18:05': must be an instant, e.g. 2026-07-15T18:05:00+08:00",
    ),
    (f"{HEAD}A,,0\n", "line 2: observed_at = '': must be an instant"),
    (f"{HEAD}A,{'9' * 60},0\n", f"line 2: observed_at = '{'9' * 40}': must be an instant"),
    (f"{HEAD}A,1799-12-31T00:00Z,0\n", "line 2: observed_at = '1799-12-31T00:00Z': must lie in the years 1800 to 2199"),
    (
        f"{HEAD}A,9999-12-31T20:00Z,30\n",
        "line 2: observed_at = '9999-12-31T20:00Z': must lie in the years 1800 to 2199",
    ),
    (f"{HEAD}A,0001-01-01T00:00+08:00,30\n", "must lie in the years 1800 to 2199"),
    (f'{HEAD}A,{FIVE},"0,5"\n', "line 2: rain_mm = '0,5': must be a number, or empty where it is missing"),
    (f"{HEAD}A,{FIVE},0.5mm\n", "line 2: rain_mm = '0.5mm': must be a number"),
    (f"{HEAD}A,{FIVE},100001\n", "line 2: rain_mm = '100001': must be millimetres of rain, at most 100000"),
    (f"{HEAD}A,{FIVE},-1e9\n", "line 2: rain_mm = '-1e9': must be millimetres of rain, at most 100000"),
    (f"station,observed_at,kind\nA,{FIVE},visitor\n", "line 2: kind = 'visitor': must be empty, visit or test"),
    (
        f"station,observed_at,temperature_c\nA,{FIVE},5C\n",
        "line 2: temperature_c = '5C': must be a number, or empty where",
    ),
    (f"{HEAD}A,{FIVE},0\n\nA,{FIVE},x\n", "line 4: rain_mm = 'x'"),
    (f'note,{HEAD}"two\nlines",A,{FIVE},0\n,A,{FIVE},x\n', "line 4: rain_mm = 'x'"),
    (f"{HEAD}石门,{FIVE},0\n".encode("gbk"), "is not text in UTF-8 (byte "),
    (f"{HEAD}A,{FIVE},0\n".encode("utf-16"), "is not text in UTF-8 (byte 0)"),
    (f'{HEAD}"A,{FIVE},0\n' + f"A,{FIVE},0\n" * 8_000, "field larger than field limit"),
]


@pytest.mark.parametrize(("content", "words"), MISTAKES)
def test_a_mistake_is_told_with_its_file_line_column_value_and_remedy(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    [mistake] = mistakes(tmp_path, content)

    assert mistake.startswith("rain.csv: ")
    assert words in mistake


def test_the_first_mistakes_are_told_together(tmp_path: Path) -> None:
    told = mistakes(tmp_path, HEAD + "A,,0\n" * 3)
    many = mistakes(tmp_path, HEAD + "A,,0\n" * 30)

    assert [one.split(": ")[1] for one in told] == ["line 2", "line 3", "line 4"]
    assert len(many) == MISTAKES_MAX + 1
    assert many[-1] == "rain.csv: … and perhaps more: only the first mistakes are told"


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_records(tmp_path / "none.csv", on_rows=lambda _: None)


def test_while_a_long_file_is_read_it_says_how_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(records, "TELL_EVERY_ROWS", 2)
    path = tmp_path / "rain.csv"
    path.write_text(HEAD + f"A,{FIVE},0\n" * 5, encoding="utf-8")

    read_records(path, on_rows=told.append)

    assert told == [2, 4, 6]


@pytest.mark.parametrize(
    ("times", "step_ms"),
    [
        ([], 300_000),
        ([7], 300_000),
        ([0, 0], 300_000),
        ([0, 60, 120, 720], 60),
        ([0, 60, 120, 120, 180], 60),
        ([0, 60, 660, 720, 1_320], 60),  # both twice: the shorter one
        ([0, 10, 70, 130], 60),
    ],
)
def test_the_step_of_a_record_is_the_commonest(times: list[int], step_ms: int) -> None:
    assert usual_step_ms(times) == step_ms


@given(st.lists(st.integers(0, 50), max_size=30).map(sorted))
def test_no_step_is_commoner_than_the_usual_one(times: list[int]) -> None:
    apart = [later - before for before, later in pairwise(times) if later > before]

    assert not apart or apart.count(usual_step_ms(times)) == max(map(apart.count, apart))
