"""What an import would take: the rain of each station in order of time, what is refused and why, what it comes to."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gauge_ingest.configuration.mapping import ImportMapping
from gauge_ingest.core.model import SECOND_MS, Station
from gauge_ingest.core.rainfall import tips_max_possible
from gauge_ingest.importing.rows import UM_PER_MM, Bad, Told, Unreadable
from gauge_ingest.journal.imported import SINCE_MIN, Fell

STEPS_MAX = 10_000_000  # a century of five minutes
_MISSING = -1  # no figure is below 0


@dataclass
class Plan:
    """Of a whole file. `missing`: cells that say that nothing is known; `bases`: counts that nothing goes before."""

    fell: dict[str, list[Fell]] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    rows: int = 0
    missing: int = 0
    repeated: int = 0
    bases: int = 0
    unknown: Counter[str] = field(default_factory=Counter)  # stations that are not configured, with their rows

    @property
    def taken(self) -> int:
        """How many spans of rain there are."""
        return sum(map(len, self.fell.values()))


def plan_of(rows: Iterable[Told | Bad], mapping: ImportMapping, stations: Mapping[str, Station], *, now: int) -> Plan:
    """The plan of a file's rows."""
    plan, told = Plan(), dict[str, _Told]()
    for row in rows:
        plan.rows += 1
        if isinstance(row, Bad):
            plan.bad.append(row)
        elif row.station not in stations:
            plan.unknown[row.station] += 1
        else:
            told.setdefault(row.station, _Told()).append(row)
    for name in sorted(told):
        spans = _Spans(plan, mapping, stations[name], now=now)
        spans.take(told.pop(name).in_order(name))
        if spans.fell:
            plan.fell[name] = spans.fell
    plan.bad.sort(key=lambda one: one.line)
    return plan


class _Told:
    """The rows of one station as plain numbers: a file may have millions."""

    def __init__(self) -> None:
        self._lines, self._ats, self._ums = array("q"), array("q"), array("q")

    def append(self, row: Told) -> None:
        """Keep a row."""
        self._lines.append(row.line)
        self._ats.append(row.at)
        self._ums.append(_MISSING if row.um is None else row.um)

    def in_order(self, station: str) -> list[Told]:
        """The rows in order of time, and of the file where times are the same."""
        places = sorted(range(len(self._ats)), key=self._ats.__getitem__)
        return [
            Told(self._lines[n], station, self._ats[n], None if self._ums[n] == _MISSING else self._ums[n])
            for n in places
        ]


class _Spans:
    """The rows of one station, in order of time, to spans of rain."""

    def __init__(self, plan: Plan, mapping: ImportMapping, station: Station, *, now: int) -> None:
        self._plan = plan
        self._mapping = mapping
        self._station = station
        self._now = now
        self._step_ms = mapping.rain.step_s * SECOND_MS
        self._sum_um = 0
        self.fell: list[Fell] = []

    def take(self, rows: list[Told]) -> None:
        """All of them."""
        once = self._once(rows)
        if self._mapping.rain.events_only:
            self._events(once)
        elif self._mapping.by_step:
            self._steps(once)
        else:
            self._counts(once)

    def _once(self, rows: list[Told]) -> list[Told]:
        """Of rows with one time the first; others say the same or are refused. Events of one time are all taken."""
        kept: list[Told] = []
        for row in rows:
            if kept and kept[-1].at == row.at and not self._mapping.rain.events_only:
                if kept[-1].um == row.um:
                    self._plan.repeated += 1
                else:
                    self._refuse(row, "twice", f"another figure for the time of line {kept[-1].line}")
            else:
                kept.append(row)
        return kept

    def _steps(self, rows: list[Told]) -> None:
        ahead_ms = self._step_ms if self._mapping.time.label == "begin" else 0
        for row in rows:
            if row.um is None:
                self._plan.missing += 1
            else:
                self._add(row, row.at + ahead_ms - self._step_ms, row.at + ahead_ms, row.um)

    def _events(self, rows: list[Told]) -> None:
        """Rain at instants, summed in steps of the clock; in between it was dry, from the first row to the last."""
        sums: dict[int, int] = {}
        for row in rows:
            if row.um is None:
                self._plan.missing += 1
                continue
            until = -(-row.at // self._step_ms) * self._step_ms
            sums[until] = sums.get(until, 0) + row.um
        if not sums:
            return
        steps = (max(sums) - min(sums)) // self._step_ms
        if steps > STEPS_MAX:
            raise Unreadable(
                f"{self._station.id}: rows from one end to the other make {steps} steps of rain.step_s, more than"
                f" {STEPS_MAX}: is a time wrong by years? Else take longer steps"
            )
        for until in range(min(sums), max(sums) + 1, self._step_ms):
            self._add(Told(0, self._station.id, until, 0), until - self._step_ms, until, sums.get(until, 0))

    def _counts(self, rows: list[Told]) -> None:
        times = round(self._mapping.rain.bucket_mm * UM_PER_MM) if self._mapping.rain.unit == "counter" else 1
        modulus, before = self._mapping.rain.counter_modulus, None
        for row in rows:
            if row.um is None:
                self._plan.missing += 1
                continue
            if before is None or before.um is None:
                self._plan.bases += 1
            elif row.um >= before.um:
                self._add(row, before.at, row.at, (row.um - before.um) * times)
            elif modulus and self._can_fall((row.um + modulus - before.um) * times, before.at, row.at):
                self._add(row, before.at, row.at, (row.um + modulus - before.um) * times)
            else:
                self._plan.bases += 1  # it began anew: what fell since the row before is not known
            before = row

    def _add(self, row: Told, since: int, until: int, um: int) -> None:
        if until > self._now:
            self._refuse(row, "future", "ends in the future")
        elif since < SINCE_MIN:
            self._refuse(row, "old", "begins before 1800-01-01T00:00Z")
        elif self.fell and since < self.fell[-1].until:
            step = f"{self._step_ms // SECOND_MS} s" if self._step_ms else "it"
            self._refuse(row, "overlap", f"less than {step} after the row before: rain.step_s is longer than the steps")
        elif not self._can_fall(um, since, until):
            minutes = (until - since) / 60_000
            self._refuse(row, "much", f"{um / UM_PER_MM:g} mm in {minutes:g} min is more than can fall")
        else:
            self._sum_um += um
            if self.fell and since == self.fell[-1].until:
                since = self.fell[-1].until  # one number in memory, not two
            self.fell.append(Fell(since, until, um, self._sum_um))

    def _can_fall(self, um: int, since: int, until: int) -> bool:
        tips = tips_max_possible(self._station, since=since, until=until)
        return um <= tips * round(self._station.deployment_at(until).bucket_depth_mm * UM_PER_MM)

    def _refuse(self, row: Told, kind: str, reason: str) -> None:
        self._plan.bad.append(Bad(row.line, self._station.id, kind, reason, ()))
