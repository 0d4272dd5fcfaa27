"""A store while the configuration changes: millimetres of the old one never stand in the copy for good."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gauge_ingest.core.model import AlertEvent, Row, Station
from gauge_ingest.outbound import Positions, StoreFollower
from gauge_ingest.outbound.follow import IDLE_S
from tests.pump.test_deployments import TIP_LOSS, Service, deployed
from tests.worlds import HOUR, MINUTE, T0, message

SMALLER = deployed(T0 - HOUR, "bucket_depth_mm = 0.2", TIP_LOSS)


class Shelf:
    """A store that keeps the rain of each instant, in millimetres of the stations that it was made with."""

    name = "shelf"

    def __init__(self, kept: dict[int, float], stations: Mapping[str, Station]) -> None:
        self._kept = kept
        self._stations = stations

    def prepare(self) -> None:
        """Nothing to make ready."""

    def identity(self) -> str:
        """There is only one."""
        return ""

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        assert not events
        for row in rows:
            self._kept[row.observed_at] = self._stations[row.station].depth_mm(row.tips, until=row.observed_at)

    def close(self) -> None:
        """Nothing to let go of."""


class Outbound:
    """One life of the outbound process, with the configuration that was accepted when it began."""

    def __init__(self, service: Service, folder: Path, kept: dict[int, float]) -> None:
        network = service.desk.network
        self._positions = Positions(folder / "outbound.db")
        self._follower = StoreFollower(
            Shelf(kept, network.stations),
            folder / "journal.db",
            self._positions,
            now=lambda: service.desk.now,
            retry_max_s=1.0,
            configuration=network.digest,
        )

    def carry_on(self) -> "Outbound":
        while self._follower.step() != IDLE_S:
            pass
        return self

    def end(self) -> None:
        """Told to end, it first carries on what is there."""
        self.carry_on()
        self._follower.close()
        self._positions.close()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A tip in each of ten intervals, of 0.5 mm: too little for an alert."""
    service = Service(tmp_path)
    service.desk.now = T0 + HOUR
    service.desk.take(message([(T0 + number * 5 * MINUTE, number) for number in range(11)]))
    service.rows()
    return service


def test_a_process_that_is_about_to_be_replaced_leaves_the_new_millimetres_to_the_next(
    service: Service, tmp_path: Path
) -> None:
    kept: dict[int, float] = {}
    old = Outbound(service, tmp_path, kept).carry_on()
    before = sum(kept.values())

    service.accept(SMALLER)
    old.carry_on()
    service.rows()
    old.end()
    Outbound(service, tmp_path, kept).end()

    assert (before, round(sum(kept.values()), 3)) == (5.0, 2.0)


def test_a_configuration_that_came_back_is_the_newest(service: Service, tmp_path: Path) -> None:
    kept: dict[int, float] = {}
    first = Outbound(service, tmp_path, kept).carry_on()
    service.accept(SMALLER)
    service.accept()
    service.rows()
    kept.clear()

    first.end()

    assert sum(kept.values()) == 5.0


def test_a_process_whose_configuration_is_not_accepted_yet_copies_what_there_is(
    service: Service, tmp_path: Path
) -> None:
    kept: dict[int, float] = {}
    service.desk.network = service.desk.network._replace(digest="of a file that was just put in place")

    Outbound(service, tmp_path, kept).end()

    assert sum(kept.values()) == 5.0
