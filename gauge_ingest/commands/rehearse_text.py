"""A rehearsal in tables: alerts, known events, levels counted, and what the new rules change."""

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from gauge_ingest.commands.output import full_instant, instant, plain, show, table
from gauge_ingest.core.model import MINUTE_MS
from gauge_ingest.core.spans import duration_text
from gauge_ingest.rehearsal.compare import Pair
from gauge_ingest.rehearsal.known import AFTER_MS, BEFORE_MS, Told
from gauge_ingest.rehearsal.result import Rehearsal, Rehearsed

# So many lines of a table can be looked at; --json has them all.
LINES_MAX = 60
SCOPE_MAX = 12  # columns that the id of a place has for certain
_HOUR_MS = 60 * MINUTE_MS
_YEAR_MS = 360 * 24 * _HOUR_MS
_CHANGES = ("new", "gone", "earlier", "later", "same")


When = Callable[[int], str]
"""An instant as this history needs it written."""


def show_rehearsal(rehearsal: Rehearsal) -> None:
    """Each file in tables, the old one last, and then what the new one changes."""
    record = rehearsal.record
    # The year stands in the title; a history that is longer has it everywhere.
    when: When = instant if record.until - record.since < _YEAR_MS else full_instant
    to_s = _seconds if record.until - record.since < _HOUR_MS else full_instant
    span = f"{to_s(record.since)} until {to_s(record.until)}, times of Beijing"
    show(Text(f"{record.total:,} readings, {span}", style="bold"))
    names = ["the rules to rehearse", "the rules to compare them with"]
    for name, one in zip(names, rehearsal.files, strict=False):
        show("", Text(f"{name}: {plain(one.file.name)}", style="bold"))
        show(*_alerts(one, when, record.since))
        if rehearsal.events:
            show("", _events(one, when))
        show("", _levels(one))
    if len(rehearsal.files) > 1:
        show("", Text("what the new rules change", style="bold"), *_changes(rehearsal.pairs, when))
    if rehearsal.events:
        hours = f"{BEFORE_MS // _HOUR_MS} h before it until {AFTER_MS // _HOUR_MS} h after"
        show("", Text(f"an alert belongs to an event if it was known from {hours}", style="dim"))
    words = "lead of an alert: minutes until the rain reached the highest threshold of"
    show(Text(f"{words} {plain(rehearsal.files[-1].file.name)}", style="dim"))


def _alerts(of: Rehearsed, when: When, since: int) -> list[Table | Text]:
    if not of.told:
        return [Text("no alert")]
    false = set(of.verdicts.false_alerts)
    before = any(one.alert.known_at < since for one in of.told)
    columns = ("no", "scope", "level", "rained", "known", "mm of", "lead", "ended", "")
    # Where and when come before all else: the year stands in an instant where the rain spans several.
    scopes = max(cell_len(one.alert.scope) for one in of.told[:LINES_MAX])
    instants = cell_len(when(of.told[0].alert.known_at))
    least = {"scope": min(scopes, SCOPE_MAX), "rained": instants, "known": instants}
    listing = table(*columns, right=("no", "lead"), least=least)
    for one, to_record in list(zip(of.told, of.to_record_min, strict=True))[:LINES_MAX]:
        alert = one.alert
        listing.add_row(
            str(alert.id),
            alert.scope,
            Text(plain(alert.peak), style="bold"),
            when(alert.rained_since),
            when(alert.known_at),
            _rain(one),
            _minutes(to_record),
            alert.state.value if not one.merged else "merged",
            Text("FALSE", style="red") if alert.id in false else "",
        )
    words = f"what was known before {full_instant(since)} stands here where it had not ended by then"
    return [listing, *_more(len(of.told)), *([Text(words, style="dim")] if before else [])]


def _seconds(at: int) -> str:
    """A short history has the same minute at both ends."""
    return f"{full_instant(at)}:{at // 1000 % 60:02}"


def _rain(one: Told) -> str:
    evidence = one.alert.evidence
    if evidence is None:
        return ""
    return f"{evidence.rain_mm:g}/{evidence.threshold_mm:g} {duration_text(evidence.window_s)}"


def _events(of: Rehearsed, when: When) -> Table:
    outcomes = of.verdicts.outcomes
    least = {"at": max((cell_len(when(one.event.at)) for one in outcomes), default=0)}
    least["scope"] = min(max((cell_len(one.event.scope) for one in outcomes), default=0), SCOPE_MAX)
    columns = ("event", "at", "scope", "outcome", "lead", "no")
    listing = table(*columns, right=("lead", "no"), wrap=("event",), least=least)
    for one in of.verdicts.outcomes:
        hit = one.alert is not None
        listing.add_row(
            plain(one.event.name),
            when(one.event.at),
            one.event.scope,
            Text("MISSED", style="bold red") if one.missed else Text("no data" if one.no_data else "hit"),
            _minutes(one.lead_min),
            str(one.alert) if hit else "",
        )
    return listing


def _levels(of: Rehearsed) -> Table:
    columns = ("alerts", "false", "hits", "missed", "POD", "FAR", "mean lead", "median")
    listing = table("level", *columns, right=columns)
    for one in of.verdicts.scores:
        known = bool(one.events)
        listing.add_row(
            plain(one.level),
            str(one.alerts),
            str(one.false) if known else "-",
            str(one.hits) if known else "-",
            str(one.events - one.hits) if known else "-",
            "-" if one.pod is None else f"{one.pod:.2f}",
            "-" if one.far is None else f"{one.far:.2f}",
            _minutes(one.mean_lead_min) or "-",
            _minutes(one.median_lead_min) or "-",
        )
    return listing


def _changes(pairs: Sequence[Pair], when: When) -> list[Table | Text]:
    counts = {kind: sum(pair.kind == kind for pair in pairs) for kind in _CHANGES}
    told: list[Table | Text] = [Text(", ".join(f"{number} {kind}" for kind, number in counts.items()))]
    changed = [pair for pair in pairs if pair.kind != "same" or _peak(pair.old) != _peak(pair.new)]
    if not changed:
        return told
    listing = table("scope", "known", "change", "by, min", "old", "new", right=("by, min",))
    for pair in changed[:LINES_MAX]:
        one = pair.new or pair.old
        assert one is not None
        by = None if pair.earlier_min is None or pair.kind == "same" else abs(pair.earlier_min)
        peaks = _peak(pair.old), _peak(pair.new)
        listing.add_row(one.alert.scope, when(pair.at), pair.kind, _minutes(by), *peaks)
    return [*told, listing, *_more(len(changed))]


def _peak(one: Told | None) -> str:
    return "" if one is None else plain(one.alert.peak)


def _more(number: int) -> list[Text]:
    left = number - LINES_MAX
    return [Text(f"… and {left:,} more: --json lists all", style="dim")] if left > 0 else []


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
