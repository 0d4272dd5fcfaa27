"""What a silence holds back from people, and what they must hear all the same."""

from dataclasses import replace

import pytest

from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import AlertEvent, EventKind
from gauge_ingest.core.silences import Silence, held_back, silenced, told_at

T, HOUR = 1_800_000_000_000, 3_600_000
ONE = Silence(1, T, "wang", "a visit", "HTB01", "", evacuation=False, since=T, until=T + 2 * HOUR)


def event(number: int, kind: EventKind = EventKind.RAISED, **changes: object) -> AlertEvent:
    """An event of alert 1: yellow at HTB01, half an hour into the silence."""
    plain = AlertEvent(
        number, 1, "rain", "HTB01", kind, "yellow", T, T, T + HOUR // 2, late=False, unconfirmed=False, sent=True,
        evidence=None,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field, by its name


def level(of: AlertEvent) -> object:
    return level_of(of.level)


CASES = [
    ("within its time", {}, {}, True),
    ("at its first instant", {"at": T}, {}, False),
    ("at its last instant", {"at": T + 2 * HOUR}, {}, True),
    ("after it", {"at": T + 2 * HOUR + 1}, {}, False),
    ("at another station", {"scope": "HTB02"}, {}, False),
    ("anywhere, when it is of all", {"scope": "HTB02"}, {"scope": "all"}, True),
    ("of the service itself", {"scope": "service", "rule": "session_lost"}, {"scope": "all"}, False),
    ("of a rule that judges nothing any more", {"rule": "broken"}, {}, False),
    ("of its rule", {}, {"rule": "rain"}, True),
    ("of another rule", {}, {"rule": "curve"}, False),
    ("a level that moves people", {"level": "immediate"}, {}, False),
    ("the same, when it was asked for", {"level": "immediate"}, {"evacuation": True}, True),
    ("recorded before it was entered, by a clock that was ahead", {}, {"after_event": 7}, False),
    ("recorded before it ended early", {}, {"ended_at": T + 1, "ended_after_event": 7}, True),
    ("recorded after it ended early", {}, {"ended_at": T + 2 * HOUR, "ended_after_event": 6}, False),
    ("an acknowledgement", {"kind": EventKind.ACKNOWLEDGED}, {}, False),
    ("an escalation of a rise that nobody looked up", {"kind": EventKind.ESCALATED}, {}, False),
]


@pytest.mark.parametrize(("case", "changed", "asked", "back"), CASES, ids=[case[0] for case in CASES])
def test_a_rise_is_held_back_by_the_silence_that_it_falls_into(
    case: str, changed: dict[str, object], asked: dict[str, object], *, back: bool
) -> None:
    one, of = replace(ONE, **asked), event(7, **changed)  # type: ignore[arg-type]  # any field, by its name

    found = silenced([one], of, level_of(of.level))

    assert found == (one if back else None), case


@pytest.mark.parametrize(
    ("ms", "ended_at", "is_over", "holds"),
    [
        (0, None, False, False),
        (1, None, False, True),
        (2 * HOUR, None, False, True),
        (2 * HOUR + 1, None, True, False),
        (HOUR, T + HOUR, True, False),
        (0, T, True, False),  # ended before it began
    ],
)
def test_a_silence_holds_back_from_behind_its_first_instant_to_its_last(
    ms: int, ended_at: int | None, *, is_over: bool, holds: bool
) -> None:
    one = replace(ONE, ended_at=ended_at)

    assert (one.is_over(T + ms), one.is_in_force(T + ms)) == (is_over, holds)


def test_what_eases_and_ends_within_a_silence_is_held_back_throughout() -> None:
    course = [event(1), event(2, EventKind.EASED), event(3, EventKind.CLEARED)]

    def asks(of: AlertEvent) -> Silence | None:
        return silenced([ONE], of, level_of("yellow"), events=course, level_of=lambda of: level_of(of.level))

    assert [asks(one) for one in course] == [ONE, ONE, ONE]
    assert silenced([ONE], course[2], level_of("yellow"), events=course) is None, "nobody says what its levels mean"
    assert silenced([ONE], event(4, EventKind.ESCALATED), level_of("yellow"), events=course) is None


ENDS = [EventKind.EASED, EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED]


@pytest.mark.parametrize("kind", ENDS)
def test_how_an_alert_ends_is_told_to_those_who_know_of_it_and_to_no_others(kind: EventKind) -> None:
    before, within, end = event(1, at=T - 1), event(2, EventKind.STRENGTHENED), event(3, kind, at=T + HOUR)

    def asks(*events: AlertEvent) -> Silence | None:
        return silenced([ONE], end, level_of("yellow"), events=events, level_of=lambda of: level_of(of.level))

    assert asks(before, within, end) is None, "raised before the silence: told"
    assert asks(within, end) == ONE, "it came and went within the silence"
    assert asks(within, event(3, EventKind.REMINDED, at=T + 3 * HOUR), replace(end, id=4)) == ONE
    assert silenced([ONE], end, level_of("yellow")) is None, "whoever does not know the rest tells it"


def test_what_people_were_reminded_of_ends_for_them() -> None:
    within, reminded = event(1), event(2, EventKind.REMINDED, at=T + 3 * HOUR)
    end = event(3, EventKind.CLEARED, at=T + 4 * HOUR)

    back = silenced(
        [ONE], end, level_of("yellow"), events=[within, reminded, end], level_of=lambda of: level_of(of.level)
    )

    assert back is None


def test_an_escalation_waits_with_the_rise_that_it_escalates() -> None:
    told, back = event(1, at=T - 1), event(2, EventKind.STRENGTHENED)
    after = event(3, EventKind.ESCALATED, at=T + HOUR)

    def asks(*events: AlertEvent) -> Silence | None:
        return silenced([ONE], after, level_of("yellow"), events=events, level_of=lambda of: level_of(of.level))

    assert asks(told, after) is None
    assert asks(told, back, after) == ONE


def test_people_are_counted_as_told_from_the_rise_or_from_the_reminder() -> None:
    def told(*events: AlertEvent) -> tuple[bool, int | None]:
        def of(one: AlertEvent) -> object:
            return level_of(one.level)

        return held_back([ONE], events, of) is None, told_at([ONE], events, of)  # type: ignore[arg-type]

    reminded = event(2, EventKind.REMINDED, at=T + 3 * HOUR)

    assert told(event(1, at=T - 1)) == (True, T - 1)
    assert told(event(1)) == (False, None)
    assert told(event(1), reminded) == (True, T + 3 * HOUR)
    assert told(event(1), reminded, event(3, EventKind.STRENGTHENED)) == (False, None), "it rose again within it"
    assert told(event(1, sent=False)) == (True, None), "too old to be sent: no silence holds it, nobody hears it"
    assert told() == (True, None), "nothing ever rose"
    again = [event(3, EventKind.STRENGTHENED), event(4, EventKind.REMINDED, at=T + 5 * HOUR)]
    assert told(event(1), reminded, *again) == (True, T + 5 * HOUR), "from the reminder of the newest rise"
