"""Who is on duty, and whom an event is told to: in doubt everybody, never nobody."""

import time
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.levels import LEVELS, level_of
from gauge_ingest.core.model import DAY_MS, EventKind
from gauge_ingest.core.people import (
    AFTER_THE_CHAIN,
    ChainStep,
    Quiet,
    Roster,
    Shift,
    Weekly,
    held_until,
    on_duty,
    recipients,
    told_by,
)
from gauge_ingest.core.rota import changes, gaps
from gauge_ingest.core.spans import BEIJING, parse_instant
from tests.core.roster import CHAIN, DAY, PEOPLE, event, person, roster
from tests.worlds import HOUR, MINUTE, T0

RAISED, ESCALATED, CLEARED = EventKind.RAISED, EventKind.ESCALATED, EventKind.CLEARED
MONDAY = (date(2026, 7, 6) - date(1970, 1, 1)).days


def ids(people: object) -> list[str]:
    return sorted(one.id for one in people)  # type: ignore[attr-defined]  # known to be there


def at(text: str) -> int:
    return parse_instant(f"2026-07-{text}:00+08:00")


# --- the rota ----------------------------------------------------------------------------------------------------


def test_a_shift_begins_behind_its_first_instant_and_holds_its_last() -> None:
    two = roster(shifts=(Shift(T0 - HOUR, T0, ("liu",)), Shift(T0, T0 + HOUR, ("chen",))))

    assert [ids(on_duty(two, T0 + ms)) for ms in (-HOUR, -1, 0, 1, HOUR, HOUR + 1)] == [
        [],
        ["liu"],
        ["liu"],
        ["chen"],
        ["chen"],
        [],
    ]


def test_a_weekly_shift_that_passes_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    nights = roster(shifts=(), weekly=(Weekly((4,), 20 * 60, 32 * 60, ("liu",)),))  # Fridays 20:00 to 08:00

    on = [text for text in ("10T20:00", "10T20:01", "11T03:00", "11T08:00", "11T08:01", "11T21:00", "10T03:00")
          if on_duty(nights, at(text))]  # fmt: skip

    assert on == ["10T20:01", "11T03:00", "11T08:00"]


def test_of_two_people_who_take_turns_each_has_every_second_week() -> None:
    days = (0, 1, 2, 3, 4, 5, 6)
    turns = roster(
        shifts=(),
        weekly=(
            Weekly(days, 480, 1_920, ("liu",), 2, MONDAY),
            Weekly(days, 480, 1_920, ("chen",), 2, MONDAY + 7),
        ),
    )

    assert [ids(on_duty(turns, at(f"{day:02}T12:00"))) for day in (5, 6, 12, 13, 19, 20, 26)] == [
        [],  # before the first week of both
        ["liu"],
        ["liu"],
        ["chen"],
        ["chen"],
        ["liu"],
        ["liu"],
    ]
    assert ids(on_duty(turns, at("13T07:59"))) == ["liu"]  # Sunday's shift lasts until Monday morning


@settings(max_examples=200, deadline=None)
@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1_439),
    st.integers(1, 1_440),
    st.integers(1, 5),
    st.integers(0, 60 * 24 * 60),
)
def test_weekly_shifts_are_what_a_calendar_of_datetimes_says(
    days: frozenset[int], begin: int, length: int, every: int, minute: int
) -> None:
    """Another way to the same answer: each day of the past is looked at as a date."""
    weekly = Weekly(tuple(sorted(days)), begin, begin + length, ("liu",), every, MONDAY)
    moment = datetime(2026, 7, 1, tzinfo=BEIJING) + timedelta(minutes=minute)

    expected = False
    for back in range(3):
        day = (moment - timedelta(days=back)).date()
        since = datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(minutes=begin)
        week = (day - date(2026, 7, 6)).days // 7
        if day >= date(2026, 7, 6) and day.weekday() in days and week % every == 0:
            expected |= since < moment <= since + timedelta(minutes=length)

    assert bool(on_duty(roster(shifts=(), weekly=(weekly,)), int(moment.timestamp() * 1000))) is expected


def test_gaps_and_changes_of_a_rota_are_found() -> None:
    rota = roster(shifts=(Shift(T0, T0 + HOUR, ("liu",)), Shift(T0 + 2 * HOUR, T0 + 3 * HOUR, ("liu", "chen"))))

    assert gaps(rota, T0 - HOUR, T0 + 4 * HOUR) == [
        (T0 - HOUR, T0),
        (T0 + HOUR, T0 + 2 * HOUR),
        (T0 + 3 * HOUR, T0 + 4 * HOUR),
    ]
    assert [(then - T0, ids(people)) for then, people in changes(rota, T0 - HOUR, T0 + 4 * HOUR)] == [
        (0, ["liu"]),
        (HOUR, []),
        (2 * HOUR, ["chen", "liu"]),
        (3 * HOUR, []),
    ]


# --- whom an event is told to ------------------------------------------------------------------------------------


