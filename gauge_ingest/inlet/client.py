"""The MQTT client: paho's, with connecting taken out and receiving made fast.

CONNECT, TLS, keep-alive, publishing and everything rare stay paho's. These private names of paho 2.1 and 2.2 are used:
USED_OF_PAHO. Where one is missing, packets are received paho's own way; tests/edges/test_inlet_contract.py compares.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gauge_ingest.inlet.receive import Malformed, cut
from gauge_ingest.pump import Delivery

CONNECT_TIMEOUT_S = 5.0
NEVER = 0xFFFF_FFFF  # a session expiry of MQTT 5 that never comes


# Some 3,000 readings: the more of them one commit holds, the fewer pages of the journal are written again and again.
RECEIVE_BYTES = 512 * 1024
USED_OF_PAHO = ("_sock_recv", "_loop_rc_handle", "_packet_queue", "_sock_close", "_create_socket")


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are there."""

    host: str
    port: int
    client_id: str
    topic: str
    username: str = ""
    password: str = ""
    mqtt5: bool = True
    keep_alive_s: int = 30
    receive_maximum: int = 65_535
    tls: bool = False
    tls_ca: str = ""


class Client(mqtt.Client):
    """paho's client with the connecting taken out, so that a helper can do it while the rules go on."""

    def __init__(self, address: BrokerAddress) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            clean_session=None if address.mqtt5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if address.mqtt5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,  # paho would reconnect inside its receiving when MQTT 3.1.1 is refused
        )
        self.address = address
        self.connect_timeout = CONNECT_TIMEOUT_S
        self.fast = all(callable(getattr(mqtt.Client, name, None)) for name in USED_OF_PAHO)
        self.received: list[Delivery] = []
        self._rest = bytearray()
        self._wanted = 0
        self._fed: bytes | None = None
        self._topics: dict[bytes, str] = {}
        self._prepared: socket.socket | None = None
        if address.username:
            self.username_pw_set(address.username, address.password or None)
        if address.tls:
            context = ssl.create_default_context(cafile=address.tls_ca or None)
            self.tls_set_context(context)
        self.connect_async(
            address.host,
            address.port,
            keepalive=address.keep_alive_s,
            clean_start=False if address.mqtt5 else mqtt.MQTT_CLEAN_START_FIRST_ONLY,
            properties=_session(address) if address.mqtt5 else None,
        )

    def prepare(self) -> socket.socket:
        """Resolve, connect and shake hands: up to CONNECT_TIMEOUT_S each, so called in a helper thread."""
        prepared = super()._create_socket()
        assert isinstance(prepared, socket.socket)
        return prepared

    def begin(self, prepared: socket.socket) -> MQTTErrorCode:
        """Speak MQTT over a socket that `prepare` made, asking for our old session."""
        self._prepared = prepared
        self._rest, self._wanted, self._fed = bytearray(), 0, None
        return self.reconnect()

    def acknowledge(self, mids: list[bytes]) -> None:
        """One write with the PUBACK of every message id (two bytes each, as they came)."""
        if mids:
            self._packet_queue(mqtt.PUBACK, b"\x40\x02" + b"\x40\x02".join(mids), 0, 0)

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read once, and put every complete PUBLISH into `received`; other packets go paho's way."""
        if not self.fast or self._sock is None:
            return super().loop_read(max_packets)
        try:
            chunk = self._sock_recv(RECEIVE_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        if not chunk:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        # paho's own reading notes this for its keep-alive: a PINGRESP may be behind more rain than fits in one.
        self._last_bytes_received = mqtt.time_func()
        if self._rest:
            self._rest += chunk
            if len(self._rest) < self._wanted:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            chunk = bytes(self._rest)
        try:
            found = cut(chunk, self._topics, mqtt5=self.address.mqtt5)
        except Malformed:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        self._rest, self._wanted = bytearray(chunk[found.used :]), found.wanted
        self.received += found.deliveries
        return self._leave_to_paho(found.others)

    def _leave_to_paho(self, packets: list[bytes]) -> MQTTErrorCode:
        rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        for packet in packets:
            if self._sock is None:
                break
            self._fed = packet
            rc = super().loop_read()
            self._fed = None
        return rc

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._fed is None:
            return super()._sock_recv(bufsize)
        if not self._fed:
            raise BlockingIOError
        part, self._fed = self._fed[:bufsize], self._fed[bufsize:]
        return part

    def abandon(self) -> None:
        """Close the socket without a word, as a lost link would."""
        self._sock_close()

    def holds_data(self) -> bool:
        """Whether TLS has bytes decrypted that no selector sees any more."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def _create_socket(self) -> socket.socket:
        prepared, self._prepared = self._prepared, None
        assert prepared is not None, "begin() hands over the socket"
        return prepared


def in_a_thread(job: Callable[[], None]) -> None:
    """Let a helper do it, for whose end nobody waits."""
    threading.Thread(target=job, name="connect", daemon=True).start()


def _session(address: BrokerAddress) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = NEVER
    properties.ReceiveMaximum = address.receive_maximum
    return properties
