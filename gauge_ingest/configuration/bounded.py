"""A bound on what foreign code may do for us, whatever it was given to read."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TooMuch(BaseException):
    """The work took more than was allowed. What it worked on is half done: it must not be used again.

    No `Exception`: the work itself may pass over those, and would go on without a bound, for Python ends a trace that
    has raised.
    """


@contextmanager
def at_most(lines_max: int) -> Iterator[None]:
    """Within, this thread executes at most so many lines of Python in the functions it calls; then TooMuch.

    Lines are counted, not seconds: the same work is always allowed or never, on every machine. It costs several times
    the time of the work itself.
    """
    left = lines_max

    def counted(frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG001  the shape of a trace function
        nonlocal left
        left -= 1
        if left < 0:
            raise TooMuch
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        yield
    finally:
        sys.settrace(before)
    if left < 0:
        raise TooMuch
