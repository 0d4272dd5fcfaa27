"""[duty] of people.toml: dated shifts, shifts that come back every week, and a calendar beside the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.configuration.stations import AT_EXAMPLE
from gauge_ingest.configuration.times import DAYS, parse_hours, unknown_people
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import Person, Shift, Weekly, no_shifts
from gauge_ingest.core.spans import instant_ms

SHIFTS_MAX = 10_000
WEEKLY_MAX = 200
ON_DUTY_MAX = 100
SHIFT_DAYS_MAX = 366
WEEKS_MAX = 53
EPOCH = date(1970, 1, 1)
WEEK_EXAMPLE = date(2026, 7, 6)
KEYS = ("calendar", "shifts", "weekly")
NAMED = 'a list of people by their ids, e.g. ["liu", "chen"]'


def _hours(value: str) -> str:
    parse_hours(value)
    return value


def _days(value: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [day for day in value if day not in DAYS]
    if wrong or len(set(value)) < len(value):
        raise ValueError(f"must name days of the week, each once, of {', '.join(DAYS)}")
    return value


class ShiftTable(BaseModel):
    """[[duty.shifts]]: who is on duty over (since, until]."""

    model_config = STRICT

    since: AwareDatetime = Field(examples=[AT_EXAMPLE])
    until: AwareDatetime = Field(examples=[AT_EXAMPLE])
    people: tuple[str, ...] = Field(min_length=1, max_length=ON_DUTY_MAX, description=NAMED, examples=[("liu",)])


class WeeklyTable(BaseModel):
    """[[duty.weekly]]: who is on duty on some days of every week, or of every so many weeks."""

    model_config = STRICT

    days: Annotated[tuple[str, ...], AfterValidator(_days)] = Field(
        min_length=1, max_length=7, description='a list of days of the week, e.g. ["mon", "tue"]', examples=[("mon",)]
    )
    hours: Annotated[str, AfterValidator(_hours)] = Field(examples=["08:00-20:00"])
    people: tuple[str, ...] = Field(min_length=1, max_length=ON_DUTY_MAX, description=NAMED, examples=[("liu",)])
    every_weeks: int = Field(default=1, ge=1, le=WEEKS_MAX)
    since: date | None = Field(default=None, examples=[WEEK_EXAMPLE])


@dataclass(slots=True)
class DutyRead:
    """Who is on duty when, and every mistake in it. `sha256`: of the calendar, empty without one."""

    shifts: tuple[Shift, ...] = ()
    weekly: tuple[Weekly, ...] = ()
    calendar: Callable[[int, int], Sequence[Shift]] = no_shifts
    sha256: str = ""
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    def canonical(self) -> dict[str, Any]:
        """All of it as it stands in the configuration's text; empty when nothing is there."""
        described = {
            "shifts": [asdict(shift) for shift in self.shifts],
            "weekly": [asdict(weekly) for weekly in self.weekly],
            "calendar": self.sha256,
        }
        return {name: value for name, value in described.items() if value}


def read_duty(
    table: Mapping[str, object], place: Place, ids: Mapping[str, object], people: Mapping[str, Person], directory: Path
) -> DutyRead:
    """The rota of a table. `ids` names the wrong people too, so that one mistake is told once."""
    read = DutyRead()
    read.mistakes += [place.at(key).mistake(f"unknown key; {nearest(key, KEYS)}") for key in table if key not in KEYS]
    shifts = _tables(read, table.get("shifts", ()), place.at("shifts"), SHIFTS_MAX)
    read.shifts = tuple(shift for one in shifts if (shift := _shift(read, *one, ids)) is not None)
    weekly = _tables(read, table.get("weekly", ()), place.at("weekly"), WEEKLY_MAX)
    read.weekly = tuple(kept for one in weekly if (kept := _weekly(read, *one, ids)) is not None)
    if "calendar" in table:
        from gauge_ingest.configuration.duty_calendar import read_calendar  # loads its libraries: not all have one

        found = read_calendar(table["calendar"], directory, place.at("calendar"), people)
        read.calendar, read.sha256 = found.shifts, found.sha256
        read.mistakes += found.mistakes
        read.warnings += found.warnings
    return read


def _tables(read: DutyRead, raw: object, place: Place, tables_max: int) -> list[tuple[Mapping[str, object], Place]]:
    if not isinstance(raw, tuple) or len(raw) > tables_max:
        read.mistakes.append(place.mistake(f"must be at most {tables_max} tables, each written [[{place.key}]]"))
        return []
    found = []
    for number, item in enumerate(raw, 1):
        if isinstance(item, Mapping):
            found.append((item, place.at(number)))
        else:
            read.mistakes.append(place.at(number).mistake(f"must be a table, written [[{place.key}]]"))
    return found


def _shift(read: DutyRead, item: Mapping[str, object], place: Place, ids: Mapping[str, object]) -> Shift | None:
    judged = judge(ShiftTable, item, place)
    table = judged.value
    read.mistakes += judged.mistakes
    if "people" not in judged.wrong:
        read.mistakes += unknown_people(table.people, ids, place.at("people"))
    if judged.wrong:
        return None
    since, until = instant_ms(table.since), instant_ms(table.until)
    if not since < until <= since + SHIFT_DAYS_MAX * 86_400_000:
        remedy = f"must be later than since, by at most {SHIFT_DAYS_MAX} days"
        read.mistakes.append(place.at("until").mistake(remedy, table.until))
        return None
    return Shift(since, until, table.people)


def _weekly(read: DutyRead, item: Mapping[str, object], place: Place, ids: Mapping[str, object]) -> Weekly | None:
    judged = judge(WeeklyTable, item, place)
    table = judged.value
    read.mistakes += judged.mistakes
    if "people" not in judged.wrong:
        read.mistakes += unknown_people(table.people, ids, place.at("people"))
    if table.every_weeks > 1 and table.since is None and "since" not in judged.wrong:
        remedy = f"is required with every_weeks: a day of the first week, e.g. {WEEK_EXAMPLE}"
        read.mistakes.append(place.at("since").mistake(remedy))
    if judged.wrong:
        return None
    since_min, until_min = parse_hours(table.hours)
    until_min += 24 * 60 if until_min <= since_min else 0
    since_day = 0 if table.since is None else (table.since - EPOCH).days
    days = tuple(number for number, day in enumerate(DAYS) if day in table.days)
    return Weekly(days, since_min, until_min, table.people, table.every_weeks, since_day)
