"""What a part of the quality benchmark finds: tables to look at, and the figures that it is judged by."""

from collections.abc import Sequence
from typing import NamedTuple

HOUR_S = 3_600


class Table(NamedTuple):
    """Rows as people read them."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Wanted(NamedTuple):
    """A figure, what it should be, and whether it is; unknown (None) holds nothing."""

    what: str
    found: float | None
    bound: float
    unit: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        if self.found is None:
            return False
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    def line(self) -> str:
        """The figure, the bound and the answer in one line."""
        answer = "holds" if self.holds else "does not hold"
        found = "nothing to judge" if self.found is None else f"{self.found:.2f} {self.unit}"
        side = "at least" if self.at_least else "at most"
        return f"{answer}: {self.what}: {found}, wanted {side} {self.bound:g} {self.unit}"


class Part(NamedTuple):
    """All that one collection of records shows."""

    name: str
    tables: list[Table]
    wanted: list[Wanted]


def percent(count: int, of: int) -> float | None:
    """A share in per cent; None of nothing."""
    return 100 * count / of if of else None


def share_text(count: int, of: int) -> str:
    """A share as people read it."""
    share = percent(count, of)
    return "-" if share is None else f"{share:.2f} %"


def worst(shares: Sequence[float | None], *, at_least: bool = False) -> float | None:
    """The share that is furthest on the wrong side; None when one is not known."""
    known = [share for share in shares if share is not None]
    if len(known) < len(shares) or not known:
        return None
    return min(known) if at_least else max(known)


def delay_text(delays_s: Sequence[float]) -> str:
    """The middle and the longest of several delays."""
    if not delays_s:
        return "-"
    return f"{_length(sorted(delays_s)[len(delays_s) // 2])}, at most {_length(max(delays_s))}"


def _length(length_s: float) -> str:
    return f"{length_s:.0f} s" if length_s < HOUR_S else f"{length_s / HOUR_S:.1f} h"
