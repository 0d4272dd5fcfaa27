"""The account as lines that can be added up: from what fell to what InfluxDB has, each with its name and its sign."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.account.copied import Absent
from gauge_ingest.account.join import StationAccount
from gauge_ingest.account.rain import WATER_TOLERANCE_MM, Because, Gone
from gauge_ingest.account.readings import Missing
from gauge_ingest.account.station_side import Fate, Water

Value = Callable[[StationAccount], float | None]


class Sign(StrEnum):
    """What a line does to the sum above it."""

    SUM = ""
    MINUS = "-"
    PLUS = "+"
    OF_WHICH = "·"  # nothing: a part of it that is worth a line
    OPEN = "!"  # must be 0


class Line(NamedTuple):
    """A line for all stations; None where nothing is known."""

    section: str
    name: str
    unit: str
    sign: Sign
    value: Value


_MISSED = {
    "stuck_switch": "reed switch stuck",
    "dead_input": "input dead",
    "loose_wire": "wire loose",
    "no_power": "no power",
}
_PULSES = {"bounce": "bounces of the switch", "lightning": "lightning"}
_GONE = {
    Gone.WITH_READINGS: "in readings lost before a restart",
    Gone.BEFORE_FIRST: "before the first stored reading",
    Gone.AFTER_LAST: "after the last stored reading",
    Gone.UNCONFIRMED: "not confirmed yet",
    Gone.OWED: "not derived yet",
}
_BECAUSE = {
    Because.WRONG_COUNT: "wrong counts that stand",
    Because.RESTART: "restarts the counts do not show",
    Because.CLOCK: "times out of order",
    Because.DOUBTED: "jumps that the service doubts",
    Because.DEPLOYMENT: "across a new deployment",
    Because.EARLIER: "since a reading of another run",
    Because.CORRECTED: "corrected by people",
}
_MISSING = {
    Missing.MEMORY_FULL: "dropped by a full memory",
    Missing.MEMORY_LOST: "lost with the memory",
    Missing.IN_NO_MESSAGE: "in no message yet",
    Missing.NOT_SENT: "not sent yet",
    Missing.NOT_ACKNOWLEDGED: "sent, not acknowledged yet",
    Missing.QUARANTINED: "in quarantine",
    Missing.NOT_ADMITTED: "of a station the service does not know",
    Missing.LOST_BY_BROKER: "acknowledged, lost by the broker",
    Missing.ON_THE_WAY: "acknowledged, on its way",
    Missing.ACKNOWLEDGED: "acknowledged, and lost",
}
_ABSENT = {
    Absent.BEHIND: "copy is behind",
    Absent.REFUSED: "refused by InfluxDB",
    Absent.UNEXPLAINED: "missing or other in InfluxDB",
}


def lines(total: StationAccount) -> Iterator[Line]:
    """Every line that says something; what is nothing at every station has none, but for sums."""
    for line in all_lines(total):
        if line.sign is Sign.SUM or line.value(total) or (line.sign is Sign.OPEN and line.unit != "mm"):
            yield line


def all_lines(total: StationAccount) -> tuple[Line, ...]:
    """Every line, with one for each cause that there is."""
    return (*_water(), *_pulses(total), *_tips(), *_readings(), *_messages())


def _water() -> Iterator[Line]:
    yield _mm("fell", Sign.SUM, lambda water: water.fell_mm)
    yield _mm("ran over", Sign.MINUS, lambda water: water.overflowed_mm)
    yield _mm("lost while the bucket turned", Sign.MINUS, lambda water: water.lost_turning_mm)
    yield _mm("evaporated", Sign.MINUS, lambda water: water.evaporated_mm)
    yield _mm("lies as snow", Sign.MINUS, lambda water: water.snow_held_mm)
    yield _mm("stands in the funnel", Sign.MINUS, lambda water: water.funnel_held_mm)
    yield _mm("caught", Sign.SUM, lambda water: water.caught_mm)
    yield _mm("still in the bucket", Sign.MINUS, lambda water: water.residue_mm)
    yield _mm("not explained", Sign.OPEN, _open_mm)
    yield _mm("tipped", Sign.SUM, lambda water: water.tipped_mm)


def _pulses(total: StationAccount) -> Iterator[Line]:
    rain = "rain"
    yield Line(rain, "turns of the bucket", "tips", Sign.SUM, lambda one: one.rain.turned_tips)
    yield Line(rain, "poured by hand", "tips", Sign.PLUS, lambda one: one.rain.poured_tips)
    for cause in total.rain.pulses:
        yield _pulse(cause)
    for cause in total.rain.missed:
        yield _missed(cause)
    yield Line(rain, "left out as a test", "tips", Sign.MINUS, lambda one: one.rain.left_out_tips)
    yield Line(rain, "counted by the logger", "tips", Sign.SUM, lambda one: one.rain.counted_tips)


def _tips() -> Iterator[Line]:
    rain = "rain"
    yield _gone(Gone.IN_COUNTER, "in no reading yet")
    yield _gone(Gone.WITH_COUNTER, "lost with the counter")
    yield Line(rain, "carried in readings", "tips", Sign.SUM, lambda one: one.rain.carried_tips)
    yield from (_gone(where, name) for where, name in _GONE.items())
    yield from (_because(why, name) for why, name in _BECAUSE.items())
    yield Line(rain, "not explained", "tips", Sign.OPEN, lambda one: one.rain.unexplained_tips)
    yield Line(rain, "stored in the journal", "tips", Sign.SUM, lambda one: one.rain.stored_tips)
    yield Line(rain, "perhaps less", "tips", Sign.OF_WHICH, lambda one: one.rain.stored_tips - one.rain.stored_tips_min)
    yield Line(rain, "perhaps more", "tips", Sign.OF_WHICH, lambda one: one.rain.stored_tips_max - one.rain.stored_tips)
    yield Line(rain, "stored in the journal", "mm", Sign.SUM, lambda one: one.rain.stored_mm)
    yield Line(rain, "in InfluxDB", "tips", Sign.OF_WHICH, lambda one: None if one.copy is None else one.copy.tips)


def _readings() -> Iterator[Line]:
    name = "readings"
    yield Line(name, "made", "", Sign.SUM, lambda one: one.readings.made)
    yield Line(name, "acknowledged to the station", "", Sign.OF_WHICH, lambda one: one.readings.acknowledged)
    yield from (_missing(why, words) for why, words in _MISSING.items())
    yield Line(name, "stored in the journal", "", Sign.SUM, lambda one: one.readings.stored)
    yield Line(name, "void", "", Sign.OF_WHICH, lambda one: one.readings.void)
    yield Line(name, "not confirmed yet", "", Sign.OF_WHICH, lambda one: one.readings.unconfirmed)
    yield Line(name, "not derived yet", "", Sign.OF_WHICH, lambda one: one.readings.owed)
    yield Line(name, "tests", "", Sign.OF_WHICH, lambda one: one.readings.test)
    yield Line(name, "not explained", "", Sign.OPEN, lambda one: one.readings.unexplained)
    yield Line(name, "rows for InfluxDB", "", Sign.OF_WHICH, lambda one: None if one.copy is None else one.copy.rows)
    yield from (_absent(why, words) for why, words in _ABSENT.items())
    yield Line(name, "rows in InfluxDB", "", Sign.OF_WHICH, lambda one: None if one.copy is None else one.copy.there)


def _messages() -> Iterator[Line]:
    name = "messages"
    yield Line(name, "made", "", Sign.SUM, lambda one: one.messages.made)
    yield _fate(Fate.MEMORY_FULL, "dropped by a full memory")
    yield _fate(Fate.MEMORY_LOST, "lost with the memory")
    yield _fate(Fate.NOT_SENT, "not sent yet")
    yield _fate(Fate.NOT_ACKNOWLEDGED, "sent, not acknowledged yet")
    yield Line(name, "acknowledged", "", Sign.SUM, lambda one: one.messages.fates[Fate.ACKNOWLEDGED])
    yield Line(name, "sent again", "", Sign.OF_WHICH, lambda one: one.messages.transmissions - one.messages.sent)


def _mm(name: str, sign: Sign, value: Callable[[Water], float]) -> Line:
    return Line("rain", name, "mm", sign, lambda one: None if one.rain.water is None else value(one.rain.water))


def _open_mm(water: Water) -> float:
    return water.unexplained_mm if abs(water.unexplained_mm) > WATER_TOLERANCE_MM else 0.0


def _pulse(cause: str) -> Line:
    return Line("rain", _PULSES.get(cause, cause), "tips", Sign.PLUS, lambda one: one.rain.pulses[cause])


def _missed(cause: str) -> Line:
    return Line("rain", _MISSED.get(cause, cause), "tips", Sign.MINUS, lambda one: one.rain.missed[cause])


def _gone(where: Gone, name: str) -> Line:
    return Line("rain", name, "tips", Sign.MINUS, lambda one: one.rain.gone[where])


def _because(why: Because, name: str) -> Line:
    return Line("rain", name, "tips", Sign.PLUS, lambda one: one.rain.because[why])


def _missing(why: Missing, name: str) -> Line:
    return Line("readings", name, "", Sign.MINUS, lambda one: one.readings.missing[why])


def _absent(why: Absent, name: str) -> Line:
    return Line("readings", name, "", Sign.MINUS, lambda one: None if one.copy is None else one.copy.absent[why])


def _fate(fate: Fate, name: str) -> Line:
    return Line("messages", name, "", Sign.MINUS, lambda one: one.messages.fates[fate])
