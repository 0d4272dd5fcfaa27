"""The service itself, composed by app.run_ingest, with a look at the clock after each commit and acknowledgement.

`python -m benchmarks.timed_service CONFIG TIMES`: when it ends it writes, for each message in order of its commit, its
sequence number, when its transaction was durable and when its PUBACK was handed to the kernel (CLOCK_MONOTONIC, ns),
and how many alert events its transaction held. One row more has the sequence number NONE: the events of debts.
"""

import os
import sys
import time
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from unittest.mock import patch

from benchmarks.fleet import SEQ_AT
from gauge_ingest.app import run_ingest
from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.inlet import Inlet
from gauge_ingest.journal import Journal
from gauge_ingest.pump import Delivery, Pump
from gauge_ingest.pump.batch import Taken

NONE = -1  # the sequence number of no message


class Watch:
    """Stands around three methods of the service and notes when they have returned."""

    def __init__(self) -> None:
        self.times = array("q")
        self._committed_ns = 0
        self._events = self._others = 0
        self._take, self._acknowledge, self._save_alerts = Pump.take, Inlet.acknowledge, Journal.save_alerts

    def take(self, pump: Pump, deliveries: Sequence[Delivery]) -> Taken:
        """Commit a batch: when this has returned, its transaction is on disk."""
        self._others, self._events = self._others + self._events, 0
        taken = self._take(pump, deliveries)
        self._committed_ns = time.monotonic_ns()
        return taken

    def save_alerts(self, journal: Journal, alerts: Iterable[Alert], events: Iterable[AlertEvent], by: int) -> None:
        """Count alert events."""
        events = list(events)
        self._events += len(events)
        self._save_alerts(journal, alerts, events, by)

    def document(self) -> bytes:
        """All of it."""
        return self.times.tobytes() + array("q", (NONE, 0, 0, self._others + self._events)).tobytes()

    def acknowledge(self, inlet: Inlet, deliveries: list[Delivery]) -> None:
        """Acknowledge a batch."""
        self._acknowledge(inlet, deliveries)
        acknowledged_ns = time.monotonic_ns()
        for delivery in deliveries:
            self.times.extend((int(delivery.payload[SEQ_AT]), self._committed_ns, acknowledged_ns, self._events))
        self._events = 0


def main() -> int:
    """Run the service until SIGTERM."""
    config, result = Path(sys.argv[1]), Path(sys.argv[2])
    watch = Watch()
    with (
        patch.object(Pump, "take", lambda *given: watch.take(*given)),
        patch.object(Inlet, "acknowledge", lambda *given: watch.acknowledge(*given)),
        patch.object(Journal, "save_alerts", lambda *given: watch.save_alerts(*given)),
    ):
        status = run_ingest(config, os.environ)
    result.write_bytes(watch.document())
    return status


if __name__ == "__main__":
    sys.exit(main())
