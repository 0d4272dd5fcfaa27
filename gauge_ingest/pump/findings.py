"""Standing findings about the service itself, told like alerts: a lost session, a broken rule, too many strangers."""

from dataclasses import replace
from enum import StrEnum

from gauge_ingest.core.model import DAY_MS, Alert, AlertEvent, EventKind, State
from gauge_ingest.journal import Journal
from gauge_ingest.pump.guard import Fault

SCOPE = "service"
LEVEL = "warning"


class Finding(StrEnum):
    """What the service can find about itself."""

    SESSION_LOST = "session_lost"
    CLIENT_ID_TAKEN = "client_id_taken"
    BROKEN = "broken"
    UNKNOWN_SENDERS = "unknown_senders"


class Findings:
    """Raised once and standing until cleared; the caller's transaction carries them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.configuration = 0

    def raise_(self, finding: Finding, reason: str, *, at: int, scope: str = SCOPE) -> None:
        """Tell of a finding, unless it stands already."""
        if self._journal.reader.alerts.raised(finding, scope) is not None:
            return
        alert = Alert(
            id=self._journal.next_alert_id(),
            rule=finding,
            scope=scope,
            level=LEVEL,
            peak=LEVEL,
            state=State.RAISED,
            rained_since=at,
            rained_until=at,
            known_at=at,
            raised_at=at,
            ended_at=None,
            evidence=None,
            reason=reason,
        )
        self._save(alert, EventKind.RAISED, at)

    def broken(self, what: str, fault: Fault, *, at: int) -> None:
        """Tell that a rule, or the derivation of a station, trips over a bug of this program."""
        self.raise_(Finding.BROKEN, f"{what}: {fault.error}\n{fault.trace}", at=at, scope=what)

    def clear_broken(self, reason: str, *, at: int) -> int | None:
        """Clear what was found broken, to be tried again; since when the first of it stood, None without any."""
        broken = [alert for alert in self._journal.reader.alerts.all() if alert.rule == Finding.BROKEN]
        for alert in broken:
            self.clear(Finding.BROKEN, reason, at=at, scope=alert.scope)
        return min((alert.rained_since for alert in broken), default=None)

    def new_day(self, at: int) -> None:
        """With a new day (UTC, as the quota counts) strangers are kept again."""
        standing = self._journal.reader.alerts.raised(Finding.UNKNOWN_SENDERS, SCOPE)
        if standing is not None and standing.raised_at // DAY_MS < at // DAY_MS:
            self.clear(Finding.UNKNOWN_SENDERS, "a new day: the quota is whole again", at=at)

    def clear(self, finding: Finding, reason: str, *, at: int, scope: str = SCOPE) -> None:
        """Tell that a finding no longer stands."""
        alert = self._journal.reader.alerts.raised(finding, scope)
        if alert is not None:
            cleared = replace(alert, state=State.CLEARED, rained_until=at, ended_at=at, reason=reason)
            self._save(cleared, EventKind.CLEARED, at)

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
            evidence=None,
            reason=alert.reason,
        )
        self._journal.save_alerts([alert], [event], self.configuration)
