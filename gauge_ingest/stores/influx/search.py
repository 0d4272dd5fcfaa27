"""Finds by halving those lines of a body that a server will not take."""

from collections.abc import Callable, Sequence

from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx.client import Answer
from gauge_ingest.stores.lines import Line

REQUESTS_MAX = 500  # for one batch: one bad line in 10,000 takes 29, about 20 scattered ones take them all
FRUITLESS_MAX = 40  # requests without one that is taken: halving 500,000 lines down to single ones takes 39


class Search:
    """Sends lines in one body, and finds by halving those that the server will not take."""

    def __init__(self, send: Callable[[bytes], Answer | None], lines: Sequence[Line]) -> None:
        self._send, self._lines, self._requests = send, lines, 0
        self.refused: list[tuple[Line, Answer]] = []
        self.taken = False
        self.spent = False  # the requests ran out while some lines were taken and others not

    def run(self) -> None:
        """Afterwards every line is taken or among the refused; or StoreUnavailable."""
        failing = self._failing([self._lines] if self._lines else [])
        while failing:
            part, answer = failing.pop()
            if len(part) == 1 or answer.dropped == len(part):
                self.refused += [(line, answer) for line in part]
            else:  # both halves first, then deeper: one that is taken is met soon, or there is none
                failing += self._failing([part[len(part) // 2 :], part[: len(part) // 2]])
        if self.taken:  # a 500 may have been a moment's weakness
            suspects = [(line, answer) for line, answer in self.refused if answer.status == 500]
            again = self._failing([[line] for line, _ in suspects])
            self.refused = [pair for pair in self.refused if pair[1].status != 500]
            self.refused += [(part[0], answer) for part, answer in again]

    def _failing(self, parts: Sequence[Sequence[Line]]) -> list[tuple[Sequence[Line], Answer]]:
        failing = []
        for part in parts:
            answer = self._send("\n".join([line for line, _ in part]).encode("utf-8", "replace"))
            self._requests += 1
            if answer is None:
                self.taken = True
            elif self._requests >= (REQUESTS_MAX if self.taken else FRUITLESS_MAX):
                self.spent = self.taken
                raise StoreUnavailable(f"InfluxDB refuses too much to find it in {self._requests} requests ({answer})")
            else:
                failing.append((part, answer))
        return failing
