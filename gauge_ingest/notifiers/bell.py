"""Rings the bell of a terminal: the room with the screen wakes up before the telephone does."""

import os
import sys
from collections.abc import Callable

from gauge_ingest.notifiers import Message, NotifierRejected, NotifierUnavailable
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.notifiers.within import Within

BEL = "\a"
NO_TERMINAL = "is no terminal: a bell rings at one alone, such as /dev/tty1"


class BellChannel:
    """BEL and one line, on the terminal that the person's address names (`/dev/tty1`); "" or "-" is stderr."""

    def __init__(self, name: str, settings: ChannelSettings) -> None:
        self.name = name
        self._within = Within(name, settings.timeout_s)

    def send(self, to: str, message: Message) -> None:
        """Ring, and write the short form behind it."""
        line = "".join(one if one.isprintable() else " " for one in message.short or message.subject)
        content = f"{BEL}{line}\n".encode()
        self._within.do(_writing(to, content))

    def close(self) -> None:
        """The terminal is opened for each line: nothing to let go of."""


def _writing(to: str, content: bytes) -> Callable[[], None]:
    def write() -> None:
        try:
            if to in ("", "-"):
                os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, content)
                return
            # No controlling terminal is taken, and a terminal that nobody reads does not hold us up for ever.
            opened = os.open(to, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                if not os.isatty(opened):  # a file would be written over, and nobody hears it
                    raise NotifierRejected(f"{to}: {NO_TERMINAL}")
                os.write(opened, content)
            finally:
                os.close(opened)
        except OSError as error:
            raise NotifierUnavailable(f"{to or 'stderr'}: {error.strerror or error}") from error

    return write
