"""When a drill ends, and what its report says in plain words."""

from dataclasses import replace

import pytest

from gauge_ingest.app.ingest_side import _tick_every_s
from gauge_ingest.clock import SystemClock, clock_starting_now
from gauge_ingest.commands.drill_text import report_text
from gauge_ingest.core.model import AlertEvent, EventKind, State
from gauge_ingest.core.reasons import because
from gauge_ingest.drill.report import (
    AlertRow,
    Ended,
    Escalated,
    PersonRow,
    Report,
    Seen,
    Told,
    alert_row,
    document,
    unseen,
)
from gauge_ingest.drill.run import QUIET_S, SETTLED_WITHIN_S, Look, ending
from gauge_ingest.messages.samples import SAMPLES
from gauge_ingest.outbound.record import Delivered, DeliveryRow, TryRow

RAISED = SAMPLES["raised"]
AT = 1_784_109_600_000  # 2026-07-15T18:00:00+08:00
TOLD = (Told(AT, "hook", "liu", 1, 1, 1, "raised", "immediate"),)
SEEN = (Seen(AT, 1, "刘伟", 1.5, ""),)
SILENT = PersonRow("liu", "刘伟", TOLD, ())
ANSWERED = PersonRow("liu", "刘伟", TOLD, SEEN)
ACKNOWLEDGED = replace(RAISED.event, id=RAISED.event.id + 1, kind=EventKind.ACKNOWLEDGED, who="刘伟")
UNTOLD = PersonRow("wu", "吴", (), ())
OPEN = Look([(RAISED.alert, [RAISED.event])], [], owed=False)
ALERTS = Look([(RAISED.alert, [RAISED.event, ACKNOWLEDGED])], [], owed=False)
ROSE = replace(RAISED.event, id=ACKNOWLEDGED.id + 1, kind=EventKind.STRENGTHENED)
RISEN = Look([(RAISED.alert, [RAISED.event, ACKNOWLEDGED, ROSE])], [], owed=False)
CLEARED = Look([(replace(RAISED.alert, state=State.CLEARED), [RAISED.event])], [], owed=False)
NO_ALERT = Look([], [], owed=False)
WAIT_S = 900.0


def waits(state: str) -> Look:
    """An alert of which somebody is to be told."""
    row = DeliveryRow(1, 1, 1, "raised", "immediate", "liu", AT, AT, state, None, "", None)
    return ALERTS._replace(deliveries=[Delivered(row, (), ())])


@pytest.mark.parametrize(
    ("look", "rows", "waited_s", "still_s", "ended"),
    [
        (ALERTS, [ANSWERED, UNTOLD], 5.0, QUIET_S, Ended.SEEN),
        (ALERTS, [ANSWERED, UNTOLD], 5.0, QUIET_S - 0.1, None),
        (waits("waiting"), [ANSWERED], 5.0, QUIET_S, None),
        (waits("begun"), [ANSWERED], SETTLED_WITHIN_S + 1, QUIET_S, Ended.SEEN),
        (waits("done"), [ANSWERED], 5.0, QUIET_S, Ended.SEEN),
        (ALERTS, [SILENT, ANSWERED], WAIT_S, QUIET_S, None),
        (ALERTS, [SILENT, ANSWERED], WAIT_S + 1, QUIET_S, Ended.UNSEEN),
        (ALERTS._replace(owed=True), [SILENT], WAIT_S + 1, QUIET_S, None),
        (ALERTS._replace(owed=True), [SILENT], WAIT_S + SETTLED_WITHIN_S + 1, QUIET_S, Ended.UNSEEN),
        (OPEN, [ANSWERED], 5.0, QUIET_S, None),
        (RISEN, [ANSWERED], 5.0, QUIET_S, None),
        (RISEN, [ANSWERED], WAIT_S + 1, QUIET_S, Ended.UNSEEN),
        (CLEARED, [ANSWERED], 5.0, QUIET_S, Ended.SEEN),
        (NO_ALERT, [UNTOLD], 5.0, QUIET_S, Ended.UNTOLD),
        (ALERTS, [UNTOLD], 5.0, QUIET_S, None),
        (ALERTS, [UNTOLD], WAIT_S + 1, QUIET_S, Ended.UNTOLD),
    ],
)
def test_a_drill_ends_when_all_have_acknowledged_or_the_wait_is_over(
    look: Look, rows: list[PersonRow], waited_s: float, still_s: float, ended: Ended | None
) -> None:
    assert ending(look, rows, waited_s=waited_s, wait_s=WAIT_S, still_s=still_s) is ended


