"""The inlet with brokers that refuse, say nothing or close: it says what is wrong, tries again and never waits."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial

import pytest

from gauge_ingest.inlet import BrokerAddress, Inlet, TakenOver, inlet
from gauge_ingest.inlet.client import CONNECT_TIMEOUT_S
from gauge_ingest.pump import Delivery
from tests.edges.test_inlet_contract import PROTOCOLS, connack, packet, publish, suback

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

WITHIN_S = 10.0
SLACK_S = 0.3  # of a machine with two cores and other tests on it


class Silence:
    """A listening socket. It accepts only when asked to, and says only what it is told to."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(WITHIN_S)
        self._open: list[socket.socket] = []
        self.address = BrokerAddress("127.0.0.1", self._listening.getsockname()[1], "gauge-ingest", "rain/v1/+/up")

    def answer(self, *packets: bytes) -> socket.socket:
        """Take the next connection and send packets over it."""
        accepted, _ = self._listening.accept()
        self._open.append(accepted)
        accepted.sendall(b"".join(packets))
        return accepted

    def close(self) -> None:
        for one in (*self._open, self._listening):
            one.close()


@pytest.fixture
def silence() -> Iterator[Silence]:
    with closing(Silence()) as listening:
        yield listening


def in_a_thread_of(helpers: list[threading.Thread], job: Callable[[], None]) -> None:
    """A background that a test can watch."""
    helpers.append(threading.Thread(target=job, daemon=True))
    helpers[-1].start()


def drive(inlet: Inlet, so: Callable[[], object]) -> list[Delivery]:
    """Take and acknowledge until a condition holds."""
    taken: list[Delivery] = []
    deadline = time.monotonic() + WITHIN_S
    while not so():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s; {inlet.detail}"
        batch = inlet.take(0.02)
        inlet.acknowledge(batch)
        taken += batch
    return taken


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_taking_never_waits_longer_than_asked_while_the_address_is_silent(silence: Silence, tls: bool) -> None:  # noqa: FBT001
    waits: list[float] = []
    with closing(Inlet(replace(silence.address, tls=tls))) as inlet:
        ends_at = time.monotonic() + 1.5
        while time.monotonic() < ends_at:
            began_at = time.monotonic()
            inlet.take(0.05)
            waits.append(time.monotonic() - began_at)

    assert len(waits) > 10
    assert max(waits) < 0.05 + SLACK_S


def test_taking_does_not_wait_at_all_when_it_is_asked_not_to(silence: Silence) -> None:
    with closing(Inlet(silence.address)) as inlet:
        waits = []
        for _ in range(500):
            began_at = time.monotonic()
            inlet.take(0)
            waits.append(time.monotonic() - began_at)

    assert sorted(waits)[450] < 0.005


def test_an_address_that_never_answers_is_said_and_tried_again(
    silence: Silence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet, "CONNACK_WITHIN_S", 0.3)
    with closing(Inlet(silence.address)) as silent:
        drive(silent, lambda: "no answer to our CONNECT" in silent.detail)
        drive(silent, lambda: silent._client.socket() is not None)
        silence.answer()
        silence.answer(connack(mqtt5=True), suback(mqtt5=True))
        drive(silent, lambda: silent.connected)


def test_a_wait_ends_when_something_wakes_it(silence: Silence) -> None:
    with closing(Inlet(silence.address)) as inlet:
        inlet.take(0)
        drive(inlet, lambda: inlet._client.socket() is not None)
        began_at = time.monotonic()
        inlet.wake()
        inlet.take(5)

        assert time.monotonic() - began_at < 1


@PROTOCOLS
def test_a_subscription_that_is_refused_is_said_and_tried_again(silence: Silence, mqtt5: bool) -> None:  # noqa: FBT001
    rain = Delivery("rain/v1/HTB01/up", b"{}", b"\x00\x05")
    refusal = suback(mqtt5=mqtt5, reason=0x87 if mqtt5 else 0x80)

    with closing(Inlet(replace(silence.address, mqtt5=mqtt5))) as inlet:
        drive(inlet, lambda: inlet._client.socket() is not None)
        silence.answer(connack(mqtt5=mqtt5), refusal)
        drive(inlet, lambda: "refuses our subscription to rain/v1/+/up" in inlet.detail)
        was_connected = inlet.connected
        drive(inlet, lambda: inlet._client.socket() is not None)
        silence.answer(connack(mqtt5=mqtt5), suback(mqtt5=mqtt5), publish(rain, properties=b"" if mqtt5 else None))
        taken = drive(inlet, lambda: inlet.connected)

    assert not was_connected
    assert taken == [rain]


