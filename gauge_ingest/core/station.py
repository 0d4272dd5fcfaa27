"""Stations and their dated deployments: with which gauge a station measures, from when on, and what a tip means."""

from dataclasses import dataclass, field

from gauge_ingest.core.calibration import Calibration, corrected_mm
from gauge_ingest.core.quality.settings import DEFAULTS, QualitySettings

UNBOUNDED = 1 << 62


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where and with which gauge a station measures, from `since` on."""

    since: int
    bucket_depth_mm: float
    counter_modulus: int
    latitude: float
    longitude: float
    elevation_m: float
    calibration: Calibration | None = None  # None: what is counted stands
    calibrated_at: int | None = None  # when the gauge was last calibrated, or found to be right


@dataclass(frozen=True, slots=True)
class Station:
    """A rain station. `deployments` are in order of time and never empty; the first holds from the beginning."""

    id: str
    name: str
    deployments: tuple[Deployment, ...]
    report_every_s: int = 300
    neighbours: tuple[str, ...] = ()
    # 8 mm/min is what a gauge after GB/T 11832-2002 must still let through: no bucket of this kind tips faster.
    intensity_max_mm_per_min: float = 8.0
    quality: QualitySettings = DEFAULTS
    changes_at: tuple[int, ...] = field(init=False, default=())
    # Two reports further apart than this have lost at least one regular report between them.
    gap_after_ms: int = field(init=False, default=0)
    # A count below this is below the modulus of every deployment.
    counter_below: int = field(init=False, default=0)
    # Whether any deployment has a calibration: else corrected rain is counted rain everywhere.
    corrects: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes_at", tuple(deployment.since for deployment in self.deployments[1:]))
        object.__setattr__(self, "gap_after_ms", self.report_every_s * 2_500)
        moduli = [deployment.counter_modulus for deployment in self.deployments if deployment.counter_modulus]
        object.__setattr__(self, "counter_below", min(moduli, default=UNBOUNDED))
        calibrated = any(deployment.calibration is not None for deployment in self.deployments)
        object.__setattr__(self, "corrects", calibrated)

    def deployment_at(self, at: int) -> Deployment:
        """The deployment in force at an instant (at its very `since` the old one still ends an interval)."""
        current = self.deployments[0]
        for deployment in self.deployments[1:]:
            if at > deployment.since:
                current = deployment
        return current

    def depth_mm(self, tips: int, *, until: int) -> float:
        """Tips as millimetres with the bucket in use at `until`; rounded to a micrometre, for sums that print clean."""
        if not self.changes_at:
            return round(tips * self.deployments[0].bucket_depth_mm, 3)
        return round(tips * self.deployment_at(until).bucket_depth_mm, 3)

    def corrected_mm(self, tips: int, *, since: int, until: int) -> float:
        """Tips of an increment over (since, until] as the rain that fell: the deployment's calibration by intensity.

        Without a calibration the same as `depth_mm`, and rounded like it. The intensity is the increment's mean. A
        gap, or any long increment, hides how hard it rained within: loss grows faster than intensity (tip loss, or a
        curve with b > 1), so correcting by the mean gives too little then, never too much. Where the time is too
        short for so much rain, as in a backlog without a clock, nothing is added.
        """
        deployment = self.deployment_at(until)
        counted_mm = tips * deployment.bucket_depth_mm
        if deployment.calibration is None:
            return round(counted_mm, 3)
        fell_mm = corrected_mm(
            deployment.calibration,
            counted_mm,
            elapsed_s=(until - since) / 1000,
            bucket_depth_mm=deployment.bucket_depth_mm,
            mm_per_h_max=self.intensity_max_mm_per_min * 60,
        )
        return round(fell_mm, 3)


@dataclass(frozen=True, slots=True)
class Basin:
    """A catchment and its stations, each with the area that it stands for (any unit: shares count).

    `polygon`: its outline as (latitude, longitude), for maps and CAP; empty when it is not known.
    """

    id: str
    name: str
    weights: tuple[tuple[str, float], ...]
    polygon: tuple[tuple[float, float], ...] = ()

    @property
    def stations(self) -> tuple[str, ...]:
        """The ids of its stations."""
        return tuple(station for station, _ in self.weights)
