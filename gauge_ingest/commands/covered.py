"""What tables and pictures say of how much of a time reports speak for: no sum stands where nothing is known."""

from collections.abc import Sequence

from gauge_ingest.commands.output import full_instant
from gauge_ingest.core.fixed import Ended, Fixed, coverage
from gauge_ingest.core.model import Flag

WELL_COVERED = 0.995
NO_REPORTS, NO_AMOUNT = "no reports", "no amount is known"


def share_text(covered: float) -> str:
    """A share of 0 to 1 in whole percent, 0% and 100% only where it is just that."""
    return "<1%" if 0 < covered < 0.01 else ">99%" if 0.99 < covered < 1 else f"{covered:.0%}"


def covered_note(covered: float) -> str:
    """What is to be said of a share; nothing where about all of the time is covered."""
    return f"{share_text(covered)} covered" if covered < WELL_COVERED else ""


def of_all(rain: Sequence[Fixed | Ended]) -> float:
    """The share of the time from the first window or increment to the last that reports speak for."""
    whole_ms = sum(one.until - one.since for one in rain)
    if not whole_ms:
        return 0.0
    covered_ms = sum((one.until - one.since) * _covered(one) for one in rain)
    return min(1.0, covered_ms / whole_ms)


def unknown(rain: Sequence[Fixed | Ended]) -> str:
    """Why there is no sum to be told; nothing where there is one."""
    if any(one.tips or _covered(one) for one in rain):
        return ""
    return NO_REPORTS if all(one.flag is Flag.MISSING for one in rain) else NO_AMOUNT


def footer(rain: Sequence[Fixed | Ended], told: str) -> str:
    """The line below a table or a plot: the sum as it is told, of which time, and which share of that is covered."""
    when = f"after {full_instant(rain[0].since)} until {full_instant(rain[-1].until)}"
    if unknown(rain):
        return f"{unknown(rain)} {when}"
    note = covered_note(of_all(rain))
    return f"{told} {when}, {note}" if note else f"{told} {when}"


def of_events(whole: Fixed) -> str:
    """What stands where a time has no storm and no maximum; dry is only what reports speak for."""
    why = unknown([whole])
    if not why and whole.tips:
        why = f"{whole.rain_mm:.1f} mm ({whole.tips} tips), at what times is not known,"
    note = covered_note(whole.coverage) if why != NO_REPORTS else ""
    told = f"{why or 'no rain'} in this time"
    return f"{told}, {note}" if note else told


def _covered(one: Fixed | Ended) -> float:
    return one.coverage if isinstance(one, Fixed) else coverage(one)
