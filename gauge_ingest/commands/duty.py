"""duty: who is on duty, what changes next, whom each level tells at which step, whose quiet hours are in force."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from gauge_ingest.commands.opening import MOMENT, ConfigOption, JsonOption, clock_of_environment, configured, moment
from gauge_ingest.commands.output import Status, elapsed, full_instant, instant, plain, print_json, show, stretch, table
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.findings import WARNING as FINDINGS
from gauge_ingest.core.levels import LEVELS, level_of
from gauge_ingest.core.model import DAY_MS, SECOND_MS
from gauge_ingest.core.people import DEFAULT, Person, chain_of, held_until, on_duty, told_by
from gauge_ingest.core.rota import changes, gaps
from gauge_ingest.core.spans import duration_text, instant_text

CHANGES_MS = 7 * DAY_MS
GAPS_MS = 14 * DAY_MS
QUIETEST = LEVELS["notice"]  # a level that quiet hours hold back

AtOption = Annotated[str | None, typer.Option("--at", metavar="T", help=f"Of which moment [default: now]: {MOMENT}.")]


def duty(*, at: AtOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show who is on duty and whom an alert would tell; exit status 1 when nobody is on duty."""
    configuration, now = configured(config), clock_of_environment().now()
    asked = now if at is None else moment("--at", at, now)
    document = _document(configuration, asked)
    if as_json:
        print_json(document)
    else:
        _show(configuration, asked)
    if configuration.roster.people and not document["on_duty"]:
        raise typer.Exit(int(Status.NOT_WELL))


def _levels(configuration: Configuration) -> list[tuple[str, Sequence[str]]]:
    """Every level that can be told of with those of its rule, the gravest first."""
    found: dict[str, Sequence[str]] = {}
    for rule in configuration.rules:
        for level in rule.levels:
            found.setdefault(level, rule.levels)
    for level in (FINDINGS, *configuration.roster.chains):
        if level != DEFAULT:
            found.setdefault(level, ())
    return sorted(found.items(), key=lambda one: (-level_of(*one).grade, one[0]))


def _quiet(people: Iterable[Person], at: int) -> list[tuple[Person, int]]:
    """Whose quiet hours are in force, and until when."""
    found = ((person, held_until(person, QUIETEST, at)) for person in people)
    return [(person, until) for person, until in found if until is not None]


def _document(configuration: Configuration, at: int) -> dict[str, Any]:
    roster = configuration.roster
    ahead = changes(roster, at, at + CHANGES_MS)
    return {
        "at": instant_text(at),
        "on_duty": [{"id": person.id, "name": person.name} for person in on_duty(roster, at)],
        "changes": [{"at": instant_text(then), "on_duty": [one.id for one in people]} for then, people in ahead],
        "levels": [
            {
                "level": level,
                "holds_in_quiet_hours": not level_of(level, levels).evacuates,
                "steps": [
                    {
                        "after_s": step.after_s,
                        "tell": list(step.tell),
                        "people": [person.id for person in told_by(roster, [step], at + step.after_s * SECOND_MS)],
                    }
                    for step in chain_of(roster, level)
                ],
            }
            for level, levels in _levels(configuration)
        ],
        "quiet": [{"person": one.id, "until": instant_text(end)} for one, end in _quiet(roster.people.values(), at)],
        "gaps": [
            {"since": instant_text(since), "until": instant_text(until)}
            for since, until in (gaps(roster, at, at + GAPS_MS) if roster.people else [])
        ],
    }


def _show(configuration: Configuration, at: int) -> None:
    roster = configuration.roster
    if not roster.people:
        show("nobody is in people.toml: alerts are told in the log and through the broker, and to no person")
        return
    present = on_duty(roster, at)
    head = f"on duty at {full_instant(at)}, times of Beijing: "
    who = Text(_names(present), style="bold green") if present else Text("NOBODY", style="bold white on red")
    show(Text(head, style="bold") + who)
    for person, until in _quiet(roster.people.values(), at):
        show(Text(f"{plain(person.name)}: quiet hours until {instant(until)}; levels that move people are told"))
    for since, until in gaps(roster, at, at + GAPS_MS):
        length = elapsed(until - since)
        show(Text(f"NOBODY ON DUTY {stretch(since, until)}, {length}: everybody would be told", style="bold red"))
    ahead = changes(roster, at, at + CHANGES_MS)
    show("", _changes(ahead) if ahead else "nothing changes within 7 days")
    show("", _chains(configuration, at))


def _changes(ahead: Sequence[tuple[int, Sequence[Person]]]) -> Any:
    shown = table("from", "on duty", wrap=("on duty",))
    for then, people in ahead:
        shown.add_row(instant(then), _names(people) if people else Text("NOBODY", style="bold red"))
    return shown


def _chains(configuration: Configuration, at: int) -> Any:
    """Whom each level would tell, if it were raised at that moment."""
    shown = table("level", "unless acknowledged", "told", "who that is", wrap=("told", "who that is"))
    roster = configuration.roster
    for level, levels in _levels(configuration):
        name, style = plain(level), "bold" if level_of(level, levels).evacuates else ""
        for step in chain_of(roster, level):
            after = f"after {duration_text(step.after_s)}" if step.after_s else "at once"
            people = told_by(roster, [step], at + step.after_s * SECOND_MS)
            shown.add_row(Text(name, style=style), after, ", ".join(step.tell), _names(people))
            name = ""
    return shown


def _names(people: Iterable[Person]) -> str:
    return ", ".join(f"{plain(person.name)} ({person.id})" for person in people)
