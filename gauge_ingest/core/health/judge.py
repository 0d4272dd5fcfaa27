"""What the figures of a station's health mean, each with its reason in words that a new duty officer understands."""

from collections.abc import Callable
from typing import NamedTuple

from gauge_ingest.core.health.figures import HealthDay, StationHealth
from gauge_ingest.core.health.grades import Grade, Graded, HealthSettings, above, below
from gauge_ingest.core.health.supply import batteries
from gauge_ingest.core.model import DAY_MS, SECOND_MS, Station
from gauge_ingest.core.spans import UNITS_S

Found = tuple[Grade, str]
SETTINGS = HealthSettings()

_UNIT_WORDS = {"d": "d", "h": "h", "m": "min"}


class Judged(NamedTuple):
    """How a station is doing: its figures, and everything that was looked at, in the order in which one would look."""

    station: Station
    health: StationHealth
    found: tuple[Graded, ...]

    @property
    def grade(self) -> Grade:
        """The worst of what was found; UNKNOWN when nothing is known at all."""
        return max((one.grade for one in self.found), default=Grade.UNKNOWN)


def judged(health: StationHealth, station: Station, settings: HealthSettings = SETTINGS) -> Judged:
    """A station's health with a grade and a reason for each thing that was looked at."""
    found = tuple(Graded(name, *check(health, station, settings)) for name, check in _CHECKS.items())
    return Judged(station, health, found)


def share_text(share: float) -> str:
    """A share in per cent; neither 0 nor 100 where it is not quite."""
    return f"{min(max(share * 100, 0.1), 99.9):.1f}%" if 0.0 < share < 1.0 else f"{share:.0%}"


def _heard(health: StationHealth, station: Station, settings: HealthSettings) -> Found:
    if health.last_heard_at is None:
        return Grade.ILL, "never heard: does it run, does it know its id and its password?"
    silent_s = max(0, health.until - health.last_heard_at) // SECOND_MS
    missed = silent_s // station.report_every_s
    if silent_s > settings.missed_ill * station.report_every_s:
        where = "link, battery or modem; where several stations are silent, the network or the broker"
        return Grade.ILL, f"nothing heard for {_length(silent_s)}, {missed} regular reports are missing: {where}"
    if silent_s > settings.missed_watch * station.report_every_s:
        return Grade.WATCH, f"nothing heard for {_length(silent_s)}, {missed} regular reports are missing"
    return Grade.OK, f"heard {_length(silent_s)} ago"


def _regularity(health: StationHealth, station: Station, settings: HealthSettings) -> Found:
    if health.regularity is None:
        return Grade.UNKNOWN, "no regular report was due in this time"
    said = f"{health.reports_seen} of {health.reports_expected} regular reports came, {share_text(health.regularity)}"
    of_day = _last_day(health, station, settings)
    lowest = health.regularity
    if of_day is not None and of_day.regularity is not None:
        said += f"; of the last day {share_text(of_day.regularity)}"
        lowest = min(lowest, of_day.regularity)
    grade = below(lowest, settings.regularity_watch, settings.regularity_ill)
    more = "" if grade is Grade.OK else ". The others were not made, or are still in the station's memory"
    return grade, said + more


def _silence(health: StationHealth, station: Station, settings: HealthSettings) -> Found:
    if health.longest_silence_s is None:
        return Grade.UNKNOWN, "nothing was heard"
    limit_s = max(settings.silence_watch_s, settings.missed_ill * station.report_every_s)
    if health.longest_silence_s > limit_s:
        length = _length(health.longest_silence_s)
        return Grade.WATCH, f"once no reading for {length}: of the rain of that time only the sum is known"
    return Grade.OK, f"never longer than {_length(health.longest_silence_s)} without a reading"


