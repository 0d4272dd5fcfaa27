"""The service itself, composed by app.run_ingest, with a look at the clock after each commit and acknowledgement.

`python -m benchmarks.timed_service CONFIG TIMES`: when it ends it writes, for each message in order of its commit, its
sequence number, when its transaction was durable and when its PUBACK was handed to the kernel (CLOCK_MONOTONIC, ns).
"""

import os
import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from benchmarks.fleet import SEQ_AT
from gauge_ingest.app import run_ingest
from gauge_ingest.inlet import Inlet
from gauge_ingest.pump import Delivery, Pump
from gauge_ingest.pump.batch import Taken


class Watch:
    """Stands around two methods of the service and notes when they have returned."""

    def __init__(self) -> None:
        self.times = array("q")
        self._committed_ns = 0
        self._take, self._acknowledge = Pump.take, Inlet.acknowledge

    def take(self, pump: Pump, deliveries: Sequence[Delivery]) -> Taken:
        """Commit a batch: when this has returned, its transaction is on disk."""
        taken = self._take(pump, deliveries)
        self._committed_ns = time.monotonic_ns()
        return taken

    def acknowledge(self, inlet: Inlet, deliveries: list[Delivery]) -> None:
        """Acknowledge a batch."""
        self._acknowledge(inlet, deliveries)
        acknowledged_ns = time.monotonic_ns()
        for delivery in deliveries:
            self.times.extend((int(delivery.payload[SEQ_AT]), self._committed_ns, acknowledged_ns))


def main() -> int:
    """Run the service until SIGTERM."""
    config, result = Path(sys.argv[1]), Path(sys.argv[2])
    watch = Watch()
    with (
        patch.object(Pump, "take", lambda *given: watch.take(*given)),
        patch.object(Inlet, "acknowledge", lambda *given: watch.acknowledge(*given)),
    ):
        status = run_ingest(config, os.environ)
    result.write_bytes(watch.times.tobytes())
    return status


if __name__ == "__main__":
    sys.exit(main())
