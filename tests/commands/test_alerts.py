"""alerts: what stands, what stood, and how it reads."""

import re

import pytest

from gauge_ingest.core.reasons import because
from gauge_ingest.pump.findings import Finding
from tests.commands.place import Place
from tests.commands.serving import service, write_status
from tests.worlds import HOUR, MINUTE, T0, Desk, message

KEYS = [
    "id", "rule", "scope", "level", "state", "rained_since", "rained_until", "known_at", "raised_at", "cleared_at",
    "evidence", "events",
]  # fmt: skip

LOST = because("said", words="the broker forgot\x1b[31m us")


def storm(desk: Desk, *, station_id: str = "HTB01", tips: int = 8, minutes: int = 15, until: int = 60) -> None:
    """Tips each five minutes for some minutes after T0, then dry reports."""
    for minute in range(-5, until + 1, 5):
        count = tips * max(0, min(minute, minutes)) // 5
        desk.now = T0 + minute * MINUTE + 2_000
        desk.take(message([(T0 + minute * MINUTE, count)], seq=minute + 5, station_id=station_id))
        desk.settle()


def test_an_alert_that_stands_is_listed_with_its_evidence_and_what_was_told(place: Place) -> None:
    with place.desk() as desk:
        storm(desk, until=15)

    (alert,) = place.json("alerts")

    assert set(KEYS) <= set(alert)
    told = {key: alert[key] for key in KEYS if key not in ("evidence", "events")}
    assert told == {
        "id": 1,
        "rule": "flash_flood",
        "scope": "HTB01",
        "level": "immediate",
        "state": "raised",
        "rained_since": "2026-07-15T18:10:00+08:00",
        "rained_until": None,
        "known_at": "2026-07-15T18:10:02+08:00",
        "raised_at": "2026-07-15T18:10:02+08:00",
        "cleared_at": None,
    }
    assert alert["evidence"] == {
        "window_s": 1800,
        "since": "2026-07-15T17:45:00+08:00",
        "until": "2026-07-15T18:15:00+08:00",
        "rain_mm": 12.0,
        "rain_mm_max": 12.0,
        "threshold_mm": 10.0,
        "coverage": 0.6667,
        "unconfirmed": False,
        "doubted_mm": 0.0,
        "measure": "sum",
        "peak_mm": 4.0,
        "peak_since": "2026-07-15T18:00:00+08:00",
        "peak_until": "2026-07-15T18:05:00+08:00",
        "stations_mm": {},
        "absent": [],
        "wetness": "",
        "wetness_mm": None,
        "season": "",
    }
    assert [(event["kind"], event["level"], event["at"][11:19]) for event in alert["events"]] == [
        ("raised", "prepare", "18:10:02"),
        ("strengthened", "immediate", "18:15:02"),
    ]
    assert alert["events"][0]["id"] == 1


def test_an_alert_that_has_ended_is_listed_only_with_all(place: Place) -> None:
    place.now = T0 + 30 * HOUR
    with place.desk() as desk:
        storm(desk, until=28 * 60)

    assert place.json("alerts") == []
    (alert,) = place.json("alerts", "--all")

    assert alert["state"] == "cleared"
    assert alert["rained_until"] is not None
    assert alert["cleared_at"] == alert["events"][-1]["at"]
    assert (alert["events"][-1]["kind"], alert["events"][-1]["level"]) == ("cleared", "")


def test_an_alert_that_was_taken_back_ends_with_no_level(place: Place) -> None:
    with place.desk() as desk:
        storm(desk, until=15)
    rules = place.config / "rules.toml"
    rules.write_text("", encoding="utf-8")
    with place.desk() as desk:
        desk.now = place.now
        desk.network = desk.network._replace(digest="other")
        desk.start()
        desk.settle()

    (alert,) = place.json("alerts", "--all")

    assert (alert["state"], alert["level"]) == ("withdrawn", "immediate")
    assert (alert["events"][-1]["kind"], alert["events"][-1]["level"]) == ("withdrawn", "")


def test_show_gives_one_alert_and_an_unknown_number_is_wrong_use(place: Place) -> None:
    with place.desk() as desk:
        storm(desk, until=15)

    missing = place.run("alerts", "show", "2", "--json")

    assert place.json("alerts", "show", "1") == place.json("alerts")[0]
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "no alert 2" in missing.stderr


def test_options_before_show_are_refused_and_not_dropped(place: Place) -> None:
    with place.desk() as desk:
        storm(desk, until=15)

    result = place.run("alerts", "--json", "show", "1")

    assert (result.exit_code, result.stdout) == (2, "")


def test_a_finding_about_the_service_is_an_alert_without_evidence(place: Place) -> None:
    with place.desk() as desk, desk.journal.transaction():
        desk.pump.findings.raise_(Finding.SESSION_LOST, LOST, at=desk.now)

    (alert,) = place.json("alerts")
    shown = place.run("alerts").stdout

    assert (alert["scope"], alert["evidence"], alert["reason"][:17]) == ("service", {}, "the broker forgot")
    assert "service: RAIN REPORTS MAY BE LOST" in shown
    assert "rule session_lost" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("columns", [80, 120])
def test_the_highest_alert_stands_first_with_place_level_rain_threshold_and_since_when(
    place: Place, columns: int
) -> None:
    with place.desk() as desk:
        storm(desk, until=15)
        storm(desk, station_id="HTB02", tips=5, until=15)
    place.now = T0 + 20 * MINUTE

    with service(place):
        write_status(place)
        shown = place.run("alerts", columns=columns).stdout
    lines = shown.splitlines()

    assert "2 alerts stand" in lines[0]
    assert " ".join(lines[3].split()) == "IMMEDIATE 石门 (HTB01) ≥12.0 mm in 30m until 18:15 (threshold 10.0 mm)"
    assert lines[4].strip() == "since 07-15 18:10, for 10 min  67% covered"
    assert lines[5].strip() == "NOT ACKNOWLEDGED: gauge-ingest alerts acknowledge 1"
    assert lines[8].split()[:3] == ["PREPARE", "雀尔沟镇", "(HTB02)"]
    assert "LATE" not in shown
    assert max(map(len, lines)) <= columns


def test_late_rain_is_marked(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + 90 * MINUTE
        desk.take(message([(T0 + minute * MINUTE, 6 * minute) for minute in range(4)]))

    shown, one = place.run("alerts").stdout, place.run("alerts", "show", "1").stdout

    assert re.search(r"LATE: known \d+ min after it rained", shown)
    assert "UNCONFIRMED" not in shown
    assert sum("LATE" in line for line in one.splitlines()) == 2
    assert place.json("alerts")[0]["events"][0]["late"] is True


def test_rain_of_which_more_may_have_fallen_is_marked_unconfirmed(place: Place) -> None:
    counts = [0, 900, 900, 900, 912]  # it jumped up and stayed: perhaps a great deal of rain, perhaps none
    with place.desk() as desk:
        for number, count in enumerate(counts):
            desk.now = T0 + 5 * number * MINUTE + 2_000
            desk.take(message([(T0 + 5 * number * MINUTE, count)], seq=number))
            desk.settle()

    shown, (alert,) = place.run("alerts").stdout, place.json("alerts")

    assert alert["evidence"]["unconfirmed"] is True
    assert alert["evidence"]["rain_mm"] == 6.0
    assert f"UNCONFIRMED: perhaps {alert['evidence']['rain_mm_max']:.1f} mm" in shown
    assert "LATE" not in shown


def test_no_alert_says_how_long_nothing_has_come(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))

    shown = place.run("alerts").stdout

    assert "no alert stands" in shown
    assert "newest message 2 h ago" in shown
