"""What came of a drill: who was told when on which way, who acknowledged after how long, what did not work."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from gauge_ingest.core.escalation import is_for_want_of_duty
from gauge_ingest.core.model import Alert, AlertEvent, EventKind
from gauge_ingest.core.people import Person
from gauge_ingest.core.spans import instant_text
from gauge_ingest.core.told import acknowledgements, first_telling
from gauge_ingest.outbound.record import Delivered


class Ended(StrEnum):
    """How a drill came to its end."""

    SEEN = "over, everybody has acknowledged"
    UNSEEN = "over, not everybody has acknowledged"
    UNTOLD = "over, nobody was told of anything"
    STOPPED = "stopped by hand"
    DIED = "ended by a fault"


class Told(NamedTuple):
    """One event that a person was told of: `tries` on every way together, the last of them the one that worked."""

    at: int
    channel: str
    to: str
    tries: int
    alert: int
    event: int
    kind: str
    level: str


class Seen(NamedTuple):
    """An acknowledgement; `minutes` are real ones, after the person was first told of that alert."""

    at: int
    alert: int
    who: str
    minutes: float | None
    comment: str


class PersonRow(NamedTuple):
    """One person in a drill. `over`: on which way the end was told, or why not; empty when nothing was to be told."""

    id: str
    name: str
    told: tuple[Told, ...]
    acknowledged: tuple[Seen, ...]
    over: str = ""


class Escalated(NamedTuple):
    """One escalation, why, and the people who were told of it."""

    step: int
    at: int
    reason: str
    told: tuple[str, ...]


class AlertRow(NamedTuple):
    """One alert of a drill; `rain`: not a finding; `state`: at its end; `answered`: since it last rose.

    `name`: what people call its place.
    """

    id: int
    rule: str
    scope: str
    rain: bool
    peak: str
    state: str
    raised_at: int
    escalated: tuple[Escalated, ...]
    acknowledged: tuple[Seen, ...]
    answered: bool
    name: str = ""

    @property
    def place(self) -> str:
        """What people call the place, and its id."""
        return f"{self.name} ({self.scope})" if self.name else self.scope


class Report(NamedTuple):
    """A whole drill. Instants are those of its clock, which ran `speed` times as fast."""

    name: str
    scenario: str
    seed: int
    speed: float
    to: tuple[str, ...]
    began_at: int
    ended_at: int
    ended: Ended
    people: tuple[PersonRow, ...]
    alerts: tuple[AlertRow, ...]
    wrong: tuple[str, ...]


def people_rows(
    people: Mapping[str, Person], deliveries: Sequence[Delivered], events: Sequence[AlertEvent], *, speed: float
) -> tuple[PersonRow, ...]:
    """Each person with what was told to them, and what they acknowledged."""
    rows = []
    for person in people.values():
        told = tuple(
            found
            for one in deliveries
            if one.delivery.person == person.id
            for found in [_told(one)]
            if found is not None
        )
        seen = tuple(
            _seen(event, told, speed)
            for event in events
            if event.kind is EventKind.ACKNOWLEDGED and event.who in (person.name, person.id)
        )
        rows.append(PersonRow(person.id, person.name, told, seen))
    return tuple(rows)


def alert_row(alert: Alert, events: Sequence[AlertEvent], deliveries: Sequence[Delivered], *, speed: float) -> AlertRow:
    """An alert with its escalations and acknowledgements; minutes count from when it was raised."""
    told = _reached(deliveries)
    raised = Told(alert.raised_at, "", "", 0, alert.id, 0, "", "")
    return AlertRow(
        *(
            alert.id,
            alert.rule,
            alert.scope,
            alert.evidence is not None,
            alert.peak,
            alert.state.value,
            alert.raised_at,
        ),
        escalated=tuple(_escalated(one, events, told) for one in events if one.kind is EventKind.ESCALATED),
        acknowledged=tuple(_seen(one, (raised,), speed) for one in events if one.kind is EventKind.ACKNOWLEDGED),
        answered=bool(acknowledgements(events)),
    )


def _escalated(one: AlertEvent, events: Sequence[AlertEvent], told: Iterable[tuple[int, str]]) -> Escalated:
    """An escalation with those who were told of it; where nobody was on duty most were, with the alert itself."""
    first = first_telling([before for before in events if before.id < one.id])
    ids = {one.id, first.id} if is_for_want_of_duty(one) and first is not None else {one.id}
    return Escalated(
        one.step, one.at, one.reason, tuple(dict.fromkeys(person for event, person in told if event in ids))
    )


def unreached(deliveries: Iterable[Delivered]) -> list[str]:
    """What was not told to whom, and each way that failed, in sentences."""
    wrong: dict[str, None] = {}
    for one in deliveries:
        row = one.delivery
        what = f"{row.kind} of alert {row.alert}"
        if row.state == "rejected":
            wrong[f"{row.person} was not told of {what}: {row.reason or 'every way refused it'}"] = None
        elif row.state in ("waiting", "begun"):
            wrong[f"{row.person} has not been told of {what}: it still waited at the end"] = None
        for each in one.tries:
            if each.result not in ("done", "begun"):
                wrong[f"{each.channel} {each.to}: a try {each.result} ({each.reason})"] = None
    return list(wrong)


def unseen(rows: Sequence[PersonRow], alerts: Sequence[AlertRow]) -> list[str]:
    """Who was told and said nothing, and which alerts nobody has acknowledged."""
    rain = [one for one in alerts if one.rain]
    wrong = [] if rain else ["no alert of rain was raised"]
    wrong += [
        f"{one.id} ({one.name}) was told and has not acknowledged" for one in rows if one.told and not one.acknowledged
    ]
    wrong += [f"alert {one.id} ({one.rule} at {one.place}) {_unanswered(one)}" for one in rain if not one.answered]
    known = {seen.who for row in rows for seen in row.acknowledged}
    strangers = {seen.who: None for one in alerts for seen in one.acknowledged if seen.who not in known}
    return wrong + [f"{who} acknowledged, and nobody of that name was told" for who in strangers]


def document(report: Report) -> dict[str, Any]:
    """A report as --json prints it."""
    plain: dict[str, Any] = _plain(report)
    return {"v": 1, "drill": True, **plain}


def _reached(deliveries: Sequence[Delivered]) -> list[tuple[int, str]]:
    """Events and people: who was told of an event, or at once of a newer one of its alert in its place."""
    reached: dict[tuple[int, str], bool] = {}
    for one in sorted(deliveries, key=lambda one: one.delivery.event, reverse=True):
        newer = one.delivery.superseded_by
        in_its_place = newer is not None and reached.get((newer, one.delivery.person), False)
        reached[one.delivery.event, one.delivery.person] = _told(one) is not None or in_its_place
    return sorted(key for key, is_reached in reached.items() if is_reached)


def _unanswered(alert: AlertRow) -> str:
    before = "rose again after it was acknowledged, and the rise" if alert.acknowledged else ""
    return f"{before} was acknowledged by nobody".strip()


def _told(one: Delivered) -> Told | None:
    done = next((each for each in one.tries if each.result == "done"), None)
    if done is None:
        return None
    row = one.delivery
    at = done.begun_at if done.ended_at is None else done.ended_at
    tries = sum(each.begun_at <= at for each in one.tries)
    return Told(at, done.channel, done.to, tries, row.alert, row.event, row.kind, row.level)


def _seen(event: AlertEvent, told: Sequence[Told], speed: float) -> Seen:
    before = [one.at for one in told if one.alert == event.alert_id and one.at <= event.at]
    minutes = (event.at - min(before)) / 60_000 / speed if before else None
    return Seen(event.at, event.alert_id, event.who, None if minutes is None else round(minutes, 2), event.reason)


def _plain(value: Any, name: str = "") -> Any:
    """Named tuples as tables, instants as text."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {field: _plain(one, field) for field, one in zip(value._fields, value, strict=True)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, int) and (name == "at" or name.endswith("_at")):
        return instant_text(value)
    return value
