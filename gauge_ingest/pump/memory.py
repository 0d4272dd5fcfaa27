"""What the ingest thread remembers of a station: its newest report, its ledger, where each rule stands."""

from collections.abc import Iterable, Sequence
from functools import partial

from gauge_ingest.core.alerts import IDLE, Standing
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import UNBOUNDED, Alert, Kind, Report, Row, State, Station, Step
from gauge_ingest.core.quality.calm import Calm
from gauge_ingest.core.quality.verdicts import doubted
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.journal import Reader
from gauge_ingest.pump.guard import Fault, attempt
from gauge_ingest.pump.rows import increment_of, report_of
from gauge_ingest.pump.rulebook import Rulebook, Scope, days_before, wet_days
from gauge_ingest.pump.walk import Walk


class StationMemory:
    """Loaded from the journal at first touch, dropped on any rollback: it holds nothing that the journal does not.

    Ledger and standings are loaded by the first report that is derived at once: late ones do not need them.
    """

    __slots__ = (
        "basins",
        "busy",
        "calm",
        "corrected_until",
        "faults",
        "ledger",
        "live",
        "loaded",
        "mended",
        "newest",
        "number",
        "reach_ms",
        "rises_ms",
        "standings",
        "station",
        "still_until",
        "unsettled",
    )

    def __init__(self, station: Station, number: int, calm: Calm) -> None:
        self.station = station
        self.calm = calm
        self.number = number
        self.newest: Report | None = None
        self.live = False  # the newest report stands: its successor can be derived at once
        self.mended = False  # its clock has been mended: what seems new may have come before, under another time
        self.corrected_until = 0  # where the last span ends that a person has corrected: what comes up to there is owed
        self.loaded = False
        self.unsettled = False  # an alert lapsed after the newest report: the next may show that it still stands
        self.ledger = Ledger(station)
        self.basins: Sequence[str] = ()  # the basins whose rules look at its rain
        self.reach_ms = 0  # how far back any rule looks at its rain
        self.rises_ms = 0  # how long after rain a rise may still grow by itself, as what fell before leaves its window
        self.busy = 0  # how many rules do not rest: a dry reading may end an episode, or make one last long enough
        self.still_until = UNBOUNDED  # up to here no threshold falls by itself
        self.standings: list[tuple[Thresholds, Standing]] = []
        self.faults: list[tuple[str, Fault]] = []

    def stand(self, place: int, standing: Standing) -> None:
        """Where a rule stands now."""
        rule, before = self.standings[place]
        self.standings[place] = (rule, standing)
        self.busy += before.idle - standing.idle

    def forget_old(self) -> None:
        """Drop from the ledger what no window of any rule reaches any more."""
        if self.ledger.newest_at is not None:
            self.ledger.forget_before(self.ledger.newest_at - self.reach_ms)


def recall(station: Station, number: int, reader: Reader, calm: Calm) -> StationMemory:
    """The memory of a station as of its newest reading in the journal, not loaded yet."""
    memory = StationMemory(station, number, calm)
    memory.corrected_until = max((one.until for one in reader.corrections.in_force(station.id)), default=0)
    row = reader.newest(station.id)
    if row is not None:
        memory.newest, memory.live = report_of(row), bool(row.anchor) or _stands_alone(row, reader)
        memory.mended = reader.has_mended(station.id)
    return memory


def _stands_alone(row: Row, reader: Reader) -> bool:
    """Whether a rise that nothing has borne out yet is all that was told for its time: the next may go on from it."""
    if row.step not in (Step.STEADY, Step.GAP):
        return False
    together = reader.rows(row.station, since=row.observed_at - 1, until=row.observed_at)
    return sum(one.kind != Kind.TEST for one in together) == 1


def load(memory: StationMemory, rulebook: Rulebook, reader: Reader) -> None:
    """Ledger and standings as of the newest reading; faults of rules are noted."""
    station, asking = memory.station, rulebook.asking(memory.station.id)
    memory.loaded = True
    memory.basins = rulebook.basins_with(station.id)
    memory.reach_ms = max((rule.reach_ms for rule in asking), default=0)
    memory.rises_ms = max((rule.reach_ms for rule in asking if rule.rule.rises), default=0)
    memory.still_until = min((rule.moves_after(0) for rule in asking), default=UNBOUNDED)
    newest_at = None if memory.newest is None else memory.newest.observed_at
    since = (newest_at or 0) - memory.reach_ms
    memory.ledger = Ledger(station, days=days_before(station, wet_days(asking), reader, until=since))
    if newest_at is None:
        memory.standings = [(rule, IDLE) for rule in rulebook.of(station.id)]
        return
    fill(memory.ledger, reader.rows(station.id, since=since, until=newest_at))
    scope = Scope(station.id, [station])
    for rule in rulebook.of(station.id):
        fault = attempt(partial(_stand, memory, scope, rule, reader, newest_at))
        if fault is not None:  # the rule is left out until it is mended; the rain and the other rules go on
            memory.faults.append((rule.rule.id, fault))
    memory.busy = sum(not standing.idle for _, standing in memory.standings)


def _stand(memory: StationMemory, scope: Scope, rule: Thresholds, reader: Reader, newest_at: int) -> None:
    # An alert that lapsed stands to its lapse, beyond the newest report: the next one may continue its episode.
    alerts = reader.alerts.overlapping(rule.rule.id, scope.id, since=newest_at, until=newest_at)
    memory.standings.append((rule, standing_at(scope, rule, alerts, reader, newest_at, dry=_dry(memory, rule))))
    memory.unsettled = memory.unsettled or any(alert.state is State.LAPSED for alert in alerts)


def _dry(memory: StationMemory, rule: Thresholds) -> bool:
    """Whether no window of a rule can hold any rain, at the newest report and for the minimum duration before it."""
    assert memory.newest is not None
    return memory.ledger.wet_until <= memory.newest.observed_at - rule.reach_ms - rule.rule.minimum_s * 1000


def standing_at(
    scope: Scope, rule: Thresholds, alerts: Sequence[Alert], reader: Reader, newest_at: int, *, dry: bool
) -> Standing:
    """Where a rule stands at its scope's newest report, by walking from where that can be known.

    `alerts` are those of the rule that stand there; `dry`: no rain that it looks at.
    """
    if dry and not alerts:
        return IDLE
    begin = look_back(rule, scope, reader, min([newest_at, *(alert.rained_since for alert in alerts)]))
    since = begin - rule.reach_ms
    walk = Walk(rule, scope.filling(rule, reader, since=since), alerts, begin=begin, end=newest_at)
    return walk.stand(scope.instants(reader, since=since, until=newest_at))


def fill(ledger: Ledger, rows: Iterable[Row]) -> None:
    """Put rows that stand into a ledger."""
    for row in rows:
        if row.kind != Kind.TEST and row.step not in (Step.VOID, Step.OWED):
            ledger.append(increment_of(row), doubted=doubted(row.checks))


def look_back(rule: Thresholds, scope: Scope, reader: Reader, at: int) -> int:
    """The newest instant at least the minimum duration before another: what is judged there rests on it."""
    minimum_ms = rule.rule.minimum_s * 1000
    before = scope.newest_at(reader, before=at - minimum_ms + 1) if minimum_ms else None
    return at - minimum_ms if before is None else before
