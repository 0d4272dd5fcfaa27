"""A store that cannot be reached, is busy, or is not what it should be: nothing is lost and it is said what to mend."""

import gzip
import json
import logging
import subprocess
import sys
import threading
import time

import pytest
from pydantic import SecretStr

from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx import InfluxHistory, InfluxStore
from gauge_ingest.stores.influx.client import RETRY_AFTER_MAX_S
from tests.edges.influx_server import TOKEN, free_port, row, rows, settings_for
from tests.edges.test_influx_loopback import HANG, RESET, LoopbackServer, Reply, Request, answering, recorded

ORGS = Reply(200, json.dumps({"orgs": [{"id": "ae7d9bf6093c1370", "name": "hutubi"}]}))
CREATED = recorded("create bucket with retention")
MISSING = recorded("write to unknown bucket")


def attempt(*replies: Reply, **settings: object) -> tuple[StoreUnavailable, list[Request]]:
    with LoopbackServer(answering(*replies)) as server:
        store = InfluxStore(settings_for(server.url, **settings), {})
        with pytest.raises(StoreUnavailable) as caught:
            store.write(rows(50), [])
    return caught.value, server.requests


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Wed, 15 Jul 2026 10:05:30 GMT", "Date": "Wed, 15 Jul 2026 10:05:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 15 Jul 2026 10:05:00 GMT", "Date": "Wed, 15 Jul 2026 10:05:30 GMT"}, 0.0),
        ({"Retry-After": "-1"}, 0.0),
        ({"Retry-After": "1e9"}, RETRY_AFTER_MAX_S),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
def test_a_busy_store_is_asked_again_when_it_says(status: int, headers: dict[str, str], wait_s: float | None) -> None:
    error, requests = attempt(Reply(status, json.dumps({"message": "too busy"}), headers))

    assert error.retry_after_s == wait_s
    assert "too busy" in str(error)
    assert len(requests) == 1


@pytest.mark.parametrize("status", [502, 504, 418, 408])
def test_an_answer_nobody_expects_moves_nothing(status: int) -> None:
    error, requests = attempt(Reply(status, "<html>bad gateway</html>"))

    assert "bad gateway" in str(error)
    assert len(requests) == 1


@pytest.mark.parametrize(
    "reply", [Reply(200, "welcome"), Reply(202), Reply(301, "moved", {"Location": "/login"}), Reply(405)]
)
def test_a_server_that_is_no_influxdb_has_taken_nothing(reply: Reply) -> None:
    error, requests = attempt(reply)

    assert "[influx] url" in str(error)
    assert len(requests) == 1


def test_a_full_disk_is_said_after_one_request_and_no_line_is_looked_for() -> None:
    words = "unexpected error writing points to database: opening shard failed: write 0000: no space left on device"
    error, requests = attempt(Reply(500, json.dumps({"code": "internal error", "message": words})))

    assert "the disk of InfluxDB is full" in str(error)
    assert "make room there" in str(error)
    assert len(requests) == 1


def test_an_answer_that_is_no_text_moves_nothing() -> None:
    error, _ = attempt(Reply(500, "\udcff\udcfe"))

    assert "not that of an InfluxDB" in str(error)


def test_words_without_end_are_cut() -> None:
    error, _ = attempt(Reply(503, "no " * 10_000))

    assert len(str(error)) < 1_000


def test_a_store_that_does_not_answer_is_given_up_after_its_time_out_and_asked_once() -> None:
    started = time.monotonic()

    error, requests = attempt(HANG, timeout_s=0.3)

    assert 0.3 <= time.monotonic() - started < 3.0
    assert "reached" in str(error)
    assert len(requests) == 1


def test_a_store_that_resets_the_connection_within_the_body_is_unavailable() -> None:
    error, requests = attempt(RESET)

    assert "reached" in str(error)
    assert not requests


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    error, _ = attempt(Reply(400, "x" * 1_000, cut=10))

    assert "reached" in str(error)


def test_nobody_listens_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())  # a server of an earlier test may still be ending: none may be added
    store = InfluxStore(settings_for(f"http://127.0.0.1:{free_port()}"), {})

    with pytest.raises(StoreUnavailable, match="refused"):
        store.write([row()], [])
    with pytest.raises(StoreUnavailable, match="refused"):
        store.prepare()
    store.close()

    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "gopher://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_an_unavailable_store(url: str) -> None:
    store = InfluxStore(settings_for(url), {})

    with pytest.raises(StoreUnavailable):
        store.write([row()], [])
    with pytest.raises(StoreUnavailable):
        store.prepare()


def test_a_server_that_speaks_no_tls_is_an_unavailable_store_and_no_missing_bucket() -> None:
    with LoopbackServer(answering(Reply())) as server:
        store = InfluxStore(settings_for(server.url.replace("http:", "https:")), {})

        with pytest.raises(StoreUnavailable, match=r"cannot be reached: .*SSL"):
            store.prepare()


