"""What a rehearsal comes to: of each rule file its alerts and what they were worth, and both beside each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gauge_ingest.core.model import Rule
from gauge_ingest.rehearsal.compare import Pair, compared, lead_to_record_min, records
from gauge_ingest.rehearsal.known import KnownEvent, Told, Verdicts, judged, told_of
from gauge_ingest.rehearsal.replay import Record, replay, unwatched


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file by its name, with its rules."""

    name: str
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One rule file after the replay. `to_record_min` has a place for each alert."""

    file: RuleFile
    told: Sequence[Told]
    verdicts: Verdicts
    to_record_min: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The new rules first, then the old ones if there are any; the pairs are of old and new."""

    record: Record
    events: Sequence[KnownEvent]
    files: Sequence[Rehearsed]
    pairs: Sequence[Pair]

    @property
    def missed(self) -> int:
        """Known events that the first file misses."""
        return sum(one.missed for one in self.files[0].verdicts.outcomes)


def rehearse(
    record: Record,
    files: Sequence[RuleFile],
    events: Sequence[KnownEvent],
    *,
    on_share: Callable[[float], None] = unwatched,
) -> Rehearsal:
    """Replay a record under one rule file, or under a new one and an old one at once.

    The threshold of record is the highest level of the old file, of the only one where there is no old one.
    """
    books = replay(record, [file.rules for file in files], on_share=on_share)
    told = [told_of(book, since=record.since) for book in books]
    reached = records(told[-1], files[-1].rules)
    unheard = record.unheard | {one.id for one in record.basins if record.unheard.issuperset(one.stations)}
    rehearsed = [
        Rehearsed(
            *(file, mine, judged(mine, file.rules, events, unheard=unheard)),
            [lead_to_record_min(one, reached) for one in mine],
        )
        for file, mine in zip(files, told, strict=True)
    ]
    pairs = compared(told[1], told[0], [files[1].rules, files[0].rules]) if len(files) > 1 else []
    return Rehearsal(record, events, rehearsed, pairs)
