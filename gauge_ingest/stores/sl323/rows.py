"""From windows to rows of ST_PPTN_R: which have ended, what is known of them, in which figures. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Flag
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.core.spans import BEIJING
from gauge_ingest.stores import Refused, Total
from gauge_ingest.stores.sl323.settings import ExportSettings

# The golden section in millionths: no other step spreads the remainders more evenly over neighbouring windows.
_GOLDEN, _WHOLE = 618_034, 1_000_000


class Numeric(NamedTuple):
    """What a column of millimetres can hold: digits behind the point, and its largest value; None: not bounded."""

    places: int
    largest: Decimal | None


class Row(NamedTuple):
    """What one window says of a row of ST_PPTN_R: its key, and the columns that the window alone decides.

    Where `known` is false the values are None, and only a row that is there already is changed.
    """

    stcd: str
    tm: datetime
    values: tuple[tuple[str, Decimal | None], ...]
    known: bool
    total: Total

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(name for name, _ in self.values)


def has_ended(window: Fixed, *, now: int, settle_s: int) -> bool:
    """Whether a window has ended: by the station's reports, which speak for all of it, or by the clock."""
    return window.coverage >= 1.0 or now >= window.until + settle_s * SECOND_MS


def is_known(window: Fixed, settings: ExportSettings) -> bool:
    """Whether a figure may be told for a window.

    A window in which no report ends is not known, also where a later report speaks for it: it tells of its rain at its
    own time. Rain is told however little of the window is covered; that there was none only where enough of it is.
    """
    if window.flag == Flag.MISSING or (settings.withhold_failed and window.flag == Flag.FAIL):
        return False
    return window.tips > 0 or window.coverage >= settings.coverage_min


def rounded(mm: float, places: int, *, place: int) -> Decimal:
    """Millimetres with so many digits, off by less than one in the last; `place`: which window of its step it is.

    What is whole in that digit stays. A remainder is rounded up as often as it is large: the next window asks for
    another share of the last digit, so that sums do not drift as they would if 0.254 mm became 0.3 mm each time.
    """
    unit = Decimal(1).scaleb(-places)
    exact = Decimal(str(round(mm, 3)))
    down = exact // unit * unit
    share = Decimal(place * _GOLDEN % _WHOLE) / _WHOLE
    return (down + unit if (exact - down) / unit > share else down).quantize(unit)


def rows_of(
    totals: Iterable[Total],
    platform: Mapping[str, PlatformStation],
    settings: ExportSettings,
    numerics: Mapping[str, Numeric],
) -> tuple[list[Row], list[Refused]]:
    """The rows that windows say something of, in the order of their keys, and what does not fit into its column.

    Of several totals for one window the last one counts.
    """
    rows: dict[tuple[str, int, int], Row] = {}
    refused: dict[tuple[str, int, int], Refused] = {}
    for total in totals:
        key = (platform[total.station].stcd, total.window.until, total.step_ms)
        row = _row(total, platform[total.station].stcd, settings, numerics)
        rows.pop(key, None)
        refused.pop(key, None)
        reason = _too_large(row, numerics)
        if reason:
            refused[key] = Refused(total, reason)
        else:
            rows[key] = row
    # Everybody who locks rows in one order waits for the others, and for nobody in a circle.
    return [rows[key] for key in sorted(rows)], [refused[key] for key in sorted(refused)]


def _row(total: Total, stcd: str, settings: ExportSettings, numerics: Mapping[str, Numeric]) -> Row:
    window = total.window
    tm = datetime.fromtimestamp(window.until // SECOND_MS, BEIJING).replace(tzinfo=None)
    known = is_known(window, settings)
    mm = window.corrected_mm if settings.rain == "corrected" else window.rain_mm
    values: tuple[tuple[str, Decimal | None], ...]
    if total.step_ms == DAY_MS:
        values = (("DYP", _nearest(mm, numerics["DYP"].places) if known else None),)
    else:
        drp = rounded(mm, numerics["DRP"].places, place=window.until // total.step_ms)
        values = (("DRP", drp if known else None), ("INTV", hours_minutes(total.step_ms) if known else None))
    return Row(stcd, tm, values, known, total)


def hours_minutes(length_ms: int) -> Decimal:
    """A length of time as SL 323 writes it: whole hours, and minutes behind the point. Five minutes are 0.05."""
    hours, rest_ms = divmod(length_ms, HOUR_MS)
    return hours + Decimal(rest_ms // MINUTE_MS).scaleb(-2)


def _nearest(mm: float, places: int) -> Decimal:
    return Decimal(str(round(mm, 3))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _too_large(row: Row, numerics: Mapping[str, Numeric]) -> str:
    """Why a value does not fit. Asked here: some servers would cut it to the largest they can hold, and say nothing."""
    for name, value in row.values:
        largest = numerics[name].largest if name in numerics else None
        if value is not None and largest is not None and value > largest:
            return (
                f"{name} = {value} mm does not fit into its column, which holds {largest} at most: widen the column,"
                " or correct the rain (gauge-ingest correct)"
            )
    return ""
