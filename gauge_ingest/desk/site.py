"""The addresses of the desk, and what every request and every answer must keep to."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gauge_ingest.desk.acknowledging import AlertDesk, Answer
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.metrics import exposition
from gauge_ingest.desk.page import style_source
from gauge_ingest.wellbeing import checks_of, configuration_check, document

BODY_BYTES_MAX = 4_096
BODY_S = 10.0
FIELDS_MAX = 8
TARGET_BYTES_MAX = 1_024
KEPT_S = 1.0  # one answer about health or metrics serves everybody who asks within this time

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def site(known: Known, alerts: AlertDesk) -> App:
    """The whole site."""
    ready, metrics = _Kept(lambda: _readiness(known)), _Kept(lambda: (200, exposition(known)))

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        status, body = await run_in_threadpool(ready.answer)
        return Response(body, status, media_type="application/json")

    async def metrics_text(_: Request) -> Response:
        body = (await run_in_threadpool(metrics.answer))[1]
        return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def alert(request: Request) -> Response:
        token, client = request.path_params["token"], request.client.host if request.client is not None else ""
        if request.method != "POST":
            return _page(await run_in_threadpool(alerts.look, token, client=client))
        body = await _body(request)
        if body is None:
            return PlainTextResponse(f"at most {BODY_BYTES_MAX} bytes, within {BODY_S:g} s\n", 413)
        return _page(await run_in_threadpool(alerts.say, token, _form(body), client=client))

    routes = [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", metrics_text, methods=["GET"]),
        Route("/a/{token}", alert, methods=["GET", "POST"]),
    ]
    if known.api:
        # Loaded where it is switched on: pydantic and history are nothing that the page needs.
        from gauge_ingest.desk.api.routes import Api

        routes += Api(known).routes()
    starlette = Starlette(routes=routes)
    starlette.router.redirect_slashes = False
    return _guarded(starlette)


def _guarded(app: App) -> App:
    """Every answer with the same headers; a target that is too long is refused before anybody looks at it."""
    policy = f"default-src 'none'; style-src {style_source()}; form-action 'self'; base-uri 'none'"
    headers = [
        (b"content-security-policy", f"{policy}; frame-ancestors 'none'".encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-robots-tag", b"noindex, nofollow"),
    ]

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told = list(message.get("headers", []))
                message["headers"] = [*told, *(one for one in headers if one[0] not in dict(told))]
            await send(message)

        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_BYTES_MAX:
            await _too_long(scope["path"])(scope, receive, send_with_headers)
        else:
            await app(scope, receive, send_with_headers)

    return guarded


def _too_long(path: str) -> Response:
    if not path.startswith("/api/"):
        return PlainTextResponse("the address is too long\n", 414)
    from gauge_ingest.desk.api.problems import Problem  # as the API itself: loaded where it is asked for

    right = f"must have at most {TARGET_BYTES_MAX} bytes with its parameters"
    return Problem(414, [("address", path, right)]).response()


class _Kept:
    """An answer that is made anew at most once in KEPT_S, by one thread at a time."""

    def __init__(self, make: Callable[[], tuple[int, bytes]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made_s = 0.0
        self._answer: tuple[int, bytes] | None = None

    def answer(self) -> tuple[int, bytes]:
        """The newest answer."""
        with self._lock:
            if self._answer is None or time.monotonic() - self._made_s > KEPT_S:
                self._answer = self._make()
                self._made_s = time.monotonic()
            return self._answer


def _readiness(known: Known) -> tuple[int, bytes]:
    checks = [configuration_check(known.journal, known.configured)]
    checks += checks_of(known.journal, known.outbound, now=known.now, speed=known.speed)
    told = document(checks)
    return 200 if told["ok"] else 503, json.dumps(told, ensure_ascii=False).encode()


def _page(answer: Answer) -> Response:
    if not answer.page:
        return PlainTextResponse("too many links that do not work\n", answer.status, headers={"Retry-After": "60"})
    return Response(answer.page, answer.status, media_type="text/html; charset=utf-8")


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is larger or slower than it may be."""
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > BODY_BYTES_MAX:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    return body


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form; none when it is no form."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return {}
    return dict(pairs)
