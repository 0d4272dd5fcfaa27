"""Runs a drill: broker, service and stations of its own, watched until all has been said; always ends with a report."""

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.app.delivery import channel
from gauge_ingest.clock import Clock
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import Alert, AlertEvent, State
from gauge_ingest.core.spans import instant_text
from gauge_ingest.core.told import acknowledgements
from gauge_ingest.demo.stage import DemoFailed, Stage, broker, child, service
from gauge_ingest.drill.over import tell_over
from gauge_ingest.drill.report import Ended, PersonRow, Report, alert_row, document, people_rows, unreached, unseen
from gauge_ingest.journal import JournalUnavailable, Reader
from gauge_ingest.outbound.record import Delivered, RecordUnreadable, delivered

LOOK_EVERY_S = 0.3
QUIET_S = 2.0  # nothing new for so long, and what was told has reached the outbound process
SETTLED_WITHIN_S = 30.0  # after the scenario, for what is still owed and on its way
SECRET_BYTES = 32
OPEN = ("waiting", "begun")
REPORT = "report.json"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a closed terminal ends it like Ctrl-C

Say = Callable[[str], None]


class Plan(NamedTuple):
    """What a drill is: named values that stand in its report."""

    name: str
    scenario: str
    seed: int
    minutes: int | None
    speed: float
    to: tuple[str, ...]
    wait_s: float


class Look(NamedTuple):
    """What a drill's journal and outbound.db say at one moment."""

    alerts: Sequence[tuple[Alert, Sequence[AlertEvent]]]
    deliveries: Sequence[Delivered]
    owed: bool

    @property
    def events(self) -> list[AlertEvent]:
        """Every event, in order."""
        return sorted((event for _, events in self.alerts for event in events), key=lambda event: event.id)

    @property
    def unanswered(self) -> bool:
        """Whether an alert of rain stands, and nobody has acknowledged what it last rose to."""
        rain = [(one, events) for one, events in self.alerts if one.evidence is not None and one.state is State.RAISED]
        return any(not acknowledgements(events) for _, events in rain)


def desk_secret() -> str:
    """A secret that signs the links of one drill: none of them opens a real alert."""
    return secrets.token_hex(SECRET_BYTES)


def run(plan: Plan, stage: Stage, configuration: Configuration, clock: Clock, say: Say) -> Report:
    """The drill from its first reading to its report, which is written into its folder. Ctrl-C ends it early."""
    began_at = clock.now()
    for number in ENDINGS:
        signal.signal(number, _end_once)
    trouble = ""
    try:
        with broker(stage), service(stage):
            ended = _play(plan, stage, configuration, say)
            _end_no_more()
    except DemoFailed as error:
        ended, trouble = Ended.DIED, str(error)
    except KeyboardInterrupt:
        ended = Ended.STOPPED
    _end_no_more()
    say(f"DRILL {ended}; everybody who was told hears that the drill is over")
    look = look_at(stage)
    rows = people_rows(configuration.roster.people, look.deliveries, look.events, speed=plan.speed)
    rows = _over(rows, look, configuration, clock, plan, ended)
    names = configuration.names
    alerts = tuple(
        alert_row(alert, events, look.deliveries, speed=plan.speed)._replace(name=names.get(alert.scope, ""))
        for alert, events in look.alerts
    )
    wrong = [trouble] if trouble else []
    wrong += unreached(look.deliveries) + unseen(rows, alerts)
    wrong += [f"{one.id} was not told that it is over: {one.over}" for one in rows if one.over.startswith("not ")]
    report = Report(
        *(plan.name, plan.scenario, plan.seed, plan.speed, plan.to, began_at, clock.now(), ended),
        *(rows, alerts, tuple(wrong)),
    )
    text = json.dumps(document(report), ensure_ascii=False, indent=1)
    (stage.folder / REPORT).write_text(text + "\n", encoding="utf-8")
    return report


def _end_once(_number: int, _frame: object) -> None:
    _end_no_more()
    raise KeyboardInterrupt


def _end_no_more() -> None:
    """From here on the end takes its course: last messages and a report must not be kept from being."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def look_at(stage: Stage) -> Look:
    """What stands in the drill's own files; nothing when they are not there yet."""
    try:
        with closing(Reader.open(stage.journal)) as reader:
            alerts = [(alert, reader.alerts.events(alert.id)) for alert in reversed(reader.alerts.all(ended=True))]
            owed = bool(reader.debts())
        return Look(alerts, delivered(stage.journal.with_name("outbound.db"), since=0), owed)
    except (JournalUnavailable, RecordUnreadable, OSError):
        return Look([], [], owed=True)


