"""account: where the rain, the readings and the alerts of a simulated run went, beside the truth of its stations."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gauge_ingest.account import Account, Copier, CopyStanding, Service, TruthRefused, document
from gauge_ingest.account import account as join
from gauge_ingest.commands.account_table import render
from gauge_ingest.commands.followers import copying
from gauge_ingest.commands.history_source import From
from gauge_ingest.commands.opening import ConfigOption, JsonOption, configured, reading
from gauge_ingest.commands.output import Status, notice, print_json, show, stop, width
from gauge_ingest.configuration import Configuration, Settings
from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.journal import Reader, holder
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.wellbeing import status_file

TruthArgument = Annotated[Path, typer.Argument(metavar="TRUTH", help="The file that the simulator's --truth named.")]
SourceOption = Annotated[
    From, typer.Option("--source", help="auto: InfluxDB is looked at too when configured; journal: it is left out.")
]


def account(
    truth: TruthArgument, *, source: SourceOption = From.AUTO, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Say where the rain of a simulated run went: fell, tipped, counted, reported, stored, told."""
    configuration = configured(config)
    with reading(configuration) as reader:
        found = _joined(configuration, reader, truth, source)
    if as_json:
        print_json(document(found))
    else:
        show(render(found, width=width()))
    if not found.well:
        raise typer.Exit(int(Status.NOT_WELL))


def standing(journal: Path, debts: int) -> Service:
    """How the service that writes this journal stands: whether all that is on its way can have arrived."""
    try:
        process = holder(journal)
    except OSError as error:
        return Service(f"the journal's lock cannot be looked at: {error}", debts)
    if process is None:
        return Service("the service does not run", debts)
    told = status_file.read(journal)
    if isinstance(told, str):
        return Service(told, debts)
    trouble = "" if told.broker_connected else f"the service is not connected to the broker: {told.broker_detail}"
    return Service(trouble, debts)


def _joined(configuration: Configuration, reader: Reader, truth: Path, source: From) -> Account:
    influx = configuration.settings.influx
    if source is From.INFLUX and not influx.url:
        stop(Status.WRONG_USE, "--source influx: no InfluxDB is configured; set url in [influx]")
    try:
        if influx.url and source is not From.JOURNAL:
            try:
                with closing(_Influx(configuration.settings, reader)) as copier:
                    return _account(configuration, reader, truth, copier)
            except StoreUnavailable as error:
                if source is From.INFLUX:
                    stop(Status.UNREACHABLE, str(error))
                notice(f"{error}; InfluxDB is left out")
        return _account(configuration, reader, truth, None)
    except TruthRefused as error:
        stop(Status.WRONG_USE, str(error))


def _account(configuration: Configuration, reader: Reader, truth: Path, copier: Copier | None) -> Account:
    service = standing(configuration.settings.journal_path, reader.debts())
    stations, rules = configuration.stations, configuration.rules
    return join(reader, truth, stations=stations, rules=rules, service=service, copier=copier)


class _Influx:
    """The copy in InfluxDB."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        from gauge_ingest.stores.influx import InfluxHistory, InfluxStore

        self._settings, self._reader = settings, reader
        self._points = InfluxHistory(settings.influx)
        self._name = InfluxStore(settings.influx, {}).name

    def standing(self) -> CopyStanding:
        """How far the copy has come now."""
        return copying(self._settings.outbound_path, self._reader, self._name)

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        """Increments that end in (since, until], in order, void ones too."""
        return self._points.rows(station, since=since, until=until)

    def close(self) -> None:
        """Let go of connections."""
        self._points.close()
