"""Each shipped scenario does what its sentence says.

Goal: whoever reads the sentence knows what falls and what goes wrong. Method: the scenario is run at the stations of
config/, and its truth is held against the sentence.
"""

import re
from pathlib import Path

import pytest

import simulator
from simulator.scenario import check_stations, find_scenario, read_scenario, scenario_names
from simulator.scenario.incidents import NoLink
from tests.simulator.plays import DEPTH_MM, SITES, START_AT, STATIONS, amounts, minute, play

NAMES = scenario_names()
FOLDER = Path(simulator.__file__).parent / "scenarios"
MOUNTAINS, PLAIN = ("HTB01", "HTB02", "HTB03"), "HTB05"
SEEDS = pytest.mark.parametrize("seed", [1, 2, 17])


def test_there_is_a_scenario_for_each_story_that_stations_live_through() -> None:
    assert set(NAMES) >= {
        *("quiet_day", "flash_flood", "backlog", "clogged_index_gauge", "dead_gauge", "counter_corruption"),
        *("clock_one_day_off", "snow_then_melt", "reboot_storm", "drill", "outage", "steady_rain", "shift_change"),
    }
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_has_a_sentence_and_fits_the_five_stations(name: str) -> None:
    scenario = find_scenario(name)

    check_stations(scenario, SITES)

    assert scenario.name == name
    assert re.fullmatch(r"[A-Z].{40,240}\.", scenario.intent)
    assert scenario.folder == FOLDER


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_the_same_by_its_name_and_by_its_file(name: str) -> None:
    path = FOLDER / f"{name}.toml"

    assert find_scenario(path).weather == find_scenario(str(path)).weather == find_scenario(name).weather
    assert find_scenario(path).incidents == find_scenario(name).incidents


@pytest.mark.parametrize("name", NAMES)
def test_every_message_of_a_scenario_is_acknowledged_in_the_end_and_every_balance_closes(name: str) -> None:
    played = play(name)

    for station in STATIONS:
        made = {message.number for message in played.messages(station)}
        acknowledged = set(amounts(played.of(station, "puback"), "number"))
        (balance,) = played.of(station, "balance")
        gone = ("evaporated_mm", "overflowed_mm", "lost_turning_mm", "tipped_mm")
        held = ("snow_held_mm", "funnel_held_mm", "residue_mm")
        assert made == acknowledged
        assert not played.of(station, "dropped")
        assert sum(amounts([balance], key)[0] for key in (*gone, *held)) == pytest.approx(
            played.fell_mm(station), abs=1e-9
        )


def test_on_a_quiet_day_there_are_timed_reports_and_nothing_else() -> None:
    played = play("quiet_day")

    for station in STATIONS:
        readings = played.readings(station)
        assert len(readings) == 24 * 12 + 1 + (readings[-1] == readings[-2])
        assert {(reading.kind, reading.count) for reading in readings} == {("timed", 0)}
        assert played.fell_mm(station) == 0.0


@SEEDS
def test_the_flash_flood_passes_the_immediate_level_in_the_mountains_and_not_on_the_plain(seed: int) -> None:
    played = play("flash_flood", seed)

    for station in MOUNTAINS:
        assert played.fell_mm(station, until=30) == 0.0
        assert 10.0 < played.most_mm(station, 30) <= 13.0
        assert not played.of(station, "missed")
    assert 4.0 < played.most_mm(PLAIN, 30) < 6.0
    assert played.most_mm("HTB02", 30) / played.most_mm(PLAIN, 30) > 2.0


@SEEDS
def test_a_practice_at_the_change_of_a_shift_moves_one_village_within_ten_minutes(seed: int) -> None:
    played = play("shift_change", seed)

    def told_mm(until: float) -> float:
        return max(one.count for one in played.readings("HTB02", until=until)) * DEPTH_MM["HTB02"]

    assert told_mm(3.0) < 6.0 <= told_mm(5.0) < 10.0 <= told_mm(8.0)
    assert [played.fell_mm(station) for station in STATIONS if station != "HTB02"] == [0.0] * 4


