"""Tells people through a web hook: a signed POST of JSON, for whatever the county runs by itself."""

import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, quote, urlsplit

from gauge_ingest.notifiers import Message, NotifierRejected, NotifierUnavailable
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.notifiers.within import Within

ANSWER_BYTES_MAX = 4_096  # of what a server answers, only the first words are ever shown
WORDS_MAX = 200
AGAIN = frozenset({408, 425, 429})  # and every 5xx
_TAKEN = range(200, 300)
_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)


class WebhookChannel:
    """One POST a message; a 2xx answer means that it has been taken. Redirects are not followed."""

    def __init__(self, name: str, settings: ChannelSettings, *, now: Callable[[], int]) -> None:
        """`now`: the service's clock, for the time-stamp that is signed."""
        self.name = name
        self._settings = settings
        self._secret = settings.secret.get_secret_value()
        self._now = now
        self._within = Within(name, settings.timeout_s)

    def send(self, to: str, message: Message) -> None:
        """POST it, and wait for the answer."""
        url = self._settings.url.replace("{to}", quote(to, safe="")).replace("{secret}", quote(self._secret, safe=""))
        body = document(to, message, short=self._settings.form == "short")
        self._within.do(lambda: self._post(urlsplit(url), body, message.event))

    def close(self) -> None:
        """Each POST has a connection of its own: nothing to let go of."""

    def _post(self, url: SplitResult, body: bytes, event: int) -> None:
        connection = self._connection(url)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        sent = False
        try:
            connection.connect()
            sent = True  # from the first byte on the request may arrive, whatever becomes of the connection
            connection.request("POST", target, body, headers(body, event, self._secret, now=self._now()))
            answer = connection.getresponse()
            words = answer.read(ANSWER_BYTES_MAX).decode("utf-8", "replace")
            _judge(answer.status, words, answer.getheader("Retry-After"), now=self._now())
        except (OSError, http.client.HTTPException) as error:
            raise NotifierUnavailable(f"{url.hostname}: {_words(error)}", perhaps_told=sent) from error
        finally:
            connection.close()

    def _connection(self, url: SplitResult) -> http.client.HTTPConnection:
        host, timeout_s = url.hostname or "", self._settings.timeout_s
        if url.scheme == "https":
            return http.client.HTTPSConnection(host, url.port, timeout=timeout_s, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, url.port, timeout=timeout_s)


def document(to: str, message: Message, *, short: bool = False) -> bytes:
    """The body of a POST: JSON in UTF-8, see docs/channels.md."""
    body = {
        "v": 1,
        "event": message.event,
        "to": to,
        "subject": message.subject,
        "text": message.short if short else message.text,
        "short": message.short,
        "grade": message.grade,
        "drill": message.drill,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What X-Gauge-Signature says: whoever knows the secret can reckon it again over what arrived."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(body: bytes, event: int, secret: str, *, now: int) -> dict[str, str]:
    """The headers of a POST; the time-stamp is in whole seconds since 1970."""
    timestamp = str(now // 1000)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "gauge-ingest",
        "X-Gauge-Event": str(event),
        "X-Gauge-Timestamp": timestamp,
        "X-Gauge-Signature": signature(secret, timestamp, body),
    }


def _words(error: Exception) -> str:
    """What an error says, in one line: it may hold what the other side sent."""
    text = " ".join(str(error).split())[:WORDS_MAX] or type(error).__name__
    return "".join(one if one.isprintable() else "?" for one in text)


def _judge(status: int, words: str, retry_after: str | None, *, now: int) -> None:
    """Nothing when the message was taken; else what kind of failure the answer is."""
    if status in _TAKEN:
        return
    said = " ".join(words.split())[:WORDS_MAX]
    reason = f"HTTP {status}{f': {said}' if said else ''}"
    if status in _REDIRECTS:
        raise NotifierRejected(f"HTTP {status}: a redirect, which is not followed; put the final address into url")
    if status in _REFUSALS and status not in AGAIN:
        raise NotifierRejected(reason)
    # A server that breaks down (500, 502, 504) may have told people before; one that sends us away has not.
    perhaps_told = status >= 500 and status != http.HTTPStatus.SERVICE_UNAVAILABLE
    raise NotifierUnavailable(reason, perhaps_told=perhaps_told, retry_after_s=retry_after_s(retry_after, now=now))


def retry_after_s(text: str | None, *, now: int) -> float | None:
    """How long a Retry-After header asks us to wait: seconds, or a date; None where it says neither."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.fromtimestamp(now / 1000, UTC)).total_seconds())


def why_not_a_hook(url: str) -> str:
    """Why a URL is none for a web hook, or nothing."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or "@" in parts.netloc:
        return 'must be an address such as "https://hooks.example.org/rain/{to}", without user and password'
    return ""
