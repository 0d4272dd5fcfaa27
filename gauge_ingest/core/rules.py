"""Threshold rules over several durations: a record of rain and an instant to a level, with the window that decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from gauge_ingest.core.antecedent import day_of
from gauge_ingest.core.ledger import MEAN_DIGITS, Window
from gauge_ingest.core.model import DAY_MS, UNBOUNDED, Evidence, Rule, Season, Threshold, Wetness

# Marks of one duration, from the highest level down: its number, what reaches it, what holds it; in micrometres.
Levels = Sequence[tuple[int, int, int]]


class Record(Protocol):
    """A station's ledger, or what stands for one at a basin."""

    @property
    def first_at(self) -> int | None:
        """Where the record begins."""

    def look_from(self, at: int) -> None:
        """What is asked from now on is asked as of this instant."""

    def most_um(self, since: int) -> int:
        """What may have fallen at most in increments that ended after an instant."""

    def window(self, *, since: int, until: int) -> Window:
        """Bounds of the rain in (since, until]."""

    def wet_at(self, at: int) -> bool:
        """Whether a reading that ends at this very instant may hold rain."""

    def coverage(self, *, since: int, until: int) -> float:
        """The share of (since, until] that reports speak for."""

    def peak(self, *, since: int, until: int) -> tuple[int, int, int]:
        """The most that one reading told, and over which span."""

    def shares(self, *, since: int, until: int) -> tuple[tuple[str, float], ...]:
        """What each station had, where there are several."""

    @property
    def absent(self) -> tuple[str, ...]:
        """Stations that did not count."""

    def antecedent(self, wetness: Wetness, at: int) -> int | None:
        """The antecedent index in micrometres, None when too little is known."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of one instant: the level reached, the level still held, and why."""

    reached: int
    held: int
    covered: bool
    evidence: Evidence | None


DRY = Judgement(reached=0, held=0, covered=True, evidence=None)


class _Decided(NamedTuple):
    """The window that decides: the highest level that is reached, else the one nearest to its own threshold."""

    reaches: bool
    number: int
    share: float
    window_ms: int
    mark_um: int
    rise: bool


class _Table:
    """Thresholds as whole micrometres: windows from the shortest, levels as 1, 2, … from the highest down."""

    __slots__ = ("lowest_um", "marks", "rises", "season", "sums", "wet_class")

    def __init__(self, rule: Rule, thresholds: Sequence[Threshold], ratio: float, season: str, wet_class: str) -> None:
        self.season = season
        self.wet_class = wet_class
        self.sums = _by_window(rule, thresholds, ratio)
        self.rises = _by_window(rule, rule.rises, ratio)
        # Of each window the least rain that matters: less of it neither reaches a level nor holds one.
        least = [(window_ms, min(kept_um for *_, kept_um in levels)) for window_ms, levels in (*self.sums, *self.rises)]
        self.lowest_um = min(kept_um for _, kept_um in least)
        longest_ms = max(window_ms for window_ms, _ in least)
        self.marks = [(longest_ms, self.lowest_um), *least]  # the first speaks for all: no window holds more


