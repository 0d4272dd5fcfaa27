"""Bounds on what strangers may ask: bad links, a number a minute from each address, in bounded memory."""

import threading
import time
from collections import OrderedDict

BAD_A_MINUTE_MAX = 20
CLIENTS_MAX = 256
WINDOW_S = 60.0


class BadLinks:
    """Counts bad links by address. Good ones are not counted: nobody who was sent a link is ever turned away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()  # since when, how many

    def count(self, client: str) -> int:
        """How many bad links this address has brought within a minute, with this one."""
        now_s = time.monotonic()
        with self._lock:
            since_s, number = self._counts.pop(client, (now_s, 0))
            if now_s - since_s > WINDOW_S:
                since_s, number = now_s, 0
            self._counts[client] = since_s, number + 1
            if len(self._counts) > CLIENTS_MAX:
                self._counts.popitem(last=False)
        return number + 1
