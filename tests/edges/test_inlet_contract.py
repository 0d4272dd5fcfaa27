"""What the inlet relies on in paho, and that its fast way of receiving delivers what paho's own way delivers.

Method: an inlet speaks over a socketpair; the far end sends a byte stream made here, cut at random places. What must
come out is known from how the stream was made, so a mistake that both ways share shows too.
"""

import ast
import inspect
import random
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import NamedTuple

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gauge_ingest.inlet import BrokerAddress, Happened, Inlet, TakenOver, client
from gauge_ingest.inlet.client import USED_OF_PAHO, Client
from gauge_ingest.pump import Delivery

ADDRESS = BrokerAddress("127.0.0.1", 1, "contract", "rain/v1/+/up")
QUIET_S = 0.02  # after a wait as long as this, and with nothing unread, all has been read
WAYS = pytest.mark.parametrize("fast", [True, False], ids=["fast", "paho"])
PROTOCOLS = pytest.mark.parametrize("mqtt5", [True, False], ids=["mqtt5", "mqtt311"])


class Stream(NamedTuple):
    """Bytes from a broker, and what must be delivered of them."""

    sent: bytes
    deliveries: list[Delivery]


def length(number: int) -> bytes:
    """A variable byte integer."""
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(out)


def packet(command: int, body: bytes = b"") -> bytes:
    return bytes([command]) + length(len(body)) + body


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def connack(*, mqtt5: bool, session: bool = True, reason: int = 0) -> bytes:
    return packet(0x20, bytes([session, reason]) + (b"\0" if mqtt5 else b""))


def suback(*, mqtt5: bool, reason: int = 1) -> bytes:
    return packet(0x90, b"\0\1" + (b"\0" if mqtt5 else b"") + bytes([reason]))


def publish(delivery: Delivery, *, flags: int = 0, properties: bytes | None = None) -> bytes:
    """`properties` is None for MQTT 3.1.1."""
    qos = 0x02 if delivery.token else 0
    head = text(delivery.topic.encode()) + delivery.token
    if properties is not None:
        head += length(len(properties)) + properties
    return packet(0x30 | qos | flags | delivery.retained, head + delivery.payload)


def some_properties(draw: random.Random) -> bytes:
    """Properties that a PUBLISH may carry (MQTT 5.0, table 2-4), also more than 127 bytes of them."""
    choices = [
        b"\x01\x01",
        b"\x02" + draw.randbytes(4),
        b"\x03" + text(b"application/json"),
        b"\x08" + text(b"answers/here"),
        b"\x09" + text(draw.randbytes(draw.randrange(40))),
    ]
    users = [b"\x26" + text(b"key") + text(b"v" * draw.randrange(90)) for _ in range(draw.randrange(4))]
    return b"".join(draw.sample(choices, draw.randrange(len(choices))) + users)


def a_stream(draw: random.Random, *, mqtt5: bool) -> Stream:
    """Rain of many stations with other packets in between."""
    sent, deliveries = [connack(mqtt5=mqtt5)], []
    for number in range(draw.randrange(5, 120)):
        kind = draw.random()
        if kind < 0.1:
            sent.append(draw.choice([packet(0xD0), suback(mqtt5=mqtt5), packet(0x40, b"\0\7")]))
            continue
        size = draw.choice([0, 1, 100, 125, 126, 145, 145, 145, 16_384])
        size = draw.randrange(200_000, 400_000) if kind > 0.985 else size
        token = draw.choice([b"", (number + 1).to_bytes(2, "big"), b"\xff\xff"])
        topic = draw.choice(["rain/v1/HTB01/up", "rain/v1/石门/up", f"rain/v1/HTB{number}/up"])
        delivery = Delivery(topic, draw.randbytes(size), token, draw.random() < 0.2)
        deliveries.append(delivery)
        properties = some_properties(draw) if mqtt5 else None
        sent.append(publish(delivery, flags=draw.choice([0, 0x08]) if token else 0, properties=properties))
    return Stream(b"".join(sent), deliveries)


