"""Writes down what really happened, for whoever compares it with what arrived."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from simulator.clock import rfc3339
from simulator.wire import Reading
from simulator.world import Happening, RainMinute, Tip


class TruthLog:
    """One JSON object per line, on disk as soon as it happened; without a stream it writes nothing."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""
        if self._stream is None:
            return
        self._stream.write(json.dumps({"event": event, **fields}) + "\n")
        self._stream.flush()

    def happening(self, happening: Happening) -> None:
        """Append a tip or a reading; rain and messages have lines of their own elsewhere."""
        what = happening.what
        if isinstance(what, Tip):
            self.write("tip", station=happening.station, at=rfc3339(what.at, precision="milliseconds"))
        elif isinstance(what, Reading):
            observed_at = rfc3339(what.observed_at)
            self.write("reading", station=happening.station, observed_at=observed_at, count=what.count, kind=what.kind)


def write_rain(path: Path, happenings: Iterable[Happening]) -> None:
    """Write one row per station and minute; minute 1 is the first."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("station", "minute", "fell_mm", "caught_mm", "tips"))
        for happening in happenings:
            rain = happening.what
            if isinstance(rain, RainMinute):
                amounts = (f"{rain.fell_mm:.6f}", f"{rain.caught_mm:.6f}", rain.tips)
                rows.writerow((happening.station, rain.minute, *amounts))


def write_tips(path: Path, happenings: Iterable[Happening]) -> None:
    """Write one row per tip, in the form `quality assess` reads."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("station", "observed_at"))
        for happening in happenings:
            if isinstance(happening.what, Tip):
                rows.writerow((happening.station, rfc3339(happening.at, precision="milliseconds")))
