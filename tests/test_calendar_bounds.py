"""A duty calendar that is broken or without measure: refused with its line, or bounded, and never a rota that hangs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gauge_ingest.cli import app
from gauge_ingest.configuration import ConfigurationRefused, duty_calendar, rota_warnings
from gauge_ingest.configuration.bounded import TooMuch, at_most
from gauge_ingest.core.people import on_duty, told_by
from gauge_ingest.core.rota import gaps
from gauge_ingest.core.spans import parse_instant
from tests.test_config_calendar import PEOPLE, event, loaded

NOW = parse_instant("2026-07-15T12:00:00+08:00")
HOUR = "DTSTART;TZID=Asia/Shanghai:20260701T080000\nDURATION:PT1H"
ZONE = """BEGIN:VTIMEZONE
TZID:Our {name}
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0600
TZOFFSETTO:+0600
{rule}
END:STANDARD
END:VTIMEZONE"""
DUTY = '\n[chains.default]\nsteps = [{ after = "0m", tell = ["duty"] }]\n'


def refusal(folder: Path, *events: str, zones: str = "") -> str:
    with pytest.raises(ConfigurationRefused) as refused:
        loaded(folder, *events, zones=zones)
    return str(refused.value)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a whole number of at least 1"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be"),
        ("FREQ=SECONDLY", "FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("freq=minutely;INTERVAL=720", "FREQ must be one of"),
        ("FREQ=YEARLY;BYSETPOS=" + ",".join(["1"] * 300), "must be at most 512 characters long"),
    ],
)
def test_a_series_without_measure_is_refused_with_its_line(tmp_path: Path, rule: str, words: str) -> None:
    told = refusal(tmp_path, event(f"RRULE:{rule}", "SUMMARY:liu", times=HOUR))

    assert told.startswith('duty.ics: line 8 = "RRULE:')
    assert words in told


def test_a_folded_rule_and_one_of_a_time_zone_are_seen(tmp_path: Path) -> None:
    folded = refusal(tmp_path, event("RRULE:FREQ=DAILY;INTER\n VAL=0", "SUMMARY:liu", times=HOUR))
    of_zone = refusal(
        tmp_path, event("SUMMARY:liu", times=HOUR), zones=ZONE.format(name="1", rule="RRULE:FREQ=SECONDLY")
    )

    assert "line 8" in folded
    assert "INTERVAL" in folded
    assert "line 10" in of_zone


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART:00010101T080000\nDURATION:PT1H\nRRULE:FREQ=HOURLY",
        f"{HOUR}\nRRULE:FREQ=HOURLY;BYSETPOS=5",
        f"{HOUR}\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        f"{HOUR}\nRRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
        f"{HOUR}\nRRULE:FREQ=HOURLY;COUNT=999999999;BYMINUTE={','.join(map(str, range(60)))}",
    ],
)
def test_a_calendar_that_takes_too_much_means_that_everybody_is_told(
    tmp_path: Path, times: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duty_calendar, "LINES_MAX", 2_000_000)
    weekly = '[[duty.weekly]]\ndays = ["wed"]\nhours = "00:00-00:00"\npeople = ["chen"]\n'
    people = PEOPLE + weekly + DUTY
    roster = loaded(tmp_path, event("SUMMARY:liu", times=times, uid="endless"), people=people).roster

    for _ in range(2):  # what was given up is not begun again
        assert on_duty(roster, NOW) == ()
        assert len(told_by(roster, roster.chains["default"], NOW)) == 2
    assert gaps(roster, NOW, NOW + 1) == [(NOW, NOW + 1)]
    [warning] = rota_warnings(roster, NOW)
    assert str(warning).startswith("people.toml: duty.calendar: has too many shifts to reckon")
    assert "UID endless" in str(warning)


def test_no_more_shifts_are_kept_than_people_could_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily = event("SUMMARY:liu", "RRULE:FREQ=DAILY", times=HOUR)
    at_work = parse_instant("2026-07-15T08:30:00+08:00")

    assert len(on_duty(loaded(tmp_path, daily).roster, at_work)) == 1

    monkeypatch.setattr(duty_calendar, "SHIFTS_MAX", 14)
    assert on_duty(loaded(tmp_path, daily).roster, at_work) == ()


def test_dates_lines_and_zones_of_a_calendar_are_bounded_before_it_is_read(tmp_path: Path) -> None:
    dates = ",".join(["20260701T080000"] * 10_000)

    assert "at most 10000 dates" in refusal(tmp_path, event("RDATE:20260702T080000", f"RDATE:{dates}", "SUMMARY:liu"))
    assert "at most 100000 lines" in refusal(tmp_path, event(*["X-A:b"] * 100_000, "SUMMARY:liu"))
    zones = "\n".join(ZONE.format(name=f"Z{number}", rule="X-A:b") for number in range(101))
    assert "at most 100 parts" in refusal(tmp_path, event("SUMMARY:liu"), zones=zones)


def test_a_time_zone_that_changes_every_hour_until_the_end_of_time_holds_nobody_up(tmp_path: Path) -> None:
    zones = ZONE.format(name="Hours", rule="RRULE:FREQ=HOURLY;UNTIL=99991231T000000Z")
    shift = event("SUMMARY:liu", times="DTSTART;TZID=Our Hours:20260715T060000\nDURATION:PT8H")

    with at_most(2_000_000):
        roster = loaded(tmp_path, shift, zones=zones).roster

    assert [person.id for person in on_duty(roster, parse_instant("2026-07-15T10:00:00+08:00"))] == ["liu"]


def test_time_zones_that_take_too_much_to_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty_calendar, "LINES_MAX", 100)
    zones = ZONE.format(name="Valley", rule="X-A:b")

    assert "time zones that change too often" in refusal(tmp_path, event("SUMMARY:liu"), zones=zones)


def test_work_is_bounded_by_the_lines_it_takes_and_tracing_is_put_back() -> None:
    before = sys.gettrace()

    with pytest.raises(TooMuch), at_most(100):
        list(_for_ever())
    with at_most(100):
        next(_for_ever())

    assert sys.gettrace() is before


@pytest.mark.parametrize("passed_over", [Exception, BaseException])
def test_work_that_passes_over_every_exception_is_bounded_all_the_same(passed_over: type[BaseException]) -> None:
    def stubborn() -> int:
        for number in range(1_000):
            try:
                sum(range(number))
                int("1")
            except passed_over:
                return number
        return 1_000

    with pytest.raises(TooMuch), at_most(100):
        stubborn()


def _for_ever() -> Iterator[int]:
    while True:
        yield 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:liu\r\nDTST",
            "line 4: is no calendar (RFC 5545): the file is cut",
        ),
        ("BEGIN:VCALENDAR\r\nSUMMARY liu\r\nEND:VCALENDAR\r\n", 'line 2 = "SUMMARY liu": is no line of a calendar'),
        ("BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "END:VCALENDAR is missing before it"),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", "line 1: is no calendar (RFC 5545): it must begin with BEGIN:VCALENDAR"),
    ],
)
def test_what_is_no_calendar_is_told_with_its_line(tmp_path: Path, lines: str, words: str) -> None:
    loaded(tmp_path, event("SUMMARY:liu"))
    (tmp_path / "duty.ics").write_text(lines, encoding="utf-8")

    answer = CliRunner().invoke(app, ["check", "--config", str(tmp_path)])

    assert answer.exit_code == 2
    assert f"duty.ics: {words}" in answer.output or words in answer.output


def test_a_person_who_is_unknown_is_found_by_event_and_uid_and_a_bad_line_by_its_event(tmp_path: Path) -> None:
    unknown = refusal(tmp_path, event("SUMMARY:night", "ATTENDEE:liu", "ATTENDEE:mailto:wang@example.org", uid="a-7"))
    bad = refusal(tmp_path, event("SUMMARY:liu", "X;=:b", uid="a-8"))

    assert 'event "night" of 2026-07-01T08:00:00+08:00, UID a-7, ATTENDEE 2 = "***@example.org": is nobody' in unknown
    assert "UID a-8" in bad
    assert "None" not in bad


def test_check_warns_of_gaps_ahead_of_series_that_never_come_and_of_chains_for_no_level(tmp_path: Path) -> None:
    people = PEOPLE + DUTY + DUTY.replace("default", "imediate") + DUTY.replace("default", "immediate")
    late = event("SUMMARY:liu", times=HOUR + "\nRRULE:FREQ=DAILY;UNTIL=20260601", uid="late-1")
    loaded(tmp_path, late, people=people)
    clock = {"GAUGE_CLOCK": "", "COLUMNS": "200"}

    answer = CliRunner(env=clock).invoke(app, ["check", "--config", str(tmp_path)])

    assert answer.exit_code == 0
    assert (
        "warning: people.toml: duty: nobody is on duty, now or within 14 days: everybody would be told" in answer.output
    )
    assert 'UID late-1, RRULE = "UNTIL=2026-06-01": the series ends before it begins' in answer.output
    assert "warning: people.toml: chains.imediate: no rule has this level" in answer.output
    assert "did you mean immediate?" in answer.output
    assert "chains.immediate:" not in answer.output


def test_gaps_of_a_rota_are_told_one_by_one_and_not_where_no_chain_asks_for_it(tmp_path: Path) -> None:
    days = event("SUMMARY:liu", times="DTSTART;VALUE=DATE:20260715\nDTEND;VALUE=DATE:20260720")
    asked = loaded(tmp_path, days, people=PEOPLE + DUTY).roster
    not_asked = loaded(tmp_path, days).roster

    [warning] = rota_warnings(asked, NOW)
    words = "nobody is on duty from 2026-07-20T00:00:00+08:00 until 2026-07-29T12:00:00+08:00: everybody would be told"
    assert str(warning) == f"people.toml: duty: {words}"
    assert rota_warnings(not_asked, NOW) == []
