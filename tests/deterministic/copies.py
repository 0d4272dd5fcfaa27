"""Where the service copies to and whom it tells: a table that takes every row once, and a notifier that remembers."""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.model import Alert, AlertEvent, Kind, Row
from gauge_ingest.notifiers import NotifierRejected, NotifierUnavailable
from gauge_ingest.stores import Refused, StoreRejected, StoreUnavailable
from simulator.dice import Dice
from tests.deterministic.fate import Fate, Story

Key = tuple[str, int, int, bool]


def key_of(row: Row) -> Key:
    """What makes two rows one."""
    return row.station, row.observed_at, row.counter, row.kind == Kind.TEST


class Faults(NamedTuple):
    """How often a store or a notifier fails, as shares of the calls, while it is not down altogether."""

    before: float = 0.0
    halfway: float = 0.0
    refuses: float = 0.0


HEALTHY = Faults()


class TableStore:
    """A store in memory. Writing the same rows again changes nothing."""

    name = "table"

    def __init__(self, dice: Dice, story: Story) -> None:
        self.rows: dict[Key, Row] = {}
        self.events: dict[int, AlertEvent] = {}
        self.faults = HEALTHY
        self.down = False
        self.fate: Fate
        self._dice = dice
        self._story = story

    def prepare(self) -> None:
        """Make ready what rows need there."""
        if self.down:
            raise StoreUnavailable("the table is away")

    def identity(self) -> str:
        """There is only one."""
        return "table"

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events."""
        dice, faults = self._dice, self.faults
        if self.down or (faults.before and dice.chance(faults.before)):
            self._story.count("store unavailable")
            raise StoreUnavailable("the table is away")
        self.fate.at("before write")
        half = len(rows) // 2
        refused = self._take(rows[:half])
        if half:
            self.fate.at("half written")
        if faults.halfway and dice.chance(faults.halfway):
            self._story.count("store unavailable after half of the rows")
            raise StoreUnavailable("the table went away")
        refused += self._take(rows[half:])
        self.events.update((event.id, event) for event in events)
        self.fate.at("after write")
        if refused:
            raise StoreRejected([Refused(row, "this point is ill") for row in refused])

    def close(self) -> None:
        """There is nothing to let go of."""

    def _take(self, rows: Sequence[Row]) -> list[Row]:
        refused: list[Row] = []
        for row in rows:
            if self.faults.refuses and self._dice.chance(self.faults.refuses):
                self._story.count("store refuses a row")
                refused.append(row)
            else:
                self.rows[key_of(row)] = row
        return refused


class Told(NamedTuple):
    """What people were told."""

    event: AlertEvent
    repeated: bool


class ListeningNotifier:
    """Remembers everything it was told, also when nobody learns that it was."""

    name = "people"

    def __init__(self, dice: Dice, story: Story) -> None:
        self.told: list[Told] = []
        self.rejected: set[int] = set()
        self.faults = HEALTHY
        self.down = False
        self.fate: Fate
        self._dice = dice
        self._story = story

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:
        """Tell of an event."""
        assert alert.id == event.alert_id, "the event of another alert"
        dice, faults = self._dice, self.faults
        if self.down or (faults.before and dice.chance(faults.before)):
            self._story.count("notifier unavailable")
            raise NotifierUnavailable("nobody answers")
        if faults.refuses and dice.chance(faults.refuses):
            self._story.count("notifier rejects")
            self.rejected.add(event.id)
            raise NotifierRejected("this notice is ill")
        self.fate.at("before send")
        self.told.append(Told(event, repeated))
        self._story.tell(f"told {event.kind} {event.rule} {event.scope} {event.level}{' again' if repeated else ''}")
        self.fate.at("after send")
        if faults.halfway and dice.chance(faults.halfway):
            self._story.count("notifier unavailable after it told")
            raise NotifierUnavailable("the line broke after the notice", perhaps_told=True)

    def close(self) -> None:
        """There is nothing to let go of."""
