"""A correction as a person asks for it: checked word by word, and entered with what it makes the service owe."""

from collections.abc import Mapping
from math import floor, isfinite
from typing import Any, TypeGuard

from gauge_ingest.core.corrections import (
    REPLACED_MAX_MS,
    SPAN_MAX_MS,
    Correction,
    CorrectionKind,
    bucket_depths_mm,
    undone_by,
)
from gauge_ingest.core.model import DAY_MS, Kind, Station, Step
from gauge_ingest.core.rainfall import tips_max_possible
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import CHECK, DERIVE, Journal, Reader
from gauge_ingest.requests.words import WHO_MAX, WHY_MAX, Refused, words

_KEYS = {
    CorrectionKind.VOID: {"station", "since", "until"},
    CorrectionKind.REPLACE: {"station", "since", "until", "rain_mm"},
    CorrectionKind.CONFIRM: {"station", "since", "until"},
    CorrectionKind.VISIT: {"station", "since", "until"},
    CorrectionKind.UNDO: {"undoes"},
}
_OF_ALL = {"kind", "who", "why"}
# Rows on which a replaced depth can be hung: what stands and is confirmed.
_ASIDE = {Step.VOID, Step.OWED, Step.UNCONFIRMED}


def drafted(
    reader: Reader, stations: Mapping[str, Station], body: Mapping[str, Any], *, who: str, now: int
) -> Correction:
    """The correction that a request asks for, with the id that it would get; raises Refused.

    `body`: `kind`, `why`, perhaps `who` (else the one given), and `station`, `since` and `until` in milliseconds since
    1970, with `rain_mm` for a replacement; an undoing has `undoes`, the number of another entry, instead.
    """
    try:
        kind = CorrectionKind(str(body.get("kind")))
    except ValueError:
        raise Refused(f"kind {body.get('kind')!r}: must be one of {', '.join(CorrectionKind)}") from None
    wrong = sorted(_KEYS[kind] ^ (body.keys() - _OF_ALL))
    if wrong:
        verb = "needs" if wrong[0] in _KEYS[kind] else "knows no"
        raise Refused(f"{wrong[0]}: a correction of the kind {kind} {verb} {wrong[0]}")
    named = words("who", body.get("who", who), WHO_MAX)
    why = words("why", body.get("why"), WHY_MAX)
    correction_id = reader.corrections.next_id()
    if kind is CorrectionKind.UNDO:
        other = _undone(reader, stations, body["undoes"])
        span = (other.station, other.since, other.until)
        return Correction(correction_id, now, named, why, kind, *span, undoes=other.id)
    station = stations.get(body["station"]) if isinstance(body["station"], str) else None
    if station is None:
        raise Refused(f"station {body['station']!r}: is not in stations.toml")
    since, until = _span(_instant("since", body["since"]), _instant("until", body["until"]), kind, now)
    _refuse_beyond_the_edge(reader, station, since)
    rain_mm = _rain_mm(reader, station, body["rain_mm"], since, until) if kind is CorrectionKind.REPLACE else None
    return Correction(correction_id, now, named, why, kind, station.id, since, until, rain_mm)


def enter(journal: Journal, correction: Correction) -> None:
    """Enter a drafted correction inside the caller's transaction; its rows, sums and alerts are owed from then on."""
    number = journal.station_number(correction.station)
    journal.corrections.enter(number, correction)
    journal.owing.owe(DERIVE, number, since=correction.since + 1, until=correction.until)
    journal.owing.owe(CHECK, number, since=correction.since, until=correction.until)


def document(correction: Correction, *, undone: int | None = None) -> dict[str, Any]:
    """A correction as commands and requests print it; `undone`: the id of the entry that undoes it."""
    return {
        "id": correction.id,
        "at": instant_text(correction.at),
        "who": correction.who,
        "kind": correction.kind.value,
        "station": correction.station,
        "since": instant_text(correction.since),
        "until": instant_text(correction.until),
        "rain_mm": correction.rain_mm,
        "why": correction.why,
        "undoes": correction.undoes,
        "undone_by": undone,
    }


