"""The accepted configuration: checked, kept beside the journal for the outbound process, whole or not at all."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gauge_ingest.configuration import (
    Configuration,
    ConfigurationRefused,
    Mistake,
    Usable,
    copy_before,
    kept_beside,
    load,
    stand_in,
    usable,
)
from gauge_ingest.core.watch import Refused
from gauge_ingest.outbound import OutboundProcess
from gauge_ingest.pump import Pump
from gauge_ingest.pump.accept import Network

log = logging.getLogger("gauge_ingest")

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


def take_up(directory: Path, environ: Mapping[str, str]) -> Usable:
    """What a start runs on: the configuration in a folder, kept from now on, else the one that was kept before.

    Raises ConfigurationRefused with the folder's mistakes where neither can be used.
    """
    chosen = usable(directory, environ)
    if chosen.refusal is None:
        kept = kept_beside(chosen.configuration.settings.journal_path)
        try:
            chosen = Usable(accept(directory, kept, environ), kept)
        except ConfigurationRefused as refused:  # changed since, or it cannot be kept
            chosen = stand_in(directory, environ, refused)
    if chosen.refusal is not None:
        tell_of(chosen.refusal.mistakes)
        log.error("mend it, then reload; running on the configuration accepted at=%s", chosen.refusal.accepted)
        kept = kept_beside(chosen.configuration.settings.journal_path)
        if chosen.directory != kept:
            chosen = chosen._replace(directory=chosen.directory.rename(kept))
    _warn(chosen.configuration)
    return chosen


def tell_of(mistakes: Sequence[Mistake]) -> None:
    """Log each mistake for which a configuration is refused."""
    for mistake in mistakes:
        log.error("configuration refused mistake=%s", mistake)


def accept(directory: Path, kept: Path, environ: Mapping[str, str]) -> Configuration:
    """Check a configuration and keep a copy of its files; raises ConfigurationRefused and keeps the old copy.

    The outbound process reads the copy: when it is started again, half-edited files are none of its business.
    """
    load(directory, environ)  # its mistakes are told with the folder that they stand in
    fresh = kept.with_name(kept.name + ".new")
    try:
        _copy(directory, fresh)
        configuration = load(fresh, environ)
        _put_in_place(fresh, kept)
    except OSError as error:
        raise ConfigurationRefused([Mistake(str(kept), "", "", f"it cannot be kept there: {error}")]) from error
    return configuration


def _put_in_place(fresh: Path, kept: Path) -> None:
    """The new copy takes the place of the old one; at each moment one of them is there whole."""
    before = copy_before(kept)
    if kept.exists():
        shutil.rmtree(before, ignore_errors=True)
        kept.rename(before)
    try:
        fresh.rename(kept)
    except OSError:
        if before.is_dir():
            before.rename(kept)  # the process beside us reads it there
        raise
    shutil.rmtree(before, ignore_errors=True)


def _copy(directory: Path, fresh: Path) -> None:
    """Copy the files of a configuration, down to the disk: after a power cut the copy is all that there may be."""
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    calendars = [path.name for path in directory.glob(CALENDARS) if path.is_file()]
    for name in (*FILES, *calendars):
        if (directory / name).exists():
            shutil.copyfile(directory / name, fresh / name)
    for name in FOLDERS:
        if (directory / name).is_dir():
            shutil.copytree(directory / name, fresh / name)
    for path in (*fresh.rglob("*"), fresh):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Reloader:
    """What SIGHUP and `gauge-ingest reload` do, between two batches."""

    def __init__(
        self, directory: Path, running: Usable, environ: Mapping[str, str], pump: Pump, outbound: OutboundProcess
    ) -> None:
        self._directory = directory
        self._kept = running.directory
        self._environ = environ
        self._pump = pump
        self._outbound = outbound
        self._settings = running.configuration.settings
        self._refusal = running.refusal

    @property
    def refused(self) -> Refused:
        """Why the start went on with the configuration that was kept; empty when it did not, or it is mended."""
        return Refused() if self._refusal is None else Refused(self._refusal.where, str(self._refusal))

    def __call__(self) -> dict[str, Any]:
        """`{"ok": True, "needs_restart": [sections], "warnings": […]}`, or `{"ok": False, "mistakes": […]}` and the old
        one stays.
        """
        try:
            configuration = accept(self._directory, self._kept, self._environ)
        except ConfigurationRefused as error:
            tell_of(error.mistakes)
            if self._refusal is not None:
                self._refusal = replace(self._refusal, mistakes=error.mistakes)
            return {"ok": False, "mistakes": [_told(mistake) for mistake in error.mistakes]}
        self._refusal = None
        _warn(configuration)
        changed = [
            section
            for section in NEED_RESTART
            if getattr(self._settings, section) != getattr(configuration.settings, section)
        ]
        self._pump.configure(network_of(configuration))
        self._outbound.restart()
        return {
            "ok": True,
            "needs_restart": changed,
            "warnings": [_told(mistake) for mistake in configuration.warnings],
        }


def _warn(configuration: Configuration) -> None:
    for warning in configuration.warnings:
        log.warning("configuration accepted but for=%s", warning)


def _told(mistake: Mistake) -> dict[str, str]:
    return {"file": mistake.file, "key": mistake.key, "value": mistake.value, "remedy": mistake.remedy}
