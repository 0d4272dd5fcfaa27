"""Many PUBLISH packets out of one read: what makes receiving cost a sixth of paho's packet by packet."""

from typing import NamedTuple

from gauge_ingest.pump import Delivery

PUBLISH = 0x30
LENGTH_BYTES_MAX = 4
TOPICS_MAX = 100_000  # topics remembered as text


class Malformed(Exception):
    """The bytes are no MQTT."""


class Cut(NamedTuple):
    """What a read held: deliveries, whole packets of other kinds in order, and how much of the bytes that was."""

    deliveries: list[Delivery]
    others: list[bytes]
    used: int
    wanted: int  # how long the rest must become before it is worth another look


def cut(buffer: bytes, topics: dict[bytes, str], *, mqtt5: bool) -> Cut:
    """Cut a buffer that begins with a packet into packets (MQTT 3.1.1 and 5.0, sections 2.1 and 3.3).

    QoS 0 and 1 only: we subscribe with QoS 1, so the broker never sends more; any other PUBLISH is left to paho.
    """
    deliveries: list[Delivery] = []
    others: list[bytes] = []
    at, end, wanted = 0, len(buffer), 0
    while end - at >= 2:
        command, length, start = buffer[at], buffer[at + 1], at + 2
        if length > 127:
            if end - at > 2 and buffer[at + 2] < 128:  # two bytes, as nearly every message of ours has
                length, start = length & 0x7F | buffer[at + 2] << 7, at + 3
            else:
                length, start = _length(buffer, at + 1)
                if start < 0:
                    break
        stop = start + length
        if stop > end:
            wanted = stop - at
            break
        if command & 0xF4 == PUBLISH:  # QoS 0 or 1
            deliveries.append(_delivery(buffer, start, stop, command, topics, mqtt5=mqtt5))
        else:
            others.append(buffer[at:stop])
        at = stop
    return Cut(deliveries, others, at, wanted)


def _delivery(buffer: bytes, start: int, stop: int, command: int, topics: dict[bytes, str], *, mqtt5: bool) -> Delivery:
    body = start + 2 + (buffer[start] << 8 | buffer[start + 1]) if stop - start >= 2 else stop + 1
    raw = buffer[start + 2 : body]
    token = b""
    if command & 0x02:
        token = buffer[body : body + 2]
        body += 2
    if mqtt5 and body < stop:
        properties, after = buffer[body], body + 1
        if properties > 127:
            properties, after = _length(buffer, body)
        body = after + properties if after > 0 else stop + 1
    elif mqtt5:
        body = stop + 1
    if body > stop:
        raise Malformed(f"a PUBLISH of {stop - start} bytes ends before its payload begins")
    topic = topics.get(raw)
    if topic is None:
        topic = raw.decode("utf-8", "replace")
        if len(topics) < TOPICS_MAX:
            topics[raw] = topic
    # In the order of Delivery's fields; tuple.__new__ saves the call of its own __new__, for every message.
    return tuple.__new__(Delivery, (topic, buffer[body:stop], token, command & 0x01 == 1))


def _length(buffer: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer and where it ends; the end is -1 when bytes are missing."""
    value = 0
    for number in range(LENGTH_BYTES_MAX):
        if at + number >= len(buffer):
            return 0, -1
        byte = buffer[at + number]
        value |= (byte & 0x7F) << (7 * number)
        if byte < 128:
            return value, at + number + 1
    raise Malformed("a length of more than four bytes")
