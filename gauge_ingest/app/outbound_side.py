"""The outbound process: followers for every store and notifier that is configured, and the calendar jobs."""

import logging
import os
import select
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from gauge_ingest.app.backup import DailyBackup
from gauge_ingest.app.calendar import Calendar
from gauge_ingest.app.cap import cap_notifier
from gauge_ingest.app.copying import copying
from gauge_ingest.app.delivery import delivery
from gauge_ingest.app.desk import desk_of, link_of
from gauge_ingest.app.logs import log_to_stderr
from gauge_ingest.clock import clock_from
from gauge_ingest.configuration import Configuration, Settings, load
from gauge_ingest.jobs import Job, ask_to_prune
from gauge_ingest.notifiers import Notifier
from gauge_ingest.notifiers.log import LogNotifier
from gauge_ingest.notifiers.mqtt import AlertBroker, MqttNotifier
from gauge_ingest.outbound import CopyFollower, Follower, NotifierFollower, Positions
from gauge_ingest.outbound.delivery import Delivering
from gauge_ingest.outbound.heartbeat import Heartbeat
from gauge_ingest.outbound.pruning import prune_told
from gauge_ingest.reports.daily import DailyReports
from gauge_ingest.reports.files import ReportFolder
from gauge_ingest.spool import Spool

log = logging.getLogger("gauge_ingest")

BEAT_EVERY_S = 2.0
NICENESS = 10  # where processors are scarce, the rain comes before its copies


def run(directory: Path, environ: Mapping[str, str]) -> int:
    """The outbound process, until its standard input ends or SIGTERM; the exit status."""
    log_to_stderr()
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configuration = load(directory, environ)
    settings, clock = configuration.settings, clock_from(environ)
    positions = Positions(settings.outbound_path)
    followers = _followers(configuration, positions, clock.now)
    delivering = delivery(configuration, positions, clock.now, link_of(configuration, clock))
    followers += [delivering] if delivering is not None else []
    positions.keep_only([follower.name for follower in followers])
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))
    threading.excepthook = _end  # a follower that dies of a fault must not die unseen: the process is started again
    for follower in followers:
        follower.start()
    desk = desk_of(directory, configuration, clock, people=configuration.roster.people)
    if desk is not None:
        desk.start()
    calendar = Calendar(_jobs(configuration, followers, positions, clock.now), positions, clock.now)
    _wake_until_closed(followers, calendar, Heartbeat(lambda: delivering is None or delivering.goes_on))
    if desk is not None:
        desk.stop()
    for follower in followers:
        follower.stop()
    for follower in followers:
        follower.join(1.0)
    calendar.close()
    return 0


def _end(died: threading.ExceptHookArgs) -> None:
    log.critical("a follower died", exc_info=(died.exc_type, died.exc_value or died.exc_type(), died.exc_traceback))
    logging.shutdown()
    os._exit(1)


def _followers(configuration: Configuration, positions: Positions, now: Callable[[], int]) -> list[Follower]:
    settings = configuration.settings
    journal, retry_max_s = settings.journal_path, float(settings.outbound.retry_max_s)
    followers: list[Follower] = list(copying(configuration, positions, now))
    notifiers: list[Notifier] = []
    if settings.notify.log:
        notifiers.append(LogNotifier(configuration.names, drill=bool(settings.drill.name)))
    if settings.notify.mqtt:
        notifiers.append(MqttNotifier(_alert_broker(settings), configuration.names))
    if settings.cap.folder:
        notifiers.append(cap_notifier(configuration, now))
    followers.extend(
        NotifierFollower(notifier, journal, positions, now=now, retry_max_s=retry_max_s) for notifier in notifiers
    )
    return followers


def _alert_broker(settings: Settings) -> AlertBroker:
    mqtt = settings.mqtt
    return AlertBroker(
        host=mqtt.host,
        port=mqtt.port,
        client_id=mqtt.client_id,
        username=mqtt.username,
        password=mqtt.password.get_secret_value(),
        mqtt5=mqtt.protocol == "5",
        tls=mqtt.tls,
        tls_ca=str(mqtt.tls_ca or ""),
    )


def _jobs(
    configuration: Configuration, followers: list[Follower], positions: Positions, now: Callable[[], int]
) -> list[Job]:
    again = [
        Job(f"try again what {follower.name} refused", 3_600, follower.try_again)
        for follower in followers
        if isinstance(follower, CopyFollower)
    ]
    journal = configuration.settings.journal
    spool = Spool.beside(configuration.settings.journal_path)
    prune = partial(ask_to_prune, spool, keep_days=journal.keep_days, keep_raw_days=journal.keep_raw_days)
    queue = next((one.queue for one in followers if isinstance(one, Delivering)), None)
    path, keep_days = configuration.settings.journal_path, journal.keep_days
    reports = DailyReports(
        configuration.settings.journal_path,
        ReportFolder(configuration.settings.reports_folder),
        configuration.stations,
        positions,
        names=configuration.names,
        configuration=configuration.digest,
        keep_days=configuration.settings.reports.keep_days,
        now=now,
    )
    backup = DailyBackup(path, configuration.settings.backup, positions, now=now)
    return [
        Job("write the reports that are due", 10, reports.write_due),
        Job("write reports anew", 3_600, reports.write_anew),
        *again,
        Job("look whether a backup is due", 10, backup.begin_when_due),
        Job("prune the journal", 86_400, prune),
        Job("prune what was told", 86_400, lambda: prune_told(queue, positions, path, keep_days=keep_days, now=now())),
    ]


def _wake_until_closed(followers: list[Follower], calendar: Calendar, heart: Heartbeat) -> None:
    while True:
        heart.beat()
        try:
            if select.select([0], [], [], BEAT_EVERY_S)[0] and not os.read(0, 4096):
                return
        except (OSError, ValueError):  # SIGTERM has closed it
            return
        calendar.look()
        for follower in followers:
            follower.wake()
