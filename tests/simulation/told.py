"""What people were really told, as the servers at the far end had it, against what the journal says."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import Alert, AlertEvent, State
from gauge_ingest.core.people import recipients
from gauge_ingest.journal import Reader
from gauge_ingest.messages.writer import REPEAT
from gauge_ingest.notifiers.webhook import signature
from gauge_ingest.outbound.deliveries import STATES
from tests.delivery.sink import Arrived
from tests.simulation.county import SECRET, Mail

NOT_TAKEN = (503, 429, 400, 403, 404)
_LINE = re.compile(r"^(.*)<(\d+)\.(\d+)\.([^>]*)>", re.MULTILINE)
_REPEATS = tuple(mark.strip() for mark in REPEAT.values())


class Line(NamedTuple):
    """One event in one message. `since`: what the message says that has become of the alert since."""

    at: float
    person: str
    alert: int
    event: int
    repeated: bool
    since: str
    via: str


class Journalled(NamedTuple):
    """What the journal says: alerts, events in order, and whom each event is told to."""

    alerts: Mapping[int, Alert]
    events: Sequence[AlertEvent]
    due: set[tuple[str, int]]


def heard(mails: Sequence[Mail], hooks: Sequence[Arrived]) -> list[Line]:
    """Every event that somebody heard of, in the order of arrival; the signature of each hook is right."""
    found: list[Line] = []
    for mail in mails:
        found += _lines(mail.at, mail.to.partition("@")[0], mail.text, "mail")
    for one in hooks:
        if one.answer in NOT_TAKEN or (isinstance(one.answer, tuple) and one.answer[0] in NOT_TAKEN):
            continue
        signed = signature(SECRET, one.headers["x-gauge-timestamp"], one.body)
        assert one.headers["x-gauge-signature"] == signed
        lines = _lines(one.at, one.document["to"], one.document["text"], "hook")
        assert int(one.headers["x-gauge-event"]) == one.document["event"] == max(line.event for line in lines)
        found += lines
    return sorted(found)


def journalled(reader: Reader, configuration: Configuration) -> Journalled:
    """What was to be told, by the journal and the roster alone."""
    levels = {rule.id: rule.levels for rule in configuration.rules}
    alerts = {one.id: one for one in reader.alerts.all(ended=True)}
    events, due = [], set()
    for alert_id in alerts:
        mine = reader.alerts.events(alert_id)
        events += mine
        for event in mine:
            before = [one for one in mine if one.id <= event.id]
            if event.sent:
                told = recipients(configuration.roster, event, before, levels=levels.get(event.rule, ()))
                due |= {(person.id, event.id) for person in told}
    return Journalled(alerts, sorted(events, key=lambda one: one.id), due)


def prove(lines: Sequence[Line], journal: Journalled, deliveries: Sequence[Mapping[str, Any]]) -> None:
    """Nothing lost, nothing repeated unmarked, nothing invented; in order, up to date, and on record."""
    by_key = {(one["person"], one["event"]): one for one in deliveries}
    assert len(by_key) == len(deliveries)
    assert set(by_key) == journal.due, f"not as recipients: {sorted(set(by_key) ^ journal.due)}"
    told = {(line.person, line.event) for line in lines}
    assert told <= journal.due, f"told of what is not in the journal: {sorted(told - journal.due)}"
    lost = [key for key in sorted(journal.due - told) if not _replaced(key, by_key, told)]
    assert lost == [], f"lost: {[by_key[key] for key in lost[:3]]}"
    _prove_marks(lines, by_key)
    done = {key for key, one in by_key.items() if one["state"] == "done"}
    assert done <= told, f"on record as told, and was not: {sorted(done - told)}"
    assert {one["state"] for one in deliveries} <= {"done", "superseded"}
    _prove_order(lines, journal)
    _prove_last(lines, journal)


def _prove_marks(lines: Sequence[Line], by_key: Mapping[tuple[str, int], Mapping[str, Any]]) -> None:
    """Of each event one try alone may tell unmarked, the first that can have told; on record and at the far ends.

    Of two that are under way at once the second is marked, and may still arrive first.
    """
    heard_of: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        heard_of.setdefault((line.person, line.event), []).append(line)
    for key, one in by_key.items():
        ends = [each["result"] not in ("failed", "rejected") for each in one["tries"]]
        first = ends.index(True) if True in ends else len(ends)
        assert all(each["repeated"] for each in one["tries"][first + 1 :]), f"on record as not marked: {one}"
        mine = heard_of.get(key, [])
        plain = [line for line in mine if not line.repeated]
        assert len(plain) < 2, f"repeated and not marked: {mine}"
        in_order = not plain or plain[0] == mine[0] or plain[0].via == one["tries"][first]["channel"]
        assert in_order, f"the first is marked and the second is not: {mine} {one}"


def _replaced(key: tuple[str, int], by_key: Mapping[tuple[str, int], Mapping[str, Any]], told: set[Any]) -> bool:
    """Whether the record names what was told in its place, and that was."""
    while key not in told:
        one = by_key[key]
        if one["state"] != "superseded" or one["superseded_by"] <= key[1]:
            return False
        key = (key[0], one["superseded_by"])
    return True


def _prove_order(lines: Sequence[Line], journal: Journalled) -> None:
    """Of each alert, what is told first is newer than what was told before, or says what has come since."""
    newest: dict[tuple[str, int], int] = {}
    seen: set[tuple[str, int]] = set()
    kinds = {event.id: event.kind for event in journal.events}
    for line in lines:
        key = (line.person, line.alert)
        if (line.person, line.event) not in seen and kinds[line.event] in STATES:
            assert line.event > newest.get(key, 0) or line.since, f"out of order: {line}"
            newest[key] = max(newest.get(key, 0), line.event)
        seen.add((line.person, line.event))


def _prove_last(lines: Sequence[Line], journal: Journalled) -> None:
    """What each person heard last of an alert is where it stands."""
    last: dict[tuple[str, int], list[Line]] = {}
    kinds = {event.id: event.kind for event in journal.events}
    for line in lines:
        if kinds[line.event] in STATES:
            mine = last.setdefault((line.person, line.alert), [])
            last[line.person, line.alert] = [*(one for one in mine if one.at == line.at), line]
    for (person, alert), together in last.items():
        newest = max(one.id for one in journal.events if one.alert_id == alert and one.kind in STATES)
        state = journal.alerts[alert].state
        line = max(together, key=lambda one: one.event)
        right = line.event == newest or (state is not State.RAISED and line.since == state.value)
        assert right, f"{person} was told last {line}, and event {newest} is where it stands: {state}"


def _lines(at: float, person: str, text: str, via: str) -> list[Line]:
    found: dict[int, Line] = {}
    for words, alert, event, since in _LINE.findall(text):
        line = Line(at, person, int(alert), int(event), any(mark in words for mark in _REPEATS), since, via)
        assert found.setdefault(line.event, line) == line, text
    assert found, f"a message without an event: {text}"
    return list(found.values())
