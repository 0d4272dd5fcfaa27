"""The calendar job that writes each day's report once, makes up for missed ones, and writes anew what has changed."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from gauge_ingest.core.days import DAY_BEGINS_MIN, day_name, due_at
from gauge_ingest.core.model import DAY_MS, HOUR_MS, Station
from gauge_ingest.journal import JournalUnavailable, OperationalError, Reader
from gauge_ingest.reports.day import day_report
from gauge_ingest.reports.day_document import document
from gauge_ingest.reports.files import ReportFolder

log = logging.getLogger(__name__)

MADE_UP_MAX = 31  # days
REVISED_DAYS = 7  # rain that comes later than this changes the journal, not the report
DONE = "report of day "  # and the instant at which the day ends, in milliseconds


class Remembered(Protocol):
    """What was done, in a file that outlives the process (outbound.positions)."""

    def done_like(self, prefix: str) -> list[str]:
        """The names that begin so of everything that was ever done."""

    def done(self, job: str, at: int) -> None:
        """Something was done."""


class DailyReports:
    """Writes what is due. Each day is remembered by itself, so that no clock can hide one behind another."""

    def __init__(
        self,
        journal: Path,
        folder: ReportFolder,
        stations: Mapping[str, Station],
        remembered: Remembered,
        *,
        names: Mapping[str, str],
        configuration: str,
        keep_days: int,
        now: Callable[[], int],
    ) -> None:
        """`names`: what people call each station and each basin, by its id.

        `configuration`: the digest of the one that the stations are of; with another one rain may be another.
        """
        self._journal = journal
        self._folder = folder
        self._stations = stations
        self._names = names
        self._remembered = remembered
        self._configuration = configuration
        self._keep_days = keep_days
        self._now = now

    def write_due(self) -> bool:
        """Write the reports of days that have none yet; False when it could not be done, and is to be tried again."""
        now, done = self._now(), self._done()
        due = due_at(DAY_BEGINS_MIN, now=now, done=done, most=MADE_UP_MAX)
        if not due:
            return True

        def write(reader: Reader) -> None:
            for until in due:
                if not _had_begun(reader, until):  # its readings may be on their way, and it stays due
                    continue
                revision = self._write(reader, until, now)
                log.info("report written day=%s revision=%d", day_name(until), revision)
                self._remembered.done(f"{DONE}{until}", now)
            self._folder.prune(keep_days=self._keep_days, newest=day_name(due[-1]))

        return self._with_reader(write)

    def write_anew(self) -> bool:
        """Write anew the reports of late whose rain has changed since; False when it could not be done."""
        now = self._now()
        late = [at for at in self._done() if now - REVISED_DAYS * DAY_MS < at <= now]

        def write(reader: Reader) -> None:
            for until in sorted(late):
                before = self._folder.read(day_name(until))
                if before is None or before["mark"] == self._mark(reader, until):
                    continue
                revision = self._write(reader, until, now)
                if revision != before["revision"]:
                    log.info("report written day=%s revision=%d", day_name(until), revision)

        return self._with_reader(write)

    def _done(self) -> list[int]:
        return [int(name.removeprefix(DONE)) for name in self._remembered.done_like(DONE)]

    def _write(self, reader: Reader, until: int, now: int) -> int:
        # Asked first: what comes while the report is made is then seen as a change by the next look.
        mark = self._mark(reader, until)
        made = day_report(reader, self._stations, names=self._names, until=until, now=now)
        return self._folder.write(document(made), mark=mark)

    def _mark(self, reader: Reader, until: int) -> str:
        return f"{self._configuration[:12]} {reader.mark(since=until - DAY_MS, until=until)}"

    def _with_reader(self, write: Callable[[Reader], None]) -> bool:
        try:
            reader = Reader.open(self._journal)
            try:
                write(reader)
            finally:
                reader.close()
        except (JournalUnavailable, OperationalError, OSError) as error:
            log.warning("report not written reason=%s", error)
            return False
        return True


def _had_begun(reader: Reader, until: int) -> bool:
    """Whether the journal had begun when a day ended: before that nobody measured."""
    hours = reader.hours_span()
    return hours is not None and hours[0] * HOUR_MS < until
