"""Questions to the journal. Every answer is read in short snapshots, paged by key, by any process."""

import sqlite3
from array import array
from collections.abc import Iterator
from pathlib import Path

from gauge_ingest.core.model import HOUR_MS, Row
from gauge_ingest.journal.alerts import AlertReader
from gauge_ingest.journal.answers import Changes, Quarantined
from gauge_ingest.journal.changes import ROW, ChangeReader
from gauge_ingest.journal.corrections import CorrectionReader
from gauge_ingest.journal.figures import FigureReader
from gauge_ingest.journal.imported import ImportedReader
from gauge_ingest.journal.quality import QualityReader
from gauge_ingest.journal.rain import RainReader
from gauge_ingest.journal.schema import open_reading
from gauge_ingest.journal.silences import SilenceReader
from gauge_ingest.journal.verdicts import Former, former
from gauge_ingest.journal.watch import WatchReader
from gauge_ingest.journal.windows import WindowReader

# A page of one station: so many hours are read at once.
PAGE_HOURS = 96


class Reader:
    """One connection that only asks. The writer uses one on its own connection, other processes on their own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.alerts = AlertReader(connection)
        self.corrections = CorrectionReader(connection)
        self.quality = QualityReader(connection)
        self.rain = RainReader(connection)
        self.silences = SilenceReader(connection)
        self.figures = FigureReader(connection)
        self.watch = WatchReader(connection)
        self.log = ChangeReader(connection)
        self.windows = WindowReader(connection)
        self.imported = ImportedReader(connection)
        self._numbers: dict[str, int] = {}

    @classmethod
    def open(cls, path: Path) -> "Reader":
        """Open a journal for reading; raises JournalUnavailable when there is none."""
        return cls(open_reading(path))

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    # --- places in the log -------------------------------------------------------------------------------------

    def epoch(self) -> str:
        """The journal's epoch: it changes when a journal is restored, and positions of another epoch are void."""
        return str(self._db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])

    def newest_seq(self) -> int:
        """The newest change."""
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0])

    def newest_received_at(self) -> int:
        """When the newest batch was received; 0 in an empty journal."""
        found = self._db.execute("SELECT received_at FROM batch ORDER BY id DESC LIMIT 1").fetchone()
        return int(found[0]) if found else 0

    def changes(self, after: int, *, rows_max: int) -> Changes:
        """What changed after `after`, as it stands now, up to about `rows_max` rows; see ChangeReader.page."""
        return self.log.page(after, self.newest_seq(), rows_max=rows_max)

    def first_accepted_at(self) -> int | None:
        """When the first configuration was accepted; None when nothing has run on this journal."""
        found = self._db.execute("SELECT accepted_at FROM configuration ORDER BY id LIMIT 1").fetchone()
        return int(found[0]) if found else None

    def outdated(self, configuration: str) -> bool:
        """Whether a configuration, named by its digest, was accepted and another one after it."""
        newest = "SELECT max(id) FROM configuration"
        found = self._db.execute(f"SELECT ({newest} WHERE digest = ?) < ({newest})", (configuration,)).fetchone()
        return bool(found[0])

    def oldest_unsent_received_at(self, after: int) -> int | None:
        """When the oldest reading after a change was received: how old the oldest row is that is not copied yet."""
        found = self._db.execute(
            "SELECT body FROM change WHERE kind = 1 AND seq > ? ORDER BY seq LIMIT 1", (after,)
        ).fetchone()
        if found is None:
            return None
        station, since, until = array("q", found[0])[:3]
        oldest = self._db.execute(
            "SELECT received_at FROM reading WHERE hour BETWEEN ? AND ? AND station = ? AND observed_at > ?"
            " AND observed_at <= ? LIMIT 1",
            (since // HOUR_MS, until // HOUR_MS, station, since, until),
        ).fetchone()
        return int(oldest[0]) if oldest else None

    # --- readings ----------------------------------------------------------------------------------------------

    def stations(self) -> list[str]:
        """Every station that the journal has heard of."""
        return [name for (name,) in self._db.execute("SELECT id FROM station ORDER BY id")]

    def number(self, station: str) -> int | None:
        """The journal's number of a station."""
        if station not in self._numbers:
            found = self._db.execute("SELECT n FROM station WHERE id = ?", (station,)).fetchone()
            if found is None:
                return None
            self._numbers[station] = int(found[0])
        return self._numbers[station]

    def rows(self, station: str, *, since: int, until: int) -> Iterator[Row]:
        """Rows of a station with since < observed_at <= until, in order of time and count."""
        number = self.number(station)
        if number is None:
            return
        bounds = self._hours(since, until)
        if bounds is None:
            return
        for hour in range(bounds[0], bounds[1] + 1, PAGE_HOURS):
            page = self._db.execute(
                "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour + 1 FROM h WHERE hour < ?)"
                f" SELECT ?, {ROW} FROM h CROSS JOIN reading r ON r.hour = h.hour"
                " WHERE r.station = ? AND r.observed_at > ? AND r.observed_at <= ? ORDER BY r.observed_at, r.counter",
                (hour, min(hour + PAGE_HOURS - 1, bounds[1]), station, number, since, until),
            ).fetchall()
            yield from map(Row._make, page)

    def mark(self, *, since: int, until: int) -> str:
        """What the rows of all stations with since < observed_at <= until come to: another word when one changes."""
        sums = ", ".join(f"total({name})" for name in ("tips", "tips_min", "tips_max", "step", "flag", "counter"))
        found = self._db.execute(
            f"SELECT count(*), max(received_at), {sums} FROM reading WHERE hour BETWEEN ? AND ?"
            " AND observed_at > ? AND observed_at <= ?",
            ((since + 1) // HOUR_MS, until // HOUR_MS, since, until),
        ).fetchone()
        return " ".join(str(int(one or 0)) for one in found)

    def verdicts(self, station: str, *, since: int, until: int) -> list[Former]:
        """What was said before of readings of a station with since < observed_at <= until; of each the oldest first."""
        number = self.number(station)
        return [] if number is None else former(self._db, number, since=since, until=until)

    def newest(
        self, station: str, *, before: int | None = None, anchor: bool = False, of_any_kind: bool = False
    ) -> Row | None:
        """The newest row of a station that counts (no test, not void), before an instant if one is given.

        `anchor` asks for the newest row that a derivation may begin after; `of_any_kind` for the newest of all.
        """
        number = self.number(station)
        hours = self._db.execute("SELECT (SELECT min(hour) FROM reading), (SELECT max(hour) FROM reading)").fetchone()
        if number is None or hours[0] is None:
            return None
        first = hours[1] if before is None else min(hours[1], (before - 1) // HOUR_MS)
        bound = before if before is not None else 1 << 62
        wanted = "anchor = 1" if anchor else "1" if of_any_kind else "test = 0 AND step <> 6"
        found = self._db.execute(
            "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour - 1 FROM h WHERE hour > ?),"
            " t(at, hour) AS (SELECT (SELECT max(observed_at) FROM reading r WHERE r.hour = h.hour AND r.station = ?"
            f" AND {wanted} AND observed_at < ?), hour FROM h)"
            " SELECT at, hour FROM t WHERE at IS NOT NULL LIMIT 1",
            (first, hours[0], number, bound),
        ).fetchone()
        if found is None:
            return None
        row = self._db.execute(
            f"SELECT ?, {ROW} FROM reading WHERE hour = ? AND station = ? AND observed_at = ? AND {wanted}"
            f" ORDER BY {'claimed_at' if of_any_kind else 'anchor'} DESC, counter DESC LIMIT 1",
            (station, found[1], number, found[0]),
        ).fetchone()
        return Row._make(row)

    def has_mended(self, station: str) -> bool:
        """Whether a clock of this station was ever mended."""
        found = self._db.execute(
            "SELECT 1 FROM reading WHERE station = ? AND claimed_at <> observed_at LIMIT 1", (self.number(station),)
        )
        return found.fetchone() is not None

    def first_observed_at(self, number: int) -> int | None:
        """The first reading of a station, by its number."""
        return self.windows.first_observed_at(number)

    def hours_span(self) -> tuple[int, int] | None:
        """The first and the last hour (since 1970) that hold readings."""
        found = self._db.execute("SELECT (SELECT min(hour) FROM reading), (SELECT max(hour) FROM reading)").fetchone()
        return None if found[0] is None else (int(found[0]), int(found[1]))

    def _hours(self, since: int, until: int) -> tuple[int, int] | None:
        span = self.hours_span()
        if span is None:
            return None
        first, last = max(span[0], (since + 1) // HOUR_MS), min(span[1], until // HOUR_MS)
        return (first, last) if first <= last else None

    # --- quarantine and the rest -------------------------------------------------------------------------------

    def quarantine(self, *, replayed: bool = False) -> list[Quarantined]:
        """What is in quarantine, newest first; what has been replayed already is left out unless asked for."""
        where = "" if replayed else "WHERE replayed_at IS NULL"
        return [Quarantined._make(row) for row in self._db.execute(f"{_QUARANTINED} {where} ORDER BY id DESC")]

    def quarantined(self, quarantine_id: int) -> Quarantined | None:
        """One entry of the quarantine."""
        found = self._db.execute(f"{_QUARANTINED} WHERE id = ?", (quarantine_id,)).fetchone()
        return None if found is None else Quarantined._make(found)

    def quarantine_size(self) -> int:
        """How many entries wait in quarantine."""
        return int(self._db.execute("SELECT count(*) FROM quarantine WHERE replayed_at IS NULL").fetchone()[0])

    def debts(self) -> int:
        """How many spans are still to be derived anew."""
        return int(self._db.execute("SELECT count(*) FROM debt").fetchone()[0])


_QUARANTINED = (
    "SELECT id, received_at, station, topic, reason, payload, size, digest, place, known, traceback, replayed_at"
    " FROM quarantine"
)
