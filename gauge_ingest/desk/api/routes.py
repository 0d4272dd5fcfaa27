"""The addresses of the API: from a request to a page, with its ETag; bounded in time, one question at a time."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from sqlite3 import DatabaseError
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gauge_ingest.desk.api import answers, questions
from gauge_ingest.desk.api.answers import Ask, Page
from gauge_ingest.desk.api.openapi import ALERT, MAXIMUM, PREFIX, READING, STATION, STORM, WINDOW, Told, openapi
from gauge_ingest.desk.api.problems import Problem, once
from gauge_ingest.desk.known import Known
from gauge_ingest.journal import JournalUnavailable, Reader, open_reading

# A question that takes longer is given up: the followers of this process share its processor and its lock.
ANSWER_MAX_S = 2.0
TURN_MAX_S = 4.0  # how long a request waits for the one before it
WAITING_MAX = 8  # so many requests may wait, so that the threads of other pages stay free
CHANGING = ("DELETE", "OPTIONS", "PATCH", "POST", "PUT")
STEPS = 10_000  # of SQLite between two looks at the time, less than a millisecond

Answer = Callable[[Ask, Any], Page]


class Address(NamedTuple):
    """An address, and who answers there."""

    told: Told
    answer: Answer


_STATION = "/stations/{station}"
ADDRESSES: Sequence[Address] = (
    Address(Told("/stations", "How stations stand now", questions.Stations, STATION), answers.stations),
    Address(Told(f"{_STATION}/readings", "Readings as they came", questions.Readings, READING), answers.readings),
    Address(Told(f"{_STATION}/history", "Rain in windows, or raw", questions.History, WINDOW), answers.history),
    Address(Told(f"{_STATION}/storms", "Storms by dry gap", questions.Storms, STORM), answers.storms),
    Address(Told(f"{_STATION}/maxima", "Most rain within lengths of time", questions.Span, MAXIMUM), answers.maxima),
    Address(Told("/alerts", "Alerts, newest first", questions.Alerts, ALERT), answers.alerts),
    Address(Told("/alerts/{alert}", "One alert", questions.Nothing, ALERT, is_list=False), answers.alert),
    Address(Told("/health", "Is the service well", questions.Nothing, ("ok", "checks"), is_list=False), answers.health),
)


class Api:
    """Answers requests; one question at a time is looked up, whoever asks."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._turn = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING_MAX)
        self._openapi = json.dumps(openapi([one.told for one in ADDRESSES]), ensure_ascii=False).encode()

    def routes(self) -> list[Route]:
        """Every address; others below it are told to be none."""
        found = [Route(PREFIX + one.told.path, self._endpoint(one), methods=["GET"]) for one in ADDRESSES]
        found.append(Route(f"{PREFIX}/openapi.json", self._document, methods=["GET"]))
        changing = [Route(one.path, _no_change, methods=[*CHANGING]) for one in found]
        return [*found, *changing, Route("/api/{rest:path}", _nowhere)]

    def _endpoint(self, address: Address) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                return await run_in_threadpool(self._answer, address, request)
            except Problem as problem:
                return problem.response()

        return endpoint

    async def _document(self, request: Request) -> Response:
        return _tagged(request, self._openapi, {})

    def _answer(self, address: Address, request: Request) -> Response:
        knows = _knows(self._known.api_token, request.headers.get("authorization"))
        parameters = once(request.query_params.multi_items())
        query = questions.read(address.told.query, parameters)
        with self._turn_of_mine():
            page = self._looked_up(address, request, query, knows=knows)
        if not page.is_list:
            return _tagged(request, _text(page.document), {})
        more = None if page.more is None else f"{request.url.path}?{urlencode({**parameters, **page.more})}"
        headers = {} if more is None else {"Link": f'<{more}>; rel="next"'}
        return _tagged(request, _text({"items": page.document, "next": more}), headers)

    @contextmanager
    def _turn_of_mine(self) -> Iterator[None]:
        """One question after the other, and few that wait; or a Problem."""
        if not self._waiting.acquire(blocking=False):
            raise Problem(503, detail="many others ask: try again in some seconds")
        try:
            if not self._turn.acquire(timeout=TURN_MAX_S):
                raise Problem(503, detail="others ask as well: try again in some seconds")
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._waiting.release()

    def _looked_up(self, address: Address, request: Request, query: questions.Query, *, knows: bool) -> Page:
        known, until_s = self._known, time.monotonic() + ANSWER_MAX_S
        try:
            with closing(open_reading(known.journal)) as connection:
                connection.set_progress_handler(lambda: time.monotonic() > until_s, STEPS)
                ask = Ask(known, Reader(connection), known.now(), request.path_params, knows)
                return address.answer(ask, query)
        except (JournalUnavailable, DatabaseError, OSError) as error:
            if time.monotonic() > until_s:
                words = f"it took longer than {ANSWER_MAX_S:g} s: ask for a shorter time, or a smaller limit"
                raise Problem(503, detail=words) from error
            raise Problem(503, detail="the journal cannot be read: see gauge-ingest health") from error


async def _no_change(request: Request) -> Response:
    return Problem(405, [("method", request.method, "must be GET or HEAD: this API only tells")]).response()


async def _nowhere(request: Request) -> Response:
    right = f"is no address; {PREFIX}/openapi.json has them all"
    return Problem(404, [("path", request.url.path, right)]).response()


def _knows(token: str, header: str | None) -> bool:
    """Whether whoever asks may be told names; a Problem where a token is shown that is not ours."""
    if header is None:
        return False
    scheme, _, shown = header.partition(" ")
    if not token or scheme.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), token.encode()):
        right = "must be Bearer and the token in GAUGE_DESK_API_TOKEN; without it everything but names is told"
        raise Problem(401, [("Authorization", None, right)])
    return True


def _text(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _tagged(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """The body with its ETag, made from its bytes: another one whenever anything in it is another."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {**headers, "ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    named = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in named or "*" in named:
        return Response(status_code=304, headers=told)
    return Response(body, headers=told, media_type="application/json")
