"""Standing findings about the service and its stations, told like alerts: raised once, changed, ended."""

from dataclasses import replace

from gauge_ingest.core.findings import SERVICE as SCOPE
from gauge_ingest.core.findings import WARNING as LEVEL
from gauge_ingest.core.findings import Ended, Found
from gauge_ingest.core.findings import Finding as Finding
from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import DAY_MS, Alert, AlertEvent, EventKind, State
from gauge_ingest.core.reasons import Reason, because
from gauge_ingest.core.told import Knowing, withdrawn
from gauge_ingest.journal import Journal
from gauge_ingest.pump.guard import Fault


class Findings:
    """Raised once and standing until cleared; the caller's transaction carries them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.configuration = 0
        self.told = 0  # events since the start

    def raise_(self, finding: Finding, reason: Reason, *, at: int, scope: str = SCOPE) -> None:
        """Tell of a finding, unless it stands already."""
        if self._journal.reader.alerts.raised(finding, scope) is None:
            self._raise(Found(finding, scope, LEVEL, reason, at), at)

    def stand(self, found: Found, *, at: int) -> None:
        """Tell of a finding; of one that stands already only another level is told, another reason is written down."""
        standing = self._journal.reader.alerts.raised(found.finding, found.scope)
        if standing is None:
            self._raise(found, at)
        elif standing.level != found.level:
            higher = level_of(found.level).grade > level_of(standing.level).grade
            peak = found.level if level_of(found.level).grade > level_of(standing.peak).grade else standing.peak
            alert = replace(standing, level=found.level, peak=peak, evidence=found.evidence)
            alert = replace(alert, reason=found.reason.text, cause=found.reason)
            self._save(alert, EventKind.STRENGTHENED if higher else EventKind.EASED, at)
        elif standing.reason != found.reason.text:
            alert = replace(standing, reason=found.reason.text, cause=found.reason)
            self._journal.save_alerts([alert], [], self.configuration)

    def end(self, ended: Ended, *, at: int) -> None:
        """Tell that a finding no longer stands, if it does."""
        alert = self._journal.reader.alerts.raised(ended.finding, ended.scope)
        if alert is None:
            return
        if ended.state is State.WITHDRAWN:
            told, events = withdrawn(alert, ended.reason.text, knowing=Knowing(known_at=at, now=at))
            told = [replace(one, cause=ended.reason) for one in told]
            events = [replace(one, cause=ended.reason) for one in events]
            self._journal.save_alerts(told, events, self.configuration)
            self.told += 1
            return
        kind = EventKind.LAPSED if ended.state is State.LAPSED else EventKind.CLEARED
        over = replace(alert, state=ended.state, rained_until=at, ended_at=at)
        self._save(replace(over, reason=ended.reason.text, cause=ended.reason), kind, at)

    def broken(self, what: str, fault: Fault, *, at: int) -> None:
        """Tell that a rule, or the derivation of a station, trips over a bug of this program."""
        reason = because("broken", what=what, error=str(fault.error), trace=fault.trace)
        self.raise_(Finding.BROKEN, reason, at=at, scope=what)

    def clear_broken(self, reason: Reason, *, at: int) -> int | None:
        """Clear what was found broken, to be tried again; since when the first of it stood, None without any."""
        broken = [alert for alert in self._journal.reader.alerts.all() if alert.rule == Finding.BROKEN]
        for alert in broken:
            self.clear(Finding.BROKEN, reason, at=at, scope=alert.scope)
        return min((alert.rained_since for alert in broken), default=None)

    def new_day(self, at: int) -> None:
        """With a new day (UTC, as the quota counts) strangers are kept again."""
        standing = self._journal.reader.alerts.raised(Finding.UNKNOWN_SENDERS, SCOPE)
        if standing is not None and standing.raised_at // DAY_MS < at // DAY_MS:
            self.clear(Finding.UNKNOWN_SENDERS, because("new_day"), at=at)

    def clear(self, finding: Finding, reason: Reason, *, at: int, scope: str = SCOPE) -> None:
        """Tell that a finding no longer stands."""
        self.end(Ended(finding, scope, reason), at=at)

    def _raise(self, found: Found, at: int) -> None:
        alert = Alert(
            id=self._journal.next_alert_id(),
            rule=found.finding,
            scope=found.scope,
            level=found.level,
            peak=found.level,
            state=State.RAISED,
            rained_since=min(found.since, at),
            rained_until=at,
            known_at=at,
            raised_at=at,
            ended_at=None,
            evidence=found.evidence,
            reason=found.reason.text,
            cause=found.reason,
        )
        self._save(alert, EventKind.RAISED, at)

    def _save(self, alert: Alert, kind: EventKind, at: int) -> None:
        event = AlertEvent(
            id=0,
            alert_id=alert.id,
            rule=alert.rule,
            scope=alert.scope,
            kind=kind,
            level=alert.level,
            rained_at=at,
            known_at=at,
            at=at,
            late=False,
            unconfirmed=False,
            sent=True,
            evidence=alert.evidence,
            reason=alert.reason,
            cause=alert.cause,
        )
        self._journal.save_alerts([alert], [event], self.configuration)
        self.told += 1
