"""What can be set on a logger: reports, counter, boot, visits, and the settings of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulator.bounds import STRICT, Dbm, Decibels, Whole
from simulator.rtu.memory import MemorySettings
from simulator.rtu.power import PowerSettings
from simulator.rtu.quirks import QuirkSettings
from simulator.rtu.rtc import ClockSettings

SEQ_MODULUS = 2**32  # of json_v1; a format with fewer numbers cuts them down itself


@dataclass(frozen=True, slots=True, kw_only=True)
class RtuSettings:
    """A proper firmware that does what docs/stations.md asks for. How often it reports is the site's."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    # Reports
    event_tips: Whole = 4  # an event report follows so many pulses since the last report; 0: none
    event_gap_s: Whole = 0  # from the last report to an event report at least
    hourly: bool = False  # at each full hour the last hour's timed readings again (SL 651, report 34)
    packs: bool = False  # while messages wait, new readings share one
    door_reports: bool = True  # a reading when somebody opens the box, and when it is closed
    # Counter and numbers
    first_count: Whole = 0
    first_seq: Whole = 0
    seq_restarts: bool = False  # at 0 after every boot
    counts_boots: bool = True  # False: the boot number stays, so a restart cannot be told from a bad count
    count_survives: bool = True  # a loss of power; a reboot says for itself whether the count is lost
    yearly_reset: bool = False  # to 0 on 1 January at 08:00 Beijing time (domain.md, section 3)
    test_tips_stay: bool = False  # a bad firmware: the water of a test is in the later counts
    # What a reading says beside
    temperature_sensor: bool = True
    signal_dbm: Dbm = -85.0
    signal_spread_db: Decibels = 6.0  # to both sides
    clock: ClockSettings = field(default_factory=ClockSettings)
    memory: MemorySettings = field(default_factory=MemorySettings)
    power: PowerSettings = field(default_factory=PowerSettings)
    quirks: QuirkSettings = field(default_factory=QuirkSettings)

    def __post_init__(self) -> None:
        if self.first_seq >= SEQ_MODULUS:
            raise ValueError(f"first_seq = {self.first_seq}: must be below {SEQ_MODULUS}")
