"""A roster for tests, and events of one alert."""

from typing import Any

from gauge_ingest.core.model import Alert, AlertEvent, EventKind, State
from gauge_ingest.core.people import Address, ChainStep, Person, Quiet, Roster, Shift
from tests.worlds import HOUR, T0

REACH = (Address("mail", "somebody@example.org"),)


def person(person_id: str, name: str = "", quiet: Quiet | None = None) -> Person:
    """A person with one way to be reached."""
    return Person(person_id, name or person_id, "zh", REACH, quiet)


PEOPLE = {one.id: one for one in (person("liu", "刘伟"), person("chen", "陈主任"), person("wang", "王伟"))}
CHAIN = (ChainStep(0, ("duty",)), ChainStep(300, ("duty", "chen")), ChainStep(900, ("everybody",)))
DAY = Shift(T0 - 12 * HOUR, T0 + 12 * HOUR, ("liu",))


def roster(*chain: ChainStep, shifts: tuple[Shift, ...] = (DAY,), **changes: Any) -> Roster:
    """Three people, one of them on duty around T0, and a chain for every level."""
    return Roster(**{"people": PEOPLE, "chains": {"default": chain or CHAIN}, "shifts": shifts, **changes})


def event(event_id: int, kind: EventKind, *, at: int = T0, level: str = "prepare", step: int = 0) -> AlertEvent:
    """An event of alert 1."""
    return AlertEvent(event_id, 1, "flash_flood", "HTB01", kind, level, T0, T0, at, False, False, True, None, step=step)


def alert(state: State = State.RAISED, level: str = "prepare") -> Alert:
    """Alert 1, which stands."""
    return Alert(1, "flash_flood", "HTB01", level, level, state, T0, T0, T0, T0, None, None)
