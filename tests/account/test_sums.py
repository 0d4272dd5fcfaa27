"""Every sum is the sum above it, less and plus the lines between: at each station, in all, in every simulated world."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.account import Account, StationAccount, account
from gauge_ingest.account.copied import Absent, Copy
from gauge_ingest.account.lines import Line, Sign, all_lines, lines
from gauge_ingest.account.rain import Because, Gone, Rain
from gauge_ingest.account.readings import Messages, Missing, Readings
from gauge_ingest.configuration import load
from gauge_ingest.pump import Delivery
from simulator.direct import to_nobody
from simulator.scenario import find_scenario
from simulator.sites import read_sites
from simulator.truth import TruthLog
from simulator.values import HOUR_MS, NEVER, Message
from simulator.wire import WIRES
from simulator.world import World
from tests.worlds import T0, Desk

ROOT = Path(__file__).parents[2]
LOST_EACH = 23  # of the messages: acknowledged to the station and never handed to the service


def breaks(found: Account) -> Iterator[str]:
    """Where lines do not add up."""
    for one in (*found.stations, found.total()):
        yield from _breaks(one)


def _breaks(one: StationAccount) -> Iterator[str]:
    above: tuple[str, str] = ("", "")
    total = 0.0
    for line in lines(one):
        value = line.value(one)
        if value is None or line.sign is Sign.OF_WHICH:
            continue
        if line.sign is Sign.SUM:
            if above == (line.section, line.unit) and abs(total - value) > 1e-6:
                yield f"{one.station} {line.section}, {line.name}: {value} and not {total}"
            above, total = (line.section, line.unit), value
        else:
            total += -value if line.sign is Sign.MINUS or (line.unit == "mm" and line.sign is Sign.OPEN) else value


def played(scenario: str, *, seed: int, folder: Path, lost_each: int = 0) -> Account:
    """A simulated world whose messages reach a desk, and its account."""
    configuration, sites = load(ROOT / "config", {}), read_sites(ROOT / "config")
    desk = Desk(folder, list(configuration.stations.values()), configuration.rules)
    world = World(find_scenario(scenario), sites, seed=seed, start_at=T0, uplink=to_nobody)
    wire, by_id = WIRES["json_v1"], {site.station: site for site in sites}
    made: dict[tuple[str, object], Message] = {}
    published = 0
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as stream:
        log = TruthLog(stream)
        while (next_at := world.next_at()) != NEVER:
            for happening in world.advance(next_at + HOUR_MS):
                log.happening(happening)
                message = happening.facts.get("message")
                if isinstance(message, Message):
                    made[happening.station, message.number] = message
                if happening.event != "publish":
                    continue
                published += 1
                if lost_each and published % lost_each == 0:
                    continue
                desk.now = happening.at
                message = made[happening.station, happening.facts["number"]]
                desk.take(Delivery(wire.topic(message), wire.payload(message, by_id[happening.station])))
                desk.settle()
        log.write("end", at="2026-07-20T00:00:00.000+08:00", outstanding=0)
    reader, path = desk.journal.reader, folder / "truth.jsonl"
    return account(reader, path, stations=configuration.stations, rules=configuration.rules)


@pytest.mark.parametrize(
    ("scenario", "lost_each"),
    [
        ("flash_flood", LOST_EACH),
        ("counter_corruption", 0),
        ("reboot_storm", LOST_EACH),
        ("clock_one_day_off", 0),
        ("drill", 0),
    ],
)
def test_a_simulated_world_closes_to_the_tip(scenario: str, lost_each: int, tmp_path: Path) -> None:
    found = played(scenario, seed=3, folder=tmp_path, lost_each=lost_each)

    lost = [one for one in found.unexplained if one.unit == "readings" and "lost" in one.what]
    assert found.unexplained == lost
    assert not list(breaks(found))
    assert bool(lost) == bool(lost_each)


FAST_AND_SILENT = """
intent = "Two clocks are a day fast, and the link fails: once after the service has heard them, once before."
minutes = 480

[weather]
temperature_c = 18.0
lightning_per_mm = 0.0

[[weather.rain]]
kind = "storm"

[rtu]
packs = true

[rtu.clock]
offset_s = 86400.0
set_by_network = false

[[incidents]]
what = "no_link"
station = "HTB01"
at_min = 50
until_min = 420

[[incidents]]
what = "no_link"
station = ["HTB02", "HTB03"]
at_min = 0
until_min = 200
"""


@pytest.mark.parametrize("packs", ["true", "false"])
def test_what_waited_at_a_clock_that_is_fast_is_counted_once(packs: str, tmp_path: Path) -> None:
    scenario = tmp_path / "fast_and_silent.toml"
    scenario.write_text(FAST_AND_SILENT.replace("packs = true", f"packs = {packs}"), encoding="utf-8")

    found = played(str(scenario), seed=1, folder=tmp_path)

    assert found.closes, found.unexplained
    assert not list(breaks(found))
    assert all(one.rain.stored_tips == one.rain.turned_tips > 20 for one in found.stations)


def test_every_line_of_the_account_is_explained() -> None:
    documented = ROOT / "docs" / "operations.md"
    rows = documented.read_text(encoding="utf-8").partition("| line of the account |")[2].partition("\n\n")[0]
    explained = ", ".join(row.split("|")[1].strip() for row in rows.splitlines()[2:])

    names = {line.name for line in every_line()}

    assert names
    assert not {name for name in names if f", {name}," not in f", {explained},"}


def every_line() -> Iterator[Line]:
    """All lines that there are: those of a station at which everything has happened."""
    one = nothing()
    one.rain.pulses.update(["bounce", "lightning"])
    one.rain.missed.update(["stuck_switch", "dead_input", "loose_wire", "no_power"])
    yield from all_lines(one)


def nothing() -> StationAccount:
    """A station at which nothing happened."""
    return StationAccount("HTB01", "", None, Rain(), Readings(), Messages(), Copy(), [], [])


@pytest.mark.parametrize("cause", [*Gone, *Because, *Missing, *Absent])
def test_each_cause_has_one_line_of_its_own(cause: Gone | Because | Missing | Absent) -> None:
    one = nothing()
    assert one.copy is not None
    match cause:
        case Gone():
            one.rain.gone[cause] += 1
        case Because():
            one.rain.because[cause] += 1
        case Missing():
            one.readings.missing[cause] += 1
        case Absent():
            one.copy.absent[cause] += 1

    told = [line for line in lines(one) if line.sign in (Sign.MINUS, Sign.PLUS) and line.value(one)]

    assert [line.value(one) for line in told] == [1]
