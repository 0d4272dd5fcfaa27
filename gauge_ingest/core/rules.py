"""Threshold rules over several durations: a ledger and an instant to a level, with the window that decided."""

from dataclasses import dataclass

from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Evidence, Rule


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of one instant: the level reached, the level still held, and why."""

    reached: int
    held: int
    covered: bool
    evidence: Evidence | None


DRY = Judgement(reached=0, held=0, covered=True, evidence=None)


class Thresholds:
    """A rule made ready: windows from the shortest, thresholds as whole micrometres, levels as 1, 2, …"""

    __slots__ = ("_lowest_um", "_marks", "_windows", "reach_ms", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.reach_ms = rule.window_max_s * 1000
        windows: dict[int, list[tuple[int, int, int]]] = {}
        for threshold in rule.thresholds:
            rain_um = round(threshold.rain_mm * 1000)
            level = rule.levels.index(threshold.level) + 1
            windows.setdefault(threshold.window_s, []).append((level, rain_um, round(rain_um * rule.clear_ratio)))
        self._windows = [(window_s * 1000, sorted(windows[window_s], reverse=True)) for window_s in sorted(windows)]
        # Of each window the least rain that matters: less of it neither reaches a level nor holds one.
        self._marks = [(window_ms, min(kept_um for _, _, kept_um in levels)) for window_ms, levels in self._windows]
        self._lowest_um = min(kept_um for _, kept_um in self._marks)

    def judge(self, ledger: Ledger, at: int, *, level: int, why_not: bool = True) -> Judgement:
        """The levels at an instant: reached on the lower bound, held while the upper bound is above the clearing mark.

        `level` is where the rule stands now: coverage is looked at only when there is something to clear.
        `why_not`: whether evidence is wanted even when nothing is reached, as after a storm nothing is for a day.
        """
        if not level and not why_not and not self._near(ledger, at):
            return DRY
        if not level and ledger.window(since=at - self.reach_ms, until=at).rain_um_max < self._lowest_um:
            return DRY
        reached = held = reached_max = 0
        deciding: tuple[bool, int, float, int, int] | None = None
        for window_ms, levels in self._windows:
            window = ledger.window(since=at - window_ms, until=at)
            for number, rain_um, kept_um in levels:
                reaches = window.rain_um_min >= rain_um
                reached = max(reached, number) if reaches else reached
                reached_max = max(reached_max, number) if window.rain_um_max >= rain_um else reached_max
                held = max(held, number) if window.rain_um_max >= kept_um else held
                # The window that reaches the highest level decides; when none reaches one, the one nearest to its own.
                share = window.rain_um_min / rain_um
                candidate = (reaches, number if reaches else 0, share, window_ms, rain_um)
                deciding = candidate if deciding is None or candidate > deciding else deciding
        assert deciding is not None
        covered = not level or held >= level or self._covered(ledger, at)
        evidence = None
        if reached or why_not:
            more = reached_max > reached
            evidence = _evidence(ledger, at, deciding[3], deciding[4], more=more, reached=reached > 0)
        return Judgement(reached, max(held, reached), covered, evidence)

    def _near(self, ledger: Ledger, at: int) -> bool:
        """Whether any window may hold enough for any level. Asked of every wet reading, so it makes no windows."""
        return any(ledger.most_um(at - window_ms) >= kept_um for window_ms, kept_um in self._marks)

    def _covered(self, ledger: Ledger, at: int) -> bool:
        """Whether reports speak for enough of every window, as far back as the station's record goes."""
        begin = ledger.first_at if ledger.first_at is not None else at
        least = self.rule.coverage_min
        return all(
            ledger.coverage(since=max(at - window_ms, begin), until=at) >= least
            for window_ms, _ in self._windows
            if at > begin
        )


def _evidence(ledger: Ledger, at: int, window_ms: int, threshold_um: int, *, more: bool, reached: bool) -> Evidence:
    """Why a level is reached or not. Unconfirmed: `more` may have fallen, or rain in doubt alone reaches it."""
    since = at - window_ms
    window = ledger.window(since=since, until=at)
    return Evidence(
        window_s=window_ms // 1000,
        since=since,
        until=at,
        rain_mm=window.rain_um_min / 1000,
        rain_mm_max=window.rain_um_max / 1000,
        threshold_mm=threshold_um / 1000,
        coverage=round(ledger.coverage(since=since, until=at), 4),
        unconfirmed=more or (reached and window.rain_um_min - window.doubted_um < threshold_um),
        doubted_mm=window.doubted_um / 1000,
    )
