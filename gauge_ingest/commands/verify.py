"""verify: whether InfluxDB holds what the journal holds, row by row; and mends what does not agree."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gauge_ingest.clock import Clock, SystemClock
from gauge_ingest.commands.copying import copy_again, copy_whole, wait_for_copy
from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    SinceOption,
    UntilOption,
    clock_of_environment,
    configured,
    reading,
    span,
)
from gauge_ingest.commands.output import Status, notice, plain, print_json, show, stop, table
from gauge_ingest.commands.progress import progress
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.spans import instant_text
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx import InfluxCopied
from gauge_ingest.stores.points import Fields
from gauge_ingest.verify.check import MEASUREMENTS, Check, Compared
from gauge_ingest.verify.compare import Difference, Kind
from gauge_ingest.verify.expected import Expected
from gauge_ingest.verify.repair import again, take_out

SHOWN_MAX = 20
SETTLE_MAX_S = 10.0
_OF_A_DIFFERENCE = {"kind", "measurement", "at", "journal", "influx"}

StationsOption = Annotated[
    list[str] | None, typer.Option("--station", metavar="STATION", help="Only this station; may be given again.")
]
RepairOption = Annotated[
    bool,
    typer.Option(
        "--repair", help="Mend what differs; what InfluxDB has too much is kept in a file beside the journal."
    ),
]


def verify(
    *,
    since: SinceOption,
    until: UntilOption = None,
    station: StationsOption = None,
    repair: RepairOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare journal and InfluxDB row by row; exit status 1 when anything differs."""
    configuration, clock = configured(config), clock_of_environment()
    if not configuration.settings.influx.url:
        stop(Status.WRONG_USE, "no InfluxDB is configured; set url in [influx]")
    begin, end = span(since, until, now=clock.now())
    copied = InfluxCopied(configuration.settings.influx)
    try:
        found = _compared(configuration, copied, station or [], begin, end)
        kept, mended = None, [one for one in found if one.differences]
        if repair and mended:
            kept = _repair(configuration, clock, copied, mended)
            found = _compared(configuration, copied, station or [], begin, end)
    except StoreUnavailable as error:
        stop(Status.UNREACHABLE, str(error))
    finally:
        copied.close()
    document = _document(configuration, found, begin, end, kept=kept, mended=mended if repair else [])
    if as_json:
        print_json(document)
    else:
        _show(document)
    if not document["ok"]:
        raise typer.Exit(int(Status.NOT_WELL))


def _compared(
    configuration: Configuration, copied: InfluxCopied, stations: Sequence[str], since: int, until: int
) -> list[Compared]:
    with reading(configuration) as reader:
        known = reader.stations()
        for name in stations:
            if name not in known:
                stop(Status.WRONG_USE, f"--station {name}: the journal has nothing of it: {nearest(name, known)}")
        check = Check(reader, Expected(reader, configuration.stations), copied, real_now=SystemClock().now())
        parts, found = check.parts(stations, since=since, until=until), list[Compared]()
        with progress("comparing") as advance:
            for compared in check.run(parts, _Settling(configuration)):
                found.append(compared)
                advance(len(found) / len(parts))
    return found


class _Settling:
    """Waits until the copy is complete, unless it has said that it cannot be."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._why_not = ""

    def __call__(self) -> bool:
        """Whether there is anything to compare again."""
        if not self._why_not:
            from gauge_ingest.app.copying import influx_names

            names = influx_names(self._configuration)
            self._why_not = wait_for_copy(self._configuration, names, lambda _: None, still_max_s=SETTLE_MAX_S)
            if self._why_not:
                notice(f"what is not copied yet will differ: {self._why_not}")
        return not self._why_not


def _repair(configuration: Configuration, clock: Clock, copied: InfluxCopied, found: Sequence[Compared]) -> Path | None:
    """Take out what is too much, copy the rest again; the file with what was taken out."""
    from gauge_ingest.app.copying import influx_names

    path = configuration.settings.journal_path
    kept = path.with_name(f"{path.name}.taken-out-{datetime.fromtimestamp(clock.now() / 1000, UTC):%Y%m%dT%H%M%SZ}.lp")
    try:
        taken = sum(take_out(copied, one.differences, kept) for one in found)
    except OSError as error:
        stop(Status.UNREACHABLE, f"{kept}: {error}: nothing is taken out of InfluxDB that cannot be kept there first")
    with reading(configuration) as reader:
        wanted = again(found, reader)
    with progress("copying again") as advance:
        copy_again(configuration, clock, wanted, lambda _: None)
        copy_whole(configuration, clock, influx_names(configuration), advance)
    return kept if taken else None


def _document(
    configuration: Configuration,
    found: Sequence[Compared],
    since: int,
    until: int,
    *,
    kept: Path | None,
    mended: Sequence[Compared],
) -> dict[str, Any]:
    buckets = configuration.settings.influx.buckets
    rows = []
    for measurement in MEASUREMENTS:
        those = [one for one in found if one.part.measurement == measurement]
        kinds = Counter(difference.kind for one in those for difference in one.differences)
        row = {
            "measurement": measurement,
            "bucket": buckets[measurement].name,
            "points": sum(one.points for one in those),
        }
        rows.append({**row, **{kind.value: kinds[kind] for kind in Kind}})
    differences = [difference for one in found for difference in one.differences]
    document: dict[str, Any] = {
        "ok": not differences,
        "since": instant_text(since),
        "until": instant_text(until),
        "measurements": rows,
        "differences": [_difference(one) for one in differences],
    }
    if mended:
        repaired = [difference for one in mended for difference in one.differences]
        document["repaired"] = [_difference(one) for one in repaired]
        document["taken_out"] = None if kept is None else str(kept)
    return document


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "measurement": one.place.measurement,
        **dict(one.place.tags),
        "at": instant_text(one.at),
        "journal": one.differing(one.journal) if one.kind is not Kind.UNKNOWN else None,
        "influx": one.differing(one.stored) if one.kind is not Kind.MISSING else None,
    }


def _show(document: dict[str, Any]) -> None:
    counts = table("measurement", "bucket", "points", *Kind, right=("points", *Kind))
    for row in document["measurements"]:
        counts.add_row(row["measurement"], row["bucket"], *(str(row[name]) for name in ("points", *Kind)))
    show(counts)
    for title, wanted in (("repaired:", document.get("repaired", [])), ("differs:", document["differences"])):
        if wanted:
            show("", title, _listed(wanted[:SHOWN_MAX]))
            if len(wanted) > SHOWN_MAX:
                show(f"and {len(wanted) - SHOWN_MAX} more: --json names all")
    if document.get("taken_out"):
        show("", f"what InfluxDB had too much is kept in {document['taken_out']}")
    if document["ok"]:
        show("", "journal and InfluxDB agree in every point")
    else:
        show("", "journal and InfluxDB differ: run it again with --repair to mend InfluxDB")


def _listed(differences: Sequence[dict[str, Any]]) -> Table:
    listed = table("at", "kind", "of", "journal", "InfluxDB", wrap=("journal", "InfluxDB"))
    for one in differences:
        of = " ".join([one["measurement"], *(str(one[name]) for name in one if name not in _OF_A_DIFFERENCE)])
        listed.add_row(one["at"], one["kind"], plain(of), _fields(one["journal"]), _fields(one["influx"]))
    return listed


def _fields(fields: Fields | None) -> str:
    """Each field whole, on a line of its own."""
    told = [plain(f"{name}={value}") for name, value in sorted((fields or {}).items())]
    return "\n".join(told) or "-"
