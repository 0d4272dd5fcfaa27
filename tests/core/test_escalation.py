"""Which steps of a chain are due: in order, once, from the newest rise on, until somebody answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.core.escalation import ahead, began_at, due, escalated
from gauge_ingest.core.model import AlertEvent, EventKind, State
from gauge_ingest.core.people import AFTER_THE_CHAIN, ChainStep, Roster, Shift
from tests.core.roster import alert, event, person, roster
from tests.worlds import HOUR, MINUTE, T0

RAISED = event(1, EventKind.RAISED)
SHORT = (ChainStep(0, ("duty",)), ChainStep(300, ("chen",)), ChainStep(900, ("wang",)))


def test_steps_fall_due_at_their_times_and_the_chain_ends_with_everybody() -> None:
    minutes = {step: (at - T0) / MINUTE for step, at in ahead(alert(), [RAISED], roster(*SHORT))}

    assert minutes == {1: 5, 2: 15, AFTER_THE_CHAIN: 25}
    assert due(alert(), [RAISED], roster(*SHORT), now=T0 + 5 * MINUTE - 1) == ()
    assert due(alert(), [RAISED], roster(*SHORT), now=T0 + 5 * MINUTE) == (1,)


def test_a_chain_whose_last_step_was_everybody_has_no_end_of_its_own() -> None:
    assert [step for step, _ in ahead(alert(), [RAISED], roster())] == [1, 2]
    assert ahead(alert(), [RAISED], roster(ChainStep(0, ("everybody",)))) == []
    assert ahead(alert(), [RAISED], roster(chains={})) == []


def test_the_only_step_of_a_chain_is_followed_by_everybody_after_a_quarter_of_an_hour() -> None:
    assert ahead(alert(), [RAISED], roster(ChainStep(0, ("liu",)))) == [(AFTER_THE_CHAIN, T0 + 15 * MINUTE)]


def test_where_nobody_is_on_duty_everybody_is_told_at_once_and_told_why() -> None:
    empty = roster(*SHORT, shifts=())

    steps = due(alert(), [RAISED], empty, now=T0)
    told = escalated(alert(), [RAISED], empty, steps, now=T0)

    assert steps == (0,)
    assert told.reason == "nobody is on duty: everybody is told"
    assert due(alert(), [RAISED, replace(told, id=2)], empty, now=T0 + MINUTE) == ()


def test_a_comment_is_no_step_of_a_chain() -> None:
    events = [RAISED, event(2, EventKind.COMMENTED)]

    assert due(alert(), events, roster(*SHORT, shifts=()), now=T0) == (0,)


def test_the_number_of_the_step_behind_the_last_is_kept_in_journals() -> None:
    assert AFTER_THE_CHAIN == 99


@pytest.mark.parametrize(
    ("one", "events", "people"),
    [
        (alert(), [RAISED, event(2, EventKind.ACKNOWLEDGED)], roster()),
        (alert(State.CLEARED), [RAISED], roster()),
        (alert(), [replace(RAISED, sent=False)], roster()),
        (alert(), [], roster()),
        (alert(), [RAISED], Roster()),
    ],
)
def test_what_was_answered_has_ended_or_was_never_told_escalates_no_more(
    one: object, events: list[AlertEvent], people: Roster
) -> None:
    assert due(one, events, people, now=T0 + 24 * HOUR) == ()  # type: ignore[arg-type]  # any field, by its name


def test_late_rain_that_was_told_escalates_like_any_other() -> None:
    assert due(alert(), [replace(RAISED, late=True)], roster(), now=T0 + HOUR) == (1, 2)


def test_a_stronger_alert_begins_its_chain_anew_whoever_had_acknowledged() -> None:
    events = [
        RAISED,
        event(2, EventKind.ESCALATED, step=1),
        event(3, EventKind.ACKNOWLEDGED),
        event(4, EventKind.STRENGTHENED, at=T0 + HOUR, level="immediate"),
    ]

    assert ahead(alert(level="immediate"), events, roster())[0] == (1, T0 + HOUR + 5 * MINUTE)


def test_after_a_silence_the_steps_are_counted_from_the_reminder() -> None:
    events = [RAISED, event(2, EventKind.ESCALATED, step=1), event(3, EventKind.REMINDED, at=T0 + 9 * HOUR)]

    assert ahead(alert(), events, roster()) == [(2, T0 + 9 * HOUR + 15 * MINUTE)]


def test_a_step_that_was_taken_late_puts_off_none_of_those_after_it() -> None:
    late = event(2, EventKind.ESCALATED, at=T0 + 12 * MINUTE, step=1)

    assert ahead(alert(), [RAISED, late], roster()) == [(2, T0 + 15 * MINUTE)]
    assert began_at([RAISED, late]) == T0


@pytest.mark.parametrize(("count", "told"), [(8, "are told too"), (9, "and 1 more are told too")])
def test_eight_are_named_and_the_others_counted(count: int, told: str) -> None:
    people = {f"p{number}": person(f"p{number}") for number in range(11)}
    tell = tuple(people)[1 : count + 1]

    made = escalated(alert(), [RAISED], roster(ChainStep(0, ("p0",)), ChainStep(60, tell), people=people), (1,), now=T0)

    names = ", ".join(tell[:8])
    assert made.reason == f"nobody acknowledged within 1 min: {names} {told}"


def test_reasons_say_who_is_told_now_and_why() -> None:
    first = escalated(alert(), [RAISED], roster(*SHORT), (1,), now=T0 + 5 * MINUTE)
    again = roster(ChainStep(0, ("liu", "chen")), ChainStep(90, ("chen",)))
    everybody = escalated(alert(), [RAISED], roster(), (1, 2), now=T0 + HOUR)
    end = escalated(alert(), [RAISED, replace(first, id=2)], roster(*SHORT), (AFTER_THE_CHAIN,), now=T0 + HOUR)
    stopped = escalated(alert(), [RAISED], roster(*SHORT, shifts=()), (0, 1), now=T0 + HOUR)

    assert first.reason == "nobody acknowledged within 5 min: 陈主任 is told too"
    assert escalated(alert(), [RAISED], again, (1,), now=T0).reason == (
        "nobody acknowledged within 1.5 min: 刘伟, 陈主任 are told again"
    )
    assert everybody.reason == "nobody acknowledged within 15 min: everybody is told"
    assert end.reason == "the chain has ended, nobody acknowledged within 25 min: everybody is told"
    assert stopped.reason == "nobody was on duty, nobody acknowledged within 5 min: everybody is told"
    assert (first.kind, first.level, first.step, first.at) == (EventKind.ESCALATED, "prepare", 1, T0 + 5 * MINUTE)
    assert (everybody.step, end.step) == (2, AFTER_THE_CHAIN)


@given(
    st.lists(st.integers(1, 3_600), min_size=1, max_size=5, unique=True).map(sorted),
    st.lists(st.integers(-7_200, 14_400), max_size=30),
    st.sampled_from([(), (Shift(T0 - 100 * HOUR, T0 + 100 * HOUR, ("liu",)),)]),
)
def test_whenever_the_clock_is_looked_at_each_step_is_recorded_once_and_in_order(
    afters: list[int], looks: list[int], shifts: tuple[Shift, ...]
) -> None:
    chain = (ChainStep(0, ("duty",)), *(ChainStep(after_s, ("chen",)) for after_s in afters))
    people = roster(*chain, shifts=shifts)
    events = [RAISED]

    for second in [*looks, 20_000]:
        now = T0 + second * 1000
        steps = due(alert(), events, people, now=now)
        if steps:
            events.append(replace(escalated(alert(), events, people, steps, now=now), id=len(events) + 1))

    taken = [one.step for one in events[1:]]
    assert taken == sorted(set(taken))
    assert taken[-1] == AFTER_THE_CHAIN
    assert due(alert(), events, people, now=T0 + 1000 * HOUR) == ()


def test_whoever_heard_of_the_lower_level_is_not_told_as_if_it_were_new() -> None:
    chain = (ChainStep(0, ("liu",)), ChainStep(300, ("chen",)), ChainStep(900, ("liu", "chen")))
    events = [RAISED, event(2, EventKind.ESCALATED, step=1), event(3, EventKind.STRENGTHENED, at=T0 + HOUR)]

    told = escalated(alert(), events, roster(*chain), (1,), now=T0 + HOUR + 5 * MINUTE)

    assert told.reason == "nobody acknowledged within 5 min: 刘伟, 陈主任 are told again"
