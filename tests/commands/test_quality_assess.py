"""quality assess on the command line: its options, what it says, how it ends, and which files it refuses."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gauge_ingest.cli import app
from tests.worlds import MINUTE, T0, text

NAMES = ("A", "B", "C", "D")
# A kilometre of latitude is 0.009 degrees: A to D lie 10 km apart in a row.
STATIONS = "".join(
    f"[stations.{name}]\nlatitude = {43 + at * 0.09:.2f}\nlongitude = 86.5\nbucket_depth_mm = 0.5\n"
    for at, name in enumerate(NAMES)
)
# B, C and D have 8 mm at minute 10, A has none; 10, 20 and 30 km away they count as 6, 4.8 and 4 mm.
DEAD = [(name, minute, 8 if minute == 10 and name != "A" else 0) for minute in range(0, 76, 5) for name in NAMES]
NO_POSITION = "neither compared with neighbours nor a neighbour to anybody"


class Bench:
    """A folder with records and stations, and the command run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records, self.stations, self.out = (folder / name for name in ("rain.csv", "stations.toml", "flags.csv"))
        self.stations.write_text(STATIONS, encoding="utf-8")
        self.rain(DEAD)

    def rain(self, rows: Sequence[tuple[str, int, object]]) -> None:
        lines = [f"{name},{text(T0 + minute * MINUTE)},{mm}\n" for name, minute, mm in rows]
        self.records.write_text("station,observed_at,rain_mm\n" + "".join(lines), encoding="utf-8")

    def run(self, *options: str, out: Path | None = None) -> Result:
        words = ["quality", "assess", str(self.records), "--out", str(out or self.out), *options]
        return CliRunner().invoke(app, words, env={"COLUMNS": "120", "TERM": "dumb"}, catch_exceptions=False)

    def flags(self, name: str = "A") -> str:
        """The flags of a station, a digit a row."""
        with self.out.open(encoding="utf-8", newline="") as file:
            return "".join(row["flag"] for row in csv.DictReader(file) if row["station"] == name)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_table_shows_how_many_rows_of_each_station_have_which_flag(bench: Bench) -> None:
    bench.rain([*DEAD, ("B", 80, ""), ("B", 85, -1)])

    result = bench.run("--stations", str(bench.stations))

    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["station", "rows", "good", "unchecked", "SUSPECT", "FAIL", "missing"]
    assert lines[2:6] == [
        ["A", "16", "11", "0", "5", "0", "0"],
        ["B", "18", "16", "0", "0", "1", "1"],
        ["C", "16", "16", "0", "0", "0", "0"],
        ["D", "16", "16", "0", "0", "0", "0"],
    ]
    assert lines[6][:3] == ["66", "rows", "in"]
    assert bench.flags() == "1" * 11 + "3" * 5


def test_without_stations_nobody_is_compared_and_it_is_said(bench: Bench) -> None:
    result = bench.run()

    assert result.exit_code == 0
    assert result.stderr == f"no position for A, B, C, D: {NO_POSITION}\n"
    assert bench.flags() == "1" * 16


@pytest.mark.parametrize(("km", "flags"), [("30.1", "1" * 11 + "3" * 5), ("29.9", "1" * 16), ("0", "1" * 16)])
def test_only_stations_that_are_near_enough_are_neighbours(bench: Bench, km: str, flags: str) -> None:
    result = bench.run("--stations", str(bench.stations), "--neighbours-km", km)

    assert result.exit_code == 0
    assert bench.flags() == flags


def test_neighbours_that_are_named_count_at_any_distance(bench: Bench) -> None:
    bench.stations.write_text(
        STATIONS.replace("[stations.A]\n", '[stations.A]\nneighbours = ["B", "C", "D"]\n'), "utf-8"
    )

    bench.run("--stations", str(bench.stations), "--neighbours-km", "1")

    assert bench.flags() == "1" * 11 + "3" * 5


def test_thresholds_of_all_stations_and_of_one_are_used(bench: Bench) -> None:
    all_of_them = "[quality]\nneighbours_rain_mm = 8.01\n"
    bench.stations.write_text(all_of_them + STATIONS, "utf-8")

    bench.run("--stations", str(bench.stations))
    for_all = bench.flags()
    bench.stations.write_text(all_of_them + STATIONS + "[stations.A.quality]\nneighbours_rain_mm = 7.99\n", "utf-8")
    bench.run("--stations", str(bench.stations))

    assert (for_all, bench.flags()) == ("1" * 16, "1" * 11 + "3" * 5)


