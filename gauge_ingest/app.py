"""The composition root: from a configuration to the two processes. The only module that names concrete parts."""

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from gauge_ingest.clock import Clock, clock_from
from gauge_ingest.codecs import CODECS
from gauge_ingest.configuration import Configuration, ConfigurationRefused, Settings, load
from gauge_ingest.ingest import Ingest
from gauge_ingest.inlet import BrokerAddress, Inlet, TakenOver
from gauge_ingest.jobs import Job, ask_to_prune, due
from gauge_ingest.journal import Journal, JournalBroken, Lock, Locked
from gauge_ingest.notifiers import Notifier
from gauge_ingest.notifiers.log import LogNotifier
from gauge_ingest.notifiers.mqtt import AlertBroker, MqttNotifier
from gauge_ingest.outbound import NotifierFollower, OutboundProcess, Positions, StoreFollower
from gauge_ingest.pump import Pump, PumpSettings
from gauge_ingest.pump.pump import Network
from gauge_ingest.spool import Spool
from gauge_ingest.stores.influx import InfluxStore

log = logging.getLogger("gauge_ingest")

LOCK_TRIES = 10
LOCK_EVERY_S = 0.1
KNOCK_EVERY_S = 20
KNOCK_LOST_S = 60.0
LOOK_EVERY_S = 10.0


def run_ingest(directory: Path, environ: Mapping[str, str]) -> int:
    """The ingest process, until SIGTERM or SIGINT; the exit status."""
    _log_to_stderr()
    configuration = load(directory, environ)
    settings, clock = configuration.settings, clock_from(environ)
    try:
        lock = _lock(settings.journal_path)
    except Locked as error:
        log.error("%s", error)
        return 2
    try:
        return _ingest(directory, environ, configuration, clock)
    finally:
        lock.release()


def run_outbound(directory: Path, environ: Mapping[str, str]) -> int:
    """The outbound process, until its standard input ends or SIGTERM; the exit status."""
    _log_to_stderr()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configuration = load(directory, environ)
    settings, clock = configuration.settings, clock_from(environ)
    positions = Positions(settings.outbound_path)
    followers = _followers(configuration, positions, clock.now)
    positions.keep_only([follower.name for follower in followers])
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))
    for follower in followers:
        follower.start()
    calendar = _Calendar(_jobs(configuration, followers), positions, clock)
    _wake_until_closed(followers, calendar)
    for follower in followers:
        follower.stop()
    for follower in followers:
        follower.join(1.0)
    calendar.close()
    return 0


def _ingest(directory: Path, environ: Mapping[str, str], configuration: Configuration, clock: Clock) -> int:
    settings = configuration.settings
    try:
        journal = Journal(settings.journal_path)
        pump = Pump(journal, CODECS["json_v1"], _admission(settings), now=clock.now)
        pump.configure(_network(configuration))
    except JournalBroken as error:
        log.error("%s", error)
        return 1
    inlet = Inlet(_broker(settings))
    outbound = OutboundProcess([sys.executable, "-m", "gauge_ingest", "outbound", "--config", str(directory)], environ)
    ingest = Ingest(
        inlet=inlet,
        pump=pump,
        journal=journal,
        spool=Spool.beside(settings.journal_path),
        outbound=outbound,
        status_path=settings.journal_path.with_name(settings.journal_path.name + ".status.json"),
        now=clock.now,
        reload=_reloader(directory, environ, pump, outbound),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ingest.stop())
    signal.signal(signal.SIGHUP, lambda *_: ingest.ask_reload())
    log.info("started journal=%s broker=%s:%d", settings.journal_path, settings.mqtt.host, settings.mqtt.port)
    try:
        ingest.run()
    except (JournalBroken, TakenOver) as error:
        log.critical("ended: %s", error)
        return 1
    finally:
        inlet.close()
        outbound.stop()
        journal.close()
    log.info("stopped")
    return 0


# --- from settings to parts ------------------------------------------------------------------------------------


def _network(configuration: Configuration) -> Network:
    return Network(configuration.stations, configuration.rules, configuration.digest, configuration.text)


def _admission(settings: Settings) -> PumpSettings:
    return PumpSettings(
        clock_ahead_max_s=settings.journal.clock_ahead_max_s,
        readings_older_than_days_max=settings.journal.readings_older_than_days_max,
        unknown_sender_quota=settings.journal.unknown_sender_quota,
    )


def _broker(settings: Settings) -> BrokerAddress:
    mqtt = settings.mqtt
    return BrokerAddress(
        host=mqtt.host,
        port=mqtt.port,
        client_id=mqtt.client_id,
        topic=mqtt.topic,
        username=mqtt.username,
        password=mqtt.password.get_secret_value(),
        mqtt5=mqtt.protocol == "5",
        keep_alive_s=mqtt.keep_alive_s,
        receive_maximum=mqtt.receive_maximum,
        tls=mqtt.tls,
        tls_ca=str(mqtt.tls_ca or ""),
    )


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
                store, journal, positions, now=now, retry_max_s=retry_max_s, rows_max=settings.influx.batch_rows_max
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


def _reloader(
    directory: Path, environ: Mapping[str, str], pump: Pump, outbound: OutboundProcess
) -> Callable[[], dict[str, Any]]:
    settings_before = load(directory, environ).settings

    def reload() -> dict[str, Any]:
        """Take a changed configuration as a whole, or refuse it as a whole."""
        nonlocal settings_before
        try:
            configuration = load(directory, environ)
        except ConfigurationRefused as error:
            return {"ok": False, "mistakes": [mistake_json(mistake) for mistake in error.mistakes]}
        fixed = [
            section
            for section in ("mqtt", "journal")
            if getattr(settings_before, section) != getattr(configuration.settings, section)
        ]
        pump.configure(_network(configuration))
        outbound.restart()
        return {"ok": True, "needs_restart": fixed}

    return reload


def mistake_json(mistake: Any) -> dict[str, str]:
    """A mistake of a configuration as commands print it."""
    return {"file": mistake.file, "key": mistake.key, "value": mistake.value, "remedy": mistake.remedy}


# --- the second process ----------------------------------------------------------------------------------------


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


def _lock(journal: Path) -> Lock:
    lock = Lock(journal)
    for _ in range(LOCK_TRIES):
        try:
            return lock.acquire()
        except Locked:
            time.sleep(LOCK_EVERY_S)
    return lock.acquire()


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
