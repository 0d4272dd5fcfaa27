"""Where the words of both processes go."""

import logging
import sys


def log_to_stderr() -> None:
    """One line an event, key=value, on standard error."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