def test_months_of_their_own_are_used_and_one_depth_counts_for_all(bench: Bench) -> None:
    bench.rain([("A", 0, 0), ("A", 5, 3.0)])
    for written, flags in (("3.0", "13"), ("[3.1, 3, 3, 3, 3, 3, 3.1, 3, 3, 3, 3, 3]", "11")):
        bench.stations.write_text(f"[quality]\nclimate_15m_mm = {written}\n{STATIONS}", "utf-8")

        result = bench.run("--stations", str(bench.stations))

        assert (result.exit_code, bench.flags()) == (0, flags)


def test_thresholds_of_all_stations_are_a_file_of_stations_by_themselves(bench: Bench) -> None:
    bench.rain([("A", 0, 0), ("A", 5, 3.0)])
    for written, flags in (("", "11"), ("climate_15m_mm = 3.0\n", "13")):
        bench.stations.write_text(f"[quality]\n{written}", encoding="utf-8")

        result = bench.run("--stations", str(bench.stations))

        assert (result.exit_code, result.stderr) == (0, f"no position for A: {NO_POSITION}\n")
        assert bench.flags() == flags


def test_a_station_that_the_file_does_not_name_has_the_thresholds_of_all(bench: Bench) -> None:
    bench.rain([("E", 0, 0), ("E", 5, 3.0)])
    bench.stations.write_text(f"[quality]\nclimate_15m_mm = 3.0\n{STATIONS}", encoding="utf-8")

    bench.run("--stations", str(bench.stations))

    assert bench.flags("E") == "13"


def test_a_station_in_the_file_without_a_position_is_named_unless_neighbours_are(bench: Bench) -> None:
    bench.rain([(name, 0, 0) for name in "ABCD"])
    bench.stations.write_text("[stations.A]\n[stations.B]\nneighbours = ['C']\n[stations.C]\n", encoding="utf-8")

    assert bench.run("--stations", str(bench.stations)).stderr == f"no position for A, D: {NO_POSITION}\n"


def test_keys_that_nobody_knows_are_passed_over_with_a_word(bench: Bench) -> None:
    unknown = STATIONS.replace("bucket", "foo = 1\nnmae = 'A'\nname = 'A'\nbucket", 1).replace(
        "[stations.D]", "[stations.D]\nfoo = 2"
    )
    bench.stations.write_text(f"{unknown}[station.E]\n", encoding="utf-8")

    result = bench.run("--stations", str(bench.stations))

    assert result.exit_code == 0
    tables, foo, name = result.stderr.splitlines()
    below = "every station stands below stations, e.g. [stations.HTB01]"
    assert tables == f"stations.toml: station: unknown key, passed over; {below}"
    assert foo.startswith("stations.toml: stations.A.foo: unknown key, passed over, here and in 1 more; known: ")
    assert name == "stations.toml: stations.A.nmae: unknown key, passed over; did you mean name?"


def test_of_many_keys_that_nobody_knows_the_first_are_told(bench: Bench) -> None:
    bench.stations.write_text(STATIONS + "".join(f"key_{number:02} = 1\n" for number in range(13)), encoding="utf-8")

    told = bench.run("--stations", str(bench.stations)).stderr.splitlines()

    assert ["key_09" in told[9], *told[10:]] == [True, "stations.toml: 3 more unknown keys, passed over"]


def test_a_wrong_threshold_of_all_stations_is_told_once_and_those_of_one_beside_it(bench: Bench) -> None:
    of_all = "[quality]\nrepeated_times = 2\nrepeated_time = 12\n"
    of_one = "[stations.A.quality]\nfrost_c = 11\n[stations.B.quality]\nfrost_c = 0\n"
    bench.stations.write_text(f"{of_all}{STATIONS}{of_one}", encoding="utf-8")

    result = bench.run("--stations", str(bench.stations))

    assert result.exit_code == 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "quality.repeated_times = 2",
        "quality.repeated_time",
        "stations.A.quality.frost_c = 11",
    ]


