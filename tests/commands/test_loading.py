"""What the command line loads: the command that is called, and none of the parts that it does not need."""

import subprocess
import sys

import pytest
from typer.main import get_command

from gauge_ingest.cli import COMMANDS, app, loaded
from tests.commands.place import Place

COLUMNS_MAX = 1_000  # as wide as any line
# What only the service itself, or a command of another kind, works with.
HEAVY = {
    "amqtt",
    "apprise",
    "apscheduler",
    "fastapi",
    "gauge_ingest.app",
    "gauge_ingest.codecs.json_v1",
    "influxdb_client",
    "jinja2",
    "paho",
    "prometheus_client",
    "pyarrow",
    "starlette",
    "uvicorn",
}
PROGRAM = """
import sys
from gauge_ingest.cli import main
try:
    main()
finally:
    print("loaded:", *sys.modules)
"""


def modules_after(place: Place, *words: str) -> set[str]:
    """The modules that a process has loaded when a command has ended in it."""
    environ = {**place.environment(), "GAUGE_CONFIG": str(place.config)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in {0, 1}, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_as_it_describes_itself(name: str) -> None:
    listed = get_command(app).commands[name]  # type: ignore[attr-defined]  # it is a group

    assert listed.get_short_help_str(COLUMNS_MAX) == loaded(name).get_short_help_str(COLUMNS_MAX)


@pytest.mark.parametrize("words", [["check"], ["duty"]], ids=" ".join)
def test_a_light_command_loads_nothing_of_the_service(place: Place, words: list[str]) -> None:
    assert not modules_after(place, *words) & HEAVY


def test_help_loads_no_command(place: Place) -> None:
    after = modules_after(place, "--help")

    assert {one for one in after if one.startswith("gauge_ingest.")} == {"gauge_ingest.cli"}
    assert not after & (HEAVY | {"pydantic", "rich"})


def test_the_outbound_process_loads_nothing_of_the_ingest_process(place: Place) -> None:
    place.journal.parent.mkdir()

    after = modules_after(place, "outbound")  # ends with its standard input

    assert "gauge_ingest.app.outbound_side" in after
    assert not after & {
        "gauge_ingest.codecs.json_v1",
        "gauge_ingest.inlet",
        "gauge_ingest.pump",
        "starlette",
        "uvicorn",
    }
