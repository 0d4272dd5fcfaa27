"""Known events beside alerts: which was hit, with how much lead; which alerts were false; what is left when counted."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median

from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, Alert, AlertEvent, EventKind, Rule, State
from gauge_ingest.core.nearest import near
from gauge_ingest.core.told import MERGED, RISES
from gauge_ingest.rehearsal.book import Book
from gauge_ingest.rehearsal.lines import BadFile, instant

COLUMNS = ("name", "at", "scope")
ALL = "all"
MISTAKES_MAX = 10
# An alert belongs to an event if it was known so long before it, or so long after.
BEFORE_MS = 24 * HOUR_MS
AFTER_MS = 3 * HOUR_MS
_MERGED = MERGED.partition("{")[0]


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """Something that happened: a flood, at a station, in a basin or anywhere."""

    name: str
    at: int
    scope: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a known event: the first alert that belongs to it, and its lead; None is a miss.

    `no_data`: of its place nothing was heard, so that no rule could have told of it; it does not count.
    """

    event: KnownEvent
    alert: int | None
    known_at: int | None
    no_data: bool = False

    @property
    def missed(self) -> bool:
        """Whether rules that had its rain did not tell of it."""
        return self.alert is None and not self.no_data

    @property
    def lead_min(self) -> float | None:
        """Minutes from the first alert to the event; below 0 where it came after it."""
        return None if self.known_at is None else (self.event.at - self.known_at) / MINUTE_MS


@dataclass(frozen=True, slots=True)
class Score:
    """A level counted: alerts that reached it, those that belong to no event, events, and the leads of those hit."""

    level: str
    alerts: int
    false: int
    events: int
    leads_min: tuple[float, ...]

    @property
    def hits(self) -> int:
        """Events that were hit."""
        return len(self.leads_min)

    @property
    def pod(self) -> float | None:
        """Probability of detection: the share of events that were hit; None without events."""
        return self.hits / self.events if self.events else None

    @property
    def far(self) -> float | None:
        """False alarm ratio: the share of alerts that belong to no event; None without alerts or events."""
        return self.false / self.alerts if self.alerts and self.events else None

    @property
    def mean_lead_min(self) -> float | None:
        """The mean lead of the events that were hit."""
        return mean(self.leads_min) if self.leads_min else None

    @property
    def median_lead_min(self) -> float | None:
        """The median lead of the events that were hit."""
        return median(self.leads_min) if self.leads_min else None


@dataclass(frozen=True, slots=True)
class Told:
    """An alert of a rehearsal with everything that was told of it."""

    alert: Alert
    events: Sequence[AlertEvent]

    def known_at(self, rule: Rule, level: int) -> int | None:
        """When it was first known to stand at a level or above, by its number from 1."""
        rises = [one for one in self.events if one.kind in RISES and rule.levels.index(one.level) + 1 >= level]
        return rises[0].known_at if rises else None

    @property
    def merged(self) -> bool:
        """Whether it turned out to be part of another alert: people were told of one event."""
        return self.alert.state is State.WITHDRAWN and self.alert.reason.startswith(_MERGED)


@dataclass(slots=True)
class Verdicts:
    """One rule file against the known events."""

    outcomes: list[Outcome] = field(default_factory=list)
    false_alerts: list[int] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)


def read_events(path: Path, scopes: Sequence[str]) -> list[KnownEvent]:
    """The events of a file, in order of time; BadFile says what is wrong with it, OSError that it cannot be read."""
    mistakes: list[str] = []
    events: list[KnownEvent] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        try:
            header = [cell.strip().lower() for cell in next(rows, [])]
            if missing := [column for column in COLUMNS if column not in header]:
                example = "the first line must be name,at,scope"
                raise BadFile([f"{path.name}: line 1: no column {' and no column '.join(missing)}: {example}"])
            places = [header.index(column) for column in COLUMNS]
            for cells in rows:
                if not any(map(str.strip, cells)):
                    continue
                try:
                    events.append(_event(cells, places, scopes))
                except ValueError as error:
                    mistakes.append(f"{path.name}: line {rows.line_num}: {error}")
        except UnicodeDecodeError as error:
            raise BadFile([f"{path.name}: is not text in UTF-8 (byte {error.start})"]) from None
        except csv.Error as error:
            raise BadFile([f"{path.name}: line {rows.line_num}: {error}"]) from None
    if mistakes:
        raise BadFile(mistakes[:MISTAKES_MAX])
    return sorted(events, key=lambda event: event.at)


