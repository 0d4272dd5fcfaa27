"""Tells people through Apprise: mail, WeCom, DingTalk, Feishu, SMS gateways, Telegram, ntfy and what else it knows."""

import logging
import re
from urllib.parse import quote

import apprise

from gauge_ingest.notifiers import Message, NotifierUnavailable
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.notifiers.within import Within

REASON_MAX = 300
# What Apprise writes down (2.3) when a try ended before anything can have reached people: there was no connection,
# or the other side answered that it does not take the message.
_SURELY_NOT_TOLD = re.compile(
    r"refused|resolve|name resolution|Name or service not known|getaddrinfo|NewConnectionError|ConnectTimeout"
    r"|No route to host|Network is unreachable|CERTIFICATE_VERIFY_FAILED|Authentication|authentication"
    r"|error[=: ]+(?:4\d\d|503)|\(\d{3}, b",
)
_CAUSES = ("Socket Exception", "I/O Exception")
_ANSWER = "Response Details"
# What an address and a secret may look like: services differ in what they take for one.
_ADDRESSES = ("13800000000", "someone@example.org")
_SECRETS = ("0123456789abcdef0123456789abcdef", "123456789:0123456789abcdef0123456789abcdefghi")


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
        result = apprise.Apprise(services=[service], asset=service.asset).notify(
            title="" if is_short else message.subject,
            body=message.short if is_short else message.text,
            notify_type=_type(message.grade),
            body_format=apprise.NotifyFormat.TEXT,
            log_level=logging.DEBUG,  # at which Apprise says why a connection failed
        )
        if not result:
            lines = [(entry.level, " ".join(entry.message.split())) for entry in result.logs()]
            reason = "; ".join(dict.fromkeys(line for level, line in lines if _says_why(level, line, _ANSWER)))
            tried = "\n".join(line for level, line in lines if _says_why(level, line))
            perhaps_told = _SURELY_NOT_TOLD.search(tried) is None
            raise NotifierUnavailable(self._scrubbed(reason or "Apprise does not say why"), perhaps_told=perhaps_told)

    def _scrubbed(self, text: str) -> str:
        """Without the secret, however the service spells it."""
        for secret in {self._secret, quote(self._secret, safe="")} - {""}:
            text = text.replace(secret, "***")
        return text[:REASON_MAX]


class _Reasons(logging.Handler):
    """The first warning of Apprise's about a URL: what is wrong with it."""

    first = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first."""
        if record.levelno == logging.WARNING and not self.first:
            self.first = " ".join(record.getMessage().split())[:REASON_MAX].rstrip(" .:")


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
    reasons = _Reasons()
    logger = logging.getLogger("apprise")
    logger.addHandler(reasons)
    try:
        if any(understood(filled(url, to=to, secret=secret), 1.0) for to in _ADDRESSES for secret in _SECRETS):
            return ""
    finally:
        logger.removeHandler(reasons)
    known = {one for details in apprise.Apprise().details()["schemas"] for one in _schemes(details)}
    if scheme.lower() not in known:
        return f'Apprise knows no service "{scheme}://"; docs/channels.md shows URLs that work'
    why = f" ({reasons.first})" if reasons.first else ""
    return f"Apprise knows {scheme}:// but makes nothing of the rest{why}: docs/channels.md shows how such a URL looks"


def quiet() -> None:
    """Apprise's own log goes nowhere but to us: it prints addresses, keys and bodies."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # at DEBUG it prints paths, and keys in them
    if not any(isinstance(one, logging.NullHandler) for one in logger.handlers):
        logger.addHandler(logging.NullHandler())


def _schemes(details: dict[str, object]) -> set[str]:
    found: set[str] = set()
    for key in ("protocols", "secure_protocols"):
        value = details.get(key) or ()
        found.update((value,) if isinstance(value, str) else value)  # type: ignore[arg-type]
    return found


def _asset() -> apprise.AppriseAsset:
    """How Apprise works for us: in the thread that asks, for its log says why only there; nothing on the disk."""
    return apprise.AppriseAsset(app_id="gauge-ingest", app_desc="gauge-ingest", storage_mode="memory", async_mode=False)


def _type(grade: int) -> apprise.NotifyType:
    return apprise.NotifyType.FAILURE if grade >= 3 else apprise.NotifyType.WARNING


def _says_why(level: str, line: str, *more: str) -> bool:
    return level in ("WARNING", "ERROR", "CRITICAL") or line.startswith((*_CAUSES, *more))
