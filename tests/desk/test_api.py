"""The read-only API: the documents of the commands, pages, ETags, problems, names, and its OpenAPI document."""

import dataclasses
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gauge_ingest.app.desk import desk_of
from gauge_ingest.clock import clock_from
from gauge_ingest.desk.api import routes
from gauge_ingest.desk.api.problems import PROBLEM
from gauge_ingest.desk.api.routes import ADDRESSES
from tests.commands.place import Place
from tests.commands.rain import fill
from tests.commands.test_acknowledge import prepare
from tests.desk.serving import PEOPLE, answers, free_port, known_of, serving
from tests.test_docs import blocks
from tests.worlds import HOUR, MINUTE, T0, message, text

TOKEN = "of-the-tests-abcdefghij"  # noqa: S105 - of nobody
AT = "/api/v1"
SPAN = {"since": text(T0 - 30 * HOUR), "until": text(T0)}
ASKED = ("--since", text(T0 - 30 * HOUR), "--until", text(T0))


@contextmanager
def asking(place: Place, *, token: str = TOKEN) -> Iterator[httpx.Client]:
    with serving(dataclasses.replace(known_of(place), api=True, api_token=token)) as client:
        yield client


@pytest.fixture
def rainy(place: Place) -> Place:
    with place.desk() as desk:
        fill(desk, 3, hours=40)
    return place


