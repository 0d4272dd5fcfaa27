"""Reads config/ and the environment, all or nothing; the only reader of configuration files and of the environment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gauge_ingest.configuration import overrides, rules, stations
from gauge_ingest.configuration.files import read_table, read_text
from gauge_ingest.configuration.mistakes import ConfigurationRefused, Mistake, Place
from gauge_ingest.configuration.overrides import SettingsRead, read_settings
from gauge_ingest.configuration.rules import RulesRead, read_rules
from gauge_ingest.configuration.settings import (
    JournalSettings,
    MqttSettings,
    NotifySettings,
    OutboundSettings,
    Settings,
)
from gauge_ingest.configuration.stations import StationsRead, read_stations
from gauge_ingest.configuration.watch import WatchRead, read_watch
from gauge_ingest.core.model import Rule, Station
from gauge_ingest.core.watch import WATCHING, WatchSettings

__all__ = [
    "Configuration",
    "ConfigurationRefused",
    "JournalSettings",
    "Mistake",
    "MqttSettings",
    "NotifySettings",
    "OutboundSettings",
    "Settings",
    "configuration_directory",
    "load",
]

SECRET_FILE_BYTES_MAX = 16 * 1024
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that has been checked as a whole. `text` is all of it but the secrets, `digest` its SHA-256."""

    settings: Settings
    stations: Mapping[str, Station] = field(repr=False)
    rules: tuple[Rule, ...] = field(repr=False)
    digest: str
    text: str = field(repr=False)
    watch: WatchSettings = field(default=WATCHING, repr=False)


def configuration_directory(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The folder to read: the one given, else GAUGE_CONFIG, else `config/`."""
    return given or Path(environ.get("GAUGE_CONFIG") or "config")


def load(directory: Path, environ: Mapping[str, str]) -> Configuration:
    """The configuration in a folder under an environment, or ConfigurationRefused with every mistake in them."""
    mistakes: list[Mistake] = []
    settings_table, stations_table, rules_table = _tables(directory, mistakes)
    settings = read_settings(settings_table or {}, environ, _secret_text)
    stations = StationsRead() if stations_table is None else read_stations(stations_table)
    rules = RulesRead() if rules_table is None else read_rules(rules_table, stations.ids)
    watch = WatchRead() if rules_table is None else read_watch(rules_table)
    _check_keep_days(settings, rules)
    mistakes += [*settings.mistakes, *stations.mistakes, *rules.mistakes, *watch.mistakes]
    if mistakes:
        raise ConfigurationRefused(mistakes)
    return _configuration(settings.settings, stations, rules, watch)


def _tables(directory: Path, mistakes: list[Mistake]) -> list[Mapping[str, object] | None]:
    """The contents of the three files in the order settings, stations, rules; None where one cannot be read."""
    names = (overrides.FILE, stations.FILE, rules.FILE)
    try:
        is_folder = directory.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        remedy = "there is no such folder: name one with --config or GAUGE_CONFIG"
        mistakes.append(Place(str(directory)).mistake(remedy))
        return [None] * len(names)
    return [read_table(directory / name, mistakes) for name in names]


def _secret_text(path: Path) -> str:
    return read_text(path, SECRET_FILE_BYTES_MAX)


def _check_keep_days(settings: SettingsRead, rules: RulesRead) -> None:
    """Rain that a rule may still look back to is never pruned."""
    keep_days = settings.settings.journal.keep_days
    look_back_s = max((rule.window_max_s + rule.tell_within_s for rule in rules.rules if rule.thresholds), default=0)
    if 0 < keep_days * DAY_S < look_back_s:
        days_min = -(-look_back_s // DAY_S)
        remedy = f"rules look back further: must be 0 (for ever) or at least {days_min}"
        settings.refuse("journal", "keep_days", remedy, keep_days)


def _configuration(settings: Settings, stations: StationsRead, rules: RulesRead, watch: WatchRead) -> Configuration:
    sections: dict[str, dict[str, Any]] = settings.model_dump(mode="json")
    for section, key in overrides.SECRETS.values():
        del sections[section][key]
    everything = {
        "settings": sections,
        "stations": stations.canonical(),
        "rules": rules.canonical(),
        "watch": watch.canonical(),
    }
    text = json.dumps(everything, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Configuration(
        settings=settings,
        stations=stations.stations,
        rules=tuple(rules.rules),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        watch=watch.settings,
    )
