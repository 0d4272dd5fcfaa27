"""Episodes against what people were told: the alerts as they should now stand, and the events still to be told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gauge_ingest.core.corrections import Correction
from gauge_ingest.core.model import Alert, AlertEvent, Change, Episode, EventKind, Evidence, Rule, State
from gauge_ingest.core.reasons import Reason

MERGED = "merged into alert {id}: further readings show that it was one event"
REVISED = "readings that came later, or were corrected, show that the rain did not reach the level"
TAKEN_BACK = "withdrawn by correction {id} ({title}): {why}"
RULE_GONE = "the rule no longer applies here"
RISES = (EventKind.RAISED, EventKind.STRENGTHENED)


@dataclass(frozen=True, slots=True)
class Knowing:
    """When what is told now became known: the reading's arrival, and the clock as it is recorded."""

    known_at: int
    now: int


def tell(
    rule: Rule,
    scope: str,
    episodes: Sequence[Episode],
    alerts: Sequence[Alert],
    *,
    knowing: Knowing,
    ids: Iterator[int],
    corrections: Sequence[Correction] = (),
) -> tuple[list[Alert], list[AlertEvent]]:
    """What changes so that the alerts agree with the episodes.

    `episodes` and `alerts` are all that overlap one stretch of observed time, both in order. An episode keeps the
    oldest alert that it overlaps; the others that it overlaps were the same event and are withdrawn as merged.
    `corrections` are the entries that have not been judged before: an alert whose rain one of them speaks of is
    withdrawn in its name.
    """
    teller = _Teller(rule, scope, knowing)
    free = list(alerts)
    for episode in episodes:
        overlapping = [alert for alert in free if _overlap(alert, episode)]
        if not overlapping:
            teller.begin(next(ids), episode)
            continue
        kept, *merged = overlapping
        teller.agree(kept, episode)
        for alert in merged:
            teller.withdraw(alert, MERGED.format(id=kept.id))
        free = [alert for alert in free if alert not in overlapping]
    for alert in free:
        teller.withdraw(alert, _why_revised(alert, rule, corrections))
    return teller.alerts, teller.events


def withdrawn(alert: Alert, reason: str, *, knowing: Knowing) -> tuple[list[Alert], list[AlertEvent]]:
    """An alert taken back for a reason that is not its rain."""
    event = AlertEvent(
        id=0,
        alert_id=alert.id,
        rule=alert.rule,
        scope=alert.scope,
        kind=EventKind.WITHDRAWN,
        level=alert.peak,
        rained_at=alert.rained_since,
        known_at=knowing.known_at,
        at=knowing.now,
        late=False,
        unconfirmed=False,
        sent=True,
        evidence=alert.evidence,
        reason=reason,
    )
    return [replace(alert, state=State.WITHDRAWN, ended_at=knowing.now, reason=reason)], [event]


def newest_rise(events: Sequence[AlertEvent]) -> AlertEvent | None:
    """The event that an alert last rose with: it is what must be acknowledged."""
    rises = [event for event in events if event.kind in RISES]
    return rises[-1] if rises else None


def first_telling(events: Sequence[AlertEvent]) -> AlertEvent | None:
    """The event with which people first heard of an alert as it last rose: the rise, or the reminder after a silence.

    Its steps, and for how long nobody has acknowledged it, are counted from there.
    """
    rise = newest_rise(events)
    if rise is None:
        return None
    return [one for one in events if one.id == rise.id or (one.id > rise.id and one.kind is EventKind.REMINDED)][-1]


def acknowledgements(events: Sequence[AlertEvent]) -> list[AlertEvent]:
    """Who has acknowledged what an alert last rose to, the first of them first."""
    newest = newest_rise(events)
    since = 0 if newest is None else newest.id
    return [event for event in events if event.kind is EventKind.ACKNOWLEDGED and event.id > since]


def said(alert: Alert, events: Sequence[AlertEvent], kind: EventKind, *, who: str, words: str, now: int) -> AlertEvent:
    """What a person says of an alert, as an event of it: about the rain that it last rose with."""
    of = newest_rise(events)
    return AlertEvent(
        id=0,
        alert_id=alert.id,
        rule=alert.rule,
        scope=alert.scope,
        kind=kind,
        level=alert.level,
        rained_at=alert.rained_since if of is None else of.rained_at,
        known_at=alert.known_at if of is None else of.known_at,
        at=now,
        late=of is not None and of.late,
        unconfirmed=of is not None and of.unconfirmed,
        sent=True,
        evidence=alert.evidence,
        reason=words,
        who=who,
    )


def reminder(alert: Alert, rise: AlertEvent, cause: Reason, *, now: int) -> AlertEvent:
    """What people are told of an alert whose rise was held back, at the level at which it stands now."""
    return AlertEvent(
        id=0,
        alert_id=alert.id,
        rule=alert.rule,
        scope=alert.scope,
        kind=EventKind.REMINDED,
        level=alert.level,
        rained_at=rise.rained_at,
        known_at=rise.known_at,
        at=now,
        late=rise.late,
        unconfirmed=rise.unconfirmed,
        sent=True,
        evidence=alert.evidence,
        reason=cause.text,
        cause=cause,
    )


