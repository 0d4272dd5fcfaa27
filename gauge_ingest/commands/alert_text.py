"""Alerts in words that read well at three in the morning: place, level, how much in how long, since when, how sure."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rich.padding import Padding
from rich.text import Text

from gauge_ingest.commands.output import ago, elapsed, full_instant, instant, place_text, plain, show, stretch, table
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.findings import Finding
from gauge_ingest.core.levels import level_of
from gauge_ingest.core.measures import measure_of
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, Rule, State
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.spans import duration_text
from gauge_ingest.core.told import RISES, acknowledgements
from gauge_ingest.messages.findings import FINDINGS, finding_words

# Without a message for so long "no alert stands" means little.
SILENCE_MS = 15 * 60_000
SHOWN_MAX = 6  # stations named beside an alert
_HIGHEST, _LOWER, _OVER = "bold white on red", "bold black on yellow", "dim"
_MARK = "bold yellow"
_WORDS = (EventKind.ACKNOWLEDGED, EventKind.COMMENTED, EventKind.ESCALATED)

Found = tuple[Alert, Sequence[AlertEvent]]


class Around(NamedTuple):
    """What is known beside the alerts. `told`: when a message about each went out; `nobody`: why none does."""

    now: int
    silences: Mapping[int, Silence] = MappingProxyType({})
    told: Mapping[int, int | None] | None = None
    nobody: str = ""


def show_alerts(
    found: Sequence[Found],
    configuration: Configuration,
    around: Around,
    *,
    newest_at: int,
    ended: bool,
) -> None:
    """Every alert in a few lines; those that stand first, the highest of them at the top."""
    now = around.now
    rules = {rule.id: rule for rule in configuration.rules}
    stand = [alert for alert, _ in found if alert.state is State.RAISED]
    count = {0: "no alert stands", 1: "1 alert stands"}.get(len(stand), f"{len(stand)} alerts stand")
    _show_nobody(around)
    show(Text(f"{count} at {full_instant(now)}, times of Beijing", style="bold"), _newest(newest_at, now))
    ordered = sorted(found, key=lambda one: (one[0].state is not State.RAISED, -_height(one[0], rules), -one[0].id))
    for alert, events in ordered:
        show("", *_block(alert, events, configuration, rules, around))
    if ended and not found:
        show("there has been none")


def show_alert(alert: Alert, events: Sequence[AlertEvent], configuration: Configuration, around: Around) -> None:
    """One alert, and everything that was told of it."""
    rules = {rule.id: rule for rule in configuration.rules}
    _show_nobody(around)
    show(*_block(alert, events, configuration, rules, around))
    show(*(Padding(line, (0, 0, 0, 4), expand=False) for line in _beside(alert.evidence, events, configuration)), "")
    told = table(
        *("event", "recorded at", "what", "level", "rained at", "known at", ""),
        right=("event",),
        wrap=("",),
        least={"": 12},
    )
    for event in events:
        marks = [mark for mark, holds in _marks(event) if holds]
        told.add_row(
            str(event.id),
            instant(event.at),
            event.kind.value,
            event.level if event.kind in RISES or event.kind is EventKind.EASED else "",
            instant(event.rained_at),
            instant(event.known_at),
            plain(event.who) or ", ".join(marks),
        )
    show(told)
    said = [event for event in events if event.kind in _WORDS and event.reason]
    if said:
        show("", *(Text(f"{instant(event.at)}  {_said(event)}") for event in said))
    rule = rules.get(alert.rule)
    if rule is not None and rule.source:
        dated = f", {rule.dated}" if rule.dated else ""
        show("", Text(f"thresholds in mm: {plain(rule.source)}{dated}", style="dim"))
    by = sorted({event.configuration for event in events if event.configuration})
    if by:
        show(Text(f"judged by the rules of configuration {', '.join(map(str, by))}", style="dim"))


def _block(
    alert: Alert,
    events: Sequence[AlertEvent],
    configuration: Configuration,
    rules: Mapping[str, Rule],
    around: Around,
) -> list[Text | Padding]:
    now, silence = around.now, around.silences.get(alert.id)
    head = Text()
    head.append(f" {plain(alert.level).upper()} ", style=_style(alert, rules))
    head.append(f"  {place_of(alert, configuration)}", style="bold" if alert.state is State.RAISED else "dim")
    if alert.evidence is not None:
        head.append(f"  {rain_of(alert, rules.get(alert.rule))} until {instant(alert.evidence.until)[6:]}")
        head.append(f" (threshold {alert.evidence.threshold_mm:.1f} mm)")
    lines = [_when(alert, events, now)]
    if alert.state is State.RAISED:
        lines.append(_seen(alert, events, now, configuration.settings.drill_options))
    if silence is not None:
        by = f"SILENCED until {instant(silence.until)} by {silence.who}: {silence.why} (silence {silence.id})"
        lines.append(Text(plain(by), style=_MARK))
    if alert.reason:
        lines.append(Text(plain(alert.reason.split("\n")[0]), style="yellow"))
    recorded = f"alert {alert.id}, rule {plain(alert.rule)}, recorded {instant(alert.raised_at)}"
    lines.append(Text(f"{recorded}{_told(alert, around)}", style="dim"))
    return [head, *(Padding(line, (0, 0, 0, 4), expand=False) for line in lines)]


def _told(alert: Alert, around: Around) -> str:
    """When people first heard of it; of what has ended the record may be gone."""
    if around.told is None:
        return ""
    at = around.told.get(alert.id)
    if at is None:
        return ", nobody was told yet" if alert.state is State.RAISED else ""
    return f", people told {instant(at)}"


def _show_nobody(around: Around) -> None:
    if around.nobody:
        show(Text(around.nobody, style=_HIGHEST))


def place_of(alert: Alert, configuration: Configuration) -> str:
    """Where, by name and id; and of a finding what was found."""
    named = place_text(alert.scope, configuration.names)
    if alert.rule in FINDINGS:
        return f"{named}: {finding_words(alert.rule).title.en}"
    return named if alert.scope in configuration.names else f"{named}: {plain(alert.rule)}"


def rain_of(alert: Alert, rule: Rule | None) -> str:
    """How much surely fell in how long, and what perhaps; of a station that is silent, what fell around it."""
    evidence = alert.evidence
    if evidence is None:
        return ""
    window, most_mm = duration_text(evidence.window_s), evidence.rain_mm_max
    is_more = f"{most_mm:.1f}" != f"{evidence.rain_mm:.1f}"
    around = "around it " if alert.rule == Finding.DANGER_IN_SILENCE else ""
    least = "≥" if not around and (is_more or evidence.coverage < 1) else ""
    most = f", perhaps {most_mm:.1f}," if is_more else ""
    return f"{around}{least}{evidence.rain_mm:.1f} mm in {window}{measure_of(evidence, rule, 'en', window).words}{most}"


def _beside(evidence: Evidence | None, events: Sequence[AlertEvent], configuration: Configuration) -> Iterator[Text]:
    """What else a window is judged by: its hardest rain, its stations or neighbours, how wet the ground is."""
    if evidence is None:
        return
    if evidence.peak_mm:
        span = stretch(evidence.peak_since, evidence.peak_until)
        yield Text(f"hardest: {evidence.peak_mm:.1f} mm {span}", style="dim")
    around = next((event.around for event in reversed(events) if event.around), ())
    for words, had in (("stations", evidence.stations), ("neighbours", around)):
        if had:
            named = ", ".join(
                f"{place_text(name, configuration.names)} {rain_mm:.1f}" for name, rain_mm in had[:SHOWN_MAX]
            )
            yield Text(f"{words}, mm: {named}", style="dim")
    if evidence.absent:
        yield Text(
            f"not there: {', '.join(place_text(name, configuration.names) for name in evidence.absent)}", style=_MARK
        )
    if evidence.wetness:
        known = "too little history" if evidence.wetness_mm is None else f"index {evidence.wetness_mm:.0f} mm"
        yield Text(f"thresholds for {plain(evidence.wetness)} ground ({known})", style="dim")
    if evidence.season:
        yield Text(f"thresholds of the season {plain(evidence.season)}", style="dim")


def _when(alert: Alert, events: Sequence[AlertEvent], now: int) -> Text:
    if alert.state is not State.RAISED:
        ended = f"{alert.state.value.upper()} {instant(alert.ended_at)}"
        return Text(f"{ended}; stood {stretch(alert.rained_since, alert.rained_until)}")
    line = Text(f"since {instant(alert.rained_since)}, for {elapsed(now - alert.rained_since)}")
    if alert.peak != alert.level:
        line.append(f"; was {plain(alert.peak)}")
    evidence = alert.evidence
    came = [event for event in events if event.kind in RISES]
    if came and came[-1].late:
        line.append(f"  LATE: known {elapsed(came[-1].known_at - came[-1].rained_at)} after it rained", style=_MARK)
    if evidence is not None and evidence.unconfirmed:
        line.append(f"  UNCONFIRMED: {_why_unconfirmed(evidence)}", style=_MARK)
    if evidence is not None and evidence.coverage < 1:
        line.append(f"  {evidence.coverage:.0%} covered")
    return line


def _seen(alert: Alert, events: Sequence[AlertEvent], now: int, options: str) -> Text:
    """Who has acknowledged what stands, or how to; `options`: what a command of a drill takes behind it."""
    known = next(iter(acknowledgements(events)), None)
    if known is None:
        return Text(f"NOT ACKNOWLEDGED: gauge-ingest alerts acknowledge {alert.id}{options}", style=_MARK)
    return Text(f"acknowledged by {_said(known)}, {ago(known.at, now=now)}", style="green")


def _said(event: AlertEvent) -> str:
    """Who said it, and what."""
    return plain(": ".join(part for part in (event.who, event.reason) if part))


def _why_unconfirmed(evidence: Evidence) -> str:
    more = f"perhaps {evidence.rain_mm_max:.1f} mm" if evidence.rain_mm_max > evidence.rain_mm else ""
    doubt = f"quality checks doubt {evidence.doubted_mm:.1f} mm of it" if evidence.doubted_mm else ""
    return ", ".join(part for part in (more, doubt) if part)


def _marks(event: AlertEvent) -> tuple[tuple[str, bool], ...]:
    return ("LATE", event.late), ("UNCONFIRMED", event.unconfirmed), ("not sent: too old", not event.sent)


def _newest(newest_at: int, now: int) -> Text:
    if not newest_at:
        return Text("nothing has ever been received", style="bold red")
    silent = now - newest_at > SILENCE_MS
    return Text(f"newest message {ago(newest_at, now=now)}", style="bold red" if silent else "")


def _height(alert: Alert, rules: Mapping[str, Rule]) -> float:
    """How high a level stands among those of its rule: 1 is the highest. A finding may have one that moves people."""
    rule, level = rules.get(alert.rule), level_of(alert.level)
    if rule is None:
        return level.grade / 4 if alert.rule == Finding.DANGER_IN_SILENCE and level.evacuates else 0.0
    if alert.level not in rule.levels:
        return 0.0
    return (rule.levels.index(alert.level) + 1) / len(rule.levels)


def _style(alert: Alert, rules: Mapping[str, Rule]) -> str:
    if alert.state is not State.RAISED:
        return _OVER
    return _HIGHEST if _height(alert, rules) == 1 else _LOWER
