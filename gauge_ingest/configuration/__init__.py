"""Configuration: TOML files, a calendar, templates and the environment, checked as a whole before any of it is used."""

from gauge_ingest.configuration.ahead import rota_warnings
from gauge_ingest.configuration.kept import Refusal, Usable, copy_before, first_of, kept_beside, stand_in, usable
from gauge_ingest.configuration.loading import (
    Configuration,
    ConfigurationRefused,
    JournalSettings,
    Mistake,
    MqttSettings,
    NotifySettings,
    OutboundSettings,
    Settings,
    configuration_directory,
    load,
    load_settings,
)

__all__ = [
    "Configuration",
    "ConfigurationRefused",
    "JournalSettings",
    "Mistake",
    "MqttSettings",
    "NotifySettings",
    "OutboundSettings",
    "Refusal",
    "Settings",
    "Usable",
    "configuration_directory",
    "copy_before",
    "first_of",
    "kept_beside",
    "load",
    "load_settings",
    "rota_warnings",
    "stand_in",
    "usable",
]
