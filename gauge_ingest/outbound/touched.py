"""Which windows of which stations are to be made anew: of each day and station a bit for each of them."""

from array import array
from collections.abc import Iterator, Mapping

from gauge_ingest.core.model import DAY_MS


class Touched:
    """Windows by the day that holds them, 08:00 to 08:00 (that ends at midnight UTC), then by the station's number."""

    def __init__(self, step_ms: int) -> None:
        """`step_ms`: the finest step, of which a day holds a whole number."""
        self._step_ms = step_ms
        self._all = (1 << (DAY_MS // step_ms)) - 1
        self._days: dict[int, dict[int, int]] = {}
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._days)

    def add(self, spans: "array[int]") -> None:
        """Spans of the change log: station number, since, until, and so on."""
        for place in range(0, len(spans), 3):
            self.mark(spans[place], spans[place + 1], spans[place + 2])

    def mark(self, number: int, since: int, until: int) -> None:
        """Every window of a station that holds some of (since, until]."""
        for day in range(-(-(since + 1) // DAY_MS) * DAY_MS, -(-until // DAY_MS) * DAY_MS + 1, DAY_MS):
            stations = self._days.setdefault(day, {})
            before = stations.get(number)
            if before is None:
                self.size += 1
            stations[number] = (before or 0) | self.bits(day, since, until)

    def bits(self, day: int, since: int, until: int) -> int:
        """The windows of a day, named by its end, that hold some of (since, until]."""
        begin = day - DAY_MS
        first = max(0, (since - begin) // self._step_ms)
        last = min((until - begin - 1) // self._step_ms, DAY_MS // self._step_ms - 1)
        return (self._all >> first << first) & ((2 << last) - 1) if last >= first else 0

    def take(self, stations_max: int, *, newest_first: bool) -> tuple[int, dict[int, int]]:
        """Some stations of one day, in order of their numbers, which are then no longer among these."""
        day = max(self._days) if newest_first else min(self._days)
        stations = self._days[day]
        chosen = sorted(stations)[:stations_max]
        taken = {number: stations.pop(number) for number in chosen}
        self.size -= len(taken)
        if not stations:
            del self._days[day]
        return day, taken

    def put_back(self, day: int, taken: Mapping[int, int]) -> None:
        """What was taken is still to be made."""
        stations = self._days.setdefault(day, {})
        for number, bits in taken.items():
            self.size += number not in stations
            stations[number] = stations.get(number, 0) | bits

    def windows(self, bits: int, step_ms: int) -> Iterator[int]:
        """The places, from 0, of the windows of a coarser step of a day that these bits lie in."""
        each = step_ms // self._step_ms
        mask = (1 << each) - 1
        return (place for place in range(DAY_MS // step_ms) if bits >> place * each & mask)
