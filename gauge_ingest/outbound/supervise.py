"""The ingest process's hold on the outbound process: started, woken through a pipe, started again when it ends."""

import logging
import os
import subprocess
import time
from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

RESTART_FIRST_S = 0.5
RESTART_MAX_S = 60.0
WELL_AFTER_S = 60.0
END_WITHIN_S = 2.0


class OutboundProcess:
    """A child whose standard input is the wake pipe: a byte says look, its end says stop."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environ = dict(environ)
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._restart_at = 0.0
        self._failures = 0
        self._end_by: float | None = None  # told to end, for a restart

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def wake(self) -> None:
        """There is something new in the journal. A full pipe has woken it already; a broken one is the next restart."""
        if self._child is None or self._child.stdin is None or self._child.stdin.closed:
            return
        try:
            os.write(self._child.stdin.fileno(), b"w")
        except (BlockingIOError, BrokenPipeError):
            return

    def supervise(self) -> None:
        """Start it when it does not run and its back-off is over."""
        now = time.monotonic()
        if self._child is not None:
            status = self._child.poll()
            if status is None and self._end_by is not None and now > self._end_by:
                self._child.kill()
            if status is None:
                self._failures = 0 if now - self._started_at > WELL_AFTER_S else self._failures
                return
            if self._end_by is not None:
                self._let_go()
                self._start()
                return
            self._failures += 1
            wait_s = min(RESTART_MAX_S, RESTART_FIRST_S * 2 ** min(self._failures - 1, 10))
            log.warning("outbound process ended status=%d restart_in_s=%.1f", status, wait_s)
            self._let_go()
            self._restart_at = now + wait_s
        if now >= self._restart_at:
            self._start()

    def restart(self) -> None:
        """Have it end, and start it again with the configuration as it is then; does not wait for it."""
        self._failures, self._restart_at = 0, 0.0
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
            self._end_by = time.monotonic() + END_WITHIN_S

    def stop(self) -> None:
        """Close the pipe, and end it by force when it does not end by itself."""
        if self._child is None:
            return
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _start(self) -> None:
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=self._environ)  # noqa: S603 - our own program
        assert self._child.stdin is not None
        os.set_blocking(self._child.stdin.fileno(), False)
        self._started_at = time.monotonic()
        self._end_by = None

    def _let_go(self) -> None:
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
        self._child = None