def test_the_outage_silences_four_stations_while_it_rains() -> None:
    played = play("outage")

    spans = [incident for incident in find_scenario("outage").incidents if isinstance(incident, NoLink)]

    assert [(one.station, one.at_min, one.until_min) for one in spans] == [
        ("HTB01", 55.0, 75.0),
        ("HTB02", 60.0, 120.0),
        ("HTB02", 135.0, 150.0),
        ("HTB03", 80.0, 200.0),
        ("HTB05", 5.0, 145.0),
    ]
    for span in spans:
        assert not played.of(str(span.station), "puback", since=span.at_min + 0.5, until=span.until_min or 0.0)


@SEEDS
def test_steady_rain_is_about_2_mm_in_every_hour_at_every_station(seed: int) -> None:
    played = play("steady_rain", seed)

    for station in STATIONS:
        hours = [played.fell_mm(station, since=60 * hour, until=60 * hour + 60) for hour in range(8)]
        assert all(1.75 < fell_mm < 2.25 for fell_mm in hours)
        assert played.most_mm(station, 30) < 2.0


@SEEDS
def test_in_the_backlog_four_stations_hold_six_hours_of_reports_and_hand_them_in_at_once(seed: int) -> None:
    played = play("backlog", seed)

    for station in ("HTB01", "HTB02", "HTB03", "HTB04"):
        held = played.messages(station, since=61, until=420)
        back = [minute(one) for one in played.of(station, "puback", since=420)]
        assert len(held) >= 72
        assert not played.of(station, "puback", since=61, until=420)
        assert max(back[: len(held)]) < 450.0
        assert played.most_mm(station, 30) >= (10.0 if station in MOUNTAINS else 4.0)
    assert played.of(PLAIN, "puback", since=61, until=420)


@SEEDS
def test_the_clogged_index_gauge_drizzles_for_hours_while_its_neighbours_count_a_flood(seed: int) -> None:
    played = play("clogged_index_gauge", seed)

    assert played.fell_mm("HTB01", until=150) > 14.0
    assert played.tips_mm("HTB01", until=150) <= 2.5
    assert all(played.most_mm(neighbour, 30) >= 10.0 for neighbour in ("HTB02", "HTB03"))
    assert played.fell_mm("HTB01", since=240) == 0.0
    assert played.tips_mm("HTB01", since=240) > 7.0
    assert played.most_mm("HTB01", 60) <= 2.0


def test_the_dead_gauge_reports_on_time_and_says_zero_in_the_storm() -> None:
    played = play("dead_gauge")

    readings = played.readings("HTB02")

    assert {reading.count for reading in readings} == {0}
    assert len([reading for reading in readings if reading.kind == "timed"]) >= 97
    assert played.tips_mm("HTB02") > 12.0  # the bucket turned
    assert len(played.of("HTB02", "missed")) == len(played.of("HTB02", "tip"))
    assert played.readings("HTB01")[-1].count > 24


def test_counters_go_wrong_in_the_storm_as_the_sentence_says() -> None:
    played = play("counter_corruption")

    wild = [reading.count for reading in played.readings("HTB01") if not 1200 <= reading.count < 1300]
    boots = {station: {one.boot for one in played.messages(station)} for station in STATIONS}
    last = {station: played.readings(station)[-1].count for station in STATIONS}
    plain = [reading.count for reading in played.readings(PLAIN)]

    assert wild == [0, 40_000, 40_001]
    assert {station: len(numbers) for station, numbers in boots.items()} == dict.fromkeys(STATIONS, 1) | {"HTB03": 2}
    assert last["HTB01"] > 1200
    assert 0 < last["HTB03"] < 1200
    assert 0 < last["HTB04"] < 1200
    assert max(plain) > 65_530
    assert 0 < plain[-1] < 100
    assert played.tips_mm("HTB03", since=80) > 3.0  # the storm is on
    assert played.tips_mm("HTB04", since=80) > 3.0


