"""A journal with alerts in it, people, channels that fail as they are told to, and the delivery between them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gauge_ingest.core.levels import Level
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, State
from gauge_ingest.core.people import Address, Person
from gauge_ingest.core.reasons import Reason
from gauge_ingest.journal import Journal
from gauge_ingest.notifiers import Channel, Message, NotifierUnavailable
from gauge_ingest.notifiers.text import sentence
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.delivery import Delivering
from gauge_ingest.outbound.queue import Queue
from gauge_ingest.outbound.workers import Desk, Way
from tests.worlds import T0

RULES = {"flash_flood": ("prepare", "immediate"), "colour": ("blue", "yellow", "orange", "red")}
WITHIN_S = 10.0
ENDS = {EventKind.CLEARED: State.CLEARED, EventKind.WITHDRAWN: State.WITHDRAWN, EventKind.LAPSED: State.LAPSED}


class PlainWriter:
    """A writer of one line for each event, for tests."""

    def message(
        self,
        event: AlertEvent,
        alert: Alert,
        events: Sequence[AlertEvent],
        *,
        person: Person,
        link: str,
        repeated: bool,
        drill: bool,
        beside: Sequence[Alert],
    ) -> Message:
        """One line."""
        assert event in events
        assert all(other.id != alert.id and other.scope == alert.scope for other in beside)
        line = f"#{event.id} {sentence(event, alert, place=event.scope, repeated=repeated)}{link}"
        grade = 4 if event.level == "immediate" else 1
        return Message(event.id, f"{person.id}: {event.kind.value}", line, line[:60], grade, drill)

    def group(self, messages: Sequence[Message], person: Person) -> Message:
        """The lines below each other."""
        text = "\n".join(one.text for one in messages)
        return Message(0, f"{person.id}: {len(messages)}", text, text[:60], max(one.grade for one in messages))


class Line:
    """A channel. `fails`: what the next tries raise (None: taken), then `always`. `told`: what people heard."""

    def __init__(self, name: str, *fails: Exception | None, always: Exception | None = None) -> None:
        self.name = name
        self.fails = list(fails)
        self.always = always
        self.told: list[tuple[str, Message]] = []
        self.told_at: list[float] = []
        self.tries = 0
        self.hangs = threading.Event()
        self.hangs.set()

    def send(self, to: str, message: Message) -> None:
        """Tell, or fail."""
        self.tries += 1
        self.hangs.wait()
        fails = self.fails.pop(0) if self.fails else self.always
        if fails is None or getattr(fails, "perhaps_told", False):
            self.told.append((to, message))
            self.told_at.append(time.monotonic())
        if fails is not None:
            raise fails

    def close(self) -> None:
        """Nothing to let go of."""

    def events(self, to: str | None = None) -> list[tuple[int, bool]]:
        """Each event that somebody heard of, and whether it was marked as a repeat."""
        return [
            (int(line.split()[0][1:]), "REPEATED" in line)
            for address, message in self.told
            if to in (None, address)
            for line in message.text.split("\n")
            if line.startswith("#")
        ]


class World:
    """The journal is written here as the ingest process does; `now` stands still until it is turned."""

    def __init__(self, folder: Path, *people: Person) -> None:
        self.folder = folder
        self.now = T0
        self.journal = Journal(folder / "journal.db")
        self.people = {one.id: one for one in people}
        self.alerts: dict[int, Alert] = {}
        self.event_id = 0
        self.quiet: Callable[[Person, Level, int], int | None] = lambda _person, _level, _at: None
        self.silence: Callable[[AlertEvent], str] = lambda _event: ""
        self.to: Callable[[AlertEvent], Sequence[Person]] = lambda _event: list(self.people.values())
        self.drill = False

    def accept(self) -> None:
        """A configuration is accepted: the service has run on this journal from now on."""
        with self.journal.transaction():
            self.journal.owing.accept_configuration(self.now, digest="d", text="")

    def tell(
        self,
        alert_id: int,
        kind: EventKind | str,
        level: str = "immediate",
        *,
        rule: str = "",
        cause: Reason | None = None,
    ) -> int:
        """Record an event of an alert; its id."""
        kind = EventKind(kind)
        rule = rule or ("flash_flood" if level in RULES["flash_flood"] else "colour")
        state = ENDS.get(kind, State.RAISED)
        ended_at = self.now if kind in ENDS else None
        times = (self.now, self.now, self.now, self.now)
        alert = Alert(alert_id, rule, "HTB01", level, level, state, *times, ended_at, None)
        told = "" if kind in ENDS else level
        event = AlertEvent(
            *(0, alert_id, rule, "HTB01", kind, told, self.now, self.now, self.now),
            late=False,
            unconfirmed=False,
            sent=True,
            evidence=None,
            cause=cause,
        )
        with self.journal.transaction():
            self.journal.save_alerts([alert], [event], 0)
        self.event_id += 1
        return self.event_id

    def delivering(self, *lines: Channel, **settings: Any) -> Delivering:
        """The delivery over these channels; not started."""
        each = {"retry_max_s": 0.05, "dead_after_s": 60.0, "group_s": 0.0, **settings}
        desk = Desk(
            queue=Queue(self.folder / "outbound.db"),
            journal=self.folder / "journal.db",
            people=self.people,
            writer=PlainWriter(),
            held_until=self.quiet,
            link=lambda _person, _event: "",
            now=lambda: self.now,
            drill=self.drill,
        )
        return Delivering(
            desk,
            Positions(self.folder / "outbound.db"),
            [Way(line, **each) for line in lines],
            recipients=lambda event, _events: self.to(event),
            silenced=lambda _reader, event, _events, _level: self.silence(event),
            levels=RULES,
            retry_max_s=0.1,
        )


def person(name: str, *reach: str, language: str = "en") -> Person:
    """A person who is reached at these channels, by the own name."""
    return Person(name, name, language, tuple(Address(channel, name) for channel in reach or ("mail",)))


@contextmanager
def running(one: Delivering) -> Iterator[Delivering]:
    """The delivery with its threads, until the block ends."""
    one.start()
    try:
        yield one
    finally:
        one.stop()
        one.join(5)


def until(true: Callable[[], bool], within_s: float = WITHIN_S) -> bool:
    """Whether it becomes true in time."""
    end_at = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end_at:
            return False
        time.sleep(0.005)
    return True


def rows(folder: Path, question: str) -> list[tuple[Any, ...]]:
    """What outbound.db says."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "outbound.db")) as connection:
        return connection.execute(question).fetchall()


def away(perhaps_told: bool = False) -> NotifierUnavailable:  # noqa: FBT001, FBT002 - a failure in one word
    """A failure that passes."""
    return NotifierUnavailable("it broke" if perhaps_told else "nobody answers", perhaps_told=perhaps_told)
