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
from gauge_ingest import app
from gauge_ingest.inlet import Inlet
from gauge_ingest.pump import Delivery, Pump
from gauge_ingest.pump.batch import Taken

times = array("q")
committed_ns = 0


class TimedPump(Pump):
    """Notes when `take` has returned: then its transaction is on disk."""

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        """Commit a batch."""
        global committed_ns
        taken = super().take(deliveries)
        committed_ns = time.monotonic_ns()
        return taken


class TimedInlet(Inlet):
    """Notes when a batch was acknowledged."""

    def acknowledge(self, deliveries: list[Delivery]) -> None:
        """Acknowledge a batch."""
        super().acknowledge(deliveries)
        acknowledged_ns = time.monotonic_ns()
        for delivery in deliveries:
            times.extend((int(delivery.payload[SEQ_AT]), committed_ns, acknowledged_ns))


def main() -> int:
    """Run the service until SIGTERM."""
    config, result = Path(sys.argv[1]), Path(sys.argv[2])
    with patch.object(app, "Pump", TimedPump), patch.object(app, "Inlet", TimedInlet):
        status = app.run_ingest(config, os.environ)
    result.write_bytes(times.tobytes())
    return status


if __name__ == "__main__":
    sys.exit(main())
