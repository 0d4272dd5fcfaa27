"""From a mistyped name to the one that was meant."""

import difflib
from collections.abc import Iterable, Sequence

LISTED_MAX = 12


def near(name: str, known: Iterable[str], *, least: float = 0.6) -> str:
    """The known name that is nearer to this one than every other; empty where none is near or several are equally so.

    HTB1 is HTB01; HTB9 might be any of five stations, and a guess would be as good as none. `least`: of the ratio of
    `difflib.SequenceMatcher`.
    """
    names = sorted(set(known))
    ranked = [(difflib.SequenceMatcher(None, one, name).ratio(), one) for one in names]
    ranked.sort(key=lambda rank: -rank[0])
    if not ranked or ranked[0][0] < least:
        return ""
    return "" if len(ranked) > 1 and ranked[1][0] == ranked[0][0] else ranked[0][1]


def nearest(name: str, known: Iterable[str]) -> str:
    """A few words that lead from a mistyped name to the right one, or say which there are."""
    names = sorted(set(known))
    if meant := near(name, names):
        return f"did you mean {meant}?"
    if not names:
        return "there are none"
    return listed(names)


def listed(names: Sequence[str]) -> str:
    """The first of the names that there are; the others are counted."""
    more = f" and {len(names) - LISTED_MAX} more" if len(names) > LISTED_MAX else ""
    return f"known: {', '.join(names[:LISTED_MAX])}{more}"
