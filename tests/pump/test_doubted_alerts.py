"""Rain that a quality check doubts raises alerts all the same, and they say that they are not confirmed."""

from pathlib import Path

from gauge_ingest.core.model import Alert, EventKind
from gauge_ingest.notifiers.text import sentence
from tests.worlds import MINUTE, T0, Desk, message, rule, station, text


def storm(desk: Desk, *, door_open: bool) -> None:
    """Twelve tips of half a millimetre in ten minutes, told in time, the gauge's door open or closed."""
    for number, count in enumerate((100, 106, 112)):
        at = T0 + number * 5 * MINUTE
        desk.now = at + 3_000
        desk.take(message([{"observed_at": text(at), "count": count, "door_open": door_open}], seq=number))
        desk.settle()


def raised(desk: Desk) -> Alert:
    (alert,) = desk.journal.reader.alerts.all()
    return alert


def test_tips_with_an_open_door_raise_an_alert_that_is_unconfirmed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])

    storm(desk, door_open=True)

    alert = raised(desk)
    assert (alert.level, alert.peak) == ("prepare", "prepare")
    assert alert.evidence is not None
    assert (alert.evidence.unconfirmed, alert.evidence.doubted_mm, alert.evidence.rain_mm) == (True, 6.0, 6.0)
    (event,) = desk.journal.reader.alerts.events(alert.id)
    assert (event.kind, event.unconfirmed) == (EventKind.RAISED, True)
    told = sentence(event, alert, place="HTB01", repeated=False)
    assert "6.0 mm, 6.0 mm of it doubted by quality checks in 30m" in told
    assert "UNCONFIRMED" in told


def test_the_same_tips_with_a_closed_door_are_confirmed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])

    storm(desk, door_open=False)

    alert = raised(desk)
    assert alert.evidence is not None
    assert (alert.level, alert.evidence.unconfirmed, alert.evidence.doubted_mm) == ("prepare", False, 0.0)


def test_a_visit_that_is_known_later_makes_the_alert_unconfirmed(tmp_path: Path) -> None:
    """The door is seen open only after the tips: what was said of them is said anew, and what was said is kept."""
    desk = Desk(tmp_path, [station()], [rule()])
    storm(desk, door_open=False)

    at = T0 + 12 * MINUTE
    desk.now = at + 3_000
    desk.take(message([{"observed_at": text(at), "count": 112, "door_open": True}], seq=9))
    desk.settle()

    evidence = raised(desk).evidence
    assert evidence is not None
    assert (evidence.unconfirmed, evidence.doubted_mm) == (True, 6.0)
    former = desk.journal.reader.verdicts("HTB01", since=T0, until=at)
    assert [(one.flag, one.tips) for one in former] == [(1, 6), (1, 6)]
    rows = desk.journal.reader.rows("HTB01", since=T0, until=T0 + 10 * MINUTE)
    assert [row.flag for row in rows] == [3, 3]
