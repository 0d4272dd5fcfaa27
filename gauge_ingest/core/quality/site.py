"""What the checks may know of a station whose records are not ours."""

from dataclasses import dataclass

from gauge_ingest.core.quality.settings import DEFAULTS, QualitySettings


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a station: None where the file of stations does not say."""

    bucket_depth_mm: float | None = None
    neighbours: tuple[str, ...] = ()
    settings: QualitySettings = DEFAULTS
    through_mm_per_min: float = 8.0
    position: tuple[float, float] | None = None  # latitude and longitude in degrees
