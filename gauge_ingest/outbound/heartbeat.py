"""The sign of life of the outbound process: a byte back over its standard input, for the ingest process."""

import os
import stat
from collections.abc import Callable


class Heartbeat:
    """Beats while everything that tells people goes on. Nobody listens where standard input is no socket.

    The line is our own copy of standard input: a signal may close that one at any moment.
    """

    def __init__(self, goes_on: Callable[[], bool], *, standard_input: int = 0) -> None:
        self._goes_on = goes_on
        self._line: int | None = None
        if stat.S_ISSOCK(os.fstat(standard_input).st_mode):
            self._line = os.dup(standard_input)
            os.set_blocking(self._line, False)

    def beat(self) -> None:
        """Once, if all goes on; a full line has told it already, a broken one is the end of this process."""
        if self._line is None or not self._goes_on():
            return
        try:
            os.write(self._line, b".")
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return
