"""The ingest process: inlet, pump and journal put together, from the lock to the last goodbye."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from gauge_ingest.app.accepted import Reloader, network_of, take_up, tell_of
from gauge_ingest.app.around import Outlook
from gauge_ingest.app.logs import log_to_stderr
from gauge_ingest.clock import Clock, clock_from, speed_of
from gauge_ingest.codecs import CODECS
from gauge_ingest.configuration import ConfigurationRefused, Settings, usable
from gauge_ingest.ingest import TICK_EVERY_S, Ingest
from gauge_ingest.inlet import BrokerAddress, Inlet, TakenOver
from gauge_ingest.journal import Journal, JournalBroken, Lock, Locked
from gauge_ingest.outbound import OutboundProcess
from gauge_ingest.outbound.record import RecordUnreadable, furthest
from gauge_ingest.pump import Pump, PumpSettings
from gauge_ingest.spool import Spool

log = logging.getLogger("gauge_ingest")

# Five seconds: commands that wait for the lock as well may take it first, each for half a second or so.
LOCK_TRIES = 50
LOCK_EVERY_S = 0.1
PARENT_EVERY_S = 1.0
TICK_LEAST_S = 0.5
GC_EVERY = 10_000  # new objects between two looks of the garbage collector at the young ones


def run(directory: Path, environ: Mapping[str, str]) -> int:
    """The ingest process, until SIGTERM or SIGINT; the exit status."""
    log_to_stderr()
    clock = clock_from(environ)
    try:
        lock = _lock(usable(directory, environ).configuration.settings.journal_path)
    except ConfigurationRefused as refused:
        tell_of(refused.mistakes)
        return 2
    except Locked as error:
        log.error("%s", error)
        return 2
    except OSError as error:
        log.error("the journal's folder cannot be used (journal.path): %s", error)
        return 2
    try:
        return _ingest(directory, environ, clock)
    except ConfigurationRefused as refused:  # changed since
        tell_of(refused.mistakes)
        return 2
    finally:
        lock.release()


def _ingest(directory: Path, environ: Mapping[str, str], clock: Clock) -> int:
    running = take_up(directory, environ)
    settings = running.configuration.settings
    try:
        journal = Journal(settings.journal_path)
        begin_anew_if_set_back(journal, settings.outbound_path)
        pump = Pump(journal, CODECS["json_v1"], _admission(settings), now=clock.now)
        pump.configure(network_of(running.configuration))
    except JournalBroken as error:
        log.error("%s", error)
        return 1
    inlet = Inlet(_broker(settings))
    outbound = _outbound(running.directory, environ, beat_lost_s=settings.outbound.beat_lost_s)
    reloader = Reloader(directory, running, environ, pump, outbound)
    ingest = Ingest(
        inlet=inlet,
        pump=pump,
        journal=journal,
        spool=Spool.beside(settings.journal_path),
        outbound=outbound,
        status_path=settings.journal_path.with_name(settings.journal_path.name + ".status.json"),
        now=clock.now,
        reload=reloader,
        refused=lambda: reloader.refused,
        look=Outlook(settings.journal_path, settings.outbound_path, journal.reader, now=clock.now),
        tick_every_s=_tick_every_s(clock) if settings.drill.name else TICK_EVERY_S,
    )
    _listen_to_signals(ingest)
    _end_with_the_drill(settings, ingest)
    _spare_the_collector()
    log.info("started journal=%s broker=%s:%d", settings.journal_path, settings.mqtt.host, settings.mqtt.port)
    try:
        return _to_its_end(ingest)
    finally:
        inlet.close()
        outbound.stop()
        journal.close()


def begin_anew_if_set_back(journal: Journal, outbound: Path) -> None:
    """A journal that was copied back by hand still has its epoch: new alerts would be taken for those told before."""
    try:
        carried_on = furthest(outbound, journal.reader.epoch())
    except RecordUnreadable as error:
        log.warning("not known how far the outbound process has come reason=%s", error)
        return
    if carried_on > journal.reader.newest_seq():
        log.error(
            "the journal is older than what was told of it: it begins anew, as after a restore told=%d has=%d",
            *(carried_on, journal.reader.newest_seq()),
        )
        journal.begin_anew()


def _to_its_end(ingest: Ingest) -> int:
    try:
        ingest.run()
    except (JournalBroken, TakenOver) as error:
        log.critical("ended: %s", error)
        return 1
    log.info("stopped")
    return 0


def _listen_to_signals(ingest: Ingest) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ingest.stop())
    signal.signal(signal.SIGHUP, lambda *_: ingest.ask_reload())


def _end_with_the_drill(settings: Settings, ingest: Ingest) -> None:
    """A drill whose command was killed must not go on telling people, even where its guard was killed as well."""
    if not settings.drill.name:
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_EVERY_S)
        log.error("the drill has been killed: ended")
        ingest.stop()

    threading.Thread(target=watch, name="drill", daemon=True).start()


def _tick_every_s(clock: Clock) -> float:
    """Real seconds between ticks of a drill: the steps of its chains come in time on a faster clock too."""
    return min(TICK_EVERY_S, max(TICK_EVERY_S / speed_of(clock), TICK_LEAST_S))


def _spare_the_collector() -> None:
    """A batch makes and drops thousands of tuples: by default they are looked through every hundred messages."""
    gc.freeze()
    gc.set_threshold(GC_EVERY, 10, 10)


# --- from settings to parts ------------------------------------------------------------------------------------


def _admission(settings: Settings) -> PumpSettings:
    return PumpSettings(
        clock_ahead_max_s=settings.journal.clock_ahead_max_s,
        readings_older_than_days_max=settings.journal.readings_older_than_days_max,
        unknown_sender_quota=settings.journal.unknown_sender_quota,
    )


def _outbound(directory: Path, environ: Mapping[str, str], *, beat_lost_s: float) -> OutboundProcess:
    command = [sys.executable, "-m", "gauge_ingest", "outbound", "--config", str(directory)]
    return OutboundProcess(command, environ, beat_lost_s=beat_lost_s)


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


def _lock(journal: Path) -> Lock:
    lock = Lock(journal)
    for _ in range(LOCK_TRIES):
        try:
            return lock.acquire()
        except Locked:
            time.sleep(LOCK_EVERY_S)
    return lock.acquire()
