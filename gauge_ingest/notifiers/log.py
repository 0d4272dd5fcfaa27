"""Tells of alerts in the service's own log."""

import logging
from collections.abc import Mapping

from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.notifiers.text import named, sentence

log = logging.getLogger("gauge_ingest.alerts")

DRILL = "演习 DRILL "


class LogNotifier:
    """The notifier that is always there."""

    name = "log"

    def __init__(self, names: Mapping[str, str], *, drill: bool = False) -> None:
        """`names`: what people call each station and each basin, by its id."""
        self._names = names
        self._mark = DRILL if drill else ""

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:
        """Write one line."""
        place = named(event.scope, self._names)
        log.warning("%s", self._mark + sentence(event, alert, place=place, repeated=repeated))

    def close(self) -> None:
        """Nothing to let go of."""
