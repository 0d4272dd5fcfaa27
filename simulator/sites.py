"""Reads from the configuration folder what the simulator needs: the stations and the broker's address."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIONS_FILE = "stations.toml"
SERVICE_FILE = "gauge_ingest.toml"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 1883


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names file, key, value and remedy."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a station stands and how it counts."""

    station: str
    latitude: float
    longitude: float
    elevation_m: float
    bucket_depth_mm: float
    counter_modulus: int  # 0: the counter never wraps
    report_every_s: int


def read_sites(folder: Path) -> tuple[Site, ...]:
    """Return the stations of stations.toml in the file's order."""
    path = folder / STATIONS_FILE
    tables = _read_toml(path).get("stations")
    if not isinstance(tables, dict) or not tables:
        raise ConfigError(f"{path}: stations is missing: add a table such as [stations.HTB01]")
    return tuple(_site(path, name, table) for name, table in tables.items())


def read_broker(folder: Path, *, environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the broker's host and port as the service would find them."""
    path = folder / SERVICE_FILE
    section = _read_toml(path).get("mqtt", {}) if path.exists() else {}
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: mqtt = {section!r}: write a table [mqtt] with host and port")
    host = environment.get("GAUGE_MQTT_HOST", section.get("host", DEFAULT_HOST))
    port = environment.get("GAUGE_MQTT_PORT", section.get("port", DEFAULT_PORT))
    return parse_broker(f"{host}:{port}", origin=f"{path}: mqtt.host and mqtt.port")


def parse_broker(text: str, *, origin: str = "--broker") -> tuple[str, int]:
    """Return the host and port of HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"{origin}: {text!r} is no broker address: write HOST:PORT, such as 127.0.0.1:1883")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}): give its folder with --config DIR") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is no TOML ({error}): mend that place") from error


def _site(path: Path, name: str, table: object) -> Site:
    where = f"{path}: stations.{name}"
    if not isinstance(table, dict):
        raise ConfigError(f"{where} = {table!r}: write a table [stations.{name}]")
    if not name or any(letter in "/+#\0" or letter.isspace() for letter in name):
        raise ConfigError(f"{where}: a station's id goes into its topic: use letters and digits, no '/', '+', '#'")
    return Site(
        station=name,
        latitude=_number(where, table, "latitude", least=-90.0, most=90.0),
        longitude=_number(where, table, "longitude", least=-180.0, most=180.0),
        elevation_m=_number(where, table, "elevation_m", least=-500.0, most=9000.0, default=1000.0),
        bucket_depth_mm=_number(where, table, "bucket_depth_mm", least=0.01, most=10.0),
        counter_modulus=_whole(where, table, "counter_modulus", least=0, most=2**63 - 1, default=65536),
        report_every_s=_whole(where, table, "report_every_s", least=1, most=86400, default=300),
    )


def _number(
    where: str, table: dict[str, object], key: str, *, least: float, most: float, default: float | None = None
) -> float:
    value = table.get(key, default)
    if value is None:
        raise ConfigError(f"{where}.{key} is missing: give a number from {least:g} to {most:g}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ConfigError(f"{where}.{key} = {value!r}: give a number from {least:g} to {most:g}")
    return float(value)


def _whole(where: str, table: dict[str, object], key: str, *, least: int, most: int, default: int) -> int:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(f"{where}.{key} = {value!r}: give a whole number from {least} to {most}")
    return value
