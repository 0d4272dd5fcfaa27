"""The accepted configuration: checked, kept beside the journal for the outbound process, whole or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gauge_ingest.configuration import Configuration, ConfigurationRefused, load
from gauge_ingest.outbound import OutboundProcess
from gauge_ingest.pump import Pump
from gauge_ingest.pump.accept import Network

FILES = ("gauge_ingest.toml", "stations.toml", "rules.toml", "people.toml", "actions.toml")
CALENDARS = "*.ics"  # people.toml may name one beside it
FOLDERS = ("messages",)
NEED_RESTART = ("mqtt", "journal")  # sections that a running process does not take up


def network_of(configuration: Configuration) -> Network:
    """What the pump wants of a configuration."""
    return Network(
        configuration.stations,
        configuration.rules,
        configuration.digest,
        configuration.text,
        configuration.settings.mqtt.topic,
        basins=configuration.basins,
        roster=configuration.roster,
        watch=configuration.watch,
    )


def accept(directory: Path, kept: Path, environ: Mapping[str, str]) -> Configuration:
    """Check a configuration and keep a copy of its files; raises ConfigurationRefused and keeps the old copy.

    The outbound process reads the copy: when it is started again, half-edited files are none of its business.
    """
    fresh = kept.with_name(kept.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    calendars = [path.name for path in directory.glob(CALENDARS) if path.is_file()]
    for name in (*FILES, *calendars):
        if (directory / name).exists():
            shutil.copyfile(directory / name, fresh / name)
    for name in FOLDERS:
        if (directory / name).is_dir():
            shutil.copytree(directory / name, fresh / name)
    configuration = load(fresh, environ)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)
    return configuration


class Reloader:
    """What SIGHUP and `gauge-ingest reload` do, between two batches."""

    def __init__(
        self, directory: Path, kept: Path, environ: Mapping[str, str], pump: Pump, outbound: OutboundProcess
    ) -> None:
        self._directory = directory
        self._kept = kept
        self._environ = environ
        self._pump = pump
        self._outbound = outbound
        self._settings = load(kept, environ).settings

    def __call__(self) -> dict[str, Any]:
        """`{"ok": True, "needs_restart": [sections]}`, or `{"ok": False, "mistakes": […]}` and the old one stays."""
        try:
            configuration = accept(self._directory, self._kept, self._environ)
        except ConfigurationRefused as error:
            return {"ok": False, "mistakes": [_mistake(mistake) for mistake in error.mistakes]}
        changed = [
            section
            for section in NEED_RESTART
            if getattr(self._settings, section) != getattr(configuration.settings, section)
        ]
        self._pump.configure(network_of(configuration))
        self._outbound.restart()
        return {"ok": True, "needs_restart": changed}


def _mistake(mistake: Any) -> dict[str, str]:
    return {"file": mistake.file, "key": mistake.key, "value": mistake.value, "remedy": mistake.remedy}
