"""Stores in memory that followers copy to, with the faults that a test gives them."""

from collections.abc import Callable, Sequence

from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import DAY_MS, HOUR_MS, AlertEvent, Kind, Row, Step
from gauge_ingest.stores import Total


def _nothing() -> None:
    """No fault."""


class Shelf:
    """What all of them have: a name, an identity that a test may change, and a fault that may be raised."""

    def __init__(self) -> None:
        self.name = "shelf"
        self.known_by = "first"
        self.fault: Callable[[], None] = _nothing
        self.prepared = 0

    def prepare(self) -> None:
        """Make ready."""
        self.fault()
        self.prepared += 1

    def identity(self) -> str:
        """What it is known by."""
        return self.known_by

    def close(self) -> None:
        """Nothing to let go of."""


class RowShelf(Shelf):
    """Keeps rows as InfluxDB does: of one station and instant the standing one, and every batch that was written."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[tuple[str, int], Row] = {}
        self.events: dict[int, AlertEvent] = {}
        self.batches: list[list[Row]] = []

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events."""
        self.fault()
        self.batches.append(list(rows))
        for row in sorted(rows, key=lambda one: one.step != Step.VOID):
            if row.kind != Kind.TEST:
                self.rows[row.station, row.observed_at] = row
        self.events.update((event.id, event) for event in events)


class WindowShelf(Shelf):
    """Keeps windows, and how many were written each time."""

    def __init__(self, *steps_ms: int) -> None:
        super().__init__()
        self.steps_ms = steps_ms or (HOUR_MS, DAY_MS)
        self.settles = False
        self.windows: dict[tuple[str, int, int], Fixed] = {}
        self.batches: list[list[Total]] = []

    def write(self, totals: Sequence[Total]) -> None:
        """Copy windows."""
        self.fault()
        self.batches.append(list(totals))
        self.windows.update(((one.station, one.step_ms, one.window.until), one.window) for one in totals)
