"""A reading as the checks see it, whether it comes from the journal or from somebody's file."""

from typing import NamedTuple

from gauge_ingest.core.model import Kind, Step
from gauge_ingest.core.quality.verdicts import Check, Outcome

UM_PER_MM = 1_000


class Seen(NamedTuple):
    """Rain in micrometres over (since, until] in ms, and what was told beside it. None: not told."""

    since: int
    until: int
    rain_um: int
    tips: int
    step: Step = Step.STEADY
    kind: Kind = Kind.TIMED
    received_at: int = 0
    claimed_at: int = 0
    seq: int | None = None
    boot: int | None = None
    battery_v: float | None = None
    temperature_c: float | None = None
    door_open: bool | None = None
    rival: bool = False  # another count was told for the same time
    perhaps: bool = False  # rain may have fallen though none is counted: nobody knows whether the gauge was dry


class Said(NamedTuple):
    """What one check says of one reading."""

    outcome: Outcome
    reason: str = ""


class Mark(NamedTuple):
    """What a check found out later about wet readings that ended in (since, until]."""

    since: int
    until: int
    check: Check
    said: Said


PASSED = Said(Outcome.PASSED)
NOT_CHECKED = Said(Outcome.NOT_CHECKED)


def suspect(reason: str) -> Said:
    """In doubt, and why."""
    return Said(Outcome.SUSPECT, reason)


def failed(reason: str) -> Said:
    """Certainly wrong, and why."""
    return Said(Outcome.FAILED, reason)


def mm(rain_um: float) -> str:
    """Rain as people read it: `12.5 mm`."""
    return f"{rain_um / UM_PER_MM:.4g} mm"


def lasted(length_ms: float) -> str:
    """A length of time as people read it: `45 s`, `12 min`, `3.5 h`, `62 d`."""
    length_s = length_ms / 1000
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if length_s >= 2 * unit or (unit == 60 and length_s >= 60):
            return f"{length_s / unit:.3g} {name}"
    return f"{length_s:.3g} s"
