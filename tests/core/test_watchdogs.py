"""Each watchdog just below, at and above its bounds, with hysteresis, and with what is not known."""

from dataclasses import replace

import pytest

from gauge_ingest.core.findings import Ended, Finding, Found
from gauge_ingest.core.health import StationHealth
from gauge_ingest.core.watch import WATCHING, Disk, Follower, Refused
from gauge_ingest.core.watchdogs import figures
from gauge_ingest.core.watchdogs_service import (
    configuration_refused,
    disk_low,
    outbound_gone,
    quarantine_growing,
    store_behind,
)

NOW = 1_784_109_900_000
MB = 1_000_000
HOUR = 3_600_000
UNKNOWN = StationHealth("HTB01", since=NOW - 86_400_000, until=NOW)
NOTHING, ENDS = None, "ends"


def said(
    finding: Finding, health: StationHealth, *, standing: str | None = None, opened: int | None = None
) -> str | None:
    """The level at which a finding stands now, `ends`, or nothing."""
    levels = {} if standing is None else {finding.value: standing}
    judged = [one for one in figures(health, WATCHING, opened=opened, standing=levels) if one.finding is finding]
    return said_of(judged[0]) if judged else NOTHING


def said_of(one: Found | Ended | None) -> str | None:
    return NOTHING if one is None else one.level if isinstance(one, Found) else ENDS


@pytest.mark.parametrize(
    ("battery_v", "standing", "expected"),
    [
        (11.51, None, ENDS),
        (11.5, None, ENDS),
        (11.49, None, "notice"),
        (11.0, None, "notice"),
        (10.99, None, "warning"),
        (11.79, "notice", "notice"),
        (11.81, "notice", ENDS),
        (11.29, "warning", "warning"),
        (11.31, "warning", "notice"),
        (12.6, "warning", ENDS),
        (22.9, None, "notice"),  # two batteries
        (23.1, None, ENDS),
    ],
)
def test_a_battery(battery_v: float, standing: str | None, expected: str | None) -> None:
    health = replace(UNKNOWN, battery_v=battery_v, battery_min_v=battery_v)

    assert said(Finding.BATTERY_LOW, health, standing=standing) == expected


@pytest.mark.parametrize(
    ("offset_s", "standing", "expected"),
    [
        (300.0, None, ENDS),
        (301.0, None, "notice"),
        (-301.0, None, "notice"),
        (601.0, None, "warning"),
        (241.0, "notice", "notice"),
        (239.0, "notice", ENDS),
        (481.0, "warning", "warning"),
        (479.0, "warning", "notice"),
    ],
)
def test_a_clock(offset_s: float, standing: str | None, expected: str | None) -> None:
    assert said(Finding.CLOCK_OFF, replace(UNKNOWN, clock_offset_s=offset_s), standing=standing) == expected


@pytest.mark.parametrize(
    ("door_open", "open_h", "expected"),
    [(True, 4.0, NOTHING), (True, 4.01, "notice"), (False, None, ENDS), (None, None, NOTHING)],
)
def test_a_door(*, door_open: bool | None, open_h: float | None, expected: str | None) -> None:
    opened = None if open_h is None else NOW - round(open_h * HOUR)

    assert said(Finding.DOOR_OPEN, replace(UNKNOWN, door_open=door_open), opened=opened) == expected


@pytest.mark.parametrize(
    ("share", "seen", "standing", "expected"),
    [
        (0.25, 288, None, ENDS),
        (0.26, 288, None, "notice"),
        (0.26, 23, None, NOTHING),
        (0.21, 288, "notice", "notice"),
        (0.19, 288, "notice", ENDS),
        (1.0, 288, None, "notice"),
    ],
)
def test_doubtful_data(share: float, seen: int, standing: str | None, expected: str | None) -> None:
    health = replace(UNKNOWN, suspect_share=share, failed_share=0.0, missing_share=0.0, reports_seen=seen)

    assert said(Finding.DATA_SUSPECT, health, standing=standing) == expected


def test_what_is_not_known_raises_nothing_and_ends_nothing() -> None:
    standing = {finding.value: "notice" for finding in Finding}

    assert figures(UNKNOWN, WATCHING, opened=None, standing=standing) == []


@pytest.mark.parametrize(
    ("free_mb", "standing", "expected"),
    [
        (2_000, None, ENDS),
        (1_999, None, "notice"),
        (499, None, "warning"),
        (2_399, "notice", "notice"),
        (2_401, "notice", ENDS),
        (599, "warning", "warning"),
        (601, "warning", "notice"),
    ],
)
def test_a_disk(free_mb: int, standing: str | None, expected: str | None) -> None:
    disk = Disk(free_mb * MB, 20_000 * MB)

    assert said_of(disk_low(disk, WATCHING.disk, now=NOW, standing=standing)) == expected


def test_a_large_disk_is_low_by_its_share() -> None:
    assert said_of(disk_low(Disk(9_000 * MB, 500_000 * MB), WATCHING.disk, now=NOW, standing=None)) == "notice"


@pytest.mark.parametrize(
    ("waits_min", "standing", "expected"),
    [(30, None, ENDS), (31, None, "notice"), (361, None, "warning"), (25, "notice", "notice"), (23, "notice", ENDS)],
)
def test_a_store(waits_min: int, standing: str | None, expected: str | None) -> None:
    followers = (Follower("log", None), Follower("influx", NOW - waits_min * 60_000, "refused"))

    judged = store_behind(followers, WATCHING.store, now=NOW, standing=standing)

    assert said_of(judged) == expected
    assert not isinstance(judged, Found) or judged.reason.text.startswith("influx is behind")


def test_without_followers_nobody_is_behind() -> None:
    assert store_behind((), WATCHING.store, now=NOW, standing=None) is None
    assert said_of(store_behind((Follower("log", None),), WATCHING.store, now=NOW, standing="notice")) == ENDS


@pytest.mark.parametrize(
    ("alive", "gone_s", "expected"), [(True, None, ENDS), (False, 300, NOTHING), (False, 301, "warning")]
)
def test_an_outbound_process(*, alive: bool, gone_s: int | None, expected: str | None) -> None:
    since = None if gone_s is None else NOW - gone_s * 1_000

    assert said_of(outbound_gone(alive=alive, gone_since=since, settings=WATCHING.outbound, now=NOW)) == expected


@pytest.mark.parametrize(
    ("entries", "standing", "expected"),
    [(50, False, ENDS), (51, False, "notice"), (41, True, "notice"), (40, True, ENDS)],
)
def test_a_quarantine(*, entries: int, standing: bool, expected: str) -> None:
    assert said_of(quarantine_growing(entries, WATCHING.quarantine, now=NOW, standing=standing)) == expected


def test_a_configuration_that_another_one_stands_in_for() -> None:
    on_disk = Refused("people.toml: line 3", "people.toml: line 3: is no TOML")
    refused = configuration_refused(on_disk, WATCHING.configuration, now=NOW)

    assert isinstance(refused, Found)
    assert (refused.finding, refused.scope, refused.level) == (Finding.CONFIGURATION_REFUSED, "service", "warning")
    assert refused.reason.text.startswith("people.toml: line 3: is no TOML. Mend it")
    assert refused.reason.fields["where"] == "people.toml: line 3"
    assert said_of(configuration_refused(Refused(), WATCHING.configuration, now=NOW)) == ENDS
