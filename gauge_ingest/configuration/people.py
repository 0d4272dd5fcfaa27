"""people.toml: who is told of alerts, on which channels, in which order, and who is on duty when."""

import stat
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from gauge_ingest.configuration.basins import ID
from gauge_ingest.configuration.channels import read_channels
from gauge_ingest.configuration.duty import DutyRead, read_duty
from gauge_ingest.configuration.files import read_table
from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.configuration.times import parse_after_s, parse_hours, unknown_people
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import DUTY, EVERYBODY, Address, ChainStep, Person, Quiet, Roster
from gauge_ingest.core.spans import duration_text
from gauge_ingest.notifiers.settings import ChannelSettings

FILE = "people.toml"
PEOPLE_MAX = 1_000
STEPS_MAX = 16
REACH_MAX = 8
TO_CHARACTERS_MAX = 512
TABLES = ("people", "channels", "chains", "duty")
REACH = 'must be a list of pairs, the first way first, e.g. [["mail", "liu@example.org"], ["sms", "+8613800000000"]]'
STEPS = 'must be a list of steps, e.g. [{ after = "0m", tell = ["duty"] }, { after = "5m", tell = ["everybody"] }]'


def _quiet(value: str) -> str:
    since, until = parse_hours(value)
    if since == until:
        raise ValueError('begins when it ends: write hours such as "22:00-07:00", or take it out')
    return value


def _after(value: str) -> str:
    parse_after_s(value)
    return value


class PersonTable(BaseModel):
    """[people.ID]: a person, and the ways to reach them."""

    model_config = STRICT

    name: str = Field(
        max_length=64,
        pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        description="1 to 64 characters, none of them a control character, no space at the ends",
        examples=["刘伟"],
    )
    language: Literal["zh", "en"] = "zh"
    reach: tuple[object, ...] = Field(
        min_length=1,
        max_length=REACH_MAX,
        description=REACH.removeprefix("must be "),
        examples=[(("mail", "liu@example.org"),)],
    )
    quiet: Annotated[str, AfterValidator(_quiet)] | None = Field(default=None, examples=["22:00-07:00"])


class ChainTable(BaseModel):
    """[chains.LEVEL]: whom to tell of a level, and whom when nobody acknowledges."""

    model_config = STRICT

    steps: tuple[object, ...] = Field(
        min_length=1,
        max_length=STEPS_MAX,
        description=STEPS.removeprefix("must be "),
        examples=[({"after": "0m", "tell": ("duty",)},)],
    )


class StepTable(BaseModel):
    """One step of a chain."""

    model_config = STRICT

    after: Annotated[str, AfterValidator(_after)] = Field(examples=["5m"])
    tell: tuple[str, ...] = Field(
        min_length=1,
        max_length=PEOPLE_MAX,
        description='a list of people by their ids, "duty" or "everybody", e.g. ["duty", "chen"]',
        examples=[("duty",)],
    )


@dataclass(slots=True)
class PeopleRead:
    """Who is in a folder's people.toml, and every mistake in it."""

    people: dict[str, Person] = field(default_factory=dict)
    channels: Mapping[str, ChannelSettings] = field(default_factory=dict)
    chains: dict[str, tuple[ChainStep, ...]] = field(default_factory=dict)
    duty: DutyRead = field(default_factory=DutyRead)
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    @property
    def roster(self) -> Roster:
        """What the core wants of it."""
        return Roster(self.people, self.chains, self.duty.shifts, self.duty.weekly, self.duty.calendar)

    def canonical(self) -> dict[str, object]:
        """All of it but the secrets, as it stands in the configuration's text; empty when nothing is there."""
        described: dict[str, Any] = {
            "people": {one.id: asdict(one) for one in self.people.values()},
            "channels": {name: one.model_dump(mode="json", exclude={"secret"}) for name, one in self.channels.items()},
            "chains": {level: [asdict(step) for step in steps] for level, steps in self.chains.items()},
            "duty": self.duty.canonical(),
        }
        return {name: table for name, table in described.items() if table}


def read_people(directory: Path, environ: Mapping[str, str], read_text: Callable[[Path], str]) -> PeopleRead:
    """Who is in people.toml of a folder; nobody where there is none. `read_text` reads the file of a secret."""
    read = PeopleRead()
    path = directory / FILE
    table = read_table(path, read.mistakes) if path.exists() or path.is_symlink() else {}
    if table is None:
        return read  # without its channels nobody can say which secrets are wrong
    file = Place(FILE)
    read.mistakes += [
        file.at(name).mistake(f"unknown key; {nearest(name, TABLES)}") for name in table if name not in TABLES
    ]
    tables = {name: _of_tables(read, table.get(name, {}), file.at(name)) for name in TABLES}
    channels = read_channels(tables["channels"], file.at("channels"), environ, read_text)
    read.channels = channels.channels
    read.mistakes += channels.mistakes
    read.warnings += channels.warnings
    for name, item in tables["people"].items():
        _read_person(read, name, item, tables["channels"], file.at("people", name))
    _check_names(read, file)
    for level, item in tables["chains"].items():
        _read_chain(read, level, item, tables["people"], file.at("chains", level))
    read.duty = read_duty(tables["duty"], file.at("duty"), tables["people"], read.people, directory)
    read.mistakes += read.duty.mistakes
    read.warnings += read.duty.warnings
    return read


