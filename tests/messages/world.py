"""Alerts and events as a seed makes them up: names of every length, amounts, times, and every kind of event."""

from dataclasses import replace
from random import Random

from gauge_ingest.core.actions import Actions, Words
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, Rule, State, Threshold
from gauge_ingest.messages.facts import World
from gauge_ingest.messages.samples import SAMPLES

BASE_AT = 1_784_109_900_000  # 2026-07-15 18:05 in Beijing
LETTERS = "呼图壁雀尔沟𠮷é%{}<&\"'/#≥.-0123456789AZaz"
WORDS = LETTERS + " \n\t\x00\u202e\u200d\ud800{{ }}"
LEVELS = (("prepare", "immediate"), ("blue", "yellow", "orange", "red"), ("watch" * 6,))
WINDOWS_S = (60, 90, 1_800, 3_600, 5_400, 86_400, 259_200)

Told = tuple[AlertEvent, Alert, list[AlertEvent], World]


def name(dice: Random, most: int) -> str:
    return "".join(dice.choices(LETTERS, k=dice.randint(1, most)))


def words(dice: Random, most: int) -> str:
    return "".join(dice.choices(WORDS, k=dice.randint(0, most)))


def evidence(dice: Random) -> Evidence:
    until, window_s = BASE_AT + dice.randint(0, 10**9), dice.choice(WINDOWS_S)
    rain_mm = round(dice.uniform(0.1, 4_999), 1)
    return Evidence(
        window_s=window_s,
        since=until - window_s * 1_000,
        until=until,
        rain_mm=rain_mm,
        rain_mm_max=rain_mm + dice.choice([0.0, 0.04, 12.5]),
        threshold_mm=round(dice.uniform(0.1, 4_999), 1),
        coverage=dice.choice([0.0, 0.999, 1.0]),
        unconfirmed=dice.random() < 0.5,
        doubted_mm=dice.choice([0.0, 0.2]),
    )


def told(dice: Random) -> Told:
    """An event of rain, its alert, all events of it, and the world it happens in."""
    levels = dice.choice(LEVELS)
    rule_id, scope = name(dice, 32), name(dice, 32)
    rule = Rule(rule_id, levels, (Threshold(3_600, levels[0], 5.0),), (scope,), words(dice, 500))
    base, number = SAMPLES["raised"], 10 ** dice.randint(0, 7)
    events = []
    for step in range(1, dice.randint(2, 7)):
        kind = dice.choice(list(EventKind))
        person = kind in (EventKind.ACKNOWLEDGED, EventKind.COMMENTED)
        at = BASE_AT + dice.randint(0, 10**9)
        event = replace(
            base.event, id=step, alert_id=number, rule=rule_id, scope=scope, kind=kind, at=at, known_at=at,
            level="" if kind in (EventKind.CLEARED, EventKind.LAPSED) else dice.choice(levels),
            rained_at=at - dice.randint(-1_000, 10**8),
            late=dice.random() < 0.5,
            unconfirmed=dice.random() < 0.5,
            evidence=evidence(dice),
            who=name(dice, 100) if person else "",
            reason=words(dice, 500) if person or kind is EventKind.WITHDRAWN else "",
        )  # fmt: skip
        events.append(event)
    alert = replace(
        base.alert, id=number, rule=rule_id, scope=scope, level=levels[-1], peak=levels[-1],
        state=dice.choice(list(State)), evidence=evidence(dice),
    )  # fmt: skip
    names = {scope: name(dice, 64)} if dice.random() < 0.7 else {}
    actions = Actions({level: Words("做这个", "do this") for level in levels} if dice.random() < 0.5 else {})
    return dice.choice(events), alert, events, World(names, {rule_id: rule}, actions)
