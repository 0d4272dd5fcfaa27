"""Times of day, days of the week and waits as people.toml writes them, and the people that a list names."""

import re
from collections.abc import Iterable, Sequence

from gauge_ingest.configuration.mistakes import Mistake, Place
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.spans import parse_duration_s

AFTER_MAX_S = 86_400
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))", re.ASCII)


def parse_hours(text: str) -> tuple[int, int]:
    """Minutes after midnight at which hours such as 22:00-07:00 begin and end; ValueError says what to write."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError('must be hours of the day in Beijing time, e.g. "22:00-07:00"')
    since_h, since_min, *until = (int(part) for part in match.groups() if part is not None)
    return since_h * 60 + since_min, until[0] * 60 + until[1]


def parse_after_s(text: str) -> int:
    """Seconds of a wait, which may be none; ValueError says what to write instead."""
    if re.fullmatch(r"0[smh]", text):
        return 0
    try:
        after_s = parse_duration_s(text)
    except ValueError:
        after_s = AFTER_MAX_S + 1
    if after_s > AFTER_MAX_S:
        raise ValueError('must be a wait of at most 24h, e.g. "0m", "5m", "90s"')
    return after_s


def unknown_people(named: Sequence[str], known: Iterable[str], place: Place) -> list[Mistake]:
    """The mistakes in a list of people: those that nobody knows, and those named twice."""
    names = set(known)
    mistakes = []
    for number, name in enumerate(named, 1):
        if name not in names:
            mistakes.append(place.at(number).mistake(f"nobody has this id; {nearest(name, names)}", name))
        elif name in named[: number - 1]:
            mistakes.append(place.at(number).mistake("is named twice: take one out", name))
    return mistakes
