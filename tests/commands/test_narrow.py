"""Tables in a narrow terminal: numbers are whole, names and sentences are folded, nothing is lost."""

import io
import re

import pytest
from rich.console import Console

from gauge_ingest.commands.output import table
from gauge_ingest.commands.verify import _listed
from tests.commands.place import Place
from tests.commands.rain import fill
from tests.commands.serving import service, write_status
from tests.commands.test_health import follower
from tests.worlds import HOUR, T0, message, text

SPAN = ("--since", text(T0 - 30 * HOUR), "--until", text(T0))
LONG = "influx http://127.0.0.1:8086 hutubi/rain +1a2b"


@pytest.fixture
def rainy(place: Place) -> Place:
    with place.desk() as desk:
        fill(desk, 3, hours=40)
    return place


@pytest.mark.parametrize("columns", [80, 60, 30, 15])
@pytest.mark.parametrize("every", ["raw", "5m", "1h", "storm", "maxima"])
def test_no_number_of_a_history_is_cut(rainy: Place, every: str, columns: int) -> None:
    asked = ("history", "HTB01", *SPAN, "--every", every)
    broad, shown = rainy.run(*asked, columns=200).stdout, rainy.run(*asked, columns=columns).stdout

    assert "…" not in shown
    depths = re.findall(r"(?<![\d.])\d+\.\d(?!\d)", broad)
    assert depths
    assert sorted(re.findall(r"(?<![\d.])\d+\.\d(?!\d)", shown)) == sorted(depths)
    if columns >= 60:
        assert max(map(len, shown.splitlines())) <= columns


def test_bars_are_given_up_before_anything_else(rainy: Place) -> None:
    for every in ("1h", "storm"):
        asked = ("history", "HTB01", *SPAN, "--every", every)

        assert "█" in rainy.run(*asked, columns=120).stdout
        assert "█" not in rainy.run(*asked, columns=30).stdout


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_health_shows_names_states_and_words_however_long_the_names(place: Place, columns: int) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
        epoch, newest = desk.journal.reader.epoch(), desk.journal.reader.newest_seq()
    follower(place, LONG, epoch=epoch, seq=newest, error="InfluxDB cannot be reached")
    with service(place):
        write_status(place)
        lines = place.run("health", columns=columns).stdout.splitlines()

    assert max(map(len, lines)) <= columns
    (first,) = (number for number, line in enumerate(lines) if line.startswith("influx"))
    assert "NOT OK" in lines[first]
    told = " ".join(" ".join(lines[first:]).split())
    assert {"InfluxDB", "cannot", "reached"} <= set(told.split())
    assert "…" not in "\n".join(lines)


@pytest.mark.parametrize("columns", [120, 80])
def test_fields_that_differ_are_whole(columns: int) -> None:
    fields = {"corrected_mm": 12.75, "rain_mm": 12.5, "tips_max": 25}
    one = {"kind": "different", "measurement": "rain_hourly", "station": "HTB01", "at": text(T0)}
    written = io.StringIO()

    Console(file=written, width=columns).print(_listed([{**one, "journal": fields, "influx": fields}]))

    assert not [line for line in written.getvalue().splitlines() if "rain_mm=" in line and "tips_max=" in line]
    for name, value in fields.items():
        assert written.getvalue().count(f"{name}={value}") == 2, written.getvalue()
    assert max(map(len, written.getvalue().splitlines())) <= columns


def test_a_table_too_narrow_for_its_numbers_is_longer_than_its_terminal() -> None:
    listing = table("one", "two", right=("one", "two"))
    listing.add_row("1234567.8", "8765432.1")
    written = io.StringIO()

    Console(file=written, width=12).print(listing, crop=False)

    assert "1234567.8  8765432.1" in written.getvalue()
