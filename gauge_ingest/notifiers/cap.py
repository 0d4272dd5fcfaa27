"""Tells systems of alerts: a CAP 1.2 document for each event that changes an alert, in a folder with a feed."""

from collections.abc import Callable

from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.notifiers import NotifierUnavailable
from gauge_ingest.notifiers.cap_chain import Told
from gauge_ingest.notifiers.cap_document import Issuer, document
from gauge_ingest.notifiers.cap_feed import CapFolder


class CapNotifier:
    """Writes files. A repeat changes nothing: the same event has the same identifier, and its file stays."""

    name = "cap"

    def __init__(self, issuer: Issuer, told: Callable[[int], Told], *, now: Callable[[], int]) -> None:
        """`told`: what was told of an alert, by its number. `now` decides only what is too old to be kept."""
        self._issuer = issuer
        self._told = told
        self._now = now
        self._folder = CapFolder(issuer.settings)

    def prepare(self) -> None:
        """The folder is there and takes files, and there is a feed, before the first alert."""
        try:
            self._folder.prepare(self._now())
        except OSError as error:
            raise self._unavailable(error) from error

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:  # noqa: ARG002 - a repeat is the same
        """Write the event's document, if it makes one, and the feed."""
        made = document(self._issuer, event.id, self._told(alert.id))
        if made is None:
            return
        try:
            self._folder.keep(made, self._now())
        except OSError as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Nothing to let go of."""

    def _unavailable(self, error: OSError) -> NotifierUnavailable:
        folder = self._issuer.settings.folder
        reason = f"{error.filename or folder}: {error.strerror or error}"
        return NotifierUnavailable(f"{reason}: the service must be able to write files in {folder} ([cap] folder)")
