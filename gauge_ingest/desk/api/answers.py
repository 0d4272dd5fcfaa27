"""What is answered: the documents of the commands, a page at a time, and where the next page begins.

A page is found by its key (an instant, an id), never by counting rows: what comes meanwhile moves no page.
"""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from gauge_ingest.core.alert_document import alert_document, without_names
from gauge_ingest.core.fixed import STEPS_MS, StoredIncrement, ended_of, month_edges
from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import Alert, AlertEvent, Row, State, Station
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.reading_document import reading_document
from gauge_ingest.core.silences import Silence, held_back
from gauge_ingest.core.spans import instant_text
from gauge_ingest.desk.api.problems import Problem
from gauge_ingest.desk.api.questions import ID_MAX, Alerts, History, Readings, Stations, Storms
from gauge_ingest.desk.api.questions import Span as Asked
from gauge_ingest.desk.known import Known
from gauge_ingest.history import Every, JournalHistory, Question, documents
from gauge_ingest.history.heard import heard_of, station_document
from gauge_ingest.history.steps import between
from gauge_ingest.journal import Reader
from gauge_ingest.journal.together import rows_and_imported
from gauge_ingest.wellbeing import checks_of, configuration_check
from gauge_ingest.wellbeing import document as health_document
from gauge_ingest.wellbeing.telling import first_heard


class Ask(NamedTuple):
    """A request that was understood. `knows`: whoever asks has shown the token and may see names."""

    known: Known
    reader: Reader
    now: int
    path: Mapping[str, str]
    knows: bool

    @property
    def station(self) -> Station:
        """The station of the address; or a Problem."""
        name = self.path["station"]
        found = self.known.stations.get(name)
        if found is None:
            raise Problem(404, [("station", name, f"is no station; {nearest(name, self.known.stations)}")])
        return found


class Page(NamedTuple):
    """A document; of a list, the parameters that change for the next page, None behind the last."""

    document: Any
    more: Mapping[str, str] | None = None
    is_list: bool = True


def stations(ask: Ask, query: Stations) -> Page:
    """How stations stand now, in the order of their ids."""
    names = sorted(ask.known.stations)
    begin = bisect_right(names, query.after) if query.after else 0
    page = names[begin : begin + query.limit]
    rows = [station_document(heard_of(ask.reader, ask.known.stations[name], now=ask.now)) for name in page]
    return Page(rows, {"after": page[-1]} if names[begin + query.limit :] else None)


def readings(ask: Ask, query: Readings) -> Page:
    """Readings as they came, void ones and tests too; those of one instant stand on one page."""
    since, until = query.bounds(now=ask.now)
    page: list[Row] = []
    for row in rows_and_imported(ask.reader, ask.station.id, since=since, until=until):
        if len(page) >= query.limit and row.observed_at > page[-1].observed_at:
            return Page([reading_document(one) for one in page], _behind(page[-1].observed_at, until))
        page.append(row)
    return Page([reading_document(one) for one in page])


def history(ask: Ask, query: History) -> Page:
    """Increments, or whole windows that together hold the span."""
    since, until = query.bounds(now=ask.now)
    if query.kind is Every.RAW:
        return _raw(ask, query, since, until)
    edges = _edges(query, since, until)[: query.limit + 1]
    windows = between(JournalHistory(ask.reader), ask.station, edges)
    return Page(documents(ask.station, windows), _behind(edges[-1], until) if edges[-1] < until else None)


def _raw(ask: Ask, query: History, since: int, until: int) -> Page:
    """Increments; those that end in one instant stand on one page."""
    page: list[StoredIncrement] = []
    imported = ask.reader.windows.imported(ask.station.id, since=since, until=until)
    for row in chain(imported, ask.reader.rain.increments(ask.station.id, since=since, until=until)):
        if len(page) >= query.limit and row[1] > page[-1][1]:
            return Page(documents(ask.station, ended_of(page)), _behind(page[-1][1], until))
        page.append(row)
    return Page(documents(ask.station, ended_of(page)))


def _edges(query: History, since: int, until: int) -> list[int]:
    """Where the windows of a page begin, and where the last one ends; months are few."""
    if query.kind is Every.MONTH:
        return month_edges(since=since, until=until)
    step_ms = STEPS_MS[query.every]
    first = since // step_ms * step_ms
    last = min(-(-until // step_ms) * step_ms, first + query.limit * step_ms)
    return list(range(first, last + 1, step_ms))


def storms(ask: Ask, query: Storms) -> Page:
    """Storms that the span has a part of, each whole."""
    since, until = query.bounds(now=ask.now)
    question = Question(Every.STORM, since, until, query.gap_s())
    return Page(documents(ask.station, question.of(JournalHistory(ask.reader), ask.station)))


def maxima(ask: Ask, query: Asked) -> Page:
    """For each length of time the most that fell within it."""
    since, until = query.bounds(now=ask.now)
    question = Question(Every.MAXIMA, since, until)
    return Page(documents(ask.station, question.of(JournalHistory(ask.reader), ask.station)))


def alerts(ask: Ask, query: Alerts) -> Page:
    """Alerts, newest first."""
    found = ask.reader.alerts.page(before=query.before or ID_MAX, ended=query.state == "all", most=query.limit + 1)
    page = found[: query.limit]
    more = {"before": str(page[-1].id)} if len(found) > query.limit else None
    return Page(_told(ask, page), more)


def alert(ask: Ask, _: object) -> Page:
    """One alert with everything recorded of it."""
    text = ask.path["alert"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < len(str(ID_MAX)) else 0
    found = ask.reader.alerts.one(number)
    if found is None:
        raise Problem(404, [("alert", text, "is the number of no alert; /api/v1/alerts?state=all has them all")])
    return Page(_told(ask, [found])[0], is_list=False)


def health(ask: Ask, _: object) -> Page:
    """The rows of `gauge-ingest health`; details may name people and are told to those alone who may know."""
    known = ask.known
    checks = [configuration_check(known.journal, known.configured)]
    checks += checks_of(known.journal, known.outbound, now=known.now, speed=known.speed)
    told = health_document(checks)
    if not ask.knows:
        told["checks"] = [{**check, "detail": None} for check in told["checks"]]
    return Page(told, is_list=False)


def _told(ask: Ask, found: list[Alert]) -> list[dict[str, Any]]:
    heard = first_heard(ask.known.outbound, ask.reader.alerts.epochs(), [one.id for one in found])
    rows = []
    for one in found:
        events = ask.reader.alerts.events(one.id)
        row = alert_document(one, events, _silence(ask, one, events), heard.get(one.id))
        rows.append(row if ask.knows else without_names(row, ask.known.names))
    return rows


def _silence(ask: Ask, alert: Alert, events: list[AlertEvent]) -> Silence | None:
    """The silence that holds an alert back from people now."""
    if alert.state is not State.RAISED:
        return None
    levels = {rule.id: rule.levels for rule in ask.known.rules.values()}
    by = held_back(
        ask.reader.silences.of(events), events, lambda event: level_of(event.level, levels.get(event.rule, ()))
    )
    return by if by is not None and not by.is_over(ask.now) else None


def _behind(at: int, until: int) -> dict[str, str]:
    """The rest of a span: absolute, so that a page asked for later belongs to the same question."""
    return {"since": instant_text(at), "until": instant_text(until)}
