"""What is known of how a station is doing: the figures of a span, and of each of its days."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HealthDay:
    """One day of a span, (since, until], counted back from its end. None: nothing is known of it."""

    since: int
    until: int
    regularity: float | None = None  # share of the expected regular reports that came, 0 to 1
    battery_min_v: float | None = None
    signal_dbm: float | None = None  # median
    suspect_share: float | None = None  # of the rows that stand: with flag 3 ...
    failed_share: float | None = None  # ... with flag 4 ...
    missing_share: float | None = None  # ... with flag 9


@dataclass(frozen=True, slots=True)
class StationHealth:
    """How a station did in (since, until]. None: not known; a 0 is an answer. Shares go from 0 to 1.

    docs/operations.md says how each figure is found and what it cannot tell apart.
    """

    station: str
    since: int
    until: int
    last_heard_at: int | None = None  # our clock
    last_observed_at: int | None = None  # the station's clock
    regularity: float | None = None  # share of the expected regular reports that came, however late
    reports_expected: int | None = None
    reports_seen: int | None = None
    longest_silence_s: int | None = None  # between neighbouring reports of any kind, by the station's clock
    seq_gaps: int | None = None
    seq_missing: int | None = None  # messages
    seq_seen: int | None = None  # messages
    restarts: int | None = None
    clock_offset_s: float | None = None  # above 0: ahead; below: behind, the way of a report included
    clock_drift_s_per_day: float | None = None  # above 0: gains
    clock_mended: int | None = None  # readings
    clock_mended_at: int | None = None  # the newest of them
    battery_v: float | None = None  # the newest
    battery_min_v: float | None = None  # of the newest day
    battery_trend_v_per_day: float | None = None  # of the lowest voltage of each day
    battery_days_to_empty: float | None = None  # None when it is not falling, too
    signal_dbm: float | None = None  # median
    signal_worst_dbm: float | None = None
    suspect_share: float | None = None  # of the rows that stand, by flag: 3 ...
    failed_share: float | None = None  # ... 4 ...
    missing_share: float | None = None  # ... 9
    days_since_visit: float | None = None
    days_since_calibration: float | None = None
    door_open: bool | None = None  # by the newest report that says so
    days: tuple[HealthDay, ...] = ()  # the oldest first
