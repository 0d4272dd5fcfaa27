"""What goes wrong: a full disk, strangers, poison, broken rules, wrong clocks. Nothing acknowledged is lost by it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.codecs import CODECS, Message
from gauge_ingest.core.model import Basin
from gauge_ingest.core.rules import Judgement, Record, Thresholds
from gauge_ingest.journal import JournalUnavailable
from gauge_ingest.pump import Delivery, Pump, PumpSettings
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station


def test_a_full_disk_takes_nothing_and_what_comes_again_is_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    desk.now = T0 + 2000 * MINUTE
    deliveries = [message([(T0 + minute * MINUTE, minute)], seq=minute) for minute in range(2000)]
    pages = desk.journal._db.execute("PRAGMA page_count").fetchone()[0]
    desk.journal._db.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(JournalUnavailable):
        desk.take(*deliveries)
    assert desk.increments() == []
    desk.journal._db.execute("PRAGMA max_page_count = 1000000")
    desk.take(*deliveries)
    desk.settle()

    assert desk.tips() == 1999


def test_a_payload_that_trips_a_bug_goes_to_quarantine_alone_with_its_traceback(tmp_path: Path) -> None:
    def decode(payload: bytes, station: str, received_at: int, message_id: int) -> Message:
        if b"666" in payload:
            raise ZeroDivisionError("a bug")
        return CODECS["json_v1"](payload, station, received_at, message_id)

    desk = Desk(tmp_path, [station()], [rule()])
    desk.pump = Pump(desk.journal, decode, PumpSettings(), now=lambda: desk.now)
    desk.pump.configure(desk.network)

    desk.take(*[message([(T0 + minute * MINUTE, minute)], seq=660 + minute) for minute in range(10)])
    desk.settle()

    assert len(desk.increments()) == 9
    (entry,) = desk.journal.reader.quarantine()
    assert "ZeroDivisionError" in entry.reason
    assert entry.traceback is not None
    assert "a bug" in entry.traceback


class Broken(Thresholds):
    """A rule with a bug."""

    def judge(self, *_: object, **__: object) -> Judgement:
        raise ZeroDivisionError("a bug in a rule")


def test_a_rule_that_raises_is_told_once_while_the_rain_is_stored_and_other_rules_go_on(tmp_path: Path) -> None:
    sound = replace(rule(), id="second")
    desk = Desk(tmp_path, [station()], [rule(), sound])
    desk.pump.rule_by([Broken(rule()), Thresholds(sound)])

    for minute in range(0, 60, 5):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, minute)], seq=minute))
        desk.settle()

    assert desk.tips() == 55
    assert desk.journal.reader.quarantine() == []
    told = [event for event in desk.journal.reader.alerts.changes(0)[1] if event.rule == "broken"]
    assert len(told) == 1
    assert "a bug in a rule" in told[0].reason
    assert [one[:4] for one in desk.episodes() if one[0] == "second"] == [("second", "HTB01", "immediate", "immediate")]


def test_a_rule_of_a_basin_that_raises_silences_no_other_of_the_basin_or_its_stations(tmp_path: Path) -> None:
    basin = Basin("hutubi", "呼图壁河", (("HTB01", 1.0),))
    broken, sound = (replace(rule(), id=name, stations=(), basins=("hutubi",)) for name in ("broken_one", "sound"))
    desk = Desk(tmp_path, [station()], [broken, sound, rule()], [basin])
    desk.pump.rule_by([Broken(broken), Thresholds(sound), Thresholds(rule())])

    for minute in range(0, 60, 5):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, minute)], seq=minute))
        desk.settle()

    told = [event for event in desk.journal.reader.alerts.changes(0)[1] if event.rule == "broken"]
    assert len(told) == 1
    assert [one[:4] for one in desk.episodes() if one[0] != "broken"] == [
        ("flash_flood", "HTB01", "immediate", "immediate"),
        ("sound", "hutubi", "immediate", "immediate"),
    ]


class Stumbling(Thresholds):
    """A rule that trips as often as it is told to."""

    trips = 0

    def judge(self, record: Record, at: int, *, level: int, why_not: bool = True) -> Judgement:
        if self.trips:
            self.trips -= 1
            raise ZeroDivisionError("a bug in a rule")
        return super().judge(record, at, level=level, why_not=why_not)


@pytest.mark.parametrize("trips", [1, 2])
def test_what_a_rule_tripped_over_is_owed_from_the_first_time_on_and_made_in_the_next_moment(
    trips: int, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    stumbling = Stumbling(rule())
    desk.pump.rule_by([stumbling])
    desk.take(message([(T0, 0)], seq=1))
    desk.settle()

    stumbling.trips = trips
    desk.now = T0 + 10 * MINUTE
    desk.take(message([(T0 + 5 * MINUTE, 12), (T0 + 10 * MINUTE, 13)][:trips], seq=2))
    assert [kind for _, kind, _ in desk.told()] == ["raised"], "of the rule alone"
    desk.settle()

    assert [one[:6] for one in desk.episodes() if one[0] == "flash_flood"] == [
        ("flash_flood", "HTB01", "prepare", "prepare", "raised", T0 + 5 * MINUTE)
    ]


def test_a_rule_of_a_basin_that_raises_when_it_is_recalled_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    basin = Basin("hutubi", "呼图壁河", (("HTB01", 1.0),))
    broken, sound = (replace(rule(), id=name, stations=(), basins=("hutubi",)) for name in ("broken_one", "sound"))
    desk = Desk(tmp_path, [station()], [broken, sound], [basin])
    desk.take(message([(T0, 0), (T0 + 5 * MINUTE, 11)], seq=1))
    desk.settle()
    assert desk.told() == []

    desk.pump.rule_by([Broken(broken), Thresholds(sound)])
    desk.now = T0 + 10 * MINUTE
    desk.take(message([(T0 + 10 * MINUTE, 12)], seq=2))

    assert sorted(event.rule for event in desk.journal.reader.alerts.changes(0)[1]) == ["broken", "sound"]


def test_a_rule_that_was_broken_is_tried_again_at_the_next_start_and_tells_what_it_missed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    desk.pump.rule_by([Broken(rule())])
    for minute in range(0, 60, 5):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, minute)], seq=minute))
        desk.settle()

    desk.start()
    desk.settle()

    sound = Desk(tmp_path / "sound", [station()], [rule()])
    sound.now = desk.now
    sound.take(*[message([(T0 + minute * MINUTE, minute)], seq=minute) for minute in range(0, 60, 5)])
    sound.settle()
    assert [one for one in desk.episodes() if one[0] == "flash_flood"] == sound.episodes()
    assert [one[:5] for one in desk.episodes() if one[0] == "flash_flood"] == [
        ("flash_flood", "HTB01", "immediate", "immediate", "raised")
    ]
    assert [kind for _, kind, _ in desk.told()] == ["raised", "cleared", "raised"]


def test_strangers_are_kept_up_to_a_quota_then_counted_and_told_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    desk.pump = Pump(desk.journal, CODECS["json_v1"], PumpSettings(unknown_sender_quota=5), now=lambda: desk.now)
    desk.pump.configure(desk.network)

    for number in range(9):
        desk.take(message([(T0 + number, 1)], seq=number, station_id="NOBODY"))

    entries = desk.journal.reader.quarantine()
    assert len(entries) == 5
    assert "NOBODY: not in stations.toml" in entries[0].reason
    assert [told[1] for told in desk.told()] == ["raised"]


def test_the_same_broken_payload_again_and_again_is_kept_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])

    for _ in range(5):
        desk.take(Delivery("rain/v1/HTB01/up", b"{"))

    assert len(desk.journal.reader.quarantine()) == 1


def test_a_payload_of_300_kib_is_kept_cut_with_its_size(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])

    desk.take(Delivery("rain/v1/HTB01/up", b"x" * 300 * 1024))

    (entry,) = desk.journal.reader.quarantine()
    assert (len(entry.payload), entry.size) == (256 * 1024, 300 * 1024)


def test_a_clock_a_day_ahead_is_mended_by_its_own_message_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    ahead = 24 * HOUR
    backlog = message(
        [(T0 + ahead - 10 * MINUTE, 5), (T0 + ahead - 5 * MINUTE, 9), (T0 + ahead, 9)], seq=1, sent_at=T0 + ahead
    )

    desk.now = T0 + 2000
    desk.take(backlog)
    desk.settle()
    before = desk.increments()
    desk.now = T0 + HOUR
    desk.take(backlog)
    desk.settle()

    assert [row[0] for row in before] == [T0 + 2000 - 10 * MINUTE, T0 + 2000 - 5 * MINUTE, T0 + 2000]
    assert desk.tips() == 4
    assert desk.increments() == before


def test_while_our_own_clock_is_behind_no_station_is_mended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    desk.take(message([(T0, 1)], seq=1))

    desk.now = T0 - 24 * HOUR
    desk.take(message([(T0 + 5 * MINUTE, 3)], seq=2))
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0, T0 + 5 * MINUTE]


def test_two_counts_for_one_second_keep_the_one_that_fits_whichever_came_first(tmp_path: Path) -> None:
    for number, order in enumerate([(10, 12), (12, 10)]):
        desk = Desk(tmp_path / str(number), [station()], [rule()])
        desk.now = T0 + HOUR
        for seq, count in enumerate(order):
            desk.take(message([(T0 + MINUTE, count)], seq=seq + 1))
        desk.take(message([(T0, 10)], seq=0), message([(T0 + 2 * MINUTE, 12)], seq=9))
        desk.settle()

        standing = [(row[0], row[1]) for row in desk.increments() if row[6] != 6]
        assert standing == [(T0, 10), (T0 + MINUTE, 12), (T0 + 2 * MINUTE, 12)]
        assert desk.tips() == 2
