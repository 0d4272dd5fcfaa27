"""The logger of a rain station (RTU): counts pulses, decides when to report, remembers what was not acknowledged."""

from __future__ import annotations

from simulator.rtu.logger import Rtu
from simulator.rtu.memory import Memory, MemorySettings
from simulator.rtu.power import Power, PowerSettings, sun_share
from simulator.rtu.quirks import QuirkSettings
from simulator.rtu.rtc import ClockSettings, Rtc
from simulator.rtu.settings import RtuSettings

__all__ = [
    "ClockSettings",
    "Memory",
    "MemorySettings",
    "Power",
    "PowerSettings",
    "QuirkSettings",
    "Rtc",
    "Rtu",
    "RtuSettings",
    "sun_share",
]
