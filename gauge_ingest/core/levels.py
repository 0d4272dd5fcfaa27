"""Levels of alerts: what a level's name means in both languages, how grave it is, what CAP 1.2 calls it.

Two sets are known by name: `transfer` (prepare, immediate: the levels of Chinese county indices, 准备转移 and 立即转移)
and `colour` (blue, yellow, orange, red: 蓝黄橙红, CMA order 16). Any other name is a level of the user's own: it has no
words of its own, and the highest one of its rule is taken to be one that moves people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gauge_ingest.core.actions import Words


@dataclass(frozen=True, slots=True)
class Level:
    """One level. `evacuates`: people move, or make ready to, so that nothing may hold its messages back.

    `grade` compares levels of different rules: 1 look, 2 be ready, 3 act, 4 act at once. The CAP words are those of
    CAP 1.2, section 3.2.2. `brief`: what to do, in a few characters, where the plan has no such words of its own.
    """

    id: str
    zh: str
    en: str
    grade: int
    evacuates: bool
    cap_severity: str
    cap_urgency: str
    cap_response: str
    brief: Words = field(default_factory=Words)


_WARN_HOMES = Words("通知危险区准备", "warn homes")
_WEAK_FIRST = Words("老弱先转移", "move weak first")
_EVACUATE = Words("危险区全员转移", "evacuate")
_LOOK_LATER = Words("有空查看", "look when you can")
_LOOK_NOW = Words("现在查看", "look now")
LEVELS: Mapping[str, Level] = {
    level.id: level
    for level in (
        Level("prepare", "准备转移", "PREPARE TO MOVE", 3, True, "Severe", "Expected", "Prepare", _WARN_HOMES),
        Level("immediate", "立即转移", "MOVE AT ONCE", 4, True, "Extreme", "Immediate", "Evacuate", _EVACUATE),
        Level("blue", "蓝色", "BLUE", 1, False, "Minor", "Future", "Monitor", Words("关注雨情", "watch")),
        Level("yellow", "黄色", "YELLOW", 2, False, "Moderate", "Expected", "Prepare", Words("加密巡查", "patrol")),
        Level("orange", "橙色", "ORANGE", 3, True, "Severe", "Immediate", "Evacuate", _WEAK_FIRST),
        Level("red", "红色", "RED", 4, True, "Extreme", "Immediate", "Evacuate", _EVACUATE),
        Level("notice", "提示", "NOTICE", 1, False, "Minor", "Unknown", "Monitor", _LOOK_LATER),  # equipment
        Level("warning", "警告", "WARNING", 2, False, "Moderate", "Expected", "Assess", _LOOK_NOW),  # equipment
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
