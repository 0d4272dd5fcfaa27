"""The desk on a free port, over a journal of ours, with the people and the secret that the tests know."""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from gauge_ingest.core.people import Person
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.links import link
from gauge_ingest.desk.serving import DeskThread
from tests.commands.place import Place

SECRET = "of-the-tests-0123456789"  # noqa: S105 - of nobody
OTHER_SECRET = "of-somebody-else-entirely"  # noqa: S105 - of nobody
WANG = Person("wang", "王伟", "zh", ())
LI = Person("li", "Li Na", "en", ())
PEOPLE = {one.id: one for one in (WANG, LI)}


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def known_of(place: Place, *, people: Mapping[str, Person] = PEOPLE) -> Known:
    """What the desk of a place knows; its clock is the place's."""
    configuration = place.configuration()
    return Known(
        journal=place.journal,
        outbound=place.journal.with_name("outbound.db"),
        stations=configuration.stations,
        names={one.id: one.name for one in configuration.stations.values()},
        rules={rule.id: rule for rule in configuration.rules},
        people=people,
        secret=SECRET,
        link_hours=48,
        configured="of the tests",
        now=lambda: place.now,
    )


@contextmanager
def serving(known: Known) -> Iterator[httpx.Client]:
    """A client of a desk that serves."""
    port = free_port()
    thread = DeskThread(known, host="127.0.0.1", port=port)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            answers(client)
            yield client
    finally:
        thread.stop()
        thread.join(10)
        assert not thread.is_alive()


def answers(client: httpx.Client, *, within_s: float = 10) -> None:
    """Wait until the desk answers."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            client.get("/healthz").raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def path_of(place: Place, person: Person = WANG, *, alert_id: int = 1, event_id: int = 1, secret: str = SECRET) -> str:
    """The path of the link that a person was sent now."""
    return link(secret, "", alert_id=alert_id, event_id=event_id, person_id=person.id, now=place.now)


def fields(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


def press(client: httpx.Client, page: httpx.Response, **changed: str) -> httpx.Response:
    """Press the button of a page."""
    return client.post(page.url.path, data={**fields(page), "comment": "", **changed})
