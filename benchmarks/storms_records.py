"""Real rain to hold the rules against: the records of tests/records/gauges, or anybody's file, in steps of one length.

Tips are counted by the minute in which they fell. Of the long records the wettest stretches are taken: six days with
the wettest hour in the fifth. A file is `station,observed_at,rain_mm` with the end of each step; all its
stations together are a basin, with areas 1, 2, 3, …
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchmarks.quality_records import AMSTERDAM_TIP_MM, IMHEA_TIP_MM, Mark, amsterdam, imhea, separate_tips

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
STRETCH_DAYS, BEFORE_DAYS = 6, 4


class Step(NamedTuple):
    """What fell at a station in the step that ends at an instant (ms), in whole tips."""

    station: str
    at: int
    tips: int


class Rain(NamedTuple):
    """A record: its steps in order of time, their length, and the rain of one tip."""

    name: str
    steps: Sequence[Step]
    step_ms: int
    bucket_um: int

    @property
    def stations(self) -> list[str]:
        """Whose rain it is, in the order of their names."""
        return sorted({one.station for one in self.steps})

    def areas(self) -> Mapping[str, int]:
        """What each station stands for in the basin of all of them."""
        return {name: number for number, name in enumerate(self.stations, 1)}

    @property
    def rain_mm(self) -> float:
        """All that fell."""
        return sum(one.tips for one in self.steps) * self.bucket_um / 1_000

    @property
    def storms(self) -> int:
        """Stretches of rain at a station without a pause of more than six hours, of at least 5 mm."""
        found = 0
        for name in self.stations:
            wet = [one for one in self.steps if one.station == name and one.tips]
            sums = [0]
            for number, one in enumerate(wet):
                if number and one.at - wet[number - 1].at > 6 * HOUR_MS:
                    sums.append(0)
                sums[-1] += one.tips
            found += sum(tips * self.bucket_um >= 5_000 for tips in sums)
        return found


def committed() -> Iterator[Rain]:
    """The records of the repository."""
    record = amsterdam()
    at = [round(one.timestamp() * 1_000) for one in record.times]
    tips = {
        name: [None if mm is None else round(mm / AMSTERDAM_TIP_MM) for mm in row]
        for name, row in record.rain_mm.items()
    }
    steps = [
        Step(name, at[place], row[place] or 0)
        for place in range(len(at))
        for name, row in tips.items()
        if row[place] is not None
    ]
    yield Rain("amsterdam", steps, 5 * MINUTE_MS, round(AMSTERDAM_TIP_MM * 1_000))
    andes = {
        name.replace("LLO_01_", ""): [round(one.at.timestamp() * 1_000) for one in rows if one.mark is Mark.KEPT]
        for name, rows in imhea().items()
    }
    yield from wettest("imhea", andes, round(IMHEA_TIP_MM * 1_000), count=4)
    yield from wettest("separate", {"S1": [ms for ms, _ in separate_tips()]}, 200, count=2)


def wettest(name: str, tips: Mapping[str, Sequence[int]], bucket_um: int, *, count: int) -> Iterator[Rain]:
    """The stretches with the wettest hours of tips (ms), minute by minute."""
    hours: dict[int, int] = {}
    for at in (at for row in tips.values() for at in row):
        hours[at // HOUR_MS] = hours.get(at // HOUR_MS, 0) + 1
    taken: list[int] = []
    for hour in sorted(hours, key=lambda one: (-hours[one], one)):
        begin = hour * HOUR_MS // DAY_MS * DAY_MS - BEFORE_DAYS * DAY_MS
        if all(abs(begin - other) >= STRETCH_DAYS * DAY_MS for other in taken):
            taken.append(begin)
            yield _minutes(f"{name} {len(taken)}", tips, bucket_um, begin)
        if len(taken) == count:
            return


def read_file(path: Path, *, bucket_mm: float) -> Rain:
    """Anybody's record; a step is the shortest distance between two of its times."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = [
            Step(
                one["station"],
                round(datetime.fromisoformat(one["observed_at"]).timestamp() * 1_000),
                round(float(one["rain_mm"]) / bucket_mm),
            )
            for one in csv.DictReader(text)
        ]
    rows.sort(key=lambda one: (one.at, one.station))
    times = sorted({one.at for one in rows})
    return Rain(path.stem, rows, min(later - at for at, later in pairwise(times)), round(bucket_mm * 1_000))


def within(rain: Rain, since: int, until: int) -> Rain:
    """A part of a record: steps that end in (since, until]."""
    return rain._replace(steps=[one for one in rain.steps if since < one.at <= until])


def _minutes(name: str, tips: Mapping[str, Sequence[int]], bucket_um: int, begin: int) -> Rain:
    counted: dict[tuple[str, int], int] = {}
    for station, row in tips.items():
        for at in row:
            minute = -(-at // MINUTE_MS) * MINUTE_MS  # the end of its minute
            counted[station, minute] = counted.get((station, minute), 0) + 1
    minutes = range(begin + MINUTE_MS, begin + STRETCH_DAYS * DAY_MS + 1, MINUTE_MS)
    steps = [Step(station, at, counted.get((station, at), 0)) for at in minutes for station in tips]
    return Rain(name, steps, MINUTE_MS, bucket_um)
