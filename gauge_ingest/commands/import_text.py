"""What an import says: rows, span and sum of each station and day, refused rows by reason, what it meets."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from gauge_ingest.commands.output import full_instant, show, table
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.days import day_name
from gauge_ingest.core.model import DAY_MS, Station
from gauge_ingest.core.spans import instant_text
from gauge_ingest.importing.overlaps import Overlap
from gauge_ingest.importing.plan import Plan
from gauge_ingest.importing.rows import UM_PER_MM
from gauge_ingest.journal.imported import Fell

DATE = len("2026-07-15")
SHOWN_MAX = 10  # refused rows that are shown, of each reason


def document(
    plan: Plan,
    configuration: Configuration,
    met: Sequence[Overlap],
    new: Mapping[str, int],
    *,
    taken: int | None,
    rejects: Path | None,
) -> dict[str, Any]:
    """An import as programs read it; `taken`: null of a dry run."""
    return {
        "rows": plan.rows,
        "taken": taken,
        "missing": plan.missing,
        "repeated": plan.repeated,
        "base_lines": plan.bases,
        "stations": [
            {
                "station": name,
                "rows": len(fell),
                "new": new.get(name, 0),
                "since": instant_text(fell[0].since),
                "until": instant_text(fell[-1].until),
                "rain_mm": fell[-1].sum_um / UM_PER_MM,
                "rain_mm_in_tips": in_tips_mm(configuration.stations[name], fell),
                "days": days_mm(fell),
            }
            for name, fell in plan.fell.items()
        ],
        "refused": dict(Counter(one.kind for one in plan.bad)),
        "rejects": None if rejects is None else str(rejects),
        "overlaps": [
            {**one._asdict(), "since": instant_text(one.since), "until": instant_text(one.until)} for one in met
        ],
    }


def days_mm(fell: Sequence[Fell]) -> dict[str, float]:
    """Millimetres of each day with rain, from 08:00 to 08:00 Beijing time."""
    days: Counter[str] = Counter()
    for one in fell:
        if one.um:
            days[day_name(-(-one.until // DAY_MS) * DAY_MS)] += one.um
    return {day: um / UM_PER_MM for day, um in days.items()}


def in_tips_mm(station: Station, fell: Sequence[Fell]) -> float:
    """What the same rain comes to in whole tips of the bucket that is configured for its time."""
    total = 0
    for one in fell:
        bucket_um = round(station.deployment_at(one.until).bucket_depth_mm * UM_PER_MM)
        total += (one.sum_um // bucket_um - (one.sum_um - one.um) // bucket_um) * bucket_um
    return total / UM_PER_MM


def show_plan(
    plan: Plan,
    configuration: Configuration,
    met: Sequence[Overlap],
    new: Mapping[str, int],
    *,
    taken: int | None,
    rejects: Path,
) -> None:
    """The same for people."""
    listing = table(
        "station", "rows", "new", "from", "until", "mm", "in tips", "wettest day", right=("rows", "new", "mm")
    )
    for name, fell in plan.fell.items():
        wettest = max(days_mm(fell).items(), key=lambda day: day[1], default=("", 0.0))
        listing.add_row(
            *(name, str(len(fell)), str(new.get(name, 0))),
            *(full_instant(fell[0].since)[:DATE], full_instant(fell[-1].until)[:DATE]),
            f"{fell[-1].sum_um / UM_PER_MM:.1f}",
            f"{in_tips_mm(configuration.stations[name], fell):.1f}",
            f"{wettest[0]} {wettest[1]:.1f}",
        )
    done = "dry run, nothing was changed" if taken is None else f"taken in: {taken} rows that were not there"
    lines = [f"{plan.rows} rows read, {plan.missing} missing, {plan.repeated} said twice, {plan.bases} base lines"]
    lines += [f"{len(plan.bad)} refused" + (f": see {rejects}" if taken is not None else "")] if plan.bad else []
    for kind, number in Counter(one.kind for one in plan.bad).items():
        lines.append(f"  {number} {kind}")
        shown = [one for one in plan.bad if one.kind == kind][:SHOWN_MAX]
        lines += [f"    line {one.line}: {one.reason}" for one in shown]
    lines += [
        f"OVERLAP {one.station}: {one.rows} rows from {full_instant(one.since)} to {full_instant(one.until)} meet"
        f" {'its own record' if one.by == 'readings' else 'what was imported before'}"
        for one in met
    ]
    show(Text(done, style="bold"), listing, "\n".join(lines))
