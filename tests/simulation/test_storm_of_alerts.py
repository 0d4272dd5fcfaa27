"""Two hundred stations raise within a minute: five people hear of each, in few mails, and the rain does not wait."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from gauge_ingest.clock import clock_from
from gauge_ingest.core.levels import level_of
from gauge_ingest.journal import Reader
from gauge_ingest.outbound.record import delivered
from tests.edges.broker import running_mosquitto
from tests.simulation.county import STATION, Post, configured
from tests.simulation.service import running_service, scaled_clock, until
from tests.simulation.test_late import connected, publish
from tests.simulation.told import heard
from tests.worlds import MINUTE, message

NAMES = [f"N{number:03d}" for number in range(200)]
PEOPLE = ("liu", "wang", "chen", "zhao", "sun")
PROBES = 60
PUT_MS = 300  # a page of events is dated when its putting begins, and is there for others when it is done
RULE = """
[rules.flash]
levels = ["blue", "orange"]
stations = "all"
source = "of this test"
[rules.flash.rain_mm]
"5m" = { blue = 6, orange = 12 }
"""


def write(config: Path, post: int) -> None:
    """Two hundred stations, one rule, five people with one mail address each."""
    stations = config / "stations.toml"
    more = "".join(STATION.format(id=name) for name in NAMES)
    stations.write_text(stations.read_text(encoding="utf-8").partition("[basins.")[0] + more, encoding="utf-8")
    (config / "rules.toml").write_text(RULE, encoding="utf-8")
    url = f"mailto://127.0.0.1:{post}?from=rain@example.org&to={{to}}"
    people = f'[channels.mail]\nkind = "apprise"\nurl = "{url}"\ngroup_s = 2\n'
    for name in PEOPLE:
        people += f'[people.{name}]\nname = "{name}"\nlanguage = "en"\nreach = [["mail", "{name}@example.org"]]\n'
    (config / "people.toml").write_text(people, encoding="utf-8")


def latencies_s(port: int, reader: Reader, at: int, first: int) -> list[float]:
    """From publishing a reading until it is seen in the journal, in order of length."""
    found = []
    for number in range(first, first + PROBES):
        observed_at = at + number * 1_000
        begun = time.monotonic()
        publish(port, [message([(observed_at, 1)], seq=number, station_id="HTB05")])
        while not list(reader.rows("HTB05", since=observed_at - 1, until=observed_at)):
            time.sleep(0.001)
        found.append(time.monotonic() - begun)
    return sorted(found)


def p99_ms(found: Sequence[float]) -> float:
    """The longest but for one in a hundred."""
    return found[int(0.99 * (len(found) - 1))] * 1_000


def overtaken(record: Path) -> list[tuple[int, int]]:
    """Deliveries of lesser levels that were begun while a graver one for the same person had waited already."""
    first: dict[str, list[tuple[bool, int, int, int]]] = {}
    for one in delivered(record, since=0):
        row, begun_at = one.delivery, min((each.begun_at for each in one.tries), default=None)
        if row.level in ("blue", "orange") and begun_at is not None:
            grave = level_of(row.level).evacuates
            first.setdefault(row.person, []).append((grave, row.queued_at, begun_at, row.id))
    return [
        (number, other)
        for mine in first.values()
        for is_grave, _, begun_at, number in mine
        for other_grave, queued_at, other_begun_at, other in mine
        if other_grave and not is_grave and queued_at + PUT_MS < begun_at < other_begun_at
    ]


@pytest.mark.slow
def test_a_storm_of_alerts_is_told_whole_the_gravest_first_and_in_few_mails(tmp_path: Path) -> None:
    post = Post()
    config = configured(tmp_path, post=post.port, hook=1)
    write(config, post.port)
    clock = scaled_clock(1)
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=clock, GAUGE_CONFIG=str(config)) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service at its broker")
        now = clock_from({"GAUGE_CLOCK": clock}).now() // 1000 * 1000
        with closing(service.reader()) as reader:
            calm = latencies_s(broker.port, reader, now - 20 * MINUTE, 0)
            first = [message([(now - 4 * MINUTE, 100)], seq=1, station_id=name) for name in NAMES]
            # Every second station must move people.
            tips = [126 if number % 2 else 114 for number in range(len(NAMES))]
            then = [message([(now, tip)], seq=2, station_id=name) for name, tip in zip(NAMES, tips, strict=True)]
            publish(broker.port, [*first, *then])
            stormy = latencies_s(broker.port, reader, now - 20 * MINUTE, PROBES)
            until(lambda: told(service.folder) >= len(NAMES) * len(PEOPLE), within_s=120, what="everything is told")
            raised = [one for one in reader.alerts.all(ended=True) if one.scope in NAMES]
            grave = {one.id: level_of(one.peak).evacuates for one in raised}

    post.stop()
    lines = [line for line in heard(post.mails, []) if line.alert in grave]
    print(  # noqa: T201 - to be read with -s
        f"publish to commit p99: {p99_ms(calm):.0f} ms without, {p99_ms(stormy):.0f} ms with the storm;"
        f" {len(post.mails)} mails for {len(lines)} notices"
    )
    assert len(raised) == len(NAMES)
    for person in PEOPLE:
        mine = [line for line in lines if line.person == person]
        assert {line.alert for line in mine} == set(grave)
        assert not any(line.repeated for line in mine)
    assert not overtaken(tmp_path / "outbound.db"), "what moves people waits behind what does not"
    assert len(post.mails) <= len(lines) / 10


def told(folder: Path) -> int:
    """How many notices of stations have been told."""
    return sum(one.delivery.state == "done" for one in delivered(folder / "outbound.db", since=0))
