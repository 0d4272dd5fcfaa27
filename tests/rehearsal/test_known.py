"""Known events beside alerts: tables of hits, misses, false alerts and leads; two files beside each other."""

from collections.abc import Sequence

import pytest

from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, Alert, AlertEvent, EventKind, Rule, State, Threshold
from gauge_ingest.rehearsal.compare import compared, lead_to_record_min, records
from gauge_ingest.rehearsal.known import KnownEvent, Told, judged
from tests.worlds import T0

RULE = Rule("flood", ("prepare", "immediate"), (Threshold(1_800, "prepare", 6),), ("HTB01", "HTB02"))
NUMBERS = iter(range(1, 10_000))


def told(
    *rises: tuple[float, str],
    scope: str = "HTB01",
    state: State = State.CLEARED,
    ended_h: float = 0,
    rule: str = "flood",
) -> Told:
    """An alert that rose at these hours after T0 to these levels; it rained when it was known."""
    number = next(NUMBERS)
    times = [(T0 + round(hour * HOUR_MS), level) for hour, level in rises]
    end = times[-1][0] + HOUR_MS if not ended_h else T0 + round(ended_h * HOUR_MS)
    kinds = [EventKind.RAISED] + [EventKind.STRENGTHENED] * (len(times) - 1)
    events = [_event(number, kind, level, at, scope, rule) for kind, (at, level) in zip(kinds, times, strict=True)]
    if state is State.WITHDRAWN:
        events.append(_event(number, EventKind.WITHDRAWN, "prepare", end, scope, rule))
    peak = max((level for _, level in times), key=RULE.levels.index)
    raised = times[0][0]
    alert = Alert(number, rule, scope, peak, peak, state, raised, end, raised, raised, end, None)
    return Told(alert, events)


def _event(number: int, kind: EventKind, level: str, at: int, scope: str, rule: str) -> AlertEvent:
    return AlertEvent(0, number, rule, scope, kind, level, at, at, at, False, False, True, None)


def flood(hour: float, scope: str = "HTB01") -> KnownEvent:
    return KnownEvent("flood", T0 + round(hour * HOUR_MS), scope)


@pytest.mark.parametrize(
    ("alert", "event", "lead_min"),
    [
        (told((0, "prepare")), flood(1), 60),
        (told((0, "prepare")), flood(0), 0),
        (told((0, "prepare")), flood(-2.5), -150),
        (told((0, "prepare")), flood(-3), -180),
        (told((0, "prepare")), flood(-3.01), None),  # told too late to have been about it
        (told((0, "prepare")), flood(24), 24 * 60),
        (told((0, "prepare")), flood(24.01), None),  # too long before it
        (told((0, "prepare"), scope="HTB02"), flood(1), None),  # elsewhere
        (told((0, "prepare"), scope="HTB02"), flood(1, "all"), 60),
        (told((0, "prepare"), state=State.WITHDRAWN, ended_h=0.5), flood(1), None),  # taken back before
        (told((0, "prepare"), state=State.WITHDRAWN, ended_h=2), flood(1), 60),  # taken back after
    ],
)
def test_an_event_is_hit_by_an_alert_of_its_place_and_time(
    alert: Told, event: KnownEvent, lead_min: float | None
) -> None:
    verdicts = judged([alert], [RULE], [event])

    assert [one.lead_min for one in verdicts.outcomes] == [lead_min]


def test_the_first_of_several_alerts_gives_the_lead() -> None:
    alerts = [told((2, "prepare")), told((0, "prepare"), scope="HTB02"), told((1, "prepare"))]

    here, anywhere = judged(alerts, [RULE], [flood(3), flood(3, "all")]).outcomes

    assert (here.lead_min, here.alert) == (120, alerts[2].alert.id)
    assert (anywhere.lead_min, anywhere.alert) == (180, alerts[1].alert.id)


def test_an_alert_that_belongs_to_no_event_is_false_and_one_that_was_merged_is_not_counted() -> None:
    merged = told((40, "prepare"), state=State.WITHDRAWN)
    object.__setattr__(merged.alert, "reason", "merged into alert 1: further readings show that it was one event")
    alerts = [told((0, "prepare")), told((40, "prepare")), merged]

    verdicts = judged(alerts, [RULE], [flood(1)])

    assert verdicts.false_alerts == [alerts[1].alert.id]
    assert [(score.level, score.alerts, score.false) for score in verdicts.scores] == [
        ("prepare", 2, 1),
        ("immediate", 0, 0),
    ]


def test_levels_are_counted_each_by_the_time_at_which_it_was_reached() -> None:
    alerts = [told((0, "prepare"), (1, "immediate")), told((50, "prepare")), told((100, "immediate"))]

    prepare, immediate = judged(alerts, [RULE], [flood(2), flood(51), flood(200)]).scores

    assert (prepare.alerts, prepare.false, prepare.hits, prepare.events) == (3, 1, 2, 3)
    assert prepare.leads_min == (120, 60)
    assert (prepare.mean_lead_min, prepare.median_lead_min) == (90, 90)
    assert (prepare.pod, prepare.far) == (2 / 3, 1 / 3)
    assert (immediate.alerts, immediate.false, immediate.hits) == (2, 1, 1)
    assert immediate.leads_min == (60,)


def test_without_known_events_nothing_is_false_and_there_is_no_share() -> None:
    verdicts = judged([told((0, "prepare"))], [RULE], [])

    assert verdicts.false_alerts == []
    score = verdicts.scores[0]
    assert (score.alerts, score.false, score.pod, score.far) == (1, 0, None, None)


def changes(old: Sequence[Told], new: Sequence[Told], *rules: Sequence[Rule]) -> list[tuple[str, float | None]]:
    return [(pair.kind, pair.earlier_min) for pair in compared(old, new, rules or ([RULE], [RULE]))]


def test_alerts_of_two_files_are_paired_where_their_rain_overlaps() -> None:
    old = [told((0, "prepare")), told((10, "prepare")), told((20, "prepare")), told((30, "prepare"))]
    new = [told((0.5, "prepare")), told((9.5, "immediate")), told((30, "prepare")), told((40, "prepare"))]

    assert changes(old, new) == [("later", -30), ("earlier", 30), ("gone", None), ("same", 0), ("new", None)]


def test_an_alert_elsewhere_is_no_pair_and_a_rule_that_was_renamed_is() -> None:
    renamed = Rule("other", RULE.levels, RULE.thresholds, RULE.stations)

    assert changes([told((0, "prepare"))], [told((0, "prepare"), scope="HTB02")]) == [("gone", None), ("new", None)]
    assert changes([told((0, "prepare"))], [told((0, "prepare"), rule="other")], [RULE], [renamed]) == [("same", 0)]


def test_the_lead_to_the_threshold_of_record_ends_where_the_rain_reached_the_highest_level() -> None:
    old, new = told((1, "prepare"), (1.5, "immediate")), told((0.25, "prepare"), ended_h=4)
    elsewhere, never = told((0.25, "prepare"), scope="HTB02"), told((9, "prepare"))

    reached = records([old], [RULE])

    assert [lead_to_record_min(one, reached) for one in (old, new, elsewhere, never)] == [30, 75, None, None]
    assert reached == [("HTB01", T0 + 90 * MINUTE_MS)]
