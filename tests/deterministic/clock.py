"""Time that only the simulation moves: the service's wall clock, which may be wrong, and its monotonic seconds."""

CALL_MS = 1  # looking at the clock takes time, so that a slice of work comes to its end


class VirtualClock:
    """`at` is true time in milliseconds since 1970. `error_ms` is how wrong the service's machine is about it."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.error_ms = 0

    def now(self) -> int:
        """The time of day, as the service's machine shows it."""
        return self.at + self.error_ms

    def monotonic(self) -> float:
        """Seconds that never step."""
        self.at += CALL_MS
        return self.at / 1000

    def rest(self, duration_s: float) -> None:
        """Let the service sleep."""
        self.at += round(duration_s * 1000)

    def move(self, until: int) -> None:
        """Let time go on, never back."""
        self.at = max(self.at, until)
