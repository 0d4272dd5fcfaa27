"""People who are told of alerts: how each is reached, who is on duty when, whom an event is told to.

Instants are milliseconds since 1970 like everywhere; times of day are minutes after midnight at +08:00 (Beijing).
Whatever is missing or wrong here tells more people, never fewer: in doubt everybody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gauge_ingest.core.levels import Level
from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, AlertEvent, EventKind
from gauge_ingest.core.told import RISES, newest_rise

EVERYBODY = "everybody"  # in a chain: everyone in people.toml
DUTY = "duty"  # in a chain: whoever is on the rota
DEFAULT = "default"  # the chain of levels that have none of their own
AFTER_THE_CHAIN = 99  # the step of an escalation behind the last one of its chain: everybody

_BEIJING_MS = 8 * HOUR_MS
_MONDAY = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a person: a channel of people.toml, and what that channel calls the person."""

    channel: str
    to: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which a person is told of nothing but levels that move people; may pass midnight."""

    since_min: int
    until_min: int


@dataclass(frozen=True, slots=True)
class Person:
    """Who is told. `reach`: the first way is tried first; when it is dead the next one takes over."""

    id: str
    name: str
    language: str  # zh or en
    reach: tuple[Address, ...]
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty over (since, until]."""

    since: int
    until: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weekly:
    """A shift that comes back: on these days of the week (Monday is 0), in every so many weeks.

    `until_min` is greater than 24 * 60 where the shift passes midnight. Weeks begin on Monday and are counted from
    the one of `since_day` (days since 1970 at +08:00); before that day there is no shift.
    """

    days: tuple[int, ...]
    since_min: int
    until_min: int
    people: tuple[str, ...]
    every_weeks: int = 1
    since_day: int = 0


@dataclass(frozen=True, slots=True)
class ChainStep:
    """Whom to tell when nobody has acknowledged for so long; the first step of a chain is at 0."""

    after_s: int
    tell: tuple[str, ...]  # ids of people, DUTY, EVERYBODY


class NotReckoned(Exception):
    """A calendar gives no answer; the words say why. Nobody is on duty then, so that everybody is told."""


def no_shifts(since: int, until: int) -> Sequence[Shift]:
    """The calendar of those who have none."""
    assert since <= until
    return ()


@dataclass(frozen=True, slots=True)
class Roster:
    """people.toml: nobody in it means that nobody is told but through log and MQTT.

    `chains`: by level name; the chain "default" is for levels that have none. On duty is whoever one of `shifts`,
    `weekly` and `calendar` names; `calendar` answers with the shifts that touch a span, always the same ones, or with
    NotReckoned.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    chains: Mapping[str, tuple[ChainStep, ...]] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = ()
    weekly: tuple[Weekly, ...] = ()
    calendar: Callable[[int, int], Sequence[Shift]] = no_shifts


def shifts_between(roster: Roster, since: int, until: int) -> list[Shift]:
    """Every shift that touches (since, until], in order of its beginning; they may overlap.

    None at all where the calendar cannot be reckoned: whom it would have named is not known, so everybody is told.
    """
    try:
        found = [*roster.shifts, *roster.calendar(since, until)]
    except NotReckoned:
        return []
    for weekly in roster.weekly:
        found += _weekly_shifts(weekly, since, until)
    touching = [shift for shift in found if shift.since < until and shift.until > since]
    return sorted(touching, key=lambda shift: (shift.since, shift.until, shift.people))


def on_duty(roster: Roster, at: int) -> tuple[Person, ...]:
    """Who is on duty at an instant; empty when nobody is."""
    ids = dict.fromkeys(name for shift in shifts_between(roster, at - 1, at) for name in shift.people)
    return tuple(roster.people[name] for name in ids if name in roster.people)


def chain_of(roster: Roster, level: str) -> tuple[ChainStep, ...]:
    """The chain of a level: its own, else the default one, else everybody at once."""
    return roster.chains.get(level) or roster.chains.get(DEFAULT) or (ChainStep(0, (EVERYBODY,)),)


def told_by(roster: Roster, steps: Iterable[ChainStep], at: int) -> tuple[Person, ...]:
    """Whom steps of a chain tell at an instant: everybody where the rota is empty or a name is nobody's."""
    ids: dict[str, None] = {}
    for step in steps:
        for name in step.tell:
            found = [person.id for person in on_duty(roster, at)] if name == DUTY else [name]
            if not found or found[0] not in roster.people:
                return tuple(roster.people.values())
            ids |= dict.fromkeys(found)
    return tuple(roster.people[name] for name in ids) or tuple(roster.people.values())