def chunks(draw: random.Random, sent: bytes) -> Iterator[bytes]:
    """The stream cut where a network might: single bytes, segments, or all that fits."""
    at, most = 0, draw.choice([3, 200, 1460, 70_000, 1 << 20])
    most = max(most, len(sent) // 4_000)
    while at < len(sent):
        size = draw.randrange(1, most + 1)
        yield sent[at : at + size]
        at += size


@contextmanager
def connected_inlet(*, fast: bool, mqtt5: bool, keep_alive_s: int = 30) -> Iterator[tuple[Inlet, socket.socket]]:
    """An inlet that has said CONNECT over a socketpair, and the far end."""
    ours, theirs = socket.socketpair()
    inlet = Inlet(replace(ADDRESS, mqtt5=mqtt5, keep_alive_s=keep_alive_s))
    inlet._client.fast = fast
    inlet._prepared.append(ours)
    theirs.setblocking(False)
    try:
        yield inlet, theirs
    finally:
        inlet.close()
        theirs.close()


def feed(inlet: Inlet, far: socket.socket, pieces: Iterator[bytes]) -> list[Delivery]:
    """Send piece by piece and take what comes, until all is sent and read or the inlet has closed."""
    taken: list[Delivery] = []
    inlet.take(0)
    for piece in pieces:
        rest = memoryview(piece)
        while rest and inlet._client.socket() is not None:
            with suppress(BlockingIOError):
                rest = rest[far.send(rest) :]
            taken += inlet.take(0)
    waited = False
    while not waited and inlet._client.socket() is not None:
        asked_at = time.monotonic()
        more = inlet.take(QUIET_S)
        taken += more
        waited = time.monotonic() - asked_at >= QUIET_S and not more and not unread(inlet)
    return taken


def unread(inlet: Inlet) -> bool:
    """Whether there is something that the inlet has not read: a busy machine may have kept it from that."""
    near = inlet._client.socket()
    return near is not None and (inlet._client.holds_data() or bool(select.select([near], [], [], 0)[0]))


def is_closed(far: socket.socket) -> bool:
    """Whether the inlet has closed its end."""
    try:
        while far.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


@PROTOCOLS
@WAYS
@pytest.mark.parametrize("seed", range(12))
def test_a_stream_cut_anywhere_delivers_the_same_rain(seed: int, fast: bool, mqtt5: bool) -> None:  # noqa: FBT001
    stream = a_stream(random.Random(seed), mqtt5=mqtt5)

    with connected_inlet(fast=fast, mqtt5=mqtt5) as (inlet, far):
        taken = feed(inlet, far, chunks(random.Random(seed + 1000), stream.sent))

    assert taken == stream.deliveries, f"seed {seed}"


@PROTOCOLS
@WAYS
@pytest.mark.parametrize(
    "bad",
    [
        b"\x32\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x32\x00",  # no topic
        b"\x32\x03\x00\x10r",  # a topic longer than its packet
        b"\x32\x04\x00\x02ra",  # no message id
        b"\x36\x07\x00\x02ra\x00\x01\x00",  # QoS 3
    ],
)
def test_bytes_that_are_no_mqtt_close_the_connection(bad: bytes, fast: bool, mqtt5: bool) -> None:  # noqa: FBT001
    good = Delivery("rain/v1/HTB01/up", b"{}", b"\x00\x07")
    stream = connack(mqtt5=mqtt5) + suback(mqtt5=mqtt5)
    stream += publish(good, properties=b"" if mqtt5 else None)

    with connected_inlet(fast=fast, mqtt5=mqtt5) as (inlet, far):
        taken = feed(inlet, far, iter([stream, bad + bytes(8)]))

        assert taken == [good]
        assert is_closed(far)
        assert inlet.happened() == [Happened.CONNECTED, Happened.LOST]


@pytest.mark.parametrize("bad", [b"\x30\x04\x00\x02ra", b"\x30\x05\x00\x02ra\x7f", b"\x30\x06\x00\x02ra\xff\xff"])
@WAYS
def test_properties_longer_than_their_packet_close_the_connection(bad: bytes, fast: bool) -> None:  # noqa: FBT001
    with connected_inlet(fast=fast, mqtt5=True) as (inlet, far):
        taken = feed(inlet, far, iter([connack(mqtt5=True) + suback(mqtt5=True), bad + b"\xd0\x00" * 80]))

        assert taken == []
        assert is_closed(far)


@PROTOCOLS
@WAYS
@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_stream_never_ends_the_process(seed: int, fast: bool, mqtt5: bool) -> None:  # noqa: FBT001
    """Goal: whatever a broker sends is rain, or closes the connection. Method: bits are flipped, bytes lost."""
    draw = random.Random(seed)
    sent = bytearray(a_stream(draw, mqtt5=mqtt5).sent[: draw.randrange(20, 20_000)])
    for _ in range(draw.randrange(1, 6)):
        place = draw.randrange(min(len(sent), draw.choice([8, 100, 20_000])))
        if draw.random() < 0.3:
            del sent[place : place + draw.randrange(5)]
        else:
            sent[place] ^= 1 << draw.randrange(8)

    with connected_inlet(fast=fast, mqtt5=mqtt5) as (inlet, far), suppress(TakenOver):  # the seed is in the test's name
        feed(inlet, far, iter([bytes(sent)]))


def test_a_broker_that_knows_no_mqtt_311_is_lost_and_tried_again() -> None:
    with connected_inlet(fast=True, mqtt5=False) as (inlet, far):
        feed(inlet, far, iter([connack(mqtt5=False, session=False, reason=1)]))

        assert is_closed(far)
        assert not inlet.connected


@WAYS
def test_rain_that_arrives_is_a_sign_of_life_though_the_answer_to_our_ping_is_behind_it(fast: bool) -> None:  # noqa: FBT001
    """Goal: a backlog that takes longer than the keep-alive to work off does not part us from the broker.

    Method: a keep-alive of one second, rain and acknowledgements all the time, but no PINGRESP.
    """
    rain = publish(Delivery("rain/v1/HTB01/up", b"{}", b"\0\1"), properties=b"")
    ends_at = time.monotonic() + 2.7

    with connected_inlet(fast=fast, mqtt5=True, keep_alive_s=1) as (inlet, far):
        feed(inlet, far, iter([connack(mqtt5=True) + suback(mqtt5=True)]))
        while time.monotonic() < ends_at and not is_closed(far):
            far.send(rain)
            inlet.acknowledge(inlet.take(0.02))
            inlet.take(0.02)  # nothing has come: paces the rain

        assert Happened.LOST not in inlet.happened()


@pytest.mark.parametrize("name", USED_OF_PAHO)
def test_the_private_names_used_of_paho_are_there(name: str) -> None:
    assert callable(getattr(mqtt.Client, name))


def test_no_other_private_name_of_paho_is_used() -> None:
    stock = mqtt.Client(CallbackAPIVersion.VERSION2)
    attributes = [node for node in ast.walk(ast.parse(inspect.getsource(client))) if isinstance(node, ast.Attribute)]
    private = {node.attr for node in attributes if node.attr.startswith("_") and not node.attr.startswith("__")}

    used = {name for name in private if hasattr(stock, name)}

    assert used - set(USED_OF_PAHO) <= {"_sock", "_last_bytes_received"}, "attributes, not methods"
    assert hasattr(mqtt.MQTTMessage(), "_topic"), "Inlet reads a topic that is no UTF-8 from it"


def test_nothing_of_ours_hides_something_of_pahos() -> None:
    stock: Callable[[str], bool] = mqtt.Client(CallbackAPIVersion.VERSION2).__dict__.__contains__
    ours = set(vars(Client(ADDRESS))) - set(vars(mqtt.Client(CallbackAPIVersion.VERSION2)))
    methods = {name for name in vars(Client) if not name.startswith("__")}

    assert {name for name in ours if hasattr(mqtt.Client, name)} == set()
    assert {name for name in methods if hasattr(mqtt.Client, name)} == {"loop_read", "_sock_recv", "_create_socket"}
    assert not {name for name in methods if stock(name)}
