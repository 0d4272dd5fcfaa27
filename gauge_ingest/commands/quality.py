"""quality: the checks over anybody's records, and what they flagged at our own stations."""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from gauge_ingest.assess import (
    Assessed,
    BadRecords,
    Records,
    Site,
    assess,
    is_kept,
    read_records,
    touched,
    write_flags,
    write_rows,
)
from gauge_ingest.commands.output import Status, flag_word, notice, show, show_aside, stop, table
from gauge_ingest.configuration.assessed import AssessedStations, read_assessed_stations
from gauge_ingest.configuration.mistakes import ConfigurationRefused
from gauge_ingest.core.model import Flag

NEIGHBOURS_KM = 60.0
STDOUT = Path("-")
TOLD_NAMES_MAX = 5

app = typer.Typer(no_args_is_help=True, add_completion=False)

RecordsArgument = Annotated[
    Path, typer.Argument(help="CSV: station,observed_at,rain_mm, or without rain_mm one row per tip.")
]
StationsOption = Annotated[
    Path | None, typer.Option("--stations", help="TOML: [stations.ID] with latitude, longitude, bucket_depth_mm.")
]
OutOption = Annotated[
    Path,
    typer.Option("--out", dir_okay=False, help="Where the flags go: a CSV file, one row for each row; - is stdout."),
]
NearOption = Annotated[
    float, typer.Option("--neighbours-km", min=0.0, max=20_040.0, help="Stations this near are neighbours.")
]


@app.callback()
def quality() -> None:
    """Whether rain can be trusted: checks, and what they flagged."""


@app.command("assess")
def assess_records(
    records: RecordsArgument,
    *,
    out: OutOption,
    stations: StationsOption = None,
    neighbours_km: NearOption = NEIGHBOURS_KM,
) -> None:
    """Run the service's checks over a file of records, in order of time, as if they arrived live."""
    begun = monotonic()
    if out != STDOUT:
        _admit(out, records, stations)
    try:
        told = AssessedStations() if stations is None else read_assessed_stations(stations, neighbours_km=neighbours_km)
    except ConfigurationRefused as error:
        stop(Status.WRONG_USE, *str(error).splitlines())
    for sentence in told.passed_over:
        notice(sentence)
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        found = _read(records, progress)
        sites = {name: told.sites.get(name, told.others) for name in found.stations}
        _tell_of(found, sites)
        task = progress.add_task("checking", total=len(found))
        with _unswept():
            assessed = assess(found, sites, on_rows=lambda rows: progress.update(task, completed=rows))
        progress.update(task, description="writing", completed=len(found))
        try:
            _write(out, found, assessed)
        except OSError as error:
            stop(Status.WRONG_USE, f"--out {out}: cannot be written: {error.strerror}")
    answer = show_aside if out == STDOUT else show
    answer(_table(found, assessed), f"{len(found):,} rows in {monotonic() - begun:.1f} s")


def _admit(out: Path, *given: Path | None) -> None:
    """End here, before the long work, where the flags would be written over anything but older flags."""
    for file in touched(out):
        over = [one for one in given if one is not None and one.resolve() == file.resolve()]
        if over:
            stop(Status.WRONG_USE, f"--out {out}: would write over {over[0]}: name another file")
        try:
            kept = is_kept(file)
        except OSError as error:
            stop(Status.WRONG_USE, f"--out {out}: {file} cannot be looked into: {error.strerror}")
        if kept:
            stop(Status.WRONG_USE, f"--out {out}: {file} is there and holds no flags: name another file, or remove it")


def _write(out: Path, records: Records, assessed: Assessed) -> None:
    if out != STDOUT:
        write_flags(out, records, assessed)
        return
    file = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        write_rows(file, records, assessed)
    finally:
        file.detach()  # stdout stays open


def _read(path: Path, progress: Progress) -> Records:
    task: TaskID = progress.add_task("reading", total=None)
    try:
        return read_records(path, on_rows=lambda rows: progress.update(task, completed=rows))
    except BadRecords as error:
        stop(Status.WRONG_USE, *error.mistakes)
    except OSError as error:
        stop(Status.WRONG_USE, f"{path}: cannot be read: {error.strerror}")
    finally:
        progress.remove_task(task)


def _tell_of(records: Records, sites: Mapping[str, Site]) -> None:
    """Say what was assumed."""
    if records.naive:
        notice("observed_at without an offset is taken as UTC")
    if not records.in_order():
        notice("the rows are not in order of time: they are checked in order, and written as they stand")
    compared = {name for site in sites.values() for name in site.neighbours}
    compared |= {name for name, site in sites.items() if site.neighbours or site.position is not None}
    unknown = [name for name in records.stations if name not in compared]
    if unknown:
        notice(f"no position for {_named(unknown)}: neither compared with neighbours nor a neighbour to anybody")
    if records.tips and (without := [name for name in records.stations if sites[name].bucket_depth_mm is None]):
        notice(f"no bucket_depth_mm for {_named(without)}: 0.2 mm a tip is assumed")


@contextmanager
def _unswept() -> Iterator[None]:
    """Millions of small values that all stay: looking through them again and again for garbage frees nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _named(names: list[str]) -> str:
    more = len(names) - TOLD_NAMES_MAX
    return ", ".join(names[:TOLD_NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def _table(records: Records, assessed: Assessed) -> Table:
    """How many rows of each station have which flag."""
    flags = [Flag(number) for number in (1, 2, 3, 4, 9)]
    words = [flag_word(flag) or "good" for flag in flags]
    listing = table("station", "rows", *words, right=("rows", *words))
    counts = [dict.fromkeys(flags, 0) for _ in records.stations]
    for place, verdict in zip(records.station, assessed.verdicts, strict=True):
        counts[place][Flag(verdict.flag)] += 1
    for name, count in sorted(zip(records.stations, counts, strict=True)):
        listing.add_row(name, f"{sum(count.values()):,}", *(f"{count[flag]:,}" for flag in flags))
    return listing
