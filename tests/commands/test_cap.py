"""cap: an alert as the systems of others see it, the same words in the command and in the published file."""

import os
import subprocess
import sys
import time
from pathlib import Path

from gauge_ingest.core.reasons import because
from gauge_ingest.pump.findings import Finding
from tests.cap.alerts import Validators, parameters, said
from tests.commands.place import Place
from tests.commands.test_alerts import storm
from tests.worlds import HOUR, T0

SENDER = {"GAUGE_CAP_SENDER": "rain@hutubi.example"}


def show(place: Place, *words: str) -> bytes:
    """What `cap show` prints."""
    result = place.run("cap", "show", *words)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


def test_the_newest_document_of_an_alert_is_shown_and_is_valid(place: Place) -> None:
    place.environ = {**SENDER, "GAUGE_CAP_LANGUAGES": "en,zh"}
    with place.desk() as desk:
        storm(desk, until=15)

    document = show(place, "1")

    Validators().check(document)
    assert said(document, "msgType") == ["Update"]
    assert said(document, "language") == ["en", "zh"]
    assert said(document, "status") == ["Draft"]
    assert "MOVE AT ONCE" in said(document, "headline")[0]
    todo = place.configuration().actions.levels["immediate"]
    assert said(document, "instruction") == [todo.en, todo.zh]


def test_of_an_alert_that_stands_for_days_the_newest_renewal_is_shown(place: Place) -> None:
    place.environ = SENDER
    with place.desk() as desk:
        storm(desk, until=15)
    place.now = T0 + 40 * HOUR

    document = show(place, "1")

    Validators().check(document)
    assert parameters(document)["renewal"] == "1"


def test_an_alert_of_a_basin_has_its_outline(place: Place) -> None:
    place.environ = SENDER
    basin = (
        '\n[basins.upper]\nname = "上游"\nstations = ["HTB01"]\npolygon = [[43.7, 86.5], [43.9, 86.5], [43.9, 86.8]]\n'
    )
    with (place.config / "stations.toml").open("a") as file:
        file.write(basin)
    rules = place.config / "rules.toml"
    rules.write_text(rules.read_text("utf-8").replace('stations = "all"', 'basins = ["upper"]'), "utf-8")
    with place.desk() as desk:
        desk.network = desk.network._replace(basins=place.configuration().basins)
        desk.start()
        storm(desk, until=15)

    document = show(place, "1")

    Validators().check(document)
    assert set(said(document, "polygon")) == {"43.7,86.5 43.9,86.5 43.9,86.8 43.7,86.5"}
    assert said(document, "areaDesc") == ["上游（upper）", "上游 (upper)"]


def test_an_alert_that_there_is_not_and_a_sender_that_is_not_named_are_refused(place: Place) -> None:
    with place.desk() as desk:
        storm(desk, until=15)

    nameless = place.run("cap", "show", "1")
    place.environ = SENDER
    unknown = place.run("cap", "show", "2")

    assert (nameless.exit_code, unknown.exit_code) == (2, 2)
    assert "cap.sender is empty" in nameless.stderr
    assert "there is no alert 2" in unknown.stderr


def test_an_alert_about_the_service_makes_no_document_unless_it_is_asked_for(place: Place) -> None:
    place.environ = SENDER
    with place.desk() as desk:
        desk.pump.findings.raise_(Finding.SESSION_LOST, because("said", words="the broker forgot"), at=desk.now)

    silent = place.run("cap", "show", "1")
    place.environ = {**SENDER, "GAUGE_CAP_FINDINGS": "true"}

    assert silent.exit_code == 1
    assert "makes no CAP document" in silent.stderr
    assert said(show(place, "1"), "status") == ["System"]


def test_the_outbound_process_publishes_what_the_command_shows(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    place.environ = {**SENDER, "GAUGE_CAP_FOLDER": str(folder), "GAUGE_NOTIFY_MQTT": "false"}
    with place.desk() as desk:
        storm(desk, until=15)
    command = [sys.executable, "-m", "gauge_ingest", "outbound", "--config", str(place.config)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}

    with subprocess.Popen(command, stdin=subprocess.PIPE, env={**plain, **place.environment()}) as process:
        give_up = time.monotonic() + 60
        while len(list(folder.glob("*/*.xml"))) < 2 and time.monotonic() < give_up:
            time.sleep(0.05)
        process.communicate(timeout=30)

    newest = max(folder.glob("*/*.xml"), key=lambda path: int(path.stem.split("-")[2]))
    assert newest.read_bytes() == show(place, "1")
    assert newest.name.encode() in (folder / "feed.xml").read_bytes()
