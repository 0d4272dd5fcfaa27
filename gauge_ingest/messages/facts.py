"""What a message may say of an alert event, and what it is looked up in, as plain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gauge_ingest.core.actions import Actions
from gauge_ingest.core.model import Rule

COMMAND = "gauge-ingest alerts acknowledge {id}"
WHO = " --who {who}"  # behind it, in a message to somebody


@dataclass(frozen=True, slots=True)
class World:
    """What the facts are looked up in: names of scopes, rules by id, the contingency plan.

    `command`: how an alert is acknowledged without a link; {id} in it stands for the alert, {who} for the person.
    `is_unmanned`: whether nobody is on duty for a level at an instant, so that everybody is told.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    actions: Actions = field(default_factory=Actions)
    command: str = COMMAND
    is_unmanned: Callable[[str, int], bool] = lambda _level, _at: False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may say. Empty text means that there is nothing to say; times are those of a clock in Beijing."""

    kind: str  # raised, strengthened, eased, cleared, withdrawn, lapsed, acknowledged, commented, escalated, reminded
    service: bool  # a finding about the service or a station, not about rain
    repeated: bool
    drill: bool
    # where, and how grave
    place: str
    place_id: str
    where: str
    level: str
    level_id: str
    grade: int
    evacuates: bool
    highest_level: str
    # how much in how long against what
    rain_mm: str
    rain_of: str
    rain_of_short: str
    rain_mm_max: str
    duration: str
    duration_short: str
    threshold_mm: str
    reached: bool
    rain_since: str
    rain_until: str
    highest_rain_mm: str
    highest_rain_of: str
    highest_duration: str
    highest_duration_short: str
    highest_threshold_mm: str
    # rising or falling, and what was told before
    trend: str
    again: bool
    before_kind: str
    before_level: str
    before_rain_mm: str
    before_duration: str
    before_at: str
    # whether it can be trusted
    unconfirmed: bool
    doubted_mm: str
    coverage_percent: int
    incomplete: bool  # reports do not speak for all of that time
    at_least: bool  # it may have rained more
    late: bool
    late_by: str
    rain_age: str
    around: str
    stations: str
    absent: str
    peak: str
    wetness: str
    wetness_unknown: bool
    season: str
    # what to do, and how to say that it was seen
    action: str
    brief: str
    warns: bool  # the message warns: the level stands, and people are to act by it
    stay_out: bool  # the highest level moved people: whoever moved does not return by himself
    asks: bool  # it warns, and nobody has acknowledged yet
    link: str
    command: str
    acknowledged_by: str
    unacknowledged_for: str
    nobody_on_duty: bool  # when it was first told, so that everybody is
    # when, who, why
    since: str
    until: str
    rained_at: str
    known_at: str
    told_at: str
    ended: str  # of a warning, and of what a person says: the alert has ended: cleared, withdrawn or lapsed
    standing: str  # of an end: other warnings of this place that stand
    now_level: str  # the alert stands at another level since
    reason: str
    merged_into: str
    who: str
    said: str
    alert: int
    event: int
    rule: str
    source: str
    # of a finding
    finding: str
    finding_means: str
    finding_todo: str
    finding_over: str
    finding_why: str
    doubt_since: str
    doubt_until: str
