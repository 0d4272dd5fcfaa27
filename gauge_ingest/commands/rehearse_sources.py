"""Where a rehearsal's history and rules come from: the journal, a CSV file, a scenario of the simulator; rule files."""

import csv
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gauge_ingest.commands.opening import moment, reading
from gauge_ingest.commands.output import Status, notice, stop
from gauge_ingest.configuration import Configuration, Mistake
from gauge_ingest.configuration.files import read_table
from gauge_ingest.configuration.rules import FILE, read_rules
from gauge_ingest.core.model import MINUTE_MS, Basin, Rule, Station
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.rehearsal.kept import read_kept
from gauge_ingest.rehearsal.known import KnownEvent, read_events
from gauge_ingest.rehearsal.lines import BadFile, read_lines, record_of
from gauge_ingest.rehearsal.replay import Record
from gauge_ingest.rehearsal.steps import UM_PER_MM, Lines

# When a scenario begins: the hour of thunderstorms.
SCENARIO_START = "2026-07-15T18:00:00+08:00"
SCENARIO_S_MAX = 600

OnShare = Callable[[float], None]


def rules_of(path: Path, stations: Mapping[str, Station], basins: Mapping[str, Basin]) -> Sequence[Rule]:
    """The rules of a file, for stations and basins of the configuration; or an end that names every mistake in it."""
    mistakes: list[Mistake] = []
    table = read_table(path, mistakes)
    read = None
    if table is not None:
        read = read_rules(table, stations, basins)
        mistakes += read.mistakes
    if read is None or mistakes:
        named = [replace(one, file=str(path)) if one.file in (FILE, path.name) else one for one in mistakes]
        stop(Status.WRONG_USE, f"the rules in {path} cannot be used:", *map(str, named))
    if not read.rules:
        stop(Status.WRONG_USE, f"{path}: holds no rule: begin one with a line like [rules.flash_flood]")
    return read.rules


def events_of(path: Path, scopes: Sequence[str]) -> list[KnownEvent]:
    """The known events of a file, or an end that names every mistake in it."""
    try:
        return read_events(path, scopes)
    except BadFile as bad:
        stop(Status.WRONG_USE, *bad.mistakes)
    except OSError as error:
        stop(Status.WRONG_USE, f"--events {path}: cannot be read: {error.strerror}")


def of_journal(
    configuration: Configuration, since: str, rules: Sequence[Rule], *, now: int, on_share: OnShare
) -> Record:
    """What the journal has received since an instant, and what windows need of before."""
    begin = moment("--since", since, now)
    if begin >= now:
        stop(Status.WRONG_USE, f"--since {since}: must be before now")
    with reading(configuration) as reader:
        stations, basins = configuration.stations, configuration.basins
        record = read_kept(reader, stations, rules, basins, since=begin, until=now, on_share=on_share)
    if not record.total:
        stop(Status.WRONG_USE, f"--since {since}: the journal has no reading of these rules' stations from then on")
    return record


def of_csv(path: Path, stations: Mapping[str, Station], basins: Mapping[str, Basin], *, on_share: OnShare) -> Record:
    """The rain of a file, or an end that says line by line what is wrong with it."""
    try:
        return read_lines(path, stations, list(basins.values()), on_share=on_share, notice=notice)
    except BadFile as bad:
        stop(Status.WRONG_USE, *bad.mistakes)
    except OSError as error:
        stop(Status.WRONG_USE, f"--csv {path}: cannot be read: {error.strerror}")


def of_scenario(name: str, config: Path, configuration: Configuration, *, seed: int, on_share: OnShare) -> Record:
    """What the gauges of a scenario count, minute by minute; nothing of it is late or lost."""
    on_share(0.0)
    stations = configuration.stations
    with TemporaryDirectory(prefix="rehearse-") as folder:
        out = Path(folder) / "truth.csv"
        command = [sys.executable, "-m", "simulator", "truth", name, "--config", str(config), "--seed", str(seed)]
        command += ["--start", SCENARIO_START, "--out", str(out)]
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command, capture_output=True, text=True, timeout=SCENARIO_S_MAX, check=False
            )
        except subprocess.TimeoutExpired:
            stop(Status.UNREACHABLE, f"--scenario {name}: the simulator took longer than {SCENARIO_S_MAX} s")
        if done.returncode:
            stop(Status.WRONG_USE, f"--scenario {name}:", *done.stderr.strip().splitlines()[-5:])
        with out.open(encoding="utf-8", newline="") as file:
            lines, names = _truth(csv.DictReader(file), stations)
    if not len(lines):
        stop(Status.WRONG_USE, f"--scenario {name}: it has no station of stations.toml")
    return record_of(name, lines, names, stations, list(configuration.basins.values()), notice=notice)


def _truth(rows: "csv.DictReader[str]", stations: Mapping[str, Station]) -> tuple[Lines, list[str]]:
    lines, names = Lines(), dict[str, int]()
    start = parse_instant(SCENARIO_START)
    for row in rows:
        station = stations.get(row["station"])
        if station is None:
            continue
        at = start + int(row["minute"]) * MINUTE_MS
        lines.station.append(names.setdefault(station.id, len(names)))
        lines.observed_at.append(at)
        lines.received_at.append(at)
        lines.rain_um.append(round(station.depth_mm(int(row["tips"]), until=at) * UM_PER_MM))
    return lines, list(names)
