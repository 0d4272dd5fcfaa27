"""A web server that takes messages, or fails in every way that is asked of it."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

REQUEST_BYTES_MAX = 1_000_000


class Arrived(NamedTuple):
    """One request as it came."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes
    answer: Any = 200

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        document: dict[str, Any] = json.loads(self.body)
        return document


class Sink:
    """Answers each request with the next of `answers`, then with 200. `arrived`: what was read to its end.

    An answer: a status; "hang"; "reset" (after the request was read); "reset early" (in the middle of the body);
    "close"; "drip" (a byte a tenth of a second); "garbage"; or (status, header line, body).
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.arrived: list[Arrived] = []
        self.answers: list[Any] = []
        self.always: Any = 200
        self._ending = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/hook") -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        """Listen no longer."""
        self._ending.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._answer(connection)
            except OSError:
                return

    def _answer(self, connection: socket.socket) -> None:
        answer = self.answers.pop(0) if self.answers else self.always
        if answer == "reset early":
            connection.recv(20)
            _reset(connection)
            return
        arrived = _request(connection)
        if arrived is None:
            return
        self.arrived.append(arrived._replace(answer=answer))
        if answer == "hang":
            self._ending.wait(30)
        elif answer == "reset":
            _reset(connection)
        elif answer == "garbage":
            connection.sendall(b"\x00\xff no answer at all\r\n\r\n")
        elif answer == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
                if self._ending.wait(0.1):
                    return
                connection.sendall(bytes([byte]))
        elif answer != "close":
            status, header, body = answer if isinstance(answer, tuple) else (answer, "", "")
            lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body.encode())}", *([header] if header else [])]
            connection.sendall(("\r\n".join([*lines, "", ""]) + body).encode())


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _request(connection: socket.socket) -> Arrived | None:
    content = b""
    while b"\r\n\r\n" not in content:
        more = connection.recv(65_536)
        if not more or len(content) > REQUEST_BYTES_MAX:
            return None
        content += more
    head, _, body = content.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        more = connection.recv(65_536)
        if not more:
            return None
        body += more
    return Arrived(time.monotonic(), first.split()[1], headers, body)


@contextmanager
def sink(always: Any = 200) -> Iterator[Sink]:
    """A sink that listens while the block runs."""
    one = Sink()
    one.always = always
    try:
        yield one
    finally:
        one.close()
