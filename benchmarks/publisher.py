"""The load: one process that publishes prebuilt MQTT 3.1.1 frames with QoS 1 over raw sockets.

It speaks lines of JSON: the first line on stdin is the job, then each line "go" starts the next part; each part ends,
when every message of it is acknowledged by the broker, with one line on stdout. It is started by benchmarks.servers.
"""

import json
import selectors
import socket
import sys
import time
from array import array
from pathlib import Path
from typing import Any

from benchmarks.fleet import Fleet, Part

MID_MAX = 65_535
RECEIVE_BYTES = 65_536
# Of one connection: enough in flight that the broker never waits for us.
WINDOW = 2_000
LOOK_EVERY_S = 0.001


class Connection:
    """One MQTT connection with the frames that go over it, in order."""

    def __init__(self, port: int, name: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(_connect(name))
        assert self.socket.recv(4) == b"\x20\x02\x00\x00", "the broker refuses the publisher"
        self.socket.setblocking(False)
        self.frames: list[bytes] = []
        self.sent = 0  # handed to this connection; the kernel may not have taken all of it
        self._acknowledged_bytes = 0
        self._rest = b""

    @property
    def acknowledged(self) -> int:
        """How many messages the broker has acknowledged (a PUBACK is four bytes)."""
        return self._acknowledged_bytes // 4

    @property
    def done(self) -> bool:
        """Whether everything is sent and acknowledged."""
        return not self._rest and self.acknowledged == len(self.frames)

    def add(self, topic: bytes, payload: bytes) -> None:
        """Prepare one more message."""
        self.frames.append(frame(topic, payload, len(self.frames) % MID_MAX + 1))

    def receive(self) -> None:
        """Count what the broker has acknowledged by now."""
        try:
            found = self.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        assert found, "the broker has closed the publisher's connection"
        self._acknowledged_bytes += len(found)

    def send(self, up_to: int) -> None:
        """Send frames up to a number, as far as the socket takes them; the rest goes with the next call."""
        if not self._rest and self.sent < up_to:
            self._rest = b"".join(self.frames[self.sent : up_to])
            self.sent = up_to
        if self._rest:
            try:
                self._rest = self._rest[self.socket.send(self._rest) :]
            except BlockingIOError:
                return


def frame(topic: bytes, payload: bytes, mid: int) -> bytes:
    """A PUBLISH with QoS 1."""
    body = len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + payload
    length, left = b"", len(body)
    while True:
        left, digit = left >> 7, left & 0x7F
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            return b"\x32" + length + body


def flood(connections: list[Connection]) -> None:
    """Send everything as fast as the broker takes it.

    It looks round once a millisecond instead of waking for each PUBACK: a broker writes them one by one, and a
    publisher that answers to each takes the processor that it is meant to leave to others.
    """
    waiting = list(connections)
    while waiting:
        for connection in waiting:
            connection.receive()
            room = min(len(connection.frames), connection.acknowledged + WINDOW)
            connection.send(room)
        waiting = [connection for connection in waiting if not connection.done]
        time.sleep(LOOK_EVERY_S)


def pace(connections: list[Connection], count: int, rate: float) -> "array[int]":
    """Send message after message at its time, round the connections; when each was sent (CLOCK_MONOTONIC, ns)."""
    times = array("q")
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    begun, number = time.monotonic(), 0
    firsts = [connection.sent for connection in connections]
    while number < count or not all(connection.done for connection in connections):
        while number < count and time.monotonic() >= begun + number / rate:
            place = number % len(connections)
            times.append(time.monotonic_ns())
            connections[place].send(firsts[place] + number // len(connections) + 1)
            number += 1
        wait_s = begun + number / rate - time.monotonic() if number < count else 1.0
        for key, _ in selector.select(max(0.0, wait_s)):
            key.data.receive()
    selector.close()
    return times


def main() -> None:
    """Do the job on stdin."""
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    fleet = Fleet(job["begin_at"])
    connections = [Connection(job["port"], f"{job['name']}-{number}") for number in range(job["connections"])]
    prepared = [(part, list(fleet.messages(part))) for part in (Part(**part) for part in job["parts"])]
    _say({"ready": True})
    for place, (part, messages) in enumerate(prepared):
        for number, (topic, payload) in enumerate(messages):
            connections[number % len(connections)].add(topic, payload)
        _say({"built": len(messages)})
        sys.stdin.readline()
        begun_ns, cpu_begun_s = time.monotonic_ns(), time.process_time()
        if part.rate:
            times = pace(connections, part.count, part.rate)
            Path(f"{job['times']}.{place}").write_bytes(times.tobytes())
        else:
            flood(connections)
        ended_ns = time.monotonic_ns()
        _say({"begun_ns": begun_ns, "ended_ns": ended_ns, "cpu_s": time.process_time() - cpu_begun_s})


def _connect(name: str) -> bytes:
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name.encode()
    return b"\x10" + bytes([len(body)]) + body


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
