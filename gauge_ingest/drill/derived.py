"""The configuration of a drill: that of the service, with a journal, a broker and a desk of its own, and marked."""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gauge_ingest.configuration import Configuration
from gauge_ingest.configuration.overrides import DRILLS
from gauge_ingest.core.model import DAY_MS, MINUTE_MS
from gauge_ingest.core.people import EVERYBODY, ChainStep, Person, Roster
from gauge_ingest.notifiers.settings import ChannelSettings

COPIED = ("stations.toml", "rules.toml", "actions.toml")
FEED_TITLE_MAX = 200
KEPT_OF_JOURNAL = ("unknown_sender_quota", "clock_ahead_max_s", "readings_older_than_days_max")


def drills_folder(configuration: Configuration) -> Path:
    """Where the drills of a service have their folders: beside its journal."""
    return configuration.settings.journal_path.absolute().with_name(DRILLS)


def roster_of(roster: Roster, to: Collection[str]) -> Roster:
    """Who is told in a drill: everybody as they are, or the people in `to` alone; then there is no rota.

    A step of a chain that names none of these, or whoever is on duty, tells all of them.
    """
    if not to:
        return roster
    people = {name: person for name, person in roster.people.items() if name in to}
    chains = {level: tuple(_step(step, people) for step in steps) for level, steps in roster.chains.items()}
    return Roster(people=people, chains=chains)


def write(
    folder: Path,
    source: Path,
    configuration: Configuration,
    *,
    name: str,
    mqtt: Mapping[str, Any],
    desk: Mapping[str, Any],
    to: Collection[str],
) -> Path:
    """Write the configuration into a drill's folder; where it stands. `source`: the folder of the service's own."""
    directory = folder / "config"
    directory.mkdir(parents=True)
    for file in COPIED:
        if (source / file).exists():
            shutil.copyfile(source / file, directory / file)
    if (source / "messages").is_dir():
        shutil.copytree(source / "messages", directory / "messages")
    _write_people(directory, source, configuration, to)
    settings = configuration.settings
    cap = settings.cap.model_dump(mode="json")
    feed_title = f"演习 DRILL {settings.cap.feed_title}"[:FEED_TITLE_MAX]
    cap |= (
        {"folder": str(folder / "cap"), "status": "Exercise", "feed_title": feed_title} if settings.cap.folder else {}
    )
    journal = {key: getattr(settings.journal, key) for key in KEPT_OF_JOURNAL}
    sections = {
        "drill": {"name": name},
        "mqtt": {"client_id": "gauge-ingest-drill", **mqtt},
        "journal": {"path": str(folder / "journal.db"), **journal},
        "outbound": {"retry_max_s": settings.outbound.retry_max_s},
        "notify": {"log": True, "mqtt": False},
        "desk": desk,
        "cap": cap,
    }
    text = "".join(f"\n[{section}]\n{_keys(keys)}" for section, keys in sections.items())
    (directory / "gauge_ingest.toml").write_text(f"# Written by a drill. Nothing of it is real.\n{text}", "utf-8")
    return directory


def _step(step: ChainStep, people: Mapping[str, Person]) -> ChainStep:
    named = tuple(name for name in step.tell if name in people)
    return replace(step, tell=named if len(named) == len(step.tell) else (EVERYBODY,))


def _write_people(directory: Path, source: Path, configuration: Configuration, to: Collection[str]) -> None:
    if not to:
        shutil.copyfile(source / "people.toml", directory / "people.toml")
        for calendar in source.glob("*.ics"):
            shutil.copyfile(calendar, directory / calendar.name)
        return
    roster = roster_of(configuration.roster, to)
    parts = [f"[channels.{_quoted(name)}]\n{_keys(_channel(one))}" for name, one in configuration.channels.items()]
    parts += [f"[people.{_quoted(one.id)}]\n{_keys(_person(one))}" for one in roster.people.values()]
    parts += [f"[chains.{_quoted(level)}]\nsteps = {_steps(steps)}\n" for level, steps in roster.chains.items()]
    (directory / "people.toml").write_text("# Written by a drill.\n" + "\n".join(parts), "utf-8")


def _channel(settings: ChannelSettings) -> dict[str, Any]:
    keys = settings.model_dump(mode="json", exclude={"secret"})
    return {key: value for key, value in keys.items() if value != ""}


def _person(person: Person) -> dict[str, Any]:
    reach = [[way.channel, way.to] for way in person.reach]
    keys: dict[str, Any] = {"name": person.name, "language": person.language, "reach": reach}
    if person.quiet is not None:
        keys["quiet"] = f"{_hour(person.quiet.since_min)}-{_hour(person.quiet.until_min)}"
    return keys


def _steps(steps: Sequence[ChainStep]) -> str:
    written = [f'{{ after = "{_after(step.after_s)}", tell = {_value(step.tell)} }}' for step in steps]
    return f"[{', '.join(written)}]"


def _after(after_s: int) -> str:
    return f"{after_s}s" if after_s % 60 else f"{after_s // 60}m"


def _hour(minute: int) -> str:
    return f"{minute % (DAY_MS // MINUTE_MS) // 60:02}:{minute % 60:02}"


def _keys(keys: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in keys.items())


def _value(value: Any) -> str:
    """A value as TOML writes it: for text, numbers, truth and lists that is how JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quoted(name: str) -> str:
    return _value(name)
