"""The kinds of history by their names, and one question for all of them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.core.fixed import STEPS_MS, Ended, Fixed
from gauge_ingest.core.model import Station
from gauge_ingest.core.storms import DRY_GAP_S, Storm
from gauge_ingest.history.documents import OF_MAXIMUM, OF_RAW, OF_STORM, WHAT
from gauge_ingest.history.events import Largest, largest, storms
from gauge_ingest.history.sources import Source
from gauge_ingest.history.steps import between, fixed_steps, increments, months

Rain = Sequence[Ended] | Sequence[Fixed] | Sequence[Storm] | Sequence[Largest]


class Every(StrEnum):
    """Kinds of history."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"
    MONTH = "month"
    STORM = "storm"
    MAXIMA = "maxima"

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of its rows, in order."""
        more = {Every.RAW: OF_RAW, Every.STORM: OF_STORM, Every.MAXIMA: OF_MAXIMUM}
        return WHAT + more.get(self, ())

    @property
    def is_windows(self) -> bool:
        """Whether its rows are windows one next to the other, which a picture can show."""
        return self in STEPS_MS or self is Every.MONTH


class Question(NamedTuple):
    """What is asked of a station: rain of (since, until], in ms; `dry_gap_s` parts storms."""

    every: Every
    since: int
    until: int
    dry_gap_s: int = DRY_GAP_S

    def of(self, source: Source, station: Station) -> Rain:
        """The answer; or TooManyWindows."""
        since, until = self.since, self.until
        match self.every:
            case Every.RAW:
                return increments(source, station, since=since, until=until)
            case Every.MONTH:
                return months(source, station, since=since, until=until)
            case Every.STORM:
                return storms(source, station, since=since, until=until, dry_gap_s=self.dry_gap_s)
            case Every.MAXIMA:
                return largest(source, station, since=since, until=until)
            case _:
                return fixed_steps(source, station, since=since, until=until, step_ms=STEPS_MS[self.every])

    def whole(self, source: Source, station: Station) -> Fixed:
        """All of the span as one window: whether there were reports where storms and maxima say nothing."""
        return between(source, station, (self.since, self.until))[0]


def rows_expected(question: Question, station: Station) -> int:
    """About how many rows an answer has; of storms and maxima there are never many."""
    length_ms = question.until - question.since
    if question.every is Every.RAW:
        return length_ms // (station.report_every_s * 1_000) + 1
    return length_ms // STEPS_MS[question.every] + 1 if question.every in STEPS_MS else 1
