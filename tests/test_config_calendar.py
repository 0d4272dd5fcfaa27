"""The duty calendar: events become shifts of known people at the right instants, or are named in a mistake."""

from pathlib import Path

import pytest

from gauge_ingest.configuration import Configuration, ConfigurationRefused, load
from gauge_ingest.core.people import on_duty
from gauge_ingest.core.spans import parse_instant
from tests.test_config import write

PEOPLE = """
[channels.mail]
kind = "apprise"
url = "mailto://smtp.example.org?from=rain@example.org&to={to}"
[people.liu]
name = "刘伟"
reach = [["mail", "Liu@example.org"]]
[people.chen]
name = "陈主任"
reach = [["mail", "chen@example.org"]]
[duty]
calendar = "duty.ics"
"""
DAILY = """DTSTART;TZID=Asia/Shanghai:20260701T080000
DTEND;TZID=Asia/Shanghai:20260701T200000
RRULE:FREQ=DAILY"""


def event(*lines: str, times: str = DAILY, uid: str = "1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", times, *lines, "END:VEVENT"])


def loaded(folder: Path, *events: str, people: str = PEOPLE, zones: str = "") -> Configuration:
    write(folder)
    (folder / "people.toml").write_text(people, encoding="utf-8")
    lines = "\n".join(
        part for part in ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", zones, *events, "END:VCALENDAR") if part
    )
    (folder / "duty.ics").write_text(lines.replace("\n", "\r\n") + "\r\n", encoding="utf-8")
    return load(folder, {})


def on(configuration: Configuration, *times: str) -> list[str]:
    """Who is on duty at each of these times of 2026 in Beijing."""
    return [
        "+".join(sorted(one.id for one in on_duty(configuration.roster, parse_instant(f"2026-{text}:00+08:00"))))
        for text in times
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["ATTENDEE;CN=somebody:mailto:liu@EXAMPLE.org", "SUMMARY:duty"],
        ["ATTENDEE;CN=刘伟:mailto:private@example.com"],
        ["ATTENDEE;CUTYPE=ROOM:mailto:room@example.org", "SUMMARY:liu"],
        ["SUMMARY:刘伟"],
        ["SUMMARY:值班：刘伟（白天）"],
        ["SUMMARY:刘伟值班"],
        ["SUMMARY:duty LIU"],
        ["SUMMARY:duty liu@example.org"],
    ],
)
def test_an_event_names_people_by_id_name_or_address(tmp_path: Path, lines: list[str]) -> None:
    assert on(loaded(tmp_path, event(*lines)), "07-15T12:00", "07-15T21:00", "06-30T12:00") == ["liu", "", ""]


def test_an_event_may_put_several_people_on_duty(tmp_path: Path) -> None:
    both = event("ATTENDEE:mailto:liu@example.org", "ATTENDEE:mailto:chen@example.org")

    assert on(loaded(tmp_path, both), "07-15T12:00") == ["chen+liu"]
    assert on(loaded(tmp_path, event("SUMMARY:刘伟、陈主任")), "07-15T12:00") == ["chen+liu"]


def test_times_of_other_zones_of_none_and_whole_days_are_instants_of_beijing(tmp_path: Path) -> None:
    utc = event("SUMMARY:liu", times="DTSTART:20260701T000000Z\nDTEND:20260701T010000Z", uid="1")
    floating = event("SUMMARY:liu", times="DTSTART:20260702T080000\nDURATION:PT1H", uid="2")
    day = event("SUMMARY:liu", times="DTSTART;VALUE=DATE:20260703", uid="3")
    berlin = event("SUMMARY:liu", times="DTSTART;TZID=Europe/Berlin:20260705T020000\nDURATION:PT1H", uid="4")
    configuration = loaded(tmp_path, utc, floating, day, berlin)

    assert on(configuration, "07-01T08:00", "07-01T08:01", "07-01T09:00", "07-01T09:01") == ["", "liu", "liu", ""]
    assert on(configuration, "07-02T08:00", "07-02T08:01", "07-02T09:00", "07-02T09:01") == ["", "liu", "liu", ""]
    assert on(configuration, "07-03T00:00", "07-03T00:01", "07-04T00:00", "07-04T00:01") == ["", "liu", "liu", ""]
    assert on(configuration, "07-05T08:00", "07-05T08:01", "07-05T09:00", "07-05T09:01") == ["", "liu", "liu", ""]


