"""Deployments that are entered late, changed and taken out: as if the configuration had always said so.

Goal: no increment crosses a change, whenever it was entered, and nothing that was counted is lost on the way.
Method: stations.toml itself is changed and accepted as at a reload; the rows are compared with those of a journal
that had the last configuration from its first message on, and a copy that follows the change log with a fresh one.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from gauge_ingest.app.accepted import network_of
from gauge_ingest.configuration import load
from gauge_ingest.core.model import Row, Step
from gauge_ingest.history import JournalHistory, fixed_steps
from gauge_ingest.stores.lines import LineProtocol
from tests.commands.rain import fill
from tests.pump.test_corrections import correct
from tests.worlds import HOUR, MINUTE, T0, Desk, message, text

SHIPPED = Path(__file__).parents[2] / "config"
TIP_LOSS = "correction = { tip_time_s = 0.45 }"


def deployed(since: int, *keys: str) -> str:
    """A dated deployment of HTB01."""
    return "\n".join(["", "[[stations.HTB01.deployments]]", f"since = {text(since)}", *keys, ""])


class Service:
    """A desk whose configuration is a folder, as it is accepted at a start or a reload."""

    def __init__(self, folder: Path, *additions: str) -> None:
        self.config = folder / "config"
        shutil.copytree(SHIPPED, self.config)
        self.desk = Desk(folder, [])
        self.accept(*additions)

    def accept(self, *additions: str) -> None:
        """The shipped stations with additions below them; what is owed stays owed."""
        stations = (SHIPPED / "stations.toml").read_text(encoding="utf-8")
        (self.config / "stations.toml").write_text("".join([stations, *additions]), encoding="utf-8")
        self.desk.network = network_of(load(self.config, {}))
        self.desk.start()

    def rows(self) -> list[Row]:
        """Everything that is known of HTB01, after all debts."""
        self.desk.settle()
        return list(self.desk.journal.reader.rows("HTB01", since=0, until=1 << 61))

    def hours(self) -> list[tuple[float, float]]:
        """Counted and corrected rain of each hour, as `history` tells it."""
        station, source = self.desk.network.stations["HTB01"], JournalHistory(self.desk.journal.reader)
        windows = fixed_steps(source, station, since=T0 - 48 * HOUR, until=T0 + 3 * HOUR, step_ms=HOUR)
        return [(window.rain_mm, window.corrected_mm) for window in windows]


class Copy:
    """What follows the change log into points, as InfluxDB keeps them: fields are written over, never deleted."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seq = 0
        self.points: dict[tuple[str, str], dict[str, str]] = {}

    def follow(self) -> "Copy":
        self._service.desk.settle()
        changes = self._service.desk.journal.reader.changes(self._seq, rows_max=1_000_000)
        self._seq = changes.seq
        self._write(changes.rows)
        return self

    def fresh(self) -> dict[tuple[str, str], dict[str, str]]:
        """The points of a copy that is made now, of everything there is."""
        copy = Copy(self._service)
        copy._write(self._service.rows())
        return copy.points

    def _write(self, rows: Iterable[Row]) -> None:
        for line, _ in LineProtocol(self._service.desk.network.stations).lines(list(rows), []):
            tags, fields, at = line.split(" ")
            self.points.setdefault((tags, at), {}).update(re.findall(r"(\w+)=([^,]+)", fields))


