"""readings and stations: what came, and who is heard."""

import pytest

from tests.commands.place import Place
from tests.worlds import HOUR, MINUTE, T0, message, text


def test_readings_are_listed_as_they_came_with_void_ones_and_tests(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + 1_500
        desk.take(message([(T0, 100)], seq=7, boot=3))
        desk.take(message([(T0, 99)], seq=8))
        desk.take(message([{"observed_at": text(T0 + 250), "count": 101, "kind": "test"}], seq=9))

    rows = place.json("readings", "HTB01", "--since", "24h")

    first = {"station": "HTB01", "seq": 7, "boot": 3, "observed_at": "2026-07-15T18:00:00+08:00", "count": 100}
    rest = {"received_at": "2026-07-15T18:00:01.500+08:00", "kind": "timed", "imported": False, "flag": 2}
    assert rows[1] == first | rest | {"message_id": rows[1]["message_id"]}
    assert [(row["count"], row["flag"], row["kind"]) for row in (rows[0], rows[2])] == [
        (99, 9, "timed"),
        (101, 9, "test"),
    ]
    assert rows[2]["observed_at"] == "2026-07-15T18:00:00.250+08:00"
    assert len({row["message_id"] for row in rows}) == 3
    assert rows[0]["boot"] is None


def test_readings_lie_after_since_and_up_to_until(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0 + minute * MINUTE, minute) for minute in range(0, 60, 5)]))

    rows = place.json("readings", "HTB01", "--since", text(T0 + 5 * MINUTE), "--until", text(T0 + 15 * MINUTE))

    assert [row["count"] for row in rows] == [10, 15]
    assert [row["count"] for row in place.json("readings", "HTB01", "--since", "70m")] == [55]


def test_a_station_whose_clock_is_ahead_is_seen_without_until(place: Place) -> None:
    with place.desk() as desk:
        desk.now = place.now
        desk.take(message([(place.now + 5 * MINUTE, 3)]))

    assert len(place.json("readings", "HTB01", "--since", "1h")) == 1
    assert place.json("readings", "HTB01", "--since", "1h", "--until", "1s") == []


def test_a_station_that_was_taken_out_of_the_configuration_keeps_its_readings(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)], station_id="HTB05"))
    stations = place.config / "stations.toml"
    whole = stations.read_text(encoding="utf-8")
    stations.write_text(whole[: whole.index("[stations.HTB05]")], encoding="utf-8")

    assert len(place.json("readings", "HTB05", "--since", "24h")) == 1
    assert "HTB05" not in {row["station"] for row in place.json("stations")}


def test_every_configured_station_is_listed_also_one_never_heard(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + 1_000
        desk.take(message([{"observed_at": text(T0), "count": 1, "battery_v": 12.6}]))

    rows = {row["station"]: row for row in place.json("stations")}

    assert list(rows) == ["HTB01", "HTB02", "HTB03", "HTB04", "HTB05"]
    assert rows["HTB02"] == {
        "station": "HTB02",
        "name": "雀尔沟镇",
        "last_observed_at": None,
        "last_received_at": None,
        "online": False,
        "rain_mm": {"1h": None, "3h": None, "6h": None, "24h": None},
        "battery_v": None,
        "flag": None,
    }
    assert rows["HTB01"]["last_observed_at"] == "2026-07-15T18:00:00+08:00"
    assert rows["HTB01"]["last_received_at"] == "2026-07-15T18:00:01+08:00"
    assert rows["HTB01"]["battery_v"] == 12.6
    assert rows["HTB01"]["flag"] == 2


@pytest.mark.parametrize(("silent_s", "online"), [(900, True), (901, False)])
def test_a_station_is_online_until_three_regular_reports_are_missing(
    place: Place, silent_s: int, *, online: bool
) -> None:
    place.now = T0 + silent_s * 1000
    with place.desk() as desk:
        desk.now = T0
        desk.take(message([(T0 - 60_000, 1)]))

    assert place.json("stations")[0]["online"] is online


def test_rain_of_the_last_hours_counts_increments_that_end_in_them(place: Place) -> None:
    place.now = T0 + 24 * HOUR
    tips_at = {24: 1, 18: 2, 6: 4, 3: 8, 1: 16, 0: 32}
    count = 0
    with place.desk() as desk:
        desk.now = place.now
        desk.take(message([(place.now - 25 * HOUR, 0)]))
        for hours, tips in tips_at.items():
            count += tips
            desk.take(message([(place.now - hours * HOUR, count)]))

    rain_mm = place.json("stations")[0]["rain_mm"]

    # What ends exactly an hour ago is no longer of the last hour; the first of all ends exactly a day ago.
    assert rain_mm == {"1h": 16.0, "3h": 24.0, "6h": 28.0, "24h": 31.0}


def test_rain_is_counted_with_the_stations_own_bucket_and_a_test_is_no_report_of_rain(place: Place) -> None:
    with place.desk() as desk:
        desk.now = place.now
        desk.take(message([(place.now - 100 * MINUTE, 5), (place.now - 95 * MINUTE, 8)], station_id="HTB04"))
        test = {"observed_at": text(place.now - MINUTE), "count": 60, "kind": "test"}
        desk.take(message([test], station_id="HTB04", seq=2))

    rain_mm = place.json("stations")[3]["rain_mm"]

    assert (rain_mm["1h"], rain_mm["3h"]) == (None, 0.6)


def test_rain_is_counted_with_the_bucket_in_use_when_it_fell(place: Place) -> None:
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[stations.HTB05.deployments]]\nsince = {text(place.now - HOUR)}\nbucket_depth_mm = 0.5\n")
    with place.desk() as desk:
        desk.now = place.now
        steps = ((-70, 0), (-65, 10), (-60, 10), (-55, 10), (-50, 20))
        desk.take(message([(place.now + minute * MINUTE, count) for minute, count in steps], station_id="HTB05"))

    rain_mm = place.json("stations")[4]["rain_mm"]

    assert (rain_mm["1h"], rain_mm["3h"]) == (5.0, 7.0)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_tables_show_station_and_rain_in_the_columns_there_are(place: Place, columns: int) -> None:
    with place.desk() as desk:
        desk.now = place.now
        desk.take(message([(place.now - 10 * MINUTE, 5), (place.now - 5 * MINUTE, 8)]))

    for arguments in (["stations"], ["readings", "HTB01", "--since", "1h"]):
        result = place.run(*arguments, columns=columns)

        assert result.exit_code == 0
        assert "石门" in result.stdout
        assert "…" not in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= columns
    assert "1.5" in place.run("stations").stdout