def test_a_session_that_is_taken_over_ends_us_and_names_broker_and_client_id(silence: Silence) -> None:
    with closing(Inlet(silence.address)) as inlet:
        drive(inlet, lambda: inlet._client.socket() is not None)
        silence.answer(connack(mqtt5=True), suback(mqtt5=True), packet(0xE0, b"\x8e\x00"))

        with pytest.raises(TakenOver, match=rf"127\.0\.0\.1:{silence.address.port} with our client id 'gauge-ingest'"):
            drive(inlet, lambda: False)


def test_a_broker_that_shuts_down_is_not_one_that_another_service_uses(silence: Silence) -> None:
    with closing(Inlet(silence.address)) as inlet:
        drive(inlet, lambda: inlet._client.socket() is not None)
        silence.answer(connack(mqtt5=True), suback(mqtt5=True), packet(0xE0, b"\x8b\x00"))
        drive(inlet, lambda: "shutting down" in inlet.detail)

        assert not inlet.connected


def test_acknowledgements_go_out_as_they_were_asked_for_and_in_one_write(silence: Silence) -> None:
    rain = [Delivery("rain/v1/HTB01/up", b"{}", number.to_bytes(2, "big")) for number in (7, 258, 65_535)]
    unconfirmed = Delivery("rain/v1/HTB02/up", b"{}")
    with closing(Inlet(silence.address)) as inlet:
        drive(inlet, lambda: inlet._client.socket() is not None)
        far = silence.answer(connack(mqtt5=True), suback(mqtt5=True))
        drive(inlet, lambda: inlet.connected)
        far.sendall(b"".join(publish(one, properties=b"") for one in (*rain, unconfirmed)))
        batch: list[Delivery] = []
        while len(batch) < 4:
            batch += inlet.take(0.1)
        far.settimeout(0.05)
        with suppress(TimeoutError):
            while far.recv(65_536):
                pass
        far.settimeout(WITHIN_S)
        inlet.acknowledge(batch)

        assert far.recv(65_536) == b"\x40\x02\x00\x07\x40\x02\x01\x02\x40\x02\xff\xff"


def test_a_link_that_ends_with_rain_in_the_same_read_does_not_acknowledge_it_later(silence: Silence) -> None:
    rain = Delivery("rain/v1/HTB01/up", b"{}", b"\x00\x05")
    with closing(Inlet(silence.address)) as inlet:
        drive(inlet, lambda: inlet._client.socket() is not None)
        first = silence.answer(connack(mqtt5=True), suback(mqtt5=True))
        drive(inlet, lambda: inlet.connected)
        first.sendall(publish(rain, properties=b""))
        batch: list[Delivery] = []
        while not batch:
            batch = inlet.take(0.1)
        inlet.drop("the journal cannot take anything now")
        inlet.acknowledge(batch)
        drive(inlet, lambda: inlet._client.socket() is not None)
        second = silence.answer(connack(mqtt5=True), suback(mqtt5=True))
        drive(inlet, lambda: inlet.connected)
        inlet.take(0.05)

        second.settimeout(0.2)
        said = b""
        with suppress(TimeoutError):
            while True:
                said += second.recv(65_536)
        assert b"\x40\x02\x00\x05" not in said


def test_half_a_packet_of_a_lost_link_is_not_the_beginning_of_the_next(silence: Silence) -> None:
    rain = Delivery("rain/v1/HTB01/up", b"{}" * 100, b"\x00\x05")
    whole = publish(rain, properties=b"")
    with closing(Inlet(silence.address)) as inlet:
        drive(inlet, lambda: inlet._client.socket() is not None)
        first = silence.answer(connack(mqtt5=True), suback(mqtt5=True), whole[:50])
        drive(inlet, lambda: inlet.connected)
        first.close()
        drive(inlet, lambda: not inlet.connected)
        drive(inlet, lambda: inlet._client.socket() is not None)
        silence.answer(connack(mqtt5=True), suback(mqtt5=True), whole)

        assert drive(inlet, lambda: inlet.connected) == [rain]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70 + ".invalid"])
def test_a_host_that_has_no_address_is_said_and_tried_again(host: str) -> None:
    helpers: list[threading.Thread] = []
    address = BrokerAddress(host, 1883, "gauge-ingest", "rain/v1/+/up")

    with closing(Inlet(address, background=partial(in_a_thread_of, helpers))) as inlet:
        drive(inlet, lambda: host in inlet.detail)
        drive(inlet, lambda: len(helpers) > 1)


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_closing_while_a_helper_still_connects_leaves_no_trouble_behind(silence: Silence, tls: bool) -> None:  # noqa: FBT001
    helpers: list[threading.Thread] = []
    inlet = Inlet(replace(silence.address, tls=tls), background=partial(in_a_thread_of, helpers))
    inlet.take(0)

    inlet.close()
    silence.close()
    helpers[0].join(CONNECT_TIMEOUT_S + 1)

    assert not helpers[0].is_alive()