def _undone(reader: Reader, stations: Mapping[str, Station], undoes: object) -> Correction:
    other = reader.corrections.one(undoes) if _is_whole(undoes) and 0 < undoes < 1 << 63 else None
    if other is None:
        raise Refused(f"undoes {undoes!r}: there is no such correction; corrections log lists them")
    gone = undone_by(reader.corrections.entries(other.station))
    if other.id in gone:
        raise Refused(f"undoes {other.id}: correction {gone[other.id]} has undone it; undo that one to have it back")
    if other.station not in stations:
        raise Refused(f"undoes {other.id}: its station {other.station!r} is no longer in stations.toml")
    return other


def _instant(key: str, value: object) -> int:
    if not _is_whole(value) or value < 0:
        raise Refused(f"{key} {value!r}: must be an instant in milliseconds since 1970")
    return value


def _span(since: int, until: int, kind: CorrectionKind, now: int) -> tuple[int, int]:
    if until > now:
        raise Refused(f"until {instant_text(until)}: must not be later than now, {instant_text(now)}")
    if since >= until:
        raise Refused(f"since {instant_text(since)}: must be before until, {instant_text(until)}")
    most_ms = REPLACED_MAX_MS if kind is CorrectionKind.REPLACE else SPAN_MAX_MS
    if until - since > most_ms:
        days = (until - since) / DAY_MS
        raise Refused(f"since, until: {days:.1f} days, more than the {most_ms // DAY_MS} of one {kind}: divide them")
    return since, until


def _refuse_beyond_the_edge(reader: Reader, station: Station, since: int) -> None:
    """Where older readings were deleted, the first that is kept stands as it is: nothing says what it rose from."""
    number = reader.number(station.id)
    first_at = None if number is None else reader.first_observed_at(number)
    if first_at is None or since >= first_at:
        return
    first = next(reader.rows(station.id, since=first_at - 1, until=first_at))
    if first.since < first_at:
        raise Refused(f"since {instant_text(since)}: older readings are deleted; begin at {instant_text(first_at)}")


def _rain_mm(reader: Reader, station: Station, rain_mm: object, since: int, until: int) -> float:
    """A depth that can be kept: in whole tips of one bucket, with a reading to hang it on."""
    if not isinstance(rain_mm, int | float) or isinstance(rain_mm, bool) or not isfinite(rain_mm) or rain_mm < 0:
        raise Refused(f"rain_mm {rain_mm!r}: must be a depth in millimetres from 0")
    depths_mm = bucket_depths_mm(station, since=since, until=until)
    if len(depths_mm) > 1:
        raise Refused("since, until: the bucket was changed between them (stations.toml); replace each part by itself")
    (depth_mm,) = depths_mm
    most_mm = station.depth_mm(tips_max_possible(station, since=since, until=until), until=until)
    if rain_mm > most_mm:
        raise Refused(f"rain_mm {rain_mm:g}: at most {most_mm:g} mm can fall there between since and until")
    tips = round(rain_mm / depth_mm)
    if station.depth_mm(tips, until=until) != round(rain_mm, 3):
        below = floor(rain_mm / depth_mm)
        near = " or ".join(f"{station.depth_mm(one, until=until):g}" for one in (below, below + 1))
        raise Refused(f"rain_mm {rain_mm:g}: must be whole tips of the bucket of {depth_mm:g} mm, nearest are {near}")
    _refuse_without_reading(reader, station, since, until)
    return float(rain_mm)


def _refuse_without_reading(reader: Reader, station: Station, since: int, until: int) -> None:
    steps = {row.step for row in reader.rows(station.id, since=since, until=until) if row.kind != Kind.TEST}
    if steps - _ASIDE:
        return
    if Step.OWED in steps:
        raise Refused(f"since, until: the readings of {station.id} are still to be derived; ask again in a moment")
    raise Refused(
        f"since, until: no reading of {station.id} that stands was taken between them, so that the rain has nothing to"
        " hang on; choose a span that ends with a reading"
    )


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
