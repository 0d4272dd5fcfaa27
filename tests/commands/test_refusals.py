"""What every command does with wrong words, a wrong configuration, or no journal; check, and the service's commands."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gauge_ingest.app.accepted import accept
from gauge_ingest.commands.output import plain
from gauge_ingest.configuration import kept_beside
from tests.commands.place import Place
from tests.commands.serving import service
from tests.worlds import T0, message, text

LISTINGS = [
    ["readings", "HTB01", "--since", "1h"],
    ["history", "HTB01", "--since", "1h", "--every", "5m"],
    ["stations"],
    ["alerts"],
    ["alerts", "show", "1"],
    ["quarantine", "list"],
    ["quarantine", "show", "1"],
    ["quarantine", "replay", "1"],
]


@pytest.mark.parametrize("arguments", LISTINGS, ids=" ".join)
def test_without_a_journal_nothing_is_on_stdout_and_the_status_is_3(place: Place, arguments: list[str]) -> None:
    result = place.run(*arguments, "--json")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"no journal at {place.journal}: has the service run yet?\n"


@pytest.mark.parametrize("arguments", [one for one in LISTINGS if "replay" not in one], ids=" ".join)
def test_a_file_that_is_no_journal_is_status_3(place: Place, arguments: list[str]) -> None:
    place.journal.parent.mkdir()
    place.journal.write_bytes(b"this is no journal" * 1_000)

    result = place.run(*arguments, "--json")

    assert (result.exit_code, result.stdout) == (3, "")
    assert str(place.journal) in result.stderr


@pytest.mark.parametrize("arguments", [*LISTINGS, ["run"], ["outbound"], ["demo"], ["reload"]], ids=" ".join)
def test_a_wrong_configuration_is_status_2_with_every_mistake(place: Place, arguments: list[str]) -> None:
    (place.config / "gauge_ingest.toml").write_text("[mqtt]\nprot = 1\n[journal]\nkeep_days = -1\n", encoding="utf-8")

    result = place.run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "mqtt.prot" in result.stderr
    assert "journal.keep_days" in result.stderr


@pytest.mark.parametrize("arguments", [*LISTINGS[:5], LISTINGS[-1], ["run"], ["outbound"]], ids=" ".join)
def test_a_wrong_clock_is_status_2(place: Place, arguments: list[str]) -> None:
    place.environ = {"GAUGE_CLOCK": "speed=60"}

    result = place.run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "GAUGE_CLOCK: wall, sim missing" in result.stderr


@pytest.mark.parametrize("command", [["readings"], ["history", "--every", "1h"]], ids=" ".join)
def test_an_unknown_station_is_status_2_with_the_nearest_name(place: Place, command: list[str]) -> None:
    with place.desk():
        pass

    result = place.run(*command, "HTB1", "--since", "1h", "--json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "'HTB1'" in result.stderr
    assert "did you mean HTB01?" in result.stderr


@pytest.mark.parametrize("command", [["readings"], ["history", "--every", "1h"]], ids=" ".join)
@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--since", "yesterday"], "--since 'yesterday'"),
        (["--since", "2026-07-15T18:00:00"], "--since '2026-07-15T18:00:00'"),
        (["--since", "0h"], "--since '0h'"),
        (["--since", "2h", "--until", "soon"], "--until 'soon'"),
        (["--since", "1h", "--until", "2h"], "before --until 2h"),
        (["--since", "2030-01-01T00:00:00Z"], "before now"),
    ],
)
def test_a_wrong_time_is_status_2_and_names_the_option(
    place: Place, command: list[str], options: list[str], named: str
) -> None:
    with place.desk():
        pass

    result = place.run(*command, "HTB01", *options, "--json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert named in result.stderr


def test_more_windows_than_anybody_can_read_are_refused(place: Place) -> None:
    with place.desk():
        pass

    result = place.run("history", "HTB01", "--since", "36525d", "--every", "5m", "--json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--since" in result.stderr


def test_a_duration_counts_back_from_the_clock_that_is_set(place: Place) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
    place.now = T0 + 3_600_000

    assert len(place.json("readings", "HTB01", "--since", "3601s")) == 1
    assert place.json("readings", "HTB01", "--since", "3600s") == []
    assert len(place.json("readings", "HTB01", "--since", text(T0 - 1))) == 1


# --- check -----------------------------------------------------------------------------------------------------


def test_the_shipped_configuration_is_in_order(place: Place) -> None:
    assert place.json("check") == {"ok": True, "mistakes": [], "warnings": []}
    assert "in order" in place.run("check").stdout


def test_check_tells_of_a_secret_of_no_channel_and_ends_well(place: Place) -> None:
    place.environ = {"GAUGE_SECRET_OLD": "hunter2"}

    document, shown = place.json("check"), place.run("check")

    assert (document["ok"], document["mistakes"]) == (True, [])
    assert [one["key"] for one in document["warnings"]] == ["GAUGE_SECRET_OLD"]
    assert "in order" in shown.stdout
    assert "warning: environment: GAUGE_SECRET_OLD: no channel of people.toml has this secret" in shown.stdout


@pytest.mark.parametrize("command", [["reload"], ["messages", "preview", "--sample", "raised"]])
def test_what_is_about_the_folder_itself_is_refused_though_another_configuration_stands_in(
    place: Place, command: list[str]
) -> None:
    with place.desk():
        pass
    accept(place.config, kept_beside(place.journal), place.environment())
    (place.config / "rules.toml").write_text("wrong = 1\n", encoding="utf-8")

    refused, looked = place.run(*command), place.run("alerts")

    assert refused.exit_code == 2
    assert "cannot be used:" in refused.stderr
    assert looked.exit_code == 0
    assert "rules.toml: wrong" in looked.stderr
    assert "is used in its place" in looked.stderr


def test_check_names_every_mistake_of_every_file_and_of_the_environment(place: Place) -> None:
    (place.config / "gauge_ingest.toml").write_text("[mqtt]\nport = 0\n", encoding="utf-8")
    (place.config / "rules.toml").write_text("[rules.x]\n", encoding="utf-8")
    place.environ = {"GAUGE_CLOCK": "fast", "GAUGE_MQTT_PRT": "1"}

    document, shown = place.json("check", status=2), place.run("check")

    assert document["ok"] is False
    assert all(list(mistake) == ["file", "key", "value", "remedy"] for mistake in document["mistakes"])
    named = {(mistake["file"], mistake["key"]) for mistake in document["mistakes"]}
    assert {
        ("gauge_ingest.toml", "mqtt.port"),
        ("environment", "GAUGE_MQTT_PRT"),
        ("environment", "GAUGE_CLOCK"),
        ("rules.toml", "rules.x.levels"),
    } <= named
    assert shown.exit_code == 2
    assert f"{len(document['mistakes'])} mistakes" in shown.stdout


def test_a_folder_that_is_not_there_is_a_mistake(place: Place) -> None:
    place.config = place.config / "nowhere"

    assert "nowhere" in place.json("check", status=2)["mistakes"][0]["file"]


# --- the service's commands ------------------------------------------------------------------------------------


def test_reload_needs_a_service(place: Place) -> None:
    with place.desk():
        pass

    result = place.run("reload", "--json")

    assert (result.exit_code, result.stdout) == (3, "")
    assert "no service runs" in result.stderr


def test_reload_says_what_the_service_answered(place: Place) -> None:
    with service(place, lambda: {"ok": True, "needs_restart": ["mqtt"]}) as seen:
        result = place.run("reload")

    assert result.exit_code == 0
    assert "taken the configuration over" in result.stdout
    assert "[mqtt]" in result.stdout
    assert [one.what for one in seen] == ["reload"]


@pytest.mark.parametrize(
    "mistake",
    [{"file": "rules.toml", "key": "rules.x", "value": "", "remedy": "is odd"}, "rules.toml: rules.x: is odd"],
)
def test_reload_that_is_refused_prints_the_mistakes(place: Place, mistake: Mapping[str, str] | str) -> None:
    with service(place, lambda: {"ok": False, "mistakes": [mistake]}):
        result, document = place.run("reload"), place.run("reload", "--json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "rules.toml: rules.x: is odd" in result.stderr
    assert (document.exit_code, json.loads(document.stdout)["ok"]) == (2, False)


def test_run_with_a_speed_sets_a_clock_for_both_processes_and_prints_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Path, str]] = []

    def run_ingest(directory: Path, environ: Mapping[str, str]) -> int:
        seen.append((directory, environ["GAUGE_CLOCK"]))
        return 7

    monkeypatch.setattr("gauge_ingest.app.run_ingest", run_ingest)
    place.environ = {"GAUGE_CLOCK": ""}

    result = place.run("run", "--speed", "60")

    assert result.exit_code == 7
    assert seen[0][0] == place.config
    assert seen[0][1].startswith("speed=60 wall=")
    assert result.stderr == f'export GAUGE_CLOCK="{seen[0][1]}"\n'


def test_a_speed_beside_gauge_clock_is_two_clocks(place: Place) -> None:
    result = place.run("run", "--speed", "60")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "two clocks" in result.stderr


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "1e9"])
def test_a_speed_that_is_none_is_status_2(place: Place, speed: str) -> None:
    place.environ = {"GAUGE_CLOCK": ""}

    result = place.run("run", f"--speed={speed}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "speed" in result.stderr


def test_the_schema_accepts_the_documented_message_and_refuses_a_broken_one() -> None:
    schema = _program("schema").stdout
    validator = Draft202012Validator(json.loads(schema))
    good: dict[str, Any] = json.loads(message([(T0, 1)], boot=3).payload)

    validator.validate(good)
    assert not validator.is_valid({**good, "seq": -1})


def test_the_program_reads_config_from_the_environment_and_starts_quickly_as_a_module(place: Place) -> None:
    environ = {"GAUGE_CONFIG": str(place.config), "GAUGE_JOURNAL_PATH": str(place.journal)}

    result = _program("stations", "--json", **environ)

    assert (result.returncode, result.stdout) == (3, "")
    assert str(place.journal) in result.stderr


def test_a_terminal_that_knows_no_chinese_gets_an_answer_and_json_stays_whole(place: Place) -> None:
    with place.desk():
        pass
    environ = {
        "GAUGE_CONFIG": str(place.config),
        "GAUGE_JOURNAL_PATH": str(place.journal),
        "PYTHONIOENCODING": "ascii",
    }

    document, shown = _program("stations", "--json", **environ), _program("stations", **environ)

    assert json.loads(document.stdout)[0]["name"] == "石门"
    assert (shown.returncode, "HTB01" in shown.stdout) == (0, True)


def test_text_from_outside_keeps_its_lines_and_loses_what_moves_a_cursor() -> None:
    assert plain("a\tb\x1b[2J\r\n石门 \x85\ud800") == "a    b\\x1b[2J\\r\n石门 \\x85\\ud800"


def _program(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    plain_environ = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    return subprocess.run(
        [sys.executable, "-m", "gauge_ingest", *arguments],
        env={**plain_environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
