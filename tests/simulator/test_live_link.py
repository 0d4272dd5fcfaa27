"""The modem over a real mosquitto: it is killed, it refuses, it is not there, and no message is lost."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulator.dice import Dice
from simulator.live import link
from simulator.live.link import Broker, LiveUplink, Protocol, ServiceWatch
from simulator.modem import Modem
from simulator.radio import LinkSettings, Radio
from simulator.rtu.memory import Memory, MemorySettings
from simulator.values import MINUTE_MS, SECOND_MS, Air, Happening, Message
from tests.edges.broker import running_mosquitto

T0 = 1_784_109_600_000  # 2026-07-15 18:00 in Beijing
SPEED = 600
CALM = LinkSettings()
HASTY = LinkSettings(retry_min_s=1.0, retry_max_s=1.0)  # a few real milliseconds at this speed
SLOW = LinkSettings(retry_min_s=1e6, retry_max_s=1e6)
CONNACK_WITH_RECEIVE_MAXIMUM_2 = bytes([0x20, 6, 0, 0, 3, 0x21, 0, 2])
PUBACK_QUOTA_EXCEEDED = bytes([0x40, 4, 0, 1, 0x97, 0])
UNLIMITED = "max_inflight_messages 0"  # the subscriber has everything that a station had acknowledged, kill or no kill


class Mast:
    """One station's memory, radio, modem and real connection."""

    def __init__(self, broker: Broker, station: str, *, settings: LinkSettings = CALM, patience_s: float = 5.0) -> None:
        self.station, self.made = station, 0
        self.memory = Memory(MemorySettings())
        self.radio = Radio(settings, Dice(17, station, "radio"))
        self.modem = Modem(
            station,
            self.memory,
            self.radio,
            settings,
            dice=Dice(17, station, "modem"),
            size=lambda _: 100,
            patience_ms=round(patience_s * SECOND_MS * SPEED),
        )
        self.uplink = LiveUplink(
            broker,
            station=station,
            modem=self.modem,
            topic=lambda message: f"rain/v1/{message.station}/up",
            payload=lambda message: str(message.number).encode(),
        )
        self.modem.uplink = self.uplink
        self.happenings: list[Happening] = []
        self.now = self._minute_at = T0

    def report(self) -> None:
        self.made += 1
        self.memory.hold(Message(self.station, self.made, 1, self.now // SECOND_MS, (), number=self.made))

    def move_on(self, now: int) -> None:
        """As the runner does it: first the sockets, then everything up to now in order of time."""
        self.uplink.step(now)
        while (due := min(self.modem.next_at(), self._minute_at)) <= now:
            self.now = max(self.now, due)
            if self.now >= self._minute_at:
                self.radio.minute(self._minute_at, Air())
                self._minute_at += MINUTE_MS
            if self.modem.next_at() <= self.now:
                self.happenings += self.modem.step(self.now)
        self.now = now


class Masts:
    """All stations under one clock that runs SPEED times as fast as the real one."""

    def __init__(self, *masts: Mast) -> None:
        self.masts = masts
        self._began_s = time.monotonic()

    def play(self, so: Callable[[], object], *, within_s: float = 20.0, report_every_s: float | None = None) -> None:
        """Let time pass until something is so; meanwhile every station makes a message each so many real seconds."""
        deadline_s, due_s = time.monotonic() + within_s, time.monotonic()
        while not so():
            assert time.monotonic() < deadline_s, f"not within {within_s} s"
            if report_every_s is not None and time.monotonic() >= due_s:
                due_s += report_every_s
                for mast in self.masts:
                    mast.report()
            for mast in self.masts:
                mast.move_on(T0 + int((time.monotonic() - self._began_s) * SECOND_MS * SPEED))
            time.sleep(0.002)


class Ear:
    """A subscriber with a lasting session, and what it heard: station and payload, as often as it came."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, int]] = []
        self.subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="ear", protocol=paho.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("rain/v1/+/up", qos=1)
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = lambda _client, _, message: self.heard.append(
            (message.topic.split("/")[2], int(message.payload))
        )
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self._client.loop_start()

    def first_arrivals(self, station: str) -> list[int]:
        return list(dict.fromkeys(number for name, number in list(self.heard) if name == station))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def hearing(port: int) -> Iterator[Ear]:
    ear = Ear(port)
    try:
        assert ear.subscribed.wait(10.0)
        yield ear
    finally:
        ear.close()


def answered(server: socket.socket, peers: list[socket.socket]) -> bool:
    """Accept whoever has called meanwhile."""
    with suppress(BlockingIOError):
        peers.append(server.accept()[0])
        return True
    return False


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_no_message_is_lost_when_links_fail_and_the_broker_is_killed(protocol: Protocol, tmp_path: Path) -> None:
    """Goal: all messages arrive, first arrivals in their order. Method: kill -9 between messages, with outages."""
    with running_mosquitto(tmp_path, extra=UNLIMITED) as mosquitto, hearing(mosquitto.port) as ear:
        mosquitto.save()
        broker = Broker("127.0.0.1", mosquitto.port, protocol)
        faulty = LinkSettings(good_min=6.0, bad_min=2.0, duplicate_share=0.1)
        one, other = Mast(broker, "HTB01", settings=faulty), Mast(broker, "HTB02")
        masts = Masts(one, other)
        for _ in range(2):
            heard = len(ear.heard)
            masts.play(lambda heard=heard: len(ear.heard) > heard + 40, report_every_s=0.02)  # type: ignore[misc]
            ear.subscribed.clear()
            mosquitto.kill()
            masts.play(lambda: other.uplink.trouble, report_every_s=0.02)
            mosquitto.start()
            assert ear.subscribed.wait(10.0)

        one.radio.heal()
        masts.play(lambda: not len(one.memory) + len(other.memory), within_s=30.0)
        masts.play(lambda: len(ear.first_arrivals("HTB01")) + len(ear.first_arrivals("HTB02")) >= one.made + other.made)

    for mast in (one, other):
        assert mast.uplink.trouble is None
        numbers = list(range(1, mast.made + 1))
        assert ear.first_arrivals(mast.station) == numbers
        assert sorted(h.facts["number"] for h in mast.happenings if h.event == "puback") == numbers  # type: ignore[type-var]
    assert len(ear.heard) > one.made + other.made, "something was sent twice"
    assert any(happening.event == "link" for happening in one.happenings)


@pytest.mark.parametrize(("settings", "least", "most"), [(HASTY, 3, 8), (SLOW, 1, 1)])
def test_a_dead_broker_is_not_hammered_however_fast_the_clock_is(settings: LinkSettings, least: int, most: int) -> None:
    peers: list[socket.socket] = []
    until_s = time.monotonic() + 2.0

    with socket.create_server(("127.0.0.1", 0)) as dead:
        dead.setblocking(False)
        mast = Mast(Broker("127.0.0.1", dead.getsockname()[1]), "HTB01", settings=settings)
        mast.report()

        def is_over() -> bool:
            answered(dead, peers)
            for peer in peers:
                peer.close()
            return time.monotonic() > until_s

        Masts(mast).play(is_over)

    assert least <= len(peers) <= most, "0.1, 0.2, 0.4, 0.8 and then 2 s apart, or half of that"
    assert mast.uplink.trouble is not None
    assert mast.uplink.trouble.startswith("the connection broke: ")


def test_a_broker_that_is_not_there_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        broker = Broker("127.0.0.1", probe.getsockname()[1])
    mast = Mast(broker, "HTB01")
    mast.report()

    Masts(mast).play(lambda: mast.modem.trouble)

    assert mast.modem.trouble is not None
    assert mast.modem.trouble.startswith("cannot connect: ")
    assert mast.uplink.trouble == mast.modem.trouble


def test_a_broker_that_refuses_a_station_is_quoted(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path, extra="allow_anonymous false") as mosquitto:
        mast = Mast(Broker("127.0.0.1", mosquitto.port, passwords={"HTB01": "x"}), "HTB01")
        mast.report()
        Masts(mast).play(lambda: mast.uplink.trouble)

    assert mast.uplink.trouble == "the broker refused the connection: Not authorized"


def test_a_broker_that_never_answers_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "CONNACK_TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        mast = Mast(Broker("127.0.0.1", deaf.getsockname()[1]), "HTB01")
        mast.report()
        Masts(mast).play(lambda: mast.uplink.trouble)

    assert mast.uplink.trouble == "the broker did not answer CONNECT within 0.5 s"


def test_a_broker_that_refuses_a_message_is_quoted_and_the_message_stays(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("topic read #\n", encoding="utf-8")
    with running_mosquitto(tmp_path, extra=f"acl_file {tmp_path / 'acl'}") as mosquitto:
        mast = Mast(Broker("127.0.0.1", mosquitto.port), "HTB01", settings=SLOW)
        mast.report()
        Masts(mast).play(lambda: mast.uplink.trouble)

    assert mast.uplink.trouble == "the broker refused a message: Not authorized"
    assert mast.memory.waiting == 1


def test_a_message_refused_on_a_connection_that_stays_ends_the_connection() -> None:
    """Method: a peer that says PUBACK with a reason and keeps the connection; mosquitto 2.0.11 would end it."""
    with socket.create_server(("127.0.0.1", 0)) as stern:
        stern.setblocking(False)
        mast = Mast(Broker("127.0.0.1", stern.getsockname()[1]), "HTB01", settings=SLOW, patience_s=60.0)
        masts, peers = Masts(mast), list[socket.socket]()
        mast.report()
        masts.play(lambda: peers or answered(stern, peers))
        peers[0].sendall(CONNACK_WITH_RECEIVE_MAXIMUM_2)
        masts.play(lambda: mast.happenings)
        peers[0].sendall(PUBACK_QUOTA_EXCEEDED)
        masts.play(lambda: mast.uplink.trouble)
        peers[0].close()

    assert mast.uplink.trouble == "the broker refused a message: Quota exceeded"
    assert mast.memory.waiting == 1


def test_a_broker_that_acknowledges_nothing_is_told_of_and_not_flooded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: its Receive Maximum is kept, on the next connection too. Method: a peer that says CONNACK and no more."""
    monkeypatch.setattr(link, "SILENT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.setblocking(False)
        mast = Mast(Broker("127.0.0.1", mute.getsockname()[1]), "HTB01", settings=HASTY, patience_s=1.0)
        masts = Masts(mast)
        for _ in range(5):
            mast.report()
        for _ in range(2):
            peers: list[socket.socket] = []
            masts.play(lambda peers=peers: peers or answered(mute, peers))  # type: ignore[misc]
            peer = peers[0]
            peer.settimeout(10.0)
            peer.recv(1000)
            peer.sendall(CONNACK_WITH_RECEIVE_MAXIMUM_2)
            masts.play(lambda: mast.uplink.trouble)
            sent = peer.recv(1000)
            peer.close()

            assert sent.count(b"rain/v1/HTB01/up") == 2
            assert mast.uplink.trouble == "the broker acknowledged nothing for 1 s"
            mast.uplink.trouble = None


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_lost_radio_link_leaves_without_a_word_and_comes_back_into_its_session(
    protocol: Protocol, tmp_path: Path
) -> None:
    with running_mosquitto(tmp_path) as mosquitto:
        mast = Mast(Broker("127.0.0.1", mosquitto.port, protocol, "gauge-{station}", {"HTB01": "secret"}), "HTB01")
        masts = Masts(mast)
        mast.report()
        masts.play(lambda: not len(mast.memory))
        mast.radio.hold_down(mast.now, mast.now + 10 * MINUTE_MS)
        masts.play(lambda: mast.modem.next_at() > mast.now + MINUTE_MS / 60)
        mast.report()
        masts.play(lambda: not len(mast.memory))
        log = mosquitto.log.read_text("utf-8")
        mast.uplink.leave()

    assert log.count(" as sim-HTB01 ") == log.count("u'gauge-HTB01'") == 2
    assert "Received DISCONNECT from sim-HTB01" not in log
    assert "Sending CONNACK to sim-HTB01 (1, 0)" in log, "the session is there"


def test_a_station_without_rain_keeps_its_connection_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "KEEPALIVE_S", 2)
    with running_mosquitto(tmp_path) as mosquitto:
        mast = Mast(Broker("127.0.0.1", mosquitto.port), "HTB01")
        mast.report()
        until_s = time.monotonic() + 5.0
        Masts(mast).play(lambda: time.monotonic() > until_s)
        log = mosquitto.log.read_text("utf-8")

    assert log.count("Received PINGREQ from sim-HTB01") >= 2
    assert log.count(" as sim-HTB01 ") == 1
    assert mast.uplink.trouble is None


def test_a_service_that_is_subscribed_is_seen(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path) as mosquitto:
        watch = ServiceWatch(Broker("127.0.0.1", mosquitto.port), station="HTB01")
        service = paho.Client(CallbackAPIVersion.VERSION2)
        service.connect("127.0.0.1", mosquitto.port)
        service.loop_start()
        for state in (b"nonsense", b'{"state": "gone"}', b'{"state": "online"}'):
            service.publish("rain/v1/service/it", state, qos=1, retain=True).wait_for_publish(10.0)
            until_s = time.monotonic() + (10.0 if b"online" in state else 0.3)
            while not watch.online and time.monotonic() < until_s:
                watch.step()
                time.sleep(0.01)
            assert watch.online == (b"online" in state)
        watch.leave()
        service.disconnect()
        service.loop_stop()

    assert watch.trouble is None