def _play(plan: Plan, stage: Stage, configuration: Configuration, say: Say) -> Ended:
    """Until the scenario is over and everybody has acknowledged, or the wait is; how it ended."""
    words = [sys.executable, "-m", "simulator", "run", plan.scenario, "--config", str(stage.config)]
    words += ["--seed", str(plan.seed), "--truth", str(stage.folder / "truth.jsonl"), "--json-progress"]
    words += ["--broker", f"127.0.0.1:{stage.port}", "--protocol", "5" if stage.mosquitto else "3.1.1"]
    words += [] if plan.minutes is None else ["--minutes", str(plan.minutes)]
    telling = _Telling(say, configuration.names)
    with child(stage, "stations", words) as stations:
        while stations.poll() is None:
            telling.tell(look_at(stage))
            time.sleep(LOOK_EVERY_S)
    if stations.returncode:
        log = stage.folder / "stations.log"
        said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
        raise DemoFailed(f"the stations ended with status {stations.returncode}; they say in {log}:\n{said}")
    say(f"DRILL the rain is over; {plan.wait_s / 60:g} min at most for what is on its way and for acknowledgements")
    return _wait(plan, stage, configuration, telling)


def _wait(plan: Plan, stage: Stage, configuration: Configuration, telling: "_Telling") -> Ended:
    over_at = moved_at = time.monotonic()
    before: Look | None = None
    while True:
        look = look_at(stage)
        telling.tell(look)
        moved_at = moved_at if look == before else time.monotonic()
        before = look
        rows = people_rows(configuration.roster.people, look.deliveries, look.events, speed=plan.speed)
        now = time.monotonic()
        ended = ending(look, rows, waited_s=now - over_at, wait_s=plan.wait_s, still_s=now - moved_at)
        if ended is not None:
            return ended
        time.sleep(LOOK_EVERY_S)


def ending(look: Look, rows: Sequence[PersonRow], *, waited_s: float, wait_s: float, still_s: float) -> Ended | None:
    """How a drill ends that has waited so long since its rain, with nothing new for `still_s`; None: not yet."""
    on_its_way = still_s < QUIET_S or look.owed or any(one.delivery.state in OPEN for one in look.deliveries)
    told = [one for one in rows if one.told]
    answered = not look.unanswered and all(one.acknowledged for one in told)
    nothing_to_wait_for = answered if told else not look.alerts
    if nothing_to_wait_for and (not on_its_way or waited_s > SETTLED_WITHIN_S):
        return Ended.SEEN if told else Ended.UNTOLD
    if waited_s > wait_s and (not on_its_way or waited_s > wait_s + SETTLED_WITHIN_S):
        return Ended.UNSEEN if told else Ended.UNTOLD
    return None


class _Telling:
    """Says what is new since the look before."""

    def __init__(self, say: Say, names: Mapping[str, str]) -> None:
        self._say = say
        self._names = names
        self._events: set[int] = set()
        self._told: set[int] = set()

    def tell(self, look: Look) -> None:
        """One line for each event and each delivery that has ended."""
        for event in look.events:
            if event.id not in self._events:
                self._events.add(event.id)
                who = f" by {event.who}: {event.reason}" if event.who else ""
                level = f" {event.level}" if event.level else ""
                place = f"{self._names.get(event.scope, '')} {event.scope}".lstrip()
                self._line(event.at, f"alert {event.alert_id} {place} {event.kind.value}{level}{who}")
        for one in look.deliveries:
            row = one.delivery
            if row.id not in self._told and row.state in ("done", "rejected"):
                self._told.add(row.id)
                ways = ", ".join(f"{way.channel} {way.to}" for way in one.ways if way.state == row.state)
                what = "told" if row.state == "done" else "NOT TOLD"
                at = row.queued_at if row.ended_at is None else row.ended_at
                self._line(at, f"{what}: {row.person} by {ways or row.reason}, {row.kind} of alert {row.alert}")

    def _line(self, at: int, words: str) -> None:
        self._say(f"DRILL {instant_text(at)[11:19]}  {words}")


def _over(
    rows: Sequence[PersonRow], look: Look, configuration: Configuration, clock: Clock, plan: Plan, ended: Ended
) -> tuple[PersonRow, ...]:
    """The rows with what came of the last message, for everybody whom a try may have reached."""
    tried = {one.delivery.person for one in look.deliveries if one.tries}
    people = [person for person in configuration.roster.people.values() if person.id in tried]
    told = tell_over(
        people,
        lambda name: channel(name, configuration.channels[name], clock.now),
        name=plan.name,
        at=instant_text(clock.now() // 1000 * 1000)[:19].replace("T", " "),
        how=ended,
    )
    return tuple(row._replace(over=told.get(row.id, "")) for row in rows)


def check_scenario(plan: Plan, config: Path) -> str:
    """What the simulator has against the scenario, or nothing."""
    words = [sys.executable, "-m", "simulator", "truth", plan.scenario, "--config", str(config)]
    words += ["--seed", str(plan.seed), "--out", str(config.parent / "rain.csv")]
    words += [] if plan.minutes is None else ["--minutes", str(plan.minutes)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    return (done.stderr or done.stdout).strip() if done.returncode else ""
