"""What a figure of rain is: a sum, a rise, the mean of a basin or what one of its stations had, in words."""

from typing import NamedTuple

from gauge_ingest.core.model import Evidence, Over, Rule
from gauge_ingest.messages.words import window_text

RISE = "rise"  # of `Evidence.measure`
_NTH = {1: "1st", 2: "2nd", 3: "3rd"}


class Measure(NamedTuple):
    """Words that stand beside the figure: in Chinese before it, in English behind its duration."""

    words: str
    short: str


def measure_of(evidence: Evidence, rule: Rule | None, language: str) -> Measure:
    """What the figure of a window is, by the rule that looked at it; without the rule a sum."""
    over = rule.over if rule is not None and evidence.stations else None
    place = rule.at_least if rule is not None else 1
    return (_chinese if language == "zh" else _english)(evidence, over, place)


def _chinese(evidence: Evidence, over: Over | None, place: int) -> Measure:
    of, short = "累计雨量", ""
    if over is Over.MEAN:
        of, short = "面雨量", "面雨"
    elif over is Over.MAXIMUM:
        of, short = "单站最大雨量", "最大"
    elif over is Over.KTH:
        of, short = f"第{place}大单站雨量", f"第{place}大"
    if evidence.measure != RISE:
        return Measure(of, short)
    return Measure(f"{of.removeprefix('累计')}比前{window_text(evidence.window_s, 'zh')}增加", f"{short}增")


def _english(evidence: Evidence, over: Over | None, place: int) -> Measure:
    of, short = "", ""
    if over is Over.MEAN:
        of, short = " (mean of the basin)", " mean"
    elif over is Over.MAXIMUM:
        of, short = " (wettest station)", " max"
    elif over is Over.KTH:
        nth = _NTH.get(place, f"{place}th")
        of, short = f" ({nth} wettest station)", f" {nth}"
    if evidence.measure != RISE:
        return Measure(of, short)
    return Measure(f" (rise over the {window_text(evidence.window_s, 'en')} before){of}", f" rise{short}")