def _sequence(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    missing, seen, gaps = health.seq_missing, health.seq_seen, health.seq_gaps
    if missing is None or seen is None or gaps is None:
        return Grade.UNKNOWN, "its messages carry no numbers, or none in order"
    if not missing:
        return Grade.OK, f"none of {seen} messages is missing"
    share = missing / (missing + seen)
    said = f"{missing} of {missing + seen} messages are missing, in {_number(gaps, 'gap')}"
    grade = above(share, settings.seq_missing_share_watch, settings.seq_missing_share_ill)
    where = "lost on the way or in the station's memory, still to come, in quarantine, or they told nothing new"
    return grade, said if grade is Grade.OK else f"{said}: {where}"


def _restarts(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    if health.restarts is None:
        return Grade.UNKNOWN, "it tells neither boots nor numbers"
    days = (health.until - health.since) / DAY_MS
    # One restart alone says nothing.
    watch, ill = (max(1.0, days * rate) for rate in (settings.restarts_per_day_watch, settings.restarts_per_day_ill))
    grade = above(health.restarts, watch, ill)
    said = "no restart" if not health.restarts else _number(health.restarts, "restart")
    why = ": each loses the rain since the report before; look at supply and firmware"
    return grade, said + (why if grade > Grade.OK else "")


def _offset(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    offset_s = health.clock_offset_s
    if offset_s is None:
        return Grade.UNKNOWN, "too few reports came at once to tell"
    grade = above(abs(offset_s), settings.clock_offset_s_watch, settings.clock_offset_s_ill)
    if offset_s > 0:
        mended = ", and times further ahead than 10 min are mended" if grade is Grade.ILL else ""
        dated = f": rain is dated too late{mended}. Set the clock" if grade > Grade.OK else ""
        return grade, f"{_seconds(offset_s)} ahead{dated}"
    either = ": rain is dated too early. Set the clock; or the link always takes so long" if grade > Grade.OK else ""
    return grade, f"{_seconds(-offset_s)} behind, the way of a report included{either}"


def _drift(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    drift = health.clock_drift_s_per_day
    if drift is None:
        return Grade.UNKNOWN, "needs three days of reports that came at once"
    grade = above(abs(drift), settings.clock_drift_s_per_day_watch, settings.clock_drift_s_per_day_ill)
    if abs(drift) < 0.1:
        return grade, "keeps time to 0.1 s a day"
    way = "gains" if drift > 0 else "loses"
    soon = f": ten minutes in {600 / abs(drift):.0f} d when nobody sets it" if grade > Grade.OK else ""
    return grade, f"{way} {abs(drift):.1f} s a day{soon}"


def _mended(health: StationHealth, *_: object) -> Found:
    if health.clock_mended is None:
        return Grade.UNKNOWN, "nothing was heard"
    if not health.clock_mended or health.clock_mended_at is None:
        return Grade.OK, "no time had to be mended"
    age = _length(max(0, health.until - health.clock_mended_at) // SECOND_MS)
    number = _number(health.clock_mended, "reading")
    return Grade.WATCH, f"{number} claimed a time far ahead of ours and had it mended, the newest {age} ago"


def _battery(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    if health.battery_v is None or health.battery_min_v is None:
        return Grade.UNKNOWN, "it does not tell its battery, or not any more"
    number = batteries(health.battery_v)
    watch, ill = settings.battery_v_watch * number, settings.battery_v_ill * number
    grade = below(health.battery_min_v, watch, ill)
    said = f"{health.battery_min_v:.2f} V at the lowest of the last day, {health.battery_v:.2f} V now"
    limit = {Grade.WATCH: f" (below {watch:g} V)", Grade.ILL: f" (below {ill:g} V: it may stop any night)"}
    return grade, said + limit.get(grade, "")


def _charge(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    trend, days = health.battery_trend_v_per_day, health.battery_days_to_empty
    if trend is None:
        return Grade.UNKNOWN, "needs the lowest voltages of five days"
    if days is None:
        return Grade.OK, f"{trend:+.2f} V a day: does not fall"
    grade = below(days, settings.battery_days_to_empty_watch, settings.battery_days_to_empty_ill)
    panel = "" if grade is Grade.OK else ". Is the panel clean, free of shade and snow, connected?"
    soon = f"in about {days:.0f} d" if days >= 1 else "within a day"
    return grade, f"falls by {-trend:.2f} V a day: empty {soon} if it goes on{panel}"


def _signal(health: StationHealth, station: Station, settings: HealthSettings) -> Found:
    if health.signal_dbm is None or health.signal_worst_dbm is None:
        return Grade.UNKNOWN, "it does not tell its signal"
    said = f"{health.signal_dbm:.0f} dBm in the middle, {health.signal_worst_dbm:.0f} at worst"
    of_day = _last_day(health, station, settings)
    lowest = health.signal_dbm
    if of_day is not None and of_day.signal_dbm is not None:
        said += f"; {of_day.signal_dbm:.0f} on the last day"
        lowest = min(lowest, of_day.signal_dbm)
    grade = below(lowest, settings.signal_dbm_watch, settings.signal_dbm_ill)
    return grade, said + (". Look at aerial, cable and SIM card" if grade > Grade.OK else "")


def _data(health: StationHealth, station: Station, settings: HealthSettings) -> Found:
    doubted = _doubted(health)
    if doubted is None:
        return Grade.UNKNOWN, "no data that stand"
    parts = {"suspect": health.suspect_share, "failed": health.failed_share, "missing": health.missing_share}
    said = ", ".join(f"{share_text(share)} {name}" for name, share in parts.items() if share) or "nothing is in doubt"
    of_day = _last_day(health, station, settings)
    doubted_of_day = None if of_day is None else _doubted(of_day)
    if doubted_of_day:
        said += f"; of the last day {share_text(doubted_of_day)}"
    grade = above(max(doubted, doubted_of_day or 0.0), settings.doubted_share_watch, settings.doubted_share_ill)
    return grade, said + (f": gauge-ingest readings {station.id} shows which" if grade > Grade.OK else "")


def _visit(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    days = health.days_since_visit
    if days is None:
        return Grade.UNKNOWN, "no visit seen in this time"
    grade = above(days, settings.days_since_visit_watch)
    return grade, f"visited {days:.0f} d ago" if days >= 1 else "visited within the last day"


def _calibration(health: StationHealth, _: Station, settings: HealthSettings) -> Found:
    days = health.days_since_calibration
    if days is None:
        return Grade.UNKNOWN, "no calibration is known"
    grade = above(days, settings.days_since_calibration_watch)
    return grade, f"calibrated {days:.0f} d ago" + (": once a year is due" if grade > Grade.OK else "")


def _door(health: StationHealth, *_: object) -> Found:
    if health.door_open is None:
        return Grade.UNKNOWN, "it does not tell its door"
    if health.door_open:
        return Grade.WATCH, "the box is open: somebody is there, or left it open"
    return Grade.OK, "closed"


_CHECKS: dict[str, Callable[[StationHealth, Station, HealthSettings], Found]] = {
    "heard": _heard,
    "regularity": _regularity,
    "silence": _silence,
    "messages": _sequence,
    "restarts": _restarts,
    "clock": _offset,
    "drift": _drift,
    "mended": _mended,
    "battery": _battery,
    "charge": _charge,
    "signal": _signal,
    "data": _data,
    "visit": _visit,
    "calibration": _calibration,
    "door": _door,
}


def _last_day(health: StationHealth, station: Station, settings: HealthSettings) -> HealthDay | None:
    """The newest day, where it has enough regular reports for shares and the span is longer."""
    enough = settings.reports_per_day_min * station.report_every_s <= DAY_MS // SECOND_MS
    return health.days[-1] if enough and len(health.days) > 1 else None


def _doubted(of: StationHealth | HealthDay) -> float | None:
    if of.suspect_share is None or of.failed_share is None or of.missing_share is None:
        return None
    return of.suspect_share + of.failed_share + of.missing_share


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _seconds(length_s: float) -> str:
    return f"{length_s:.0f} s" if length_s < 120 else _length(int(length_s))


def _length(length_s: int) -> str:
    """A length of time as people say it: 40 s, 12 min, 5 h, 3 d."""
    for unit, word in _UNIT_WORDS.items():
        if length_s >= 2 * UNITS_S[unit]:
            return f"{length_s // UNITS_S[unit]} {word}"
    return f"{length_s} s"
