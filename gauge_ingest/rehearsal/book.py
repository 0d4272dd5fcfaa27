"""What people would have been told under the rules of one file: alerts and their events."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from gauge_ingest.core.model import Alert, AlertEvent, Episode, Rule, State
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.told import Knowing, tell


class Book:
    """Starts empty; `tell` is its only entry."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [Thresholds(rule) for rule in rules if rule.thresholds or rule.rises]
        self.alerts: dict[int, Alert] = {}
        self.events: dict[int, list[AlertEvent]] = {}
        self._of: dict[tuple[str, str], list[int]] = {}
        self._event_ids = count(1)

    def overlapping(self, rule: str, scope: str, *, since: int, until: int) -> list[Alert]:
        """Alerts of a rule at a scope that are not withdrawn and stand somewhere in [since, until], oldest first."""
        known = self._of.get((rule, scope))
        if known is None:
            return []
        standing = [
            alert
            for alert in map(self.alerts.__getitem__, reversed(known))
            if alert.state is not State.WITHDRAWN
            and alert.rained_since <= until
            and (alert.state is State.RAISED or alert.rained_until >= since)
        ]
        return sorted(standing, key=lambda alert: (alert.rained_since, alert.id))

    def tell(
        self, rule: Rule, scope: str, episodes: Sequence[Episode], alerts: Sequence[Alert], *, knowing: Knowing
    ) -> None:
        """Enter what changes so that the alerts agree with the episodes."""
        told, events = tell(rule, scope, episodes, alerts, knowing=knowing, ids=count(len(self.alerts) + 1))
        for alert in told:
            if alert.id not in self.alerts:
                self._of.setdefault((rule.id, scope), []).append(alert.id)
            self.alerts[alert.id] = alert
        for event in events:
            self.events.setdefault(event.alert_id, []).append(replace(event, id=next(self._event_ids)))