def is_unmanned(roster: Roster, level: str, at: int) -> bool:
    """Whether the first step of a level's chain asks who is on duty at an instant when nobody is: all are told then."""
    return DUTY in chain_of(roster, level)[0].tell and not on_duty(roster, at)


def recipients(
    roster: Roster,
    event: AlertEvent,
    events: Sequence[AlertEvent],
    *,
    levels: Sequence[str] = (),  # noqa: ARG001  of the rule: asked by whoever tells, not by a chain, which goes by name
) -> tuple[Person, ...]:
    """Whom an event is told to; `events` are those of its alert, in order, with or without the event itself.

    What an alert rises with goes to the first step of its chain, an escalation to every step up to its own, a
    reminder to all steps that were taken; and, but for the reminder, to whoever was told of the alert before, so that
    nobody is left with what no longer holds.
    """
    before = [one for one in events if not event.id or one.id < event.id]
    told: dict[str, Person] = {}
    for number, one in enumerate((*before, event)):
        named = _named(roster, one, before[:number])
        if one is event and one.kind is EventKind.REMINDED:
            return named
        told |= {person.id: person for person in named}
    return tuple(told.values()) or tuple(roster.people.values())


def steps_taken(events: Sequence[AlertEvent]) -> int:
    """The highest step that an alert has escalated to since it last rose; -1 before the first."""
    rise = newest_rise(events)
    since = 0 if rise is None else rise.id
    return max((one.step for one in events if one.kind is EventKind.ESCALATED and one.id > since), default=-1)


def held_until(person: Person, level: Level, at: int) -> int | None:
    """When a person's quiet hours end, if an instant lies in them; None outside, and for levels that move people."""
    quiet = person.quiet
    if quiet is None or level.evacuates:
        return None
    midnight = (at + _BEIJING_MS) // DAY_MS * DAY_MS - _BEIJING_MS
    since, until = midnight + quiet.since_min * MINUTE_MS, midnight + quiet.until_min * MINUTE_MS
    if quiet.since_min <= quiet.until_min:
        return until if since <= at < until else None
    if at < until:
        return until
    return until + DAY_MS if at >= since else None


def _named(roster: Roster, event: AlertEvent, before: Sequence[AlertEvent]) -> tuple[Person, ...]:
    """Whom an event names by itself."""
    if event.kind in RISES:
        return told_by(roster, chain_of(roster, event.level)[:1], event.at)
    if event.kind not in (EventKind.ESCALATED, EventKind.REMINDED):
        return ()
    rise = newest_rise(before)
    chain = chain_of(roster, event.level if rise is None else rise.level)
    step = event.step if event.kind is EventKind.ESCALATED else steps_taken(before)
    if event.kind is EventKind.REMINDED and step < 0:
        return told_by(roster, chain[:1], event.at)
    if not 0 < step < len(chain):  # 0: nobody was on duty
        return tuple(roster.people.values())
    return told_by(roster, chain[: step + 1], event.at)


def _weekly_shifts(weekly: Weekly, since: int, until: int) -> Iterator[Shift]:
    """Shifts of a week that may touch a span."""
    first, last = ((at + _BEIJING_MS) // DAY_MS for at in (since, until))
    week_0 = (weekly.since_day + _MONDAY) // 7
    for day in range(max(first - 1, weekly.since_day), last + 1):
        week, weekday = divmod(day + _MONDAY, 7)
        if weekday in weekly.days and (week - week_0) % weekly.every_weeks == 0:
            midnight = day * DAY_MS - _BEIJING_MS
            yield Shift(midnight + weekly.since_min * MINUTE_MS, midnight + weekly.until_min * MINUTE_MS, weekly.people)
