"""The account of a run for people: whether it closes, then line by line where rain, readings and alerts went."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gauge_ingest.account import Account, StationAccount
from gauge_ingest.account.alerting import Alerting, Verdict, WindowMost
from gauge_ingest.account.lines import Line, Sign, lines
from gauge_ingest.account.rain import Unexplained
from gauge_ingest.commands.output import full_instant, instant, plain, table
from gauge_ingest.core.spans import duration_text

LISTED_MAX = 10  # differences, wrong counts and reasons; --json has them all
_INDENT = 2
_UNIT_CELLS = 5
_NUMBER_CELLS = 7
_GAP_CELLS = 2
_STYLES = {Sign.SUM: "bold", Sign.OF_WHICH: "dim", Sign.OPEN: ""}
_VERDICTS = {Verdict.FALSE: "bold black on yellow", Verdict.MISSED: "bold white on red"}


def render(account: Account, *, width: int) -> RenderableType:
    """The account for a terminal of so many columns."""
    parts: list[RenderableType] = [_verdict(account), _run(account)]
    parts += [Text(plain(notice), style="yellow") for notice in account.notices]
    parts += ["", _lines(account, width=width)]
    for title, told in (
        ("not explained", [_open(one) for one in account.unexplained]),
        ("counts that are not what was counted", list(_wrong(account))),
        ("why readings are in quarantine", list(_reasons(account))),
    ):
        parts += _listed(title, told)
    return Group(*parts, "", *_alerts(account))


def _verdict(account: Account) -> Text:
    if account.well:
        return Text("the account closes to the tip: nothing is left unexplained", style="bold green")
    said = []
    if number := len(account.unexplained):
        verb = "is" if number == 1 else "are"
        said.append(f"THE ACCOUNT DOES NOT CLOSE: {_number(number, 'difference')} {verb} not explained")
    if number := account.lost_by_broker:
        said.append(f"ACKNOWLEDGED AND LOST: {_number(number, 'reading')}, with the broker")
    if number := account.on_the_way:
        said.append(f"THE ACCOUNT IS STILL OPEN: {_number(number, 'reading')} acknowledged and not here yet")
    return Text("\n").join(Text(line, style="bold white on red") for line in said)


def _run(account: Account) -> Text:
    truth = account.truth
    name = plain(truth.scenario) or plain(truth.path.name)
    seed = "" if truth.seed is None else f", seed {truth.seed}"
    since = "" if truth.started_at is None else f": {truth.minutes} min from {full_instant(truth.started_at)} (Beijing)"
    return Text(f"{name}{seed}{since}, {_number(len(account.stations), 'station')}", style="dim")


def _lines(account: Account, *, width: int) -> Table:
    total = account.total()
    shown = list(lines(total))
    names = max(cell_len(line.name) for line in shown) + _INDENT
    widest = max(len(_cell(line, one)) for line in shown for one in (*account.stations, total))
    room = (width - names - 1 - _UNIT_CELLS) // max(_NUMBER_CELLS, widest + _GAP_CELLS) - 1
    columns = _columns(account, room=room)
    headings = [one.station[: _NUMBER_CELLS - 1] for one in columns]
    listing = table("", "unit", *headings, "in all", right=(*headings, "in all"))
    section = ""
    for line in shown:
        if line.section != section:
            section = line.section
            listing.add_row(Text(section, style="bold underline"))
        name = Text(line.name if line.sign is Sign.SUM else f"{' ' * _INDENT}{line.name}")
        numbers = [_cell(line, one) for one in (*columns, total)]
        wrong = line.sign is Sign.OPEN and any(line.value(one) for one in (*columns, total))
        listing.add_row(name, line.unit, *numbers, style="bold white on red" if wrong else _STYLES.get(line.sign, ""))
    if len(columns) < len(account.stations):
        listing.add_row(f"({len(account.stations) - len(columns)} stations more: --json)", style="dim")
    return listing


def _columns(account: Account, *, room: int) -> list[StationAccount]:
    """As many stations as there is room for, those that do not close first."""
    if len(account.stations) <= room:
        return account.stations
    return sorted(account.stations, key=lambda one: not one.unexplained)[: max(0, room)]


def _cell(line: Line, one: StationAccount) -> str:
    value = line.value(one)
    if value is None:
        return "?"
    if not value and line.sign not in (Sign.SUM, Sign.OPEN):
        return ""
    sign = {Sign.MINUS: "-", Sign.PLUS: "+"}.get(line.sign, "") if value > 0 else ""
    if value < 0:
        sign = "+" if line.sign is Sign.MINUS else "-"
    text = f"{abs(value):.2f}" if line.unit == "mm" else f"{abs(value):d}"
    return text if not text.strip("0.") else sign + text


def _listed(title: str, told: Sequence[Text]) -> Iterator[RenderableType]:
    if not told:
        return
    yield ""
    yield Text(title, style="bold")
    yield from told[:LISTED_MAX]
    if len(told) > LISTED_MAX:
        yield Text(f"… and {len(told) - LISTED_MAX} more (--json has them all)", style="dim")


def _open(one: Unexplained) -> Text:
    amount = f"{one.amount:+.3f}" if one.unit == "mm" else f"{one.amount:+.0f}"
    unit = one.unit.removesuffix("s") if abs(one.amount) == 1 else one.unit
    place = (
        "" if one.observed_at is None else f", reading of {instant(one.observed_at, seconds=True)}, count {one.shown}"
    )
    line = "" if one.line is None else f", line {one.line} of the truth"
    return Text(f"{plain(one.station)}: {amount} {unit} {one.what}{place}{line}", style="red")


def _wrong(account: Account) -> Iterator[Text]:
    for station in account.stations:
        for one in station.readings.wrong:
            at = instant(one.made.claimed_at, seconds=True)
            yield Text(f"{plain(station.station)} {at}: count {one.made.shown}, counted {one.due}: {one.became}")


def _reasons(account: Account) -> Iterator[Text]:
    for station in account.stations:
        for reason, number in station.readings.reasons.items():
            yield Text(f"{plain(station.station)}: {number} × {plain(reason)}")


def _alerts(account: Account) -> Iterator[RenderableType]:
    judged = [alert for station in account.stations for alert in station.alerts]
    said = [alert for alert in judged if alert.true_level or alert.told or alert.withdrawn]
    if not said:
        yield Text("alerts: the rain reached no level, and none was told", style="bold")
        return
    several = len({alert.rule for alert in said}) > 1
    headings = [
        "alerts",
        *(["rule"] if several else []),
        "reached",
        "at",
        "most mm",
        "told",
        "rained",
        "known",
        "told at",
    ]
    listing = table(*headings, "", wrap=("at", "most mm", "rained", "known", "told at", ""))
    for alert in said:
        listing.add_row(
            plain(alert.station),
            *([plain(alert.rule)] if several else []),
            plain(alert.true_level) or "no level",
            _time(account, alert.true_at),
            _most(alert),
            *_told(account, alert),
            _judged(alert),
        )
    yield listing
    for alert in said:
        if alert.verdict is Verdict.MISSED:
            window = _deciding(alert)
            stored = f"{window.stored_mm:.1f} mm in {duration_text(window.window_s)}"
            yield Text(f"{plain(alert.station)}: of that the journal's rows show at most {stored}", style="yellow")


def _told(account: Account, alert: Alerting) -> tuple[str, str, str, str]:
    told = alert.told
    if told is None:
        return "nothing", "", "", ""
    rained, known, told_at = (_time(account, at) for at in (told.rained_at, told.known_at, told.told_at))
    return plain(told.level), rained, known, told_at


def _judged(alert: Alerting) -> Text:
    text = Text()
    if alert.verdict is not Verdict.RIGHT:
        text.append(alert.verdict.value.upper(), style=_VERDICTS[alert.verdict])
    marks = [f"{alert.late} late" if alert.late else "", f"{alert.withdrawn} withdrawn" if alert.withdrawn else ""]
    for mark in filter(None, marks):
        text.append(f"{' ' if text else ''}{mark}", style="yellow")
    return text


def _most(alert: Alerting) -> str:
    window = _deciding(alert)
    return f"{window.true_mm:.1f} in {duration_text(window.window_s)}"


def _deciding(alert: Alerting) -> WindowMost:
    """The shortest window that reaches the highest level; the shortest of all where none reaches one."""
    return next(window for window in alert.windows if window.true_level == alert.true_level)


def _time(account: Account, at: int | None) -> str:
    """An instant; without its day where that is the day on which the run began."""
    if at is None:
        return ""
    began = account.truth.started_at
    return instant(at)[6:] if began is not None and instant(began)[:6] == instant(at)[:6] else instant(at)


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
