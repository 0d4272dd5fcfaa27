"""Why a warning about rain was taken back, in Chinese: the journal keeps the sentence that was written in English."""

import re
from collections.abc import Callable

from gauge_ingest.core.reasons import Reason, sentence
from gauge_ingest.core.told import MERGED, REVISED, RULE_GONE, TAKEN_BACK

STATION_GONE = "the station is no longer configured"  # as the pump writes it: gauge_ingest/pump/accept.py

_KNOWN = {
    REVISED: "后到或订正后的数据表明，雨量未达到该级别",
    RULE_GONE: "该预警规则不再适用于此处",
    STATION_GONE: "该站已不在站网配置中",
}
_UNDO = "undo of "
_KINDS = {"void": "雨量作废", "replace": "更正雨量", "visit": "检修期间数据", "confirm": "确认雨量"}


def in_chinese(reason: str) -> str:
    """A reason of the service's own in Chinese; words that nobody translated, and those of people, stay as they are."""
    if reason in _KNOWN:
        return _KNOWN[reason]
    merged = merged_into(reason)
    if merged:
        return f"与预警{merged}为同一场降雨，并入预警{merged}"
    taken = _pattern(TAKEN_BACK).fullmatch(reason)
    if taken is None:
        return reason
    kind, _, who = taken["title"].partition(", by ")
    what = f"撤销订正{kind.removeprefix(_UNDO)}" if kind.startswith(_UNDO) else _KINDS.get(kind, kind)
    return f"{who}订正数据（{what}，订正编号{taken['id']}）：{taken['why']}"


def said_in(language: str, reason: str, cause: Reason | None, at_text: Callable[[int], str]) -> str:
    """Why, in the language asked for: made from the cause where there is one, else the words of the journal."""
    told = "" if cause is None else sentence(cause, language, at_text)
    return told or (in_chinese(reason) if language == "zh" else reason)


def merged_into(reason: str) -> str:
    """The number of the alert that this one was merged into; empty when it was not."""
    merged = _pattern(MERGED).fullmatch(reason)
    return merged["id"] if merged else ""


def _pattern(template: str) -> re.Pattern[str]:
    """A sentence with gaps as a pattern with groups of the same names."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template)), re.DOTALL)