def _of_tables(read: PeopleRead, raw: object, place: Place) -> Mapping[str, object]:
    if isinstance(raw, Mapping) and len(raw) <= PEOPLE_MAX:
        return raw
    read.mistakes.append(place.mistake(f"must be at most {PEOPLE_MAX} tables, e.g. [{place.key}.ID]"))
    return {}


def _read_person(read: PeopleRead, name: str, item: object, channels: Mapping[str, object], place: Place) -> None:
    if not ID.fullmatch(name) or name.lower() in (DUTY, EVERYBODY):
        remedy = "an id is 1 to 32 of the characters A-Z a-z 0-9 _ -, and neither duty nor everybody"
        read.mistakes.append(place.mistake(remedy))
    if not isinstance(item, Mapping):
        read.mistakes.append(place.mistake(f"must be a table, written [people.{name}]"))
        return
    judged = judge(PersonTable, item, place)
    table = judged.value
    read.mistakes += judged.mistakes
    reach = [] if "reach" in judged.wrong else _reach(read, table.reach, channels, place.at("reach"))
    quiet = None if table.quiet is None else Quiet(*(minute % 1_440 for minute in parse_hours(table.quiet)))
    read.people[name] = Person(name, table.name, table.language, tuple(reach), quiet)


def _reach(read: PeopleRead, raw: tuple[object, ...], channels: Mapping[str, object], place: Place) -> list[Address]:
    found: list[Address] = []
    for number, pair in enumerate(raw, 1):
        here = place.at(number)
        if not isinstance(pair, tuple) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            read.mistakes.append(
                here.mistake('must be a channel and an address, e.g. ["mail", "liu@example.org"]', pair)
            )
            continue
        channel, to = pair
        if channel not in channels:
            read.mistakes.append(here.mistake(f"no such channel; {nearest(channel, channels)}", channel))
        elif not 1 <= len(to) <= TO_CHARACTERS_MAX or not to.isprintable() or to != to.strip():
            remedy = f"must name an address of 1 to {TO_CHARACTERS_MAX} printable characters, no space at the ends"
            read.mistakes.append(here.mistake(remedy, to))
        elif Address(channel, to) in found:
            read.mistakes.append(here.mistake("stands there twice: take one out", to))
        else:
            found.append(Address(channel, to))
            if _rings_nowhere(read.channels.get(channel), to):
                remedy = "is no terminal: nobody hears a bell there, and a try is refused; name one such as /dev/tty1"
                read.warnings.append(here.mistake(remedy, to))
    return found


def _rings_nowhere(channel: ChannelSettings | None, to: str) -> bool:
    """Whether the address of a bell is something else than a terminal; one that is not there may come yet."""
    if channel is None or channel.kind != "bell" or to == "-":
        return False
    try:
        return not stat.S_ISCHR(Path(to).stat().st_mode)
    except OSError:
        return False


def _check_names(read: PeopleRead, file: Place) -> None:
    """Ids that differ in nothing but capitals, and people of one name, are told apart by nobody."""
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    for person in read.people.values():
        before = ids.setdefault(person.id.lower(), person.id)
        if before != person.id:
            read.mistakes.append(file.at("people", person.id).mistake(f"differs from {before} in capitals alone"))
        before = names.setdefault(person.name, person.id)
        if before != person.id:
            remedy = f"is the name of {before} too: add what tells them apart, e.g. their village"
            read.mistakes.append(file.at("people", person.id, "name").mistake(remedy, person.name))


def _read_chain(read: PeopleRead, level: str, item: object, people: Mapping[str, object], place: Place) -> None:
    if not ID.fullmatch(level):
        remedy = "must be a level or default: 1 to 32 of the characters A-Z a-z 0-9 _ -, e.g. [chains.prepare]"
        read.mistakes.append(place.mistake(remedy))
    if not isinstance(item, Mapping):
        read.mistakes.append(place.mistake(f"must be a table, written [chains.{level}]"))
        return
    judged = judge(ChainTable, item, place)
    read.mistakes += judged.mistakes
    if judged.wrong:
        return
    steps: list[ChainStep] = []
    for number, raw in enumerate(judged.value.steps, 1):
        step = _step(read, raw, people, place.at("steps", number))
        if step is None:
            return
        _check_order(read, steps, step, place.at("steps", number, "after"))
        steps.append(step)
    read.chains[level] = tuple(steps)


def _step(read: PeopleRead, raw: object, people: Mapping[str, object], place: Place) -> ChainStep | None:
    if not isinstance(raw, Mapping):
        read.mistakes.append(place.mistake('must be a step like { after = "5m", tell = ["duty"] }', raw))
        return None
    judged = judge(StepTable, raw, place)
    read.mistakes += judged.mistakes
    if judged.wrong:
        return None
    tell = judged.value.tell
    read.mistakes += unknown_people(tell, (*people, DUTY, EVERYBODY), place.at("tell"))
    return ChainStep(parse_after_s(judged.value.after), tell)


def _check_order(read: PeopleRead, before: list[ChainStep], step: ChainStep, place: Place) -> None:
    if not before and step.after_s:
        remedy = 'the first step must be at "0m": who is told at once'
        read.mistakes.append(place.mistake(remedy, duration_text(step.after_s)))
    if before and step.after_s <= before[-1].after_s:
        earlier = duration_text(before[-1].after_s) if before[-1].after_s else "0m"
        remedy = f"must be later than {earlier}, the step before it"
        read.mistakes.append(place.mistake(remedy, duration_text(step.after_s) if step.after_s else "0m"))
