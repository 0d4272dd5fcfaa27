"""How amounts, lengths of time and instants are written in a message, and how a line is made to fit."""

import re
from datetime import UTC, datetime, timedelta

from gauge_ingest.core.spans import BEIJING

SHORT_TIME_S = {"zh": ("天", "小时", "分钟", "秒"), "en": ("d", "h", "min", "s")}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN_AT = "?"
# What must stay whole: a number with its unit and what it is compared with, a word, a name.
_PIECE = re.compile(r"\s*\S+")


def mm_text(rain_mm: float) -> str:
    """An amount to the tenth, without a tenth that is nothing: 31.5, 30."""
    return f"{rain_mm:.1f}".removesuffix(".0")


def window_text(window_s: int, language: str) -> str:
    """A duration of a threshold as the table of thresholds has it: 30 min, 3 h, 24 h; 30分钟, 3小时."""
    _, hours, minutes, seconds = SHORT_TIME_S[language]
    gap = "" if language == "zh" else " "
    for unit_s, unit in ((3_600, hours), (60, minutes)):
        if window_s % unit_s == 0:
            return f"{window_s // unit_s}{gap}{unit}"
    return f"{window_s}{gap}{seconds}"


def window_short(window_s: int) -> str:
    """The same in as few characters as there can be: 30min, 3h."""
    return window_text(window_s, "en").replace(" ", "")


def elapsed_text(elapsed_ms: int, language: str) -> str:
    """How long something took or is ago, in at most two units: 45 s, 12 min, 2 h 10 min, 3 d 4 h."""
    left_s = max(0, elapsed_ms // 1_000)
    gap = "" if language == "zh" else " "
    parts: list[str] = []
    for unit_s, unit in zip((86_400, 3_600, 60, 1), SHORT_TIME_S[language], strict=True):
        count, left_s = divmod(left_s, unit_s)
        if count or (unit_s == 1 and not parts):
            parts.append(f"{count}{gap}{unit}")
        elif parts:
            break
        if len(parts) == 2 or (parts and unit_s == 60):
            break
    return gap.join(parts)


def clock_text(at: int) -> str:
    """An instant as a clock in Beijing shows it: 07-15 18:05; the year is left to the reader."""
    try:
        moment = (_EPOCH + timedelta(milliseconds=at)).astimezone(BEIJING)
    except OverflowError:  # no calendar goes so far
        return _UNKNOWN_AT
    return moment.strftime("%m-%d %H:%M")


def one_line(text: str, most: int) -> str:
    """Text from outside in one line without anything that moves a cursor or turns the direction of writing."""
    plain = "".join(letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text)
    line = " ".join(plain.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def units(text: str) -> int:
    """Length as a telephone counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(name: str, most: int) -> str:
    """A name in at most so many UTF-16 code units, with … where something is missing."""
    if units(name) <= most:
        return name
    kept = name
    while kept and units(kept) > most - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def cut(line: str, most: int) -> str:
    """As many whole pieces of a line as fit; a number is never cut, a first word that is too long is."""
    kept = ""
    for piece in _PIECE.findall(line):
        if units(kept + piece) > most:
            break
        kept += piece
    return kept.strip() or shortened(line, most)
