"""Real storms: every exceedance of every threshold to the minute, against a computation that shares no code with ours.

The records are those of tests/records/gauges. `python -m benchmarks.storms` does the same over all of them, or over any
file that it is given.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import storms
from benchmarks.storms_rain import Reading, Station
from benchmarks.storms_records import Rain, Step, committed, read_file, within
from benchmarks.storms_truth import Told, truth
from tests.worlds import MINUTE, T0


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.fixture(scope="module")
def records() -> dict[str, Rain]:
    return {one.name: one for one in committed()}


@pytest.mark.parametrize(
    ("record", "since", "until", "exceedances"),
    [
        ("amsterdam", "2017-08-30 01:00", "2017-08-30 07:00", 200),
        ("imhea 1", "2016-04-10 20:30", "2016-04-10 23:30", 100),  # minute by minute; 20 mm in an hour at each
    ],
)
def test_the_service_and_the_rehearsal_find_every_exceedance_of_a_real_storm(
    record: str, since: str, until: str, exceedances: int, records: dict[str, Rain], tmp_path: Path
) -> None:
    """
    Goal: no exceedance missed, none invented, none a minute off, whichever rule and level.
    Method: sums of 1 min to 72 h with both sets of levels, a curve, rises, wet ground by Pa and API with a season, and
    a basin's mean, maximum and k of n, each by itself, through `rehearse` and through the pump.
    """
    rain = records[record]

    truly, found = storms.compare(within(rain, ms(since), ms(until)), tmp_path)

    assert truly >= exceedances, "a storm that reaches little tests little"
    for one in found:
        assert not one.missed, f"{one.way}: {one.missed[:5]}"
        assert not one.false, f"{one.way}: {one.false[:5]}"


@pytest.mark.parametrize("hole", [None, 2, 20])
def test_what_a_basin_is_told_of_one_instant_is_told_of_as_one(hole: int | None, tmp_path: Path) -> None:
    """
    Goal: no alert of a basin eases or rises in two steps because the first of its stations told its reading first.
    Method: A has rain before B in the same minute, and is dry when 30 quiet minutes are over but for B's rain of then;
    before each of these B's report may be missing.
    """
    tips = {"A": {3: 4}, "B": {3: 12, 21: 2}}
    steps = [Step(name, T0 + n * 5 * MINUTE, tips[name].get(n, 0)) for n in range(1, 31) for name in tips]
    steps = [one for one in steps if (one.station, one.at) != ("B", T0 + (hole or 0) * 5 * MINUTE)]

    truly, found = storms.compare(Rain("two", steps, 5 * MINUTE, 1_000), tmp_path)

    assert truly >= 50, "a storm that reaches little tests little"
    for one in found:
        assert not one.missed, f"{one.way}: {one.missed[:5]}"
        assert not one.false, f"{one.way}: {one.false[:5]}"


HOURLY = """
[rules.r]
levels = "transfer"
stations = "all"
source = "by hand"
quiet_s = 600
rain_mm = { "10m" = { prepare = 2, immediate = 4 } }
"""


def test_the_computation_says_what_a_person_works_out_by_hand() -> None:
    """1, 1, 2, 1, 0, 0, 0 mm in steps of five minutes; clearing marks 1.6 and 3.2 mm."""
    tips = [0, 2, 2, 4, 2, 0, 0, 0, 0]
    readings = [Reading(T0 + (n - 1) * 5 * MINUTE, T0 + n * 5 * MINUTE, count) for n, count in enumerate(tips)]

    told = truth(HOURLY, [Station("A", readings, 500, 300)], {})

    assert told == [
        Told("r", "A", T0 + 10 * MINUTE, "raised", "prepare"),
        Told("r", "A", T0 + 35 * MINUTE, "cleared", ""),  # 1 mm at 18:25, and ten minutes later still below 1.6
    ]


def test_what_one_side_alone_found_is_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    burst = [Step("A", T0 + n * 5 * MINUTE, 20 * (n == 3)) for n in range(20)]
    rain = Rain("burst", burst, 5 * MINUTE, 500)
    served, invented = storms._served, Told("transfer_1h", "A", T0, "raised", "prepare")
    monkeypatch.setattr(storms, "_served", lambda rain, folder: [*served(rain, folder)[1:], invented])

    truly, (found,) = storms.compare(rain, tmp_path, ways=["service"])

    assert truly > 20
    assert (len(found.missed), found.false) == (1, [invented])


def test_a_file_of_anybody_is_read_with_its_step(tmp_path: Path) -> None:
    file = tmp_path / "storm.csv"
    rows = [f"A,2026-07-15T18:{minute:02d}:00+08:00,{minute / 10}" for minute in (0, 10, 20, 40)]
    file.write_text("\n".join(["station,observed_at,rain_mm", *rows]), encoding="utf-8")

    rain = read_file(file, bucket_mm=0.5)

    assert (rain.name, rain.step_ms, rain.bucket_um, rain.stations) == ("storm", 10 * MINUTE, 500, ["A"])
    assert [(one.at - T0, one.tips) for one in rain.steps] == [
        (0, 0),
        (10 * MINUTE, 2),
        (20 * MINUTE, 4),
        (40 * MINUTE, 8),
    ]
