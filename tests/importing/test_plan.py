"""What a CSV file says under a mapping: spans of rain in micrometres, and why a row is refused. A hole is not dry."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.configuration import ConfigurationRefused
from gauge_ingest.configuration.mapping import ImportMapping, load_mapping
from gauge_ingest.importing.plan import Plan, plan_of
from gauge_ingest.importing.rows import Unreadable, rows_of
from gauge_ingest.journal.imported import SINCE_MIN
from tests.worlds import MINUTE, T0, station

CONFIG = Path(__file__).parents[2] / "config" / "import"
STATIONS = {one: station(one) for one in ("HTB01", "HTB02")}
BASE = """
[station]
id = "HTB01"
[time]
columns = ["time"]
offset = "+08:00"
{time}
[rain]
column = "rain"
{rain}
"""
STEPS = 'unit = "mm"\nstep_s = 300'


def mapped(tmp_path: Path, *, rain: str = STEPS, time: str = "", whole: str = "", more: str = "") -> ImportMapping:
    path = tmp_path / "mapping.toml"
    path.write_text((whole or BASE.format(rain=rain, time=time)) + more, encoding="utf-8")
    return load_mapping(path)


def planned(tmp_path: Path, text: str, **mapping: str) -> Plan:
    file = tmp_path / "old.csv"
    file.write_text(text, encoding="utf-8")
    return plan_of(rows_of(file, mapped(tmp_path, **mapping)), mapped(tmp_path, **mapping), STATIONS, now=T0)


def at(text: str) -> int:
    return round(datetime.fromisoformat(f"{text}+08:00").timestamp() * 1_000)


def spans(plan: Plan, name: str = "HTB01") -> list[tuple[int, int, int]]:
    """Minutes after 2020-01-01 00:00 in Beijing, and micrometres."""
    zero = at("2020-01-01T00:00")
    return [((one.since - zero) // MINUTE, (one.until - zero) // MINUTE, one.um) for one in plan.fell.get(name, [])]


def reasons(plan: Plan) -> list[tuple[int, str]]:
    return [(one.line, one.kind) for one in plan.bad]


def test_a_step_lies_before_its_stamp_or_behind_it_as_the_mapping_says(tmp_path: Path) -> None:
    text = "time,rain\n2020-01-01T00:05,0.2\n2020-01-01T00:10,0\n"

    end = planned(tmp_path, text, time='label = "end"')
    begin = planned(tmp_path, text, time='label = "begin"')

    assert spans(end) == [(0, 5, 200), (5, 10, 0)]
    assert spans(begin) == [(5, 10, 200), (10, 15, 0)]


def test_a_missing_step_is_a_hole_and_no_dry_one(tmp_path: Path) -> None:
    text = "time,rain\n2020-01-01T00:05,1\n2020-01-01T00:10,NA\n2020-01-01T00:15,\n2020-01-01T00:25,2\n"

    plan = planned(tmp_path, text, rain=f'{STEPS}\nmissing = ["NA"]')

    assert spans(plan) == [(0, 5, 1_000), (20, 25, 2_000)]
    assert (plan.missing, plan.bad) == (2, [])


def test_every_bad_row_is_refused_with_its_line_and_the_others_are_taken(tmp_path: Path) -> None:
    rows = [
        *("2020-01-01T00:05,1", "yesterday,1", "2020-01-01T00:10,much", "2020-01-01T00:15,-1", "2020-01-01T00:20"),
        *("2020-01-01T00:25,nan", "2020-01-01T00:30,300", "2020-01-01T00:35,1", "2020-01-01T00:35,2"),
        *("2020-01-01T00:35,1", "2020-01-01T00:37,1", "2199-01-01T00:00,1", ""),
    ]

    plan = planned(tmp_path, "\n".join(["time,rain", *rows]))

    assert spans(plan) == [(0, 5, 1_000), (30, 35, 1_000)]
    assert reasons(plan) == [
        *[(3, "time"), (4, "number"), (5, "negative"), (6, "short"), (7, "number"), (8, "much"), (10, "twice")],
        *[(12, "overlap"), (13, "future")],
    ]
    assert plan.repeated == 1
    said = {one.kind: one.reason for one in plan.bad}
    assert said["time"] == "time cannot be read as iso: yesterday"
    assert said["much"] == "300 mm in 5 min is more than can fall"
    assert said["twice"] == "another figure for the time of line 9"


@pytest.mark.parametrize("head", ["time,rain", "time,rain,", "time,rain,flag"])
def test_decimal_commas_between_commas_are_refused_and_not_taken_for_no_rain(tmp_path: Path, head: str) -> None:
    end = "," * (head.count(",") - 1)

    plan = planned(tmp_path, f"{head}\n2020-01-01T00:05,0,5{end}\n2020-01-01T00:10,1{end}\n")

    assert spans(plan) == [(5, 10, 1_000)]
    assert reasons(plan) == [(2, "long")]
    assert plan.bad[0].reason.startswith("more columns than the head of the file: decimal commas?")


def test_a_figure_under_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    plan = planned(tmp_path, "time,rain,\n2020-01-01T00:05,0,5\n2020-01-01T00:10,1,\n2020-01-01T00:15,1\n")

    assert spans(plan) == [(5, 10, 1_000), (10, 15, 1_000)]
    assert reasons(plan) == [(2, "long")]


def test_years_in_which_nobody_measured_are_refused_and_the_others_taken(tmp_path: Path) -> None:
    years = ["0001-01-01T00:00", "0024-01-01T00:05", "1600-06-01T00:00", "1799-12-31T23:59:59+00:00"]
    edge = ["1800-01-01T00:00+00:00", "1800-01-01T00:05+00:00", "2020-01-01T00:05"]

    plan = planned(tmp_path, "\n".join(["time,rain", *(f"{year},1" for year in years + edge)]))

    assert reasons(plan) == [(line, "old") for line in (2, 3, 4, 5, 6)]
    assert plan.bad[1].reason == "before 1800-01-01T00:00Z: 0024-01-01T00:05; is the year mistyped?"
    assert [one.since for one in plan.fell["HTB01"]] == [SINCE_MIN, at("2020-01-01T00:00")]
    assert datetime.fromtimestamp(SINCE_MIN / 1_000, UTC).isoformat() == "1800-01-01T00:00:00+00:00"


def test_figures_that_no_computer_holds_are_refused_too(tmp_path: Path) -> None:
    text = "time,rain\n1e300,1\ninf,1\n99999999999999999999,1\n1577836800,1e300\n1577836800,0.5\n"

    plan = planned(tmp_path, text, time='format = "unix"')

    assert reasons(plan) == [(2, "time"), (3, "time"), (4, "time"), (5, "number")]
    assert plan.taken == 1


@pytest.mark.parametrize("figure", ["1e308", "1_0", "١٠", "１", "0x1", "+ 1", "1,5", "1e", ".", "infinity"])
def test_a_figure_is_in_plain_digits_or_the_row_is_refused(tmp_path: Path, figure: str) -> None:
    text = f'time,rain\n2020-01-01T00:05,"{figure}"\n2020-01-01T00:10,1\n2020-01-01T00:15,5e-1\n2020-01-01T00:20,+.5\n'

    plan = planned(tmp_path, text)

    assert spans(plan) == [(5, 10, 1_000), (10, 15, 500), (15, 20, 500)]
    assert [(one.line, one.reason) for one in plan.bad] == [(2, f"not a number: {figure}")]


def test_a_point_beside_decimal_commas_is_refused_for_it_parts_thousands(tmp_path: Path) -> None:
    text = "time;rain\n2020-01-01T00:05;1.234\n2020-01-01T00:10;1.234,5\n2020-01-01T00:15;1,5\n"

    plan = planned(tmp_path, text, more='[file]\ndelimiter = ";"\ndecimal = ","')

    assert spans(plan) == [(10, 15, 1_500)]
    assert reasons(plan) == [(2, "number"), (3, "number")]


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("unix", "1577808300", "1_577_808_300"),
        ("unix_ms", "1577808300000", "١٥٧٧٨٠٨٣٠٠٠٠٠"),
        ("%Y-%m-%d %H:%M", "2020-01-01 00:05", "２０２０-01-01 00:10"),
        ("%Y年%m月%d日 %H:%M", "2020年01月01日 00:05", "٢٠٢٠年01月01日 00:10"),
        ("iso", "2020-01-01 00:05", "٢٠٢٠-01-01 00:10"),
    ],
)
def test_a_time_in_digits_of_another_script_is_refused(tmp_path: Path, form: str, good: str, bad: str) -> None:
    plan = planned(tmp_path, f"time,rain\n{good},1\n{bad},1\n", time=f'format = "{form}"')

    assert spans(plan) == [(0, 5, 1_000)]
    assert reasons(plan) == [(3, "time")]


def test_a_count_is_a_base_line_first_and_begins_anew_where_it_falls(tmp_path: Path) -> None:
    text = "time,rain\n2020-01-01T00:00,100\n2020-01-01T00:05,103\n2020-01-01T00:20,103\n2020-01-01T00:25,1\n"
    text += "2020-01-01T00:30,2\n"

    plan = planned(tmp_path, text, rain='unit = "counter"\nbucket_mm = 0.2')

    assert spans(plan) == [(0, 5, 600), (5, 20, 0), (25, 30, 200)]
    assert plan.bases == 2


def test_a_count_that_passes_its_modulus_goes_on(tmp_path: Path) -> None:
    text = "time,rain\n2020-01-01T00:00,998\n2020-01-01T00:05,1\n2020-01-01T00:10,500\n2020-01-01T00:15,2\n"

    plan = planned(tmp_path, text, rain='unit = "counter"\nbucket_mm = 0.5\ncounter_modulus = 1000')

    assert spans(plan) == [(0, 5, 1_500)]  # 499 tips in five minutes are refused, and 502 cannot be a wrap
    assert [one.kind for one in plan.bad] == ["much"]


def test_a_running_sum_tells_differences(tmp_path: Path) -> None:
    text = "time,rain\n2020-01-01T00:00,7.2\n2020-01-01T01:00,7.9\n2020-01-02T01:00,7.9\n"

    plan = planned(tmp_path, text, rain='unit = "cumulated_mm"')

    assert spans(plan) == [(0, 60, 700), (60, 25 * 60, 0)]


def test_tips_as_events_are_summed_in_steps_and_it_was_dry_between_them(tmp_path: Path) -> None:
    text = "time,rain\n2020-01-01T00:01,1\n2020-01-01T00:04:59,1\n2020-01-01T00:05,1\n2020-01-01T00:16,1\n"

    plan = planned(tmp_path, text, rain='unit = "tips"\nbucket_mm = 0.2\nstep_s = 300\nevents_only = true')

    assert spans(plan) == [(0, 5, 600), (5, 10, 0), (10, 15, 0), (15, 20, 200)]


def test_a_step_that_is_not_over_yet_is_refused(tmp_path: Path) -> None:
    now = datetime.fromtimestamp(T0 / 1000).astimezone().isoformat()

    plan = planned(tmp_path, f"time,rain\n{now},0.2\n", time='label = "begin"')

    assert reasons(plan) == [(2, "future")]


def test_a_time_that_is_wrong_by_years_makes_no_endless_dry_spell(tmp_path: Path) -> None:
    rain = 'unit = "mm"\nstep_s = 10\nevents_only = true'

    with pytest.raises(Unreadable, match="is a time wrong by years"):
        planned(tmp_path, "time,rain\n1902-01-01T00:00,1\n2020-01-01T00:00,1\n", rain=rain)


def test_stations_by_column_by_name_and_side_by_side(tmp_path: Path) -> None:
    named = """
