"""A run of the simulator as a command: sign in, wait for the service, play a world or a load, say how it ended."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rich.console import Console

from simulator.clock import ScaledClock, rfc3339_ms, rfc3339_s
from simulator.live.link import Broker, LiveUplink
from simulator.live.load import Load, LoadBrokenError
from simulator.live.load_screen import play_load
from simulator.live.progress import choose_display, summary
from simulator.live.runner import PATIENCE_S, Run, Stop, wait_for_service
from simulator.modem import Modem
from simulator.scenario import Scenario
from simulator.sites import Site
from simulator.truth import TruthLog
from simulator.wire import WIRES, Wire
from simulator.world import World


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for beside the scenario."""

    broker: Broker
    clock: ScaledClock
    seed: int
    minutes: int
    wait_s: float
    wait_service_s: float | None  # None: do not wait for the service
    wire: str = "json_v1"
    as_json: bool = False


def passwords(environment: Mapping[str, str], stations: list[str], *, variable: str) -> dict[str, str]:
    """Return each station's password: one for all, or a file each where the path holds `{station}`.

    Raises OSError or UnicodeDecodeError where a file cannot be read.
    """
    pattern = environment.get(f"{variable}_FILE")
    if not pattern:
        password = environment.get(variable)
        return {} if password is None else dict.fromkeys(stations, password)
    paths = {station: Path(pattern.replace("{station}", station)) for station in stations}
    return {station: path.read_text(encoding="utf-8").rstrip("\r\n") for station, path in paths.items()}


def stop_on_signals() -> Stop:
    """Return a wish to end that SIGINT and SIGTERM set."""
    stop = Stop()

    def want_stop(*_: object) -> None:
        stop.wanted = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, want_stop)
    return stop


def play(scenario: Scenario, sites: tuple[Site, ...], ask: Ask, *, truth: IO[str] | None) -> bool:
    """Let the stations report a scenario; return whether everything was acknowledged.

    A truth with a gap is none: UnwritableError ends the run, after the table that tells what was sent by then.
    """
    stop, messages, out = stop_on_signals(), Console(stderr=True, soft_wrap=True), Console()
    if not _service_is_there(ask, sites[0].station, messages, stop):
        return False
    uplinks: dict[str, LiveUplink] = {}
    wire, by_station = WIRES[ask.wire], {site.station: site for site in sites}

    def connect(station: str, modem: Modem) -> LiveUplink:
        uplinks[station] = _uplink(ask.broker, by_station[station], modem, wire)
        return uplinks[station]

    world = World(
        scenario,
        sites,
        seed=ask.seed,
        start_at=-(-ask.clock.now_ms() // 1000) * 1000,
        minutes=ask.minutes,
        uplink=connect,
        patience_ms=round(PATIENCE_S * ask.clock.speed * 1000),
        wire=ask.wire,
    )
    log = TruthLog(truth)
    _tell_begin(log, world)
    display = choose_display(out, world, as_json=ask.as_json)
    run = Run(world, uplinks, clock=ask.clock, truth=log, display=display, stop=stop)
    try:
        done = run.play(wait_s=ask.wait_s)
        log.write("end", at=rfc3339_ms(ask.clock.now_ms()), outstanding=run.outstanding)
    finally:
        display.close()
        (messages if ask.as_json else out).print(summary(run.tallies))
    if not done:
        _tell_why(run, messages, wait_s=ask.wait_s, stopped=stop.wanted)
    return done


def play_stations(sites: tuple[Site, ...], ask: Ask) -> bool:
    """Let many made-up stations report at a fixed step; return whether everything was acknowledged."""
    stop, out = stop_on_signals(), Console()
    if not _service_is_there(ask, sites[0].station, Console(stderr=True, soft_wrap=True), stop):
        return False
    number, every_s = len(sites), sites[0].report_every_s
    load = Load(sites, ask.broker, WIRES[ask.wire], seed=ask.seed, clock=ask.clock, stop=stop)
    rate = number / every_s * ask.clock.speed
    for_s = ask.minutes * 60 / ask.clock.speed
    out.print(f"{number} stations, one reading each {every_s} s: {rate:.1f} messages/s for {for_s:.0f} s of real time")
    try:
        return play_load(load, out, for_s=for_s, wait_s=ask.wait_s, wanted_rate=rate, stop=stop)
    except LoadBrokenError as error:
        Console(stderr=True, soft_wrap=True).print(f"simulator: {error}", highlight=False, markup=False)
        return False


def _uplink(broker: Broker, site: Site, modem: Modem, wire: Wire) -> LiveUplink:
    return LiveUplink(
        broker,
        station=site.station,
        modem=modem,
        topic=wire.topic,
        payload=lambda message: wire.payload(message, site),
    )


def _service_is_there(ask: Ask, station: str, messages: Console, stop: Stop) -> bool:
    if ask.wait_service_s is None:
        return True
    reason = wait_for_service(ask.broker, station=station, wait_s=ask.wait_service_s, stop=stop)
    if reason is not None:
        messages.print(f"simulator: {reason}", highlight=False, markup=False)
    return reason is None


def _tell_begin(log: TruthLog, world: World) -> None:
    log.write(
        "start",
        scenario=world.scenario.name,
        seed=world.seed,
        minutes=world.minutes,
        at=rfc3339_s(world.start_at // 1000),
        stations=[site.station for site in world.sites],
    )


def _tell_why(run: Run, messages: Console, *, wait_s: float, stopped: bool) -> None:
    why = "stopped before the end" if stopped else f"not everything was acknowledged within {wait_s:g} s"
    messages.print(f"simulator: {why}; {run.outstanding} messages outstanding", highlight=False, markup=False)
    for station, trouble in run.troubles().items():
        outstanding = run.tallies[station].outstanding
        messages.print(f"simulator: {station}: {outstanding} outstanding; {trouble}", highlight=False, markup=False)
