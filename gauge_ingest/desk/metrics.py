"""/metrics: the journal, the followers and the checks as Prometheus reads them, looked up when it asks.

Nothing is labelled by station: the number of series does not grow with the network. Labels are `check` and `follower`
(as many as the service has) and `level` (LEVELS_MAX names, all others together as `other`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import DatabaseError

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gauge_ingest.core.levels import LEVELS
from gauge_ingest.desk.known import Known
from gauge_ingest.journal import JournalUnavailable, Reader
from gauge_ingest.wellbeing import checks_of, configuration_check, free_bytes
from gauge_ingest.wellbeing.followers import FollowersUnknown, standings

LEVELS_MAX = 32
OTHER = "other"
MISSED_MAX = 3  # a station that misses so many regular reports is no longer online
PREFIX = "gauge_ingest_"


def exposition(known: Known) -> bytes:
    """Every metric as text, as it is now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Service(known))
    return generate_latest(registry)


class _Service(Collector):
    """Asks anew at each scrape and remembers nothing."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def collect(self) -> Iterator[Metric]:
        """Every metric; without a journal only those that need none."""
        known = self._known
        looked = checks_of(known.journal, known.outbound, now=known.now, speed=known.speed)
        checks = [configuration_check(known.journal, ""), *looked]
        oks = [(check.name, float(check.ok)) for check in checks]
        yield _labelled("check_ok", "1 where the check of `gauge-ingest health` is ok, else 0", "check", oks)
        yield from _files(known.journal)
        try:
            with closing(Reader.open(known.journal)) as reader:
                found = [*_journal(reader, known), *_followers(reader, known)]
        except (JournalUnavailable, DatabaseError, OSError):
            found = []
        yield _gauge("journal_readable", "1 where the journal can be read, else 0", bool(found))
        yield from found


def _journal(reader: Reader, known: Known) -> Iterator[Metric]:
    now, figures = known.now(), reader.figures
    yield _counter("batches", "batches of messages committed", figures.newest_batch())
    yield _counter("changes", "entries of the change log", reader.newest_seq())
    yield _counter("alert_events", "events told of alerts", figures.newest_event())
    newest_at, oldest_debt = reader.newest_received_at(), figures.oldest_debt()
    if newest_at:
        age_s = _seconds(now - newest_at)
        yield _gauge("newest_message_age_seconds", "time since the newest message was received", age_s)
    owed_s = 0.0 if oldest_debt is None else _seconds(now - oldest_debt)
    yield _gauge("debts", "spans still to be derived anew", reader.debts())
    yield _gauge("oldest_debt_age_seconds", "age of the oldest rain still to be derived anew, else 0", owed_s)
    yield _gauge("quarantine_entries", "entries that wait in quarantine", reader.quarantine_size())
    yield _gauge("stations", "stations in the configuration", len(known.stations))
    allowed_ms = {one.id: MISSED_MAX * one.report_every_s * 1000 for one in known.stations.values()}
    online = len(figures.heard(allowed_ms, now=now))
    yield _gauge("stations_online", "stations whose newest reading came within three report intervals", online)
    yield from _alerts(reader, known)


def _alerts(reader: Reader, known: Known) -> Iterator[Metric]:
    names = dict.fromkeys([*LEVELS, *(level for rule in known.rules.values() for level in rule.levels)])
    levels = [*names][:LEVELS_MAX]
    standing, unacknowledged = Counter[str](), Counter[str]()
    for alert in reader.figures.standing():
        level = alert.level if alert.level in levels else OTHER
        standing[level] += 1
        unacknowledged[level] += not alert.acknowledged
    shown = [*levels, OTHER]
    yield _labelled("alerts_standing", "alerts that stand", "level", [(one, standing[one]) for one in shown])
    rows = [(one, unacknowledged[one]) for one in shown]
    yield _labelled("alerts_unacknowledged", "alerts that stand and nobody has acknowledged", "level", rows)


def _followers(reader: Reader, known: Known) -> Iterator[Metric]:
    now = known.now()
    try:
        found = standings(known.outbound, reader)
    except FollowersUnknown:
        return
    behind = [(one.name, one.behind) for one in found]
    ill = [(one.name, _seconds(now - one.error_at) if one.error else 0.0) for one in found]
    aside = [(one.name, one.set_aside) for one in found]
    yield _labelled("follower_behind_changes", "entries of the change log not carried on yet", "follower", behind)
    yield _labelled("follower_ill_seconds", "for how long it cannot send, 0 while it can", "follower", ill)
    yield _labelled("follower_set_aside", "what its store refused for good", "follower", aside)


def _files(journal: Path) -> Iterator[Metric]:
    for name, path, what in (
        ("journal_bytes", journal, "size of the journal"),
        ("journal_wal_bytes", journal.with_name(journal.name + "-wal"), "size of its write-ahead log"),
    ):
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            size = 0
        yield _gauge(name, what, size)
    try:
        yield _gauge("disk_free_bytes", "free space beside the journal", free_bytes(journal))
    except OSError:
        return


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, what, value=value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, what, value=value)


def _labelled(name: str, what: str, label: str, rows: Iterable[tuple[str, float]]) -> Metric:
    metric = GaugeMetricFamily(PREFIX + name, what, labels=[label])
    for value, number in rows:
        metric.add_metric([value], number)
    return metric


def _seconds(length_ms: int) -> float:
    return max(0, length_ms) / 1000