[station]
column = "g"
names = { a = "HTB01" }
[time]
columns = ["d", "t"]
format = "%d/%m/%Y %H:%M"
offset = "-05:00"
[rain]
column = "mm"
unit = "mm"
step_s = 60
"""
    wide = """
[station]
columns = { a = "HTB01", b = "HTB02" }
[time]
columns = ["t"]
format = "unix"
[rain]
unit = "mm"
step_s = 60
"""

    one = planned(
        tmp_path,
        "g,d,t,mm\na,01/02/2020,03:04,0.1\nHTB02,01/02/2020,03:04,0.2\nnobody,01/02/2020,03:04,1\n",
        whole=named,
    )
    other = planned(tmp_path, "t,a,b\n1580544240,0.1,0.2\n", whole=wide)

    assert {name: [(f.until, f.um) for f in fell] for name, fell in one.fell.items()} == {
        "HTB01": [(1_580_544_240_000, 100)],
        "HTB02": [(1_580_544_240_000, 200)],
    }
    assert one.unknown == {"nobody": 1}
    assert other.fell == one.fell


def test_flags_decimal_commas_delimiters_heads_and_packed_files(tmp_path: Path) -> None:
    text = "a station\nof 1998\ntime;rain;flag\n2020-01-01T00:05;0,5;\n2020-01-01T00:10;0,5;X\n"
    file = tmp_path / "old.csv.gz"
    file.write_bytes(gzip.compress(text.encode("gb18030")))
    more = '[file]\ndelimiter = ";"\ndecimal = ","\nskip_lines = 2\nencoding = "gb18030"\n'
    more += '[flag]\ncolumn = "flag"\nrefuse = ["X"]'
    mapping = mapped(tmp_path, more=more)

    plan = plan_of(rows_of(file, mapping), mapping, STATIONS, now=T0)

    assert spans(plan) == [(0, 5, 500)]
    assert reasons(plan) == [(5, "flag")]


def test_files_of_old_macintoshes_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes("\ufefftime,rain\r2020-01-01T00:05,1\r2020-01-01T00:10,bad\r".encode())
    mapping = mapped(tmp_path)

    plan = plan_of(rows_of(tmp_path / "old.csv", mapping), mapping, STATIONS, now=T0)

    assert spans(plan) == [(0, 5, 1_000)]
    assert reasons(plan) == [(3, "number")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"when,rain\n", "has no column 'time' (time.columns of the mapping); its columns are when, rain"),
        (b"", "its columns are none"),
        (b"time,rain\n2020-01-01T00:05,\xff\xfe\n", "is no text in utf-8 (file.encoding)"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "old.csv").write_bytes(content)

    with pytest.raises(Unreadable) as refused:
        list(rows_of(tmp_path / "old.csv", mapped(tmp_path)))

    assert words in str(refused.value)
    with pytest.raises(Unreadable, match="No such file"):
        list(rows_of(tmp_path / "none.csv", mapped(tmp_path)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rain": 'unit = "inch"\nstep_s = 300'}, "mapping.toml: rain.unit"),
        ({"rain": 'unit = "mm"'}, "rain.step_s: with unit mm the seconds of a step are needed"),
        (
            {"rain": 'unit = "tips"\nstep_s = 300'},
            "rain.bucket_mm: the millimetres of a tip of the old gauge are needed",
        ),
        ({"rain": f"{STEPS}\nbucket_mm = 0.2"}, "rain.bucket_mm: goes with unit tips or counter"),
        ({"rain": f"{STEPS}\ncounter_modulus = 9"}, "rain.counter_modulus: goes with unit counter"),
        (
            {"rain": 'unit = "counter"\nbucket_mm = 0.2\nevents_only = true'},
            "rain.events_only: goes with unit mm or tips",
        ),
        ({"time": 'label = "middle"'}, "mapping.toml: time.label"),
        ({"more": "[flag]\nrefuze = []"}, "mapping.toml: flag.refuze: unknown key"),
        (
            {"whole": BASE.format(rain=STEPS, time='format = "%H"').replace('offset = "+08:00"', "")},
            "time.offset: no zone",
        ),
        ({"whole": BASE.format(rain=STEPS, time="").replace('id = "HTB01"', "")}, "station: one of id"),
        (
            {"whole": BASE.format(rain=STEPS, time="").replace('column = "rain"', "")},
            "rain.column: the column of the rain",
        ),
        ({"more": "[stations]"}, "mapping.toml: stations: unknown table"),
        ({"whole": "station = 1"}, "mapping.toml: time.columns: is required"),
        ({"whole": "[station"}, "mapping.toml: last line: is no TOML"),
    ],
)
def test_a_mistake_in_the_mapping_names_file_key_and_what_would_be_right(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        mapped(tmp_path, **changes)

    assert words in str(refused.value)


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.toml")), ids=lambda path: path.stem)
def test_the_shipped_mappings_read_the_file_that_each_shows(tmp_path: Path, path: Path) -> None:
    shown = [line.removeprefix("#   ") for line in path.read_text("utf-8").splitlines() if line.startswith("#   ")]
    mapping = load_mapping(path)
    (tmp_path / "old.csv").write_text("\n".join(shown), encoding=mapping.file.encoding)

    plan = plan_of(rows_of(tmp_path / "old.csv", mapping), mapping, STATIONS, now=T0)

    assert plan.bad == []
    assert plan.taken + plan.bases > 0
