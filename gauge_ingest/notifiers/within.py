"""A time-out that holds: what does not end in time is left behind, and counts as perhaps done."""

import threading
from collections.abc import Callable

from gauge_ingest.notifiers import NotifierRejected, NotifierUnavailable


class Within:
    """Does one thing at a time in a thread of its own, for libraries whose time-outs start anew with every byte.

    A thread cannot be ended from outside. One that was left behind is waited for before the next thing is begun, so
    there is never more than one.
    """

    def __init__(self, name: str, timeout_s: float) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._left: threading.Thread | None = None

    def do(self, action: Callable[[], None]) -> None:
        """Do it; raises what it raised, or NotifierUnavailable when it has not ended in time."""
        if self._left is not None:
            self._left.join(self._timeout_s)
            if self._left.is_alive():
                raise NotifierUnavailable("the try before this one has not ended yet")
            self._left = None
        ended: list[NotifierUnavailable | NotifierRejected | None] = []

        def run() -> None:
            try:
                action()
            except (NotifierUnavailable, NotifierRejected) as error:
                ended.append(error)
            else:
                ended.append(None)

        thread = threading.Thread(target=run, name=f"{self._name} send", daemon=True)
        thread.start()
        thread.join(self._timeout_s)
        if thread.is_alive():
            self._left = thread
            raise NotifierUnavailable(f"no answer within {self._timeout_s:g} s", perhaps_told=True)
        if not ended:  # a fault of ours: threading.excepthook has it
            raise NotifierUnavailable("the try ended with a fault, see the log", perhaps_told=True)
        if ended[0] is not None:
            raise ended[0]
