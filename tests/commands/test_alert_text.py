"""How much rain an alert is about: what is sure, what is perhaps, and whose it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.commands.alert_text import rain_of
from gauge_ingest.commands.output import no_journal
from gauge_ingest.configuration import Settings
from gauge_ingest.core.model import Rule
from gauge_ingest.messages.samples import SAMPLES, WORLD
from tests.commands.place import Place
from tests.commands.test_alerts import storm
from tests.worlds import MINUTE, T0

ALERT = SAMPLES["raised"].alert
RULE = WORLD.rules["flash_flood"]


@pytest.mark.parametrize(
    ("rule", "changed", "said"),
    [
        ("flash_flood", {}, "31.5 mm in 3h"),
        ("flash_flood", {"coverage": 0.999}, "≥31.5 mm in 3h"),
        ("flash_flood", {"rain_mm_max": 37.0}, "≥31.5 mm in 3h, perhaps 37.0,"),
        ("flash_flood", {"rain_mm_max": 31.54}, "31.5 mm in 3h"),
        ("flash_flood", {"measure": "rise"}, "31.5 mm in 3h (rise over the 3h before)"),
        ("flash_flood", {"stations": (("HTB01", 40.0),)}, "31.5 mm in 3h (mean of the basin)"),
        ("danger_in_silence", {"coverage": 0.0}, "around it 31.5 mm in 3h"),
    ],
)
def test_what_is_sure_and_what_is_perhaps_is_told_apart(rule: str, changed: dict[str, float], said: str) -> None:
    assert ALERT.evidence is not None
    evidence = replace(ALERT.evidence, **changed)  # type: ignore[arg-type]  # any field, by its name
    known: Rule | None = RULE if rule == RULE.id else None

    assert rain_of(replace(ALERT, rule=rule, evidence=evidence), known) == said


def test_of_the_service_there_is_none() -> None:
    assert rain_of(replace(ALERT, evidence=None), RULE) == ""


def test_in_a_drill_whoever_is_asked_to_acknowledge_is_led_to_the_drill(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.desk() as desk:
        storm(desk, until=15)
    place.now = T0 + 20 * MINUTE
    monkeypatch.setattr(Settings, "drill_options", " --config /d/config")

    for command in (("alerts",), ("handover",), ("handover", "--json")):
        shown = " ".join(place.run(*command, columns=300).stdout.split())
        assert "gauge-ingest alerts acknowledge 1 --config /d/config" in shown


def test_where_there_is_no_journal_a_relative_path_says_from_where_it_is_meant(tmp_path: Path) -> None:
    assert no_journal(tmp_path / "journal.db").endswith("has the service run yet?")
    assert no_journal(Path("var/journal.db")).endswith("run this where the service was started")
