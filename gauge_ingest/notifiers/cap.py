"""Tells systems of alerts: a CAP 1.2 document for each event that changes an alert, in a folder with a feed.

While an alert stands, its newest message is renewed before it expires. When, and under which identifier, follows from
the events alone, so that nothing need be remembered.
"""

from collections.abc import Callable, Sequence

from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.notifiers import NotifierUnavailable
from gauge_ingest.notifiers.cap_chain import Link, Told
from gauge_ingest.notifiers.cap_document import Issuer, messages, written
from gauge_ingest.notifiers.cap_feed import CapFolder


class CapNotifier:
    """Writes files. A repeat changes nothing: the same event has the same identifier, and its file stays."""

    name = "cap"

    def __init__(
        self,
        issuer: Issuer,
        told: Callable[[int], Told],
        *,
        standing: Callable[[], Sequence[int]],
        now: Callable[[], int],
    ) -> None:
        """`told`: what was told of an alert, by its number. `standing`: the numbers of the alerts that stand.

        `now` decides what is to be renewed, and what is too old to be kept.
        """
        self._issuer = issuer
        self._told = told
        self._standing = standing
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
        links = messages(self._issuer, self._told(alert.id), event_id=event.id)
        if not links or links[-1].event.id != event.id:
            return
        self._renew(links)  # what it refers to is there before it
        self._keep(links)

    def renew(self) -> None:
        """Write what is due of every alert that stands; what is there stays, so that asking again changes nothing."""
        for alert_id in self._standing():
            self._renew(messages(self._issuer, self._told(alert_id), now=self._now()))

    def close(self) -> None:
        """Nothing to let go of."""

    def _renew(self, links: Sequence[Link]) -> None:
        for number, link in enumerate(links, 1):
            if link.renewal and self._folder.lacks(link.identifier, link.sent_at, self._now()):
                self._keep(links[:number])

    def _keep(self, links: Sequence[Link]) -> None:
        try:
            self._folder.keep(written(self._issuer, links), self._now())
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> NotifierUnavailable:
        folder = self._issuer.settings.folder
        reason = f"{error.filename or folder}: {error.strerror or error}"
        return NotifierUnavailable(f"{reason}: the service must be able to write files in {folder} ([cap] folder)")
