"""import: the history of old stations from a CSV file, under a mapping; what it would take, or taken."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gauge_ingest.clock import Clock
from gauge_ingest.commands.history_writing import taken_in
from gauge_ingest.commands.import_text import document, show_plan
from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured, reading
from gauge_ingest.commands.output import Status, full_instant, notice, print_json, stop
from gauge_ingest.commands.progress import Advance, progress
from gauge_ingest.configuration import Configuration, ConfigurationRefused
from gauge_ingest.configuration.mapping import ImportMapping, load_mapping
from gauge_ingest.core.nearest import nearest
from gauge_ingest.importing.overlaps import Overlap, fresh, overlaps, without_own_record
from gauge_ingest.importing.plan import Plan, plan_of
from gauge_ingest.importing.rows import Bad, Told, Unreadable, rows_of, stations_named

ROWS_A_LOOK = 20_000
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; .gz is unpacked.")]
MappingOption = Annotated[
    Path, typer.Option("--mapping", metavar="FILE", help="What its columns mean (docs/import.md).")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be taken, and change nothing.")]
BeforeOption = Annotated[
    bool, typer.Option("--before-own", help="Leave out rows that lie in or behind a station's own record.")
]
RejectsOption = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Where refused rows are written [default: FILE.rejects.csv]"),
]


def import_history(
    file: FileArgument,
    *,
    mapping: MappingOption,
    dry_run: DryOption = False,
    before_own: BeforeOption = False,
    rejects: RejectsOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in the history of old stations from a CSV file; it raises no alert."""
    configuration, clock = configured(config), clock_of_environment()
    plan, digest = _planned(file, mapping, configuration, clock)
    with reading(configuration) as reader:
        met = overlaps(reader, plan)
        if before_own:
            without_own_record(reader, plan)
            met = overlaps(reader, plan)
        new = fresh(reader, plan)
    refused = rejects or file.with_name(f"{file.name}.rejects.csv")
    if not dry_run:
        _stop_where(met)
        if plan.bad:
            _write_rejects(refused, plan.bad)
        taken = taken_in(configuration, clock, plan, file=file.name, digest=digest)
    else:
        taken = None
    if as_json:
        print_json(document(plan, configuration, met, new, taken=taken, rejects=refused if plan.bad else None))
    else:
        show_plan(plan, configuration, met, new, taken=taken, rejects=refused)
    if plan.bad or (dry_run and met):
        raise typer.Exit(int(Status.NOT_WELL))


def _planned(file: Path, mapping: Path, configuration: Configuration, clock: Clock) -> tuple[Plan, str]:
    """The plan of a file, and what is in file and mapping as a digest; or an end that says what is wrong."""
    try:
        read = load_mapping(mapping)
        _known(configuration, stations_named(read), f"{mapping.name}: ")
        digest = hashlib.sha256(file.read_bytes() + mapping.read_bytes()).hexdigest()
        size = file.stat().st_size
        with progress(f"reading {file.name}") as advance:
            rows = _followed(rows_of(file, read), read, size, advance)
            plan = plan_of(rows, read, configuration.stations, now=clock.now())
    except ConfigurationRefused as error:
        stop(Status.WRONG_USE, *map(str, error.mistakes))
    except Unreadable as error:
        stop(Status.WRONG_USE, str(error))
    except OSError as error:
        stop(Status.WRONG_USE, f"{error.filename}: {error.strerror}")
    _known(configuration, {f"{rows} rows of {file.name}": name for name, rows in plan.unknown.items()})
    return plan, digest


def _followed(rows: Iterator[Told | Bad], mapping: ImportMapping, size: int, advance: Advance) -> Iterator[Told | Bad]:
    """The rows, with a bar that goes by a guess of how many there are."""
    guess = max(1, size // 20) * max(1, len(mapping.station.columns))
    for number, row in enumerate(rows):
        if number % ROWS_A_LOOK == 0:
            advance(min(0.99, number / guess))
        yield row


def _known(configuration: Configuration, named: Mapping[str, str], where: str = "") -> None:
    """An end that names the lines to add, where a station is not configured."""
    missing = {key: name for key, name in named.items() if name not in configuration.stations}
    if not missing:
        return
    sentences = [
        f"{where}{key}: station {name!r} is not in stations.toml: {nearest(name, configuration.stations)}; or add"
        f" [stations.{name}] there, with name, latitude, longitude, elevation_m and bucket_depth_mm, and reload"
        for key, name in missing.items()
    ]
    stop(Status.WRONG_USE, *sentences, "nothing was taken in")


def _stop_where(met: Sequence[Overlap]) -> None:
    if not met:
        return
    words = {
        "readings": "lie in or behind its own record: counts speak for that time. Leave them out with --before-own",
        "imported": "tell otherwise what was imported before for that time: nothing is written over",
    }
    stop(
        Status.WRONG_USE,
        *(
            f"{one.station}: {one.rows} rows from {full_instant(one.since)} to {full_instant(one.until)}"
            f" {words[one.by]}"
            for one in met
        ),
        "nothing was taken in",
    )


def _write_rejects(path: Path, bad: Sequence[Bad]) -> None:
    """The refused rows with line and reason, whole or not at all."""
    half = path.with_name(f"{path.name}.half")
    try:
        with half.open("w", encoding="utf-8", newline="") as file:
            written = csv.writer(file)
            written.writerow(["line", "station", "reason", "cells"])
            written.writerows([one.line, one.station, one.reason, *one.cells] for one in bad)
        half.replace(path)
    except OSError as error:
        stop(
            Status.UNREACHABLE, f"{path}: refused rows cannot be written: {error.strerror}; name another --rejects FILE"
        )
    kinds = Counter(one.kind for one in bad)
    notice(f"{len(bad)} rows refused ({', '.join(f'{n} {kind}' for kind, n in kinds.items())}): {path}")
