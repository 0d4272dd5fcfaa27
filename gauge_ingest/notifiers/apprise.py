"""Tells people through Apprise: mail, WeCom, DingTalk, Feishu, SMS gateways, Telegram, ntfy and what else it knows."""

import logging
import re
import threading
from urllib.parse import quote

import apprise

from gauge_ingest.notifiers import Message, NotifierUnavailable
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.notifiers.within import Within

REASON_MAX = 300
LINES_MAX = 50  # of what Apprise logs of one try
_LEVEL = logging.DEBUG  # at which Apprise says why a connection failed
# What Apprise writes down (2.3) when a try ended before anything can have reached people: there was no connection,
# or the other side answered that it does not take the message.
_SURELY_NOT_TOLD = re.compile(
    r"refused|resolve|name resolution|Name or service not known|getaddrinfo|NewConnectionError|ConnectTimeout"
    r"|No route to host|Network is unreachable|CERTIFICATE_VERIFY_FAILED|Authentication|authentication"
    r"|error[=: ]+(?:4\d\d|503)|\(\d{3}, b",
)
_TRIED_TO = frozenset({"Socket Exception", "I/O Exception", "Response Details"})


class AppriseChannel:
    """One service of Apprise's; the address goes into its URL, and a new connection is made for each message."""

    def __init__(self, name: str, settings: ChannelSettings) -> None:
        self.name = name
        self._settings = settings
        self._secret = settings.secret.get_secret_value()
        self._within = Within(name, settings.timeout_s)
        quiet()

    def send(self, to: str, message: Message) -> None:
        """Hand it to the service, and wait for its answer."""
        self._within.do(lambda: self._tell(to, message))

    def close(self) -> None:
        """Nothing is kept open."""

    def _tell(self, to: str, message: Message) -> None:
        service = understood(filled(self._settings.url, to=to, secret=self._secret), self._settings.timeout_s)
        if service is None:
            raise NotifierUnavailable(f"Apprise makes nothing of the url of {self.name} with the address {to}")
        is_short = self._settings.form == "short"
        everything = apprise.Apprise(services=[service])
        lines = _Lines()
        logger = logging.getLogger("apprise")
        logger.addHandler(lines)
        try:
            taken = everything.notify(
                title="" if is_short else message.subject,
                body=message.short if is_short else message.text,
                notify_type=_type(message.grade),
                body_format=apprise.NotifyFormat.TEXT,
            )
        finally:
            logger.removeHandler(lines)
        if not taken:
            reason = self._scrubbed(lines.reason())
            raise NotifierUnavailable(reason, perhaps_told=_SURELY_NOT_TOLD.search(lines.everything()) is None)

    def _scrubbed(self, text: str) -> str:
        """Without the secret, however the service spells it."""
        for secret in {self._secret, quote(self._secret, safe="")} - {""}:
            text = text.replace(secret, "***")
        return text[:REASON_MAX]


class _Lines(logging.Handler):
    """What Apprise logs in this thread: the only place where it says why."""

    def __init__(self) -> None:
        super().__init__(_LEVEL)
        self._thread = threading.get_ident()
        self._lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of this thread."""
        if record.thread == self._thread and len(self._lines) < LINES_MAX:
            self._lines.append((record.levelno, record.getMessage()))

    def reason(self) -> str:
        """Why it failed, in Apprise's words: the warnings, and what the connection said."""
        said = [line for level, line in self._lines if level >= logging.WARNING or _cause(line)]
        return "; ".join(dict.fromkeys(" ".join(line.split()) for line in said)) or "Apprise does not say why"

    def everything(self) -> str:
        """All that speaks of the failure, to be searched."""
        return "\n".join(line for level, line in self._lines if level >= logging.WARNING or _cause(line))


def filled(url: str, *, to: str, secret: str) -> str:
    """A channel's URL for one address; both are quoted, so that neither can change the rest of it."""
    return url.replace("{to}", quote(to, safe="")).replace("{secret}", quote(secret, safe=""))


def understood(url: str, timeout_s: float) -> "apprise.NotifyBase | None":
    """The service that a URL means to Apprise, with its time-outs; None where it means nothing."""
    service = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if service is not None:
        service.socket_connect_timeout = service.socket_read_timeout = timeout_s
    return service


def why_not_understood(url: str) -> str:
    """Why Apprise makes nothing of a URL, in words that help; nothing when it does."""
    quiet()
    scheme, separator, _ = url.partition("://")
    if not separator:
        return 'must begin with a service, e.g. "mailtos://…" or "wecombot://…": docs/channels.md'
    if understood(filled(url, to="13800000000", secret="a" * 32), 1.0) is not None:
        return ""
    if understood(filled(url, to="someone@example.org", secret="a" * 32), 1.0) is not None:
        return ""
    known = {one for details in apprise.Apprise().details()["schemas"] for one in _schemes(details)}
    if scheme.lower() not in known:
        return f'Apprise knows no service "{scheme}://"; docs/channels.md shows URLs that work'
    return f"Apprise knows {scheme}:// but makes nothing of the rest: docs/channels.md shows how such a URL looks"


def quiet() -> None:
    """Apprise's own log goes nowhere but to us: it prints addresses, keys and bodies."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(_LEVEL)
    if not any(isinstance(one, logging.NullHandler) for one in logger.handlers):
        logger.addHandler(logging.NullHandler())


def _schemes(details: dict[str, object]) -> set[str]:
    found: set[str] = set()
    for key in ("protocols", "secure_protocols"):
        value = details.get(key) or ()
        found.update((value,) if isinstance(value, str) else value)  # type: ignore[arg-type]
    return found


def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(app_id="gauge-ingest", app_desc="gauge-ingest", storage_mode="memory")


def _type(grade: int) -> apprise.NotifyType:
    return apprise.NotifyType.FAILURE if grade >= 3 else apprise.NotifyType.WARNING


def _cause(line: str) -> bool:
    return line.partition(":")[0] in _TRIED_TO
