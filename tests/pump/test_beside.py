"""What the neighbours had stands beside an alert; of one that was not heard nothing is said."""

from dataclasses import replace
from pathlib import Path

from tests.worlds import MINUTE, T0, Desk, message, rule, station


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
