"""Apprise reaches real servers: mails are read back, failures say why and never show a secret."""

import email
import email.policy
import logging
import re
import socket
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import ValidationError

from gauge_ingest.notifiers import Message, NotifierUnavailable
from gauge_ingest.notifiers.apprise import AppriseChannel, why_not_understood
from gauge_ingest.notifiers.settings import ChannelSettings
from tests.delivery.sink import sink

MESSAGE = Message(7, "立即转移：石门 HTB01", "石门一小时雨量 15.5 毫米\n请立即转移。", "石门 立即转移", 4)
CHANNELS = Path(__file__).parents[2] / "docs" / "channels.md"


class Postbox:
    """A mail server's mind: keeps what it is given, or answers as it is told to."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.rcpt_answer = "250 OK"
        self.data_answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.rcpt_answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((envelope.rcpt_tos, parsed))
        return self.data_answer


class Post:
    """A mail server on a free port."""

    def __init__(self) -> None:
        self.box = Postbox()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.controller = Controller(self.box, hostname="127.0.0.1", port=self.port)

    def url(self) -> str:
        """How Apprise reaches it."""
        return f"mailto://127.0.0.1:{self.port}?from=rain@example.org&to={{to}}"


@pytest.fixture
def post() -> Iterator[Post]:
    one = Post()
    one.controller.start()
    yield one
    one.controller.stop()


def channel(url: str, *, timeout_s: float = 2.0, form: str = "text", secret: str = "") -> AppriseChannel:
    settings = {"kind": "apprise", "url": url, "timeout_s": timeout_s, "form": form, "secret": secret}
    return AppriseChannel("mail", ChannelSettings.model_validate(settings))


def failure(one: AppriseChannel, to: str = "zhang@example.org") -> NotifierUnavailable:
    with pytest.raises(NotifierUnavailable) as raised:
        one.send(to, MESSAGE)
    return raised.value


def test_a_mail_arrives_with_its_chinese_subject_and_every_line(post: Post) -> None:
    channel(post.url()).send("zhang+rain@example.org", MESSAGE)

    ((recipients, mail),) = post.box.mails
    assert recipients == ["zhang+rain@example.org"]
    assert mail["subject"] == MESSAGE.subject
    assert mail["from"].addresses[0].addr_spec == "rain@example.org"
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").strip() == MESSAGE.text
    assert body.get_content_charset() == "utf-8"


def test_an_address_cannot_change_the_rest_of_the_url(post: Post) -> None:
    channel(post.url()).send("zhang@example.org&from=mayor@example.org&to=li@example.org", MESSAGE)

    assert {mail["from"].addresses[0].addr_spec for _, mail in post.box.mails} == {"rain@example.org"}
    assert not any("li@example.org" in recipients for recipients, _ in post.box.mails)


@pytest.mark.parametrize(
    ("rcpt", "data", "perhaps_told"),
    [
        ("550 no such user", "250 OK", False),
        ("451 greylisted", "250 OK", False),
        ("250 OK", "554 looks like spam", False),
        ("250 OK", "452 no room", False),
    ],
)
def test_a_mail_that_the_server_refused_has_told_nobody(
    post: Post, rcpt: str, data: str, *, perhaps_told: bool
) -> None:
    post.box.rcpt_answer, post.box.data_answer = rcpt, data

    error = failure(channel(post.url()))

    assert error.perhaps_told is perhaps_told
    assert (rcpt if rcpt[0] != "2" else data)[4:] in str(error)


def test_a_mail_server_that_is_not_there_has_told_nobody() -> None:
    error = failure(channel("mailto://127.0.0.1:1?from=rain@example.org&to={to}"))

    assert not error.perhaps_told
    assert "refused" in str(error)


def test_a_mail_server_that_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = channel(f"mailto://127.0.0.1:{silent.getsockname()[1]}?from=a@example.org&to={{to}}", timeout_s=0.5)
        began_at = time.monotonic()
        error = failure(one)

    assert error.perhaps_told
    assert time.monotonic() - began_at < 1.5


@pytest.mark.parametrize(
    ("answer", "perhaps_told"), [(500, True), (429, False), (403, False), ("hang", True), ("reset", True)]
)
def test_a_web_service_that_fails_says_how(answer: Any, *, perhaps_told: bool) -> None:
    with sink(answer) as server:
        error = failure(channel(f"ntfy://127.0.0.1:{server.port}/{{to}}", timeout_s=0.7), "rain")

    assert error.perhaps_told is perhaps_told


def test_a_dripping_answer_does_not_outlast_the_time_out() -> None:
    with sink("drip") as server:
        began_at = time.monotonic()
        error = failure(channel(f"json://127.0.0.1:{server.port}/", timeout_s=0.5))

    assert error.perhaps_told
    assert time.monotonic() - began_at < 1.5


def test_the_secret_stands_in_no_log_and_in_no_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with sink(403) as server:
        one = channel(f"ntfy://user:{{secret}}@127.0.0.1:{server.port}/{{to}}", secret="dont/tell me")  # noqa: S106 - no secret of anybody
        error = failure(one, "rain")

    for text in (str(error), caplog.text):
        assert "dont/tell me" not in text
        assert "dont%2Ftell%20me" not in text
    assert server.arrived


def test_a_short_message_has_no_subject() -> None:
    with sink() as server:
        channel(f"json://127.0.0.1:{server.port}/", form="short").send("138", MESSAGE)

    assert server.arrived[0].document["message"] == MESSAGE.short
    assert server.arrived[0].document["title"] == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp.example.org", "must begin with a service"),
        ("pigeon://loft", 'knows no service "pigeon://"'),
        ("tgram://nonsense", "makes nothing of the rest"),
        ("mailto://", "makes nothing of the rest"),
        ("mailto://smtp.example.org?to={to}", "(Invalid ~From~ email specified)"),
    ],
)
def test_a_url_that_apprise_does_not_understand_is_refused_in_words_that_help(url: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ChannelSettings.model_validate({"kind": "apprise", "url": url})

    assert words in str(refused.value)


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://u:p@x/", "http://x:99999/", "hooks.example.org"])
def test_a_url_that_is_no_web_hook_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"https://hooks\.example\.org"):
        ChannelSettings.model_validate({"kind": "webhook", "url": url})


@pytest.mark.parametrize("kind", ["apprise", "webhook", "bell"])
def test_a_missing_url_is_for_the_reader_of_the_configuration_to_tell(kind: str) -> None:
    assert ChannelSettings.model_validate({"kind": kind, "url": ""}).url == ""


def test_a_bell_has_no_url() -> None:
    with pytest.raises(ValidationError, match="must be left out"):
        ChannelSettings.model_validate({"kind": "bell", "url": "/dev/tty1"})


def test_every_url_in_the_documentation_is_one_that_apprise_understands() -> None:
    urls = re.findall(r'^url = "([^"]+)"', CHANNELS.read_text(encoding="utf-8"), re.MULTILINE)

    wrong = {url: why for url in urls if not url.startswith("http") and (why := why_not_understood(url))}

    assert len(urls) >= 8
    assert not wrong
