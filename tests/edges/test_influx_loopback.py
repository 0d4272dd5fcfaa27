"""Is each answer of InfluxDB understood? A loopback server replays what a real 2.8 said; also for other modules."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from gauge_ingest.stores import StoreRejected, StoreUnavailable
from gauge_ingest.stores.influx import InfluxHistory, InfluxStore
from tests.edges.influx_server import TOKEN, row, settings_for, station

RECORDS = Path(__file__).parent.parent / "records" / "influxdb" / "exchanges.jsonl"
STATIONS = {"HTB01": station()}
HANG_MAX_S = 60.0


@dataclass(frozen=True)
class Request:
    """What a client sent; the body as it was before compression."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def lines(self) -> list[str]:
        """The lines of a write."""
        return [line for line in self.body.decode("utf-8").split("\n") if line]


@dataclass(frozen=True)
class Reply:
    """An answer. `cut`: only so many bytes of the body leave before the connection is reset."""

    status: int = 204
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


HANG = Reply(status=-1)
RESET = Reply(status=-2)


def recorded(name: str) -> Reply:
    """What a real InfluxDB 2.8 answered."""
    for text in RECORDS.read_text(encoding="utf-8").splitlines():
        exchange = json.loads(text)
        if exchange["name"] == name:
            response = exchange["response"]
            headers = {k: v for k, v in response["headers"].items() if k.lower() != "transfer-encoding"}
            return Reply(response["status"], response["body"] or "", headers)
    raise AssertionError(name)


class LoopbackServer(ThreadingHTTPServer):
    """Answers each request with what `respond` says, and remembers the requests."""

    daemon_threads = True

    def __init__(self, respond: Callable[[Request], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.respond = respond
        self.requests: list[Request] = []
        self.over = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer, else each waits 40 ms for an acknowledgement
    server: LoopbackServer

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        early = self.server.respond(Request("PEEK", self.path, dict(self.headers), b""))
        if early is RESET:
            self.rfile.read(min(size // 2, 1_000))
            self._reset()
            return
        body = self.rfile.read(size)
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = Request(self.command, self.path, dict(self.headers), body)
        self.server.requests.append(request)
        self._send(self.server.respond(request))

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _send(self, reply: Reply) -> None:
        if reply is HANG:
            self.server.over.wait(HANG_MAX_S)
            return
        body = reply.body.encode("utf-8", "surrogateescape")
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in {"content-length", "connection"}:
                self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if reply.cut is None else body[: reply.cut])
        self.wfile.flush()
        if reply.cut is not None:
            self._reset()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.close_connection = True


class Keeper:
    """Keeps lines as InfluxDB does, but for those in which `poison` finds a fault: they are answered with `reply`.

    With status 422 the good lines of a body are kept, with any other status none of them.
    """

    def __init__(self, poison: Callable[[str], bool], reply: Callable[[list[str]], Reply]) -> None:
        self.kept: set[str] = set()
        self._poison = poison
        self._reply = reply

    def __call__(self, request: Request) -> Reply:
        if request.method == "PEEK":
            return Reply()
        bad = [line for line in request.lines if self._poison(line)]
        reply = self._reply(bad) if bad else Reply()
        if reply.status in {204, 422}:
            self.kept.update(line for line in request.lines if line not in bad)
        return reply


def unparsable(bad: Sequence[str]) -> Reply:
    """400 in the words of InfluxDB 2.8."""
    words = "\n".join(f"unable to parse '{line}': value out of range" for line in bad)
    return Reply(400, json.dumps({"code": "invalid", "message": words}))


def conflicting(bad: Sequence[str]) -> Reply:
    """422 in the words of InfluxDB 2.8."""
    words = (
        'failure writing points to database: partial write: field type conflict: input field "tips" on measurement '
        f'"rain" is type integer, already exists as type float dropped={len(bad)}'
    )
    return Reply(422, json.dumps({"code": "unprocessable entity", "message": words}))


def internal(_bad: Sequence[str]) -> Reply:
    """500 in the words of InfluxDB 2.8."""
    return recorded("write broken gzip")


def answering(*replies: Reply) -> Callable[[Request], Reply]:
    """Each request gets the next reply, the last one for ever."""
    left = list(replies)

    def respond(request: Request) -> Reply:
        if request.method == "PEEK":
            return left[0] if left[0] is RESET else Reply()
        return left.pop(0) if len(left) > 1 else left[0]

    return respond


def test_rows_that_are_taken_need_one_request() -> None:
    with LoopbackServer(answering(recorded("write ok"))) as server:
        store = InfluxStore(settings_for(server.url, bucket="b 1", org="湖"), STATIONS)

        store.write([row(), row(observed_at=row().observed_at + 300_000)], [])
        store.write([], [])

    assert len(server.requests) == 1
    sent = server.requests[0]
    assert (sent.method, sent.headers["Authorization"]) == ("POST", f"Token {TOKEN}")
    assert sent.path == "/api/v2/write?org=%E6%B9%96&bucket=b+1&precision=ns"
    assert len(sent.lines) == 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("write without token", "set GAUGE_INFLUX_TOKEN"),
        ("write with wrong token", "set GAUGE_INFLUX_TOKEN"),
        ("write with write-only token to another bucket", "may not use bucket 'rain' of organisation 'hutubi'"),
        ("write to unknown bucket", "bucket 'rain' of organisation 'hutubi' is missing, or hidden from the token"),
        ("write to unknown org", 'organization name "nope" not found'),
        ("method not allowed", "mend [influx] url"),
    ],
)
def test_what_an_operator_must_mend_is_said_in_a_sentence_and_no_row_is_lost(name: str, sentence: str) -> None:
    with LoopbackServer(answering(recorded(name))) as server:
        store = InfluxStore(settings_for(server.url), STATIONS)

        with pytest.raises(StoreUnavailable) as caught:
            store.write([row()], [])

    assert sentence in str(caught.value)
    assert json.loads(recorded(name).body)["message"] in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "name",
    [
        "write one bad line among good",
        "write field type conflict",
        "write bad timestamp",
        "write timestamp out of range",
        "write integer overflow",
        "write older than retention",
    ],
)
def test_a_row_that_is_refused_by_itself_is_set_aside_with_the_words_of_the_server(name: str) -> None:
    def respond(request: Request) -> Reply:
        return recorded(name) if request.lines else Reply()

    with LoopbackServer(respond) as server:
        store = InfluxStore(settings_for(server.url), STATIONS)

        with pytest.raises(StoreRejected) as caught:
            store.write([row()], [])

    (refused,) = caught.value.refused
    assert refused.item == row()
    assert json.loads(recorded(name).body)["message"][:200] in refused.reason


