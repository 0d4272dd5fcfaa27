"""Samples: one made-up event of every kind, to look at templates with and to hold them against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gauge_ingest.core.actions import Actions, Words
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, Rule, State, Threshold
from gauge_ingest.core.reasons import because
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.core.told import MERGED
from gauge_ingest.messages.facts import Facts, World
from gauge_ingest.messages.gather import facts_of

LINK = "https://rain.example.org/a/12.Zm9v"
GROUP = "group"  # the one sample that is made of others
GROUP_OF = ("raised", "eased", "system")

_MINUTE = 60_000
_AT = parse_instant("2026-07-15T18:05:00+08:00")
_RULE = Rule(
    id="flash_flood",
    levels=("prepare", "immediate"),
    thresholds=(Threshold(3_600, "prepare", 10.0), Threshold(10_800, "immediate", 30.0)),
    stations=("HTB02",),
    source="an example",
)
WORLD = World(
    places={"HTB01": "石门", "HTB02": "雀尔沟镇", "HTB03": "石梯子乡", "south": "南片流域"},
    rules={_RULE.id: _RULE},
    actions=Actions(
        levels={
            "prepare": Words(
                "通知危险区住户做好转移准备，巡查沟口，清点人数", "warn the households at risk, send somebody to look"
            ),
            "immediate": Words(
                "立即组织危险区人员转移到安置点，不走沟道，转移后清点人数",
                "move everybody out of the danger zone now, not along the gully; count them",
            ),
            "warning": Words("值班人员立即核查，并报告带班领导", "look into it now and tell the officer in charge"),
        }
    ),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up message: what it shows, and everything that it is written from."""

    shows: str
    event: AlertEvent
    alert: Alert
    events: tuple[AlertEvent, ...]
    link: str = ""
    repeated: bool = False
    drill: bool = False

    def facts(self, language: str, world: World = WORLD) -> Facts:
        """What its message may say; its place and its rule are made up, what to do is the world's."""
        return facts_of(
            *(self.event, self.alert, self.events, replace(WORLD, actions=world.actions)),
            language=language,
            link=self.link,
            repeated=self.repeated,
            drill=self.drill,
        )


def _evidence(rain_mm: float, threshold_mm: float, *, window_h: int, at: int = _AT, **more: float) -> Evidence:
    return Evidence(
        window_s=window_h * 3_600,
        since=at - window_h * 60 * _MINUTE,
        until=at,
        rain_mm=rain_mm,
        rain_mm_max=more.get("rain_mm_max", rain_mm),
        threshold_mm=threshold_mm,
        coverage=more.get("coverage", 1.0),
        unconfirmed=bool(more.get("unconfirmed")),
        doubted_mm=more.get("doubted_mm", 0.0),
    )


_PREPARE = _evidence(12.5, 10.0, window_h=1, at=_AT - 20 * _MINUTE)
_IMMEDIATE = _evidence(31.5, 30.0, window_h=3)
_AROUND = (("HTB03", 12.5), ("HTB01", 0.0))
_STEEP = replace(
    _PREPARE,
    measure="rise",
    wetness="湿",
    season="融雪期",
    peak_mm=4.5,
    peak_since=_AT - 25 * _MINUTE,
    peak_until=_AT - 20 * _MINUTE,
)
_BASIN = replace(_PREPARE, absent=("HTB01",), stations=(("HTB03", 21.0), ("HTB02", 9.5)))
_ALERT = Alert(
    id=12,
    rule=_RULE.id,
    scope="HTB02",
    level="immediate",
    peak="immediate",
    state=State.RAISED,
    rained_since=_AT - 20 * _MINUTE,
    rained_until=_AT,
    known_at=_AT,
    raised_at=_AT,
    ended_at=None,
    evidence=_IMMEDIATE,
)
_RAISED = AlertEvent(
    id=34,
    alert_id=12,
    rule=_RULE.id,
    scope="HTB02",
    kind=EventKind.RAISED,
    level="immediate",
    rained_at=_AT,
    known_at=_AT + 2 * _MINUTE,
    at=_AT + 2 * _MINUTE,
    late=False,
    unconfirmed=False,
    sent=True,
    evidence=_IMMEDIATE,
)
_FIRST = replace(
    _RAISED,
    id=31,
    level="prepare",
    rained_at=_AT - 20 * _MINUTE,
    known_at=_AT - 19 * _MINUTE,
    at=_AT - 19 * _MINUTE,
    evidence=_PREPARE,
)
_LOST = because("session_lost", since_at=_AT - 25 * _MINUTE, until_at=_AT)
_FAULT_ALERT = replace(
    _ALERT,
    id=15,
    rule="session_lost",
    scope="service",
    level="warning",
    peak="warning",
    evidence=None,
    reason=_LOST.text,
    cause=_LOST,
)
_FAULT = replace(
    _RAISED, id=40, alert_id=15, rule="session_lost", scope="service", level="warning", evidence=None, at=_AT
)


