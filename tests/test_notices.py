"""People are told of every alert event at least once, and a notice that may have reached them is marked as a repeat."""

from pathlib import Path

from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.notifiers import NotifierUnavailable
from gauge_ingest.outbound import NotifierFollower, Positions
from tests.worlds import MINUTE, T0, Desk, message, rule, station


class Line:
    """A way to people that fails as it is told to; `told` is what they heard, marked or not."""

    name = "people"

    def __init__(self, *fails: NotifierUnavailable | None) -> None:
        self.told: list[bool] = []
        self._fails = list(fails)

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:
        """Tell of an event."""
        assert event.alert_id == alert.id
        fails = self._fails.pop(0) if self._fails else None
        if fails is None or fails.perhaps_told:
            self.told.append(repeated)
        if fails is not None:
            raise fails

    def close(self) -> None:
        """There is nothing to let go of."""


def told(folder: Path, *fails: NotifierUnavailable | None) -> list[bool]:
    """What people heard of one alert, the line failing as said."""
    desk = Desk(folder, [station()], [rule()])
    line, positions = Line(*fails), Positions(folder / "outbound.db")
    follower = NotifierFollower(line, folder / "journal.db", positions, now=lambda: desk.now, retry_max_s=1)
    follower.step()
    for minute in (0, 5, 10, 15):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, minute)], seq=minute))
        desk.settle()
    for _ in range(len(fails) + 2):
        follower.step()
    follower.close()
    positions.close()
    return line.told


AWAY = NotifierUnavailable("nobody answers")
BROKE = NotifierUnavailable("the line broke after the notice", perhaps_told=True)


def test_a_notice_that_nobody_can_have_heard_is_no_repeat_when_it_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, AWAY, AWAY) == [False]


def test_a_notice_that_may_have_been_heard_is_told_again_as_a_repeat(tmp_path: Path) -> None:
    assert told(tmp_path, BROKE) == [False, True]


def test_a_file_that_was_lost_marks_what_it_may_have_told(tmp_path: Path) -> None:
    assert told(tmp_path) == [False]
    for path in tmp_path.glob("outbound.db*"):
        path.unlink()
    line, positions = Line(), Positions(tmp_path / "outbound.db")
    now = T0 + 15 * MINUTE
    follower = NotifierFollower(line, tmp_path / "journal.db", positions, now=lambda: now, retry_max_s=1)
    follower.step()
    follower.close()
    positions.close()

    assert line.told == [True]


def test_a_notice_that_may_have_been_heard_stays_a_repeat_however_often_nobody_answers(tmp_path: Path) -> None:
    assert told(tmp_path, BROKE, AWAY, AWAY) == [False, True]
