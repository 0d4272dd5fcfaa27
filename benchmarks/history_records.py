"""Journals of made-up rain for the benchmark of history: a year of five stations, a month of a thousand."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, Deployment, Station
from gauge_ingest.journal import Journal

FIRST_AT = 1_767_225_600_000  # 2026-01-01T08:00:00+08:00
STEP_MS = 5 * MINUTE_MS
DONE = "complete"  # an empty file beside a journal that is whole
SHOWERS_PER_HOUR = 0.008  # with SHOWER_STEPS and TIPS 700 to 800 mm of rain in a year
SHOWER_STEPS, TIPS = (6, 48), (0, 0, 1, 1, 2)
_COLUMNS = (
    "hour, station, observed_at, counter, test, kind, received_at, claimed_at, seq, boot, battery_v, signal_dbm,"
    " temperature_c, door_open, message_id, since, tips, tips_min, tips_max, step, flag, anchor, configuration, checks"
)


class Shape(NamedTuple):
    """How much a journal holds."""

    name: str
    stations: int
    hours: int

    @property
    def rows(self) -> int:
        """Readings, one every five minutes."""
        return self.stations * self.hours * 12


YEAR, MONTH = Shape("year", 5, 8_760), Shape("month", 1_000, 744)
QUICK = (Shape("quick-year", 5, 72), Shape("quick-month", 20, 48))


def stations_of(shape: Shape) -> list[Station]:
    """Its stations."""
    only = (Deployment(0, 0.5, 65_536, 43.75, 86.57, 1_250.0),)
    return [Station(f"S{number:04}", f"S{number:04}", only) for number in range(1, shape.stations + 1)]


def journal_of(shape: Shape, folder: Path, told: Callable[[float], None]) -> Path:
    """The journal of a shape in a folder; made when it is not there, with a word on how far that is."""
    path = folder / shape.name / "journal.db"
    if path.with_name(DONE).exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.iterdir():
        left.unlink()
    Journal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as journal:
        journal.execute("PRAGMA synchronous = off")
        journal.execute("BEGIN")
        names = [(number, one.id) for number, one in enumerate(stations_of(shape), 1)]
        journal.executemany("INSERT INTO station (n, id) VALUES (?, ?)", names)
        places = ", ".join("?" * len(_COLUMNS.split(",")))
        journal.executemany(f"INSERT INTO reading ({_COLUMNS}) VALUES ({places})", _rows(shape, told))  # noqa: S608 - constants
        journal.execute("COMMIT")
        journal.execute("PRAGMA wal_checkpoint(truncate)")
    path.with_name(DONE).touch()
    return path


def _rows(shape: Shape, told: Callable[[float], None]) -> Iterator[tuple[object, ...]]:
    """Readings as the service stores them, hour by hour: each station at its own second, most of them dry."""
    dice = random.Random(shape.rows)
    counters, wet = [0] * shape.stations, [0] * shape.stations
    for hour in range(shape.hours):
        told(hour / shape.hours)
        for place in range(shape.stations):
            if dice.random() < SHOWERS_PER_HOUR:
                wet[place] = dice.randrange(*SHOWER_STEPS)
            for step in range(12):
                at = FIRST_AT + hour * HOUR_MS + step * STEP_MS + place * 7_000 % STEP_MS
                tips = dice.choice(TIPS) if wet[place] else 0
                wet[place] -= bool(wet[place])
                counters[place] = (counters[place] + tips) % 65_536
                head = (at // HOUR_MS, place + 1, at, counters[place], 0, 0, at + 2_000, at, hour * 12 + step, 1)
                message = hour * 12 + step + 1
                yield (*head, 12.6, -87.0, 11.5, 0, message, at - STEP_MS, tips, tips, tips, 1, 1, 1, 1, 0)
