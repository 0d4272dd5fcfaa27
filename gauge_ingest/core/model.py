"""The values that everything speaks of: stations, reports, increments, rules, episodes, alert events.

An instant is an `int`: milliseconds since 1970-01-01T00:00:00Z; its name ends in `_at`, or is `since`/`until`
for the ends of a span (since, until]. Rain is kept as tips; millimetres are derived with the station's bucket.
`Report` and `Increment` are named tuples because one of each is made for every reading that arrives
(docs/decisions/0002); the other values are frozen dataclasses.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

# Stations and rules fill modules of their own; like every other value they are taken from here.
from gauge_ingest.core.reasons import Reason
from gauge_ingest.core.rule import Over as Over
from gauge_ingest.core.rule import Rule as Rule
from gauge_ingest.core.rule import Season as Season
from gauge_ingest.core.rule import Threshold as Threshold
from gauge_ingest.core.rule import WetClass as WetClass
from gauge_ingest.core.rule import Wetness as Wetness
from gauge_ingest.core.station import UNBOUNDED as UNBOUNDED
from gauge_ingest.core.station import Basin as Basin
from gauge_ingest.core.station import Deployment as Deployment
from gauge_ingest.core.station import Station as Station

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Kind(IntEnum):
    """Why a station took a reading. TEST is kept and never counted as rain."""

    TIMED = 0
    EVENT = 1
    MAINTENANCE = 2
    TEST = 3


class Step(IntEnum):
    """How the counter got from the report before to this one."""

    FIRST = 0  # nothing before it: no increment, only a base line
    STEADY = 1
    WRAPPED = 2  # passed the counter's modulus
    RESET = 3  # the counter restarted or was replaced: what fell before the restart is unknown
    GAP = 4  # reports are missing in between: the sum is known, its course is not
    UNCONFIRMED = 5  # an unlikely count that further reports have not confirmed yet
    VOID = 6  # turned out to be wrong, a lesser count of the same time, or a test: no rain
    DEPLOYED = 7  # first report of a new deployment: no increment crosses one
    OWED = 8  # kept, not derived yet
    VOIDED = 9  # a person said that it is no rain, and that what fell is unknown
    CORRECTED = 10  # a person said how much fell
    IMPORTED = 11  # history from a file: what it says fell; never part of the live record


class Flag(IntEnum):
    """QARTOD flags (IOOS QARTOD manual, primary level)."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Report(NamedTuple):
    """What a station says of one instant. `claimed_at` differs from `observed_at` only where a clock was mended."""

    station: str
    observed_at: int
    counter: int
    kind: Kind = Kind.TIMED
    received_at: int = 0
    claimed_at: int = 0
    seq: int | None = None
    boot: int | None = None
    battery_v: float | None = None
    signal_dbm: float | None = None
    temperature_c: float | None = None
    door_open: bool | None = None
    message_id: int = 0


class Increment(NamedTuple):
    """Rain between two neighbouring reports of a station, over (since, until].

    `tips_min` surely fell, `tips_max` may have fallen, `tips` is the best answer. `anchor` says that what follows
    depends on this report alone and on nothing before it, so that a later derivation may begin here.
    """

    since: int
    until: int
    tips: int
    tips_min: int
    tips_max: int
    step: Step
    flag: Flag
    anchor: bool


class Row(NamedTuple):
    """A report and the increment that ends with it: the unit that the journal keeps and stores copy."""

    station: str
    observed_at: int
    counter: int
    kind: int
    received_at: int
    claimed_at: int
    seq: int | None
    boot: int | None
    battery_v: float | None
    signal_dbm: float | None
    temperature_c: float | None
    door_open: bool | None
    message_id: int
    since: int
    tips: int
    tips_min: int
    tips_max: int
    step: int
    flag: int
    anchor: bool
    checks: int = 0  # outcomes of the quality checks, two bits each (core.quality.verdicts)
    reasons: str | None = None  # why a check did not pass


class State(StrEnum):
    """Where an alert stands."""

    RAISED = "raised"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class EventKind(StrEnum):
    """What is told of an alert."""

    RAISED = "raised"
    STRENGTHENED = "strengthened"
    EASED = "eased"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    ACKNOWLEDGED = "acknowledged"  # by a person, who has seen everything told so far
    COMMENTED = "commented"
    ESCALATED = "escalated"  # nobody has acknowledged in time: the next step of the chain is told
    REMINDED = "reminded"  # a silence has ended, and the alert still stands


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a rule stands at a level: the window that decided, its bounds in mm, and what stood against it."""

    window_s: int
    since: int
    until: int
    rain_mm: float
    rain_mm_max: float
    threshold_mm: float
    coverage: float
    unconfirmed: bool = False  # what may have fallen reaches a higher level, or this one is reached by doubted rain
    doubted_mm: float = 0.0  # of rain_mm, what a quality check doubts
    measure: str = "sum"  # or "rise": so much more than in the same time before
    peak_mm: float = 0.0  # the most that one reading of the window told, over (peak_since, peak_until]
    peak_since: int = 0
    peak_until: int = 0
    stations: tuple[tuple[str, float], ...] = ()  # of a basin: what each station that counted had, the most first
    absent: tuple[str, ...] = ()  # of a basin: stations that were not there and did not count
    wetness: str = ""  # the class that the thresholds stand for, where the rule knows classes
    wetness_mm: float | None = None  # the antecedent index; None: too little history, so the wettest class stands
    season: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on (observed time) an episode is at `level`; 0 is its end."""

    at: int
    level: int
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Episode:
    """One exceedance of a rule at a scope, along observed time. `ended` is None while it lasts."""

    since: int
    until: int
    changes: tuple[Change, ...]
    ended: State | None = None

    @property
    def level(self) -> int:
        """The level at its newest point (0 once it has ended)."""
        return self.changes[-1].level

    @property
    def peak(self) -> Change:
        """The change that first reached the highest level."""
        return max(self.changes, key=lambda change: (change.level, -change.at))


@dataclass(frozen=True, slots=True)
class Alert:
    """What people have been told of one episode, under an id that it keeps."""

    id: int
    rule: str
    scope: str
    level: str
    peak: str
    state: State
    rained_since: int
    rained_until: int
    known_at: int
    raised_at: int
    ended_at: int | None
    evidence: Evidence | None
    reason: str = ""
    cause: Reason | None = field(default=None, hash=False)  # of a finding: what the reason is made from


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing told of an alert. Three times: when it rained, when we knew, when it was recorded to be told.

    What a person says of an alert is an event, too: `who` names the person, `reason` is what was said. `step`: of an
    escalation, the highest step of the chain that was taken with it. `around`: what each neighbour had in the window
    that decided, in mm, as far as was known then. `configuration`: the number of the accepted one, with the rule as it
    was. What was known around, and by which configuration, makes no event another one.
    """

    id: int
    alert_id: int
    rule: str
    scope: str
    kind: EventKind
    level: str
    rained_at: int
    known_at: int
    at: int
    late: bool
    unconfirmed: bool
    sent: bool  # False: recorded only, its rain is older than the rule's horizon
    evidence: Evidence | None
    reason: str = ""
    who: str = ""
    step: int = 0
    around: tuple[tuple[str, float], ...] = field(default=(), compare=False)
    configuration: int = field(default=0, compare=False)
    cause: Reason | None = field(default=None, hash=False)  # of a finding: what the reason is made from
