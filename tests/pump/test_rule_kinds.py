"""Basins, rises, seasons and wet ground: the same episodes in any order, and the instants of a slow computation."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from gauge_ingest.core.model import (
    DAY_MS,
    Basin,
    Over,
    Rule,
    Season,
    Threshold,
    WetClass,
    Wetness,
)
from gauge_ingest.pump import Delivery
from tests.seeds import seeds
from tests.worlds import MINUTE, T0, Desk, message, station

NAMES = ("HTB01", "HTB02", "HTB03")
AREAS = {"HTB01": 3.0, "HTB02": 2.0, "HTB03": 1.0}
BASIN = Basin("hutubi", "呼图壁河", tuple(AREAS.items()))
LEVELS = ("prepare", "immediate")
SUMS = {1800: (3, 6), 3600: (5, 9), 10800: (9, 14)}


def thresholds(table: Mapping[int, tuple[float, float]], times: float = 1.0) -> tuple[Threshold, ...]:
    return tuple(
        Threshold(window_s, level, rain_mm * times)
        for window_s, row in table.items()
        for level, rain_mm in zip(LEVELS, row, strict=True)
    )


def basin_rule(rule_id: str, over: Over, *, at_least: int = 1, **changes: object) -> Rule:
    rule = Rule(rule_id, LEVELS, thresholds(SUMS), (), basins=("hutubi",), over=over, at_least=at_least)
    return rule if not changes else Rule(**{**{name: getattr(rule, name) for name in Rule.__slots__}, **changes})


WET = Wetness(
    k_per_day=0.9, capacity_mm=60.0, days=1, coverage_min=0.5, classes=(WetClass("dry", 4.0, thresholds(SUMS, 1.5)),)
)
RULES = (
    Rule("plain", LEVELS, thresholds(SUMS), NAMES),
    Rule("rise", LEVELS, (), NAMES, rises=thresholds({600: (1.5, 3), 1800: (3, 5)})),
    Rule("wet", LEVELS, thresholds(SUMS), NAMES, wetness=WET),
    Rule("melt", LEVELS, thresholds(SUMS), NAMES, seasons=(Season("melt", (7, 16), (7, 17), 0.6),)),
    basin_rule("mean", Over.MEAN),
    basin_rule("most", Over.MAXIMUM, quiet_s=600),
    basin_rule("two", Over.KTH, at_least=2),
    basin_rule("lasting", Over.MEAN, minimum_s=900),
    basin_rule("basin_wet", Over.MEAN, wetness=WET),
    basin_rule("basin_rise", Over.MEAN, thresholds=(), rises=thresholds({1800: (2, 4)})),
)


def days(seed: int, *, count: float = 1, away_min: int = 90) -> list[Delivery]:
    """Days of three stations with storms that meet; they report at the same minutes, and are away for a while."""
    draw = random.Random(seed)
    counters, seqs, deliveries = dict.fromkeys(NAMES, 100), dict.fromkeys(NAMES, 0), []
    minutes = round(count * 1440)
    storms = [draw.randrange(minutes) for _ in range(4)]
    # Readings that lie across the beginning of a window count for less than they told: not with the slow sums.
    offset = {name: draw.choice([0, 0, 60_000]) if away_min else 0 for name in NAMES}
    away = {name: draw.randrange(minutes) for name in NAMES}
    for minute in range(0, minutes, 5):
        raining = any(storm <= minute < storm + 80 for storm in storms)
        for name in NAMES:
            if raining and draw.random() < 0.7:
                counters[name] += draw.randrange(4)
            seqs[name] += 1
            if away[name] <= minute < away[name] + away_min:
                continue
            at = T0 + minute * MINUTE + offset[name]
            deliveries.append(message([(at, counters[name])], seq=seqs[name], boot=1, station_id=name))
    return deliveries


def desk_of(folder: Path, rules: Sequence[Rule] = RULES) -> Desk:
    desk = Desk(folder, [station(name) for name in NAMES], rules, [BASIN])
    desk.now = T0 + DAY_MS
    return desk


@seeds(2, 12)
def test_episodes_do_not_depend_on_the_order_in_which_the_messages_of_three_stations_arrive(
    seed: int, tmp_path: Path
) -> None:
    """
    Goal: what is judged as it comes, from memory, ends as what is derived anew from the journal.
    Method: in order in small batches; nearly in order, with some late; and all in one heap, paid as debts.
    """
    deliveries, draw = days(seed), random.Random(seed)
    straight, late, heap = (desk_of(tmp_path / name) for name in ("a", "b", "c"))

    todo = list(deliveries)
    while todo:
        size = draw.randrange(1, 12)
        straight.take(*todo[:size])
        straight.settle()
        del todo[:size]
        if draw.random() < 0.05:
            straight.start()
    mixed = sorted(enumerate(deliveries), key=lambda one: one[0] + draw.choice([0, 0, 0, 2, 9, 90]))
    for place in range(0, len(mixed), 7):
        late.take(*(delivery for _, delivery in mixed[place : place + 7]))
        if place % 3 == 0:
            late.settle()
    heap.take(*draw.sample(deliveries, len(deliveries)))
    for desk in (straight, late, heap):
        desk.settle()

    assert len({rule for rule, *_ in straight.episodes()}) >= 8, "a storm that reaches nothing tests nothing"
    assert straight.episodes() == heap.episodes(), f"seed {seed}"
    assert late.episodes() == heap.episodes(), f"seed {seed}"


@pytest.mark.parametrize("seed", range(2))
def test_in_order_next_to_nothing_is_owed_and_what_was_told_is_what_a_walk_finds(seed: int, tmp_path: Path) -> None:
    straight, heap = desk_of(tmp_path / "a"), desk_of(tmp_path / "b")
    deliveries = days(seed)
    straight.take(*deliveries[:6])
    straight.settle()

    owed = 0
    for place in range(6, len(deliveries), 3):
        owed += straight.pump.take(deliveries[place : place + 3]).owed
    told_live = straight.episodes()
    heap.take(*reversed(deliveries))
    heap.settle()

    assert told_live == heap.episodes(), f"seed {seed}"
    assert owed <= 30, "judged from memory, not as debts; checks owe a look now and then"


def tips_of(desk: Desk, name: str) -> list[tuple[int, int]]:
    return [(row.observed_at, row.tips) for row in desk.journal.reader.rows(name, since=0, until=1 << 61)]


def mm_within(tips: Sequence[tuple[int, int]], since: int, until: int) -> float:
    return sum(count * 0.5 for at, count in tips if since < at <= until)


def there(tips: Sequence[tuple[int, int]], at: int) -> bool:
    return any(at - 30 * MINUTE <= then <= at for then, _ in tips)


def mean_mm(tips: Mapping[str, Sequence[tuple[int, int]]], since: int, until: int, at: int) -> float:
    names = [name for name in NAMES if there(tips[name], at)]
    total = sum(AREAS[name] for name in names)
    return sum(AREAS[name] * mm_within(tips[name], since, until) for name in names) / total if total else 0.0


def second_mm(tips: Mapping[str, Sequence[tuple[int, int]]], since: int, until: int, at: int) -> float:
    had = sorted((mm_within(tips[name], since, until) for name in NAMES if there(tips[name], at)), reverse=True)
    return had[1] if len(had) > 1 else 0.0


Figure = Callable[[Mapping[str, Sequence[tuple[int, int]]], int, int, int], float]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("over", "figure"), [(Over.MEAN, mean_mm), (Over.KTH, second_mm)])
def test_every_exceedance_of_a_basin_is_found_at_its_instant(
    seed: int, over: Over, figure: Figure, tmp_path: Path
) -> None:
    """Method: every instant at which any station reported is summed up slowly, from the tips alone."""
    rule = basin_rule("basin", over, at_least=2 if over is Over.KTH else 1)
    desk = desk_of(tmp_path, [rule])

    for place in range(0, len(deliveries := days(seed, away_min=0)), 3):
        desk.take(*deliveries[place : place + 3])
        desk.settle()

    tips = {name: tips_of(desk, name) for name in NAMES}
    instants = sorted({at for name in NAMES for at, _ in tips[name]})
    reached = {at: level(figure, tips, at) for at in instants}
    first = next((at for at in instants if reached[at]), None)
    alerts = sorted(desk.journal.reader.alerts.all(ended=True), key=lambda alert: alert.rained_since)
    assert first is not None, f"seed {seed}: a storm that reaches nothing tests nothing"
    assert alerts[0].rained_since == first
    for at in instants:
        if reached[at]:
            standing = [
                one for one in alerts if one.rained_since <= at and (one.ended_at is None or at <= one.rained_until)
            ]
            assert standing, f"seed {seed}: nothing stands at {at}"
            assert max(LEVELS.index(one.peak) for one in standing) >= reached[at] - 1


def level(figure: Figure, tips: Mapping[str, Sequence[tuple[int, int]]], at: int) -> int:
    reached = [one for one in thresholds(SUMS) if figure(tips, at - one.window_s * 1000, at, at) >= one.rain_mm - 1e-9]
    return max((LEVELS.index(one.level) + 1 for one in reached), default=0)


def test_a_station_that_is_away_is_no_zero_in_the_mean_and_the_alert_says_so(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, [basin_rule("mean", Over.MEAN)])
    for minute in range(0, 60, 5):
        for name in NAMES[:2]:
            desk.take(message([(T0 + minute * MINUTE, 100 + minute // 5 * 2)], seq=minute, station_id=name))
            desk.settle()

    (alert,) = desk.journal.reader.alerts.all()

    assert alert.evidence is not None
    assert alert.evidence.absent == ("HTB03",)
    assert [name for name, _ in alert.evidence.stations] == ["HTB01", "HTB02"]
    assert alert.evidence.peak_mm == 1.0


def test_a_basin_of_which_nobody_is_there_raises_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    lonely = Basin("lonely", "空", (("HTB03", 1.0),))
    desk = Desk(
        tmp_path, [station(name) for name in NAMES], [basin_rule("mean", Over.MEAN, basins=("lonely",))], [lonely]
    )

    desk.take(message([(T0, 100)]), message([(T0 + 5 * MINUTE, 200)], seq=2))
    desk.settle()

    assert not desk.journal.reader.alerts.all(ended=True)


@pytest.mark.parametrize(
    ("fell_before", "covered", "expected"),
    [
        (0, True, ""),  # dry ground and known to be: 4 mm in half an hour reach nothing
        (60, True, "wet"),  # 30 mm the day before: the floor stands
        (0, False, "wet"),  # nothing is known of the days before: the floor stands
    ],
)
def test_the_ground_moves_the_thresholds(fell_before: int, covered: bool, expected: str, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    desk = desk_of(tmp_path, [Rule("wet", LEVELS, thresholds(SUMS), NAMES, wetness=WET)])
    counter, seq = 100, 0
    begin = T0 - 4 * DAY_MS
    earlier = []
    for minute in range(0, 4 * 1440, 30) if covered or fell_before else ():
        counter += fell_before if minute == 3 * 1440 else 0
        earlier.append(message([(begin + minute * MINUTE, counter)], seq=(seq := seq + 1)))
    if earlier:
        desk.take(*earlier)
    desk.settle()
    before = {alert.id for alert in desk.journal.reader.alerts.all(ended=True)}

    for minute in range(0, 35, 5):
        counter += 1
        desk.take(message([(T0 + minute * MINUTE + 1000, counter)], seq=(seq := seq + 1)))
        desk.settle()

    raised = [alert for alert in desk.journal.reader.alerts.all(ended=True) if alert.id not in before]
    assert [alert.evidence.wetness for alert in raised if alert.evidence] == ([expected] if expected else [])
    if expected and not covered:
        assert raised[0].evidence is not None
        assert raised[0].evidence.wetness_mm is None, "too little history, and it says so"


def test_thresholds_that_fall_with_a_new_season_raise_without_more_rain(tmp_path: Path) -> None:
    """At 08:00 of 16 July the season begins: what fell within three hours before is enough then, and was not before."""
    eight = T0 + 14 * 60 * MINUTE
    season = Season("melt", (7, 16), (7, 17), 0.6)
    rule = Rule("melt", LEVELS, thresholds({10800: (9, 14)}), NAMES, seasons=(season,))
    desk = desk_of(tmp_path, [rule])
    for number, minute in enumerate(range(-60, 40, 5)):
        counter = 100 + 12 * (minute >= -30)
        desk.take(message([(eight + minute * MINUTE, counter)], seq=number))
        desk.settle()

    (alert,) = desk.journal.reader.alerts.all()

    assert alert.rained_since == eight + 5 * MINUTE
    assert alert.evidence is not None
    assert (alert.evidence.season, alert.evidence.rain_mm, alert.evidence.threshold_mm) == ("melt", 6.0, 5.4)


def test_a_rise_is_the_rain_of_a_time_above_that_of_the_time_before(tmp_path: Path) -> None:
    rule = Rule("rise", LEVELS, (), NAMES, rises=thresholds({600: (1.5, 30)}))
    desk = desk_of(tmp_path, [rule])
    steady, harder = [100, 102, 104, 106, 108], [113, 118]
    for number, counter in enumerate([*steady, *harder]):
        desk.take(message([(T0 + number * 5 * MINUTE, counter)], seq=number))
        desk.settle()

    alerts = desk.journal.reader.alerts.all()

    # 10 min of 2 and 5 tips less 10 min of 4: 1.5 mm; steady rain of 2 mm in 10 min is no rise.
    first = min(alerts, key=lambda alert: alert.rained_since)
    assert first.evidence is not None
    assert first.evidence.measure == "rise"


def test_a_rise_is_not_reached_when_only_what_fell_before_leaves_its_window(tmp_path: Path) -> None:
    rule = Rule("rise", LEVELS, (), NAMES, rises=thresholds({600: (1.5, 30)}))
    desk = desk_of(tmp_path, [rule])
    for number, counter in enumerate([100, 102, 102, 102, 106, 106, 106, 106]):  # 1 mm, 15 min later 2 mm
        desk.take(message([(T0 + number * 5 * MINUTE, counter)], seq=number))
        desk.settle()

    assert not desk.journal.reader.alerts.all(ended=True), "2 mm after 1 mm, and then no more falls"


def test_a_mean_is_reached_without_more_rain_when_those_who_had_none_fall_silent(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, [basin_rule("mean", Over.MEAN, thresholds=thresholds({10800: (6, 14)}))])
    for minute in range(0, 80, 5):
        for name in NAMES if minute <= 10 else NAMES[1:2]:
            counter = 116 if minute and name == "HTB02" else 100
            desk.take(message([(T0 + minute * MINUTE, counter)], seq=minute, station_id=name))
            desk.settle()

    (alert,) = desk.journal.reader.alerts.all()

    assert alert.rained_since == T0 + 45 * MINUTE, "8 mm at one of three until the others count no more"


def test_what_cannot_be_known_from_memory_is_told_once_it_is_known_and_then_from_its_beginning(tmp_path: Path) -> None:
    """Late rain goes back behind two reports of the other station: until it is judged, nothing after it is."""
    desk = desk_of(tmp_path, [basin_rule("most", Over.MAXIMUM)])
    desk.take(message([(T0, 100)], seq=1, station_id="HTB01"), message([(T0, 100)], seq=1, station_id="HTB02"))
    desk.settle()
    for minute in (5, 10):
        desk.take(message([(T0 + minute * MINUTE, 100)], seq=minute, station_id="HTB02"))

    late = message([(T0 + 4 * MINUTE, 108), (T0 + 11 * MINUTE, 109)], seq=2, station_id="HTB01")
    desk.take(late)
    assert desk.told() == []
    desk.settle()

    assert [event.rained_at - T0 for event in desk.journal.reader.alerts.changes(0)[1]] == [4 * MINUTE]
