"""A web hook takes a signed message once, and each of its failures is told for what it is."""

import hashlib
import hmac
import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.notifiers import Message, NotifierRejected, NotifierUnavailable
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.notifiers.webhook import WebhookChannel, document, retry_after_s, signature
from tests.delivery.sink import Sink, sink

MESSAGE = Message(7, "立即转移：石门", "石门 HTB01 一小时 15.5 毫米", "石门 立即转移", 4)
NOW = 1_784_109_600_000
CHANNELS = Path(__file__).parents[2] / "docs" / "channels.md"


def channel(url: str, *, timeout_s: float = 1.0, form: str = "text") -> WebhookChannel:
    settings = ChannelSettings.model_validate(
        {"kind": "webhook", "url": url, "timeout_s": timeout_s, "form": form, "secret": "s3cret"}
    )
    return WebhookChannel("hook", settings, now=lambda: NOW)


def failure(answer: Any, *, timeout_s: float = 1.0) -> tuple[NotifierUnavailable | NotifierRejected, Sink, float]:
    """How one answer ends, what arrived, and how long it took."""
    with sink(answer) as server:
        began_at = time.monotonic()
        with pytest.raises((NotifierUnavailable, NotifierRejected)) as raised:
            channel(server.url(), timeout_s=timeout_s).send("zhang", MESSAGE)
        took_s = time.monotonic() - began_at
    assert isinstance(raised.value, NotifierUnavailable | NotifierRejected)
    return raised.value, server, took_s


def test_what_arrives_is_the_message_signed_with_the_secret() -> None:
    with sink(204) as server:
        channel(server.url("/rain/{to}?k={secret}")).send("张 三", MESSAGE)

    (arrived,) = server.arrived
    assert arrived.path == "/rain/%E5%BC%A0%20%E4%B8%89?k=s3cret"
    assert arrived.headers["x-gauge-event"] == "7"
    assert arrived.headers["x-gauge-timestamp"] == str(NOW // 1000)
    signed = arrived.headers["x-gauge-timestamp"].encode() + b"." + arrived.body
    expected = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert arrived.headers["x-gauge-signature"] == f"sha256={expected}"
    assert arrived.document == {
        "v": 1,
        "event": 7,
        "to": "张 三",
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
        "short": MESSAGE.short,
        "grade": 4,
        "drill": False,
    }


def test_the_short_form_is_the_text_where_the_channel_asks_for_it() -> None:
    with sink() as server:
        channel(server.url(), form="short").send("zhang", MESSAGE)

    assert server.arrived[0].document["text"] == MESSAGE.short


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422, 301, 302, 303, 307, 308])
def test_an_answer_that_will_not_change_is_a_refusal(status: int) -> None:
    error, server, _ = failure((status, "Location: http://127.0.0.1:1/", "no such\nroom"))

    assert isinstance(error, NotifierRejected)
    assert f"HTTP {status}" in str(error)
    assert len(server.arrived) == 1  # nor was a redirect followed


@pytest.mark.parametrize(
    ("status", "perhaps_told"),
    [(408, False), (425, False), (429, False), (500, True), (502, True), (503, False), (504, True), (599, True)],
)
def test_an_answer_that_may_pass_is_tried_again(status: int, *, perhaps_told: bool) -> None:
    error, _, _ = failure(status)

    assert isinstance(error, NotifierUnavailable)
    assert error.perhaps_told is perhaps_told


@pytest.mark.parametrize("answer", ["hang", "reset", "reset early", "close", "drip", "garbage"])
def test_a_request_that_may_have_been_read_is_perhaps_told_and_ends_in_time(answer: str) -> None:
    error, _, took_s = failure(answer, timeout_s=0.7)

    assert isinstance(error, NotifierUnavailable)
    assert error.perhaps_told
    assert took_s < 1.5


def test_a_server_that_is_not_there_has_told_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NotifierUnavailable) as raised:
        channel(f"http://127.0.0.1:{port}/").send("zhang", MESSAGE)

    assert not raised.value.perhaps_told
    assert "refused" in str(raised.value)


def test_an_answer_without_end_is_read_to_a_bound() -> None:
    error, _, _ = failure((400, "X-Long: yes", "x" * 1_000_000))

    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("17", 17.0),
        ("Wed, 15 Jul 2026 10:01:00 GMT", 60.0),
        ("Wed, 15 Jul 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: float | None) -> None:
    assert retry_after_s(header, now=NOW) == expected


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    error, _, _ = failure((429, "Retry-After: 17", ""))

    assert isinstance(error, NotifierUnavailable)
    assert error.retry_after_s == 17.0


def test_the_example_in_the_documentation_is_signed_as_we_sign() -> None:
    text = CHANNELS.read_text(encoding="utf-8")
    body = re.search(r"```json\n(.*?)\n```", text, re.DOTALL)
    assert body is not None
    secret, timestamp, signed = (
        found[1]
        for pattern in (r"secret `([^`]+)`", r"X-Gauge-Timestamp: (\d+)", r"X-Gauge-Signature: (\S+)")
        if (found := re.search(pattern, text)) is not None
    )

    assert signature(secret, timestamp, body[1].encode()) == signed
    example = json.loads(body[1])
    message = Message(*(example[name] for name in ("event", "subject", "text", "short", "grade", "drill")))
    assert document(example["to"], message) == body[1].encode()
