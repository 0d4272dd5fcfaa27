"""Notifiers: ways to tell a person or a system of an alert event. One module each, all behind one protocol."""

from typing import NamedTuple, Protocol, runtime_checkable

from gauge_ingest.core.model import Alert, AlertEvent


class NotifierUnavailable(Exception):
    """The channel cannot take the notice now; it is offered again. `perhaps_told`: this try may have reached people.

    `retry_after_s`: how long the other side asked us to wait.
    """

    def __init__(self, reason: str, *, perhaps_told: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.perhaps_told = perhaps_told
        self.retry_after_s = retry_after_s


class NotifierRejected(Exception):
    """The channel will never take this notice; its words are kept with it."""


class Notifier(Protocol):
    """One way to tell of alerts. Notices of one alert are offered in their order, each at least once."""

    @property
    def name(self) -> str:
        """What its position is remembered under."""

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:
        """Tell of an event; `repeated` when an earlier try may have reached people."""

    def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class Prepared(Protocol):
    """A notifier that can be made ready, so that what is wrong with it shows before the first notice."""

    def prepare(self) -> None:
        """Make ready, or raise NotifierUnavailable; repeated until it succeeds."""


@runtime_checkable
class Renewing(Protocol):
    """A notifier whose notices end by themselves, so that what still stands is told again."""

    def renew(self) -> None:
        """Tell again what is due, or raise NotifierUnavailable; asked often, and when all that is new was told."""


class Message(NamedTuple):
    """What one person is told, in that person's language. `short`: at most 70 characters, for SMS."""

    event: int  # the id of the newest event that it tells of; a repeat names the same one
    subject: str
    text: str
    short: str
    grade: int  # of the highest level in it, see gauge_ingest.core.levels
    drill: bool = False


class Channel(Protocol):
    """One way to reach people: configured once in people.toml, used with the address of each person."""

    @property
    def name(self) -> str:
        """What people.toml calls it."""

    def send(self, to: str, message: Message) -> None:
        """Hand a message over; raises NotifierUnavailable (offered again) or NotifierRejected (never will be taken)."""

    def close(self) -> None:
        """Let go of connections."""
