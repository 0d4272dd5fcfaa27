"""The virtual broker keeps its promises to stations, and breaks them only when it is told to."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from gauge_ingest.inlet import BrokerAddress, Inlet
from gauge_ingest.pump import Delivery
from simulator.dice import Dice
from tests.deterministic.broker import Broker, Kept
from tests.deterministic.clock import VirtualClock
from tests.deterministic.fate import Story, Violation
from tests.deterministic.packets import packet
from tests.deterministic.service import paho_in

TOPIC = "rain/v1/HTB01/up"
PROTOCOLS = pytest.mark.parametrize("mqtt5", [True, False], ids=["mqtt5", "mqtt311"])


class Table:
    """A broker and whoever connects to it."""

    def __init__(self) -> None:
        self.clock = VirtualClock(1_784_109_600_000)
        self.pubacked: list[Kept] = []
        story = Story(self.clock, aloud=False)
        self.broker = Broker(self.clock, Dice(1, "test"), story, self.pubacked.append)

    def inlet(self, *, mqtt5: bool) -> Inlet:
        """The real inlet, on its way to the broker."""
        address = BrokerAddress("127.0.0.1", 1883, "gauge-ingest", "rain/v1/+/up", mqtt5=mqtt5)
        return Inlet(address, monotonic=self.clock.monotonic, background=lambda job: job())

    def take(self, inlet: Inlet, turns: int = 8) -> list[Delivery]:
        """What arrives within some turns, none of it acknowledged."""
        taken: list[Delivery] = []
        for _ in range(turns):
            self.broker.turn()
            taken += inlet.take(0)
        return taken


@pytest.fixture
def table() -> Iterator[Table]:
    found = Table()
    with paho_in(found.clock, found.broker.connect):
        yield found
    found.broker.close()


@PROTOCOLS
def test_rain_that_was_not_acknowledged_comes_again_in_its_order(table: Table, mqtt5: bool) -> None:  # noqa: FBT001
    with closing(table.inlet(mqtt5=mqtt5)) as inlet:
        table.take(inlet)
        assert [table.broker.receive(TOPIC, bytes([number])) for number in range(5)] == [True] * 5
        first = table.take(inlet)
        table.broker.stop()
        table.take(inlet)
        table.broker.start("keeps")
        table.clock.rest(60)
        again = table.take(inlet)
        inlet.acknowledge(again)
        table.broker.turn()

    assert [one.payload for one in first] == [one.payload for one in again] == [bytes([n]) for n in range(5)]
    assert [one.payload for one in table.pubacked] == [bytes([n]) for n in range(5)]


@PROTOCOLS
def test_rain_that_comes_while_the_service_is_away_waits_for_it(table: Table, mqtt5: bool) -> None:  # noqa: FBT001
    with closing(table.inlet(mqtt5=mqtt5)) as inlet:
        table.take(inlet)
    table.broker.turn()

    table.broker.receive(TOPIC, b"away")
    with closing(table.inlet(mqtt5=mqtt5)) as inlet:
        taken = table.take(inlet)

    assert [one.payload for one in taken] == [b"away"]
    assert not any(one.forgotten for one in table.broker.kept)


def test_a_broker_that_forgets_says_so_and_names_the_rain(table: Table) -> None:
    with closing(table.inlet(mqtt5=True)) as inlet:
        table.take(inlet)
    table.broker.receive(TOPIC, b"gone")

    table.broker.stop()
    assert not table.broker.receive(TOPIC, b"refused")
    table.broker.start("forgets")

    assert [(one.payload, one.forgotten) for one in table.broker.kept] == [(b"gone", True)]


def test_an_acknowledgement_of_what_was_never_delivered_is_noticed(table: Table) -> None:
    with closing(table.inlet(mqtt5=True)) as inlet:
        table.take(inlet)
        sock = inlet._client.socket()
        assert isinstance(sock, socket.socket)
        sock.send(packet(0x40, b"\0\7"))

        with pytest.raises(Violation, match="not delivered over this connection"):
            table.broker.turn()
