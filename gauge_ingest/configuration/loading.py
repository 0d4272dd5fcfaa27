"""Reads config/ and the environment, all or nothing; the only reader of configuration files and of the environment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from gauge_ingest.configuration import actions, overrides, rules, stations
from gauge_ingest.configuration.actions import ActionsRead, read_actions
from gauge_ingest.configuration.ahead import chain_warnings
from gauge_ingest.configuration.files import read_table, read_text
from gauge_ingest.configuration.mistakes import ConfigurationRefused, Mistake, Place
from gauge_ingest.configuration.overrides import SettingsRead, read_settings
from gauge_ingest.configuration.people import PeopleRead, read_people
from gauge_ingest.configuration.platform import export_warnings, not_exported
from gauge_ingest.configuration.rules import RulesRead, read_rules
from gauge_ingest.configuration.settings import (
    JournalSettings,
    MqttSettings,
    NotifySettings,
    OutboundSettings,
    Settings,
)
from gauge_ingest.configuration.stations import StationsRead, read_stations
from gauge_ingest.configuration.templates import TemplatesRead, read_templates
from gauge_ingest.configuration.watch import WatchRead, read_watch
from gauge_ingest.core.actions import Actions
from gauge_ingest.core.model import Basin, Rule, Station
from gauge_ingest.core.people import Roster
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.core.watch import WATCHING, WatchSettings
from gauge_ingest.notifiers.settings import ChannelSettings

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
    basins: Mapping[str, Basin] = field(repr=False)
    digest: str
    text: str = field(repr=False)
    roster: Roster = field(default_factory=Roster, repr=False)
    channels: Mapping[str, ChannelSettings] = field(default_factory=dict, repr=False)
    actions: Actions = field(repr=False, default_factory=Actions)
    templates: Mapping[str, str] = field(repr=False, default_factory=dict)  # of messages, by file
    watch: WatchSettings = field(default=WATCHING, repr=False)
    platform: Mapping[str, PlatformStation] = field(default_factory=dict, repr=False)  # by station
    warnings: tuple[Mistake, ...] = ()  # what changes nothing, and may be a mistake

    @property
    def not_exported(self) -> str:
        """The stations that the export leaves out, in words; empty without an export, or when each has its code."""
        return not_exported(self.stations, self.platform) if self.settings.export.url else ""

    @property
    def names(self) -> dict[str, str]:
        """What people call each station and each basin, by its id."""
        stations = {station.id: station.name for station in self.stations.values()}
        return stations | {basin.id: basin.name for basin in self.basins.values()}


class _Read(NamedTuple):
    """What was read of each file, with its mistakes."""

    settings: SettingsRead
    stations: StationsRead
    rules: RulesRead
    people: PeopleRead
    todo: ActionsRead
    templates: TemplatesRead
    watch: WatchRead


def configuration_directory(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The folder to read: the one given, else GAUGE_CONFIG, else `config/`."""
    return given or Path(environ.get("GAUGE_CONFIG") or "config")


def load(directory: Path, environ: Mapping[str, str]) -> Configuration:
    """The configuration in a folder under an environment, or ConfigurationRefused with every mistake in them."""
    mistakes: list[Mistake] = []
    settings_table, stations_table, rules_table = _tables(directory, mistakes)
    settings = read_settings(settings_table or {}, environ, secret_text)
    stations = StationsRead() if stations_table is None else read_stations(stations_table)
    rules = RulesRead() if rules_table is None else read_rules(rules_table, stations.ids, stations.basins)
    people = read_people(directory, environ, secret_text) if is_folder(directory) else PeopleRead()
    _check_keep_days(settings, rules)
    levels = None if rules_table is None else [level for rule in rules.rules for level in rule.levels]
    places = None if stations.ids is None else {**stations.ids, **stations.basins}
    todo = read_actions(_optional(directory, actions.FILE, mistakes), levels=levels, places=places)
    watch = WatchRead() if rules_table is None else read_watch(rules_table)
    read = _Read(settings, stations, rules, people, todo, read_templates(directory), watch)
    mistakes += [mistake for part in read for mistake in part.mistakes]
    if mistakes:
        raise ConfigurationRefused(mistakes)
    return _configuration(read)


