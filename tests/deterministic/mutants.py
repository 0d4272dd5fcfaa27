"""Faults put into the service on purpose, one at a time: the worlds must notice each of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

from gauge_ingest.core import rainfall
from gauge_ingest.core.alerts import IDLE
from gauge_ingest.core.model import AlertEvent, Increment, Report, Row, Station, Step
from gauge_ingest.inlet import Inlet
from gauge_ingest.inlet.client import Client
from gauge_ingest.journal import DERIVE, Journal, Position, Reader
from gauge_ingest.journal.owing import Owing
from gauge_ingest.outbound import StoreFollower
from gauge_ingest.pump import Delivery, Pump, batch, memory, sweep
from gauge_ingest.pump.batch import Taken
from gauge_ingest.pump.memory import StationMemory

Mutant = Callable[[], AbstractContextManager[Any]]


@contextmanager
def acknowledged_before_commit() -> Iterator[None]:
    """The PUBACKs leave, then the batch is committed."""
    taking, taken, acknowledge = Inlet.take, Pump.take, Inlet.acknowledge
    inlets: list[Inlet] = []

    def take(self: Inlet, wait_s: float) -> list[Delivery]:
        inlets[:] = [self]
        return taking(self, wait_s)

    def acknowledge_first(self: Pump, deliveries: list[Delivery]) -> Taken:
        acknowledge(inlets[0], deliveries)
        return taken(self, deliveries)

    with (
        patch.object(Inlet, "take", take),
        patch.object(Pump, "take", acknowledge_first),
        patch.object(Inlet, "acknowledge", lambda _self, _deliveries: None),
    ):
        yield


@contextmanager
def acknowledged_by_the_client() -> Iterator[None]:
    """Auto-ack: what is received is acknowledged, as paho does by itself without manual_ack."""
    read = Client.loop_read

    def loop_read(self: Client, max_packets: int = 1) -> MQTTErrorCode:
        before = len(self.received)
        answer = read(self, max_packets)
        if self.socket() is not None:
            self.acknowledge([delivery.token for delivery in self.received[before:] if delivery.token])
        return answer

    with (
        patch.object(Client, "loop_read", loop_read),
        patch.object(Inlet, "acknowledge", lambda _self, _deliveries: None),
    ):
        yield


@contextmanager
def clean_session() -> Iterator[None]:
    """Each connection begins with a new session."""
    connect_async = mqtt.Client.connect_async

    def connect(self: mqtt.Client, *args: Any, **named: Any) -> None:
        mqtt5 = named["properties"] is not None
        connect_async(self, *args, **{**named, "clean_start": True} if mqtt5 else named)
        if not mqtt5:
            self._clean_session = True

    with patch.object(mqtt.Client, "connect_async", connect):
        yield


@contextmanager
def late_report_covers_only_itself() -> Iterator[None]:
    """A late report's own increment is derived, its neighbour's is not."""

    def settled(
        rows: Sequence[Row], _derived: object, _since: int, until: int, *, complete: bool
    ) -> tuple[int, int | None]:
        del complete
        return sum(row.observed_at <= until for row in rows), None

    with patch.object(sweep, "_settled", settled):
        yield


@contextmanager
def late_report_owes_nothing() -> Iterator[None]:
    """A late report is kept, and nothing is derived from it."""
    owe = Owing.owe

    def owe_alerts(self: Owing, kind: int, number: int, *, since: int, until: int) -> None:
        if kind != DERIVE:
            owe(self, kind, number, since=since, until=until)

    with patch.object(Owing, "owe", owe_alerts):
        yield


@contextmanager
def wrap_off_by_one() -> Iterator[None]:
    """A counter that passes its modulus is thought to have had one number less."""
    after = rainfall.increment_after

    def increment_after(before: Report, report: Report, station: Station) -> Increment | None:
        found = after(before, report, station)
        if found is None or found.step is not Step.WRAPPED:
            return found
        return found._replace(tips=found.tips - 1, tips_min=found.tips_min - 1, tips_max=found.tips_max - 1)

    with (
        patch.object(rainfall, "increment_after", increment_after),
        patch.object(batch, "increment_after", increment_after),
    ):
        yield


@contextmanager
def rules_forget_at_a_restart() -> Iterator[None]:
    """Where a rule stands is in memory only: it begins anew when a station's memory is loaded."""
    load = memory.load

    def load_idle(remembered: StationMemory, rules: Any, reader: Reader) -> None:
        load(remembered, rules, reader)
        remembered.standings = [(rule, IDLE) for rule, _ in remembered.standings]
        remembered.unsettled = False

    with patch("gauge_ingest.pump.pump.load", load_idle):
        yield


@contextmanager
def position_before_write() -> Iterator[None]:
    """The store's position is written down before the rows are in the store."""
    carry_on = StoreFollower.carry_on

    def move_first(self: StoreFollower, reader: Reader) -> float:
        seq = reader.changes(self.position.seq, rows_max=400).seq
        self.positions.move(self.name, Position(self.position.epoch, seq))
        return carry_on(self, reader)

    with patch.object(StoreFollower, "carry_on", move_first):
        yield


@contextmanager
def events_outside_the_transaction() -> Iterator[None]:
    """Alerts are committed with the rain, what is to be told of them in a transaction of its own."""
    save, transaction = Journal.save_alerts, Journal.transaction
    waiting: list[tuple[list[AlertEvent], int]] = []

    def save_later(self: Journal, alerts: Any, events: Any, configuration: int) -> None:
        save(self, alerts, [], configuration)
        if events:
            waiting.append((list(events), configuration))

    @contextmanager
    def then_tell(self: Journal) -> Iterator[None]:
        waiting.clear()
        with transaction(self):
            yield
        held, waiting[:] = list(waiting), []
        if held:
            fate = getattr(self, "_fate", None)  # a clean run has none
            if fate is not None:
                fate.at("before begin")
            with transaction(self):
                for events, configuration in held:
                    save(self, [], events, configuration)

    with patch.object(Journal, "save_alerts", save_later), patch.object(Journal, "transaction", then_tell):
        yield


MUTANTS: dict[str, Mutant] = {
    "acknowledged before the commit": acknowledged_before_commit,
    "neighbour not derived anew": late_report_covers_only_itself,
    "late report owes nothing": late_report_owes_nothing,
    "wrap off by one": wrap_off_by_one,
    "auto-ack": acknowledged_by_the_client,
    "clean session": clean_session,
    "rule state in memory only": rules_forget_at_a_restart,
    "position moved before the write": position_before_write,
    "alert event outside the transaction": events_outside_the_transaction,
}
