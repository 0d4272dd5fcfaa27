"""What people say of the rain of a span, and what becomes of its increments. The counts themselves never change.

A correction speaks of the increments that end in (since, until] and stand. Of several that speak of one increment the
latest holds. An undone one is as if it had never been, and so is an undoing that was undone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, Flag, Increment, Station, Step
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, packed
from gauge_ingest.core.shares import among_buckets, exact, shares

# As far back as the service takes readings in, unless told otherwise (readings_older_than_days_max).
SPAN_MAX_MS = 400 * DAY_MS
# The rain of a replaced span is spread anew, all of it at once, whenever a reading in it comes or changes, and other
# readings wait meanwhile: 0.4 s for a month of one reading every five minutes (docs/decisions/0015).
REPLACED_MAX_MS = 31 * DAY_MS


class CorrectionKind(StrEnum):
    """What a person says."""

    VOID = "void"  # what was told is not rain, and what fell is unknown
    REPLACE = "replace"  # so much fell
    CONFIRM = "confirm"  # what was counted is right
    VISIT = "visit"  # somebody was at the gauge: what was counted may not be rain
    UNDO = "undo"  # another correction is as if it had never been


# The first of both has all bits of the check.
_FAILED, _PASSED = (packed([(Check.CORRECTION, outcome)]) for outcome in (Outcome.FAILED, Outcome.PASSED))
_SAYS = {
    CorrectionKind.VOID: (Flag.MISSING, _FAILED),
    CorrectionKind.REPLACE: (Flag.GOOD, _PASSED),
    CorrectionKind.CONFIRM: (Flag.GOOD, _PASSED),
    CorrectionKind.VISIT: (Flag.FAIL, _FAILED),
}
_NO_RAIN = (CorrectionKind.VOID, CorrectionKind.VISIT)


@dataclass(frozen=True, slots=True)
class Correction:
    """One entry: who said at `at` what of (since, until] of a station, and why. Its id is its place in the order."""

    id: int
    at: int
    who: str
    why: str
    kind: CorrectionKind
    station: str
    since: int
    until: int
    rain_mm: float | None = None  # of a REPLACE
    undoes: int | None = None  # of an UNDO: the id of the other

    @property
    def title(self) -> str:
        """What it is and whose, in a few words."""
        kind = self.kind.value if self.undoes is None else f"undo of {self.undoes}"
        return f"{kind}, by {self.who}"


class Corrected(NamedTuple):
    """An increment as it stands with corrections, its flag still that of the counts; and the correction that holds."""

    increment: Increment
    correction: Correction | None


def in_force(entries: Sequence[Correction]) -> list[Correction]:
    """Of all entries, in order of their ids, the corrections that hold: not undone, and no undoings."""
    gone = undone_by(entries)
    return [entry for entry in entries if entry.undoes is None and entry.id not in gone]


def undone_by(entries: Sequence[Correction]) -> dict[int, int]:
    """Ids of the entries that are undone, each with the id of the undoing that holds."""
    gone: dict[int, int] = {}
    for entry in reversed(entries):  # an undoing is later than what it undoes
        if entry.undoes is not None and entry.id not in gone:
            gone[entry.undoes] = entry.id
    return gone


def holding(corrections: Sequence[Correction], at: int) -> Correction | None:
    """Of corrections in force, in order of their ids, the one that holds for an increment that ends at an instant."""
    return next((one for one in reversed(corrections) if one.since < at <= one.until), None)


def at_once(corrections: Iterable[Correction], *, since: int, until: int) -> tuple[int, int]:
    """The span (since, until], with all of every replaced span that it touches: these are derived in one piece."""
    ahead = [one for one in corrections if one.kind is CorrectionKind.REPLACE]
    while touched := [one for one in ahead if one.since < until and one.until > since]:
        since = min(since, *(one.since for one in touched))
        until = max(until, *(one.until for one in touched))
        ahead = [one for one in ahead if one not in touched]
    return since, until


def corrected(increments: Sequence[Increment], corrections: Iterable[Correction], station: Station) -> list[Corrected]:
    """Increments in order of time as counted, with corrections in order of their ids; one result for each.

    Every replaced span must be there whole or not at all (`at_once`). Void ones, and what is not confirmed yet, stay
    nobody's neighbour whatever is said of them. Anchors stay: what follows depends on counts alone.
    """
    result = [Corrected(one, None) for one in increments]
    for correction in corrections:
        inside = [
            place
            for place, one in enumerate(increments)
            if correction.since < one.until <= correction.until and one.step is not Step.VOID
        ]
        spread = {}
        if correction.kind is CorrectionKind.REPLACE:
            spread = _spread(correction, increments, result, inside, station)
        for place in inside:
            result[place] = Corrected(_said(increments[place], correction, spread.get(place, 0)), correction)
    return result


def with_correction(verdict: Verdict, correction: Correction | None) -> Verdict:
    """The final verdict: that of the counts and the other checks, with the word of the correction that holds.

    It says 9 of a void span, 4 of a visit, and 1 of what was replaced or confirmed, whatever the checks say.
    """
    if correction is None:
        return verdict
    flag, outcome = _SAYS[correction.kind]
    reason = f"correction {correction.id}: {correction.title}: {correction.why}"
    reasons = reason if verdict.reasons is None else f"{verdict.reasons}; {reason}"
    return Verdict(flag, verdict.checks & ~_FAILED | outcome, reasons)


def bucket_depths_mm(station: Station, *, since: int, until: int) -> set[float]:
    """Of every bucket that was in use in (since, until]."""
    later = [one for one in station.deployments[1:] if since < one.since < until]
    return {one.bucket_depth_mm for one in (station.deployment_at(since + 1), *later)}


def _said(increment: Increment, correction: Correction, tips: int) -> Increment:
    """An increment after a correction; `tips` is its share of a replaced depth."""
    confirmed = increment.step is not Step.UNCONFIRMED  # else further reports may still show that it is no fact
    match correction.kind:
        case CorrectionKind.VOID:
            step = Step.VOIDED if confirmed else increment.step
            return increment._replace(tips=0, tips_min=0, tips_max=0, step=step)
        case CorrectionKind.REPLACE:
            step = Step.CORRECTED if confirmed else increment.step
            return increment._replace(tips=tips, tips_min=tips, tips_max=tips, step=step)
        case CorrectionKind.CONFIRM if confirmed:
            return increment._replace(tips_min=increment.tips, tips_max=increment.tips)
        case CorrectionKind.VISIT:
            return increment._replace(tips=0, tips_min=0)
        case _:
            return increment


def _spread(
    correction: Correction,
    increments: Sequence[Increment],
    standing: Sequence[Corrected],
    inside: Sequence[int],
    station: Station,
) -> dict[int, int]:
    """The tips of a replaced depth by place: shared by counted millimetres, else by duration.

    What earlier corrections call no rain has no share by counts. Nobody may say one depth of two buckets, but where
    stations.toml has changed the bucket since, there are two: each has its share in whole tips of its own.
    """
    takers = [place for place in inside if increments[place].step is not Step.UNCONFIRMED]
    tips = {place: 0 if _is_no_rain(standing[place].correction) else increments[place].tips for place in takers}
    spans_ms = {place: increments[place].until - max(increments[place].since, correction.since) for place in takers}
    weights = next((one for one in (tips, spans_ms) if any(one.values())), dict.fromkeys(takers, 1))
    of_bucket: dict[float, list[int]] = {}
    for place in takers:
        of_bucket.setdefault(station.deployment_at(increments[place].until).bucket_depth_mm, []).append(place)
    of_buckets = {
        depth_mm: sum(weights[place] for place in places) * (exact(depth_mm) if weights is tips else Fraction(1))
        for depth_mm, places in of_bucket.items()
    }
    spread: dict[int, int] = {}
    for depth_mm, whole in among_buckets(correction.rain_mm or 0.0, of_buckets).items():
        places = of_bucket[depth_mm]
        spread |= zip(places, shares(whole, [weights[place] for place in places]), strict=True)
    return spread


def _is_no_rain(correction: Correction | None) -> bool:
    return correction is not None and correction.kind in _NO_RAIN