@pytest.mark.parametrize("name", ["flux syntax error", "flux unknown bucket", "flux unbounded", "write without token"])
def test_history_that_cannot_be_read_says_why(name: str) -> None:
    with LoopbackServer(answering(recorded(name))) as server:
        history = InfluxHistory(settings_for(server.url))

        with pytest.raises(StoreUnavailable) as caught:
            history.rows("HTB01", since=0, until=1)

    assert json.loads(recorded(name).body)["message"] in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            ",result,table,_time,_field,_value\r\n,_result,0,1,tips,1\r\n\r\n,error,reference\r\n,out of memory,\r\n",
            "memory",
        ),
        ("<html>\n<body>welcome</body>", "none"),
        (",result,table\r\n,_result,0\r\n", "none"),
        ("\udcff", "not that of an InfluxDB"),
    ],
)
def test_an_answer_that_breaks_off_is_never_taken_for_a_history(body: str, words: str) -> None:
    with LoopbackServer(answering(Reply(200, body))) as server:
        history = InfluxHistory(settings_for(server.url))

        with pytest.raises(StoreUnavailable, match=words):
            history.rows("HTB01", since=0, until=1)


def test_a_history_that_is_cut_off_on_its_way_is_no_history() -> None:
    with LoopbackServer(answering(Reply(200, ",result,table,_time,_field,_value\r\n" * 1_000, cut=50))) as server:
        history = InfluxHistory(settings_for(server.url))

        with pytest.raises(StoreUnavailable, match="reached"):
            history.rows("HTB01", since=0, until=1)
