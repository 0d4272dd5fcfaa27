"""The MQTT link of a station, and the watch for the service's presence. The simulator's only home of paho.

Each connection gets a new paho client and lives in one thread: so paho remembers nothing across connections, and
what must be sent again is decided in one place, the outbox.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulator.clock import monotonic_s
from simulator.outbox import Outbox
from simulator.wire import Message, encode, topic

Protocol = Literal["5", "3.1.1"]

IN_FLIGHT_MAX = 20
BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.1, 2.0
CONNECT_TIMEOUT_S = 3.0
CONNACK_TIMEOUT_S = 5.0
PUBACK_TIMEOUT_S = 20.0
KEEPALIVE_S = 15
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
    """One MQTT client id that connects, reconnects with back-off, and is moved on by step()."""

    def __init__(self, broker: Broker, *, client_id: str, station: str) -> None:
        self.trouble: str | None = None  # why there is no connection, in the broker's or the system's words
        self._last_words: str | None = None  # of the broker, on the connection that is open or was the last
        self._broker = broker
        self._client_id = client_id
        self._username = broker.username.replace("{station}", station) if broker.username else None
        self._password = broker.passwords.get(station)
        self._client: paho.Client | None = None
        self._ready = False
        self._window = IN_FLIGHT_MAX
        self._failures = 0
        self._next_try_s = 0.0
        self._opened_s = 0.0
        self._rng = random.Random()

    def step(self) -> None:
        """Connect when it is time, and take in what has arrived. Never waits, but for the connecting itself."""
        if self._client is None:
            if monotonic_s() >= self._next_try_s:
                self._open()
            return
        result = self._client.loop(timeout=0.0)
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS or self._last_words:
            self._drop(f"the connection broke: {paho.error_string(result)}")
        elif not self._ready and monotonic_s() - self._opened_s > CONNACK_TIMEOUT_S:
            self._drop(f"the broker did not answer CONNECT within {CONNACK_TIMEOUT_S:g} s")

    def cut(self) -> None:
        """Tear the connection without a word, as a lost radio link does."""
        if self._client is not None:
            self._close_socket()
            self._next_try_s = 0.0

    def leave(self) -> None:
        """Say goodbye to the broker, if there is anyone to say it to."""
        if self._client is not None and self._ready:
            self._client.disconnect()
        self.cut()

    def _open(self) -> None:
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
        self, _client: paho.Client, _: object, _flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._last_words = f"the broker refused the connection: {reason}"
            return
        self.trouble, self._ready = None, True
        self._window = min(IN_FLIGHT_MAX, getattr(properties, "ReceiveMaximum", IN_FLIGHT_MAX))
        self._greet()

    def _on_disconnect(self, _client: paho.Client, _: object, flags: paho.DisconnectFlags, *rest: object) -> None:
        self._ready = False
        if flags.is_disconnect_packet_from_server:
            self._last_words = f"the broker closed the connection: {rest[0]}"

    def _drop(self, trouble: str) -> None:
        self.trouble = self._last_words or trouble
        self._close_socket()
        longest_s = min(BACKOFF_FIRST_S * 2.0 ** min(self._failures, 16), BACKOFF_MAX_S)
        self._failures += 1
        self._next_try_s = monotonic_s() + self._rng.uniform(0.5, 1.0) * longest_s

    def _close_socket(self) -> None:
        assert self._client is not None, "only an open connection can be closed"
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._client, self._ready = None, False
        self._forget()

    def _greet(self) -> None:
        """Do what a new connection begins with."""

    def _forget(self) -> None:
        """Undo what only the lost connection knew."""


class StationLink(_Connection):
    """Brings one station's outbox to the broker, in order, until everything is acknowledged."""

    def __init__(
        self,
        broker: Broker,
        *,
        station: str,
        on_publish: Callable[[Message], None],
        on_puback: Callable[[Message], None],
    ) -> None:
        super().__init__(broker, client_id=f"sim-{station}", station=station)
        self.station = station
        self.outbox = Outbox()
        self._tell_publish = on_publish
        self._tell_puback = on_puback
        self._progress_s = 0.0

    def step(self) -> None:
        """Move the connection on, then send as much as the window takes."""
        super().step()
        if self._client is None or not self._ready:
            return
        if self.outbox.in_flight and monotonic_s() - self._progress_s > PUBACK_TIMEOUT_S:
            self._drop(f"the broker acknowledged nothing for {PUBACK_TIMEOUT_S:g} s")
            return
        while self.outbox.in_flight < self._window and (message := self.outbox.following()) is not None:
            if not self.outbox.in_flight:
                self._progress_s = monotonic_s()
            self._tell_publish(message)
            sent = self._client.publish(topic(message.station), encode(message), qos=1)
            self.outbox.sent(sent.mid)
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._drop(f"the connection broke: {paho.error_string(sent.rc)}")
                return

    def _greet(self) -> None:
        assert self._client is not None, "a greeting comes from an open connection"
        self._client.on_publish = self._on_publish

    def _on_publish(
        self, _client: paho.Client, _: object, packet_id: int, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            # The message stays; the connection ends, so that it is sent again at the pace of the back-off.
            self._last_words = f"the broker refused a message: {reason}"
            return
        self._progress_s, self._failures = monotonic_s(), 0
        message = self.outbox.acknowledge(packet_id)
        if message is not None:
            self._tell_puback(message)

    def _forget(self) -> None:
        self.outbox.connection_lost()


class ServiceWatch(_Connection):
    """Listens for the presence that the service keeps on the broker."""

    def __init__(self, broker: Broker, *, station: str) -> None:
        """Sign in as `station` would: brokers that know users know the stations."""
        super().__init__(broker, client_id=f"sim-watch-{random.getrandbits(32):08x}", station=station)
        self.online = False

    def _greet(self) -> None:
        assert self._client is not None, "a greeting comes from an open connection"
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.subscribe(SERVICE_TOPIC, qos=1)

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