def test_what_was_assumed_of_the_rows_is_said(bench: Bench) -> None:
    bench.records.write_text(
        "station,observed_at\nA,2026-07-15T10:05\nA,2026-07-15T10:00\nE,2026-07-15T10:00\n", "utf-8"
    )
    bench.stations.write_text(STATIONS.replace("bucket_depth_mm = 0.5\n", "", 1), "utf-8")

    result = bench.run("--stations", str(bench.stations))

    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "observed_at without an offset is taken as UTC",
        "the rows are not in order of time: they are checked in order, and written as they stand",
        f"no position for E: {NO_POSITION}",
        "no bucket_depth_mm for A, E: 0.2 mm a tip is assumed",
    ]


def test_of_many_stations_without_a_position_the_first_are_named(bench: Bench) -> None:
    bench.rain([(f"S{number}", 0, 0) for number in range(8)])

    assert bench.run().stderr == f"no position for S0, S1, S2, S3, S4 and 3 more: {NO_POSITION}\n"


def test_mistakes_of_the_records_are_told_and_nothing_is_written(bench: Bench) -> None:
    bench.records.write_text("station,observed_at,rain_mm\nA,yesterday,0\nA,2026-07-15T10:00Z,much\n", "utf-8")

    result = bench.run()

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "rain.csv: line 2: observed_at = 'yesterday': must be an instant, e.g. 2026-07-15T18:05:00+08:00",
        "rain.csv: line 3: rain_mm = 'much': must be a number, or empty where it is missing",
    ]
    assert not bench.out.exists()


WRONG_STATIONS = [
    ("", "stations.toml: stations: must hold stations, each like [stations.HTB01]"),
    ("[stations", "stations.toml: last line: is no TOML"),
    ("[stations]\nA = 1", "stations.toml: stations.A: must be a table, written [stations.A]"),
    ("[stations.A]\nlatitude = 91", "stations.A.latitude = 91: must be at most 90, e.g. 43.75"),
    *(
        (f"[stations.A]\n{key} = 43.75", f"stations.toml: stations.A.{key} = 43.75: is written {meant}")
        for key, meant in (
            ("lat", "latitude"),
            ("Lat", "latitude"),
            ("lattitude", "latitude"),
            ("Latitude", "latitude"),
            ("lon", "longitude"),
            ("lng", "longitude"),
            ("long", "longitude"),
            ("longtitude", "longitude"),
            ("bucket_mm", "bucket_depth_mm"),
            ("bucket_depth", "bucket_depth_mm"),
        )
    ),
    (
        "[stations.A]\nlatitude = 43.75",
        "stations.toml: stations.A.longitude: is missing beside latitude: give both, or neither",
    ),
    (
        "[stations.A]\nlongitude = 86.5",
        "stations.toml: stations.A.latitude: is missing beside longitude: give both, or neither",
    ),
    ("[stations.A]\nneighbours = ['B']", 'stations.A.neighbours[1] = "B": no such station'),
    ("quality = 1\n[stations.A]", "stations.toml: quality: must be a table, written [quality]"),
    ("[quality]\ndouble_tips_s = 1\n[stations.A]", "quality.double_tips_s: unknown key; did you mean double_tip_s?"),
    ("[quality]\nrepeated_times = 2\n[stations.A]", "quality.repeated_times = 2: must be at least 3, e.g. 12"),
    ("[stations.A.quality]\nfrost_c = '0'", 'stations.A.quality.frost_c = "0": must be a number without quotes'),
    (
        "[quality]\nclimate_1h_mm = [75.0]\n[stations.A]",
        "quality.climate_1h_mm = [75.0]: must be one depth in mm for all",
    ),
    (
        "[quality]\nclimate_1h_mm = 0\n[stations.A]",
        "quality.climate_1h_mm = 0: must be one depth in mm for all the year",
    ),
]


@pytest.mark.parametrize(("content", "words"), WRONG_STATIONS)
def test_a_wrong_file_of_stations_is_refused_with_its_mistakes(bench: Bench, content: str, words: str) -> None:
    bench.stations.write_text(content, encoding="utf-8")

    result = bench.run("--stations", str(bench.stations))

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not bench.out.exists()


