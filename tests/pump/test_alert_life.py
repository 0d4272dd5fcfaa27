"""An alert in the journal: told as it happens, lapsed by silence, withdrawn with its station, changed by reload."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from gauge_ingest.core.model import Threshold
from gauge_ingest.pump.accept import Network
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station


def storm(desk: Desk, *, minutes: int = 40) -> None:
    """A tip a minute, half a millimetre each, told every five minutes."""
    for minute in range(0, minutes + 1, 5):
        desk.now = T0 + minute * MINUTE + 3000
        desk.take(message([(T0 + minute * MINUTE, 100 + minute)], seq=minute))
        desk.settle()


def test_a_storm_is_told_level_by_level_and_cleared_after_quiet(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    storm(desk)
    for minute in range(45, 400, 5):
        desk.now = T0 + minute * MINUTE + 3000
        desk.take(message([(T0 + minute * MINUTE, 140)], seq=minute))
        desk.settle()

    assert desk.told() == [
        (1, "raised", "prepare"),
        (1, "strengthened", "immediate"),
        (1, "eased", "prepare"),
        (1, "cleared", ""),
    ]
    events = desk.journal.reader.alerts.events(1)
    assert [one.evidence is not None and one.evidence.until for one in events] == [one.rained_at for one in events]


def test_an_alert_of_a_station_that_says_nothing_for_a_day_lapses_and_is_no_all_clear(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    storm(desk)

    desk.now += 23 * HOUR
    desk.pump.tick()
    desk.settle()
    assert desk.told()[-1][1] == "strengthened"
    desk.now += 2 * HOUR
    desk.pump.tick()
    desk.settle()
    desk.pump.tick()
    desk.settle()

    assert [kind for _, kind, _ in desk.told()] == ["raised", "strengthened", "lapsed"]
    assert desk.journal.reader.alerts.all() == []


def test_a_backlog_that_closes_the_silence_after_a_lapse_continues_the_same_alert(tmp_path: Path) -> None:
    """The silence was ours to hear, not the gauge's: along observed time no report is missing."""
    watched = rule(lapse_s=7_200)
    silent, heard = Desk(tmp_path / "silent", [station()], [watched]), Desk(tmp_path / "heard", [station()], [watched])
    storm(silent)
    storm(heard)
    backlog = [
        message([(T0 + minute * MINUTE, 140 + minute // 10)], seq=minute) for minute in range(45, 45 + 4 * 60, 5)
    ]

    silent.now += 3 * HOUR
    silent.pump.tick()
    silent.settle()
    silent.now += HOUR + 10 * MINUTE
    heard.now = silent.now
    silent.take(*backlog)
    silent.settle()
    for one in backlog:
        heard.take(one)
        heard.settle()

    assert ("lapsed", "") in [told[1:] for told in silent.told()]
    assert silent.episodes() == heard.episodes()


def test_one_report_after_a_lapse_shows_that_the_alert_still_stands(tmp_path: Path) -> None:
    watched = rule(lapse_s=7_200)
    silent, heard = Desk(tmp_path / "silent", [station()], [watched]), Desk(tmp_path / "heard", [station()], [watched])
    storm(silent)
    storm(heard)
    silent.now = T0 + 161 * MINUTE  # two hours after the last report, and a little more
    silent.pump.tick()
    silent.settle()

    for desk in (silent, heard):
        desk.now = T0 + 162 * MINUTE  # not yet two hours after this one
        desk.take(message([(T0 + 45 * MINUTE, 140)], seq=45))
        desk.settle()

    assert ("lapsed", "") in [told[1:] for told in silent.told()]
    assert silent.episodes() == heard.episodes() != []


def test_an_alert_survives_a_restart_and_goes_on_where_it_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    storm(desk, minutes=15)
    desk.start()
    storm(desk)

    assert desk.told() == [(1, "raised", "prepare"), (1, "strengthened", "immediate")]


def test_the_alert_of_a_station_that_is_configured_no_more_is_withdrawn(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station(), station("HTB02")], [rule()])
    storm(desk)

    desk.network = replace_network(desk, stations={"HTB02": station("HTB02")})
    desk.start()

    assert desk.told()[-1][1] == "withdrawn"


def test_higher_thresholds_take_an_alert_back_with_the_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    storm(desk)
    higher = replace(rule(), thresholds=(Threshold(1800, "prepare", 90), Threshold(1800, "immediate", 99)))

    desk.network = replace_network(desk, rules=[higher])
    desk.start()
    desk.settle()

    assert desk.told()[-1][1] == "withdrawn"
    assert desk.journal.reader.alerts.all() == []


def test_a_bucket_that_was_entered_wrong_changes_the_millimetres_everywhere_once_it_is_mended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    desk.network = replace_network(desk, text='{"stations": {"HTB01": {"deployments": [{"bucket_depth_mm": 0.5}]}}}')
    desk.start()
    storm(desk)
    copied = desk.journal.reader.newest_seq()

    smaller = {"HTB01": station(bucket_depth_mm=0.1)}
    text = '{"stations": {"HTB01": {"deployments": [{"bucket_depth_mm": 0.1}]}}}'
    desk.network = replace_network(desk, stations=smaller, text=text, digest="other")
    desk.start()
    desk.settle()

    again = desk.journal.reader.changes(copied, rows_max=10_000).rows
    assert {row.observed_at for row in again} == {row[0] for row in desk.increments()}
    assert desk.told()[-1][1] == "withdrawn"


def replace_network(desk: Desk, **changes: Any) -> Network:
    """The desk's configuration with something changed."""
    return desk.network._replace(**{"digest": "changed", **changes})


def test_a_wrong_count_that_rises_raises_an_alert_until_two_later_counts_speak_against_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule("HTB01")])
    states = []

    for number, count in enumerate((115, 115, 150, 116, 117)):
        desk.now = T0 + number * 5 * MINUTE + 2_000
        desk.take(message([(T0 + number * 5 * MINUTE, count)], seq=number + 10))
        desk.settle()
        states.append([one.state.value for one in desk.journal.reader.alerts.all(ended=True)])

    assert states == [[], [], ["raised"], ["raised"], ["withdrawn"]]
    assert desk.journal.reader.alerts.changes(0)[1][-1].reason.startswith("readings that came later")
    assert desk.tips() == 2
