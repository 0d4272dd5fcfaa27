"""From which source history is read: the journal where there is one, else InfluxDB when it is configured."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from gauge_ingest.commands.opening import reading
from gauge_ingest.commands.output import Status, stop
from gauge_ingest.configuration import Configuration
from gauge_ingest.history import InfluxCopy, JournalHistory, Source, TooManyWindows
from gauge_ingest.stores import StoreUnavailable

_Answer = TypeVar("_Answer")


class From(StrEnum):
    """Where history is read from."""

    AUTO = "auto"
    INFLUX = "influx"
    JOURNAL = "journal"


def asked(configuration: Configuration, source: From, question: Callable[[Source], _Answer]) -> tuple[_Answer, str]:
    """The answer and the name of the source that gave it, or an end that says why there is none."""
    influx = configuration.settings.influx
    try:
        if source is From.INFLUX and not influx.url:
            stop(Status.WRONG_USE, "--source influx: no InfluxDB is configured; set url in [influx]")
        # The journal is the truth, and the quicker (decision 0027).
        is_here = configuration.settings.journal_path.exists()
        if source is From.INFLUX or (source is From.AUTO and influx.url and not is_here):
            try:
                return _from_influx(configuration, question), "InfluxDB"
            except StoreUnavailable as error:
                stop(Status.UNREACHABLE, str(error))
        with reading(configuration) as reader:
            return question(JournalHistory(reader)), "journal"
    except TooManyWindows as error:
        stop(Status.WRONG_USE, f"--since: {error}")


def _from_influx(configuration: Configuration, question: Callable[[Source], _Answer]) -> _Answer:
    from gauge_ingest.stores.influx import InfluxHistory

    copy = InfluxHistory(configuration.settings.influx)
    try:
        return question(InfluxCopy(copy))
    finally:
        copy.close()
