"""Where a rule has stood along observed time: what came late is judged again from there, not from its first rain."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from gauge_ingest.core.alerts import IDLE, Standing


class Trail:
    """Every judged instant after which the rule did not rest, and those at which it came to rest."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._standings: list[Standing] = []

    def until(self, at: int) -> Standing:
        """Where the rule stood once an instant had been judged."""
        place = bisect_right(self._at, at)
        return self._standings[place - 1] if place else IDLE

    def add(self, at: int, standing: Standing) -> None:
        """The newest instant has been judged."""
        if not standing.idle or (self._standings and not self._standings[-1].idle):
            self._at.append(at)
            self._standings.append(standing)

    def renew(self, since: int, until: int, judged: Sequence[tuple[int, Standing]]) -> None:
        """All instants of [since, until] have been judged anew."""
        first, last = bisect_left(self._at, since), bisect_right(self._at, until)
        self._at[first:last] = [at for at, _ in judged]
        self._standings[first:last] = [standing for _, standing in judged]
