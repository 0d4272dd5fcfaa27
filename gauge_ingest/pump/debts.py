"""Paying what is owed: increments of a span derived anew, then the alerts that stand on them judged anew."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import NamedTuple

from gauge_ingest.core.corrections import Correction, at_once, corrected
from gauge_ingest.core.model import DAY_MS, SECOND_MS, Alert, Kind, Row, Station
from gauge_ingest.core.quality.amount import RETRO_MS
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.told import RULE_GONE, Knowing, tell, withdrawn
from gauge_ingest.journal import CHECK, DERIVE, JUDGE, Debt, Journal
from gauge_ingest.pump.accept import announce
from gauge_ingest.pump.around import with_around
from gauge_ingest.pump.checked import Checked, check_again
from gauge_ingest.pump.checking import Checking, looked_back_from, overtaken
from gauge_ingest.pump.findings import Finding, Findings
from gauge_ingest.pump.guard import attempt
from gauge_ingest.pump.memory import look_back
from gauge_ingest.pump.rulebook import Rulebook, Scope, wet_days
from gauge_ingest.pump.seen import warm_ms
from gauge_ingest.pump.sweep import SLICE_ROWS, Swept, row_as, sweep, sweep_whole
from gauge_ingest.pump.walk import Walk


class Payer(NamedTuple):
    """What paying needs: the journal inside a transaction, and the configuration in force."""

    journal: Journal
    stations: Mapping[str, Station]
    rulebook: Rulebook
    findings: Findings
    configuration: int
    now: int
    checking: Checking

    def pay(self, debt: Debt) -> None:
        """Pay a slice of a debt; what remains stays owed. What trips over a bug of ours is told and given up."""
        scope, station = self.rulebook.scope(debt.station), self.stations.get(debt.station)
        if scope is None or (station is None and debt.kind != JUDGE):
            self.journal.owing.paid(debt)  # no longer configured: its facts stay, nothing is derived from them
            return
        work = partial(_judge, self, debt, scope) if station is None else partial(_WORK[debt.kind], self, debt, station)
        fault = attempt(partial(_within, self.journal, work))
        if fault is not None:
            self.journal.owing.paid(debt)
            self.findings.broken(scope.id, fault, at=self.now)
        number = self.journal.station_number(scope.id)
        if self.journal.reader.corrections.not_judged(number) and not self.journal.owing.owes(number):
            self.journal.corrections.judged(number)  # alerts that go from now on go for other reasons


def _within(journal: Journal, work: Callable[[], None]) -> None:
    with journal.savepoint():
        work()


# --- increments ------------------------------------------------------------------------------------------------


def _derive(payer: Payer, debt: Debt, station: Station) -> None:
    journal = payer.journal
    number = journal.station_number(station.id)
    corrections = journal.reader.corrections.in_force(station.id)
    swept = _swept(journal, debt, station, corrections)
    standing = corrected(swept.increments, corrections, station)
    derived = zip(swept.rows, map(row_as, swept.rows, standing), strict=True)
    changed = [(row, new) for row, new in derived if row != new]
    journal.derive(number, changed, payer.configuration, at=payer.now)
    if changed:
        first = min(min(new.since, row.observed_at - 1) for row, new in changed)
        last = changed[-1][0].observed_at
        announce(journal, number, since=changed[0][0].observed_at - 1, until=last)
        wet = any(row.tips_max or new.tips_max for row, new in changed)
        owe_judgement(journal, payer.rulebook, station.id, since=first, until=last, wet=wet)
        _check_around(payer, station, changed)
    journal.owing.paid(debt, up_to=swept.up_to)


def _swept(journal: Journal, debt: Debt, station: Station, corrections: Sequence[Correction]) -> Swept:
    """The rows of a slice of a debt as counted; with whole every replaced span that one of them lies in."""
    swept = sweep(journal.reader, station, since=debt.since, until=debt.until)
    if not swept.rows:
        return swept
    slice_since, slice_until = swept.rows[0].observed_at - 1, swept.rows[-1].observed_at
    since, until = at_once(corrections, since=slice_since, until=slice_until)
    if (since, until) == (slice_since, slice_until):
        return swept
    whole = sweep_whole(journal.reader, station, since=since, until=until)
    return whole._replace(up_to=None if swept.up_to is None else max(swept.up_to, until))


# --- verdicts --------------------------------------------------------------------------------------------------


def _check_around(payer: Payer, station: Station, changed: Sequence[tuple[Row, Row]]) -> None:
    """Judge what was derived at once; what it may change elsewhere, and later, is owed."""
    journal, owe = payer.journal, payer.journal.owing.owe
    number = journal.station_number(station.id)
    since, until = changed[0][0].observed_at - 1, changed[-1][0].observed_at
    _look_again(payer, station, since=since, until=until)
    payer.checking.drop(station.id)
    wet = any(row.tips or new.tips for row, new in changed)
    visit = any(row.door_open or row.kind == Kind.MAINTENANCE for row, _ in changed)
    # A visit marks what came shortly before it; rain may mark the day before.
    visit_ms = (station.quality.visit_joined_s + station.quality.visit_s) * SECOND_MS
    before_ms = RETRO_MS if wet else visit_ms if visit else 0
    after_ms = max(warm_ms(station), station.quality.melt_s * SECOND_MS)
    end = looked_back_from(journal.reader, number, until=until) if wet else until + after_ms
    newest = journal.reader.newest(station.id, of_any_kind=True)
    if before_ms or (newest is not None and newest.observed_at > until):
        owe(CHECK, number, since=since - before_ms, until=end)
    if since + payer.checking.lag_ms > payer.checking.latest_at:
        return  # no neighbour has been judged without it
    for name in payer.checking.listeners(station.id):
        listener = payer.stations[name]
        _, begin, end = overtaken(journal.reader, listener, since=since, until=until, wet=wet)
        owe(CHECK, journal.station_number(name), since=begin, until=end)


def _check(payer: Payer, debt: Debt, station: Station) -> None:
    checked = _look_again(payer, station, since=debt.since, until=debt.until)
    payer.journal.owing.paid(debt, up_to=checked.up_to)


def _look_again(payer: Payer, station: Station, *, since: int, until: int) -> Checked:
    return check_again(
        payer.journal,
        payer.stations,
        station,
        since=since,
        until=until,
        now=payer.now,
        configuration=payer.configuration,
    )


# --- alerts ----------------------------------------------------------------------------------------------------


def owe_judgement(
    journal: Journal, rulebook: Rulebook, station: str, *, since: int, until: int, wet: bool = False
) -> None:
    """Owe the alerts of a station, and of its basins, over a span; `wet`: rain that wets the ground for days."""
    for scope in (station, *rulebook.basins_with(station)):
        days = wet_days(rulebook.of(scope)) if wet else 0
        wet_ms = (days + 1) * DAY_MS if days else 0
        journal.owing.owe(JUDGE, journal.station_number(scope), since=since, until=until + wet_ms)


def _judge_station(payer: Payer, debt: Debt, station: Station) -> None:
    scope = payer.rulebook.scope(station.id)
    assert scope is not None
    _judge(payer, debt, scope)


def _judge(payer: Payer, debt: Debt, scope: Scope) -> None:
    journal = payer.journal
    paid_up_to: int | None = None
    rules = payer.rulebook.of(scope.id)
    for rule in rules:
        reached: list[int | None] = []
        work = partial(_judge_rule, payer, debt, scope, rule, reached)
        fault = attempt(partial(_within, journal, work))
        if fault is not None:
            payer.findings.broken(rule.rule.id, fault, at=payer.now)
        elif reached[0] is not None:
            paid_up_to = reached[0] if paid_up_to is None else min(paid_up_to, reached[0])
    known = {rule.rule.id for rule in rules}
    for alert in journal.reader.alerts.raised_at(scope.id):
        if alert.rule not in known and alert.rule not in set(Finding):
            told, events = withdrawn(alert, RULE_GONE, knowing=Knowing(known_at=payer.now, now=payer.now))
            journal.save_alerts(told, events, payer.configuration)
    journal.owing.paid(debt, up_to=paid_up_to)


def _judge_rule(payer: Payer, debt: Debt, scope: Scope, rule: Thresholds, reached: list[int | None]) -> None:
    """Walk a rule over the debt's span, from before every alert that touches it to where nothing more can change.

    Puts into `reached` up to where the debt is paid, None for all of it.
    """
    journal, now = payer.journal, payer.now
    begin, end, alerts = _stretch(journal, debt, scope, rule)
    while True:
        since = begin - rule.reach_ms
        walked = Walk(rule, scope.filling(rule, journal.reader, since=since), alerts, begin=begin, end=end)
        instants = scope.instants(journal.reader, since=since, until=1 << 62)
        walked.run(instants, now=now, cut_after=debt.since, instants_max=SLICE_ROWS * 4)
        touched = journal.reader.alerts.overlapping(rule.rule.id, scope.id, since=begin, until=walked.at)
        if len(touched) <= len(alerts):
            break
        alerts, end = touched, max(end, max(alert.rained_until for alert in touched))
    told, events = tell(
        rule.rule,
        scope.id,
        walked.episodes,
        [alert for alert in alerts if alert.rained_since <= walked.at],
        knowing=Knowing(known_at=journal.reader.newest_received_at() or now, now=now),
        ids=count(journal.next_alert_id()),
        corrections=_not_judged(journal, scope),
    )
    journal.save_alerts(told, with_around(events, payer.stations, journal.reader), payer.configuration)
    reached.append(walked.at + 1 if walked.cut and walked.at < debt.until else None)


def _not_judged(journal: Journal, scope: Scope) -> Sequence[Correction]:
    """What people have said of rain that alerts may stand on, since these were judged last."""
    reader = journal.reader
    if scope.basin is None:
        return reader.corrections.not_judged(journal.station_number(scope.id))
    # A basin's judgement may come after its stations': what has been said lately explains it as well.
    return [one for station in scope.stations for one in reader.corrections.in_force(station.id)]


def _stretch(journal: Journal, debt: Debt, scope: Scope, rule: Thresholds) -> tuple[int, int, list[Alert]]:
    """The stretch of observed time to walk: the debt's span, its after-effects, and every alert that touches them."""
    reader = journal.reader
    begin, end = look_back(rule, scope, reader, debt.since), debt.until + rule.reach_ms
    while True:
        alerts = reader.alerts.overlapping(rule.rule.id, scope.id, since=begin, until=end)
        first = min((look_back(rule, scope, reader, alert.rained_since) for alert in alerts), default=begin)
        last = max((alert.rained_until for alert in alerts), default=end)
        if first >= begin and last <= end:
            return begin, end, alerts
        begin, end = min(begin, first), max(end, last)


_WORK: Mapping[int, Callable[[Payer, Debt, Station], None]] = {DERIVE: _derive, JUDGE: _judge_station, CHECK: _check}