def told_of(book: Book, *, since: int) -> list[Told]:
    """The alerts of a book that were known, or still stood, after an instant; in the order in which they were known."""
    alerts = book.alerts.values()
    kept = [one for one in alerts if one.known_at >= since or one.ended_at is None or one.ended_at > since]
    return [Told(one, book.events[one.id]) for one in sorted(kept, key=lambda one: (one.known_at, one.id))]


def judged(
    told: Sequence[Told], rules: Sequence[Rule], events: Sequence[KnownEvent], *, unheard: Collection[str] = ()
) -> Verdicts:
    """The alerts of a rule file against what is known to have happened. `unheard`: scopes without a reading."""
    by_id = {rule.id: rule for rule in rules}
    levels = {level: None for rule in rules for level in rule.levels}
    counted = [one.alert for one in told if events and not one.merged]
    false = [alert.id for alert in counted if not any(_of(event, alert, alert.known_at) for event in events)]
    outcomes = [
        replace(_outcome(event, [(one, one.alert.known_at) for one in told]), no_data=event.scope in unheard)
        for event in events
    ]
    counts = [event for event in events if event.scope not in unheard]
    scores = [_score(level, told, by_id, counts) for level in levels]
    return Verdicts(outcomes, false, scores)


def _event(cells: Sequence[str], places: Sequence[int], scopes: Sequence[str]) -> KnownEvent:
    if len(cells) <= max(places):
        raise ValueError(f"has {len(cells)} cells, must have {len(COLUMNS)}: {','.join(COLUMNS)}")
    name, at, scope = (cells[place].strip() for place in places)
    if not name:
        raise ValueError("name is empty: must say what happened, e.g. 雀尔沟 flood")
    if scope != ALL and scope not in scopes:
        meant = near(scope, scopes)
        known = f"did you mean {meant}?" if meant else f"must be {ALL}, or a station or a basin of stations.toml"
        raise ValueError(f"scope = {scope[:40]!r}: {known}")
    try:
        return KnownEvent(name, instant(at), scope)
    except ValueError as error:
        raise ValueError(f"at = {at[:40]!r}: {error}") from None


def _outcome(event: KnownEvent, known: Sequence[tuple[Told, int]]) -> Outcome:
    mine = [
        (known_at, one.alert.id) for one, known_at in known if _of(event, one.alert, known_at) and not _gone(event, one)
    ]
    known_at, alert = min(mine, default=(None, None))
    return Outcome(event, alert, known_at)


def _score(level: str, told: Sequence[Told], rules: Mapping[str, Rule], events: Sequence[KnownEvent]) -> Score:
    reached: list[tuple[Told, int]] = []
    for one in told:
        rule = rules[one.alert.rule]
        if level in rule.levels and not one.merged:
            known_at = one.known_at(rule, rule.levels.index(level) + 1)
            if known_at is not None:
                reached.append((one, known_at))
    outcomes = [_outcome(event, reached) for event in events]
    outside = [one for one, known_at in reached if not any(_of(event, one.alert, known_at) for event in events)]
    false = len(outside) if events else 0
    leads = tuple(one.lead_min for one in outcomes if one.lead_min is not None)
    return Score(level, len(reached), false, len(events), leads)


def _of(event: KnownEvent, alert: Alert, known_at: int) -> bool:
    here = event.scope in (ALL, alert.scope)
    return here and event.at - BEFORE_MS <= known_at <= event.at + AFTER_MS


def _gone(event: KnownEvent, one: Told) -> bool:
    """Whether an alert had been taken back when the event came: nobody was warned by it any more."""
    ends = [told.at for told in one.events if told.kind is EventKind.WITHDRAWN]
    return one.alert.state is State.WITHDRAWN and bool(ends) and ends[-1] < event.at
