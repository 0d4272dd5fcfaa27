"""drill: marked rain through the code of the service, to real people, and a report of who acknowledged when."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gauge_ingest.clock import VARIABLE, Clock, ScaledClock, SystemClock, clock_starting_now, clock_text
from gauge_ingest.commands.drill_text import pace, report_text
from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured_on_disk,
    directory_of,
)
from gauge_ingest.commands.output import Status, notice, print_json, print_text, stop
from gauge_ingest.configuration import Configuration, ConfigurationRefused
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import chain_of, told_by
from gauge_ingest.journal import Lock, Locked

if TYPE_CHECKING:
    from gauge_ingest.drill.run import Plan
    from gauge_ingest.drill.staged import Set

ROSTER = "roster"
WAIT_MIN = 15
WAIT_MIN_MAX = 1_440
DAY_MIN = 1_440

ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A scenario of the simulator, such as shift_change (12 minutes) or flash_flood (hours); or a file.",
    ),
]
ToOption = Annotated[
    str, typer.Option("--to", metavar="roster|PERSON[,PERSON…]", help="Everybody as in people.toml, or these alone.")
]
SpeedOption = Annotated[
    float | None, typer.Option("--speed", metavar="X", help="X times as fast, chains and waits too [default: 1]")
]
SeedOption = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same rain.")]
MinutesOption = Annotated[
    int | None, typer.Option("--minutes", metavar="M", min=1, max=576_000, help="Of rain [default: the scenario's]")
]
WaitOption = Annotated[
    float,
    typer.Option(
        "--wait", metavar="M", min=0, max=WAIT_MIN_MAX, help="Real minutes for acknowledgements after the rain."
    ),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write the report here too; .json: as JSON.")
]
PortOption = Annotated[
    int,
    typer.Option("--desk-port", metavar="PORT", min=0, max=65_535, help="Serve the drill's own desk here; 0: none."),
]
UrlOption = Annotated[
    str, typer.Option("--public-url", metavar="URL", help="How phones reach the drill's desk; else no links.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Begin without a question.")]


def drill(
    scenario: ScenarioArgument,
    *,
    to: ToOption,
    speed: SpeedOption = None,
    seed: SeedOption = 1,
    minutes: MinutesOption = None,
    wait: WaitOption = WAIT_MIN,
    report: ReportOption = None,
    desk_port: PortOption = 0,
    public_url: UrlOption = "",
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send marked alerts of a simulated storm to real people, and report who acknowledged when."""
    configuration, directory, clock = configured_on_disk(config), directory_of(config), _clock(speed)
    _check(configuration, desk_port, public_url, report)
    # Only here: a command starts without the service.
    from gauge_ingest.drill.run import Plan
    from gauge_ingest.drill.staged import folder_name

    when = folder_name(SystemClock().now())
    plan = Plan(
        *(
            f"{when} {Path(scenario).stem}",
            scenario,
            seed,
            minutes,
            clock.speed if isinstance(clock, ScaledClock) else 1.0,
        ),
        to=_to(to, configuration),
        wait_s=wait * 60,
    )
    with _set_up(when, plan, configuration, directory, desk_port=desk_port, public_url=public_url) as ready:
        _begin(plan, ready, clock, yes=yes, as_json=as_json, report=report)


@contextmanager
def _set_up(
    when: str, plan: "Plan", configuration: Configuration, directory: Path, *, desk_port: int, public_url: str
) -> Iterator["Set"]:
    """The drill's folder, made, while no other drill runs; or an end that says why not."""
    from gauge_ingest.drill.derived import drills_folder
    from gauge_ingest.drill.staged import set_up

    folder = drills_folder(configuration)
    lock = Lock(folder / "drill")
    try:
        lock.acquire()
        ready = set_up(folder / when, directory, configuration, plan, desk_port=desk_port, public_url=public_url)
    except Locked as error:
        stop(Status.WRONG_USE, f"a drill runs already (process {error.process}): end that one first")
    except OSError as error:
        stop(Status.UNREACHABLE, f"the folder of the drill cannot be made: {error}")
    except ConfigurationRefused as refused:
        stop(Status.WRONG_USE, "the drill cannot be configured:", *map(str, refused.mistakes))
    try:
        yield ready
    finally:
        lock.release()