class Thresholds:
    """A rule made ready. Which table of it stands depends on the season and on how wet the ground is."""

    __slots__ = ("_base", "_season_of", "_tables", "moves", "reach_ms", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.reach_ms = rule.window_max_s * 1000
        self.moves = bool(rule.seasons or rule.wetness)  # at 08:00 thresholds may fall by themselves
        wet_classes = rule.wetness.classes if rule.wetness else ()
        named = [(one.name, _merged(one.thresholds, rule.thresholds)) for one in wet_classes]
        wettest = ("wet" if rule.wetness else "", rule.thresholds)
        ratios = [("", 1.0), *((season.name, season.ratio) for season in rule.seasons)]
        self._tables = [
            [_Table(rule, thresholds, ratio, season, name) for name, thresholds in (*named, wettest)]
            for season, ratio in ratios
        ]
        self._base = self._tables[0][-1]
        self._season_of: tuple[int, int] = (-1, 0)  # the day asked for last, and its season's place

    def moves_after(self, at: int) -> int:
        """Up to when thresholds surely stay as they are at an instant."""
        return (day_of(at) + 1) * DAY_MS if self.moves else UNBOUNDED

    def near(self, record: Record, at: int) -> bool:
        """Whether any window may hold enough for any level. Asked of every wet reading, so it makes no windows."""
        table = self._base if not self.moves else self._wettest(at)
        return all(record.most_um(at - window_ms) >= kept_um for window_ms, kept_um in table.marks[:1]) and any(
            record.most_um(at - window_ms) >= kept_um for window_ms, kept_um in table.marks[1:]
        )

    def judge(self, record: Record, at: int, *, level: int, why_not: bool = True) -> Judgement:
        """The levels at an instant: reached on the lower bound, held while the upper bound is above the clearing mark.

        `level` is where the rule stands now: coverage is looked at only when there is something to clear.
        `why_not`: whether evidence is wanted even when nothing is reached, as after a storm nothing is for a day.
        """
        if not level and not why_not and not self.near(record, at):
            return DRY
        record.look_from(at)
        table, index_um = self._table(record, at)
        if not level and record.window(since=at - self.reach_ms, until=at).rain_um_max < table.lowest_um:
            return DRY
        decided, reached, reached_max, held = _levels(table, record, at)
        covered = not level or held >= level or self._covered(record, at, table)
        evidence = None
        if reached or why_not:
            more = reached_max > reached
            evidence = _evidence(record, at, decided, table, index_um, more=more, reached=reached > 0)
        return Judgement(reached, max(held, reached), covered, evidence)

    def _wettest(self, at: int) -> _Table:
        return self._tables[self._season(at)][-1]

    def _table(self, record: Record, at: int) -> tuple[_Table, int | None]:
        """The table that stands, and the antecedent index where the rule asks for it."""
        if not self.moves:
            return self._base, None
        tables, wetness = self._tables[self._season(at)], self.rule.wetness
        if wetness is None:
            return tables[-1], None
        index_um = record.antecedent(wetness, at)
        if index_um is None:
            return tables[-1], None
        places = (place for place, one in enumerate(wetness.classes) if index_um <= one.at_most_mm * 1000)
        return tables[next(places, -1)], index_um

    def _season(self, at: int) -> int:
        """The place of the season's tables; 0 outside every season."""
        day = day_of(at)
        if self._season_of[0] != day:
            self._season_of = day, _season_place(self.rule.seasons, day)
        return self._season_of[1]

    def _covered(self, record: Record, at: int, table: _Table) -> bool:
        """Whether reports speak for enough of every window, as far back as the record goes."""
        begin = record.first_at if record.first_at is not None else at
        least = self.rule.coverage_min
        lengths_ms = [window_ms for window_ms, _ in table.sums] + [2 * window_ms for window_ms, _ in table.rises]
        return all(
            record.coverage(since=max(at - window_ms, begin), until=at) >= least
            for window_ms in lengths_ms
            if at > begin
        )


def _by_window(rule: Rule, thresholds: Sequence[Threshold], ratio: float) -> list[tuple[int, Levels]]:
    windows: dict[int, list[tuple[int, int, int]]] = {}
    for threshold in thresholds:
        rain_um = round(threshold.rain_mm * 1000 * ratio)
        level = rule.levels.index(threshold.level) + 1
        windows.setdefault(threshold.window_s, []).append((level, rain_um, round(rain_um * rule.clear_ratio)))
    return [(window_s * 1000, sorted(windows[window_s], reverse=True)) for window_s in sorted(windows)]


def _merged(given: Sequence[Threshold], floor: Sequence[Threshold]) -> list[Threshold]:
    """The thresholds of a drier class; where it names none, and never below, the rule's own."""
    higher = {(one.window_s, one.level): one for one in given}
    kept = [(one, higher.pop((one.window_s, one.level), one)) for one in floor]
    return [given if given.rain_mm > own.rain_mm else own for own, given in kept] + list(higher.values())


def _season_place(seasons: Sequence[Season], day: int) -> int:
    """Of seasons that meet on a day the one that was written first stands."""
    # 08:00 to 08:00 Beijing time is midnight to midnight UTC: the day is called by its beginning.
    begun = datetime.fromtimestamp(day * DAY_MS / 1000, UTC)
    today = begun.month, begun.day
    for place, season in enumerate(seasons, 1):
        within = season.since <= today <= season.until
        round_the_year = season.since > season.until and (today >= season.since or today <= season.until)
        if within or round_the_year:
            return place
    return 0


def _levels(table: _Table, record: Record, at: int) -> tuple[_Decided, int, int, int]:
    """What decides, and the levels that are reached, may be reached and are held.

    Rain that grows is rain that falls now: a dry reading reaches no rise, though the rain before it may have left.
    """
    reached = held = reached_max = 0
    deciding: tuple[bool, int, float, int, int, bool] | None = None
    for rise, windows in ((False, table.sums), (True, table.rises)):
        for window_ms, levels in windows:
            window = record.window(since=at - window_ms, until=at)
            least_um, most_um = window.rain_um_min, window.rain_um_max
            falls = not rise or record.wet_at(at)
            if rise:
                before = record.window(since=at - 2 * window_ms, until=at - window_ms)
                least_um, most_um = _more_um(window, before)
            for number, rain_um, kept_um in levels:
                reaches = falls and least_um >= rain_um
                if reaches and number > reached:
                    reached = number
                if falls and most_um >= rain_um and number > reached_max:
                    reached_max = number
                if most_um >= kept_um and number > held:
                    held = number
                one = (reaches, number if reaches else 0, least_um / rain_um, window_ms, rain_um, rise)
                if deciding is None or one > deciding:
                    deciding = one
    assert deciding is not None
    return _Decided._make(deciding), reached, reached_max, held


def _more_um(window: Window, before: Window) -> tuple[float, float]:
    """How much more fell in a window than in the one before it, surely and possibly."""
    least_um, most_um = window.rain_um_min - before.rain_um_max, window.rain_um_max - before.rain_um_min
    return round(least_um, MEAN_DIGITS), round(most_um, MEAN_DIGITS)


def _evidence(
    record: Record, at: int, decided: _Decided, table: _Table, index_um: int | None, *, more: bool, reached: bool
) -> Evidence:
    """Why a level is reached or not. Unconfirmed: `more` may have fallen, or rain in doubt alone reaches it."""
    since = at - decided.window_ms
    window = record.window(since=since, until=at)
    least_um, most_um = window.rain_um_min, window.rain_um_max
    if decided.rise:
        least_um, most_um = _more_um(window, record.window(since=since - decided.window_ms, until=since))
    peak_um, peak_since, peak_until = record.peak(since=since, until=at)
    return Evidence(
        window_s=decided.window_ms // 1000,
        since=since,
        until=at,
        rain_mm=least_um / 1000,
        rain_mm_max=most_um / 1000,
        threshold_mm=decided.mark_um / 1000,
        coverage=round(record.coverage(since=since, until=at), 4),
        unconfirmed=more or (reached and least_um - window.doubted_um < decided.mark_um),
        doubted_mm=window.doubted_um / 1000,
        measure="rise" if decided.rise else "sum",
        peak_mm=peak_um / 1000,
        peak_since=peak_since,
        peak_until=peak_until,
        stations=record.shares(since=since, until=at),
        absent=record.absent,
        wetness=table.wet_class,
        wetness_mm=None if index_um is None else index_um / 1000,
        season=table.season,
    )
