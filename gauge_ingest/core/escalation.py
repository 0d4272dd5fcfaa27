"""Escalation: which steps of its chain an alert that nobody acknowledges is due to take, and when the next is.

A chain begins anew with each rise. Its steps are counted from the rise, or from the end of a silence after it. Where
nobody was on duty, everybody is told at once (step 0); where the chain ends without an acknowledgement, everybody is
told once more (step AFTER_THE_CHAIN), as long after the last step as that came after the one before it.
"""

from collections.abc import Sequence
from dataclasses import replace

from gauge_ingest.core.model import SECOND_MS, Alert, AlertEvent, EventKind, State
from gauge_ingest.core.people import (
    AFTER_THE_CHAIN,
    EVERYBODY,
    Person,
    Roster,
    chain_of,
    is_unmanned,
    recipients,
    steps_taken,
)
from gauge_ingest.core.reasons import Value, because
from gauge_ingest.core.told import acknowledgements, first_telling, newest_rise, said

LAST_WAIT_S = 15 * 60  # after the only step of a chain
NOBODY = "nobody_"  # how the kinds of its reasons begin
NAMES_MAX = 8  # in the reason of an event; the others are counted


def began_at(events: Sequence[AlertEvent]) -> int:
    """From when the steps of an alert are counted."""
    first = first_telling(events)
    return 0 if first is None else first.at


def is_for_want_of_duty(event: AlertEvent) -> bool:
    """Whether an event is step 0 of a chain: everybody is told, for nobody was on duty when people were to be told."""
    kind = "" if event.cause is None else event.cause.kind
    return event.kind is EventKind.ESCALATED and event.step == 0 and kind.startswith(NOBODY)


def waits(alert: Alert, events: Sequence[AlertEvent], roster: Roster) -> bool:
    """Whether an alert waits for somebody to acknowledge it: it stands, people were told, nobody has answered."""
    rise = newest_rise(events)
    told = rise is not None and rise.sent and bool(roster.people)
    return told and alert.state is State.RAISED and not acknowledgements(events)


def ahead(
    alert: Alert, events: Sequence[AlertEvent], roster: Roster, *, since: int | None = None
) -> list[tuple[int, int]]:
    """The steps that are not recorded yet, each with the instant at which it is due, in order.

    `since`: from when they are counted, where the clock was set back after the rise.
    """
    rise = newest_rise(events)
    if rise is None or not waits(alert, events, roster):
        return []
    begin = began_at(events)
    counted = begin if since is None else since
    taken = steps_taken(events)
    return [(step, counted + after_s * SECOND_MS) for step, after_s in _steps(roster, rise, begin) if step > taken]


def due(
    alert: Alert, events: Sequence[AlertEvent], roster: Roster, *, now: int, since: int | None = None
) -> tuple[int, ...]:
    """The steps that are due and not recorded yet, in order."""
    return tuple(step for step, at in ahead(alert, events, roster, since=since) if at <= now)


def escalated(
    alert: Alert, events: Sequence[AlertEvent], roster: Roster, steps: Sequence[int], *, now: int
) -> AlertEvent:
    """The event that takes these steps at once: it goes to the highest of them, and to those below it."""
    event = _event(alert, events, max(steps), now)
    told = _told_before(roster, events, now)
    people = recipients(roster, event, events)
    told_now, named = _who(people, [person for person in people if person.id not in told], everybody=len(roster.people))
    why, waited = _why(roster, events, steps)
    cause = because(f"{why}_{told_now}", **waited, **named)
    return replace(event, reason=cause.text, cause=cause)


def _event(alert: Alert, events: Sequence[AlertEvent], step: int, now: int) -> AlertEvent:
    plain = said(alert, events, EventKind.ESCALATED, who="", words="", now=now)
    return replace(plain, step=step)


def _steps(roster: Roster, rise: AlertEvent, at: int) -> list[tuple[int, int]]:
    """Every step after the first, with the seconds after which it is due; `at`: when the first one was told."""
    chain = chain_of(roster, rise.level)
    steps = [(0, 0)] if is_unmanned(roster, rise.level, at) else []
    steps += [(number, step.after_s) for number, step in enumerate(chain) if number]
    if EVERYBODY in chain[-1].tell:
        return steps
    wait_s = chain[-1].after_s - chain[-2].after_s if len(chain) > 1 else LAST_WAIT_S
    return [*steps, (AFTER_THE_CHAIN, chain[-1].after_s + wait_s)]


def _told_before(roster: Roster, events: Sequence[AlertEvent], now: int) -> set[str]:
    """Who has been told of the alert as it stands: whoever a comment would be told to."""
    asked = replace(events[-1], id=0, kind=EventKind.COMMENTED, at=now)
    return {person.id for person in recipients(roster, asked, events)}


def _why(roster: Roster, events: Sequence[AlertEvent], steps: Sequence[int]) -> tuple[str, dict[str, Value]]:
    """The first half of the name of a sentence, and what it is filled with."""
    rise = newest_rise(events)
    assert rise is not None
    last = max(steps)
    if last == 0:
        return "nobody", {}
    after_s = dict(_steps(roster, rise, began_at(events)))[last]
    kind = "ended" if last == AFTER_THE_CHAIN else "waited"
    return f"nobody_{kind}" if 0 in steps else kind, {"waited_min": after_s / 60}


def _who(people: Sequence[Person], fresh: Sequence[Person], *, everybody: int) -> tuple[str, dict[str, Value]]:
    """Who is told now: the other half of the name, and what it is filled with."""
    if len(people) == everybody:
        return "everybody", {}
    named = fresh or people
    how = "too" if fresh else "again"
    names: dict[str, Value] = {"people": [person.name for person in named[:NAMES_MAX]]}
    if len(named) > NAMES_MAX:
        return f"many_{how}", {**names, "more": len(named) - NAMES_MAX}
    return f"{'one' if len(named) == 1 else 'some'}_{how}", names
