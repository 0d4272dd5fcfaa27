"""How much rain an alert is about: what is sure, what is perhaps, and whose it is."""

from dataclasses import replace

import pytest

from gauge_ingest.commands.alert_text import rain_of
from gauge_ingest.core.model import Rule
from gauge_ingest.messages.samples import SAMPLES, WORLD

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