def test_a_zone_that_the_calendar_describes_itself_is_known(tmp_path: Path) -> None:
    zones = """BEGIN:VTIMEZONE
TZID:Our Office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0600
TZOFFSETTO:+0600
END:STANDARD
END:VTIMEZONE"""
    times = "DTSTART;TZID=Our Office:20260701T060000\nDURATION:PT1H"

    assert on(loaded(tmp_path, event("SUMMARY:liu", times=times), zones=zones), "07-01T08:30", "07-01T06:30") == [
        "liu",
        "",
    ]


def test_exceptions_and_swaps_of_a_series_hold(tmp_path: Path) -> None:
    series = event("SUMMARY:liu", "EXDATE;TZID=Asia/Shanghai:20260710T080000")
    swap = event(
        "SUMMARY:chen",
        times="RECURRENCE-ID;TZID=Asia/Shanghai:20260711T080000\nDTSTART;TZID=Asia/Shanghai:20260711T100000"
        "\nDTEND;TZID=Asia/Shanghai:20260711T200000",
    )
    off = event("SUMMARY:holiday", "STATUS:CANCELLED", times="DTSTART;VALUE=DATE:20261001", uid="2")
    configuration = loaded(tmp_path, series, swap, off)

    assert on(configuration, "07-09T12:00", "07-10T12:00", "07-11T09:00", "07-11T12:00", "10-01T02:00") == [
        "liu",
        "",
        "",
        "chen",
        "",
    ]


def test_a_shift_over_the_edge_of_what_is_reckoned_at_once_is_whole(tmp_path: Path) -> None:
    days = event("SUMMARY:liu", times="DTSTART:20260701T000000Z\nDURATION:P60D")

    configuration = loaded(tmp_path, days)

    assert set(on(configuration, *(f"07-{day:02}T12:00" for day in range(2, 31)))) == {"liu"}


@pytest.mark.parametrize("moment", [0, 1 << 50, 1 << 61])
def test_beyond_all_dates_nobody_is_on_duty_and_nothing_breaks(tmp_path: Path, moment: int) -> None:
    assert on_duty(loaded(tmp_path, event("SUMMARY:liu")).roster, moment) == ()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (event("SUMMARY:国庆节"), 'duty.ics: event "国庆节" of 2026-07-01T08:00:00+08:00: names nobody in people.toml'),
        (event("SUMMARY:"), "names nobody in people.toml"),
        (event("SUMMARY:liu", "ATTENDEE:mailto:wang@example.org"), "is nobody in people.toml"),
        (event("SUMMARY:liu", times="DTSTART;TZID=Nowhere/Bad:20260701T080000\nDURATION:PT1H"), "Nowhere/Bad"),
        (event("SUMMARY:liu", times="DTSTART:20260701T080000"), "lasts no time"),
        (event("SUMMARY:liu", times="DTSTART:20260701T080000\nDTEND:20260701T070000"), "ends before it begins"),
        (event("SUMMARY:liu", times="DTSTAMP:20260701T080000Z"), "duty"),
        (event("SUMMARY:liu", times="DTSTART:yesterday"), "duty"),
        (event("SUMMARY:liu", times="DTSTART:20260701T080000\nDURATION:PT1H\nRRULE:FREQ=NEVER"), "duty"),
        ("BEGIN:VEVENT", "is no calendar"),
        ("", "must hold 1 to 3000 events, it has 0"),
    ],
)
def test_an_event_that_cannot_be_right_is_named(tmp_path: Path, one: str, words: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        loaded(tmp_path, one)

    assert words in str(refused.value)
    assert len(refused.value.mistakes) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ('"rota.ics"', "cannot be read"),
        ('"../duty.ics"', "beside people.toml"),
        ("1", "ends in .ics"),
        ('"duty.csv"', ".ics"),
    ],
)
def test_a_calendar_is_a_file_beside_people_toml(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        loaded(tmp_path, event("SUMMARY:liu"), people=PEOPLE.replace('"duty.ics"', name))

    assert words in str(refused.value)


def test_the_digest_follows_the_content_of_the_calendar(tmp_path: Path) -> None:
    first, again = loaded(tmp_path, event("SUMMARY:liu")), loaded(tmp_path, event("SUMMARY:liu"))
    other = loaded(tmp_path, event("SUMMARY:chen"))

    assert first.digest == again.digest != other.digest
