"""What befalls a real InfluxDB: each is said in one sentence with the remedy, and once mended nothing is missing."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from gauge_ingest.outbound import Positions, StoreFollower
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.stores.influx import InfluxSettings, InfluxStore
from tests.edges.influx_server import InfluxServer, real_influxdb, running_influxd, settings_for
from tests.worlds import MINUTE, T0, Desk, message, station

MINUTES = 400


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    folder: Path = tmp_path_factory.mktemp("influx")
    with real_influxdb(folder) as server:
        yield server


class World:
    """A journal, and a follower that copies it to a bucket of a real InfluxDB."""

    def __init__(self, folder: Path, influx: InfluxServer, bucket: str, token: str = "") -> None:
        self.influx, self.bucket = influx, bucket
        self.desk = Desk(folder, [station()])
        self._positions, self._journal = Positions(folder / "outbound.db"), folder / "journal.db"
        self._minute = 0
        self.live(token or influx.token)

    def live(self, token: str) -> None:
        """The process with this token."""
        plain = {"org": self.influx.org, "bucket": self.bucket, "token": SecretStr(token), "timeout_s": 20.0}
        settings: InfluxSettings = settings_for(self.influx.url, **plain)
        store = InfluxStore(settings, self.desk.network.stations)
        self.follower = StoreFollower(
            store,
            self._journal,
            self._positions,
            now=lambda: self.desk.now,
            retry_max_s=1.0,
            rows_max=50,
            configuration="digest",
        )

    def report(self, readings: int) -> None:
        """Readings, one a minute."""
        for _ in range(readings):
            self._minute += 1
            self.desk.now = T0 + self._minute * MINUTE + 1000
            self.desk.take(message([(T0 + self._minute * MINUTE, self._minute)], seq=self._minute))
            self.desk.settle()

    def copy(self) -> str:
        """Copy until there is nothing more, or it cannot go on: then why."""
        while self.follower.step() != IDLE_S:
            if self.follower.error:
                return self.follower.error
        return ""

    def is_whole(self) -> bool:
        """Whether every reading is there."""
        found = {point["count"] for point in self.influx.points(self.bucket, "rain")}
        return found == {str(minute) for minute in range(1, self._minute + 1)}


def test_a_deleted_bucket_is_made_again_and_filled_from_the_journal(tmp_path: Path, influx: InfluxServer) -> None:
    with influx.bucket() as bucket:
        world = World(tmp_path, influx, bucket)
        world.report(120)
        assert world.copy() == ""

        influx.drop_bucket(bucket)
        world.report(1)
        world.copy()

        assert world.copy() == ""
        assert world.is_whole()


def test_a_deleted_bucket_that_the_token_may_not_make_is_named_and_filled_once_it_is_made(
    tmp_path: Path, influx: InfluxServer
) -> None:
    with influx.bucket() as bucket:
        world = World(tmp_path, influx, bucket, influx.bucket_token(bucket, "write"))
        world.report(120)
        assert world.copy() == ""

        influx.drop_bucket(bucket)
        world.report(1)
        words = world.copy()
        again = world.copy()
        influx.create_bucket(bucket)
        world.live(influx.bucket_token(bucket, "write"))

        assert f"bucket '{bucket}' of organisation '{influx.org}' is missing, or hidden from the token" in words
        assert "creating it failed too" in again
        assert world.copy() == ""
        assert world.is_whole()


def test_a_token_that_was_revoked_is_named_and_another_one_goes_on_where_it_stood(
    tmp_path: Path, influx: InfluxServer
) -> None:
    with influx.bucket() as bucket:
        token = influx.bucket_token(bucket, "read", "write")
        world = World(tmp_path, influx, bucket, token)
        world.report(120)
        assert world.copy() == ""

        known = influx.call("GET", "/api/v2/authorizations")["authorizations"]
        (revoked,) = [one["id"] for one in known if one["token"] == token]
        influx.call("DELETE", f"/api/v2/authorizations/{revoked}")
        world.report(30)
        words = world.copy()
        world.live(influx.bucket_token(bucket, "read", "write"))

        assert "InfluxDB does not know the token" in words
        assert "set GAUGE_INFLUX_TOKEN" in words
        assert token not in words
        assert world.copy() == ""
        assert world.is_whole()


def test_a_field_that_somebody_else_wrote_with_another_type_is_named_with_what_to_do(
    tmp_path: Path, influx: InfluxServer
) -> None:
    with influx.bucket() as bucket:
        influx.write(bucket, f"rain,station=X tips=1.5 {T0 * 1_000_000}")
        world = World(tmp_path, influx, bucket)
        world.report(30)
        words = world.copy()

        influx.drop_bucket(bucket)

        assert f"somebody else has written the field tips of rain as float into bucket '{bucket}'" in words
        assert "stop them, then delete the bucket; it is made and filled anew from the journal" in words
        world.copy()
        assert world.copy() == ""
        assert world.is_whole()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of a size that can be changed; pytest.skip where nobody may mount one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("NO FULL DISK: only root may mount a small one; the recorded answer is checked elsewhere")

    def resize(to: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={to}", folder], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_of_the_server_is_named_and_once_there_is_room_nothing_is_missing(tmp_path: Path) -> None:
    """Goal: what a full server took is there, what it refused comes again. Method: a real influxd on a small disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk, "24m") as resize, running_influxd(disk) as server:
        world = World(tmp_path, server, "rain")
        world.report(60)
        assert world.copy() == ""
        free = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"x" * (free.f_bavail * free.f_frsize - 4_096))
        words = ""
        while not words:
            world.report(20)
            words = world.copy()

        resize("200m")
        server.kill()
        server.start()

        assert "the disk of InfluxDB is full (500: " in words
        assert "make room there" in words
        assert world.copy() == ""
        assert world.is_whole()
