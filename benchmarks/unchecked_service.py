"""The service itself, composed by app.run_ingest, with its quality checks taken out: every reading is good.

`python -m benchmarks.unchecked_service CONFIG`: what `benchmarks.checks` compares the service with.
"""

import os
import sys
from pathlib import Path
from unittest.mock import patch

from gauge_ingest.app import run_ingest
from gauge_ingest.core.model import Flag
from gauge_ingest.core.quality.calm import Calm
from gauge_ingest.core.quality.verdicts import Verdict
from gauge_ingest.pump import debts
from gauge_ingest.pump.batch import Batch

GOOD = Verdict(Flag.GOOD, 0)


def good(*_: object) -> Verdict:
    """No check looks at a reading."""
    return GOOD


def nothing(*_: object) -> None:
    """No verdict is looked at again."""


def main() -> int:
    """Run the service until SIGTERM."""
    with (
        patch.object(Calm, "verdict", good),
        patch.object(Batch, "_look_at", good),
        patch.object(debts, "_check_around", nothing),
    ):
        return run_ingest(Path(sys.argv[1]), os.environ)


if __name__ == "__main__":
    sys.exit(main())