def test_each_step_tells_its_people_and_whoever_was_told_before() -> None:
    events = [event(1, RAISED), event(2, ESCALATED, step=1), event(3, ESCALATED, step=2), event(4, CLEARED)]

    told = [ids(recipients(roster(), one, events, levels=("prepare",))) for one in events]

    assert told == [["liu"], ["chen", "liu"], ["chen", "liu", "wang"], ["chen", "liu", "wang"]]
    assert ids(recipients(roster(), events[0], [])) == ["liu"]  # the event itself need not be among them


def test_an_end_goes_to_those_who_were_told_and_to_nobody_else() -> None:
    events = [event(1, RAISED), event(2, ESCALATED, step=1), event(3, EventKind.ACKNOWLEDGED), event(4, CLEARED)]

    assert ids(recipients(roster(), events[3], events)) == ["chen", "liu"]
    assert ids(recipients(roster(), events[2], events)) == ["chen", "liu"]


def test_steps_that_were_taken_at_once_tell_everybody_whom_one_of_them_names() -> None:
    chain = (ChainStep(0, ("duty",)), ChainStep(60, ("chen",)), ChainStep(120, ("wang",)))

    assert ids(recipients(roster(*chain), event(2, ESCALATED, step=2), [event(1, RAISED)])) == ["chen", "liu", "wang"]


def test_a_level_has_its_own_chain_and_an_escalation_goes_by_what_the_alert_rose_to() -> None:
    chains = {"immediate": (ChainStep(0, ("chen",)), ChainStep(60, ("wang",))), "default": CHAIN}
    two = roster(chains=chains)
    eased = [event(1, RAISED, level="immediate"), event(2, EventKind.EASED, level="prepare")]

    assert ids(recipients(two, eased[0], [])) == ["chen"]
    assert ids(recipients(two, event(3, ESCALATED, step=1, level="prepare"), eased)) == ["chen", "wang"]
    assert ids(recipients(two, event(1, RAISED, level="prepare"), [])) == ["liu"]


def test_whoever_was_told_of_the_lower_level_is_told_of_the_higher_one() -> None:
    chains = {"immediate": (ChainStep(0, ("wang",)),), "default": CHAIN}
    events = [event(1, RAISED), event(2, EventKind.STRENGTHENED, level="immediate")]

    assert ids(recipients(roster(chains=chains), events[1], events)) == ["liu", "wang"]


def test_a_reminder_goes_to_all_steps_taken_by_the_rota_of_its_own_hour() -> None:
    later = Shift(DAY.until, DAY.until + HOUR, ("wang",))
    events = [event(1, RAISED), event(2, EventKind.REMINDED, at=later.until)]
    taken = [event(1, RAISED), event(2, ESCALATED, step=1), event(3, EventKind.REMINDED, at=later.until)]

    assert ids(recipients(roster(shifts=(DAY, later)), events[1], events)) == ["wang"]
    assert ids(recipients(roster(shifts=(DAY, later)), taken[2], taken)) == ["chen", "wang"]
    nobody = [taken[0], event(2, ESCALATED, step=0), taken[2]]
    assert ids(recipients(roster(shifts=(later,)), nobody[2], nobody)) == ["chen", "liu", "wang"], "everybody was told"


@pytest.mark.parametrize(
    "one",
    [
        roster(shifts=()),
        roster(ChainStep(0, ("duty", "chen")), shifts=()),
        roster(ChainStep(0, ("nobody_known",))),
        roster(ChainStep(0, ())),
        roster(chains={}),
        roster(shifts=(Shift(DAY.since, DAY.until, ("nobody_known",)),)),
    ],
)
def test_where_the_rota_is_empty_or_names_nobody_everybody_is_told(one: Roster) -> None:
    assert ids(recipients(one, event(1, RAISED), [])) == ["chen", "liu", "wang"]


@pytest.mark.parametrize("step", [0, AFTER_THE_CHAIN, 7, -1])
def test_an_escalation_to_a_step_that_the_chain_has_not_goes_to_everybody(step: int) -> None:
    assert ids(recipients(roster(), event(2, ESCALATED, step=step), [event(1, RAISED)])) == ["chen", "liu", "wang"]


def test_an_escalation_to_the_step_behind_a_chain_that_was_made_shorter_goes_to_everybody() -> None:
    shorter = roster(ChainStep(0, ("liu",)), ChainStep(60, ("chen",)))

    told = [ids(recipients(shorter, event(2, ESCALATED, step=step), [event(1, RAISED)])) for step in (1, 2)]

    assert told == [["chen", "liu"], ["chen", "liu", "wang"]]


def test_an_event_of_an_alert_of_which_nobody_was_told_goes_to_everybody() -> None:
    assert ids(recipients(roster(), event(1, CLEARED), [])) == ["chen", "liu", "wang"]


