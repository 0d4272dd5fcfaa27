"""Stores: places that rows and alert events are copied to. One module each, all behind one protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import AlertEvent, Row


class Total(NamedTuple):
    """The rain of one station in one window of a step."""

    station: str
    step_ms: int
    window: Fixed


@dataclass(frozen=True, slots=True)
class Refused:
    """A row, an event or a total that a store will never take as it is, and the store's own words."""

    item: Row | AlertEvent | Total
    reason: str


class StoreUnavailable(Exception):
    """The store cannot take anything now. Nothing is lost: the same rows are offered again."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class StoreRejected(Exception):
    """The store has taken all of a batch but these."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        super().__init__(f"{len(refused)} refused, the first: {refused[0].reason}")
        self.refused = tuple(refused)


class Store(Protocol):
    """Somewhere else to keep rows. Writing the same rows again changes nothing."""

    @property
    def name(self) -> str:
        """What its position is remembered under."""

    def prepare(self) -> None:
        """Make ready what rows need there; raises StoreUnavailable with a sentence that says what to mend."""

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events; raises StoreUnavailable or StoreRejected (the rest is there)."""

    def close(self) -> None:
        """Let go of connections."""


class WindowStore(Protocol):
    """Somewhere else to keep the rain of fixed windows. Writing the same windows again changes nothing."""

    @property
    def name(self) -> str:
        """What its position is remembered under."""

    @property
    def steps_ms(self) -> tuple[int, ...]:
        """Which steps it wants, in milliseconds."""

    def prepare(self) -> None:
        """Make ready what windows need there; raises StoreUnavailable with a sentence that says what to mend."""

    def write(self, totals: Sequence[Total]) -> None:
        """Write windows, changed ones again; raises StoreUnavailable or StoreRejected (the rest is there)."""

    def close(self) -> None:
        """Let go of connections."""
