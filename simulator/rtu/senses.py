"""What a reading says beside the count: voltage, signal, temperature, each with its noise, or with its gap."""

from __future__ import annotations

from simulator.dice import Dice
from simulator.rtu.quirks import SENTINEL_C, SENTINEL_DBM, SENTINEL_V
from simulator.rtu.settings import RtuSettings

VOLTS_SPREAD = 0.02  # of the converter, to both sides; published readings have two decimals
TEMPERATURE_SPREAD_C = 0.3  # class B of a platinum sensor at 0 °C (IEC 60751)


class Senses:
    """The sensors and the modem's field strength of one station."""

    __slots__ = ("_fraction", "_missing_share", "_no_battery", "_sensor", "_sentinels", "_signal_dbm", "_spread_db")

    def __init__(self, settings: RtuSettings, dice: Dice) -> None:
        self._fraction = dice.fraction
        self._missing_share = settings.quirks.missing_share
        self._no_battery = settings.quirks.no_battery
        self._sentinels = settings.quirks.sentinels
        self._sensor = settings.temperature_sensor
        self._signal_dbm = settings.signal_dbm
        self._spread_db = settings.signal_spread_db

    def look(self, *, volts: float, air_c: float) -> tuple[float | None, int | None, float | None]:
        """Return supply voltage, signal in dBm and temperature as a reading says them."""
        fraction = self._fraction
        # Always as many draws: a setting changes what it is about, and no other reading.
        battery_v: float | None = round(100.0 * (volts + VOLTS_SPREAD * (2.0 * fraction() - 1.0))) / 100.0
        signal_dbm: int | None = round(self._signal_dbm + self._spread_db * (2.0 * fraction() - 1.0))
        temperature_c: float | None = round(10.0 * (air_c + TEMPERATURE_SPREAD_C * (2.0 * fraction() - 1.0))) / 10.0
        no_signal, no_temperature = fraction() < self._missing_share, fraction() < self._missing_share
        if self._no_battery:
            battery_v = SENTINEL_V if self._sentinels else None
        if no_signal:
            signal_dbm = SENTINEL_DBM if self._sentinels else None
        if no_temperature or not self._sensor:
            temperature_c = SENTINEL_C if self._sentinels else None
        return battery_v, signal_dbm, temperature_c
