"""How a channel stands, in real time: what it is at, whom it fails since when, when an address is tried again."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

RETRY_FIRST_S = 0.5
DOUBLINGS_MAX = 16
PRESSING_S = 1.0


@dataclass(slots=True)
class Trouble:
    """An address that fails: how often in a row, since when, when it is tried again. In monotonic seconds."""

    failures: int
    since: float
    retry_at: float
    failed_at: float


class Standing:
    """Of one channel; its worker writes, the watch reads. Nothing of it outlives the process, by design."""

    def __init__(self, *, dead_after_s: float, retry_max_s: float, monotonic: Callable[[], float]) -> None:
        self._dead_after_s = dead_after_s
        self._retry_max_s = retry_max_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._troubles: dict[tuple[str, str], Trouble] = {}
        self._busy_since: float | None = None
        self._failing: set[tuple[str, str]] = set()  # since the last message that the channel took
        self._failing_since = 0.0

    def begun(self) -> None:
        """A try begins."""
        with self._lock:
            self._busy_since = self._monotonic()

    def worked(self, person: str, address: str) -> None:
        """A message was taken: those whom the channel failed as well are tried again at once."""
        with self._lock:
            self._busy_since = None
            self._failing.clear()
            self._troubles.pop((person, address), None)
            for trouble in self._troubles.values():
                trouble.retry_at = min(trouble.retry_at, self._monotonic() + RETRY_FIRST_S)

    def failed(self, person: str, address: str, *, retry_after_s: float | None = None) -> int:
        """A try failed: the next waits longer, at random, up to the bound; how often it has failed in a row."""
        with self._lock:
            now = self._monotonic()
            since, self._busy_since = self._busy_since, None
            trouble = self._troubles.setdefault(
                (person, address), Trouble(0, now if since is None else since, now, now)
            )
            trouble.failures += 1
            trouble.failed_at = now
            if not self._failing:
                self._failing_since = now if since is None else since
            self._failing.add((person, address))
            bound_s = min(self._retry_max_s, RETRY_FIRST_S * 2 ** min(trouble.failures, DOUBLINGS_MAX))
            wait_s = random.uniform(bound_s / 2, bound_s)  # noqa: S311 - spreads the tries
            trouble.retry_at = now + min(max(wait_s, retry_after_s or 0.0), self._retry_max_s)
            return trouble.failures

    def ended(self, person: str, address: str) -> None:
        """A try ended with a refusal: the channel works, so the address is no trouble."""
        with self._lock:
            self._busy_since = None
            self._failing.clear()
            self._troubles.pop((person, address), None)

    def failures(self, person: str, address: str) -> int:
        """How often an address has failed in a row."""
        with self._lock:
            trouble = self._troubles.get((person, address))
            return 0 if trouble is None else trouble.failures

    def wait_s(self, person: str, address: str, *, pressing: bool) -> float:
        """How long an address still waits for its next try; what is `pressing` waits a second at most."""
        with self._lock:
            trouble = self._troubles.get((person, address))
            if trouble is None:
                return 0.0
            retry_at = min(trouble.retry_at, trouble.failed_at + PRESSING_S) if pressing else trouble.retry_at
            return max(0.0, retry_at - self._monotonic())

    def dead(self, person: str, address: str) -> bool:
        """No success for too long: this address fails, or the channel hangs, or it fails two people or more."""
        with self._lock:
            before = self._monotonic() - self._dead_after_s
            mine = self._troubles.get((person, address))
            if mine is not None and mine.since <= before:
                return True
            hangs = self._busy_since is not None and self._busy_since <= before
            return hangs or (len(self._failing) > 1 and self._failing_since <= before)
