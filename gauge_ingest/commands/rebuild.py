"""rebuild: has everything of a span copied to the stores once more, from the journal."""

from collections.abc import Sequence

from gauge_ingest.commands.copying import copy_again, copy_whole
from gauge_ingest.commands.opening import (
    ConfigOption,
    SinceOption,
    UntilOption,
    clock_of_environment,
    configured,
    reading,
    span,
)
from gauge_ingest.commands.output import Status, full_instant, show, stop
from gauge_ingest.commands.progress import of_part, progress
from gauge_ingest.commands.verify import StationsOption
from gauge_ingest.core.nearest import nearest
from gauge_ingest.journal import Reader
from gauge_ingest.requests.copy_again import SPAN_MAX_MS
from gauge_ingest.verify.repair import Again


def rebuild(
    *,
    since: SinceOption,
    until: UntilOption = None,
    station: StationsOption = None,
    config: ConfigOption = None,
) -> None:
    """Write readings, hours, days and alerts of a span to the stores once more, from the journal."""
    configuration, clock = configured(config), clock_of_environment()
    from gauge_ingest.app.copying import names_of

    if not names_of(configuration):
        stop(Status.WRONG_USE, "no store is configured; set url in [influx]")
    begin, end = span(since, until, now=clock.now())
    with reading(configuration) as reader:
        known = reader.stations()
        for name in station or ():
            if name not in known:
                stop(Status.WRONG_USE, f"--station {name}: the journal has nothing of it: {nearest(name, known)}")
        again = _of_span(reader, station or known, begin, end, alerts=not station)
    if not again.spans and not again.events:
        show("the journal has nothing of that time")
        return
    with progress("copying") as advance:
        copy_again(configuration, clock, again, of_part(advance, number=0, parts=10))
        copy_whole(configuration, clock, names_of(configuration), advance)
    stations = len({name for name, _, _ in again.spans})
    events = f" and {len(again.events)} alert events" if again.events else ""
    show(f"{full_instant(begin)} to {full_instant(end)}: {stations} stations{events} are copied once more")


def _of_span(reader: Reader, stations: Sequence[str], since: int, until: int, *, alerts: bool) -> Again:
    spans = []
    for name in stations:
        number = reader.number(name)
        edges = None if number is None else reader.windows.first_and_last(number)
        if edges is None:
            continue
        first, last = max(since, edges[0] - 1), min(until, edges[1])
        spans += [(name, begin, min(begin + SPAN_MAX_MS, last)) for begin in range(first, last, SPAN_MAX_MS)]
    # Those that lie together in time are announced together: they are read together.
    spans.sort(key=lambda one: one[1])
    return Again(spans, [one.id for one in reader.alerts.rained(since=since, until=until)] if alerts else [])