def _of(shows: str, kind: EventKind, *, minutes: int = 30, state: State = State.RAISED, **changed: Any) -> Sample:
    """An event after the first two of the alert, so many minutes later."""
    at = _AT + minutes * _MINUTE
    fields: dict[str, Any] = {
        "id": 38,
        "kind": kind,
        "at": at,
        "known_at": at,
        "rained_at": at - 2 * _MINUTE,
        **changed,
    }
    event = replace(_RAISED, **fields)
    second = replace(_RAISED, kind=EventKind.STRENGTHENED)
    ended: dict[str, Any] = {} if state is State.RAISED else {"rained_until": at - 40 * _MINUTE, "ended_at": at}
    return Sample(
        shows, event, replace(_ALERT, state=state, level=event.level or _ALERT.level, **ended), (_FIRST, second, event)
    )


def _lone(shows: str, *, drill: bool = False, repeated: bool = False, link: str = LINK, **changed: Any) -> Sample:
    """A first warning, as it is but for the fields named."""
    event = replace(_RAISED, **changed)
    alert = replace(_ALERT, scope=event.scope, level=event.level, peak=event.level, evidence=event.evidence)
    return Sample(shows, event, alert, (event,), link=link, drill=drill, repeated=repeated)


_WAITED = because("waited_one_too", waited_min=10.0, people=["李梅"])


def _fault(shows: str, **changed: Any) -> Sample:
    event = replace(_FAULT, **changed)
    return Sample(shows, event, _FAULT_ALERT, (event,))


def _samples() -> dict[str, Sample]:
    return {**_warnings(), **_ends(), **_marked(), **_faults()}


def _warnings() -> dict[str, Sample]:
    fewer = _evidence(14.5, 15.0, window_h=3, at=_AT + 85 * _MINUTE)
    strengthened = replace(_RAISED, kind=EventKind.STRENGTHENED)
    return {
        "raised": _lone("a first warning at the highest level, with a link", around=_AROUND),
        "prepare": _lone("a first warning at a lower level, no link", level="prepare", evidence=_PREPARE, link=""),
        "rising": _lone("rain that becomes much harder", level="prepare", evidence=_STEEP),
        "basin": _lone("a basin, by the rain of its stations", scope="south", level="prepare", evidence=_BASIN),
        "strengthened": Sample("the level rises", strengthened, _ALERT, (_FIRST, strengthened), link=LINK),
        "eased": _of("the level falls", EventKind.EASED, minutes=90, level="prepare", evidence=fewer),
        "escalated": _of("nobody has acknowledged", EventKind.ESCALATED, minutes=14, step=1, cause=_WAITED),
        "unmanned": _of("nobody is on duty", EventKind.ESCALATED, cause=because("nobody_everybody")),
        "reminded": _of("a silence is over", EventKind.REMINDED),
        "acknowledged": _of("somebody has seen it", EventKind.ACKNOWLEDGED, who="王建国", reason="已通知村支书"),
        "commented": _of("somebody says something", EventKind.COMMENTED, who="李梅", reason="现场雨已减小"),
    }


