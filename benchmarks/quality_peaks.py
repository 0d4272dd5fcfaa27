"""Peak intensities of storms beside those of SEPARATE, on its own two example records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.quality_figures import Part, Table, Wanted
from benchmarks.quality_records import separate_ms, separate_steps, separate_storms, separate_tips
from gauge_ingest.core.intensity import DURATIONS_MIN, MINUTE_MS, Peak, peaks, storms

DEEP_MM = 5.0
OFF_MAX, TIME_OFF_MAX = 2.0, 1.0  # per cent; minutes, the step in which both read the rain
# The pause that ends a storm: the first is in its summary; the second is not, and 14.75 to 17.33 h give its storms.
TIPS_DRY_S, STEPS_DRY_S = 4.61 * 3_600, 16 * 3_600


class Compared(NamedTuple):
    """A storm, our peaks and theirs by duration, and the largest differences."""

    name: str
    depth_mm: float
    ours: Mapping[int, Peak]
    theirs: Mapping[int, Peak]

    @property
    def off(self) -> float | None:
        """The largest difference of an intensity in per cent; None when one side has a peak that the other has not."""
        if self.ours.keys() != self.theirs.keys() or not self.ours:
            return None
        return max(abs(self.ours[one].rain_mm_per_h / self.theirs[one].rain_mm_per_h - 1) * 100 for one in self.ours)

    @property
    def time_off_min(self) -> float | None:
        """The largest difference of the instant of a peak; None as above."""
        if self.off is None:
            return None
        return max(abs(self.ours[one].until - self.theirs[one].until) / MINUTE_MS for one in self.ours)


def figures() -> Part:
    """All that these records show."""
    tips = compared(separate_tips(), separate_storms("Ex_Tips_SummaryTable.csv"), dry_s=TIPS_DRY_S)
    steps = compared(separate_steps(), separate_storms("Ex_Fixed_Storms_Summary.csv"), dry_s=STEPS_DRY_S)
    both = [*tips, *steps]
    heads = ("storm", "mm", *(f"{one} min" for one in DURATIONS_MIN), "off", "time off")
    title = f"peaks in mm/h, ours / theirs, of every storm above {DEEP_MM:g} mm"
    return Part(
        "separate",
        [Table(title, heads, [_row(one) for one in both])],
        [
            Wanted("peak intensities off by", _largest([one.off for one in both]), OFF_MAX, "%"),
            Wanted("times of peaks off by", _largest([one.time_off_min for one in both]), TIME_OFF_MAX, "min"),
        ],
    )


def compared(rain: Iterable[tuple[int, float]], theirs: Sequence[Mapping[str, str]], *, dry_s: float) -> list[Compared]:
    """Every deep storm of theirs beside ours that begins with it."""
    ours = {storm[0].at: storm for storm in storms(rain, dry_s=dry_s)}
    found = []
    for row in theirs:
        if float(row["Depth"]) <= DEEP_MM:
            continue
        storm = ours.get(separate_ms(row["Start"]), [])
        there = {
            one: Peak(float(row[f"Peak_i{one}"]), separate_ms(row[f"Peak_i{one}_time"]))
            for one in DURATIONS_MIN
            if row[f"Peak_i{one}"]
        }
        found.append(Compared(row["StormID"], float(row["Depth"]), peaks(storm), there))
    return found


def _row(one: Compared) -> tuple[str, ...]:
    both = [
        f"{_text(one.ours.get(duration))} / {_text(one.theirs.get(duration))}"
        if duration in one.ours.keys() | one.theirs.keys()
        else "too short"
        for duration in DURATIONS_MIN
    ]
    off = "-" if one.off is None else f"{one.off:.2f} %"
    time_off = "-" if one.time_off_min is None else f"{one.time_off_min:g} min"
    return (one.name, f"{one.depth_mm:.1f}", *both, off, time_off)


def _text(peak: Peak | None) -> str:
    return "-" if peak is None else f"{peak.rain_mm_per_h:.2f}"


def _largest(off: Sequence[float | None]) -> float | None:
    known = [one for one in off if one is not None]
    return max(known) if known and len(known) == len(off) else None
