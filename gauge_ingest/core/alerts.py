"""Levels along observed time to episodes: minimum duration, hysteresis, quiet before a clear, lapse."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Change, Episode, State
from gauge_ingest.core.rules import Judgement, Thresholds


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands at a scope, at the newest instant that was judged."""

    at: int = 0
    level: int = 0
    rising_since: int | None = None
    rising_to: int = 0
    falling_since: int | None = None
    falling_to: int = 0
    changes: tuple[Change, ...] = ()

    @property
    def idle(self) -> bool:
        """Nothing is raised and nothing is about to be."""
        return self.level == 0 and self.rising_since is None

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
        renewed, _ = advance(Standing(at=lapsed.until), judgement, at, thresholds)
        return renewed, lapsed
    if judgement.reached > standing.level:
        return _rise(standing, judgement, at, minimum_ms=rule.minimum_s * 1000), None
    if judgement.held >= standing.level or not judgement.covered:
        return replace(standing, at=at, rising_since=None, falling_since=None), None
    return _fall(standing, judgement, at, quiet_ms=rule.quiet_s * 1000)


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
    ledger: Ledger, instants: Iterable[int], thresholds: Thresholds, *, start: Standing = IDLE
) -> tuple[Standing, list[Episode]]:
    """Judge instant after instant: the standing after the last of them, and every episode that ended on the way."""
    standing, ended = start, []
    for at in instants:
        judgement = thresholds.judge(ledger, at, level=standing.level)
        standing, episode = advance(standing, judgement, at, thresholds)
        if episode is not None:
            ended.append(episode)
    return standing, ended


def _rise(standing: Standing, judgement: Judgement, at: int, *, minimum_ms: int) -> Standing:
    since = standing.rising_since if standing.rising_since is not None else at
    level = min(standing.rising_to, judgement.reached) if standing.rising_since is not None else judgement.reached
    if at - since < minimum_ms:
        return replace(standing, at=at, rising_since=since, rising_to=level, falling_since=None)
    change = Change(at=at, level=level, evidence=judgement.evidence)
    return Standing(at=at, level=level, changes=(*standing.changes, change))


def _fall(standing: Standing, judgement: Judgement, at: int, *, quiet_ms: int) -> tuple[Standing, Episode | None]:
    since = standing.falling_since if standing.falling_since is not None else at
    level = max(standing.falling_to, judgement.held) if standing.falling_since is not None else judgement.held
    if at - since < quiet_ms:
        return replace(standing, at=at, rising_since=None, falling_since=since, falling_to=level), None
    changes = (
        *standing.changes,
        Change(at=at, level=level, evidence=judgement.evidence or standing.changes[-1].evidence),
    )
    if level:
        return Standing(at=at, level=level, changes=changes), None
    return Standing(at=at), Episode(since=changes[0].at, until=at, changes=changes, ended=State.CLEARED)
