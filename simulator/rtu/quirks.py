"""Ways of real firmware that no manual promises, each seen in a frame from the field (domain.md, section 1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from simulator.bounds import STRICT, Share, Whole
from simulator.values import DAY_MS, SECOND_MS

DEMO_YEARS = (1970, 2099)

# What stands for a value that is missing: the 9-filled figure of a Hikvision logger (no. 2), cut to each field. 99 is
# what a modem says for "no signal" (3GPP TS 27.007, AT+CSQ).
SENTINEL_C = 999.9
SENTINEL_V = 99.99
SENTINEL_DBM = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class QuirkSettings:
    """The numbers are those of section 1.8. All are off by default."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    missing_share: Share = 0.0  # of the temperatures and of the signals, which are left out
    sentinels: bool = False  # 2: a figure stands for what is left out
    no_battery: bool = False  # 7: the supply voltage is never reported
    forgets_at_reboot: bool = False  # 8: count 0 and message 1 after every reboot
    repeats_times: bool = False  # 9: one observed time in several messages
    event_every_s: Whole = 0  # 10: event reports by time as well, dry or not; 300 in the frames
    demo_year: Whole = 0  # 11: the clock shows this year until somebody sets it; 2059 in the frames

    def __post_init__(self) -> None:
        first, last = DEMO_YEARS
        if self.demo_year and not first <= self.demo_year <= last:
            raise ValueError(f"demo_year = {self.demo_year}: must be from {first} to {last}, or 0 for none")


def in_year(at: int, year: int) -> int:
    """Return an instant moved by whole days so that the same day of the year falls into another year."""
    true_year = datetime.fromtimestamp(at // SECOND_MS, UTC).year
    days = (datetime(year, 1, 1, tzinfo=UTC) - datetime(true_year, 1, 1, tzinfo=UTC)).days
    return at + days * DAY_MS