def _why_revised(alert: Alert, rule: Rule, corrections: Sequence[Correction]) -> str:
    """Why the rain of an alert is no longer what it was: the newest correction of it, or further readings."""
    since = alert.rained_since - rule.window_max_s * 1000
    until = max(alert.rained_until, alert.rained_since, alert.evidence.until if alert.evidence else 0)
    for entry in reversed(corrections):
        if entry.since < until and entry.until > since:
            return TAKEN_BACK.format(id=entry.id, title=entry.title, why=entry.why)
    return REVISED


def _overlap(alert: Alert, episode: Episode) -> bool:
    alert_lasts = alert.state is State.RAISED
    episode_lasts = episode.ended is None
    return (episode_lasts or alert.rained_since <= episode.until) and (
        alert_lasts or episode.since <= alert.rained_until
    )


class _Teller:
    def __init__(self, rule: Rule, scope: str, knowing: Knowing) -> None:
        self.rule = rule
        self.scope = scope
        self.knowing = knowing
        self.alerts: list[Alert] = []
        self.events: list[AlertEvent] = []

    def begin(self, alert_id: int, episode: Episode) -> None:
        """A new alert: raised at its highest level, then eased or ended where the episode already is."""
        peak = episode.peak
        self._event(alert_id, EventKind.RAISED, peak)
        alert = Alert(
            id=alert_id,
            rule=self.rule.id,
            scope=self.scope,
            level=self._name(peak.level),
            peak=self._name(peak.level),
            state=State.RAISED,
            rained_since=episode.since,
            rained_until=episode.until,
            known_at=self.knowing.known_at,
            raised_at=self.knowing.now,
            ended_at=None,
            evidence=peak.evidence,
        )
        self.alerts.append(self._settle(alert, episode))

    def agree(self, alert: Alert, episode: Episode) -> None:
        """Bring a known alert to where its episode is; nothing is told when it is there already."""
        told = alert
        peak = episode.peak
        if alert.state is not State.RAISED and episode.ended is None:
            now = max(episode.level, 1)
            self._event(alert.id, EventKind.RAISED, replace(episode.changes[-1], level=now))
            alert = replace(alert, state=State.RAISED, level=self._name(now), ended_at=None)
        if peak.level > self._number(alert.peak):
            if peak.level > self._number(alert.level) or alert.state is not State.RAISED:
                self._event(alert.id, EventKind.STRENGTHENED, peak)
            alert = replace(alert, level=self._name(peak.level))
        alert = replace(alert, peak=self._name(peak.level), rained_since=episode.since, evidence=peak.evidence)
        alert = self._settle(alert, episode)
        if alert != told:
            self.alerts.append(alert)

    def withdraw(self, alert: Alert, reason: str) -> None:
        """Take an alert back, with the reason."""
        last = Change(at=alert.rained_since, level=self._number(alert.peak), evidence=alert.evidence)
        self._event(alert.id, EventKind.WITHDRAWN, last, reason=reason)
        self.alerts.append(replace(alert, state=State.WITHDRAWN, ended_at=self.knowing.now, reason=reason))

    def _settle(self, alert: Alert, episode: Episode) -> Alert:
        """The present level, and the end when the episode has one."""
        last = episode.changes[-1]
        number = self._number(alert.level)
        if episode.ended is None:
            if last.level != number:
                kind = EventKind.STRENGTHENED if last.level > number else EventKind.EASED
                self._event(alert.id, kind, last)
            return replace(alert, level=self._name(last.level))
        until = max(episode.until, episode.since)
        if alert.state is not episode.ended:
            kind = EventKind.CLEARED if episode.ended is State.CLEARED else EventKind.LAPSED
            self._event(alert.id, kind, last)
            alert = replace(alert, ended_at=self.knowing.now)
        return replace(alert, state=episode.ended, rained_until=until, level=alert.peak)

    def _event(self, alert_id: int, kind: EventKind, change: Change, *, reason: str = "") -> None:
        evidence: Evidence | None = change.evidence
        self.events.append(
            AlertEvent(
                id=0,
                alert_id=alert_id,
                rule=self.rule.id,
                scope=self.scope,
                kind=kind,
                level=self._name(change.level),
                rained_at=change.at,
                known_at=self.knowing.known_at,
                at=self.knowing.now,
                late=self.knowing.known_at - change.at > self.rule.late_after_s * 1000,
                unconfirmed=evidence is not None and evidence.unconfirmed,
                sent=change.at >= self.knowing.now - self.rule.tell_within_s * 1000,
                evidence=evidence,
                reason=reason,
            )
        )

    def _name(self, level: int) -> str:
        return self.rule.levels[level - 1] if level else ""

    def _number(self, level: str) -> int:
        return self.rule.levels.index(level) + 1 if level in self.rule.levels else 0
