"""The grades of a station's figures, and from where on a figure is to be watched, or ill."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Grade(IntEnum):
    """How well a figure is; the higher the worse. UNKNOWN says that nobody can tell, and is no trouble by itself."""

    UNKNOWN = 0
    OK = 1
    WATCH = 2
    ILL = 3


class Graded(NamedTuple):
    """One thing that was looked at."""

    name: str
    grade: Grade
    reason: str


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """From where on a figure is to be watched, and ill. [EST]: our own estimate, to be set by experience."""

    # Three regular reports missing is silent, as in `gauge-ingest stations`; two make one look.
    missed_watch: int = 2
    missed_ill: int = 3
    # [EST] 5 %: more than an hour of each day is missing; 20 %: five hours.
    regularity_watch: float = 0.95
    regularity_ill: float = 0.8
    # The reception test of QARTOD (ioos_qc): 6 h.
    silence_watch_s: int = 21_600
    # [EST] of the messages.
    seq_missing_share_watch: float = 0.01
    seq_missing_share_ill: float = 0.1
    # [EST] one restart a week is a firmware's habit, one a day a supply's illness.
    restarts_per_day_watch: float = 1 / 7
    restarts_per_day_ill: float = 1.0
    # A minute shifts rain into the next window of five; ten minutes are journal.clock_ahead_max_s, where times are
    # mended.
    clock_offset_s_watch: float = 60.0
    clock_offset_s_ill: float = 600.0
    # A plain crystal loses 1.7 s a day when warm and 6 s at -20 °C (0.034 ppm/K² from 25 °C); 60 s a day makes ten
    # minutes in ten days.
    clock_drift_s_per_day_watch: float = 10.0
    clock_drift_s_per_day_ill: float = 60.0
    # 12 V lead-acid: warn below 11.5 V, alarm below 11.0 V, cut-off 10.5 to 10.8 V (field logs of RTUs).
    battery_v_watch: float = 11.5
    battery_v_ill: float = 11.0
    # [EST] a visit takes a week to arrange; a month is time to plan it.
    battery_days_to_empty_watch: float = 30.0
    battery_days_to_empty_ill: float = 7.0
    # Modems measure from -113 dBm (3GPP TS 27.007); makers call less than -95 to -100 dBm too little for lasting data
    # connections, and a GSM receiver hears nothing below -107 to -110 dBm.
    signal_dbm_watch: float = -100.0
    signal_dbm_ill: float = -107.0
    # [EST] of the rows that stand, flags 3, 4 and 9 together.
    doubted_share_watch: float = 0.05
    doubted_share_ill: float = 0.25
    # Once a year, before the flood season.
    days_since_visit_watch: float = 365.0
    days_since_calibration_watch: float = 365.0
    # A single day is judged as well when it has so many regular reports: fewer are no share.
    reports_per_day_min: int = 24


def above(value: float, watch: float, ill: float | None = None) -> Grade:
    """The grade of a value that should not be above its bounds."""
    if ill is not None and value > ill:
        return Grade.ILL
    return Grade.WATCH if value > watch else Grade.OK


def below(value: float, watch: float, ill: float) -> Grade:
    """The grade of a value that should not be below its bounds."""
    return above(-value, -watch, -ill)
