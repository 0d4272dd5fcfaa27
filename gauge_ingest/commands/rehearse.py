"""rehearse: a history under other rules, before they are put in force: what would have been told, when, for what."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from gauge_ingest.commands.opening import (
    MOMENT,
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured_on_disk,
    directory_of,
)
from gauge_ingest.commands.output import Status, notice, print_json, stop
from gauge_ingest.commands.progress import of_part, progress
from gauge_ingest.commands.rehearse_document import document
from gauge_ingest.commands.rehearse_sources import OnShare, events_of, of_csv, of_journal, of_scenario, rules_of
from gauge_ingest.commands.rehearse_svg import svg
from gauge_ingest.commands.rehearse_text import show_rehearsal
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import Rule
from gauge_ingest.rehearsal.replay import Record
from gauge_ingest.rehearsal.result import RuleFile, rehearse

RulesOption = Annotated[Path, typer.Option("--rules", metavar="FILE", help="The rules to rehearse: a rules.toml.")]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", metavar="FILE", help="The rules to compare them with: those in force.")
]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="T", help=f"From the journal: {MOMENT}.")]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="From a file: station,observed_at,rain_mm[,received_at].")
]
ScenarioOption = Annotated[str | None, typer.Option("--scenario", metavar="NAME", help="From the simulator.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the scenario.")]
EventsOption = Annotated[
    Path | None, typer.Option("--events", metavar="FILE", help="What is known to have happened: name,at,scope.")
]
PlotOption = Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw old above new.")]


def rehearse_rules(
    *,
    rules: RulesOption,
    against: AgainstOption = None,
    since: SinceOption = None,
    csv: CsvOption = None,
    scenario: ScenarioOption = None,
    seed: SeedOption = 1,
    events: EventsOption = None,
    plot: PlotOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a history again under other rules: alerts, lead times, hits and misses, old against new.

    Exit status 1 when the rules miss a known event.
    """
    if sum(one is not None for one in (since, csv, scenario)) != 1:
        stop(Status.WRONG_USE, "name one history: --since T, --csv FILE or --scenario NAME")
    if plot is not None and plot.suffix != ".svg":
        stop(Status.WRONG_USE, f"--plot {plot}: choose a name that ends in .svg")
    configuration = configured_on_disk(config)
    stations, basins = configuration.stations, configuration.basins
    paths = [rules] if against is None else [rules, against]
    files = [RuleFile(str(path), rules_of(path, stations, basins)) for path in paths]
    known = [] if events is None else events_of(events, [*stations, *basins])
    every_rule = [rule for file in files for rule in file.rules]
    with _unswept(), progress("rehearsing") as share:
        first, second = (of_part(share, number=number, parts=2) for number in range(2))
        record = _record(configuration, every_rule, config, (since, csv, scenario), seed, first)
        rehearsal = rehearse(record, files, known, on_share=second)
    if plot is not None:
        _write(plot, svg(rehearsal, _names(configuration)))
    if as_json:
        print_json(document(rehearsal))
    else:
        show_rehearsal(rehearsal)
    if rehearsal.missed:
        raise typer.Exit(int(Status.NOT_WELL))


def _names(configuration: Configuration) -> dict[str, str]:
    """What people call each station and basin."""
    stations = {station.id: station.name for station in configuration.stations.values()}
    return stations | {basin.id: basin.name for basin in configuration.basins.values()}


def _record(
    configuration: Configuration,
    rules: Sequence[Rule],
    config: Path | None,
    named: tuple[str | None, Path | None, str | None],
    seed: int,
    on_share: OnShare,
) -> Record:
    since, csv, scenario = named
    if since is not None:
        now = clock_of_environment().now()
        return of_journal(configuration, since, rules, now=now, on_share=on_share)
    if csv is not None:
        return of_csv(csv, configuration.stations, configuration.basins, on_share=on_share)
    assert scenario is not None
    return of_scenario(scenario, directory_of(config), configuration, seed=seed, on_share=on_share)


@contextmanager
def _unswept() -> Iterator[None]:
    """Columns that all stay: looking through them again and again for garbage frees nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        stop(Status.WRONG_USE, f"--plot {path}: cannot be written: {error.strerror}")
    notice(f"the picture is in {path}")
