"""Levels along observed time to episodes: minimum duration, hysteresis, quiet before a clear, lapse."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gauge_ingest.core.model import Change, Episode, State
from gauge_ingest.core.rules import Judgement, Record, Thresholds


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands at a scope, at the newest instant that was judged."""

    at: int = 0
    level: int = 0
    recent: tuple[tuple[int, int], ...] = ()  # instants and levels reached, as far back as the minimum duration
    falling_since: int | None = None
    falling_to: int = 0
    changes: tuple[Change, ...] = ()

    @property
    def idle(self) -> bool:
        """Nothing is raised and nothing is about to be."""
        return self.level == 0 and not self.recent

    @property
    def episode(self) -> Episode | None:
        """The episode that lasts now."""
        if not self.changes:
            return None
        return Episode(since=self.changes[0].at, until=self.at, changes=self.changes)


IDLE = Standing()


def advance(
    standing: Standing, judgement: Judgement, at: int, thresholds: Thresholds
) -> tuple[Standing, Episode | None]:
    """The standing after one more judged instant, and the episode that ended with it, if one did."""
    rule = thresholds.rule
    lapsed = lapse(standing, now=at, thresholds=thresholds)
    if lapsed is not None:
        renewed, _ = advance(Standing(at=lapsed.until, recent=standing.recent), judgement, at, thresholds)
        return renewed, lapsed
    lasting, recent = _lasting(standing.recent, at, judgement.reached, minimum_ms=rule.minimum_s * 1000)
    level = standing.level
    if lasting > level:
        change = Change(at=at, level=lasting, evidence=judgement.evidence)
        return Standing(at=at, level=lasting, recent=recent, changes=(*standing.changes, change)), None
    if judgement.held >= level or not judgement.covered:
        return Standing(at, level, recent, None, standing.falling_to, standing.changes), None
    return _fall(replace(standing, at=at, recent=recent), judgement, at, quiet_ms=rule.quiet_s * 1000)


def lapse(standing: Standing, *, now: int, thresholds: Thresholds) -> Episode | None:
    """The episode that must lapse because nothing was heard for too long, or None."""
    lapse_ms = thresholds.rule.lapse_s * 1000
    if not standing.changes or now - standing.at <= lapse_ms:
        return None
    at = standing.at + lapse_ms
    evidence = standing.changes[-1].evidence
    changes = (*standing.changes, Change(at=at, level=0, evidence=evidence))
    return Episode(since=changes[0].at, until=at, changes=changes, ended=State.LAPSED)


def walk(
    record: Record, instants: Iterable[int], thresholds: Thresholds, *, start: Standing = IDLE
) -> tuple[Standing, list[Episode]]:
    """Judge instant after instant: the standing after the last of them, and every episode that ended on the way."""
    standing, ended = start, []
    for at in instants:
        judgement = thresholds.judge(record, at, level=standing.level, why_not=not standing.idle)
        standing, episode = advance(standing, judgement, at, thresholds)
        if episode is not None:
            ended.append(episode)
    return standing, ended


def _lasting(
    recent: tuple[tuple[int, int], ...], at: int, reached: int, *, minimum_ms: int
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The level that was reached at every instant of the minimum duration, and the instants that the next may need.

    It looks back to the newest instant that is at least the minimum duration ago and no further, so that a walk that
    begins there finds the same.
    """
    if not minimum_ms:
        return reached, ()
    kept = (*recent, (at, reached))
    begin = max((place for place, (then, _) in enumerate(kept) if then <= at - minimum_ms), default=0)
    kept = kept[begin:]
    lasts = kept[0][0] <= at - minimum_ms
    return min(level for _, level in kept) if lasts else 0, kept if any(level for _, level in kept) else ()


def _fall(standing: Standing, judgement: Judgement, at: int, *, quiet_ms: int) -> tuple[Standing, Episode | None]:
    since = standing.falling_since if standing.falling_since is not None else at
    level = max(standing.falling_to, judgement.held) if standing.falling_since is not None else judgement.held
    if at - since < quiet_ms:
        return replace(standing, falling_since=since, falling_to=level), None
    changes = (
        *standing.changes,
        Change(at=at, level=level, evidence=judgement.evidence or standing.changes[-1].evidence),
    )
    if level:
        return Standing(at=at, level=level, recent=standing.recent, changes=changes), None
    return Standing(at=at, recent=standing.recent), Episode(
        since=changes[0].at, until=at, changes=changes, ended=State.CLEARED
    )
