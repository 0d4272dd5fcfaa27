"""The desk's thread: one port, taken or free; what a request may be; and the desk of a whole service."""

import socket
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from gauge_ingest.app.desk import desk_of, link_of
from gauge_ingest.clock import clock_from
from gauge_ingest.core.model import AlertEvent
from gauge_ingest.core.told import acknowledgements
from gauge_ingest.desk import acknowledging
from gauge_ingest.desk.serving import DeskThread
from gauge_ingest.journal import Reader
from tests.commands.place import Place
from tests.commands.test_acknowledge import prepare
from tests.desk.serving import LI, PEOPLE, SECRET, answers, free_port, known_of, path_of, press, serving
from tests.edges.broker import running_mosquitto
from tests.simulation.service import running_service, until


def test_a_second_desk_on_a_port_waits_for_it_and_takes_over(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    first, second = (DeskThread(known_of(place), host="127.0.0.1", port=port, retry_s=0.1) for _ in range(2))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        first.start()
        answers(client)
        second.start()
        time.sleep(0.5)
        assert second.is_alive()
        client.close()
    first.stop()
    first.join(10)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answers(client)
        second.stop()
        second.join(10)

    assert not second.is_alive()
    assert "desk cannot listen" in caplog.text
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_the_link_that_a_message_carries_leads_to_the_page(place: Place) -> None:
    prepare(place)
    port = free_port()
    place.environ = {"GAUGE_DESK_PORT": str(port), "GAUGE_DESK_SECRET": SECRET}
    assert link_of(place.configuration(), clock_from(place.environment()))(LI, first_event(place)) == ""
    place.environ["GAUGE_DESK_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    configuration, clock = place.configuration(), clock_from(place.environment())
    desk = desk_of(place.config, configuration, clock, people=PEOPLE)
    assert desk is not None
    desk.start()
    with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{port}") as client:
        answers(client)
        page = client.get(link_of(configuration, clock)(LI, first_event(place)))
    desk.stop()
    desk.join(10)

    assert page.status_code == 200
    assert ("PREPARE TO MOVE" in page.text, "Li Na" in page.text) == (True, True)


def test_without_a_port_there_is_no_desk(place: Place) -> None:
    assert desk_of(place.config, place.configuration(), clock_from(place.environment()), people={}) is None


def first_event(place: Place) -> AlertEvent:
    with closing(Reader.open(place.journal)) as reader:
        return reader.alerts.events(1)[0]


def test_an_address_that_is_none_of_ours_ends_nothing(place: Place) -> None:
    desk = DeskThread(known_of(place), host="192.0.2.1", port=free_port(), retry_s=0.05)
    desk.start()
    time.sleep(0.3)

    assert desk.is_alive()
    desk.stop()
    desk.join(5)
    assert not desk.is_alive()


def test_only_what_is_asked_for_rightly_is_answered(place: Place) -> None:
    with serving(known_of(place)) as client:
        assert client.get("/").status_code == 404
        assert client.get("/a/").status_code == 404
        assert client.get("/a/b/c").status_code == 404
        assert client.get("/metrics/").status_code == 404, "no redirect anywhere"
        assert client.post("/metrics").status_code == 405
        assert client.delete(path_of(place)).status_code == 405
        assert set(client.put(path_of(place)).headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
        assert client.get("/a/" + "x" * 2_000).status_code == 414
        assert client.get("/readyz?" + "x" * 2_000).status_code == 414
        assert client.head("/healthz").status_code == 200
        assert client.head("/healthz").content == b""
        refused = client.get("/nothing")

    assert refused.headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in refused.headers


@pytest.mark.parametrize("head", [b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 70_000, b"\x16\x03\x01\x02\x00\x01" * 50])
def test_a_head_without_an_end_is_cut_off(place: Place, head: bytes) -> None:
    with serving(known_of(place)) as client:
        with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=10) as connection:
            connection.sendall(head)
            answer = connection.recv(100)

        assert b" 400 " in answer
        assert client.get("/healthz").status_code == 200


def test_the_desk_of_a_whole_service_answers_and_a_taken_port_harms_nothing_else(tmp_path: Path) -> None:
    """Goal: the desk runs in the outbound process and is never the end of it.

    Method: a service with a desk, then one whose port is taken: it is well all the same.
    """
    port = free_port()
    with running_mosquitto(tmp_path / "broker") as broker:
        with running_service(tmp_path, port=broker.port, GAUGE_DESK_PORT=str(port)) as running:
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, trust_env=False) as client:
                answers(client, within_s=30)
                until(lambda: client.get("/readyz").status_code == 200, within_s=30, what="ready")
                rows = [check["name"] for check in client.get("/readyz").json()["checks"]]
                assert rows == [check["name"] for check in running.ask("health")["checks"]]
                assert "gauge_ingest_stations 5.0" in client.get("/metrics").text
                assert client.get("/a/x").status_code == 403
            begun = time.monotonic()
            assert running.stop() == 0
            assert time.monotonic() - begun < 5
        with (
            socket.create_server(("127.0.0.1", port)),
            running_service(tmp_path, port=broker.port, GAUGE_DESK_PORT=str(port)) as running,
        ):
            until(lambda: "desk cannot listen" in running.log.read_text(), within_s=30, what="the desk tries")
            until(lambda: running.ask("health")["ok"], within_s=30, what="well all the same")


def test_the_running_service_enters_what_is_said_and_a_killed_one_enters_nothing(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goal: "recorded" on the page means that it is in the journal; everything else says that it is not.

    Method: the real ingest process over a journal with an alert; Wang presses, it is killed with kill -9, Li presses,
    it comes back, Li presses again.
    """
    prepare(place)
    clock = place.environment()["GAUGE_CLOCK"]
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(place.journal.parent, port=broker.port, clock=clock, GAUGE_CONFIG=str(place.config)) as running,
        serving(known_of(place)) as client,
    ):
        until(lambda: running.ask("health")["ok"], within_s=30, what="well")
        monkeypatch.setattr(acknowledging, "ANSWER_MAX_S", 20.0)
        assert press(client, client.get(path_of(place))).status_code == 200
        page = client.get(path_of(place, LI))
        running.kill()
        monkeypatch.setattr(acknowledging, "ANSWER_MAX_S", 1.0)
        assert press(client, page).status_code == 503
        assert seen_by(place) == ["王伟"]
        running.start()
        until(lambda: running.ask("health")["ok"], within_s=30, what="well again")
        monkeypatch.setattr(acknowledging, "ANSWER_MAX_S", 20.0)
        assert press(client, page).status_code == 200
        assert seen_by(place) == ["王伟", "Li Na"]


def seen_by(place: Place) -> list[str]:
    with closing(Reader.open(place.journal)) as reader:
        return [event.who for event in acknowledgements(reader.alerts.events(1))]
