"""Accepting a configuration: a row of the journal, and debts for everything that stands on what has changed."""

import json
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gauge_ingest.core.model import DAY_MS, Basin, Rule, Station
from gauge_ingest.core.people import Roster
from gauge_ingest.core.reasons import because
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.told import Knowing, withdrawn
from gauge_ingest.core.watch import WATCHING, WatchSettings
from gauge_ingest.core.withdrawals import STATION_GONE as STATION_GONE
from gauge_ingest.journal import CHECK, DERIVE, JUDGE, Journal
from gauge_ingest.pump.findings import Finding, Findings

TRIED_AGAIN = because("tried_again")
# What a station's rain is derived from; a change of these means that its whole record is derived anew.
DERIVED_FROM = ("deployments", "intensity_max_mm_per_min", "report_every_s")
# What the checks of a station rest on beside its rain; a change means that its whole record is judged anew.
CHECKED_BY = ("quality", "neighbours")
# What a neighbour's rain, and whether it was there, rest on.
MEASURED_BY = ("deployments", "report_every_s")
# Raised with every change of what a check says of the same facts: then all records are judged anew.
CHECKS_VERSION = "1"
CHECKS_KEY = "checks_version"
# A record is announced to followers in spans of this length, so that none of them is too much to carry at once.
ANNOUNCED_MS = 7 * DAY_MS


class Network(NamedTuple):
    """What the pump knows of the world, as one accepted configuration has it."""

    stations: Mapping[str, Station]
    rules: Sequence[Rule]
    digest: str
    text: str
    topic: str = "rain/v1/+/up"
    basins: Mapping[str, Basin] = {}
    roster: Roster = Roster()
    watch: WatchSettings = WATCHING


def accept(journal: Journal, findings: Findings, network: Network, rules: Sequence[Thresholds], *, now: int) -> int:
    """Enter a configuration inside the caller's transaction; its number."""
    before = _stations(journal.owing.newest_configuration())
    after = _stations(network.text)
    number, changed = journal.owing.accept_configuration(now, digest=network.digest, text=network.text)
    findings.configuration = number
    broken_since = findings.clear_broken(TRIED_AGAIN, at=now)
    _withdraw_of_gone(journal, network, number, now)
    reach_ms = max((rule.reach_ms for rule in rules), default=0)
    other_checks = journal.meta(CHECKS_KEY) != CHECKS_VERSION
    journal.set_meta(CHECKS_KEY, CHECKS_VERSION)
    for station in network.stations.values():
        station_number = journal.station_number(station.id)
        derived_from = [_described(of, station.id, DERIVED_FROM) for of in (before, after)]
        measured_anew = station.id in before and derived_from[0] != derived_from[1]
        if measured_anew:
            _announce_imported(journal, station_number)
        asked = changed or other_checks or broken_since is not None
        newest = journal.reader.newest(station.id) if asked else None
        if newest is None:
            continue
        at = newest.observed_at
        since = at - 1 if broken_since is None else min(at - 1, broken_since - reach_ms)
        if measured_anew:
            since = min(since, at - 2 * reach_ms)
            _derive_all(journal, station_number, at)
        around_anew = any(
            _described(before, name, MEASURED_BY) != _described(after, name, MEASURED_BY) for name in station.neighbours
        )
        checked_by = [_described(of, station.id, CHECKED_BY) for of in (before, after)]
        # Tips that stay are not derived anew, but what the checks say of their millimetres may change.
        if other_checks or measured_anew or around_anew or checked_by[0] != checked_by[1]:
            _check_all(journal, station_number, at)
        journal.owing.owe(JUDGE, station_number, since=since, until=at)
        for basin in network.basins.values():
            if station.id in basin.stations:
                journal.owing.owe(JUDGE, journal.station_number(basin.id), since=since, until=at)
    return number


def announce(journal: Journal, number: int, *, since: int, until: int) -> None:
    """Enter into the change log that rows of a station in (since, until] changed."""
    for begin in range(since, until, ANNOUNCED_MS):
        journal.log_rain(array("q", [number, begin, min(begin + ANNOUNCED_MS, until)]))


def _derive_all(journal: Journal, number: int, newest_at: int) -> None:
    """Owe a station's whole record, and announce it: millimetres change even where tips do not."""
    first = journal.reader.first_observed_at(number)
    if first is None:
        return
    journal.owing.owe(DERIVE, number, since=first, until=newest_at)
    announce(journal, number, since=first - 1, until=newest_at)


def _announce_imported(journal: Journal, number: int) -> None:
    """Imported history stands in millimetres, and its tips are others now."""
    span = journal.reader.imported.span(number)
    if span is not None:
        announce(journal, number, since=span.since, until=span.until)


def _check_all(journal: Journal, number: int, newest_at: int) -> None:
    first = journal.reader.first_observed_at(number)
    if first is not None:
        journal.owing.owe(CHECK, number, since=first - 1, until=newest_at)


def _withdraw_of_gone(journal: Journal, network: Network, configuration: int, now: int) -> None:
    """Nobody will ever clear the alert of a station that is no longer there."""
    for alert in journal.reader.alerts.all():
        known = alert.scope in network.stations or alert.scope in network.basins
        if not known and alert.rule not in set(Finding):
            told, events = withdrawn(alert, STATION_GONE, knowing=Knowing(known_at=now, now=now))
            journal.save_alerts(told, events, configuration)


def _stations(text: str | None) -> Mapping[str, Any]:
    found = json.loads(text) if text else {}
    stations = found.get("stations", {})
    return stations if isinstance(stations, dict) else {}


def _described(stations: Mapping[str, Any], station: str, keys: Sequence[str]) -> list[Any]:
    described = stations.get(station, {})
    return [described.get(key) for key in keys]