@pytest.mark.parametrize(("station", "visit_min", "off_s"), [("HTB02", 240, -86_400), ("HTB04", 300, 86_400)])
def test_a_clock_is_a_day_off_in_the_storm_and_right_after_the_visit(station: str, visit_min: int, off_s: int) -> None:
    played = play("clock_one_day_off")

    before = {reading.observed_s - reading.made_at // 1000 for reading in played.readings(station, until=visit_min - 1)}
    after = {reading.observed_s - reading.made_at // 1000 for reading in played.readings(station, since=visit_min)}

    assert before <= {off_s, off_s + 1}
    assert after <= {0, 1}
    assert played.fell_mm(station, until=visit_min - 60) == played.fell_mm(station) > 5.0
    assert {reading.observed_s - reading.made_at // 1000 for reading in played.readings("HTB01")} <= {0, 1}


@SEEDS
def test_snow_tips_next_day_without_rain(seed: int) -> None:
    played = play("snow_then_melt", seed)

    for station in STATIONS:
        assert played.fell_mm(station) == played.fell_mm(station, since=360, until=720) > 2.0
    for station in MOUNTAINS:
        tips = [minute(one) for one in played.of(station, "tip")]
        assert played.fell_mm(station) > 5.0
        assert min(tips) > 900.0  # three hours after the last snow
        assert len(tips) >= 8
        assert max(tips) - min(tips) > 240.0
    assert played.tips_mm(PLAIN, until=720) > 0.8 * played.fell_mm(PLAIN)  # rain


def test_in_the_reboot_storm_all_stations_start_and_connect_at_the_same_moment() -> None:
    played = play("reboot_storm")

    started = {station: [one.at for one in played.of(station, "restart")] for station in STATIONS}
    first_sent = [minute(played.of(station, "publish", since=76)[0]) for station in STATIONS]

    assert len({tuple(instants) for instants in started.values()}) == 1
    assert [(at - START_AT) / 60_000 for at in started["HTB01"]] == [135.0, 138.0, 141.0]
    assert all(145.0 < sent < 148.0 for sent in first_sent)
    assert all(played.of(station, "missed", since=75, until=135) for station in ("HTB01", "HTB02", "HTB03"))


def test_a_drill_pours_15_mm_at_each_station_and_every_reading_of_it_says_test() -> None:
    played = play("drill")

    for station in STATIONS:
        begins, ends = (minute(one) for one in played.of(station, "visit"))
        meanwhile = played.readings(station, since=begins + 0.1, until=ends)
        others = [*played.readings(station, until=begins), *played.readings(station, since=ends + 0.1)]
        assert played.tips_mm(station) == pytest.approx(15.0)
        assert all(one.facts["service"] for one in played.of(station, "tip"))
        assert len(meanwhile) > 10
        assert {reading.kind for reading in meanwhile} == {"test"}
        assert {reading.count for reading in others} == {0}
        assert played.fell_mm(station) == 0.0


def test_incidents_come_to_their_stations_in_order_of_time() -> None:
    text = """
    intent = "x"
    minutes = 60
    incidents = [
        {what = "reboot", station = ["HTB01", "HTB02"], at_min = 20},
        {what = "clog", station = "HTB02", at_min = 0},
        {what = "reboot", station = "all", at_min = 10.5},
    ]
    """
    scenario = read_scenario(text, name="x", origin="x.toml", folder=Path())

    plans = {station: scenario.for_station(station).incidents for station in ("HTB01", "HTB02", "HTB03")}

    assert [(one.what, one.begins_ms) for one in plans["HTB01"]] == [("reboot", 630_000), ("reboot", 1_200_000)]
    assert [one.what for one in plans["HTB02"]] == ["clog", "reboot", "reboot"]
    assert [one.begins_ms for one in plans["HTB03"]] == [630_000]


def test_a_station_takes_single_keys_on_its_own_and_the_others_from_all_stations() -> None:
    text = """
    intent = "x"
    minutes = 60
    [rtu]
    event_tips = 2
    memory.messages_max = 100
    [stations.HTB02.rtu]
    memory.kind = "ram"
    """
    scenario = read_scenario(text, name="x", origin="x.toml", folder=Path())

    alike, differs = scenario.for_station("HTB01").rtu, scenario.for_station("HTB02").rtu

    assert (alike.event_tips, alike.memory.messages_max, alike.memory.kind) == (2, 100, "flash")
    assert (differs.event_tips, differs.memory.messages_max, differs.memory.kind) == (2, 100, "ram")
    assert scenario.for_station("HTB02").gauge == scenario.gauge
