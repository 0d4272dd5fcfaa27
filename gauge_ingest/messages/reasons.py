"""Why a warning was taken back, as duty staff read it: what the service writes down in English, in both languages."""

import re

from gauge_ingest.core.told import MERGED, REVISED, RULE_GONE, TAKEN_BACK
from gauge_ingest.messages.words import one_line

REASON_MAX = 300  # characters
STATION_GONE = "the station is no longer configured"  # as the pump writes it: gauge_ingest/pump/accept.py

_ZH = {
    REVISED: "后到或订正后的数据表明，雨量未达到该级别",
    RULE_GONE: "该预警规则不再适用于此处",
    STATION_GONE: "该站已不在站网配置中",
}
_EN = {
    REVISED: "readings that came later, or were corrected, show that the rain did not reach the level",
    RULE_GONE: "the rule no longer watches this place",
    STATION_GONE: "the station is no longer in the configuration",
}
_KINDS = {"void": "雨量作废", "replace": "更正雨量", "visit": "检修期间数据", "confirm": "确认雨量"}


def reason_text(reason: str, language: str) -> str:
    """The first line of a reason in the language asked for; words that nobody translated stay as they are."""
    line = one_line(reason.partition("\n")[0], REASON_MAX)
    known = (_ZH if language == "zh" else _EN).get(line)
    if known is not None:
        return known
    if language != "zh":
        return line
    merged = merged_into(line)
    if merged:
        return f"与预警{merged}为同一场降雨，并入预警{merged}"
    taken = _pattern(TAKEN_BACK).fullmatch(line)
    if taken:
        kind, _, who = taken["title"].partition(", by ")
        return f"{who}订正数据（{_KINDS.get(kind, kind)}，订正编号{taken['id']}）：{taken['why']}"
    return line


def merged_into(reason: str) -> str:
    """The number of the alert that this one was merged into; empty when it was not."""
    merged = _pattern(MERGED).fullmatch(reason)
    return merged["id"] if merged else ""


def _pattern(template: str) -> re.Pattern[str]:
    """A sentence with gaps as a pattern with groups of the same names."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template)))
