"""Whether people are told of an event, as the silences in the journal have it; asked by whoever delivers."""

from collections.abc import Callable, Mapping, Sequence

from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import AlertEvent
from gauge_ingest.core.silences import silenced
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Reader


def silenced_by(
    levels: Mapping[str, Sequence[str]],
) -> Callable[[Reader, AlertEvent, Sequence[AlertEvent], Level], str]:
    """A question: why people are not told of an event, or nothing. `levels`: of each rule, the lowest first."""

    def level(of: AlertEvent) -> Level:
        return level_of(of.level, levels.get(of.rule, ()))

    def why(reader: Reader, event: AlertEvent, events: Sequence[AlertEvent], of: Level) -> str:
        by = silenced(reader.silences.of([*events, event]), event, of, events=events, level_of=level)
        return "" if by is None else f"silence {by.id} by {by.who} until {instant_text(by.until)}: {by.why}"

    return why
