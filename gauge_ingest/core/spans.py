"""Lengths of time and instants as people write them: `90m`, `24h`, `7d`, `2026-07-15T18:05:00+08:00`."""

import re
from datetime import UTC, datetime, timedelta, timezone

SPAN_MAX_S = 36_525 * 86_400  # a hundred years: more than any record of rain we are asked for
JUST_NOW_MS = 10_000
# No rain record that is imported is older, none will come later; InfluxDB's times end at 1677 and 2262.
EARLIEST_MS, LATEST_MS = -5_364_662_400_000, 7_258_118_400_000  # 1800-01-01, 2200-01-01
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

# Fixed, as days are cut: the zone database has summer time in 1986 to 1991.
BEIJING = timezone(timedelta(hours=8))

_SPAN = re.compile(r"([0-9]{1,10})([smhd])")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration_s(text: str, *, named_max_s: int = SPAN_MAX_S) -> int:
    """Seconds in a length of time such as `90m`; ValueError says what to write instead.

    `named_max_s`: the bound that its words name, where whoever asks has a closer one.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("must be a length of time: a whole number and s, m, h or d, e.g. 90m, 24h, 7d")
    duration_s = int(match[1]) * UNITS_S[match[2]]
    if not 0 < duration_s <= SPAN_MAX_S:
        raise ValueError(f"must be longer than 0 and at most {duration_text(named_max_s)}, e.g. 2h")
    return duration_s


def duration_text(duration_s: int) -> str:
    """A length of time in the largest unit that leaves no remainder: 5400 becomes `90m`."""
    unit = next(unit for unit in ("d", "h", "m", "s") if duration_s % UNITS_S[unit] == 0)
    return f"{duration_s // UNITS_S[unit]}{unit}"


def instant_ms(moment: datetime) -> int:
    """An aware datetime in milliseconds since 1970-01-01T00:00:00Z, cut to whole ones."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def parse_instant(text: str) -> int:
    """An RFC 3339 instant in milliseconds since 1970-01-01T00:00:00Z; ValueError says what to write instead."""
    example = "e.g. 2026-07-15T18:05:00+08:00"
    if _INSTANT.fullmatch(text) is None:
        raise ValueError(f"must be an instant with its offset, {example}")
    try:
        return instant_ms(datetime.fromisoformat(text.upper()))
    except ValueError as error:
        raise ValueError(f"must be an instant that the calendar has ({error}), {example}") from None


def parse_moment(text: str, *, now: int) -> int:
    """An instant given as itself or as a length of time back from `now`; ValueError says what to write instead."""
    if _SPAN.fullmatch(text):
        at = now - parse_duration_s(text) * 1_000
    else:
        try:
            at = parse_instant(text)
        except ValueError as error:
            raise ValueError(f"{error}, or a length of time back from now, e.g. 24h") from None
    if not EARLIEST_MS <= at <= LATEST_MS:
        raise ValueError("must lie between the years 1800 and 2200")
    return at


def instant_text(at: int) -> str:
    """An instant as RFC 3339 in Beijing time, with milliseconds only where there are any."""
    moment = datetime.fromtimestamp(at / 1000, BEIJING)
    return moment.isoformat(timespec="milliseconds" if at % 1000 else "seconds")


def elapsed(duration_ms: int) -> str:
    """A length of time as people say it: 40 s, 12 min, 5 h, 3 d."""
    duration_s = abs(duration_ms) // 1_000
    for unit, unit_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if duration_s >= 2 * unit_s:
            return f"{duration_s // unit_s} {unit}"
    return f"{duration_s} s"


def ago(at: int | None, *, now: int) -> str:
    """How long ago something was."""
    if at is None:
        return "never"
    if abs(now - at) < JUST_NOW_MS:
        return "just now"
    return f"{elapsed(now - at)} ago" if now > at else f"in {elapsed(at - now)}"