def _begin(plan: "Plan", ready: "Set", clock: Clock, *, yes: bool, as_json: bool, report: Path | None) -> None:
    from gauge_ingest.drill.report import document
    from gauge_ingest.drill.run import check_scenario, run

    say: Callable[[str], None] = notice if as_json else print_text
    try:
        if wrong := check_scenario(plan, ready.stage.config):
            stop(Status.WRONG_USE, f"the stations cannot play {plan.scenario}:", wrong)
        for line in _announced(plan, ready, now=clock.now()):
            say(line)
        _ask(yes=yes)
    except (typer.Exit, typer.Abort):
        shutil.rmtree(ready.stage.folder)  # nobody was told: no evidence of anything
        raise
    found = document(run(plan, ready.stage, ready.configuration, clock, say))
    text = report_text(found)
    (ready.stage.folder / "report.txt").write_text(text, encoding="utf-8")
    if report is not None:
        whole = json.dumps(found, ensure_ascii=False, indent=1) + "\n" if report.suffix == ".json" else text
        try:
            report.write_text(whole, encoding="utf-8")
        except OSError as error:
            notice(f"the report cannot be written to {report}: {error}; it stands in {ready.stage.folder}")
    if as_json:
        print_json(found)
    else:
        print_text(f"\n{text}\neverything of it stays in {ready.stage.folder}")
    if found["wrong"]:
        raise typer.Exit(int(Status.NOT_WELL))


def _announced(plan: "Plan", ready: "Set", *, now: int) -> Sequence[str]:
    """What will happen, and to whom."""
    configuration = ready.configuration
    roster, desk = configuration.roster, configuration.settings.desk
    levels = dict.fromkeys(level for rule in configuration.rules for level in rule.levels)
    first = {one.id for level in levels for one in told_by(roster, chain_of(roster, level)[:1], now)}
    lines = [
        f"演习 DRILL {plan.name}: {pace(plan.speed)}, in {ready.stage.folder}",
        "REAL MESSAGES, each marked DRILL 演习, go to these people; no real alert, total or copy is touched:",
    ]
    for person in roster.people.values():
        when = "told first, as of now" if person.id in first else "told when the chain comes to them"
        ways = ", then ".join(f"{way.channel} {way.to}" for way in person.reach)
        lines.append(f"  {person.id} {person.name} by {ways}: {when}")
    how = f"by the links to {desk.public_url}, or here" if desk.public_url else "here, their messages have no link"
    if desk.port and not desk.public_url:
        how += f" to the desk at port {desk.port} (--public-url says how phones reach it)"
    command = f"gauge-ingest alerts acknowledge ID{configuration.settings.drill_options} --who NAME"
    lines.append(f"they acknowledge {how}: {command}")
    if clock := ready.stage.environ.get(VARIABLE):
        lines.append(f'with the drill\'s clock: export {VARIABLE}="{clock}"')
    minutes = f"{plan.wait_s / 60:g} real minutes after the rain at the latest"
    return [*lines, f"it ends when everybody has acknowledged, {minutes}, or with Ctrl-C"]


def _check(configuration: Configuration, port: int, public_url: str, report: Path | None) -> None:
    """What would be found out when people have been told already."""
    if public_url and not port:
        stop(Status.WRONG_USE, "--public-url: leads nowhere without --desk-port")
    if configuration.settings.drill.name:
        stop(Status.WRONG_USE, "this is the configuration of a drill: name that of the service")
    if port:
        _check_port(configuration, port)
    if report is not None:
        _check_report(report)


def _check_port(configuration: Configuration, port: int) -> None:
    """A port that is taken is that of the real desk most likely."""
    host = configuration.settings.desk.host
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        why = error.strerror or error
        stop(Status.WRONG_USE, f"--desk-port {port}: the drill's desk cannot listen at {host}: {why}; name a free port")


def _check_report(report: Path) -> None:
    if report.is_dir():
        stop(Status.WRONG_USE, f"--report {report}: is a folder: name a file")
    written = report if report.exists() else report.absolute().parent
    if not written.exists() or not os.access(written, os.W_OK):
        stop(Status.WRONG_USE, f"--report {report}: cannot be written: {written} is not there, or may not be written")


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        stop(Status.WRONG_USE, "nobody was told: without a terminal to ask at, give --yes")
    if not typer.confirm("Begin?", err=True):
        stop(Status.WRONG_USE, "nobody was told")


def _to(text: str, configuration: Configuration) -> tuple[str, ...]:
    """Whom it is for; nobody named: everybody as in people.toml."""
    people = configuration.roster.people
    if not people:
        stop(Status.WRONG_USE, "nobody is in people.toml: there is nobody to drill")
    if text == ROSTER:
        return ()
    named = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for one in named:
        if one not in people:
            stop(
                Status.WRONG_USE, f"--to: people.toml has nobody with the id {one!r}: {nearest(one, [ROSTER, *people])}"
            )
    return named


def _clock(speed: float | None) -> Clock:
    """The drill's clock, also in the environment, for its processes."""
    if speed is None:
        return clock_of_environment()
    if os.environ.get(VARIABLE, "").strip():
        stop(Status.WRONG_USE, f"--speed {speed:g} and {VARIABLE} name two clocks: leave one of them out")
    try:
        clock = clock_starting_now(speed)
    except ValueError as error:
        stop(Status.WRONG_USE, f"--speed: {error}")
    os.environ[VARIABLE] = clock_text(clock)
    return clock
