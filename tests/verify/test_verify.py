"""Whatever befalls a copy, it is found point by point, and mended without touching anything else."""

import random
from pathlib import Path

import pytest

from gauge_ingest.outbound import CopyFollower, Positions, StoreFollower, WindowFollower
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request
from gauge_ingest.stores.points import Fields, Place, line_of, points_answered, points_written
from gauge_ingest.verify.check import Check, Compared, Part
from gauge_ingest.verify.compare import Difference, Kind, differences
from gauge_ingest.verify.expected import Expected
from gauge_ingest.verify.repair import again, take_out
from tests.commands.rain import fill
from tests.commands.serving import no_reload
from tests.edges.influx_server import row
from tests.verify.fake import NS, FakeInflux, FakeRows, FakeWindows
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

SINCE, UNTIL = T0 - 60 * HOUR, T0 + 72 * HOUR
DAY = 24 * HOUR


class World:
    """A journal, a copy of it, and what compares and mends them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.influx = folder, FakeInflux()
        self.desk = Desk(folder, [station()], [rule()])
        fill(self.desk, 5, hours=50)
        self.desk.settle()
        positions, journal, stations = Positions(folder / "outbound.db"), folder / "journal.db", {"HTB01": station()}
        self._copiers: list[CopyFollower] = [
            StoreFollower(FakeRows(self.influx, stations), journal, positions, now=int, retry_max_s=1.0),
            WindowFollower(FakeWindows(self.influx), stations, journal, positions, now=int, retry_max_s=1.0),
        ]
        self.copy()

    def copy(self) -> None:
        """Until there is nothing more."""
        for one in self._copiers:
            while one.step() != IDLE_S:
                pass

    def compare(self, *stations: str) -> list[Compared]:
        """Every part."""
        reader = self.desk.journal.reader
        check = Check(reader, Expected(reader, {"HTB01": station()}), self.influx, real_now=T0)
        return [check.compare(part) for part in check.parts(stations, since=SINCE, until=UNTIL)]

    def differ(self) -> list[Difference]:
        """Every point that differs."""
        return [difference for compared in self.compare() for difference in compared.differences]

    def repair(self) -> Path:
        """As `verify --repair` does; the file with what was taken out."""
        found, kept = [one for one in self.compare() if one.differences], self.folder / "kept.lp"
        for one in found:
            take_out(self.influx, one.differences, kept)
        wanted = again(found, self.desk.journal.reader)
        for place in range(0, max(len(wanted.spans), 1), 200):
            body = {"spans": [list(one) for one in wanted.spans[place : place + 200]], "events": wanted.events}
            request = Request(f"again {place}", "copy_again", body, "duty")
            answer = carry_out(self.desk.pump, self.desk.journal, request, now=T0, reload=no_reload)
            assert answer["ok"], answer
        self.copy()
        return kept


@pytest.mark.parametrize("seed", range(6))
def test_every_point_that_was_changed_taken_out_or_put_there_is_found_and_mended(tmp_path: Path, seed: int) -> None:
    world, draw = World(tmp_path), random.Random(seed)
    assert world.differ() == []
    before = {place: dict(fields) for place, fields in world.influx.stored.items()}
    victims = draw.sample(sorted(before), 60)
    for place in victims[:20]:
        del world.influx.stored[place]
    for place in victims[20:40]:
        name = draw.choice(sorted(before[place]))
        world.influx.stored[place][name] = "123456i"
    for place in victims[40:60]:
        strange = place._replace(at_ns=place.at_ns + draw.choice([1, 7 * NS]))
        if strange not in before:
            world.influx.stored[strange] = {"tips": "1i"}
    strangers = {place for place in world.influx.stored if place not in before}

    found = world.differ()
    by_kind = {kind: {one.place for one in found if one.kind is kind} for kind in Kind}

    assert by_kind == {Kind.MISSING: set(victims[:20]), Kind.DIFFERENT: set(victims[20:40]), Kind.UNKNOWN: strangers}

    kept = world.repair()

    assert world.influx.stored == before
    assert len(kept.read_text(encoding="utf-8").splitlines()) == len(strangers)


def test_a_field_that_the_journal_does_not_have_is_taken_out_with_its_point_and_the_point_comes_back(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    place = next(place for place in world.influx.stored if place.measurement == "rain")
    before = dict(world.influx.stored[place])
    world.influx.stored[place]["leftover_mm"] = "9.0"

    (found,) = world.differ()
    kept = world.repair()

    assert (found.kind, found.differing(found.stored), found.differing(found.journal)) == (
        Kind.DIFFERENT,
        {"leftover_mm": "9.0"},
        {},
    )
    assert world.influx.stored[place] == before
    assert "leftover_mm=9.0" in kept.read_text(encoding="utf-8")


def test_what_is_taken_out_over_a_long_run_takes_nothing_with_it_that_came_meanwhile(tmp_path: Path) -> None:
    """Goal: a late reading between two points that nobody knows is copied again. Method: it comes before the repair."""
    world = World(tmp_path)
    begin = T0 + 3 * HOUR
    for days in (0, 2):
        world.influx.write_text(f"rain,station=HTB01 tips=1i {(begin + days * DAY) * NS}")
    found = [one for one in world.compare() if one.differences]
    world.desk.now = begin + 8 * HOUR
    world.desk.take(message([(begin + 6 * HOUR, 9)], seq=99_999))
    world.desk.settle()
    world.copy()

    for one in found:
        take_out(world.influx, one.differences, tmp_path / "kept.lp")
    wanted = again(found, world.desk.journal.reader)

    assert any(since < begin + 6 * HOUR <= until for _, since, until in wanted.spans)


def test_nothing_is_taken_out_that_cannot_be_kept_first(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.influx.write_text(f"rain,station=HTB01 tips=1i {(T0 + 5 * HOUR) * NS}")
    before = dict(world.influx.stored)

    with pytest.raises(OSError, match="kept"):
        take_out(world.influx, world.differ(), tmp_path / "no folder" / "kept.lp")

    assert world.influx.stored == before


def test_what_the_server_has_forgotten_by_its_age_is_not_missing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.influx.forgotten_until = T0 - 10 * HOUR
    for place in list(world.influx.stored):
        if place.measurement == "rain" and place.at_ns <= (T0 - 10 * HOUR) * NS:
            del world.influx.stored[place]

    assert world.differ() == []


def test_only_the_stations_that_were_asked_for_are_compared(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.influx.write_text(f"rain,station=HTB77 tips=1i {(T0 - HOUR) * NS}")

    assert [one.place.tags for one in world.differ()] == [(("station", "HTB77"),)]
    assert not any(one.differences for one in world.compare("HTB01"))


def test_points_between_two_that_agree_are_a_run_of_their_own() -> None:
    places = [Place("rain", (("station", "A"),), at) for at in range(5)]
    ours: dict[Place, Fields] = {places[2]: {"tips": "1i"}}
    theirs = {place: {"tips": "1i"} for place in places}

    assert [one.run for one in differences(ours, theirs)] == [0, 0, 1, 1]


ANSWER = (
    "#datatype,string,long,dateTime:RFC3339,double,string,string\r\n#group,false,false,false,false,true,true\r\n"
    "#default,_result,,,,,\r\n,result,table,_time,_value,_field,station\r\n"
    ",,0,2026-07-15T10:05:00.000000012Z,0.6,rain_mm,石 门\r\n\r\n"
    "#datatype,string,long,dateTime:RFC3339,string,string,string\r\n#group,false,false,false,false,true,true\r\n"
    "#default,_result,,,,,\r\n,result,table,_time,_value,_field,station\r\n"
    ',,1,2026-07-15T10:05:00.000000012Z,"a ""b"" \\ c",text,石 门\r\n\r\n'
    "#datatype,string,long,dateTime:RFC3339,long,string,string,string\r\n"
    "#group,false,false,false,false,true,true,true\r\n"
    "#default,_result,,,,,,\r\n,result,table,_time,_value,_field,host,station\r\n"
    ",,3,2026-07-15T10:05:00Z,1,tips,pc,X\r\n\r\n"
    "#datatype,string,long,dateTime:RFC3339,boolean,string,string\r\n#group,false,false,false,false,true,true\r\n"
    "#default,_result,,,,,\r\n,result,table,_time,_value,_field,station\r\n"
    ",,4,2026-07-15T10:05:00.000000012Z,true,yes,石 门\r\n\r\n"
)
"""As InfluxDB 2.8.0 answered to the two lines below."""
LINES = (
    'rain,station=石\\ 门 rain_mm=0.60,text="a \\"b\\" \\\\ c",yes=true 1784109900000000012',
    "rain,station=X,host=pc tips=1i 1784109900000000000",
)


def test_what_was_written_and_what_was_answered_are_the_same_points() -> None:
    answered = points_answered(ANSWER, "rain")

    assert points_written((line, row()) for line in LINES) == answered
    assert points_written((line_of(place, fields), row()) for place, fields in answered.items()) == answered


@pytest.mark.parametrize("end", [",error,reference\r\n,it broke off,897\r\n", "#datatype,string\r\n,error\r\n,no\r\n"])
def test_an_answer_that_ends_with_an_error_is_none(end: str) -> None:
    with pytest.raises(ValueError, match=r"it broke off|no"):
        points_answered(f"{ANSWER}{end}", "rain")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"spans": [["HTB01", 5, 5]]}, "at most seven days"),
        ({"spans": [["HTB01", 0, 8 * DAY]]}, "at most seven days"),
        ({"spans": [["HTB09", 0, 5]]}, "the journal has nothing of a station 'HTB09'"),
        ({"spans": [["HTB01", "0", 5]]}, "must be [station, since, until]"),
        ({"spans": [["HTB01", True, 5]]}, "must be [station, since, until]"),
        ({"spans": [["HTB01", 0, 5]] * 201}, "at most 200 spans"),
        ({"spans": "all"}, "at most 200 spans"),
        ({"events": [1.5]}, "numbers of alert events"),
        ({"events": [1] * 1_001}, "at most 1000 numbers"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_announces_nothing(
    tmp_path: Path, body: dict[str, object], words: str
) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 5), (T0 + MINUTE, 5)]))
    desk.settle()
    before = desk.journal.reader.newest_seq()

    answer = carry_out(desk.pump, desk.journal, Request("x", "copy_again", body, "duty"), now=T0, reload=no_reload)

    assert not answer["ok"]
    assert words in answer["error"]
    assert desk.journal.reader.newest_seq() == before


def test_events_that_are_copied_again_are_told_to_nobody(tmp_path: Path) -> None:
    world = World(tmp_path)
    reader = world.desk.journal.reader
    seq, events = reader.alerts.changes(0)
    assert events
    for place in [place for place in world.influx.stored if place.measurement == "alert"]:
        del world.influx.stored[place]

    world.repair()

    assert reader.alerts.changes(seq)[1] == []
    assert world.differ() == []


def test_what_is_copied_again_is_asked_for_a_week_at_a_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    places = [Place("rain", (("station", "HTB01"),), (T0 + day * DAY) * NS) for day in (0, 20)]
    found = list(differences({}, {place: {"tips": "1i"} for place in places}))

    spans = again([Compared(Part("rain", "HTB01", 0, 1), 2, found)], world.desk.journal.reader).spans

    assert [until - since for _, since, until in spans] == [7 * DAY, 7 * DAY, 6 * DAY + 1]
    assert [since for _, since, _ in spans[1:]] == [until for _, _, until in spans[:-1]]


def test_a_reading_that_is_still_to_be_derived_is_not_missed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.desk.now = T0 + 5 * HOUR
    world.desk.take(message([(T0 - 30 * HOUR + 7_000, 9)], seq=99_999))
    assert world.desk.journal.reader.debts()
    world.copy()

    assert [one for one in world.differ() if one.place.measurement == "rain"] == []


@pytest.mark.parametrize("tags", ["", ",host=pc"])
@pytest.mark.parametrize("measurement", ["rain", "rain_hourly", "rain_daily", "station", "alert"])
def test_a_point_that_names_no_station_is_one_difference_and_takes_nothing_with_it(
    tmp_path: Path, measurement: str, tags: str
) -> None:
    """Goal: what the server cannot take out alone costs nobody a point. Method: it stands where points of ours do."""
    world = World(tmp_path)
    before = {place: dict(fields) for place, fields in world.influx.stored.items()}
    ours = [place for place in before if place.measurement == measurement]
    at_ns = ours[len(ours) // 2].at_ns if ours else T0 * NS
    world.influx.write_text(f"{measurement}{tags} tips=4i {at_ns}")
    world.influx.write_text(f"{measurement}{tags} tips=4i {at_ns + 40 * HOUR * NS}")

    found = world.differ()
    kept = world.repair()

    assert [(one.kind, "station" in dict(one.place.tags)) for one in found] == [(Kind.UNKNOWN, False)] * 2
    assert world.influx.stored == before
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 2


def test_what_is_on_its_way_while_stations_report_is_no_difference_and_what_stays_is_one(tmp_path: Path) -> None:
    """Goal: a network that never rests can be verified. Method: readings come before and between two comparisons."""
    world = World(tmp_path)
    reader = world.desk.journal.reader
    check = Check(reader, Expected(reader, {"HTB01": station()}), world.influx, real_now=T0)
    minutes = iter(range(180, 600, 5))

    def report() -> None:
        minute = next(minutes)
        world.desk.now = T0 + minute * MINUTE + 1000
        world.desk.take(message([(T0 + minute * MINUTE, 40_000 + minute)], seq=99_000 + minute))
        world.desk.settle()

    def settle() -> bool:
        world.copy()
        report()
        return True

    world.influx.write_text(f"rain,station=HTB01 tips=1i {(T0 - HOUR) * NS + 5}")
    report()
    parts = check.parts([], since=SINCE, until=UNTIL)

    found = [one for compared in check.run(parts, settle) for one in compared.differences]

    assert [one.place.at_ns for one in found] == [(T0 - HOUR) * NS + 5]
