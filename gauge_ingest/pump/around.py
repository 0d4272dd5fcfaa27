"""What the neighbours of a station had in the window that decided, put beside an alert event when it is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gauge_ingest.core.model import AlertEvent, Station
from gauge_ingest.journal import Reader

NEIGHBOURS_MAX = 10


def with_around(events: Iterable[AlertEvent], stations: Mapping[str, Station], reader: Reader) -> list[AlertEvent]:
    """Events of stations with the rain of their neighbours that were heard; a basin names its stations anyway."""
    return [_with_around(event, stations, reader) for event in events]


def _with_around(event: AlertEvent, stations: Mapping[str, Station], reader: Reader) -> AlertEvent:
    station, evidence = stations.get(event.scope), event.evidence
    if station is None or evidence is None:
        return event
    known = [stations[name] for name in station.neighbours[:NEIGHBOURS_MAX] if name in stations]
    # Nothing heard is no rain of 0 mm: who reads it would take a true alert for a gauge's fault.
    heard = [one for one in known if _is_heard(one, reader, evidence.since, evidence.until)]
    around = [(one.id, _rain_mm(one, reader, evidence.since, evidence.until)) for one in heard]
    return replace(event, around=tuple(sorted(around, key=lambda one: (-one[1], one[0]))))


def _rain_mm(station: Station, reader: Reader, since: int, until: int) -> float:
    """What was counted in readings that ended in (since, until]."""
    number = reader.number(station.id)
    wet: Sequence[tuple[int, int, int]] = () if number is None else reader.quality.wet(number, since=since, until=until)
    return round(sum(station.depth_mm(tips, until=at) for _, at, tips in wet), 3)


def _is_heard(station: Station, reader: Reader, since: int, until: int) -> bool:
    return next(reader.rows(station.id, since=since, until=until), None) is not None
