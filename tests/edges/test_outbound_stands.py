"""The outbound process as a child: one that stands still is killed and replaced, one that is slow is not."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gauge_ingest.outbound import OutboundProcess
from gauge_ingest.outbound.heartbeat import Heartbeat
from tests.simulation.service import until

BEATS = "import os,select\nwhile not select.select([0],[],[],0.02)[0] or os.read(0,9): os.write(0,b'.')"
SILENT = "import os\nwhile os.read(0,9): pass"


class Watched:
    """A child, and monotonic seconds that pass when the test says so."""

    def __init__(self, code: str) -> None:
        self.seconds = 1_000.0
        self.outbound = OutboundProcess([sys.executable, "-c", code], os.environ, monotonic=lambda: self.seconds)
        self.outbound.supervise()

    def pid(self) -> int:
        """Of the child."""
        assert self.outbound._child is not None
        return self.outbound._child.pid

    def heard(self) -> bool:
        """Look, in no time."""
        return self.outbound.supervise()

    def pass_time(self, seconds: int, *, every: int = 2) -> None:
        """Look as the ingest loop does."""
        for _ in range(0, seconds, every):
            self.seconds += every
            self.outbound.supervise()


@contextmanager
def watched(code: str) -> Iterator[Watched]:
    """A child that ends with the block."""
    found = Watched(code)
    try:
        yield found
    finally:
        found.outbound.stop()


def test_one_that_is_stopped_is_not_alive_after_a_minute_and_is_replaced() -> None:
    with watched(BEATS) as one:
        until(one.heard, within_s=10, what="a heartbeat")
        first = one.pid()
        os.kill(first, signal.SIGSTOP)
        until(lambda: not one.heard(), within_s=10, what="silence")

        one.pass_time(58)
        before = one.outbound.alive, one.pid()
        one.pass_time(4)
        after = one.outbound.alive

        assert before == (True, first)
        assert not after
        until(lambda: _again(one, first), within_s=10, what="another child")
        assert not one.outbound.alive, "nobody has heard it yet"
        until(one.heard, within_s=10, what="a heartbeat of the other")
        assert one.outbound.alive


def test_one_that_never_beats_is_not_alive_however_often_it_is_started() -> None:
    with watched(SILENT) as one:
        first = one.pid()
        one.pass_time(62)
        until(lambda: _again(one, first), within_s=10, what="another child")
        second = one.pid()

        one.pass_time(40)

        assert not one.outbound.alive
        one.pass_time(24)
        until(lambda: _again(one, second), within_s=10, what="a third child")


def test_one_that_ends_again_and_again_is_never_alive_between() -> None:
    with watched("") as one:
        first = one.pid()
        until(lambda: _again(one, first), within_s=10, what="another child")

        assert not one.outbound.alive


def test_time_in_which_we_did_not_look_ourselves_is_no_silence_of_its() -> None:
    with watched(SILENT) as one:
        first = one.pid()

        one.pass_time(86_400, every=86_400)

        assert (one.outbound.alive, one.pid()) == (True, first)


def test_one_that_is_told_to_end_is_not_blamed_for_its_silence() -> None:
    with watched(BEATS) as one:
        until(one.heard, within_s=10, what="a heartbeat")
        first = one.pid()

        one.outbound.restart()

        until(lambda: _again(one, first), within_s=10, what="the next")
        assert one.outbound.alive


@pytest.mark.parametrize("goes_on", [True, False])
def test_the_heart_beats_only_while_everything_that_tells_goes_on(*, goes_on: bool) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        Heartbeat(lambda: goes_on, standard_input=theirs.fileno()).beat()

        try:
            heard = ours.recv(9)
        except BlockingIOError:
            heard = b""

    assert heard == (b"." if goes_on else b"")


def _again(one: Watched, before: int) -> bool:
    """Whether another child runs; the pause before it passes."""
    one.seconds += 0.1
    one.outbound.supervise()
    return one.outbound._child is not None and one.pid() != before
