"""The desk's thread: uvicorn with a loop of its own. A port that is taken is tried again, and harms nobody else."""

import logging
import socket
import threading

import uvicorn

from gauge_ingest.desk.acknowledging import AlertDesk
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.site import site

log = logging.getLogger(__name__)

RETRY_S = 30.0
STOP_S = 2  # how long answers that are under way may take when the process ends
CONNECTIONS_MAX = 64
HEAD_BYTES_MAX = 8_192
KEEP_ALIVE_S = 5
BACKLOG = 64


class DeskThread(threading.Thread):
    """Serves until it is told to stop."""

    def __init__(self, known: Known, *, host: str, port: int, retry_s: float = RETRY_S) -> None:
        super().__init__(name="desk", daemon=True)
        self._address = (host, port)
        self._retry_s = retry_s
        self._alerts = AlertDesk(known)
        self._site = site(known, self._alerts)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._server: uvicorn.Server | None = None

    def run(self) -> None:
        """The thread: listens and serves; what keeps it from that is logged, and tried again."""
        while not self._stopping.is_set():
            try:
                listening = _listening(*self._address)
            except OSError as error:
                log.error(
                    "desk cannot listen host=%s port=%d retry_in_s=%.0f reason=%s", *self._address, self._retry_s, error
                )
            else:
                with listening:
                    self._serve(listening)
            self._stopping.wait(self._retry_s)

    def stop(self) -> None:
        """End; answers that are under way have STOP_S."""
        self._stopping.set()
        self._alerts.close()
        with self._lock:
            if self._server is not None:
                self._server.should_exit = True

    def _serve(self, listening: socket.socket) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            self._server = server = uvicorn.Server(self._settings())
        log.info("desk listens host=%s port=%d", *listening.getsockname()[:2])
        server.run(sockets=[listening])

    def _settings(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._site,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,  # it would write down addresses with their tokens
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1,::1",
            server_header=False,
            limit_concurrency=CONNECTIONS_MAX,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        )


def _listening(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)
