"""The radio link: outages by chance, by rain and by plan, to the millisecond."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import pytest

from simulator.dice import Dice
from simulator.radio import LinkSettings, LinkState, Radio
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS, NEVER, Air

T0 = 1_784_109_600_000  # 2026-07-15 18:00 in Beijing
DRY = Air()


def rain(mm_per_h: float) -> Air:
    return Air(rain_mm=mm_per_h / 60)


def changes(radio: Radio, *, minutes: int, air: Air = DRY) -> Iterator[tuple[int, LinkState]]:
    """Every change of the link, with its instant, for as many minutes of the same weather."""
    for since in range(T0, T0 + minutes * MINUTE_MS, MINUTE_MS):
        radio.minute(since, air)
        while (at := radio.next_change()) <= since + MINUTE_MS:
            yield at, radio.state(at)


def test_a_link_without_faults_is_always_up() -> None:
    radio = Radio(LinkSettings(), Dice(1))

    assert not list(changes(radio, minutes=60, air=rain(100.0)))
    assert radio.next_change() == NEVER
    assert radio.state(T0 + HOUR_MS) == "up"


def test_outages_stay_away_and_last_as_long_as_asked() -> None:
    """Goal: both states last an exponential time of the mean asked for. Method: 500 days, three standard errors."""
    radio = Radio(LinkSettings(good_min=60.0, bad_min=7.0, half_open_share=0.3), Dice(17, "HTB01", "radio"))

    seen = list(changes(radio, minutes=500 * 1440))

    lasting: dict[bool, list[float]] = {True: [], False: []}
    for (since, state), (until, _) in zip([(T0, "up"), *seen], seen, strict=False):
        lasting[state == "up"].append((until - since) / MINUTE_MS)
    for times, mean_min in ((lasting[True], 60.0), (lasting[False], 7.0)):
        assert len(times) > 9000
        mean = sum(times) / len(times)
        spread = math.sqrt(sum((one - mean) ** 2 for one in times) / len(times))
        assert mean == pytest.approx(mean_min, abs=3 * mean_min / math.sqrt(len(times)))
        assert spread / mean == pytest.approx(1.0, abs=3 * math.sqrt(2 / len(times)))
    outages = [state for _, state in seen if state != "up"]
    share = outages.count("half_open") / len(outages)
    assert share == pytest.approx(0.3, abs=3 * math.sqrt(0.3 * 0.7 / len(outages)))


def test_an_outage_begins_and_ends_at_its_millisecond() -> None:
    plain, watched = (Radio(LinkSettings(good_min=5.0, bad_min=5.0), Dice(2)) for _ in range(2))
    states = dict(changes(plain, minutes=60))
    assert len(states) > 5

    state: LinkState = "up"
    for since in range(T0, T0 + HOUR_MS, MINUTE_MS):
        watched.minute(since, DRY)
        for at in (at for at in states if since < at <= since + MINUTE_MS):
            assert watched.state(at - 1) == state
            state = watched.state(at)
            assert state == states[at]


def test_it_does_not_matter_how_often_one_looks() -> None:
    settings = LinkSettings(good_min=20.0, bad_min=5.0, rain_fails_at_mm_per_h=20.0)
    often, seldom = Radio(settings, Dice(3)), Radio(settings, Dice(3))
    states: list[tuple[LinkState, LinkState]] = []

    for minute in range(1440):
        since = T0 + minute * MINUTE_MS
        air = rain(30.0 if minute % 300 < 60 else 0.0)
        often.minute(since, air)
        seldom.minute(since, air)
        for at in range(since, since + MINUTE_MS, 5000):
            often.state(at)
        if minute % 60 == 59:
            states.append((often.state(since + MINUTE_MS), seldom.state(since + MINUTE_MS)))

    assert all(one == other for one, other in states)
    assert len({one for one, _ in states}) > 1


@pytest.mark.parametrize("mm_per_h", [30.0, 60.0, 150.0])
def test_the_harder_it_rains_the_sooner_the_link_dies(mm_per_h: float) -> None:
    """Goal: a chance per minute in proportion to the rain. Method: the first minutes of 2,000 links."""
    settings = LinkSettings(rain_fails_at_mm_per_h=30.0, rain_fails_per_min=0.1)
    died = 0

    for number in range(2000):
        radio = Radio(settings, Dice(number, "radio"))
        radio.minute(T0, rain(mm_per_h))
        at = radio.next_change()
        if at != NEVER:
            died += 1
            assert T0 < at <= T0 + MINUTE_MS
            assert radio.state(at) == "down"

    share = 0.1 * mm_per_h / 30.0
    assert died / 2000 == pytest.approx(share, abs=3 * math.sqrt(share * (1 - share) / 2000))


def test_lighter_rain_kills_no_link() -> None:
    radio = Radio(LinkSettings(rain_fails_at_mm_per_h=30.0, rain_fails_per_min=1.0), Dice(1))

    assert not list(changes(radio, minutes=1440, air=rain(29.9)))


def test_a_link_that_rain_has_killed_waits_for_lighter_rain() -> None:
    settings = LinkSettings(rain_fails_at_mm_per_h=30.0, rain_fails_per_min=1.0, rain_returns_per_min=0.25)
    waits: list[int] = []

    for number in range(1000):
        radio = Radio(settings, Dice(number, "radio"))
        assert [state for _, state in changes(radio, minutes=60, air=rain(40.0))] == ["down"]
        waited = 0
        while radio.next_change() == NEVER:
            radio.minute(T0 + HOUR_MS + waited * MINUTE_MS, rain(5.0))
            waited += 1
        assert radio.state(radio.next_change()) == "up"
        waits.append(waited)

    # A geometric number of minutes with the mean 4 and the standard deviation sqrt(12).
    assert sum(waits) / 1000 == pytest.approx(4.0, abs=3 * math.sqrt(12 / 1000))


def test_a_planned_outage_lasts_from_its_begin_up_to_its_end() -> None:
    radio = Radio(LinkSettings(), Dice(1))
    radio.hold_down(T0 + 500, T0 + 700)

    assert radio.next_change() == T0 + 500
    assert [radio.state(T0 + at) for at in (499, 500, 699, 700)] == ["up", "down", "down", "up"]
    assert radio.next_change() == NEVER


def test_of_outages_that_overlap_the_worst_counts() -> None:
    radio = Radio(LinkSettings(), Dice(1))
    radio.hold_down(T0 + 100, T0 + 400, half_open=True)
    radio.hold_down(T0 + 200, T0 + 300)
    radio.hold_down(T0 + 250, T0 + 500, half_open=True)

    states = [radio.state(T0 + at) for at in (100, 200, 250, 300, 400, 500)]
    assert states == ["half_open", "down", "down", "half_open", "half_open", "up"]


def test_an_outage_that_begins_now_is_noticed_even_by_who_has_just_looked() -> None:
    radio = Radio(LinkSettings(), Dice(1))

    assert radio.state(T0) == "up"
    radio.hold_down(T0, NEVER)

    assert radio.next_change() == T0
    assert radio.state(T0) == "down"
    assert radio.next_change() == NEVER


def test_a_healed_link_stays_up() -> None:
    settings = LinkSettings(good_min=1.0, bad_min=60.0, rain_fails_at_mm_per_h=1.0, rain_fails_per_min=1.0)
    radio = Radio(settings, Dice(1))
    radio.hold_down(T0, NEVER, half_open=True)
    radio.hold_down(T0 + DAY_MS, NEVER)
    assert list(changes(radio, minutes=60, air=rain(10.0)))
    assert radio.state(T0 + HOUR_MS) != "up"

    radio.heal()

    assert radio.next_change() == T0 + HOUR_MS, "whoever has just looked has to look again"
    assert radio.state(T0 + HOUR_MS) == "up"
    assert not list(changes(radio, minutes=1440, air=rain(100.0)))
    assert radio.state(T0 + 2 * DAY_MS) == "up"


def test_a_least_pause_above_the_longest_is_refused() -> None:
    with pytest.raises(ValueError, match="retry_min_s = 500: must not be above retry_max_s = 120"):
        LinkSettings(retry_min_s=500.0)
    with pytest.raises(ValueError, match="wake_min_s = 2: must not be above wake_max_s = 1"):
        LinkSettings(wake_min_s=2.0, wake_max_s=1.0)


def test_the_same_seed_gives_the_same_outages_everywhere() -> None:
    """Goal: byte for byte the same on every machine and Python. Method: a digest, computed once and for all."""
    settings = LinkSettings(good_min=45.0, bad_min=10.0, half_open_share=0.4, rain_fails_at_mm_per_h=20.0)
    radio, digest = Radio(settings, Dice(17, "HTB01", "radio")), hashlib.sha256()

    for minute in range(10 * 1440):
        since = T0 + minute * MINUTE_MS
        radio.minute(since, rain(minute % 97 * 0.5))
        while (at := radio.next_change()) <= since + MINUTE_MS:
            digest.update(f"{at} {radio.state(at)}\n".encode())

    assert digest.hexdigest() == "1f5428cffbb4d5a1192c279cb1c7ce1a078487bdf9c71296e94bc1f9e7fede57"
