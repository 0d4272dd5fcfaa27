"""From a batch to the message that goes out: the writer's words, the gravest first, and why it came on this way."""

from collections.abc import Callable, Sequence
from typing import Protocol

from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.core.people import Person
from gauge_ingest.journal import Reader
from gauge_ingest.notifiers import Message
from gauge_ingest.outbound.deliveries import Batch, Told

SHORT_MAX = 70

Link = Callable[[Person, AlertEvent], str]  # "" where there is none

_INSTEAD = {
    "zh": "（经“{via}”发送：“{first}”目前不通）",
    "en": "(Sent by {via}: {first} is not working.)",
}


class Writer(Protocol):
    """Whoever finds the words. It raises nothing: a text without ornament is better than none."""

    def message(
        self,
        event: AlertEvent,
        alert: Alert,
        events: Sequence[AlertEvent],
        *,
        person: Person,
        link: str,
        repeated: bool,
        drill: bool,
        beside: Sequence[Alert],
    ) -> Message:
        """One event for one person; `beside`: other alerts that stand at the same place."""

    def group(self, messages: Sequence[Message], person: Person) -> Message:
        """Several messages as one; none is left out."""


def worded(
    batch: Batch, reader: Reader, writer: Writer, *, person: Person, link: Link, drill: bool
) -> tuple[Message | None, tuple[Told, ...]]:
    """The message of a batch, and those of its deliveries whose event the journal no longer has."""
    gravest: dict[int, int] = {}
    for one in batch.members:
        gravest[one.alert] = max(gravest.get(one.alert, 0), one.grade)
    messages, gone = [], []
    # Stable: the events of an alert stay together and in their order.
    for one in sorted(batch.members, key=lambda one: (-gravest[one.alert], one.alert)):
        alert, events = reader.alerts.one(one.alert), reader.alerts.events(one.alert)
        event = next((event for event in events if event.id == one.event), None)
        if alert is None or event is None:
            gone.append(one)
            continue
        messages.append(
            writer.message(
                event,
                alert,
                events,
                person=person,
                link=link(person, event),
                repeated=one.repeated,
                drill=drill,
                beside=[other for other in reader.alerts.raised_at(alert.scope) if other.id != alert.id],
            )
        )
    if not messages:
        return None, tuple(gone)
    whole = messages[0] if len(messages) == 1 else writer.group(messages, person)
    whole = whole._replace(event=max(one.event for one in batch.members if one not in gone))
    first = next((one.instead_of for one in batch.members if one.instead_of), "")
    return (detoured(whole, person, first=first, via=batch.channel) if first else whole), tuple(gone)


def detoured(message: Message, person: Person, *, first: str, via: str) -> Message:
    """The message with a line that says on which way it should have come."""
    line = _INSTEAD.get(person.language, _INSTEAD["en"]).format(first=first, via=via)
    short = f"{message.short}{line}"
    return message._replace(text=f"{message.text}\n\n{line}", short=short if len(short) <= SHORT_MAX else message.short)
