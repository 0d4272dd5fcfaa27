"""Message numbers of a station: which are missing, in how many gaps, and how often the logger started anew.

Only numbers between the first and the last of one numbering can be missing. A restart begins a new numbering: what
was lost across it nobody knows. Numbers come in any order, several readings share one, and after 2**32 - 1 comes 0.
"""

from bisect import bisect_right

from gauge_ingest.core.model import Row, Step

MODULUS = 1 << 32
# A number so far from the one before is no loss but another numbering.
JUMP_MAX = 100_000
# Without `boot`, numbers that fall to the beginning by more than messages are ever out of order are a restart.
BEGINNING = 1_000
# A station whose numbers have more gaps than this does not count its messages.
RUNS_MAX = 10_000
# Numberings that are kept apart; of older ones only the sums are.
KEPT_MAX = 16
# A boot counter that rises by more than this is another logger's.
BOOTS_MAX = 1_000


class NumberRecord:
    """The numbers of a station's messages, taken in order of observed time."""

    __slots__ = ("_boot", "_boot_max", "_known", "_newest", "_past", "_place", "_runs", "_told", "restarts_told")

    def __init__(self) -> None:
        self._known: dict[int, _Runs] = {}  # numbering (boot, or a number of our own below 0) -> its numbers
        self._runs: _Runs | None = None  # of the numbering at hand
        self._boot: int | None = None
        self._boot_max: int | None = None
        self._newest = self._place = 0  # number last taken, and its place in a count that does not wrap
        self._past = [0, 0, 0]  # gaps, missing and seen of numberings that are no longer kept
        self._told = False
        self.restarts_told = 0

    def take(self, row: Row) -> None:
        """Take the number of one row."""
        number, boot = row.seq, row.boot
        if boot is not None and boot != self._boot:
            self._started(boot)
        elif boot is None and row.step == Step.RESET and row.tips == row.tips_max:
            self.restarts_told += 1  # the count fell; where it only jumped, tips_max is above tips
            self._runs = None
        if number is None or (number == self._newest and self._runs is not None):
            return
        if self._runs is not None and number == self._newest + 1:  # nearly always
            self._newest = number
            self._place += 1
            self._runs.add(self._place)
            return
        self._told = True
        ahead = (number - self._newest + MODULUS // 2) % MODULUS - MODULUS // 2
        if self._runs is None or abs(ahead) > JUMP_MAX:
            self._begin(boot)
            ahead = number - self._place
        elif boot is None and ahead < -BEGINNING and number < BEGINNING:
            self.restarts_told += 1
            self._begin(None)
            ahead = number - self._place
        self._newest = number
        self._place += ahead
        assert self._runs is not None
        self._runs.add(self._place)

    @property
    def restarts(self) -> int | None:
        """How often the logger started anew; None when it numbers neither its messages nor its starts."""
        return self.restarts_told if self._told or self._boot_max is not None else None

    def missing(self) -> tuple[int, int, int] | None:
        """Gaps, messages missing in them, and messages seen; None when messages are not numbered, or not in order."""
        kept = [runs.counted() for runs in self._known.values()]
        gaps, missing, seen = (past + sum(one[part] for one in kept) for part, past in enumerate(self._past))
        return (gaps, missing, seen) if self._told and gaps < RUNS_MAX else None

    def _started(self, boot: int) -> None:
        """Go over to the numbering of a start; reports of two starts may be mixed for a while."""
        before, known = self._boot_max, boot in self._known
        self._boot = boot
        if before is None or (boot > before and boot - before <= BOOTS_MAX):
            self.restarts_told += 0 if before is None else boot - before
            self._boot_max = boot
        elif not known:
            self.restarts_told += 1
            self._boot_max = boot
        self._runs = self._known.get(boot)
        if self._runs is not None:
            self._place = self._runs.last
            self._newest = self._place % MODULUS

    def _begin(self, boot: int | None) -> None:
        """Begin an empty numbering; a number far off within one start puts the numbers before it aside."""
        key = -1 if boot is None else boot
        if key in self._known:
            self._put_aside(key)
        if len(self._known) >= KEPT_MAX:
            self._put_aside(next(iter(self._known)))
        self._runs = self._known[key] = _Runs()
        self._place = 0

    def _put_aside(self, key: int) -> None:
        for part, one in enumerate(self._known.pop(key).counted()):
            self._past[part] += one


class _Runs:
    """Whole numbers as runs without a gap."""

    __slots__ = ("_firsts", "_lasts", "last")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self.last = 0  # added last

    def add(self, number: int) -> None:
        """Add a number; one that is there already changes nothing."""
        firsts, lasts = self._firsts, self._lasts
        self.last = number
        if lasts and number == lasts[-1] + 1:  # nearly always
            lasts[-1] = number
            return
        place = bisect_right(firsts, number)
        if place and number <= lasts[place - 1]:
            return
        joins_before = place > 0 and lasts[place - 1] == number - 1
        joins_after = place < len(firsts) and firsts[place] == number + 1
        if joins_before and joins_after:
            lasts[place - 1] = lasts.pop(place)
            firsts.pop(place)
        elif joins_before:
            lasts[place - 1] = number
        elif joins_after:
            firsts[place] = number
        elif len(firsts) <= RUNS_MAX:
            firsts.insert(place, number)
            lasts.insert(place, number)

    def counted(self) -> tuple[int, int, int]:
        """Gaps, numbers missing in them, numbers there."""
        if not self._firsts:
            return 0, 0, 0
        there = sum(self._lasts) - sum(self._firsts) + len(self._firsts)
        return len(self._firsts) - 1, self._lasts[-1] - self._firsts[0] + 1 - there, there