def test_files_that_cannot_be_read_or_written_are_named(bench: Bench) -> None:
    nowhere = bench.folder / "nowhere" / "flags.csv"
    unwritten = bench.run(out=nowhere)
    bench.records.unlink()
    unread = bench.run()
    unknown = bench.run("--stations", str(bench.folder / "none.toml"))

    assert (unwritten.exit_code, unread.exit_code, unknown.exit_code) == (2, 2, 2)
    assert f"--out {nowhere}: cannot be written: No such file or directory" in unwritten.stderr
    assert f"{bench.records}: cannot be read: No such file or directory" in unread.stderr
    assert "none.toml: cannot be read (No such file or directory)" in unknown.stderr


def test_flags_go_straight_into_a_device_or_a_pipe(bench: Bench) -> None:
    pipe = bench.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    into_pipe = bench.run(out=pipe)
    into_device = bench.run(out=Path(os.devnull))
    told = os.read(reader, 100)
    os.close(reader)

    assert (into_pipe.exit_code, into_device.exit_code) == (0, 0)
    assert told.startswith(b"station,observed_at,rain_mm,flag")
    assert pipe.is_fifo()
    assert sorted(one.name for one in bench.folder.iterdir()) == ["pipe", "rain.csv", "stations.toml"]


def test_the_records_themselves_are_never_written_over(bench: Bench) -> None:
    before = bench.records.read_bytes(), bench.stations.read_bytes()
    (bench.folder / "link.csv").symlink_to(bench.records)

    over_records = bench.run(out=bench.folder / "link.csv")
    over_stations = bench.run("--stations", str(bench.stations), out=bench.stations)
    into_a_folder = bench.run(out=bench.folder)

    assert (over_records.exit_code, over_stations.exit_code, into_a_folder.exit_code) == (2, 2, 2)
    assert f"would write over {bench.records}: name another file" in over_records.stderr
    assert f"would write over {bench.stations}: name another file" in over_stations.stderr
    assert (bench.records.read_bytes(), bench.stations.read_bytes()) == before


@pytest.mark.parametrize("name", ["flags.csv", "flags.csv.half"])
@pytest.mark.parametrize("content", ["a letter\n", "\nflags", "station,observed_at,rain_mm\nA,2026-07-15T10:00Z,1\n"])
def test_a_file_that_holds_no_flags_is_not_written_over(bench: Bench, name: str, content: str) -> None:
    there = bench.folder / name
    there.write_text(content, encoding="utf-8")
    bench.records.write_text("not even looked at", encoding="utf-8")

    result = bench.run()

    assert (result.exit_code, there.read_text(encoding="utf-8")) == (2, content)
    refused = f"--out {bench.out}: {there} is there and holds no flags: name another file, or remove it"
    assert result.stderr == f"{refused}\n"


def test_older_flags_and_an_empty_file_are_written_over(bench: Bench) -> None:
    bench.out.touch()
    into_empty = bench.run()
    bench.rain([("A", 0, 0)])
    over_older = bench.run()

    assert (into_empty.exit_code, over_older.exit_code) == (0, 0)
    assert bench.flags() == "1"


def test_flags_that_are_records_themselves_are_not_written_over(bench: Bench) -> None:
    bench.run()
    bench.records = bench.out.rename(bench.folder / "flags.csv.half")

    result = bench.run()

    assert (result.exit_code, bench.out.exists()) == (2, False)
    assert f"would write over {bench.records}" in result.stderr


def test_flags_go_to_standard_output_and_the_table_aside(bench: Bench) -> None:
    bench.run("--stations", str(bench.stations))

    result = bench.run("--stations", str(bench.stations), out=Path("-"))

    assert (result.exit_code, result.stdout) == (0, bench.out.read_text(encoding="utf-8"))
    assert "unchecked" in result.stderr
    assert "64 rows in" in result.stderr
    assert not Path("-").exists()


@pytest.mark.parametrize("options", [["--neighbours-km", "-1"], ["--neighbours-km", "far"], ["--speed", "1"]])
def test_wrong_words_are_status_2(bench: Bench, options: list[str]) -> None:
    result = bench.run(*options)

    assert (result.exit_code, result.stdout) == (2, "")


def test_the_file_of_stations_of_the_service_will_do(bench: Bench) -> None:
    shipped = Path(__file__).parents[2] / "config" / "stations.toml"
    bench.rain([("HTB01", minute, 0) for minute in range(0, 60, 5)])

    result = bench.run("--stations", str(shipped))

    assert (result.exit_code, result.stderr) == (0, "")
