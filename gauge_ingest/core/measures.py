"""What a figure of rain is: a sum, a rise, the mean of a basin or what one of its stations had, in words."""

from typing import NamedTuple

from gauge_ingest.core.model import Evidence, Over, Rule

RISE = "rise"  # of `Evidence.measure`
_NTH = {1: "1st", 2: "2nd", 3: "3rd"}


class Measure(NamedTuple):
    """Words that stand beside the figure: in Chinese before it, in English behind its duration."""

    words: str
    short: str


def measure_of(evidence: Evidence, rule: Rule | None, language: str, window: str) -> Measure:
    """What the figure of a window is, by the rule that looked at it; without the rule a sum.

    `window`: how long it is, in words of the language.
    """
    over = rule.over if rule is not None and evidence.stations else None
    place = rule.at_least if rule is not None else 1
    of, short = (_chinese if language == "zh" else _english)(over, place)
    if evidence.measure != RISE:
        return Measure(of, short)
    if language == "zh":
        return Measure(f"{of.removeprefix('累计')}比前{window.replace(' ', '')}增加", f"{short}增")
    return Measure(f" (rise over the {window} before){of}", f" rise{short}")


def _chinese(over: Over | None, place: int) -> tuple[str, str]:
    if over is Over.MEAN:
        return "面雨量", "面雨"
    if over is Over.MAXIMUM:
        return "单站最大雨量", "最大"
    if over is Over.KTH:
        return f"第{place}大单站雨量", f"第{place}大"
    return "累计雨量", ""


def _english(over: Over | None, place: int) -> tuple[str, str]:
    if over is Over.MEAN:
        return " (mean of the basin)", " mean"
    if over is Over.MAXIMUM:
        return " (wettest station)", " max"
    if over is Over.KTH:
        nth = _NTH.get(place, f"{place}th")
        return f" ({nth} wettest station)", f" {nth}"
    return "", ""
