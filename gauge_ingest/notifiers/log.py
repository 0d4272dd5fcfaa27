"""Tells of alerts in the service's own log."""

import logging
from collections.abc import Mapping

from gauge_ingest.core.model import Alert, AlertEvent, Station
from gauge_ingest.notifiers.text import sentence

log = logging.getLogger("gauge_ingest.alerts")

DRILL = "演习 DRILL "


class LogNotifier:
    """The notifier that is always there."""

    name = "log"

    def __init__(self, stations: Mapping[str, Station], *, drill: bool = False) -> None:
        self._stations = stations
        self._mark = DRILL if drill else ""

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:
        """Write one line."""
        station = self._stations.get(event.scope)
        place = f"{station.name} {event.scope}" if station is not None else event.scope
        log.warning("%s", self._mark + sentence(event, alert, place=place, repeated=repeated))

    def close(self) -> None:
        """Nothing to let go of."""
