"""Levels of alerts: what a level's name means in both languages, how grave it is, what CAP 1.2 calls it.

Two sets are known by name: `transfer` (prepare, immediate: the levels of Chinese county indices, 准备转移 and 立即转移)
and `colour` (blue, yellow, orange, red: 蓝黄橙红, CMA order 16). Any other name is a level of the user's own: it has no
words of its own, and the highest one of its rule is taken to be one that moves people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One level. `evacuates`: people move, or make ready to, so that nothing may hold its messages back.

    `grade` compares levels of different rules: 1 look, 2 be ready, 3 act, 4 act at once. The CAP words are those of
    CAP 1.2, section 3.2.2.
    """

    id: str
    zh: str
    en: str
    grade: int
    evacuates: bool
    cap_severity: str
    cap_urgency: str
    cap_response: str


LEVELS: Mapping[str, Level] = {
    level.id: level
    for level in (
        Level("prepare", "准备转移", "PREPARE TO MOVE", 3, True, "Severe", "Expected", "Prepare"),
        Level("immediate", "立即转移", "MOVE AT ONCE", 4, True, "Extreme", "Immediate", "Evacuate"),
        Level("blue", "蓝色", "BLUE", 1, False, "Minor", "Future", "Monitor"),
        Level("yellow", "黄色", "YELLOW", 2, False, "Moderate", "Expected", "Prepare"),
        Level("orange", "橙色", "ORANGE", 3, True, "Severe", "Immediate", "Evacuate"),
        Level("red", "红色", "RED", 4, True, "Extreme", "Immediate", "Evacuate"),
        Level("notice", "提示", "NOTICE", 1, False, "Minor", "Unknown", "Monitor"),  # equipment: look when you can
        Level("warning", "警告", "WARNING", 2, False, "Moderate", "Expected", "Assess"),  # equipment: look now
    )
}
LEVEL_SETS: Mapping[str, tuple[str, ...]] = {
    "transfer": ("prepare", "immediate"),
    "colour": ("blue", "yellow", "orange", "red"),
}


def level_of(name: str, levels: Sequence[str] = ()) -> Level:
    """What a level's name means; `levels` are those of its rule, from the lowest to the highest."""
    known = LEVELS.get(name)
    if known is not None:
        return known
    highest = not levels or name == levels[-1]
    words = ("Extreme", "Immediate", "Evacuate") if highest else ("Moderate", "Expected", "Prepare")
    return Level(name, name, name.upper(), 4 if highest else 2, highest, *words)