NAMES = st.sampled_from(["liu", "chen", "wang", "duty", "everybody", "ghost"])
TELL = st.lists(NAMES, max_size=4).map(tuple)
CHAINS = st.lists(TELL, min_size=1, max_size=4).map(
    lambda tells: tuple(ChainStep(60 * n, tell) for n, tell in enumerate(tells))
)
SHIFTS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(1, 3), st.lists(st.sampled_from([*PEOPLE, "ghost"]), max_size=2)),
    max_size=3,
).map(lambda found: tuple(Shift(T0 + a * HOUR, T0 + (a + b) * HOUR, tuple(who)) for a, b, who in found))
KINDS = st.lists(
    st.tuples(st.sampled_from(list(EventKind)), st.integers(-1, 5), st.integers(-3, 6), st.sampled_from("ab")),
    max_size=8,
)


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["a", "b", "default"]), CHAINS),
    SHIFTS,
    st.sets(st.sampled_from(sorted(PEOPLE)), min_size=1),
    KINDS,
)
def test_nobody_whom_a_step_names_is_ever_left_out_and_every_event_has_somebody(
    chains: dict[str, tuple[ChainStep, ...]],
    shifts: tuple[Shift, ...],
    there: set[str],
    kinds: list[tuple[EventKind, int, int, str]],
) -> None:
    people = {name: PEOPLE[name] for name in sorted(there)}
    one = Roster(people, chains, shifts)
    events = [
        event(number, kind, at=T0 + hour * HOUR, level=level, step=step)
        for number, (kind, step, hour, level) in enumerate(kinds, 1)
    ]

    told = [{person.id for person in recipients(one, each, events)} for each in events]

    rise = None
    for each, got in zip(events, told, strict=True):
        assert got
        assert got <= people.keys()
        if each.kind in (RAISED, EventKind.STRENGTHENED):
            rise = each
        chain = chains.get((rise or each).level) or chains.get("default")
        taken = 0 if each is rise else each.step if each.kind is ESCALATED else -1
        for step in (chain or ())[: taken + 1]:
            on = set(shift_people(shifts, each.at)) & people.keys()
            named = {
                name
                for tell in step.tell
                for name in (on if tell == "duty" else people if tell == "everybody" else [tell])
            }
            assert named & people.keys() <= got
            if "duty" in step.tell and not on:
                assert got == people.keys()


def shift_people(shifts: tuple[Shift, ...], at_ms: int) -> list[str]:
    return [name for shift in shifts if shift.since < at_ms <= shift.until for name in shift.people]


# --- quiet hours -------------------------------------------------------------------------------------------------


def test_quiet_hours_hold_until_their_end_and_may_pass_midnight() -> None:
    night, noon = person("liu", quiet=Quiet(1_320, 420)), person("liu", quiet=Quiet(720, 840))

    held = [held_until(night, LEVELS["yellow"], at(text)) for text in ("15T21:59", "15T22:00", "16T03:00", "16T07:00")]

    assert held == [None, at("16T07:00"), at("16T07:00"), None]
    assert held_until(noon, LEVELS["yellow"], at("15T12:00")) == at("15T14:00")
    assert held_until(noon, LEVELS["yellow"], at("15T14:00")) is None
    assert held_until(noon, LEVELS["yellow"], at("15T03:00")) is None
    assert held_until(person("liu"), LEVELS["yellow"], at("15T03:00")) is None
    assert held_until(person("liu", quiet=Quiet(180, 180)), LEVELS["yellow"], at("15T03:00")) is None, "of no length"


@given(st.integers(0, 1_439), st.integers(0, 1_439), st.integers(T0, T0 + 3 * DAY_MS), st.sampled_from(sorted(LEVELS)))
def test_quiet_hours_never_hold_what_moves_people_and_nothing_for_longer_than_a_day(
    since: int, until: int, now: int, level: str
) -> None:
    end = held_until(person("liu", quiet=Quiet(since, until)), LEVELS[level], now)

    if LEVELS[level].evacuates:
        assert end is None
    if end is not None:
        assert now < end <= now + DAY_MS
        assert (end // MINUTE + 480) % 1_440 == until


def test_the_highest_level_of_a_rule_with_names_of_its_own_is_never_held() -> None:
    always = person("liu", quiet=Quiet(0, 1_439))

    assert held_until(always, level_of("run", ("look", "run")), at("15T12:00")) is None
    assert held_until(always, level_of("look", ("look", "run")), at("15T12:00")) is not None


def test_told_by_names_each_person_once() -> None:
    assert ids(told_by(roster(), CHAIN[:2], T0)) == ["chen", "liu"]


def test_the_changes_of_as_many_shifts_as_people_toml_may_hold_are_found_at_once() -> None:
    many = tuple(Shift(T0 + number * MINUTE, T0 + (number + 2) * MINUTE, ("liu",)) for number in range(10_000))
    begins = time.process_time()

    found = changes(roster(shifts=many), T0 - MINUTE, T0 + 7 * 24 * HOUR)

    assert [(at, [one.id for one in people]) for at, people in found] == [(T0, ["liu"]), (T0 + 10_001 * MINUTE, [])]
    assert time.process_time() - begins < 2
