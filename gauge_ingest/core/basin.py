"""A basin's rain as one record: of its stations' ledgers the weighted mean, the highest, or what so many reached."""

from collections.abc import Mapping, Sequence

from gauge_ingest.core.ledger import MEAN_DIGITS, Ledger, Window
from gauge_ingest.core.model import MINUTE_MS, Basin, Over, Rule, Station, Wetness

# A station counts while it was heard within two and a half of its intervals, and at least this long.
THERE_MS = 30 * MINUTE_MS


class BasinRecord:
    """Answers what a ledger answers, as of the instant `now`, which is set before each judgement.

    A station that is not there does not count: its silence is no zero in the mean. What readings that end after `now`
    tell is not looked at, so that an instant is judged alike whenever it is.
    """

    def __init__(
        self, basin: Basin, rule: Rule, stations: Mapping[str, Station], ledgers: Mapping[str, Ledger]
    ) -> None:
        """`ledgers`: of each station of the basin that is configured, shared with whoever fills them."""
        self._over = rule.over
        self._at_least = rule.at_least
        known = [(name, weight) for name, weight in basin.weights if name in ledgers]
        self._names = [name for name, _ in known]
        self._weights = [weight for _, weight in known]
        self._ledgers = [ledgers[name] for name in self._names]
        self._there_ms = [max(THERE_MS, stations[name].gap_after_ms) for name in self._names]
        self._now = 0
        self._last: list[int | None] = []
        self._there: list[int] = []

    def look_from(self, at: int) -> None:
        """Look from an instant; raises Unknowable when memory does not go back so far."""
        self._now = at
        self._last = [ledger.last_at(at) for ledger in self._ledgers]
        heard = [
            place
            for place, (last, there_ms) in enumerate(zip(self._last, self._there_ms, strict=True))
            if last is not None and at - last <= there_ms
        ]
        self._there = heard or list(range(len(self._ledgers)))

    @property
    def first_at(self) -> int | None:
        """Where the record begins: with the first of its stations."""
        return min((ledger.first_at for ledger in self._ledgers if ledger.first_at is not None), default=None)

    def most_um(self, since: int) -> int:
        """No figure of the basin is above this: what the wettest of its stations may have had."""
        return max((ledger.most_um(since) for ledger in self._ledgers), default=0)

    def window(self, *, since: int, until: int) -> Window:
        """Bounds of the basin's rain in (since, until]."""
        windows = [
            self._ledgers[place].window(since=since, until=until, known_until=self._now) for place in self._there
        ]
        if not windows:
            return Window(since, until, 0, 0)
        if self._over is Over.MEAN:
            return self._mean(windows, since, until)
        place = 0 if self._over is Over.MAXIMUM else self._at_least - 1
        if place >= len(windows):  # fewer are there than must reach it: what the others had nobody knows
            return Window(since, until, 0, 0)
        sure = sorted(windows, key=lambda window: window.rain_um_min, reverse=True)[place]
        most_um = sorted((window.rain_um_max for window in windows), reverse=True)[place]
        return Window(since, until, sure.rain_um_min, most_um, sure.doubted_um)

    def wet_at(self, at: int) -> bool:
        """Whether a reading of any station that ends at this very instant may hold rain."""
        return any(ledger.wet_at(at) for ledger in self._ledgers)

    def coverage(self, *, since: int, until: int) -> float:
        """The share of (since, until] that reports speak for, weighted over all stations: who is silent covers less."""
        if not self._weights:
            return 0.0
        shares = [
            0.0 if last is None else ledger.coverage(since=since, until=until, known_until=last)
            for ledger, last in zip(self._ledgers, self._last, strict=True)
        ]
        return sum(map(float.__mul__, shares, self._weights)) / sum(self._weights)

    def peak(self, *, since: int, until: int) -> tuple[int, int, int]:
        """The most that one reading of any station in (since, until] told, and over which span."""
        peaks = [self._ledgers[place].peak(since=since, until=until) for place in self._there]
        return max(peaks, key=lambda peak: (peak[0], -peak[2]), default=(0, since, until))

    def shares(self, *, since: int, until: int) -> tuple[tuple[str, float], ...]:
        """What each station that counts surely had, in mm, the most first."""
        had = [
            (self._names[place], self._ledgers[place].window(since=since, until=until, known_until=self._now))
            for place in self._there
        ]
        return tuple(
            (name, window.rain_um_min / 1000)
            for name, window in sorted(had, key=lambda one: (-one[1].rain_um_min, one[0]))
        )

    @property
    def absent(self) -> tuple[str, ...]:
        """Stations that were not there, and do not count."""
        return tuple(name for place, name in enumerate(self._names) if place not in self._there)

    def antecedent(self, wetness: Wetness, at: int) -> int | None:
        """The weighted mean of the stations' indices; None when any of them does not know enough."""
        known = [self._ledgers[place].antecedent(wetness, at) for place in self._there]
        weights = [self._weights[place] for place in self._there]
        indices = [index for index in known if index is not None]
        if not indices or len(indices) < len(known):
            return None
        return round(sum(map(float.__mul__, map(float, indices), weights)) / sum(weights))

    def _mean(self, windows: Sequence[Window], since: int, until: int) -> Window:
        weights = [self._weights[place] for place in self._there]
        total = sum(weights)
        pairs = list(zip(weights, windows, strict=True))
        return Window(
            since,
            until,
            round(sum(weight * window.rain_um_min for weight, window in pairs) / total, MEAN_DIGITS),
            round(sum(weight * window.rain_um_max for weight, window in pairs) / total, MEAN_DIGITS),
            round(sum(weight * window.doubted_um for weight, window in pairs) / total, MEAN_DIGITS),
        )
