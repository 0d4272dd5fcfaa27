"""How differences are mended: what InfluxDB has too much is taken out and kept in a file, the rest is copied again."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS
from gauge_ingest.journal import Reader
from gauge_ingest.stores.lines import ALERT
from gauge_ingest.stores.points import line_of
from gauge_ingest.verify.check import Compared, Copied
from gauge_ingest.verify.compare import Difference, Kind

# Spans of a station that are nearer to each other than this are copied as one.
_NEAR_MS = DAY_MS
_SPAN_MAX_MS = 7 * DAY_MS

Span = tuple[str, int, int]
"""Station, since, until."""


class Again(NamedTuple):
    """What is to be copied again."""

    spans: list[Span]
    events: list[int]


def take_out(copied: Copied, differences: Sequence[Difference], kept: Path) -> int:
    """Take out what writing again would leave in place; how many points. First they are kept in a file, as lines.

    Raises OSError, before anything is taken out, and StoreUnavailable.
    """
    too_much = [one for one in differences if one.kind is Kind.UNKNOWN or one.has_more]
    if not too_much:
        return 0
    with kept.open("a", encoding="utf-8") as file:
        file.writelines(f"{line_of(one.place, one.stored)}\n" for one in too_much)
    for one in too_much:
        if not _is_ours(one):  # with it goes what has more tags: as little as can be, and that is copied again
            copied.remove(one.place, one.place)
    named = [one for one in too_much if _is_ours(one)]
    for _, run in groupby(named, key=lambda one: (one.place.measurement, one.place.tags, one.run)):
        places = [one.place for one in run]
        copied.remove(places[0], places[-1])
    return len(too_much)


def again(found: Iterable[Compared], reader: Reader) -> Again:
    """What to copy again so that nothing differs, of what the journal knows."""
    known, spans, events = reader.stations(), list[Span](), set[int]()
    for compared in found:
        for one in compared.differences:
            if not _is_ours(one):
                spans += [(station, one.at - 1, one.at) for station in known]
                events |= {event.id for event in reader.alerts.rained(since=one.at - 1, until=one.at)}
        if compared.part.measurement == ALERT:
            events |= {_event(one) for one in compared.differences}
        elif compared.part.station in known:
            spans += _spans(compared.part.station, compared.differences)
    return Again(sorted(set(spans)), sorted(events - {0}))


def _is_ours(one: Difference) -> bool:
    """Whether a point has the tags that ours have, and perhaps more."""
    wanted = {"rule", "scope"} if one.place.measurement == ALERT else {"station"}
    return wanted <= {name for name, _ in one.place.tags}


def _event(one: Difference) -> int:
    """The number of an alert's event; 0 where InfluxDB holds something that is none."""
    number = one.journal.get("event_id") or one.stored.get("event_id", "")
    return int(number[:-1]) if number.endswith("i") else 0


def _spans(station: str, differences: Sequence[Difference]) -> Iterator[Span]:
    """Spans of at most a week that hold these points, and what lies between two of one run: it may be taken out."""
    hulls: list[tuple[int, int, int]] = []
    for one in sorted(differences, key=lambda difference: difference.at):
        if hulls and (one.at - hulls[-1][1] <= _NEAR_MS or one.run == hulls[-1][2]):
            hulls[-1] = hulls[-1][0], one.at, one.run
        else:
            hulls.append((one.at - 1, one.at, one.run))
    for since, until, _ in hulls:
        for begin in range(since, until, _SPAN_MAX_MS):
            yield station, begin, min(begin + _SPAN_MAX_MS, until)
