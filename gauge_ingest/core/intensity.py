"""Storms and their peak intensities, for reports. Never for rules: those judge what surely fell in a window.

A storm is rain without a pause longer than `dry_s`. Its rain is counted from its first tip, which is there at once, and
is taken to fall evenly from one tip to the next: an interpolation, so that a peak does not jump with the tips that lie
just inside or just outside a window. It is read in whole minutes after the first tip. A peak is the largest rain of any
stretch of that length between two of these minutes, in mm/h; it is told with the end of the stretch.

This is how the program SEPARATE 1.1 of the Watersheds and Wildfire Research Collaborative defines storms and peaks
(github.com/WatershedsWildfireResearchCollaborative/SEPARATE), so that figures of both may stand side by side;
tests/core/test_intensity.py holds ours against its own tables.

What it cannot say:
- The first tip lies in no stretch: when its rain began to fall is not known.
- Rain that came in a burst after a pause is spread over the pause, so that the peak of a storm that begins with its
  burst is too low. Give the dry steps of a record of fixed steps as well, and rain stays in its step.
- Fewer than three points (tips, or steps) make no course, and a storm has peaks only for stretches shorter than its
  whole minutes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

DURATIONS_MIN = (5, 10, 15, 30, 60)
POINTS_MIN = 3
MINUTE_MS = 60_000


class Fallen(NamedTuple):
    """The rain of a storm until an instant (ms), from its first tip, which is counted."""

    at: int
    rain_mm: float


class Peak(NamedTuple):
    """The largest intensity over a length of time, and where the stretch that has it ends (ms)."""

    rain_mm_per_h: float
    until: int


def storms(rain: Iterable[tuple[int, float]], *, dry_s: float) -> list[list[Fallen]]:
    """Rain as (instant in ms, mm), in order of time, cut where it pauses for longer than `dry_s`, and summed up.

    Rain of one instant is one point. A dry step (0 mm) is a point of the storm that it lies in, never its beginning,
    its end, or an end of its pauses.
    """
    found: list[list[Fallen]] = []
    dry: list[int] = []  # dry steps since the newest rain
    wet_at: int | None = None
    newest_at: int | None = None
    for at, rain_mm in rain:
        assert newest_at is None or newest_at <= at, "rain is given in order of time"
        newest_at = at
        if rain_mm == 0.0:
            dry.append(at)
            continue
        if wet_at is None or at - wet_at > dry_s * 1_000:
            found.append([Fallen(at, rain_mm)])
        else:
            storm = found[-1]
            so_far_mm = storm[-1].rain_mm
            for point in [*(Fallen(dry_at, so_far_mm) for dry_at in dry), Fallen(at, so_far_mm + rain_mm)]:
                if storm[-1].at == point.at:
                    storm.pop()
                storm.append(point)
        wet_at, dry = at, []
    return found


def intensities(storm: Sequence[Fallen], duration_min: int) -> list[Peak]:
    """The intensity of every stretch of a storm, by the minute; none where the storm is too short for one."""
    return _stretches(storm, _minutes(storm), duration_min)


def peaks(storm: Sequence[Fallen], durations_min: Iterable[int] = DURATIONS_MIN) -> Mapping[int, Peak]:
    """The peak for each duration that the storm is longer than; of stretches that rained alike the last.

    Alike is alike to the last bit: stretches that differ by less than arithmetic can tell are as good as each other.
    """
    minutes = _minutes(storm)
    found = {duration_min: _stretches(storm, minutes, duration_min) for duration_min in durations_min}
    return {
        duration_min: max(stretches, key=lambda one: (one.rain_mm_per_h, one.until))
        for duration_min, stretches in found.items()
        if stretches
    }


def _stretches(storm: Sequence[Fallen], minutes: Sequence[float], duration_min: int) -> list[Peak]:
    if len(minutes) - 1 <= duration_min:
        return []
    hours = duration_min / 60
    return [
        Peak((minutes[end] - minutes[end - duration_min]) / hours, storm[0].at + end * MINUTE_MS)
        for end in range(duration_min, len(minutes))
    ]


def _minutes(storm: Sequence[Fallen]) -> list[float]:
    """Millimetres that have fallen at each whole minute after the first tip; empty when points are too few."""
    if len(storm) < POINTS_MIN:
        return []
    after_min = [(fallen.at - storm[0].at) / MINUTE_MS for fallen in storm]
    course = []
    for minute in range(int(after_min[-1]) + 1):
        end = max(bisect_left(after_min, minute), 1)
        slope = (storm[end].rain_mm - storm[end - 1].rain_mm) / (after_min[end] - after_min[end - 1])
        course.append(slope * (minute - after_min[end - 1]) + storm[end - 1].rain_mm)
    return course
