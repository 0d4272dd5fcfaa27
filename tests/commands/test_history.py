"""history: raw increments and fixed steps, against a sum made in another way."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.commands.place import Place
from tests.commands.rain import fill
from tests.seeds import seeds
from tests.worlds import BEIJING, HOUR, MINUTE, T0, Desk, message, text

STEP_MS = {"5m": 5 * MINUTE, "1h": HOUR, "1d": 24 * HOUR}
COVERING = ("steady", "wrapped", "gap")


def at(written: str) -> int:
    return round(datetime.fromisoformat(written).timestamp() * 1000)


def slowly(raw: list[dict[str, Any]], since: int, until: int, step: str) -> list[dict[str, Any]]:
    """The same windows, one by one, from raw rows and a calendar."""
    windows = []
    begin = since
    while begin < until:
        end = begin + STEP_MS[step]
        inside = [row for row in raw if begin < at(row["until"]) <= end]
        covered = sum(
            max(0, min(at(row["until"]), end) - max(at(row["since"]), begin)) for row in raw if row["step"] in COVERING
        )
        flags = [row["flag"] for row in inside]
        windows.append(
            {
                "station": "HTB01",
                "since": text(begin),
                "until": text(end),
                **{name: sum(row[name] for row in inside) for name in ("tips", "tips_min", "tips_max")},
                "rain_mm": sum(row["tips"] for row in inside) / 2,
                "corrected_mm": sum(row["tips"] for row in inside) / 2,
                "coverage": round(covered / (end - begin), 4),
                "flag": next((flag for flag in (4, 3, 2, 1) if flag in flags), 9),
            }
        )
        begin = end
    return windows


@seeds(2, 12)
def test_fixed_steps_are_what_a_slow_sum_over_raw_increments_gives(place: Place, seed: int) -> None:
    with place.desk() as desk:
        fill(desk, seed)
    raw = place.json("history", "HTB01", "--since", "30d", "--until", text(T0 + 40 * HOUR), "--every", "raw")
    day = 24 * HOUR
    since, until = T0 - 80 * HOUR - (T0 - 80 * HOUR) % day, T0 + 10 * HOUR - (T0 + 10 * HOUR) % day

    for step in STEP_MS:
        found = place.json("history", "HTB01", "--since", text(since), "--until", text(until), "--every", step)

        assert found == slowly(raw, since, until, step), f"seed {seed} step {step}"
        assert sum(row["tips"] for row in found) > 50
        assert any(0 < row["coverage"] < 1 for row in found)


def test_windows_hold_the_whole_of_what_was_asked(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))

    rows = place.json("history", "HTB01", "--since", text(T0 - 1), "--until", text(T0 + 1), "--every", "1h")

    assert [row["until"] for row in rows] == ["2026-07-15T18:00:00+08:00", "2026-07-15T19:00:00+08:00"]
    assert [row["flag"] for row in rows] == [2, 9]


def test_rain_that_is_reported_at_exactly_eight_belongs_to_the_day_that_ends_there(place: Place) -> None:
    eight = at("2026-07-15T08:00:00+08:00")
    with place.desk() as desk:
        desk.now = eight + 10 * MINUTE
        desk.take(message([(eight - 5 * MINUTE, 10), (eight, 13), (eight + 5 * MINUTE, 17)]))

    rows = place.json(
        "history", "HTB01", "--since", text(eight - 24 * HOUR), "--until", text(eight + 1), "--every", "1d"
    )

    assert [(row["since"][:16], row["until"][:16], row["tips"]) for row in rows] == [
        ("2026-07-14T08:00", "2026-07-15T08:00", 3),
        ("2026-07-15T08:00", "2026-07-16T08:00", 4),
    ]


def test_days_stay_at_eight_where_the_zone_database_had_summer_time(place: Place) -> None:
    day = datetime(1988, 7, 15, 8, tzinfo=BEIJING)
    span = ("--since", day.isoformat(), "--until", (day + timedelta(1)).isoformat())
    with place.desk():
        pass

    rows = place.json("history", "HTB05", *span, "--every", "1d")

    assert [(row["since"], row["until"]) for row in rows] == [
        ("1988-07-15T08:00:00+08:00", "1988-07-16T08:00:00+08:00")
    ]


def test_a_gap_covers_windows_in_which_nothing_ends(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0, 10), (T0 + 30 * MINUTE, 12)]))

    rows = place.json(
        "history", "HTB01", "--since", text(T0 - 5 * MINUTE), "--until", text(T0 + 35 * MINUTE), "--every", "5m"
    )

    assert [row["coverage"] for row in rows] == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    assert [row["flag"] for row in rows] == [2, 9, 9, 9, 9, 9, 2, 9]
    assert [row["tips"] for row in rows] == [0, 0, 0, 0, 0, 0, 2, 0]


@pytest.mark.parametrize("hours", [1, 20, 24 * 50, 24 * 350])
def test_an_increment_that_ends_long_after_the_last_window_covers_it(place: Place, hours: int) -> None:
    later = T0 + hours * HOUR
    with place.desk() as desk:
        desk.now = later + MINUTE
        desk.take(message([(T0, 10), (later, 12)]))

    rows = place.json("history", "HTB01", "--since", text(T0), "--until", text(T0 + 10 * MINUTE), "--every", "5m")

    assert [row["coverage"] for row in rows] == [1.0, 1.0]


def test_a_restart_of_the_counter_is_rain_without_coverage_and_suspect(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0, 10)], boot=1), message([(T0 + 5 * MINUTE, 4)], boot=2, seq=2))

    row = place.json("history", "HTB01", "--since", text(T0), "--until", text(T0 + 5 * MINUTE), "--every", "5m")[0]

    assert (row["tips"], row["coverage"], row["flag"]) == (4, 0.0, 3)


def test_millimetres_follow_the_bucket_in_use_when_the_increment_ended(place: Place) -> None:
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[stations.HTB05.deployments]]\nsince = {text(T0)}\nbucket_depth_mm = 0.5\n")
    with place.desk() as desk:
        desk.now = T0 + HOUR
        steps = ((-10, 0), (0, 10), (5, 10), (10, 20))
        desk.take(message([(T0 + minute * MINUTE, count) for minute, count in steps], station_id="HTB05"))

    rows = place.json("history", "HTB05", "--since", text(T0 - HOUR), "--until", text(T0 + HOUR), "--every", "1d")
    raw = place.json("history", "HTB05", "--since", text(T0 - HOUR), "--until", text(T0 + HOUR), "--every", "raw")

    assert (rows[0]["tips"], rows[0]["rain_mm"]) == (20, 7.0)
    assert [(row["step"], row["rain_mm"]) for row in raw] == [
        ("first", 0.0),
        ("steady", 2.0),
        ("deployed", 0.0),
        ("steady", 5.0),
    ]


def test_raw_rows_are_increments_that_count_with_their_bounds(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        readings: list[Any] = [(T0, 10), (T0, 9), (T0 + 5 * MINUTE, 13), (T0 + 10 * MINUTE, 5)]
        readings.insert(2, {"observed_at": text(T0 + MINUTE), "count": 50, "kind": "test"})
        desk.take(message(readings))

    rows = place.json("history", "HTB01", "--since", "24h", "--every", "raw")

    assert rows[1] == {
        "station": "HTB01",
        "since": "2026-07-15T18:00:00+08:00",
        "until": "2026-07-15T18:05:00+08:00",
        "tips": 3,
        "rain_mm": 1.5,
        "corrected_mm": 1.5,
        "coverage": 1.0,
        "flag": 1,
        "step": "steady",
        "tips_min": 3,
        "tips_max": 3,
    }
    assert [row["step"] for row in rows] == ["first", "steady", "unconfirmed"]
    assert (rows[2]["tips"], rows[2]["tips_min"], rows[2]["tips_max"], rows[2]["coverage"]) == (0, 0, 5, 0.0)


def test_what_is_not_derived_yet_is_no_rain(place: Place) -> None:
    configuration = place.configuration()
    place.journal.parent.mkdir()
    desk = Desk(place.journal.parent, list(configuration.stations.values()), configuration.rules)
    desk.now = T0 + HOUR
    desk.take(message([(T0, 10), (T0 + 5 * MINUTE, 13)]))
    desk.journal.close()

    assert place.json("history", "HTB01", "--since", "24h", "--every", "raw") == []


# --- the table -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_folds_long_dry_stretches_and_draws_wet_rows(place: Place, columns: int) -> None:
    with place.desk() as desk:
        desk.now = T0 + 2 * HOUR
        counts = [
            (T0 + minute * MINUTE, 8 if minute >= 65 else 4 if minute >= 60 else 0) for minute in range(0, 121, 5)
        ]
        counts = [(when, count + (4 if when >= T0 + 65 * MINUTE else 0)) for when, count in counts]
        desk.take(message(counts))

    shown = place.run("history", "HTB01", "--since", "2h", "--every", "5m", columns=columns).stdout
    lines = shown.splitlines()

    assert "11 × dry" in shown
    assert sum("█" in line for line in lines) == 2
    longest, shorter = (next(line for line in lines if f" {mm} " in line).count("█") for mm in ("4.0", "2.0"))
    assert longest // 2 <= shorter <= longest // 2 + 1
    assert "6.0 mm (12 tips)" in shown
    assert max(map(len, lines)) <= columns
    assert len(place.json("history", "HTB01", "--since", "2h", "--every", "5m")) == 24
