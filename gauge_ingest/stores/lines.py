"""Line protocol, in which everything is written to InfluxDB and its like (times in nanoseconds)."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, nan
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, HOUR_MS, AlertEvent, Flag, Kind, Row, Station, Step
from gauge_ingest.stores import Item, Total

RAIN, HOURLY, DAILY, ALERT, STATION = "rain", "rain_hourly", "rain_daily", "alert", "station"
MEASUREMENT_OF_STEP = {HOUR_MS: HOURLY, DAY_MS: DAILY}

Line = tuple[str, Item]

_TEST, _VOID, _MISSING = int(Kind.TEST), int(Step.VOID), int(Flag.MISSING)
_AS_SAID = (int(Step.CORRECTED), int(Step.IMPORTED))
NS_PER_MS = 1_000_000
# Most reports tell of no rain at all; then the bucket does not matter either.
_DRY = "0i,tips_min=0i,tips_max=0i,rain_mm=0.0,"
_DRY_CORRECTED = f"{_DRY}corrected_mm=0.0,"
# A backslash stands for itself in a tag unless one of these follows it. No line break can be written in a tag at all.
TAG_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\ ", "\r": "\\ "})
# InfluxDB takes a line break within a string; VictoriaMetrics 1.79 takes it for the end of the line.
_STRING_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": " ", "\r": " "})


class _Heads(NamedTuple):
    """How the lines of one station begin, its bucket where one depth is all there is to know (else NaN), no rain."""

    rain: str
    health: str
    bucket_depth_mm: float
    dry: str


class LineProtocol:
    """Writes lines for the stations as they stand when it is made; remembers how each station's lines begin."""

    def __init__(self, stations: Mapping[str, Station]) -> None:
        self._stations = stations
        self._heads: dict[str, _Heads] = {}

    def lines(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> list[Line]:
        """Every line with what it was made of: first the rain, then the stations' own state, then the alerts.

        Tests are left out. Of several rows for one station and instant only the standing one is written; where all
        are void, one void point.
        """
        rain, health, alerts = self.by_kind(rows, events)
        return rain + health + alerts

    def by_kind(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> tuple[list[Line], list[Line], list[Line]]:
        """The same apart: measurements `rain`, `station` and `alert`."""
        chosen = [row for row in rows if row.step != _VOID and row.kind != _TEST]
        if len(chosen) != len(rows):
            chosen += _void_alone(rows, chosen)
        rain, health = self._rain_and_health(chosen)
        return rain, health, [(_alert(event), event) for event in events]

    def _rain_and_health(self, rows: Iterable[Row]) -> tuple[list[Line], list[Line]]:
        """Both in one pass: a page of rows is larger than the processor's cache."""
        heads, rain, health = self._heads, list[Line](), list[Line]()
        for row in rows:
            # Unpacked because this runs for every reading: a name looked up on a tuple costs more than its text.
            station, at, count, _, _, _, _, _, volts, dbm, celsius, door, _, since = row[:14]
            tips, least, most, step, flag = row[14:19]
            head = heads.get(station) or self._head(station)
            if step == _VOID:
                tips, least, most, flag = 0, 0, 0, _MISSING
            fell = head[3]
            if most or tips:
                depth = self._depth(station, tips, since, at, head[2], step)
                fell = f"{tips}i,tips_min={least}i,tips_max={most}i,{depth}"
            span_s = (at - since) / 1000
            rain.append((f"{head[0]}{fell}count={count}i,quality={flag}i,step={step}i,span_s={span_s} {at}000000", row))
            if volts is not None or dbm is not None or celsius is not None or door is not None:
                fields = _health(volts, dbm, celsius, door)
                if fields:
                    health.append((f"{head[1]}{fields} {at}000000", row))
        return rain, health

    def _depth(self, station: str, tips: int, since: int, at: int, bucket_depth_mm: float, step: int) -> str:
        """The field rain_mm, corrected_mm too where the station has a calibration; nothing where no bucket is known."""
        rain_mm = round(tips * bucket_depth_mm, 3)
        if rain_mm != rain_mm:
            return self._by_deployment(station, tips, since, at, step)
        return f"rain_mm={rain_mm},"

    def _head(self, station_id: str) -> _Heads:
        station = self._stations.get(station_id)
        depth_mm, corrects = nan, station is not None and station.corrects
        if station is not None and not station.changes_at and not corrects:
            only_mm = float(station.deployments[0].bucket_depth_mm)
            depth_mm = only_mm if isfinite(only_mm) else nan
        tag = station_id.translate(TAG_ESCAPES)
        dry = _DRY_CORRECTED if corrects else _DRY
        heads = _Heads(f"rain,station={tag} tips=", f"station,station={tag} ", depth_mm, dry)
        self._heads[station_id] = heads
        return heads

    def _by_deployment(self, station_id: str, tips: int, since: int, until: int, step: int) -> str:
        """The fields of depth where deployments are dated or calibrated, or where no bucket is known."""
        station = self._stations.get(station_id)
        if station is None:
            return "" if tips else "rain_mm=0.0,"
        rain_mm = station.depth_mm(tips, until=until)
        if not isfinite(rain_mm):
            return ""
        if not station.corrects:
            return f"rain_mm={rain_mm},"
        # What a person or an old record said that fell has fallen: no calibration adds to it.
        fell_mm = rain_mm if step in _AS_SAID else station.corrected_mm(tips, since=since, until=until)
        return f"rain_mm={rain_mm},corrected_mm={fell_mm},"


def total_line(total: Total) -> str:
    """The rain of one hour or day of a station, at its end; every field each time, so that nothing old stays."""
    one = total.window
    return (
        f"{MEASUREMENT_OF_STEP[total.step_ms]},station={total.station.translate(TAG_ESCAPES)}"
        f" tips={one.tips}i,tips_min={one.tips_min}i,tips_max={one.tips_max}i,rain_mm={one.rain_mm},"
        f"corrected_mm={one.corrected_mm},coverage={one.coverage},quality={one.flag}i {one.until}000000"
    )


def _health(
    volts: float | None,
    dbm: float | None,
    celsius: float | None,
    door: bool | None,  # noqa: FBT001  a field is a field
) -> str:
    """The fields of a station's own state; what is unknown is left out."""
    named = (("battery_v", volts), ("signal_dbm", dbm), ("temperature_c", celsius))
    fields = [f"{name}={value}" for name, value in named if value is not None and isfinite(value)]
    if door is not None:
        fields.append("door_open=true" if door else "door_open=false")
    return ",".join(fields)


def _void_alone(rows: Sequence[Row], standing: Sequence[Row]) -> list[Row]:
    """Of each instant at which no row stands the void row with the largest count, whatever their order."""
    taken = {(row.station, row.observed_at) for row in standing}
    alone: dict[tuple[str, int], Row] = {}
    for row in rows:
        key = (row.station, row.observed_at)
        if row.step == _VOID and row.kind != _TEST and key not in taken:
            alone[key] = max(alone.get(key, row), row, key=lambda void: void.counter)
    return list(alone.values())


def _alert(event: AlertEvent) -> str:
    """One point per event: its id, below the millisecond, keeps events of one alert and one instant apart.

    A tag would do it too, but each event would then open a series of its own.
    """
    fields = [
        f"alert_id={event.alert_id}i,event_id={event.id}i,kind={_quoted(event.kind)}",
        *_words("level", event.level),
        f"late={_truth(event.late)},unconfirmed={_truth(event.unconfirmed)}",
        *_words("reason", event.reason),
        *_words("who", event.who),
        f"known_at={event.known_at}i,at={event.at}i",
    ]
    if event.evidence is not None:
        fields.append(f"window_s={event.evidence.window_s}i")
        depths_mm = ("rain_mm", "rain_mm_max", "threshold_mm")
        fields += [f"{name}={mm}" for name in depths_mm if isfinite(mm := getattr(event.evidence, name))]
    tags = f"rule={event.rule.translate(TAG_ESCAPES)},scope={event.scope.translate(TAG_ESCAPES)}"
    return f"alert,{tags} {','.join(fields)} {event.rained_at * NS_PER_MS + event.id % NS_PER_MS}"


def _words(name: str, text: str) -> list[str]:
    """A field of text, or none where nothing is said.

    Among empty texts InfluxDB 2.8.0 answers Flux with the text of one point at another; max() fails of them
    (https://github.com/influxdata/influxdb/issues/26916).
    """
    return [f"{name}={_quoted(text)}"] if text else []


def _quoted(text: str) -> str:
    return f'"{text.translate(_STRING_ESCAPES)}"'


def _truth(is_so: bool) -> str:  # noqa: FBT001  a field is a field
    return "true" if is_so else "false"
