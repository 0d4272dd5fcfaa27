"""The memory of messages that nobody has acknowledged, in the order they were made, with a limit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar, Literal

from simulator.bounds import STRICT, Some
from simulator.values import Message

_number = attrgetter("number")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySettings:
    """What the memory holds and what it does when it is full.

    The firmware fyyp_rtu (components/ptcl/ptcl.h) keeps 100 messages in RAM (domain.md, section 1.6). A flash chip
    holds far more: 5000 messages are 17 days of a reading each 5 minutes (our own estimate).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    messages_max: Some = 5000
    kind: Literal["flash", "ram"] = "flash"  # RAM is empty after a reboot and after a loss of power
    full_drops: Literal["oldest", "newest"] = "oldest"
    sends_first: Literal["oldest", "newest"] = "oldest"


class Memory:
    """Messages are waiting, or in flight: sent over this connection and not acknowledged."""

    __slots__ = ("_drops_oldest", "_flying", "_messages_max", "_oldest_first", "_waiting")

    def __init__(self, settings: MemorySettings) -> None:
        self._messages_max = settings.messages_max
        self._drops_oldest = settings.full_drops == "oldest"
        self._oldest_first = settings.sends_first == "oldest"
        self._waiting: deque[Message] = deque()  # by number, the lowest first
        self._flying: dict[int, Message] = {}  # by number, in the order they left

    def __len__(self) -> int:
        """Return how many messages nobody has acknowledged."""
        return len(self._waiting) + len(self._flying)

    @property
    def waiting(self) -> int:
        """Return how many messages are still to be sent."""
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        """Return how many messages were sent over this connection and wait for their acknowledgement."""
        return len(self._flying)

    def hold(self, message: Message, *, always: bool = False) -> Message | None:
        """Keep a message; return the one that was lost for it, maybe itself, when the memory was full.

        What is in flight is never dropped. `always`: there is room for this one.
        """
        lost = None
        if len(self) >= self._messages_max and not always:
            if not self._drops_oldest or not self._waiting:
                return message
            lost = self._waiting.popleft()
        self._waiting.append(message)
        return lost

    def following(self) -> Message | None:
        """Return the next message to send, or None."""
        if not self._waiting:
            return None
        return self._waiting[0] if self._oldest_first else self._waiting[-1]

    def taken(self, message: Message) -> None:
        """Note that the following message is in flight now."""
        assert message is self.following(), "messages leave in the order of the memory"
        if self._oldest_first:
            self._waiting.popleft()
        else:
            self._waiting.pop()
        self._flying[message.number] = message

    def acknowledged(self, number: int) -> Message | None:
        """Let go of a message in flight; return it, or None when nothing in flight has this number."""
        return self._flying.pop(number, None)

    def back(self) -> None:
        """Let what was in flight wait again, in its old order: nobody can acknowledge it any more."""
        if not self._flying:
            return
        self._waiting = deque(sorted([*self._flying.values(), *self._waiting], key=_number))
        self._flying.clear()

    def empty(self) -> list[Message]:
        """Lose everything, in flight or not; return it in the order it was made."""
        lost = sorted([*self._flying.values(), *self._waiting], key=_number)
        self._waiting.clear()
        self._flying.clear()
        return lost
