"""MQTT connections in real time: a station's uplink, and the watch for the service's presence. A home of paho.

Each connection gets a new paho client, so paho remembers nothing across connections: what must be sent again is
decided in one place, the modem. Nothing here waits, but for the connecting itself.
"""

from __future__ import annotations

import json
import random
import select
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulator.clock import monotonic_s
from simulator.modem import Modem
from simulator.values import Message

Protocol = Literal["5", "3.1.1"]

IN_FLIGHT_MAX = 20  # paho's own limit; a broker may allow fewer
BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.1, 2.0  # real seconds, however fast the simulated clock is
CONNECT_TIMEOUT_S = 3.0
CONNACK_TIMEOUT_S = 5.0
SILENT_S = 4.0  # a modem that cuts after as much silence did not do it for its radio's sake
KEEPALIVE_S = 15
HOUSEKEEPING_S = 1.0
SESSION_EXPIRY_S = 86400
SERVICE_TOPIC = "rain/v1/service/+"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how to sign in; `{station}` in the user name stands for the station's id."""

    host: str
    port: int
    protocol: Protocol = "5"
    username: str | None = None
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)  # by station


class _Connection:
    """One MQTT client id that connects when it is wanted, with back-off, and is moved on by poll().

    poll() costs one system call while nothing has come.
    """

    def __init__(self, broker: Broker, *, client_id: str, station: str) -> None:
        self.trouble: str | None = None  # why there is no connection, in the broker's or the system's words
        self._wanted = False
        self._last_words: str | None = None  # of the broker, on the connection that is open or was the last
        self._broker = broker
        self._client_id = client_id
        self._username = broker.username.replace("{station}", station) if broker.username else None
        self._password = broker.passwords.get(station)
        self._client: paho.Client | None = None
        self._ready = False
        self._window = IN_FLIGHT_MAX
        self._readable = select.poll()
        self._failures = 0
        self._next_try_s = self._opened_s = self._housekeeping_s = 0.0
        self._jitter = random.Random()

    def poll(self) -> None:
        """Connect when it is time, and take in what has arrived."""
        if self._client is None:
            if self._wanted and monotonic_s() >= self._next_try_s:
                self._connect()
            return
        result = self._move(self._client)
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS or self._last_words:
            self._drop(f"the connection broke: {paho.error_string(result)}")
        elif not self._ready and monotonic_s() - self._opened_s > CONNACK_TIMEOUT_S:
            self._drop(f"the broker did not answer CONNECT within {CONNACK_TIMEOUT_S:g} s")

    def leave(self) -> None:
        """Say goodbye to the broker, if there is anyone to say it to."""
        if self._client is not None:
            if self._ready:
                self._client.disconnect()
            self._close_socket()
        self._wanted = False

    def _move(self, client: paho.Client) -> MQTTErrorCode:
        result = MQTTErrorCode.MQTT_ERR_SUCCESS
        if self._readable.poll(0):
            result = client.loop_read()
        if result == MQTTErrorCode.MQTT_ERR_SUCCESS and client.want_write():
            result = client.loop_write()
        if result == MQTTErrorCode.MQTT_ERR_SUCCESS and monotonic_s() >= self._housekeeping_s:
            self._housekeeping_s = monotonic_s() + HOUSEKEEPING_S
            result = client.loop_misc()  # keep-alive
        return result

    def _connect(self) -> None:
        client = self._make_client()
        self._client, self._opened_s, self._last_words = client, monotonic_s(), None
        try:
            if self._broker.protocol == "5":
                properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
                properties.SessionExpiryInterval = SESSION_EXPIRY_S
                client.connect(
                    self._broker.host, self._broker.port, KEEPALIVE_S, clean_start=False, properties=properties
                )
            else:
                client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
            self._drop(f"cannot connect: {error}")
            return
        sock = client.socket()
        if sock is None:
            self._drop("the connection broke before CONNECT was sent")
            return
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)

    def _make_client(self) -> paho.Client:
        modern = self._broker.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=None if modern else False,
            protocol=MQTTProtocolVersion.MQTTv5 if modern else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        if self._username is not None:
            client.username_pw_set(self._username, self._password)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        return client

    def _on_connect(
        self, client: paho.Client, _: object, _flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._last_words = f"the broker refused the connection: {reason}"
            return
        self.trouble, self._ready = None, True
        self._window = min(IN_FLIGHT_MAX, getattr(properties, "ReceiveMaximum", IN_FLIGHT_MAX))
        self._greet(client)

    def _on_disconnect(self, _client: paho.Client, _: object, flags: paho.DisconnectFlags, *rest: object) -> None:
        self._ready = False
        if flags.is_disconnect_packet_from_server:
            self._last_words = f"the broker closed the connection: {rest[0]}"

    def _drop(self, trouble: str) -> None:
        self.trouble = self._last_words or trouble
        self._close_socket()
        longest_s = min(BACKOFF_FIRST_S * 2.0 ** min(self._failures, 16), BACKOFF_MAX_S)
        self._failures += 1
        self._next_try_s = monotonic_s() + self._jitter.uniform(0.5, 1.0) * longest_s
        self._mourn(self.trouble)

    def _close_socket(self) -> None:
        assert self._client is not None, "only an open connection can be closed"
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._client, self._ready = None, False

    def _greet(self, client: paho.Client) -> None:
        """Do what a new connection begins with."""

    def _mourn(self, trouble: str) -> None:
        """Do what the end of a connection asks for, or of the attempt to get one."""


class LiveUplink(_Connection):
    """A station's way to a real broker. The world opens and cuts it through the modem, step() lets it answer."""

    def __init__(
        self,
        broker: Broker,
        *,
        station: str,
        modem: Modem,
        topic: Callable[[Message], str],
        payload: Callable[[Message], bytes],
    ) -> None:
        super().__init__(broker, client_id=f"sim-{station}", station=station)
        self.station = station
        self._modem = modem
        self._topic, self._payload = topic, payload
        self._now = 0
        self._numbers: dict[int, int] = {}  # by packet id: the number of the message that left under it
        self._beyond: deque[Message] = deque()  # sent by the modem; the broker allows no more in flight yet
        self._silent_since_s = 0.0

    def step(self, at: int) -> None:
        """Move the connection on and tell the modem what came of it; `at` is the simulated instant."""
        self._now = at
        self.poll()
        self._publish_what_may()

    def open(self, at: int) -> None:  # noqa: ARG002  (real connections take real time)
        """Connect at the next step, or when the back-off is over."""
        self._wanted = True

    def send(self, message: Message, at: int) -> None:  # noqa: ARG002
        """Publish a message. A connection that breaks meanwhile is told of at the next step."""
        if self._ready:
            self._beyond.append(message)
            self._publish_what_may()

    def cut(self, at: int) -> None:  # noqa: ARG002
        """Tear the connection without a word, as a lost radio link does."""
        self._wanted = False
        if self._client is None:
            return
        silent_s = monotonic_s() - self._silent_since_s
        if self._numbers and silent_s > SILENT_S:
            self.trouble = f"the broker acknowledged nothing for {silent_s:.0f} s"
        self._close_socket()
        self._forget()

    def _greet(self, client: paho.Client) -> None:
        client.on_publish = self._on_publish
        self._modem.opened(self._now)

    def _publish_what_may(self) -> None:
        while self._beyond and len(self._numbers) < self._window:
            assert self._client is not None, "only an open connection has messages"
            if not self._numbers:
                self._silent_since_s = monotonic_s()
            message = self._beyond.popleft()
            sent = self._client.publish(self._topic(message), self._payload(message), qos=1)
            self._numbers[sent.mid] = message.number
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._last_words = self._last_words or f"the connection broke: {paho.error_string(sent.rc)}"

    def _forget(self) -> None:
        self._numbers.clear()
        self._beyond.clear()

    def _mourn(self, trouble: str) -> None:
        self._wanted = False
        self._forget()
        self._modem.lost(self._now, trouble)

    def _on_publish(
        self, _client: paho.Client, _: object, packet_id: int, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            # The message stays; the connection ends, so that it is sent again at the pace of the back-off.
            self._last_words = f"the broker refused a message: {reason}"
            return
        self._silent_since_s, self._failures = monotonic_s(), 0
        number = self._numbers.pop(packet_id, None)
        if number is not None:
            self._modem.acknowledged(number, self._now)


class ServiceWatch(_Connection):
    """Listens for the presence that the service keeps on the broker."""

    def __init__(self, broker: Broker, *, station: str) -> None:
        """Sign in as `station` would: brokers that know users know the stations."""
        super().__init__(broker, client_id=f"sim-watch-{random.getrandbits(32):08x}", station=station)
        self.online = False
        self._wanted = True

    def step(self) -> None:
        """Move the connection on."""
        self.poll()

    def _greet(self, client: paho.Client) -> None:
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.subscribe(SERVICE_TOPIC, qos=1)

    def _on_subscribe(
        self, _client: paho.Client, _: object, _packet_id: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._last_words = f"the broker refuses to let it read {SERVICE_TOPIC}: {refused[0]}"

    def _on_message(self, _client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        try:
            presence = json.loads(message.payload)
        except ValueError:
            return  # someone else's message on this topic says nothing about the service
        if isinstance(presence, dict) and presence.get("state") == "online":
            self.online = True