def test_after_an_outage_the_same_rows_go_through() -> None:
    replies = iter([Reply(503), Reply(204)])
    with LoopbackServer(lambda request: Reply() if request.method == "PEEK" else next(replies)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable):
            store.write([row()], [])
        store.write([row()], [])

    assert server.requests[0].body == server.requests[1].body


def test_a_token_read_with_its_line_break_works() -> None:
    with LoopbackServer(answering(Reply())) as server:
        InfluxStore(settings_for(server.url, token=SecretStr(f"{TOKEN}\n")), {}).write([row()], [])

    assert server.requests[0].headers["Authorization"] == f"Token {TOKEN}"


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN}€"])
def test_no_token_is_ever_told(token: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Goal: no log line and no message holds the token. Method: every kind of failure, with everything logged."""
    caplog.set_level(logging.DEBUG)
    told = []
    for reply in (Reply(401), Reply(400, "no"), Reply(500, "no"), Reply(503), Reply(404), Reply(200), RESET):
        for each in (token, TOKEN):
            error, _ = attempt(reply, token=SecretStr(each))
            told.append(f"{error} {error!r} {error.__cause__!r} {error.args}")

    out, err = capfd.readouterr()
    assert any("no request may carry" in each for each in told)
    assert TOKEN not in "".join([*told, caplog.text, out, err])


def test_with_gzip_the_body_is_compressed_and_the_test_write_is_too() -> None:
    sizes = []

    def respond(request: Request) -> Reply:
        if request.method != "PEEK":
            sizes.append((int(request.headers["Content-Length"]), request.headers["Content-Encoding"]))
        return Reply()

    with LoopbackServer(respond) as server:
        store = InfluxStore(settings_for(server.url, gzip=True), {})
        store.prepare()
        store.write(rows(100), [])

    assert sizes[0] == (len(gzip.compress(b"\n")), "gzip")
    assert sizes[1][0] * 5 < len(server.requests[1].body)
    assert len(server.requests[1].lines) == 100


def test_a_missing_bucket_is_made_with_its_retention() -> None:
    with LoopbackServer(answering(MISSING, ORGS, CREATED, Reply())) as server:
        InfluxStore(settings_for(server.url, retention_days=30), {}).prepare()

    made = json.loads(server.requests[2].body)
    assert server.requests[2].path == "/api/v2/buckets"
    assert (made["name"], made["orgID"]) == ("rain", "ae7d9bf6093c1370")
    assert made["retentionRules"] == [{"type": "expire", "everySeconds": 30 * 86_400}]
    assert server.requests[3].path.startswith("/api/v2/write?")


def test_retention_0_keeps_for_ever() -> None:
    with LoopbackServer(answering(MISSING, ORGS, CREATED, Reply())) as server:
        InfluxStore(settings_for(server.url), {}).prepare()

    assert json.loads(server.requests[2].body)["retentionRules"] == []


def test_a_bucket_that_somebody_else_makes_at_the_same_time_is_as_good() -> None:
    with LoopbackServer(answering(MISSING, ORGS, recorded("create bucket that exists"), Reply())) as server:
        InfluxStore(settings_for(server.url), {}).prepare()

    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ((MISSING, ORGS, recorded("create bucket with write-only token")), "creating it failed too (401"),
        ((MISSING, Reply(200, '{"orgs": []}')), "cannot find organization"),
        ((MISSING, recorded("write to unknown org")), "cannot find organization"),
        ((MISSING, ORGS, recorded("create bucket with retention too short")), "at least 1h0m0s"),
        ((MISSING, ORGS, recorded("create bucket that exists"), MISSING), "hidden from the token"),
        ((MISSING, Reply(200, "no json")), "[influx]"),
        ((MISSING, ORGS, Reply(503)), "creating it failed too (503"),
        ((MISSING, ORGS, CREATED, Reply(503)), "takes nothing now"),
        ((Reply(400, "what?"),), "write of nothing"),
        ((Reply(500, "broken"),), "write of nothing"),
        ((Reply(401),), "token"),
        ((Reply(200, "welcome"),), "[influx] url"),
    ],
)
def test_a_store_that_cannot_be_made_ready_says_what_to_mend(replies: tuple[Reply, ...], words: str) -> None:
    with LoopbackServer(answering(*replies)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable) as caught:
            store.prepare()

    assert words in str(caught.value)


def test_a_bucket_that_is_there_is_only_written_to() -> None:
    with LoopbackServer(answering(Reply())) as server:
        InfluxStore(settings_for(server.url), {}).prepare()

    assert [request.path for request in server.requests] == ["/api/v2/write?org=hutubi&bucket=rain&precision=ns"]
    assert server.requests[0].body.strip() == b""


def test_history_is_unavailable_when_nobody_answers() -> None:
    history = InfluxHistory(settings_for(f"http://127.0.0.1:{free_port()}"))

    with pytest.raises(StoreUnavailable, match="refused"):
        history.rows("HTB01", since=0, until=1)
    history.close()


def test_reading_the_settings_does_not_load_the_client_of_influxdb() -> None:
    program = "import sys, gauge_ingest.stores.influx; print('influxdb_client' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert answer.stdout.strip() == "False"
