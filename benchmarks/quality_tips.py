"""Two gauges in the Andes: what the logger doubled, what visitors tipped, and what the technicians kept."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from benchmarks.quality_assess import Assessed
from benchmarks.quality_figures import Part, Table, Wanted, delay_text, percent, share_text, worst
from benchmarks.quality_records import DOUBLE_MAX_S, IMHEA_TIP_MM, Mark, Noted, Row, Site

VISIT_WITHIN_S = 600.0  # tips so close to a visit are the visitor's
DOUBLES_FLAGGED_MIN, VISITS_FLAGGED_MIN, KEPT_FAILED_MAX = 95.0, 100.0, 1.0  # per cent
FAIL, SUSPECT = 4, 3

# The record does not say where the gauges stood; nothing that is asked of them depends on it.
SITE = Site(0.0, -75.0, IMHEA_TIP_MM)

DOUBLE, DOUBLE_BY_MINUTE = "double: 1 s after the tip before", "double: same minute, read to the minute"
VISITED, KEPT = "within 10 minutes of a visit", "all others, kept by the technicians"


class Tip(NamedTuple):
    """A tip, what it is known to be, and what the service said of it."""

    at: datetime
    kinds: frozenset[str]
    assessed: Assessed


def rows(record: Mapping[str, Sequence[Noted]]) -> list[Row]:
    """As they arrived: by time, both gauges."""
    found = [
        Row(station, one.at, None, "visit" if one.mark is Mark.VISIT else "")
        for station, noted in record.items()
        for one in noted
    ]
    return sorted(found, key=lambda row: row.at)


def sites(record: Mapping[str, Sequence[Noted]]) -> dict[str, Site]:
    """The stations of the record."""
    return dict.fromkeys(record, SITE)


def figures(record: Mapping[str, Sequence[Noted]], assessed: Sequence[Assessed]) -> Part:
    """All that this record shows; `assessed` is in the order of `rows(record)`."""
    table_rows: list[tuple[str, ...]] = []
    doubles: list[float | None] = []  # shares, one for each gauge that has any such tips
    visited: list[float | None] = []
    kept: list[float | None] = []
    answers = list(zip(rows(record), assessed, strict=True))
    for station, noted in record.items():
        tips = list(_tips(noted, [one for row, one in answers if row.station == station]))
        for kind in (DOUBLE, DOUBLE_BY_MINUTE, VISITED, KEPT):
            of_it = [tip for tip in tips if kind in tip.kinds]
            if of_it:
                table_rows.append((station, kind, *_counts(of_it)))
        either = [tip for tip in tips if tip.kinds & {DOUBLE, DOUBLE_BY_MINUTE}]
        near = [tip for tip in tips if VISITED in tip.kinds]
        left = [tip for tip in tips if KEPT in tip.kinds]
        doubles += _share([tip.assessed.flagged for tip in either])
        visited += _share([tip.assessed.flagged for tip in near])
        kept += _share([tip.assessed.flag == FAIL for tip in left])
    heads = (
        "gauge",
        "tips",
        "of them",
        "flag 4",
        "flag 3",
        "neither",
        "share 4",
        "share 3 or 4",
        "removed by hand",
        "delay",
    )
    title = "hits are flags 3 and 4 on double and visitors' tips; false flags are those on all others"
    return Part(
        "imhea",
        [Table(title, heads, table_rows)],
        [
            Wanted(
                "double tips that are flagged", worst(doubles, at_least=True), DOUBLES_FLAGGED_MIN, "%", at_least=True
            ),
            Wanted(
                "tips near a visit that are flagged",
                worst(visited, at_least=True),
                VISITS_FLAGGED_MIN,
                "%",
                at_least=True,
            ),
            Wanted("other tips that are failed", worst(kept), KEPT_FAILED_MAX, "%"),
        ],
    )


def _share(answers: Sequence[bool]) -> list[float | None]:
    return [percent(sum(answers), len(answers))] if answers else []


def _tips(noted: Sequence[Noted], assessed: Sequence[Assessed]) -> Iterator[Tip]:
    visits = [one.at for one in noted if one.mark is Mark.VISIT]
    before: datetime | None = None
    for one, said in zip(noted, assessed, strict=True):
        if one.mark is Mark.VISIT:
            continue
        kinds = set()
        if before is not None and (one.at - before).total_seconds() <= DOUBLE_MAX_S:
            kinds.add(DOUBLE_BY_MINUTE if one.at == before else DOUBLE)
        if any(abs((one.at - visit).total_seconds()) <= VISIT_WITHIN_S for visit in visits):
            kinds.add(VISITED)
        if one.mark is Mark.REMOVED:
            kinds.add(Mark.REMOVED.value)
        yield Tip(one.at, frozenset(kinds or {KEPT}), said)
        before = one.at


def _counts(tips: Sequence[Tip]) -> tuple[str, ...]:
    failed = sum(tip.assessed.flag == FAIL for tip in tips)
    suspect = sum(tip.assessed.flag == SUSPECT for tip in tips)
    removed = sum(Mark.REMOVED.value in tip.kinds for tip in tips)
    delays_s = [
        (tip.assessed.decided_at - tip.at).total_seconds()
        for tip in tips
        if tip.assessed.flagged and tip.assessed.decided_at is not None
    ]
    counted = (str(len(tips)), str(failed), str(suspect), str(len(tips) - failed - suspect))
    shares = (share_text(failed, len(tips)), share_text(failed + suspect, len(tips)))
    return (*counted, *shares, str(removed), delay_text(delays_s))
