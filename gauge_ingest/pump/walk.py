"""A rule walked along the rows of its scope, up to where nothing that was told can change any more."""

from collections.abc import Iterable, Sequence

from gauge_ingest.core.alerts import IDLE, Standing, advance, lapse
from gauge_ingest.core.model import Alert, Episode, Row, State
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.pump.rulebook import Filling


class Walk:
    """Takes rows in order of time. `episodes` are all that touch the stretch that was walked."""

    def __init__(self, rule: Thresholds, filling: Filling, alerts: Sequence[Alert], *, begin: int, end: int) -> None:
        self._rule = rule
        self._filling = filling
        self._alerts = alerts
        self._begin = begin
        self._end = end
        self.standing: Standing = IDLE
        self.episodes: list[Episode] = []
        self.at = begin
        self.cut = False

    def run(self, instants: Iterable[list[Row]], *, now: int, cut_after: int, instants_max: int) -> None:
        """Walk to the end of the stretch, or to a quiet instant after `cut_after` once `instants_max` are judged."""
        judged = 0
        for rows in instants:
            if not self._filling.take(rows) or rows[0].observed_at < self._begin:
                continue
            self.at = rows[0].observed_at
            self._judge()
            judged += 1
            if self._quiet() and (self.at > self._end or (judged >= instants_max and self.at > cut_after)):
                self.cut = self.at <= self._end
                return
        self._finish(now)

    def stand(self, instants: Iterable[list[Row]]) -> Standing:
        """Walk to the last row there is: where the rule stands then."""
        for rows in instants:
            if self._filling.take(rows) and rows[0].observed_at >= self._begin:
                self.at = rows[0].observed_at
                self._judge()
        return self.standing

    def _judge(self) -> None:
        standing, record = self.standing, self._filling.record
        judgement = self._rule.judge(record, self.at, level=standing.level, why_not=not standing.idle)
        self.standing, episode = advance(standing, judgement, self.at, self._rule)
        if episode is not None:
            self.episodes.append(episode)

    def _quiet(self) -> bool:
        return self.standing.idle and not any(
            alert.rained_since <= self.at and (alert.state is State.RAISED or alert.rained_until > self.at)
            for alert in self._alerts
        )

    def _finish(self, now: int) -> None:
        """The newest row is reached: what still lasts is an episode too."""
        lasting = lapse(self.standing, now=now, thresholds=self._rule) or self.standing.episode
        if lasting is not None:
            self.episodes.append(lasting)
        self.at = 1 << 62
