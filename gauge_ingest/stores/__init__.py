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


Item = Row | AlertEvent | Total


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that a store will never take as it is, and the store's own words."""

    item: Item
    reason: str


class StoreUnavailable(Exception):
    """The store cannot take anything now. Nothing is lost: the same rows are offered again."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class StoreGone(StoreUnavailable):
    """What was copied to is not there: once it is there again it may be empty, and everything is to be copied anew."""


class StoreRejected(Exception):
    """The store has taken all of a batch but these."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        super().__init__(f"{len(refused)} refused, the first: {refused[0].reason}")
        self.refused = tuple(refused)


class Kept(Protocol):
    """What every store is to whoever follows the journal for it."""

    @property
    def name(self) -> str:
        """What its position is remembered under."""

    def prepare(self) -> None:
        """Make ready what is needed there; raises StoreUnavailable with a sentence that says what to mend."""

    def identity(self) -> str:
        """What tells this store from another that took its place under the same name; empty where nobody can say."""

    def close(self) -> None:
        """Let go of connections."""


class Store(Kept, Protocol):
    """Somewhere else to keep rows. Writing the same rows again changes nothing."""

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events; raises StoreUnavailable or StoreRejected (the rest is there)."""


class WindowStore(Kept, Protocol):
    """Somewhere else to keep the rain of fixed windows. A window that changed is written again, in any order."""

    @property
    def steps_ms(self) -> tuple[int, ...]:
        """Which steps it wants, in milliseconds."""

    @property
    def settles(self) -> bool:
        """Whether windows wait there, in memory, for their end.

        Then it is given the newest ones again after a start, and nothing at all from time to time.
        """

    def write(self, totals: Sequence[Total]) -> None:
        """Copy windows; raises StoreUnavailable or StoreRejected (the rest is there)."""