def report(
    rows: tuple[PersonRow, ...], seen: tuple[Seen, ...], *, answered: bool = False, told: tuple[str, ...] = ("liu",)
) -> str:
    """The text about one alert that has escalated once."""
    step = Escalated(1, AT + 300_000, "nobody acknowledged within 5 min: Chen is told too", told)
    alert = AlertRow(1, "flash_flood", "HTB02", True, "immediate", "raised", AT, (step,), seen, answered, "雀尔沟镇")
    finding = AlertRow(2, "station_silent", "HTB02", False, "notice", "cleared", AT, (), (), answered=False)
    names = ("a drill", "shift_change", 1, 1.0, ())
    wrong = tuple(unseen(rows, (alert, finding)))
    return report_text(document(Report(*names, AT, AT, Ended.UNSEEN, rows, (alert, finding), wrong)))


def test_a_report_says_first_how_many_acknowledged_and_of_each_alert_who_was_told_and_that_nobody_did() -> None:
    text = report((SILENT, UNTOLD), ())

    assert text.splitlines()[:3] == [
        "演习 DRILL a drill: over, not everybody has acknowledged",
        "told: 1 of 2 people; acknowledged: nobody",
        "scenario shift_change, seed 1, in real time",
    ]
    assert (
        "2026-07-15 18:05:00 escalated to step 1, nobody acknowledged within 5 min: Chen is told too; told liu" in text
    )
    assert "1 flash_flood at 雀尔沟镇 (HTB02): immediate, raised 2026-07-15 18:00:00, stands at the end" in text
    assert text.count("NOBODY ACKNOWLEDGED") == 1, "a finding needs no acknowledgement"


def test_a_report_does_not_say_that_nobody_acknowledged_where_somebody_did() -> None:
    text = report((ANSWERED,), SEEN, answered=True)

    assert "told: 1 of 1 people; acknowledged: 1" in text
    lines = [line.strip() for line in text.splitlines()]
    seen = [number for number, line in enumerate(lines) if "alert 1 ACKNOWLEDGED by 刘伟, 1.5 minutes after" in line]
    assert len(seen) == 2, "of the person and of the alert"
    assert "escalated" in lines[seen[1] + 1], "in order of time"
    assert "NOBODY" not in text
    assert "everything worked" in text


def test_a_rise_that_nobody_acknowledged_is_told_though_the_level_before_was() -> None:
    text = report((ANSWERED,), SEEN)

    assert "NOBODY ACKNOWLEDGED THE LAST RISE" in text
    assert (
        "alert 1 (flash_flood at 雀尔沟镇 (HTB02)) rose again after it was acknowledged, and the rise was ack" in text
    )


def test_an_escalation_that_reached_nobody_is_called_so() -> None:
    assert "NOBODY COULD BE TOLD" in report((SILENT,), (), told=())


def test_who_was_told_of_a_newer_event_in_place_of_an_escalation_was_told_of_it() -> None:
    step = replace(RAISED.event, id=2, kind=EventKind.ESCALATED, step=1, at=AT)
    row = DeliveryRow(1, 1, 2, "escalated", "immediate", "liu", AT, AT, "superseded", 3, "", None)
    done = TryRow(1, "hook", "liu", AT, AT, "done", "", repeated=False)
    newer = Delivered(row._replace(id=2, event=3, state="done", superseded_by=None), (), (done,))

    def told(*deliveries: Delivered) -> tuple[str, ...]:
        return alert_row(RAISED.alert, [RAISED.event, step], deliveries, speed=1).escalated[0].told

    assert told(Delivered(row, (), ()), newer) == ("liu",)
    assert told(Delivered(row, (), ()), newer._replace(tries=())) == ()


@pytest.mark.parametrize(("speed", "every_s"), [(1, 10.0), (10, 1.0), (1_000, 0.5), (0.1, 10.0)])
def test_on_a_faster_clock_the_steps_of_a_drill_are_looked_for_more_often(speed: float, every_s: float) -> None:
    assert _tick_every_s(clock_starting_now(speed)) == every_s
    assert _tick_every_s(SystemClock()) == 10.0


def test_of_step_0_those_count_as_told_who_were_told_with_the_alert_itself() -> None:
    cause = because("nobody_everybody")
    number = RAISED.event.id
    step = replace(RAISED.event, id=number + 1, kind=EventKind.ESCALATED, reason=cause.text, cause=cause)
    row = DeliveryRow(1, 1, number, "raised", "immediate", "liu", AT, AT, "done", None, "", None)
    done = TryRow(1, "hook", "liu", AT, AT, "done", "", repeated=False)
    of_rise = Delivered(row, (), (done,))
    of_step = Delivered(row._replace(id=2, event=number + 1, person="chen"), (), (done,))

    def told(event: AlertEvent) -> tuple[str, ...]:
        return alert_row(RAISED.alert, [RAISED.event, event], [of_rise, of_step], speed=1).escalated[0].told

    assert set(told(step)) == {"liu", "chen"}
    assert told(replace(step, step=1, cause=because("waited_everybody", waited_min=5.0))) == ("chen",)
