"""What InfluxDB has of the run's rows, and why it has not the rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from gauge_ingest.account.rain import Unexplained
from gauge_ingest.account.service_side import ServiceSide
from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.core.model import Kind, Row, Step


class CopyStanding(NamedTuple):
    """How far the copy has come."""

    behind_changes: int = 0
    error: str = ""
    refused: frozenset[tuple[str, int]] = frozenset()  # station and instant of rows that were set aside


class Copier(Protocol):
    """InfluxDB, as far as an account asks it; both questions may raise StoreUnavailable."""

    def standing(self) -> CopyStanding:
        """How far the copy has come now."""

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        """Increments that end in (since, until], in order, void ones too."""


class Absent(StrEnum):
    """Why a row is not in InfluxDB as it stands in the journal."""

    BEHIND = "copy_is_behind"
    REFUSED = "refused"
    UNEXPLAINED = "unexplained"


@dataclass(slots=True)
class Copy:
    """Of one station, or of several together."""

    rows: int = 0  # that should be there
    there: int = 0  # as they stand in the journal
    absent: Counter[Absent] = field(default_factory=Counter)
    beyond: int = 0  # points of the run's time of which the journal has no row
    tips: int = 0


def copy_account(
    copier: Copier, standing: CopyStanding, station: str, found: ServiceSide
) -> tuple[Copy, list[Unexplained]]:
    """The points of one station.

    The standing is asked after the journal and before the points: then a row that the copy has passed must be there.
    """
    copy, unexplained = Copy(), list[Unexplained]()
    due = _due([one.row for one in (*found.stored, *found.twice)] + found.strangers)
    if not due:
        return copy, unexplained
    points = copier.rows(station, since=min(due) - 1, until=max(due))
    by_time = {point[1]: point for point in points}
    copy.tips = sum(point[2] for at, point in by_time.items() if at in due)
    copy.beyond = sum(at not in due for at in by_time)
    for at, row in sorted(due.items()):
        copy.rows += 1
        point = by_time.get(at)
        if point == _as_copied(row):
            copy.there += 1
            continue
        why = _why(standing, station, at)
        copy.absent[why] += 1
        if why is Absent.UNEXPLAINED:
            what = "that InfluxDB has not" if point is None else "that InfluxDB has otherwise"
            unexplained.append(Unexplained(station, what, 1, "rows", at, row.counter))
    return copy, unexplained


def _due(rows: Sequence[Row]) -> Mapping[int, Row]:
    """One row for each instant: the one that stands, else a void one. Tests are not copied, nor is what is owed."""
    due: dict[int, Row] = {}
    for row in rows:
        if row.kind == Kind.TEST or row.step == Step.OWED:
            continue
        if row.observed_at not in due or due[row.observed_at].step == Step.VOID:
            due[row.observed_at] = row
    return due


def _as_copied(row: Row) -> StoredIncrement:
    return row.since, row.observed_at, row.tips, row.tips_min, row.tips_max, row.step, row.flag


def _why(standing: CopyStanding, station: str, at: int) -> Absent:
    if (station, at) in standing.refused:
        return Absent.REFUSED
    return Absent.BEHIND if standing.behind_changes else Absent.UNEXPLAINED
