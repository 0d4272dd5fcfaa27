"""What can happen to our connection that others must know of, and how long to wait after it."""

import json
import random
from enum import Enum

RETRY_FIRST_S = 0.2
RETRY_MAX_S = 15.0


class Happened(Enum):
    """What the ingest process must know of the connection."""

    CONNECTED = "connected, our session was kept"
    CONNECTED_AFRESH = "connected, the broker had no session of ours"
    LOST = "connection lost"
    CONTESTED = "connections end right after they begin"
    STEADY = "connected for a while"


class TakenOver(Exception):
    """Another client uses our client id. Two that fight over it would both lose messages: this one ends."""


class Brevity:
    """Notices connections that end right after they began: what two clients with one id do to each other.

    MQTT 3.1.1 does not say that a session was taken over, and mosquitto before 2.0.15 does not say it in MQTT 5 either.
    """

    SHORT_S = 5.0
    IN_A_ROW = 5
    STEADY_S = 60.0
    ATTEMPTS_MAX = 3  # so a link that flaps is tried again within 1.6 s

    def __init__(self) -> None:
        self._began_at: float | None = None
        self._short = 0
        self._steady = False

    def began(self, now: float) -> None:
        """A connection is up."""
        self._began_at, self._steady = now, False

    def attempts(self, made: int, now: float) -> int:
        """How many attempts the next wait counts: none after a connection that lasted, few after one that was up."""
        if self._began_at is None:
            return made
        return 0 if now - self._began_at >= self.SHORT_S else min(made, self.ATTEMPTS_MAX)

    def ended(self, now: float) -> bool:
        """It is gone; True when it was one short connection too many in a row."""
        short = self._began_at is not None and now - self._began_at < self.SHORT_S
        self._short = self._short + 1 if short else 0
        self._began_at = None
        return self._short == self.IN_A_ROW

    def steady(self, now: float) -> bool:
        """True once for each connection that has lasted."""
        if self._steady or self._began_at is None or now - self._began_at < self.STEADY_S:
            return False
        self._steady, self._short = True, 0
        return True


def back_off_s(attempts: int) -> float:
    """How long to wait after so many attempts: anywhere below a bound that doubles, so that services spread."""
    bound_s = min(RETRY_MAX_S, RETRY_FIRST_S * 2 ** min(attempts, 16))
    return random.uniform(bound_s / 2, bound_s)  # noqa: S311 - spreads, hides nothing


def status_text(state: str, client_id: str) -> str:
    """What others read of us at the broker."""
    return json.dumps({"state": state, "client_id": client_id})
