"""Episodes against what people were told: nothing is told twice, and in the end both agree."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.corrections import Correction, CorrectionKind
from gauge_ingest.core.model import Alert, AlertEvent, Change, Episode, EventKind, Evidence, State
from gauge_ingest.core.told import REVISED, RULE_GONE, Knowing, tell, withdrawn
from tests.worlds import HOUR, MINUTE, T0, rule

RULE = rule()
RAISED, STRENGTHENED, EASED = EventKind.RAISED, EventKind.STRENGTHENED, EventKind.EASED
CLEARED, WITHDRAWN, LAPSED = EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED


def episode(*changes: tuple[int, int], until: int | None = None, ended: State | None = None) -> Episode:
    """An episode from (minute, level); it has ended when its last level is 0."""
    made = tuple(Change(T0 + minute * MINUTE, level, evidence(level)) for minute, level in changes)
    if made[-1].level == 0:
        ended = ended or State.CLEARED
    last = made[-1].at if until is None else T0 + until * MINUTE
    return Episode(made[0].at, last, made, ended)


def evidence(level: int, *, unconfirmed: bool = False) -> Evidence:
    return Evidence(1_800, 0, 1, 5.0 * level, 5.0 * level, 5.0, 1.0, unconfirmed)


class Desk:
    """What was told so far. `known` minutes after T0 it becomes known, and is told at that moment."""

    def __init__(self) -> None:
        self.alerts: dict[int, Alert] = {}
        self.events: list[AlertEvent] = []
        self.saved: list[Alert] = []  # what the last learning would write
        self._ids = count(1)

    def learn(self, *episodes: Episode, known: int = 0, now: int | None = None) -> list[tuple[int, EventKind, str]]:
        """Bring what was told to agree with the episodes; what is told for that."""
        knowing = Knowing(T0 + known * MINUTE, T0 + (known if now is None else now) * MINUTE)
        alerts, events = tell(RULE, "HTB01", episodes, self.standing(), knowing=knowing, ids=self._ids)
        self.alerts |= {alert.id: alert for alert in alerts}
        self.events += events
        self.saved = alerts
        return [(event.alert_id, event.kind, event.level) for event in events]

    def standing(self) -> list[Alert]:
        """As the journal gives them: not withdrawn, the oldest rain first."""
        kept = [alert for alert in self.alerts.values() if alert.state is not State.WITHDRAWN]
        return sorted(kept, key=lambda alert: (alert.rained_since, alert.id))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_episode_is_raised_strengthened_eased_and_cleared_under_one_id(desk: Desk) -> None:
    assert desk.learn(episode((5, 1)), known=5) == [(1, RAISED, "prepare")]
    assert desk.learn(episode((5, 1), (10, 2)), known=10) == [(1, STRENGTHENED, "immediate")]
    assert desk.learn(episode((5, 1), (10, 2), (60, 1)), known=60) == [(1, EASED, "prepare")]
    assert desk.learn(episode((5, 1), (10, 2), (60, 1), (90, 0)), known=90) == [(1, CLEARED, "")]

    alert = desk.alerts[1]
    assert (alert.state, alert.peak, alert.level) == (State.CLEARED, "immediate", "immediate")
    assert (alert.rained_since, alert.rained_until) == (T0 + 5 * MINUTE, T0 + 90 * MINUTE)
    assert (alert.raised_at, alert.ended_at, alert.known_at) == (T0 + 5 * MINUTE, T0 + 90 * MINUTE, T0 + 5 * MINUTE)
    assert alert.evidence == evidence(2)


def test_an_event_carries_when_it_rained_when_we_knew_and_when_it_was_recorded(desk: Desk) -> None:
    desk.learn(episode((5, 1)), known=7, now=8)

    event = desk.events[0]
    assert (event.rained_at, event.known_at, event.at) == (T0 + 5 * MINUTE, T0 + 7 * MINUTE, T0 + 8 * MINUTE)
    assert (event.rule, event.scope, event.evidence) == ("flash_flood", "HTB01", evidence(1))


def test_an_episode_that_is_over_when_it_becomes_known_is_told_from_its_peak(desk: Desk) -> None:
    late = episode((5, 1), (10, 2), (60, 1), (90, 0))

    assert desk.learn(late, known=300) == [(1, RAISED, "immediate"), (1, CLEARED, "")]
    assert desk.alerts[1].state is State.CLEARED


def test_an_episode_that_has_eased_when_it_becomes_known_says_so(desk: Desk) -> None:
    assert desk.learn(episode((5, 2), (60, 1)), known=61) == [(1, RAISED, "immediate"), (1, EASED, "prepare")]
    assert (desk.alerts[1].level, desk.alerts[1].peak) == ("prepare", "immediate")


def test_a_lapsed_episode_is_no_all_clear(desk: Desk) -> None:
    desk.learn(episode((5, 2)), known=5)

    assert desk.learn(episode((5, 2), (1_445, 0), ended=State.LAPSED), known=1_500) == [(1, LAPSED, "")]
    assert desk.alerts[1].state is State.LAPSED


def test_rain_that_turns_out_not_to_be_is_withdrawn_with_its_reason(desk: Desk) -> None:
    desk.learn(episode((5, 2)), known=5)

    assert desk.learn(known=20) == [(1, WITHDRAWN, "immediate")]
    assert desk.alerts[1].state is State.WITHDRAWN
    assert "did not reach the level" in desk.alerts[1].reason
    assert desk.events[-1].reason == desk.alerts[1].reason
    assert desk.alerts[1].ended_at == T0 + 20 * MINUTE


def test_a_withdrawn_alert_does_not_come_back_its_rain_gets_another(desk: Desk) -> None:
    desk.learn(episode((5, 1)), known=5)
    desk.learn(known=20)

    assert desk.learn(episode((5, 1)), known=30) == [(2, RAISED, "prepare")]


def test_two_alerts_that_were_one_event_are_merged_into_the_older(desk: Desk) -> None:
    desk.learn(episode((5, 1), (60, 0)), episode((100, 2), (160, 0)), known=200)

    assert desk.learn(episode((5, 1), (100, 2), (160, 0)), known=300) == [
        (1, STRENGTHENED, "immediate"),
        (2, WITHDRAWN, "immediate"),
    ]
    assert desk.alerts[2].reason == "merged into alert 1: further readings show that it was one event"
    assert desk.alerts[1].rained_until == T0 + 160 * MINUTE


def test_an_event_that_turns_out_to_be_two_keeps_its_alert_for_the_first(desk: Desk) -> None:
    desk.learn(episode((5, 1), (160, 0)), known=200)

    told = desk.learn(episode((5, 1), (60, 0)), episode((100, 2), (160, 0)), known=300)

    assert told == [(2, RAISED, "immediate"), (2, CLEARED, "")]
    assert desk.alerts[1].rained_until == T0 + 60 * MINUTE


def test_an_event_that_still_lasts_and_turns_out_to_be_two_clears_the_first(desk: Desk) -> None:
    desk.learn(episode((5, 1)), known=5)

    told = desk.learn(episode((5, 1), (60, 0)), episode((100, 2)), known=100)

    assert told == [(1, CLEARED, ""), (2, RAISED, "immediate")]


def test_rain_that_ends_where_an_alert_begins_is_the_same_event(desk: Desk) -> None:
    desk.learn(episode((60, 1), (90, 0)), known=90)

    assert desk.learn(episode((5, 1), (60, 0)), known=100) == []
    assert desk.alerts[1].rained_since == T0 + 5 * MINUTE


def test_a_cleared_alert_whose_rain_goes_on_is_raised_again(desk: Desk) -> None:
    desk.learn(episode((5, 1), (60, 0)), known=60)

    assert desk.learn(episode((5, 1), (50, 2)), known=70) == [(1, RAISED, "immediate")]
    assert (desk.alerts[1].state, desk.alerts[1].ended_at) == (State.RAISED, None)


def test_a_peak_that_turns_out_higher_is_told_also_when_all_is_over(desk: Desk) -> None:
    desk.learn(episode((5, 1), (60, 0)), known=60)

    assert desk.learn(episode((5, 1), (30, 2), (60, 0)), known=90) == [(1, STRENGTHENED, "immediate")]
    assert desk.alerts[1].peak == "immediate"
    assert desk.alerts[1].state is State.CLEARED


def test_a_peak_that_turns_out_lower_eases_what_still_stands(desk: Desk) -> None:
    desk.learn(episode((5, 2)), known=5)

    assert desk.learn(episode((5, 1)), known=10) == [(1, EASED, "prepare")]
    assert (desk.alerts[1].level, desk.alerts[1].peak) == ("prepare", "prepare")


@pytest.mark.parametrize(("known", "late"), [(5, False), (35, False), (36, True), (125, True)])
def test_rain_that_becomes_known_late_is_marked(desk: Desk, known: int, late: bool) -> None:  # noqa: FBT001
    desk.learn(episode((5, 1)), known=known)

    assert desk.events[0].late is late


@pytest.mark.parametrize(("hours", "sent"), [(1, True), (72, True), (73, False)])
def test_rain_older_than_the_horizon_is_recorded_and_not_sent(desk: Desk, hours: int, sent: bool) -> None:  # noqa: FBT001
    desk.learn(episode((0, 1), (0, 0)), known=hours * HOUR // MINUTE)

    assert [event.sent for event in desk.events] == [sent, sent]
    assert desk.alerts[1].state is State.CLEARED


def test_what_rests_on_rain_that_may_have_fallen_is_called_unconfirmed(desk: Desk) -> None:
    doubtful = Episode(T0, T0, (Change(T0, 1, evidence(1, unconfirmed=True)),))

    desk.learn(doubtful)

    assert desk.events[0].unconfirmed


def test_an_alert_whose_rule_is_gone_is_withdrawn_with_that_reason(desk: Desk) -> None:
    desk.learn(episode((5, 2)), known=5)

    alerts, events = withdrawn(desk.alerts[1], RULE_GONE, knowing=Knowing(T0 + HOUR, T0 + HOUR))

    assert [(one.id, one.state, one.reason, one.ended_at) for one in alerts] == [
        (1, State.WITHDRAWN, RULE_GONE, T0 + HOUR)
    ]
    assert [(event.kind, event.level, event.reason, event.sent) for event in events] == [
        (WITHDRAWN, "immediate", RULE_GONE, True)
    ]


def some_episodes(draw: random.Random) -> list[Episode]:
    """Episodes in order, not overlapping; the last may still last."""
    found, at = [], draw.randrange(30)
    for _ in range(draw.randrange(4)):
        level, steps = draw.choice([1, 2]), []
        steps.append((at, level))
        for _ in range(draw.randrange(3)):
            at += draw.randrange(1, 40)
            level = 3 - level
            steps.append((at, level))
        at += draw.randrange(1, 60)
        found.append((steps, at))
        at += draw.randrange(1, 60)
    made = [
        episode(*steps, (end, 0), ended=draw.choice([State.CLEARED, State.CLEARED, State.LAPSED]))
        for steps, end in found
    ]
    if found and draw.random() < 0.5:
        steps, end = found[-1]
        made[-1] = episode(*steps, until=end)
    return made


def agree(alerts: Sequence[Alert], episodes: Sequence[Episode]) -> bool:
    """What stands says of every episode when it began, how high it rose, and whether and how it ended."""
    levels = ["", *RULE.levels]
    said = [(one.rained_since, one.peak, one.state) for one in alerts]
    return said == [(one.since, levels[one.peak.level], one.ended or State.RAISED) for one in episodes]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_whatever_becomes_known_is_told_once_and_then_agrees(draw: random.Random) -> None:
    desk = Desk()

    for known in range(draw.randrange(1, 6)):
        episodes = some_episodes(draw)
        desk.learn(*episodes, known=known)
        recorded = dict(desk.alerts)

        assert agree(desk.standing(), episodes)
        assert desk.learn(*episodes, known=known + 1) == []
        assert desk.saved == []
        assert desk.alerts == recorded


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_what_was_told_of_an_alert_leads_to_where_it_stands(draw: random.Random) -> None:
    """Whoever follows the events alone knows of every alert whether it stands, and at which level."""
    desk, followed = Desk(), dict[int, tuple[str, str]]()
    for known in range(draw.randrange(1, 6)):
        desk.learn(*some_episodes(draw), known=known)
    for event in desk.events:
        before = followed.get(event.alert_id)
        assert (before is None) <= (event.kind is RAISED), "the first that is told of an alert is that it is raised"
        ended = {CLEARED: "cleared", LAPSED: "lapsed", WITHDRAWN: "withdrawn"}.get(event.kind)
        state = ended or (before[0] if before is not None and event.kind is not RAISED else "raised")
        followed[event.alert_id] = (state, event.level)

    for alert in desk.alerts.values():
        state, level = followed[alert.id]
        assert state == alert.state.value
        if alert.state is State.RAISED:
            assert level == alert.level


def test_an_alert_is_never_told_of_after_it_was_withdrawn(desk: Desk) -> None:
    desk.learn(episode((5, 1)), known=5)
    desk.learn(known=6)
    gone = replace(desk.alerts[1])
    desk.learn(episode((5, 2)), known=7)

    assert desk.alerts[1] == gone
    assert [event.alert_id for event in desk.events] == [1, 1, 2]


@pytest.mark.parametrize(
    ("since", "until", "number"),
    [(-175, -150, 2), (-200, -180, 0), (15, 40, 0), (14, 40, 2), (-500, 500, 2)],
)
def test_an_alert_is_withdrawn_in_the_name_of_the_newest_correction_of_its_rain(
    desk: Desk, since: int, until: int, number: int
) -> None:
    """Its longest window of three hours reaches back to minute -175; its rain ended at minute 15."""
    desk.learn(episode((5, 1), (15, 0)), known=15)
    span = (T0 + since * MINUTE, T0 + until * MINUTE)
    entries = [Correction(one, 0, "wang", "a slip", CorrectionKind.VOID, "HTB01", *span) for one in (1, 2)]

    alerts, _ = tell(RULE, "HTB01", [], desk.standing(), knowing=Knowing(T0, T0), ids=count(9), corrections=entries)

    named = f"withdrawn by correction {number} (void, by wang): a slip"
    assert [alert.reason for alert in alerts] == [named if number else REVISED]