def load_settings(directory: Path, environ: Mapping[str, str]) -> Settings:
    """gauge_ingest.toml alone under an environment, whatever the other files hold; or ConfigurationRefused."""
    mistakes: list[Mistake] = []
    table = read_table(directory / overrides.FILE, mistakes)
    read = read_settings(table or {}, environ, secret_text)
    if mistakes or read.mistakes:
        raise ConfigurationRefused([*mistakes, *read.mistakes])
    return read.settings


def _optional(directory: Path, name: str, mistakes: list[Mistake]) -> Mapping[str, object]:
    """The contents of a file that need not be there."""
    path = directory / name
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    return (read_table(path, mistakes) or {}) if there else {}


def _tables(directory: Path, mistakes: list[Mistake]) -> list[Mapping[str, object] | None]:
    """The contents of the three files in the order settings, stations, rules; None where one cannot be read."""
    names = (overrides.FILE, stations.FILE, rules.FILE)
    if not is_folder(directory):
        remedy = "there is no such folder: name one with --config or GAUGE_CONFIG"
        mistakes.append(Place(str(directory)).mistake(remedy))
        return [None] * len(names)
    return [read_table(directory / name, mistakes) for name in names]


def is_folder(directory: Path) -> bool:
    """Whether there is such a folder; none where the file system cannot be asked."""
    try:
        return directory.is_dir()
    except (OSError, ValueError):
        return False


def secret_text(path: Path) -> str:
    """The text of a file that holds a secret; OSError, or ValueError where it is too large or no text."""
    return read_text(path, SECRET_FILE_BYTES_MAX)


def _check_keep_days(settings: SettingsRead, rules: RulesRead) -> None:
    """Rain that a rule may still look back to is never pruned."""
    keep_days = settings.settings.journal.keep_days
    look_back_s = max((_look_back_s(rule) for rule in rules.rules if rule.thresholds or rule.rises), default=0)
    if 0 < keep_days * DAY_S < look_back_s:
        days_min = -(-look_back_s // DAY_S)
        remedy = f"rules look back further: must be 0 (for ever) or at least {days_min}"
        settings.refuse("journal", "keep_days", remedy, keep_days)


def _look_back_s(rule: Rule) -> int:
    wet_s = (rule.wetness.days + 1) * DAY_S if rule.wetness is not None else 0
    return max(rule.window_max_s, wet_s) + rule.tell_within_s


def _configuration(read: _Read) -> Configuration:
    sections: dict[str, dict[str, Any]] = read.settings.settings.model_dump(mode="json")
    for section, key in overrides.SECRETS.values():
        del sections[section][key]
    export, platform = read.settings.settings.export, read.stations.platform
    for section, is_used in (("drill", bool(read.settings.settings.drill.name)), ("export", bool(export.url))):
        if not is_used:
            del sections[section]  # new to the program: it must change no text, see below
    levels = [level for rule in read.rules.rules for level in rule.levels]
    rules, stations = read.rules.canonical(), read.stations.canonical()
    everything: dict[str, object] = {"settings": sections, "stations": stations, "rules": rules}
    # What is not there is left out: a file that is new to the program changes no text, and nothing is owed for it.
    beside = {
        "basins": {basin.id: asdict(basin) for basin in read.stations.basins.values()},
        "people": read.people.canonical(),
        "actions": read.todo.canonical() if read.todo.actions.levels else {},
        "templates": read.templates.templates,
        "watch": read.watch.canonical() if read.watch.settings != WATCHING else {},
        "platform": {name: asdict(one) for name, one in platform.items()},
    }
    everything |= {name: part for name, part in beside.items() if part}
    text = json.dumps(everything, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Configuration(
        settings=read.settings.settings,
        stations=read.stations.stations,
        rules=tuple(read.rules.rules),
        basins=read.stations.basins,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        roster=read.people.roster,
        channels=read.people.channels,
        actions=read.todo.actions,
        templates=read.templates.templates,
        watch=read.watch.settings,
        platform=platform,
        warnings=(
            *(*read.people.warnings, *chain_warnings(read.people.chains, levels)),
            *(export_warnings(read.stations.stations, platform, step=export.step) if export.url else ()),
        ),
    )
