"""What the ingest thread remembers of a station: its newest report, its ledger, where each rule stands."""

from collections.abc import Iterable, Sequence
from functools import partial

from gauge_ingest.core.alerts import IDLE, Standing, walk
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Alert, Flag, Increment, Kind, Report, Row, State, Station, Step
from gauge_ingest.core.quality.calm import Calm
from gauge_ingest.core.quality.verdicts import doubted
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.journal import Reader
from gauge_ingest.pump.guard import Fault, attempt

# A look into a table is a third of a call of the enumeration, and every row that is walked needs two.
_STEPS = {int(step): step for step in Step}
_FLAGS = {int(flag): flag for flag in Flag}


class StationMemory:
    """Loaded from the journal at first touch, dropped on any rollback: it holds nothing that the journal does not.

    Ledger and standings are loaded by the first report that is derived at once: late ones do not need them.
    """

    __slots__ = (
        "calm",
        "corrected_until",
        "faults",
        "ledger",
        "live",
        "loaded",
        "mended",
        "newest",
        "number",
        "standings",
        "station",
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
        self.standings: list[tuple[Thresholds, Standing]] = []
        self.faults: list[tuple[str, Fault]] = []

    def forget_old(self) -> None:
        """Drop from the ledger what no window of any rule reaches any more."""
        reach_ms = max((rule.reach_ms for rule, _ in self.standings), default=0)
        if self.ledger.newest_at is not None:
            self.ledger.forget_before(self.ledger.newest_at - reach_ms)


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


def load(memory: StationMemory, rules: Sequence[Thresholds], reader: Reader) -> None:
    """Ledger and standings as of the newest reading; faults of rules are noted."""
    memory.loaded = True
    if memory.newest is None:
        memory.standings = [(rule, IDLE) for rule in rules]
        return
    station, newest_at = memory.station.id, memory.newest.observed_at
    # An alert that lapsed stands to its lapse, beyond the newest report: the next one may continue its episode.
    standing = [reader.alerts.overlapping(rule.rule.id, station, since=newest_at, until=newest_at) for rule in rules]
    begins = [_begin(rule, alerts, station, reader, newest_at) for rule, alerts in zip(rules, standing, strict=True)]
    memory.unsettled = any(alert.state is State.LAPSED for alerts in standing for alert in alerts)
    since = min((begin - rule.reach_ms for rule, begin in zip(rules, begins, strict=True)), default=newest_at)
    instants = fill(memory.ledger, reader.rows(station, since=since, until=newest_at))
    for rule, begin in zip(rules, begins, strict=True):
        fault = attempt(partial(_stand, memory, rule, [at for at in instants if at >= begin]))
        if fault is not None:  # the rule is left out until it is mended; the rain and the other rules go on
            memory.faults.append((rule.rule.id, fault))


def _stand(memory: StationMemory, rule: Thresholds, instants: Sequence[int]) -> None:
    standing, _ = walk(memory.ledger, instants, rule)
    memory.standings.append((rule, standing))


def fill(ledger: Ledger, rows: Iterable[Row]) -> list[int]:
    """Put rows that stand into a ledger; the instants at which rules are to be judged."""
    instants: list[int] = []
    for row in rows:
        if row.kind == Kind.TEST or row.step in (Step.VOID, Step.OWED):
            continue
        ledger.append(increment_of(row), doubted=doubted(row.checks))
        if not instants or instants[-1] < row.observed_at:
            instants.append(row.observed_at)
    return instants


def report_of(row: Row) -> Report:
    """The fact of a row."""
    return Report(
        row.station,
        row.observed_at,
        row.counter,
        Kind(row.kind),
        row.received_at,
        row.claimed_at,
        row.seq,
        row.boot,
        row.battery_v,
        row.signal_dbm,
        row.temperature_c,
        row.door_open,
        row.message_id,
    )


def increment_of(row: Row) -> Increment:
    """The increment of a row."""
    return Increment(
        row.since,
        row.observed_at,
        row.tips,
        row.tips_min,
        row.tips_max,
        _STEPS[row.step],
        _FLAGS[row.flag],
        bool(row.anchor),
    )


def _begin(rule: Thresholds, alerts: Sequence[Alert], scope: str, reader: Reader, newest_at: int) -> int:
    """From where a rule must be walked so that its standing at the newest reading is known."""
    return look_back(rule, scope, reader, min([newest_at, *(alert.rained_since for alert in alerts)]))


def look_back(rule: Thresholds, scope: str, reader: Reader, at: int) -> int:
    """The newest instant at least the minimum duration before another: what is judged there rests on it."""
    minimum_ms = rule.rule.minimum_s * 1000
    row = reader.newest(scope, before=at - minimum_ms + 1) if minimum_ms else None
    return at - minimum_ms if row is None else row.observed_at
