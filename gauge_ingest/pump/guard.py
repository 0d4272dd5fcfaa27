"""The one place of the ingest process that catches any error: a bug that one input trips must not stop the others."""

import traceback
from collections.abc import Callable
from typing import NamedTuple

from gauge_ingest.journal import JournalBroken, JournalUnavailable, OperationalError


class Fault(NamedTuple):
    """A bug of ours that was caught."""

    error: str
    trace: str


def attempt(action: Callable[[], None]) -> Fault | None:
    """Do something; the fault if it raised. Errors of the journal are nobody's bug and pass through."""
    try:
        action()
    except (JournalUnavailable, JournalBroken, OperationalError):
        raise
    except Exception as error:  # noqa: BLE001 - see the module's docstring
        return Fault(repr(error), traceback.format_exc())
    return None
