"""What the neighbours had stands beside an alert; of one that was not heard nothing is said."""

from dataclasses import replace
from pathlib import Path

from gauge_ingest.core.model import AlertEvent, EventKind, Evidence
from gauge_ingest.pump.around import NEIGHBOURS_MAX, with_around
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station


def event(scope: str, evidence: Evidence | None) -> AlertEvent:
    """An alert that is raised."""
    return AlertEvent(1, 1, "r", scope, EventKind.RAISED, "low", T0, T0, T0, False, False, True, evidence)


def an_hour(since: int = T0) -> Evidence:
    return Evidence(3600, since, since + HOUR, 12.0, 12.0, 10.0, 1.0)


def test_a_neighbour_that_was_not_heard_is_not_said_to_be_dry(tmp_path: Path) -> None:
    names = ("HTB01", "HTB02", "HTB03", "HTB04")
    stations = [replace(station(one), neighbours=tuple(other for other in names if other != one)) for one in names]
    desk = Desk(tmp_path, stations, [rule(*names)])
    desk.now = T0 + 30 * MINUTE

    for name, before, after in (("HTB02", 100, 100), ("HTB03", 100, 104)):
        desk.take(message([(T0 + MINUTE, before)], seq=1, station_id=name))
        desk.take(message([(T0 + 6 * MINUTE, after)], seq=2, station_id=name))
    desk.take(message([(T0 + 5 * MINUTE, 100)], seq=1), message([(T0 + 10 * MINUTE, 126)], seq=2))
    desk.settle()

    reader = desk.journal.reader
    (raised,) = [one for alert in reader.alerts.all() for one in reader.alerts.events(alert.id)]
    assert raised.around == (("HTB03", 2.0), ("HTB02", 0.0))


def test_the_ten_nearest_neighbours_stand_beside_an_alert_the_wettest_first(tmp_path: Path) -> None:
    assert NEIGHBOURS_MAX == 10
    names = [f"HTB{number:02}" for number in range(1, 13)]
    first = replace(station("HTB01"), neighbours=(*names[10:0:-1], names[11]))
    desk = Desk(tmp_path, [first, *(station(one, bucket_depth_mm=0.254) for one in names[1:])])
    desk.now = T0 + HOUR
    for number, name in enumerate(names):
        desk.take(message([(T0, 100), (T0 + 5 * MINUTE, 100 + number // 2)], station_id=name))
    desk.settle()
    stations = desk.network.stations

    (told,) = with_around([event("HTB01", an_hour())], stations, desk.journal.reader)

    tips = {
        "HTB11": 5,
        "HTB10": 4,
        "HTB09": 4,
        "HTB08": 3,
        "HTB07": 3,
        "HTB06": 2,
        "HTB05": 2,
        "HTB04": 1,
        "HTB03": 1,
        "HTB02": 0,
    }
    assert told.around == tuple(
        sorted(((one, round(n * 0.254, 3)) for one, n in tips.items()), key=lambda of: (-of[1], of[0]))
    )


def test_beside_an_alert_stands_the_rain_of_readings_that_ended_in_its_window(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [replace(station(), neighbours=("gone", "HTB02")), station("HTB02")])
    desk.now = T0 + 3 * HOUR
    counts = [(T0, 100), (T0 + HOUR, 101), (T0 + HOUR + 1000, 103), (T0 + 2 * HOUR, 107), (T0 + 2 * HOUR + 1000, 115)]
    desk.take(message(counts, station_id="HTB02"))
    desk.settle()

    def beside(of: AlertEvent) -> tuple[tuple[str, float], ...]:
        (told,) = with_around([of], desk.network.stations, desk.journal.reader)
        return told.around

    assert beside(event("HTB01", an_hour(T0 + HOUR))) == (("HTB02", 3.0),)
    assert beside(event("HTB01", an_hour(T0 + 3 * HOUR))) == ()
    assert beside(event("HTB01", None)) == (), "a finding of no rain"
    assert beside(event("gone", an_hour(T0 + HOUR))) == (), "a basin, or a station that is no more"
