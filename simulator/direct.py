"""An uplink without a network: what is sent arrives, and is acknowledged at once."""

from __future__ import annotations

from collections.abc import Callable

from simulator.modem import Modem
from simulator.values import Message


class Direct:
    """Hands every message that a modem sends to `arrived`, which says whether it was acknowledged."""

    def __init__(self, modem: Modem, arrived: Callable[[Message, int], bool]) -> None:
        self._modem = modem
        self._arrived = arrived

    def open(self, at: int) -> None:
        """Be there."""
        self._modem.opened(at)

    def send(self, message: Message, at: int) -> None:
        """Take a message; without an acknowledgement the modem will send it again."""
        if self._arrived(message, at):
            self._modem.acknowledged(message.number, at)

    def cut(self, at: int) -> None:
        """There is nothing to close."""


def to_nobody(_station: str, modem: Modem) -> Direct:
    """Return an uplink whose messages are acknowledged and forgotten."""
    return Direct(modem, lambda _message, _at: True)
