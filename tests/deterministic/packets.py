"""MQTT 3.1.1 and 5.0 bytes as a broker reads and writes them; written for the tests alone, shared with nobody."""

from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x40, 0x80, 0x90
PINGREQ, PINGRESP, DISCONNECT = 0xC0, 0xD0, 0xE0
SESSION_EXPIRY, RECEIVE_MAXIMUM = 0x11, 0x21
EXPIRES_NEVER = 0xFFFF_FFFF
_WHOLE = {0x01: 1, 0x02: 4, SESSION_EXPIRY: 4, 0x17: 1, 0x18: 4, 0x19: 1, RECEIVE_MAXIMUM: 2, 0x22: 2, 0x27: 4}


class Wrong(Exception):
    """These bytes are no MQTT that this broker understands."""


class Connect(NamedTuple):
    """What a CONNECT asks for."""

    mqtt5: bool
    clean: bool
    expiry_s: int
    receive_maximum: int
    client_id: str
    will: tuple[str, bytes] | None


class Published(NamedTuple):
    """What a client publishes."""

    topic: str
    packet_id: int
    payload: bytes
    retained: bool


def packet(head: int, body: bytes = b"") -> bytes:
    """A whole packet."""
    length, number = bytearray(), len(body)
    while True:
        number, digit = divmod(number, 128)
        length.append(digit | (0x80 if number else 0))
        if not number:
            return bytes([head]) + bytes(length) + body


def publish(topic: str, packet_id: int, payload: bytes, *, mqtt5: bool, dup: bool) -> bytes:
    """A PUBLISH with QoS 1."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + packet_id.to_bytes(2, "big") + (b"\0" if mqtt5 else b"") + payload
    return packet(PUBLISH | 0x02 | (0x08 if dup else 0), body)


def next_packet(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take a whole packet off the front: its first byte and its body; None while bytes are missing."""
    length, shift = 0, 0
    for place in range(1, 5):
        if place >= len(buffer):
            return None
        length |= (buffer[place] & 0x7F) << shift
        shift += 7
        if buffer[place] < 128:
            end = place + 1 + length
            if len(buffer) < end:
                return None
            head, body = buffer[0], bytes(buffer[place + 1 : end])
            del buffer[:end]
            return head, body
    raise Wrong("a length of more than four bytes")


class Body:
    """Takes fields off the front of a packet's body."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def more(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._body)

    def whole(self, size: int) -> int:
        """An unsigned number of so many bytes."""
        return int.from_bytes(self.cut(size), "big")

    def cut(self, size: int) -> bytes:
        """The next bytes."""
        if self._at + size > len(self._body):
            raise Wrong("a packet ends too early")
        self._at += size
        return self._body[self._at - size : self._at]

    def binary(self) -> bytes:
        """Bytes with their length before them."""
        return self.cut(self.whole(2))

    def rest(self) -> bytes:
        """All that is left."""
        return self.cut(len(self._body) - self._at)

    def properties(self) -> dict[int, int]:
        """The properties that are whole numbers."""
        length, shift = 0, 0
        while True:
            byte = self.whole(1)
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 128:
                break
        end, found = self._at + length, {}
        while self._at < end:
            key = self.whole(1)
            if key in _WHOLE:
                found[key] = self.whole(_WHOLE[key])
            else:
                self.binary()
                if key == 0x26:  # a user property is a pair
                    self.binary()
        return found


def connect(body: bytes) -> Connect:
    """Read a CONNECT."""
    fields = Body(body)
    if fields.binary() != b"MQTT":
        raise Wrong("no MQTT")
    level, flags = fields.whole(1), fields.whole(1)
    fields.whole(2)  # keep-alive: nobody here is silent and alive
    properties = fields.properties() if level == 5 else {}
    client_id = fields.binary().decode()
    will = None
    if flags & 0x04:
        if level == 5:
            fields.properties()
        will = (fields.binary().decode(), fields.binary())
    clean = bool(flags & 0x02)
    expiry_s = properties.get(SESSION_EXPIRY, 0) if level == 5 else 0 if clean else EXPIRES_NEVER
    return Connect(level == 5, clean, expiry_s, properties.get(RECEIVE_MAXIMUM, 65_535), client_id, will)


def subscribe(body: bytes, *, mqtt5: bool) -> tuple[bytes, list[tuple[str, int]]]:
    """Read a SUBSCRIBE: its packet id, and filters with their QoS."""
    fields = Body(body)
    packet_id = fields.cut(2)
    if mqtt5:
        fields.properties()
    filters = []
    while fields.more:
        name = fields.binary().decode()
        filters.append((name, fields.whole(1) & 0x03))
    return packet_id, filters


def published(head: int, body: bytes, *, mqtt5: bool) -> Published:
    """Read a PUBLISH of a client."""
    fields = Body(body)
    topic = fields.binary().decode()
    packet_id = fields.whole(2) if head & 0x06 else 0
    if mqtt5:
        fields.properties()
    return Published(topic, packet_id, fields.rest(), bool(head & 0x01))