CHANGES = {
    "another bucket between two reports": (deployed(T0 - 9 * HOUR + 1_000, "bucket_depth_mm = 0.2"),),
    "another modulus": (deployed(T0 - 12 * HOUR, "counter_modulus = 0"),),
    "a calibration": (deployed(T0 - 10 * HOUR, TIP_LOSS),),
    "a place": (deployed(T0 - 6 * HOUR, "latitude = 43.8", "elevation_m = 1300"),),
    "before the record": (deployed(T0 - 90 * HOUR, "bucket_depth_mm = 0.2"),),
    "after the record": (deployed(T0 + 90 * HOUR, "bucket_depth_mm = 0.2"),),
    "twice within an hour": (
        deployed(T0 - 9 * HOUR, "bucket_depth_mm = 0.2"),
        deployed(T0 - 9 * HOUR + 20 * MINUTE, "bucket_depth_mm = 0.1", "counter_modulus = 0", TIP_LOSS),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_deployment_that_is_entered_late_stands_as_if_it_had_been_there_from_the_start(
    tmp_path: Path, name: str
) -> None:
    late, early = Service(tmp_path / "late"), Service(tmp_path / "early", *CHANGES[name])
    for service in (late, early):
        fill(service.desk, 0, hours=14)
    copy = Copy(late).follow()

    late.accept(*CHANGES[name])

    assert late.rows() == early.rows()
    assert late.hours() == early.hours()
    assert late.desk.episodes() == early.desk.episodes()
    assert copy.follow().points == copy.fresh()
    station = late.desk.network.stations["HTB01"]
    across = [row for row in late.rows() if any(row.since < at < row.observed_at for at in station.changes_at)]
    assert all(row.tips == row.tips_max == 0 for row in across)
    assert any(row.step == Step.DEPLOYED for row in across) is ("the record" not in name)


@pytest.mark.parametrize("name", CHANGES)
def test_a_deployment_that_is_taken_out_again_leaves_every_row_as_it_was(tmp_path: Path, name: str) -> None:
    service = Service(tmp_path)
    fill(service.desk, 7, hours=14)
    rows, hours, copy = service.rows(), service.hours(), Copy(service).follow()
    points = {key: dict(fields) for key, fields in copy.points.items()}
    service.accept(*CHANGES[name])
    copy.follow()

    service.accept()

    assert service.rows() == rows
    assert service.hours() == hours
    for fields in copy.follow().points.values():
        fields.pop("corrected_mm", None)  # never deleted there: docs/influxdb.md says how to write over it
    assert copy.points == points


def test_a_deployment_that_is_moved_leaves_its_old_place(tmp_path: Path) -> None:
    moved, early = Service(tmp_path / "moved"), Service(tmp_path / "early", deployed(T0 - HOUR, "bucket_depth_mm = 1"))
    for service in (moved, early):
        fill(service.desk, 0, hours=14)
    moved.accept(deployed(T0 - 8 * HOUR, "bucket_depth_mm = 0.2"))
    moved.rows()

    moved.accept(deployed(T0 - HOUR, "bucket_depth_mm = 1"))

    assert moved.rows() == early.rows()
    assert sum(row.step == Step.DEPLOYED for row in moved.rows()) == 1


def test_between_two_reports_the_change_parts_their_rain(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.desk.now = T0 + HOUR
    counts = [(0, 100), (5, 104), (10, 110), (15, 117), (20, 120)]
    service.desk.take(message([(T0 + minute * MINUTE, count) for minute, count in counts]))
    assert [row.tips for row in service.rows()] == [0, 4, 6, 7, 3]

    service.accept(deployed(T0 + 7 * MINUTE, "bucket_depth_mm = 0.2", TIP_LOSS))

    found = [(row.tips, Step(row.step)) for row in service.rows()]
    assert found == [(0, Step.FIRST), (4, Step.STEADY), (0, Step.DEPLOYED), (7, Step.STEADY), (3, Step.STEADY)]
    # 2.0 mm of the old bucket, 1.4 and 0.6 of the new: 1.4 mm in 300 s lose 0.45 s / 0.2 mm x 1.4 mm / 300 s.
    assert service.hours()[48] == (4.0, round(2.0 + round(1.4 / (1 - 0.0105), 3) + round(0.6 / (1 - 0.0045), 3), 3))


def test_a_report_at_the_very_instant_of_a_change_belongs_to_the_old_gauge(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.desk.now = T0 + HOUR
    service.desk.take(message([(T0, 10), (T0 + 5 * MINUTE, 14), (T0 + 10 * MINUTE, 19)]))

    service.accept(deployed(T0 + 5 * MINUTE, "bucket_depth_mm = 0.2"))

    assert [(row.tips, Step(row.step)) for row in service.rows()] == [
        (0, Step.FIRST),
        (4, Step.STEADY),
        (0, Step.DEPLOYED),
    ]


def test_a_depth_that_a_person_said_is_on_both_sides_of_a_bucket_that_is_entered_later(tmp_path: Path) -> None:
    """Thirty millimetres counted in five even hours, of which fifteen fell; the bucket was changed half way."""
    service = Service(tmp_path)
    service.desk.now = T0 + 5 * HOUR
    service.desk.take(message([(T0 + tips * 5 * MINUTE, tips) for tips in range(61)]))
    service.desk.settle()
    correct(service.desk, "replace", 0, 300, rain_mm=15.0)
    before = service.rows()

    service.accept(deployed(T0 + 150 * MINUTE, "bucket_depth_mm = 0.2"))

    rows = service.rows()
    first = sum(row.tips for row in rows if row.observed_at <= T0 + 150 * MINUTE)
    second = sum(row.tips for row in rows if row.observed_at > T0 + 150 * MINUTE)
    # 30 tips of 0.5 mm and 29 of 0.2 mm were counted: 10.8 mm and 4.2 mm of the 15, in whole tips of both 11 and 4.
    assert (first, second) == (22, 20)
    assert max(row.tips for row in rows) == 1
    service.accept()
    assert service.rows() == before


def test_what_is_owed_for_a_late_deployment_survives_a_stop_at_every_slice(tmp_path: Path) -> None:
    change = deployed(T0 - 20 * HOUR, "counter_modulus = 0", TIP_LOSS)
    late, early = Service(tmp_path / "late"), Service(tmp_path / "early", change)
    for service in (late, early):
        fill(service.desk, 0, hours=70)
    late.desk.settle()
    copy = Copy(late).follow()

    late.accept(change)
    slices = 0
    while late.desk.pump.pay_debts():
        slices += 1
        late.desk.start()

    assert slices > 2
    assert late.rows() == early.rows()
    assert copy.follow().points == copy.fresh()


def test_the_day_of_a_calibration_derives_nothing_anew(tmp_path: Path) -> None:
    service = Service(tmp_path, deployed(T0 - HOUR, TIP_LOSS))
    fill(service.desk, 2, hours=5)
    rows, newest = service.rows(), service.desk.journal.reader.newest_seq()

    service.accept(deployed(T0 - HOUR, TIP_LOSS, f"calibrated_at = {text(T0 - 2 * HOUR)}"))

    assert service.rows() == rows
    assert service.desk.journal.reader.newest_seq() == newest


def test_rules_judge_what_was_counted_and_not_what_fell(tmp_path: Path) -> None:
    service = Service(tmp_path, deployed(T0 - HOUR, "bucket_depth_mm = 0.1", "correction = { tip_time_s = 0.45 }"))
    service.desk.now = T0 + 30 * MINUTE

    service.desk.take(message([(T0, 0), (T0 + 5 * MINUTE, 59)]))

    assert service.rows()[-1].tips == 59
    assert service.hours()[48] == (5.9, 6.473)  # prepare begins at 6 mm in 30 min
    assert service.desk.told() == []
