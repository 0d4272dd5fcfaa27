"""Prepares a drill's folder: a free port for its broker, its configuration, its environment."""

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gauge_ingest.clock import VARIABLE
from gauge_ingest.configuration import Configuration, ConfigurationRefused, load
from gauge_ingest.core.spans import instant_text
from gauge_ingest.demo.stage import Stage, find_mosquitto
from gauge_ingest.drill.derived import write
from gauge_ingest.drill.run import Plan, desk_secret

CHANNEL_SECRETS = "GAUGE_SECRET_"
OF_THE_DESK = "GAUGE_DESK_SECRET"


class Set(NamedTuple):
    """A drill that is ready to begin."""

    stage: Stage
    configuration: Configuration


def folder_name(wall: int) -> str:
    """What the folder of a drill that begins at an instant is called: a date and a time of Beijing."""
    return instant_text(wall // 1000 * 1000)[:19].replace("T", "_").replace(":", "")


def set_up(
    folder: Path, source: Path, configuration: Configuration, plan: Plan, *, desk_port: int, public_url: str
) -> Set:
    """Make the folder and everything in it; FileExistsError where there is one."""
    folder.mkdir(parents=True)
    port, mosquitto = _free_port(), find_mosquitto()
    desk: dict[str, Any] = {"port": desk_port}
    if desk_port:
        desk |= {"host": configuration.settings.desk.host, "link_hours": configuration.settings.desk.link_hours}
        desk |= {"public_url": public_url}
    mqtt = {"port": port, "protocol": "5" if mosquitto else "3.1.1"}
    config = write(folder, source, configuration, name=plan.name, mqtt=mqtt, desk=desk, to=plan.to)
    environ = _environ(os.environ)
    stage = Stage(folder, config, folder / "journal.db", port, mosquitto, environ)
    try:
        return Set(stage, load(config, environ))
    except ConfigurationRefused:
        shutil.rmtree(folder)
        raise


def _environ(outer: Mapping[str, str]) -> dict[str, str]:
    """What the drill's processes see: no value of the service's settings, the secrets of channels, a desk's own."""
    kept = {name: text for name, text in outer.items() if not name.startswith("GAUGE_")}
    kept |= {name: text for name, text in outer.items() if name.startswith(CHANNEL_SECRETS) or name == VARIABLE}
    return {**kept, OF_THE_DESK: desk_secret(), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
