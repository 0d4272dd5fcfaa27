"""A tipping-bucket gauge: turns rain into tips in continuous time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Gauge:
    """One bucket. Water that has not tipped yet stays in it: caught = tips x depth + residue."""

    bucket_depth_mm: float
    undercatch_share: float = 0.0  # of the rain that misses the funnel or is lost while the bucket turns
    residue_mm: float = 0.0

    def caught_mm(self, fell_mm: float) -> float:
        """Return how much of the rain reaches the bucket."""
        return fell_mm * (1.0 - self.undercatch_share)

    def collect(self, caught_mm: float, *, since_s: float, until_s: float) -> list[float]:
        """Take water that runs in evenly during (since, until]; return the instants at which the bucket tips."""
        tips: list[float] = []
        filled_mm = self.residue_mm + caught_mm
        while filled_mm >= self.bucket_depth_mm:
            filled_mm -= self.bucket_depth_mm
            tips.append(until_s - (until_s - since_s) * min(filled_mm / caught_mm, 1.0))
        self.residue_mm = filled_mm
        return tips
