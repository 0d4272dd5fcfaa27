"""Watchdogs over a real journal: raised once, ended with the reason, none that flaps, all cheap on a quiet day."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.model import EventKind
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import WATCHING, Disk, Follower, Refused, Watching
from tests.pump.watched import EVERY, Watched, ring, silent
from tests.worlds import HOUR, MINUTE, T0, message, text

STATIONS = int(os.environ.get("GAUGE_TEST_STATIONS", "500"))
SILENT, NETWORK = Finding.STATION_SILENT, Finding.NETWORK_SILENT


def calm(folder: Path, *, count: int = 5, minutes: int = 30) -> Watched:
    """Stations that report that nothing falls."""
    desk = Watched(folder, ring(count))
    desk.pass_time(minutes, tips=silent())
    return desk


def test_a_station_that_says_nothing_is_told_once_and_is_back_when_it_has_been_heard_for_a_while(
    tmp_path: Path,
) -> None:
    desk = calm(tmp_path)

    desk.pass_time(29, tips=silent("HTB01"), ticks=1)
    assert not desk.standing(SILENT)
    desk.pass_time(31, tips=silent("HTB01"), ticks=1)
    (alert,) = desk.standing(SILENT).values()
    assert (alert.scope, alert.level, alert.rained_since) == ("HTB01", "notice", T0 + 30 * MINUTE)
    desk.pass_time(15, tips=silent(), ticks=1)
    assert desk.standing(SILENT), "it may have been one message"
    desk.pass_time(10, tips=silent(), ticks=1)

    assert [one.kind for one in desk.events(SILENT)] == [EventKind.RAISED, EventKind.CLEARED]
    assert "heard again since" in desk.events(SILENT)[-1].reason


def test_a_station_that_flaps_is_one_finding(tmp_path: Path) -> None:
    desk = calm(tmp_path)

    for _ in range(6):
        desk.pass_time(35, tips=silent("HTB01"))
        desk.pass_time(5, tips=silent())

    assert [one.kind for one in desk.events(SILENT)] == [EventKind.RAISED]


def test_a_station_that_was_never_heard_is_told_after_its_time(tmp_path: Path) -> None:
    desk = Watched(tmp_path, ring(4))

    desk.pass_time(60, tips=silent("HTB04"))

    (alert,) = desk.standing(SILENT).values()
    assert alert.scope == "HTB04"
    assert "never heard" in alert.reason
    assert alert.cause == desk.events(SILENT)[0].cause == because("never_heard")


def test_a_repeat_and_a_retained_copy_are_no_sign_of_life(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    again = message([(desk.now, 100)], seq=7_000, station_id="HTB01", sent_at=desk.now)
    desk.take(again)

    for _ in range(8):
        desk.pass_time(5, tips=silent("HTB01"))
        retained = message([(desk.now, 100)], seq=8_000, station_id="HTB01", sent_at=desk.now)
        desk.take(again, retained._replace(retained=True))

    assert list(desk.standing(SILENT)) == ["HTB01"]


def test_a_station_whose_clock_is_an_hour_behind_is_heard_all_the_same(tmp_path: Path) -> None:
    desk = Watched(tmp_path, ring(2))

    for number in range(24):
        desk.now += EVERY
        at = desk.now - HOUR
        desk.take(message([(at, 100)], seq=number, station_id="HTB01", sent_at=at))
        desk.report("HTB02")
        desk.tick()
        if number == 12:
            desk.start()

    assert not desk.standing(SILENT)
    assert list(desk.standing(Finding.CLOCK_OFF)) == ["HTB01"]


def test_most_stations_silent_at_once_are_one_finding_that_is_folded_back(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    dead = ("HTB01", "HTB02", "HTB03")

    desk.pass_time(120, tips=silent(*dead))

    assert [(one.kind, one.scope) for one in desk.events(NETWORK)] == [(EventKind.RAISED, "service")]
    assert "3 of 5 stations say nothing (HTB01, HTB02, HTB03)" in desk.events(NETWORK)[0].reason
    assert not desk.events(SILENT)
    desk.pass_time(30, tips=silent("HTB01"))
    assert [one.kind for one in desk.events(NETWORK)] == [EventKind.RAISED, EventKind.CLEARED]
    assert [(one.kind, one.scope) for one in desk.events(SILENT)] == [(EventKind.RAISED, "HTB01")]


def test_stations_that_were_told_one_by_one_are_folded_into_the_one_finding(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    desk.pass_time(60, tips=silent("HTB01"))

    desk.pass_time(60, tips=silent("HTB01", "HTB02", "HTB03"))

    assert not desk.standing(SILENT)
    assert "told as one" in desk.events(SILENT)[-1].reason
    assert list(desk.standing(NETWORK)) == ["service"]


def test_two_of_three_are_a_network_and_one_of_two_is_not(tmp_path: Path) -> None:
    three, two = calm(tmp_path / "3", count=3), calm(tmp_path / "2", count=2)

    three.pass_time(60, tips=silent("HTB01", "HTB02"))
    two.pass_time(60, tips=silent("HTB01", "HTB02"))

    assert three.standing(NETWORK)
    assert not two.standing(NETWORK)
    assert len(two.standing(SILENT)) == 2


def test_what_stands_is_known_again_after_a_restart_and_not_told_twice(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    desk.pass_time(60, tips=silent("HTB01"))

    desk.start()
    desk.pass_time(60, tips=silent("HTB01"))

    assert [one.kind for one in desk.events(SILENT)] == [EventKind.RAISED]


def test_without_a_word_of_what_is_around_nothing_is_judged(tmp_path: Path) -> None:
    desk = calm(tmp_path)

    desk.now += 24 * HOUR
    desk.pump.tick()

    assert desk.journal.reader.alerts.all() == []


def test_a_connection_that_comes_and_goes_is_a_cut_as_well(tmp_path: Path) -> None:
    desk = calm(tmp_path)

    for _ in range(12):
        desk.cut()
        desk.pass_time(1, tips=silent(), ticks=1)
        desk.connect()
        desk.pass_time(4, tips=silent(), ticks=1)

    (event,) = desk.events(Finding.BROKER_GONE)
    assert "connections to the broker do not last" in event.reason
    desk.pass_time(11, tips=silent(), ticks=1)
    assert not desk.standing(Finding.BROKER_GONE)


def test_disk_store_and_outbound_process_are_told_by_level_and_end(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    told: list[tuple[str, str, str]] = []

    for free_mb, behind_min, alive in [(9_000, 5, True), (1_500, 45, False), (400, 400, False), (9_000, 1, True)]:
        waits = Follower("influx", desk.now - behind_min * MINUTE, "no route to host")
        desk.around = replace(
            desk.around,
            disk=Disk(free_mb * 1_000_000, 50_000_000_000),
            followers=(waits,),
            outbound_alive=alive,
        )
        desk.pass_time(6, tips=silent(), ticks=1)
    findings = (Finding.DISK_LOW, Finding.STORE_BEHIND, Finding.OUTBOUND_GONE)
    told = [(one.rule, one.kind.value, one.level) for finding in findings for one in desk.events(finding)]

    steps = [("raised", "notice"), ("strengthened", "warning"), ("cleared", "warning")]
    assert told == [
        *(("disk_low", *step) for step in steps),
        *(("store_behind", *step) for step in steps),
        ("outbound_gone", "raised", "warning"),
        ("outbound_gone", "cleared", "warning"),
    ]


def test_an_outbound_process_is_gone_since_it_was_last_heard(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    heard_at = desk.now - 4 * MINUTE
    desk.around = replace(desk.around, outbound_alive=False, outbound_heard_at=heard_at)

    desk.pass_time(2, tips=silent(), ticks=1)

    (event,) = desk.events(Finding.OUTBOUND_GONE)
    assert event.cause is not None
    assert event.cause.fields == {"since_at": heard_at}


def test_broken_files_that_others_stand_in_for_are_told_until_a_reload(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    finding = Finding.CONFIGURATION_REFUSED

    for refused in ("", "people.toml is broken", "people.toml is broken", "rules.toml is broken", None, ""):
        desk.around = replace(desk.around, refused=None if refused is None else Refused("people.toml", refused))
        desk.tick()
        standing = [one.reason.partition(". ")[0] for one in desk.standing(finding).values()]
        assert standing == ([refused] if refused else [] if refused == "" else ["rules.toml is broken"])

    assert [(one.kind, one.level) for one in desk.events(finding)] == [
        (EventKind.RAISED, "warning"),
        (EventKind.CLEARED, "warning"),
    ]


def test_a_quarantine_that_grows_is_told_and_ends_an_hour_later(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    desk.take(*(message([(T0, 1)], seq=number)._replace(payload=b"rubbish %d" % number) for number in range(51)))
    desk.tick()
    assert list(desk.standing(Finding.QUARANTINE_GROWING)) == ["service"]

    desk.pass_time(61, tips=silent())

    assert not desk.standing(Finding.QUARANTINE_GROWING)


@pytest.mark.parametrize(
    ("reading", "finding", "back"),
    [
        ({"battery_v": 11.2}, Finding.BATTERY_LOW, {"battery_v": 12.6}),
        ({"door_open": True}, Finding.DOOR_OPEN, {"door_open": False}),
    ],
)
def test_what_a_station_tells_of_itself_is_told_and_ends(
    tmp_path: Path, reading: dict[str, object], finding: Finding, back: dict[str, object]
) -> None:
    desk = Watched(tmp_path, ring(1))

    for number in range(12 * 40):
        desk.now += EVERY
        of = reading if number < 12 * 6 else back
        whole = {"observed_at": text(desk.now), "count": 100, **of}
        desk.take(message([whole], seq=number, station_id="HTB01", sent_at=desk.now))
        desk.tick()

    assert [one.kind for one in desk.events(finding)] == [EventKind.RAISED, EventKind.CLEARED]


def test_a_watchdog_that_is_switched_off_ends_what_it_has_said(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    desk.pass_time(60, tips=silent("HTB01"))

    desk.watch = replace(WATCHING, silent=replace(WATCHING.silent, watch=Watching.OFF))
    desk.start()
    desk.tick()

    assert not desk.standing(SILENT)


def test_a_finding_ends_with_its_station(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    desk.pass_time(60, tips=silent("HTB01"))

    desk.network = desk.network._replace(
        stations={name: one for name, one in desk.network.stations.items() if name != "HTB01"}, digest="other"
    )
    desk.start()
    desk.tick()

    assert "no longer configured" in desk.events(SILENT)[-1].reason


def test_a_watchdog_that_trips_over_a_bug_is_told_and_the_rain_goes_on(tmp_path: Path) -> None:
    desk = calm(tmp_path)
    desk.around = replace(desk.around, disk="no disk")  # type: ignore[arg-type]  # any field, by its name

    desk.pass_time(10, tips=silent(tips=1))

    assert [alert.scope for alert in desk.standing(Finding.BROKEN).values()] == ["watchdogs"]
    assert desk.tips() == 2


def test_a_tick_over_many_quiet_stations_is_cheap(tmp_path: Path) -> None:
    """Goal: the rain never waits for the watchdogs. Method: all have just reported; the median of eleven ticks."""
    stations = [replace(one, neighbours=()) for one in ring(STATIONS)]
    desk = Watched(tmp_path, stations)
    desk.around = replace(desk.around, disk=Disk(10**12, 10**12), followers=())
    desk.now += 20 * MINUTE
    desk.take(*(message([(desk.now, 100)], station_id=one.id, sent_at=desk.now) for one in stations))
    desk.tick()
    took_ms = []
    for _ in range(11):
        desk.now += 10_000
        begun = time.perf_counter()
        desk.tick()
        took_ms.append((time.perf_counter() - begun) * 1_000)
    median_ms = sorted(took_ms)[5]
    sys.stderr.write(f"a tick over {STATIONS} quiet stations: {median_ms:.1f} ms\n")

    assert desk.journal.reader.alerts.all() == []
    assert median_ms < 50 + 0.02 * STATIONS, took_ms
