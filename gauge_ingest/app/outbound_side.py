"""The outbound process: followers for every store and notifier that is configured, and the calendar jobs."""

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from gauge_ingest.app.desk import desk_of
from gauge_ingest.app.logs import log_to_stderr
from gauge_ingest.clock import Clock, clock_from
from gauge_ingest.configuration import Configuration, Settings, load
from gauge_ingest.jobs import Job, ask_to_prune, due
from gauge_ingest.notifiers import Notifier
from gauge_ingest.notifiers.log import LogNotifier
from gauge_ingest.notifiers.mqtt import AlertBroker, MqttNotifier
from gauge_ingest.outbound import NotifierFollower, Positions, StoreFollower
from gauge_ingest.spool import Spool
from gauge_ingest.stores.influx import InfluxStore

log = logging.getLogger("gauge_ingest")

KNOCK_EVERY_S = 20
KNOCK_LOST_S = 60.0
LOOK_EVERY_S = 10.0
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
    positions.keep_only([follower.name for follower in followers])
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))
    threading.excepthook = _end  # a follower that dies of a fault must not die unseen: the process is started again
    for follower in followers:
        follower.start()
    desk = desk_of(directory, configuration, clock, people={})
    if desk is not None:
        desk.start()
    calendar = _Calendar(_jobs(configuration, followers), positions, clock)
    _wake_until_closed(followers, calendar)
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


def _followers(
    configuration: Configuration, positions: Positions, now: Callable[[], int]
) -> list[StoreFollower | NotifierFollower]:
    settings = configuration.settings
    journal, retry_max_s = settings.journal_path, float(settings.outbound.retry_max_s)
    followers: list[StoreFollower | NotifierFollower] = []
    if settings.influx.url:
        store = InfluxStore(settings.influx, configuration.stations)
        followers.append(
            StoreFollower(
                store,
                journal,
                positions,
                now=now,
                retry_max_s=retry_max_s,
                rows_max=settings.influx.batch_rows_max,
                configuration=configuration.digest,
            )
        )
    notifiers: list[Notifier] = []
    if settings.notify.log:
        notifiers.append(LogNotifier(configuration.stations))
    if settings.notify.mqtt:
        notifiers.append(MqttNotifier(_alert_broker(settings), configuration.stations))
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


class _Calendar:
    """APScheduler knocks; each job asks by itself whether it is due. A scheduler that no longer knocks is replaced."""

    def __init__(self, jobs: list[Job], positions: Positions, clock: Clock) -> None:
        self._jobs = jobs
        self._positions = positions
        self._clock = clock
        self._knocked_at = time.monotonic()
        self._scheduler = self._start()

    def look(self) -> None:
        """Replace the scheduler when it has not knocked for a minute."""
        if time.monotonic() - self._knocked_at > KNOCK_LOST_S:
            log.warning("the scheduler has not knocked for a minute: started again")
            self.close()
            self._knocked_at = time.monotonic()
            self._scheduler = self._start()

    def close(self) -> None:
        """End the scheduler."""
        self._scheduler.shutdown(wait=False)

    def _start(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler()
        scheduler.add_job(
            self._knock, "interval", seconds=KNOCK_EVERY_S, coalesce=True, misfire_grace_time=None, max_instances=1
        )
        scheduler.start()
        return scheduler

    def _knock(self) -> None:
        self._knocked_at = time.monotonic()
        now = self._clock.now()
        for job in self._jobs:
            if due(job.every_s, now=now, last_done=self._positions.last_done(job.name)) and job.do():
                self._positions.done(job.name, now)
            self._knocked_at = time.monotonic()


def _jobs(configuration: Configuration, followers: list[StoreFollower | NotifierFollower]) -> list[Job]:
    again = [
        Job(f"try again what {follower.name} refused", 3_600, follower.try_again)
        for follower in followers
        if isinstance(follower, StoreFollower)
    ]
    journal = configuration.settings.journal
    spool = Spool.beside(configuration.settings.journal_path)
    prune = partial(ask_to_prune, spool, keep_days=journal.keep_days, keep_raw_days=journal.keep_raw_days)
    return [*again, Job("prune the journal", 86_400, prune)]


def _wake_until_closed(followers: list[StoreFollower | NotifierFollower], calendar: _Calendar) -> None:
    while True:
        try:
            if select.select([0], [], [], LOOK_EVERY_S)[0] and not os.read(0, 4096):
                return
        except (OSError, ValueError):  # SIGTERM has closed it
            return
        calendar.look()
        for follower in followers:
            follower.wake()
