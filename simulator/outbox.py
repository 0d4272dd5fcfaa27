"""A station's store-and-forward queue: messages stay until the broker has acknowledged them."""

from __future__ import annotations

from collections import deque

from simulator.wire import Message


class Outbox:
    """Unacknowledged messages in the order they were made. It holds no more than one run makes."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._in_flight: dict[int, Message] = {}  # in the order they were sent
        self.acknowledged_total = 0

    def __len__(self) -> int:
        """Return how many messages nobody has acknowledged."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def in_flight(self) -> int:
        """Return how many messages were sent on this connection and wait for their acknowledgement."""
        return len(self._in_flight)

    def hold(self, message: Message) -> None:
        """Keep a message until it is acknowledged."""
        self._waiting.append(message)

    def following(self) -> Message | None:
        """Return the next message to send, or None."""
        return self._waiting[0] if self._waiting else None

    def sent(self, packet_id: int) -> None:
        """Note that the following message left under this packet id."""
        self._in_flight[packet_id] = self._waiting.popleft()

    def acknowledge(self, packet_id: int) -> Message | None:
        """Let go of the message that left under this packet id; return it, or None for an id of no message."""
        message = self._in_flight.pop(packet_id, None)
        if message is not None:
            self.acknowledged_total += 1
        return message

    def connection_lost(self) -> None:
        """Put what was in flight back to the front, in its order: nobody can acknowledge it any more."""
        self._waiting.extendleft(reversed(self._in_flight.values()))
        self._in_flight.clear()
