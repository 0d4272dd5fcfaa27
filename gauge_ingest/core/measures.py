"""What a figure of rain is: a sum, a rise, the mean of a basin or what one of its stations had, in words."""

from collections.abc import Mapping
from typing import NamedTuple

from gauge_ingest.core.model import Evidence, Over, Rule

RISE = "rise"  # of `Evidence.measure`
_NTH = {1: "1st", 2: "2nd", 3: "3rd"}
# By language and how a basin makes one figure of its stations' rain; None: of one station.
_WORDS: Mapping[str, Mapping[Over | None, tuple[str, str]]] = {
    "zh": {
        None: ("累计雨量", ""),
        Over.MEAN: ("面雨量", "面雨"),
        Over.MAXIMUM: ("单站最大雨量", "最大"),
        Over.KTH: ("第{place}大单站雨量", "第{place}大"),
    },
    "en": {
        None: ("", ""),
        Over.MEAN: (" (mean of the basin)", " mean"),
        Over.MAXIMUM: (" (wettest station)", " max"),
        Over.KTH: (" ({nth} wettest station)", " {nth}"),
    },
}


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
    nth = _NTH.get(place, f"{place}th")
    of, short = (words.format(place=place, nth=nth) for words in _WORDS[language][over])
    if evidence.measure != RISE:
        return Measure(of, short)
    if language == "zh":
        return Measure(f"{of.removeprefix('累计')}比前{window.replace(' ', '')}增加", f"{short}增")
    return Measure(f" (rise over the {window} before){of}", f" rise{short}")
