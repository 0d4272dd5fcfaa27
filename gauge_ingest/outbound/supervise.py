"""The ingest process's hold on the outbound process: started, woken, listened to, replaced when it ends or stands."""

import logging
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger(__name__)

RESTART_FIRST_S = 0.5
RESTART_MAX_S = 60.0
WELL_AFTER_S = 60.0
END_WITHIN_S = 2.0
# Its heart beats every two seconds. A disk that is slow for seconds is no reason to kill it.
BEAT_LOST_S = 60.0
# No more counts between two looks: while this process stood still itself (a machine that slept) it heard nothing.
LISTENED_MAX_S = 10.0
BEATS_MAX = 65_536


class OutboundProcess:
    """A child whose standard input is a line to it: a byte says look, its end says stop; a byte back is a heartbeat."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        beat_lost_s: float = BEAT_LOST_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = list(command)
        self._environ = dict(environ)
        self._beat_lost_s = beat_lost_s
        self._monotonic = monotonic
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None  # our end of it
        self._started_at = 0.0
        self._restart_at = 0.0
        self._failures = 0
        self._end_by: float | None = None  # told to end, for a restart
        self._listened_at = 0.0
        self._silent_s = 0.0  # since its last heartbeat, or its start
        self._doubted = False  # it stands still, or the one before it failed and it has not been heard yet

    @property
    def alive(self) -> bool:
        """Whether it runs, and goes on."""
        return self._child is not None and self._child.poll() is None and not self._doubted

    def wake(self) -> None:
        """There is something new in the journal. A full line has woken it already; a broken one is the next restart."""
        if self._line is None:
            return
        try:
            self._line.send(b"w")
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return

    def supervise(self) -> bool:
        """Start it when it does not run and its back-off is over, end it when it stands; whether it was heard."""
        now = self._monotonic()
        heard = self._listen(now)
        if self._child is not None:
            status = self._child.poll()
            if status is None:
                self._end_when_due(self._child, now)
                self._failures = 0 if now - self._started_at > WELL_AFTER_S else self._failures
                return heard
            if self._end_by is not None:
                self._let_go()
                self._start()
                return heard
            self._failures += 1
            self._doubted = True
            wait_s = min(RESTART_MAX_S, RESTART_FIRST_S * 2 ** min(self._failures - 1, 10))
            log.warning("outbound process ended status=%d restart_in_s=%.1f", status, wait_s)
            self._let_go()
            self._restart_at = now + wait_s
        if now >= self._restart_at:
            self._start()
        return heard

    def restart(self) -> None:
        """Have it end, and start it again with the configuration as it is then; does not wait for it."""
        self._failures, self._restart_at = 0, 0.0
        if self._child is not None:
            self._hang_up()
            self._end_by = self._monotonic() + END_WITHIN_S

    def stop(self) -> None:
        """Close the line, and end it by force when it does not end by itself."""
        self._hang_up()
        if self._child is None:
            return
        try:
            self._child.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _listen(self, now: float) -> bool:
        """Take in its heartbeats; whether there was one."""
        self._silent_s += min(now - self._listened_at, LISTENED_MAX_S)
        self._listened_at = now
        if self._line is None:
            return False
        try:
            heard = bool(self._line.recv(BEATS_MAX))
        except (BlockingIOError, ConnectionResetError):
            heard = False
        if heard:
            self._silent_s, self._doubted = 0.0, False
        return heard

    def _end_when_due(self, child: "subprocess.Popen[bytes]", now: float) -> None:
        """By force: it was told to end and has not, or it lives and stands still. One held by its disk may stay."""
        if self._end_by is not None:
            if now > self._end_by:
                child.kill()
        elif self._silent_s > self._beat_lost_s:
            if self._line is not None:  # said once
                log.error("outbound process stands still silent_s=%.0f: killed", self._silent_s)
            self._doubted = True
            self._hang_up()
            child.kill()

    def _start(self) -> None:
        self._line, far = socket.socketpair()
        self._line.setblocking(False)
        with far:
            self._child = subprocess.Popen(self._command, stdin=far.fileno(), env=self._environ)  # noqa: S603 - our own program
        self._started_at = self._listened_at = self._monotonic()
        self._silent_s = 0.0
        self._end_by = None

    def _let_go(self) -> None:
        self._hang_up()
        self._child = None

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None
