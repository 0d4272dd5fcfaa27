"""The journal's table of corrections: entries of people, which are never changed."""

import sqlite3

from gauge_ingest.core.corrections import Correction, CorrectionKind, in_force
from gauge_ingest.journal.renewal import Numbers

_ENTRY = (
    "SELECT c.id, c.at, c.who, c.why, c.kind, s.id, c.since, c.until, c.rain_mm, c.undoes"
    " FROM correction c JOIN station s ON s.n = c.station"
)


class CorrectionReader:
    """The part of a reader that knows corrections."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def entries(self, station: str | None = None) -> list[Correction]:
        """Every entry there has been, undone ones too, of a station or of all, in order of their ids."""
        if station is None:
            found = self._db.execute(f"{_ENTRY} ORDER BY c.id")
        else:
            found = self._db.execute(f"{_ENTRY} WHERE s.id = ? ORDER BY c.id", (station,))
        return [_entry(row) for row in found]

    def in_force(self, station: str) -> list[Correction]:
        """The corrections of a station that hold, in order of their ids."""
        return in_force(self.entries(station))

    def one(self, correction_id: int) -> Correction | None:
        """One entry."""
        found = self._db.execute(f"{_ENTRY} WHERE c.id = ?", (correction_id,)).fetchone()
        return None if found is None else _entry(found)

    def next_id(self) -> int:
        """The id that the next entry will have."""
        return Numbers(self._db).next("correction")

    def not_judged(self, number: int) -> list[Correction]:
        """Entries of a station, by its number, since alerts were last brought to agree with all there were."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (_not_judged_key(number),)).fetchone()
        if found is None:
            return []
        entries = self._db.execute(f"{_ENTRY} WHERE c.station = ? AND c.id >= ? ORDER BY c.id", (number, int(found[0])))
        return [_entry(row) for row in entries]


class CorrectionWriter:
    """The part of the writer that enters corrections; used inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def enter(self, number: int, entry: Correction) -> None:
        """Enter a correction of a station, by its number. Its rows and alerts do not follow yet."""
        self._db.execute(
            "INSERT INTO correction (id, at, who, why, kind, station, since, until, rain_mm, undoes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(entry.id, entry.at, entry.who, entry.why, entry.kind.value),
                *(number, entry.since, entry.until, entry.rain_mm, entry.undoes),
            ),
        )
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (_not_judged_key(number), str(entry.id)))

    def judged(self, number: int) -> None:
        """The alerts of a station agree with every correction that was entered."""
        self._db.execute("DELETE FROM meta WHERE key = ?", (_not_judged_key(number),))


def _entry(row: tuple[int, int, str, str, str, str, int, int, float | None, int | None]) -> Correction:
    correction_id, at, who, why, kind, station, since, until, rain_mm, undoes = row
    return Correction(correction_id, at, who, why, CorrectionKind(kind), station, since, until, rain_mm, undoes)


def _not_judged_key(number: int) -> str:
    return f"corrections not judged {number}"
