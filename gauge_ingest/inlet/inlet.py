"""The connection's life: connect with capped random back-off, take batches, acknowledge on the same connection only."""

import logging
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gauge_ingest.inlet.client import BrokerAddress, Client, in_a_thread
from gauge_ingest.inlet.happened import Brevity, Happened, TakenOver, back_off_s, status_text
from gauge_ingest.pump import Delivery

log = logging.getLogger(__name__)

CONNACK_WITHIN_S = 10.0
HOUSEKEEPING_EVERY_S = 0.5
CLOSE_WITHIN_S = 1.0
READS_MAX = 256  # packets read in one go before a batch is handed on
SESSION_TAKEN_OVER = 0x8E


class Inlet:
    """Owned by the ingest thread. `take` never waits longer than it is told, whatever the network does."""

    def __init__(
        self,
        address: BrokerAddress,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        background: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._address = address
        self._monotonic = monotonic
        self._background = background
        self._client = self._make(address)
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._registered: Any = None
        self._registered_for = 0
        self._preparing = False  # a helper is connecting
        self._prepared: list[socket.socket | OSError | ValueError] = []
        self._attempts = 0
        self._retry_at = 0.0
        self._connack_until: float | None = None
        self._housekeeping_at = 0.0
        self._connection = self._taken_on = 0  # which connection it is, and which one the last batch came on
        self._happened: list[Happened] = []
        self._brevity = Brevity()
        self._refusal = ""
        self._taken_over = False
        self._closing = False
        self.connected = False
        self.detail = "not connected yet"

    # --- what the ingest process calls -------------------------------------------------------------------------

    def take(self, wait_s: float) -> list[Delivery]:
        """The next batch, empty after `wait_s` without one. Raises TakenOver when our client id is used elsewhere."""
        self._keep_connected()
        self._register()
        for key, events in self._selector.select(0 if self._client.holds_data() else wait_s):
            if key.fileobj is self._wake_read:
                self._woken()
                continue
            if events & selectors.EVENT_WRITE:
                self._client.loop_write()
            if events & selectors.EVENT_READ:
                self._read()
        if self._client.holds_data():
            self._read()
        if self._refusal:
            self._close_refused()
        if self._taken_over:
            raise TakenOver(
                f"another client has connected to {self._address.host}:{self._address.port} with our client id"
                f" {self._address.client_id!r}; give each service its own (mqtt.client_id)"
            )
        self._taken_on = self._connection
        taken, self._client.received = self._client.received, []
        return taken

    def acknowledge(self, deliveries: list[Delivery]) -> None:
        """Acknowledge a batch in one write, unless the connection that delivered it is gone: then it comes again."""
        if self._taken_on == self._connection and self._client.socket() is not None:
            self._client.acknowledge([delivery.token for delivery in deliveries if delivery.token])

    def happened(self) -> list[Happened]:
        """What happened to the connection since the last call."""
        happened, self._happened = self._happened, []
        return happened

    def wake(self) -> None:
        """End a wait in `take`; may be called from a signal handler or another thread."""
        self._wake_write.send(b"w")

    def drop(self, reason: str) -> None:
        """Close the connection so that the broker sends again what was not acknowledged."""
        log.warning("connection dropped reason=%s", reason)
        self._close_socket()
        self._lost(reason)

    def close(self) -> None:
        """Say goodbye: what is acknowledged is sent, the session stays at the broker."""
        self._closing = True
        if self.connected:
            self._say("gone")
            self._client.disconnect()
            deadline = self._monotonic() + CLOSE_WITHIN_S
            while self._client.want_write() and self._monotonic() < deadline:
                self._client.loop_write()
        self._close_socket()
        for prepared in self._prepared:
            if isinstance(prepared, socket.socket):
                prepared.close()
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()

    # --- the connection ----------------------------------------------------------------------------------------

    def _make(self, address: BrokerAddress) -> Client:
        client = Client(address)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_socket_close = self._on_socket_close
        client.will_set(self._status_topic, status_text("gone", address.client_id), qos=1, retain=True)
        return client

    @property
    def session_name(self) -> str:
        """Which session at which broker is ours."""
        return f"{self._address.client_id}@{self._address.host}:{self._address.port}"

    @property
    def _status_topic(self) -> str:
        return f"rain/v1/service/{self._address.client_id}"

    def _keep_connected(self) -> None:
        now = self._monotonic()
        if self._prepared:
            self._preparing = False
            self._begin(self._prepared.pop())
        elif self._client.socket() is None and not self._preparing and now >= self._retry_at:
            self._preparing = True
            self._background(self._prepare)
        if self._connack_until is not None and now > self._connack_until:
            self._close_socket()
            self._lost("no answer to our CONNECT")
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + HOUSEKEEPING_EVERY_S
            if self._brevity.steady(now):
                self._happened.append(Happened.STEADY)
            if self._client.socket() is not None:
                self._client.loop_misc()

    def _prepare(self) -> None:
        prepared: socket.socket | OSError | ValueError
        try:
            prepared = self._client.prepare()
        except (OSError, ValueError) as error:  # ValueError: a host that no name server can be asked for (UnicodeError)
            prepared = error
        if self._closing:
            if isinstance(prepared, socket.socket):
                prepared.close()
            return
        self._prepared.append(prepared)
        with suppress(OSError):  # closed in this very moment
            self.wake()

    def _begin(self, prepared: socket.socket | OSError | ValueError) -> None:
        if not isinstance(prepared, socket.socket):
            self._lost(f"{self._address.host}:{self._address.port}: {prepared}")
            return
        self._connection += 1
        self._connack_until = self._monotonic() + CONNACK_WITHIN_S
        try:
            self._client.begin(prepared)
        except OSError as error:
            self._lost(f"{self._address.host}:{self._address.port}: {error}")

    def _lost(self, reason: str) -> None:
        """Plan the next attempt."""
        self._connack_until = None
        self._attempts = self._brevity.attempts(self._attempts, self._monotonic())
        self._retry_at = self._monotonic() + back_off_s(self._attempts)
        self._attempts += 1
        if self.connected or self._attempts == 1 or reason != self.detail:
            log.warning("broker not connected reason=%s", reason)
        if self.connected:
            self._happened.append(Happened.LOST)
            if self._brevity.ended(self._monotonic()):
                self._happened.append(Happened.CONTESTED)
        self.connected, self.detail = False, reason

    def _close_socket(self) -> None:
        self._unregister()
        self._client.abandon()

    # --- reading and writing -----------------------------------------------------------------------------------

    def _read(self) -> None:
        for _ in range(READS_MAX):
            before = len(self._client.received)
            if self._client.socket() is None or self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            if self._client.fast or len(self._client.received) == before:
                return

    def _register(self) -> None:
        sock = self._client.socket()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
        if sock is not self._registered:
            self._unregister()
            if sock is not None:
                self._selector.register(sock, wanted)
                self._registered, self._registered_for = sock, wanted
        elif sock is not None and wanted != self._registered_for:
            self._selector.modify(sock, wanted)
            self._registered_for = wanted

    def _unregister(self) -> None:
        if self._registered is not None:
            self._selector.unregister(self._registered)
            self._registered = None

    def _woken(self) -> None:
        try:
            while self._wake_read.recv(4096):
                pass
        except BlockingIOError:
            return

    # --- what paho calls ---------------------------------------------------------------------------------------

    def _on_connect(
        self, _client: mqtt.Client, _userdata: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._refused(f"the broker refuses us: {reason} (client id {self._address.client_id!r})")
            return
        session_kept = flags.session_present
        self._happened.append(Happened.CONNECTED if session_kept else Happened.CONNECTED_AFRESH)
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        if self._address.mqtt5:
            self._client.subscribe(self._address.topic, options=options)
        else:
            self._client.subscribe(self._address.topic, qos=1)

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refused(f"the broker refuses our subscription to {self._address.topic}: {reasons[0]}")
            return
        self._connack_until = None
        self.connected, self.detail = True, f"{self._address.host}:{self._address.port}"
        self._brevity.began(self._monotonic())
        log.info("broker connected host=%s port=%d", self._address.host, self._address.port)
        self._say("online")

    def _on_disconnect(
        self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.value == SESSION_TAKEN_OVER:
            self._taken_over = True
        if not self._closing and not self._refusal:
            self._lost(f"disconnected: {reason}")

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        token = message.mid.to_bytes(2, "big") if message.qos else b""
        topic = message._topic.decode("utf-8", "replace")  # .topic raises for a topic that is no UTF-8
        self._client.received.append(Delivery(topic, bytes(message.payload), token, message.retain))

    def _on_socket_close(self, _client: mqtt.Client, _userdata: Any, _sock: Any) -> None:
        self._unregister()

    def _refused(self, reason: str) -> None:
        """Noted only: inside a callback paho holds a lock that closing its socket would wait for, for ever."""
        log.error("broker refuses reason=%s", reason)
        self._refusal = reason

    def _close_refused(self) -> None:
        self._close_socket()
        self._lost(self._refusal)
        self._refusal = ""

    def _say(self, state: str) -> None:
        self._client.publish(self._status_topic, status_text(state, self._address.client_id), qos=1, retain=True)
