"""placeholder picture: replaced in a moment."""

from collections.abc import Mapping

from gauge_ingest.core.model import Station
from gauge_ingest.rehearsal.result import Rehearsal


def svg(rehearsal: Rehearsal, stations: Mapping[str, Station]) -> str:
    """The text of the file."""
    return ""