def _ends() -> dict[str, Sample]:
    low = _evidence(4.0, 15.0, window_h=3, at=_AT + 170 * _MINUTE)
    taken, merged = "withdrawn by correction 3 (void, by 王建国): 雨量筒检修注水", MERGED.format(id=9)
    withdrawn, lapsed = State.WITHDRAWN, State.LAPSED
    return {
        "cleared": _of(
            "the end of a warning", EventKind.CLEARED, minutes=172, state=State.CLEARED, level="", evidence=low
        ),
        "withdrawn": _of("a warning that is taken back", EventKind.WITHDRAWN, state=withdrawn, reason=taken),
        "merged": _of("two warnings were one event", EventKind.WITHDRAWN, state=withdrawn, reason=merged),
        "lapsed": _of(
            "the station has gone silent", EventKind.LAPSED, minutes=1_440, state=lapsed, level="", evidence=None
        ),
    }


def _marked() -> dict[str, Sample]:
    doubted = _evidence(31.5, 30.0, window_h=3, doubted_mm=8.0, rain_mm_max=36.0, unconfirmed=True, coverage=0.83)
    over = replace(_ALERT, state=State.CLEARED, ended_at=_AT + 170 * _MINUTE)
    fallen = replace(_ALERT, level="prepare")
    later = _AT + 130 * _MINUTE
    return {
        "late": _lone("rain that we learn of two hours later", late=True, known_at=later, at=later),
        "unconfirmed": _lone(
            "doubted, perhaps more, not all reports are in", evidence=doubted, unconfirmed=True, around=_AROUND
        ),
        "ended": Sample("a message that comes when the warning is over", _RAISED, over, (_RAISED,), link=LINK),
        "moved": Sample("a message that comes when the level is another", _RAISED, fallen, (_RAISED,), link=LINK),
        "repeated": _lone("a message that may have come before", repeated=True),
        "drill": _lone("an exercise", drill=True),
    }


def _faults() -> dict[str, Sample]:
    broken = "flash_flood: KeyError('x')\nTraceback (most recent call last):"
    alert = replace(_FAULT_ALERT, rule="broken", scope="flash_flood", reason=broken)
    return {
        **_silent(),
        "system": _fault("the service about itself"),
        "system_cleared": _fault("a fault is over", kind=EventKind.CLEARED, at=_AT + 5 * _MINUTE),
        "system_broken": Sample("a rule does not work", replace(_FAULT, rule="broken", scope="flash_flood"), alert, ()),
    }


def _silent() -> dict[str, Sample]:
    around, since = _evidence(18.5, 10.0, window_h=1, coverage=0.0), _AT - 20 * _MINUTE
    wet = ["石梯子乡 HTB03 21.0 mm", "石门 HTB01 18.5 mm"]
    alone = because("silent_in_rain", heard_at=since, every_s=300, window_s=3_600, around=wet, last_mm=4.5)
    quiet = because("not_heard", heard_at=since, every_s=300)
    dangerous: dict[str, Any] = {"rule": "danger_in_silence", "scope": "HTB02", "level": "prepare", "evidence": around}
    equipment: dict[str, Any] = {"rule": "station_silent", "scope": "HTB03", "level": "notice"}
    shown = {
        "danger": ("silent while it rains hard around it", dangerous, alone),
        "silent": ("a station says nothing", equipment, quiet),
    }
    samples = {}
    for name, (shows, fields, why) in shown.items():
        alert = replace(_FAULT_ALERT, **fields, peak=fields["level"], rained_since=since, reason=why.text, cause=why)
        event = replace(_FAULT, **fields, reason=why.text, cause=why)
        samples[name] = Sample(shows, event, alert, (event,), link=LINK)
    return samples


SAMPLES: Mapping[str, Sample] = _samples()
NAMES: Sequence[str] = (*SAMPLES, GROUP)