def every_page(client: httpx.Client, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """All rows, page after page."""
    answer = client.get(AT + path, params=parameters)
    rows: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        document = answer.json()
        rows += document["items"]
        if document["next"] is None:
            return rows
        assert answer.headers["link"] == f'<{document["next"]}>; rel="next"'
        answer = client.get(document["next"])


# --- the documents of the commands -----------------------------------------------------------------------------


def test_history_has_the_rows_of_the_command_whatever_the_page(rainy: Place) -> None:
    with asking(rainy) as client:
        for every in ("raw", "5m", "1h", "1d", "month"):
            expected = rainy.json("history", "HTB01", *ASKED, "--every", every)
            for limit in (1, 7, 2_000):
                if limit > 1 or len(expected) < 50:
                    found = every_page(client, "/stations/HTB01/history", **SPAN, every=every, limit=limit)
                    assert found == expected, (every, limit)
        for kind, more in (("storms", {"dry_gap": "2h"}), ("maxima", {})):
            options = ("--dry-gap", "2h") if more else ()
            name = kind.removesuffix("s") if kind == "storms" else kind
            expected = rainy.json("history", "HTB01", *ASKED, "--every", name, *options)
            assert every_page(client, f"/stations/HTB01/{kind}", **SPAN, **more) == expected
            assert expected


def test_readings_and_stations_are_those_of_the_commands(rainy: Place) -> None:
    with asking(rainy) as client:
        expected = rainy.json("readings", "HTB01", *ASKED)
        for limit in (10, 2_000):
            assert every_page(client, "/stations/HTB01/readings", **SPAN, limit=limit) == expected
        assert len(expected) > len({row["observed_at"] for row in expected}), "some share their instant"
        for limit in (2, 100):
            assert every_page(client, "/stations", limit=limit) == rainy.json("stations")


def test_alerts_and_health_are_those_of_the_commands_for_whoever_shows_the_token(place: Place) -> None:
    prepare(place)
    place.run("alerts", "acknowledge", "1", "--who", "王伟", "--comment", "王伟 calls the village")
    with asking(place) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        assert every_page(client, "/alerts", state="all", limit=1) == place.json("alerts", "--all")
        assert client.get(f"{AT}/alerts/1").json() == place.json("alerts", "show", "1")
        rows = {row["name"] for row in client.get(f"{AT}/health").json()["checks"]}
        assert rows == {row["name"] for row in place.json("health", status=1)["checks"]}


def test_nobody_is_named_to_whoever_shows_no_token(place: Place) -> None:
    prepare(place)
    place.run("alerts", "acknowledge", "1", "--who", "王伟", "--comment", "王伟 calls the village")
    with asking(place) as client, asking(place, token="") as without:
        for one in (client, without):
            for path in ("/alerts?state=all", "/alerts/1", "/health"):
                answer = one.get(AT + path)
                assert answer.status_code == 200
                assert "王伟" not in answer.text
            assert {row["detail"] for row in one.get(f"{AT}/health").json()["checks"]} == {None}
            told = one.get(f"{AT}/alerts/1").json()
            assert told["acknowledged_at"] is not None
            assert (told["acknowledged_by"], told["scope"]) == (None, "HTB01")
            wrong = one.get(f"{AT}/alerts/1", headers={"Authorization": "Bearer no"})
            assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")
            assert "GAUGE_DESK_API_TOKEN" in wrong.json()["detail"]


def test_the_desk_of_a_configuration_serves_the_api_with_its_token(place: Place) -> None:
    prepare(place)
    port = free_port()
    switched = {"GAUGE_DESK_PORT": str(port), "GAUGE_DESK_API": "true", "GAUGE_DESK_API_TOKEN": TOKEN}
    place.environ = switched
    desk = desk_of(place.config, place.configuration(), clock_from(place.environment()), people=PEOPLE)
    assert desk is not None
    desk.start()
    with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{port}") as client:
        answers(client)
        told = [
            client.get(f"{AT}/alerts/1", headers=headers).json()["reason"]
            for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
        ]
    desk.stop()
    desk.join(10)

    assert told == [None, ""]


def test_without_the_switch_there_is_no_api(place: Place) -> None:
    with serving(known_of(place)) as client:
        assert client.get(f"{AT}/stations").status_code == 404


# --- pages and tags --------------------------------------------------------------------------------------------


def test_what_comes_while_pages_are_turned_moves_none(place: Place) -> None:
    with place.desk() as desk:
        desk.now = place.now = T0 + 2 * HOUR
        desk.take(message([(T0 + minute * MINUTE, 10) for minute in range(0, 60, 5)]))
    with asking(place) as client:
        first = client.get(f"{AT}/stations/HTB01/readings", params={"since": "3h", "limit": 5}).json()
        with place.desk() as desk:
            desk.now = T0 + 3 * HOUR
            desk.take(message([(T0 + minute * MINUTE, 10) for minute in (2, 33, 130)], seq=2))
        place.now = T0 + 3 * HOUR
        second = client.get(first["next"]).json()

    minutes = [row["observed_at"][14:16] for row in second["items"]]
    assert minutes == ["25", "30", "33", "35", "40"]
    assert quote(text(T0 + 2 * HOUR), safe="") in second["next"], "until stays what it was when the question was asked"


def test_a_tag_changes_exactly_when_late_rain_changes_an_old_window(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0, 10), (T0 + 5 * MINUTE, 13), (T0 + 10 * MINUTE, 17)]))
    asked = {"since": text(T0), "until": text(T0 + 10 * MINUTE), "every": "5m"}
    with asking(place) as client:
        path = f"{AT}/stations/HTB01/history"
        first = client.get(path, params=asked)
        same = client.get(path, params=asked, headers={"If-None-Match": first.headers["etag"]})
        weak = client.get(path, params=asked, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
        with place.desk() as desk:
            desk.now = T0 + 2 * HOUR
            desk.take(message([(T0 + 20 * MINUTE, 17)], seq=2))
        elsewhere = client.get(path, params=asked, headers={"If-None-Match": first.headers["etag"]})
        with place.desk() as desk:
            desk.now = T0 + 3 * HOUR
            desk.take(message([(T0 + 4 * MINUTE, 11)], seq=3))
        late = client.get(path, params=asked, headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert weak.status_code == 304
    assert elsewhere.status_code == 304, "another window changed"
    assert (late.status_code, late.headers["etag"] == first.headers["etag"]) == (200, False)
    assert [row["tips"] for row in late.json()["items"]] == [3, 4], "the sums are the same; one reading more is judged"
    assert first.headers["cache-control"] == "private, no-cache"


def test_a_head_has_the_headers_and_no_body(rainy: Place) -> None:
    with asking(rainy) as client:
        for one in ADDRESSES:
            path = AT + one.told.path.format(station="HTB01", alert=1)
            parameters = {"since": "24h", **({"every": "1h"} if path.endswith("/history") else {})}
            asked = parameters if "since" in one.told.query.model_fields else {}
            head, get = client.head(path, params=asked), client.get(path, params=asked)
            assert (head.status_code, head.content) == (get.status_code, b""), path
            assert client.post(path, params=asked).status_code == 405


# --- wrong questions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "field", "right"),
    [
        ("/stations/HTB1/readings?since=24h", 404, "station", "did you mean HTB01?"),
        ("/stations/HTB01/readings", 400, "since", "is required, e.g. since=24h"),
        ("/stations/HTB01/readings?since=24", 400, "since", "e.g. 24h"),
        ("/stations/HTB01/readings?since=2h&until=3h", 400, "since", "must be before until=3h"),
        ("/stations/HTB01/readings?since=2026-07-15T18:00:00+08:00", 400, "since", "write the + of an offset as %2B"),
        (
            "/stations/HTB01/readings?since=0001-01-01T00:00:00Z",
            400,
            "since",
            "must lie between the years 1800 and 2200",
        ),
        ("/stations/HTB01/readings?since=24h&limit=0", 400, "limit", "must be at least 1"),
        ("/stations/HTB01/readings?since=24h&limit=9999", 400, "limit", "must be at most 2000"),
        ("/stations/HTB01/readings?since=24h&limit=ten", 400, "limit", "must be a whole number"),
        ("/stations/HTB01/readings?since=24h&limti=1", 400, "limti", "did you mean limit?"),
        ("/stations/HTB01/readings?since=24h&since=2h", 400, "since", "is given twice"),
        (
            "/stations/HTB01/history?since=24h&every=2h",
            400,
            "every",
            "one of 'raw', '5m', '1h', '1d' or 'month'",
        ),
        ("/stations/HTB01/history?since=24h&every=1h&source=influx", 400, "source", "must be one of 'journal'"),
        ("/stations/HTB01/storms?since=24h&dry_gap=6", 400, "dry_gap", "e.g. 90m, 24h, 7d"),
        ("/alerts?state=raised", 400, "state", "must be one of 'standing' or 'all'"),
        ("/alerts/77", 404, "alert", "is the number of no alert"),
        ("/alerts/x", 404, "alert", "is the number of no alert"),
        ("/alerts/99999999999999999999999", 404, "alert", "is the number of no alert"),
        ("/nothing", 404, "path", "/api/v1/openapi.json has them all"),
    ],
)
def test_a_wrong_question_is_a_problem_that_names_the_field_and_what_would_be_right(
    place: Place, path: str, status: int, field: str, right: str
) -> None:
    with place.desk():
        pass
    with asking(place) as client:
        answer = client.get(AT + path)

    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert [one["field"] for one in problem["errors"]] == [field]
    assert right in problem["errors"][0]["detail"]
    assert problem["status"] == status
    jsonschema.validate(problem, PROBLEM)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/stations", "/stations/HTB01/history", "/alerts/1", "/openapi.json"])
def test_a_method_that_would_change_something_is_a_problem(place: Place, method: str, path: str) -> None:
    with asking(place) as client:
        answer = client.request(method, AT + path)

    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert answer.headers["allow"] == "GET, HEAD"
    jsonschema.validate(answer.json(), PROBLEM)
    assert answer.json()["errors"][0]["value"] == method


def test_an_address_that_is_too_long_is_a_problem_here_and_plain_elsewhere(place: Place) -> None:
    with asking(place) as client:
        answer, page = client.get(f"{AT}/stations?after={'x' * 2_000}"), client.get("/a/" + "x" * 2_000)

    assert (answer.status_code, answer.headers["content-type"]) == (414, "application/problem+json")
    jsonschema.validate(answer.json(), PROBLEM)
    assert "at most 1024 bytes" in answer.json()["detail"]
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (414, "text/plain")


def test_without_a_journal_there_is_a_problem_and_no_traceback(place: Place) -> None:
    with asking(place) as client:
        answer = client.get(f"{AT}/stations")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "gauge-ingest health" in answer.json()["detail"]


def test_a_question_that_takes_too_long_is_given_up(rainy: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ANSWER_MAX_S", -1.0)
    monkeypatch.setattr(routes, "STEPS", 1)
    with asking(rainy) as client:
        answer = client.get(f"{AT}/stations/HTB01/history", params={"since": "30d", "every": "1h"})

    assert answer.status_code == 503
    assert "ask for a shorter time" in answer.json()["detail"]


def test_few_may_wait_and_the_page_of_an_alert_waits_for_none_of_them(
    rainy: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "TURN_MAX_S", 0.3)
    known = dataclasses.replace(known_of(rainy), api=True)
    api = routes.Api(known)
    monkeypatch.setattr(routes, "Api", lambda _: api)
    with serving(known) as client, api._turn, ThreadPoolExecutor(24) as many:
        asked = [many.submit(client.get, f"{AT}/stations") for _ in range(24)]
        begun_s = time.monotonic()
        assert client.get("/a/x").status_code == 403
        assert time.monotonic() - begun_s < 2
        told = [one.result().json()["detail"] for one in asked]

    assert {re.sub("many ", "", one)[:12] for one in told} == {"others ask a", "others ask: "}


# --- OpenAPI ---------------------------------------------------------------------------------------------------


def test_the_openapi_document_is_one_and_what_is_answered_keeps_to_it(place: Place) -> None:
    prepare(place)
    with asking(place) as client:
        document = client.get(f"{AT}/openapi.json").json()
        OpenAPIV31SpecValidator(document).validate()
        assert set(document["paths"]) == {AT + one.told.path for one in ADDRESSES}
        for path, operations in document["paths"].items():
            asked = {
                one["name"]: one.get("example", one["schema"].get("default"))
                for one in operations["get"]["parameters"]
                if one["in"] == "query" and one["required"]
            }
            schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            answer = client.get(path.format(station="HTB01", alert=1), params=asked)
            assert answer.status_code == 200, answer.text
            jsonschema.validate(answer.json(), schema, format_checker=jsonschema.FormatChecker())
            assert answer.json().get("items", True), path


def test_the_examples_of_the_document_are_answered(place: Place) -> None:
    prepare(place)
    found = list(blocks(Path(__file__).parents[2] / "docs" / "api.md"))
    commands = "\n".join(block.text for block in found if block.info == "sh")
    named = re.findall(r"127\.0\.0\.1:8750(/api/[^'\s]*)", commands)
    shown = next(block for block in found if block.info == "json problem")

    with asking(place) as client:
        answers = {path: client.get(path).status_code for path in named}
        asked = client.get(f"{AT}/stations/HTB1/history", params={"since": "24h", "every": "1h"}).json()

    assert set(answers.values()) == {200}
    bare = {
        path.partition("?")[0].replace("HTB01", "{station}").replace("alerts/1", "alerts/{alert}") for path in named
    }
    assert bare == {AT + one.told.path for one in ADDRESSES} | {f"{AT}/openapi.json"}
    assert json.loads(shown.text) == asked
