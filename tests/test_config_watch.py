"""[watch] of rules.toml: every table may be left out, and each mistake names its place and what would be right."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from gauge_ingest.configuration import ConfigurationRefused, load
from gauge_ingest.configuration.watch import TABLES
from gauge_ingest.core.findings import Finding
from gauge_ingest.core.watch import WATCHING, Watching
from gauge_ingest.pump.watch import TABLES as OF_FINDINGS
from tests.test_config import RULE, folder, write

__all__ = ["folder"]


def test_left_out_everything_is_watched_by_the_defaults_of_the_core(folder: Path) -> None:
    configuration = load(folder, {})

    assert configuration.watch == WATCHING
    assert all(table["watch"] is Watching.ON for table in asdict(WATCHING).values())


def test_every_table_left_empty_is_as_if_it_were_left_out(folder: Path) -> None:
    write(folder, rules=RULE + "".join(f"[watch.{name}]\n" for name in TABLES))

    assert load(folder, {}).watch == WATCHING


def test_what_is_watched_for_is_part_of_the_configuration(folder: Path) -> None:
    before = load(folder, {})
    write(folder, rules=RULE + '[watch.danger_in_silence]\nrain_mm = 15.0\nlevel = "immediate"\nwatch = "off"\n')
    after = load(folder, {})

    danger = after.watch.danger_in_silence
    assert (danger.rain_mm, danger.level, danger.watch) == (15.0, "immediate", Watching.OFF)
    assert before.digest != after.digest
    assert json.loads(after.text)["watch"]["danger_in_silence"]["rain_mm"] == 15.0


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("watch = 3\n" + RULE, "watch", "[watch.silent]"),
        (RULE + "[watch.silnt]", "watch.silnt", "did you mean silent?"),
        (RULE + "[watch]\nsilent = 3", "watch.silent", "written [watch.silent]"),
        (RULE + "[watch.silent]\nwatch = true", "watch.silent.watch", "'on' or 'off'"),
        (RULE + "[watch.silent]\nlevel = 'loud'", "watch.silent.level", "'notice' or 'warning'"),
        (RULE + "[watch.silent]\nmissed_max = 2", "watch.silent.missed_max", "at least 3"),
        (RULE + "[watch.silent]\nmised_max = 4", "watch.silent.mised_max", "did you mean missed_max?"),
        (RULE + "[watch.battery]\nlow_v = 10.5", "watch.battery.warning_v", "at most 10.5, which is low_v"),
        (RULE + "[watch.clock]\nwarning_s = 60", "watch.clock.warning_s", "at least 300, which is off_s"),
        (RULE + "[watch.danger_in_silence]\nrain_mm = 0", "watch.danger_in_silence.rain_mm", "greater than 0"),
        (RULE + "[watch.danger_in_silence]\nlevel = 'a b'", "watch.danger_in_silence.level", "1 to 32"),
        (RULE.replace("flood", "door_open"), "rules.door_open", "the name of a finding"),
    ],
)
def test_a_mistake_names_its_place_and_what_would_be_right(folder: Path, text: str, key: str, remedy: str) -> None:
    write(folder, rules=text)

    with pytest.raises(ConfigurationRefused) as refused:
        load(folder, {})

    assert [(one.file, one.key) for one in refused.value.mistakes] == [("rules.toml", key)]
    assert remedy in refused.value.mistakes[0].remedy


def test_every_watchdog_has_a_table_and_every_table_a_watchdog() -> None:
    assert set(OF_FINDINGS.values()) == set(TABLES) == set(asdict(WATCHING))
    older = {Finding.SESSION_LOST, Finding.CLIENT_ID_TAKEN, Finding.BROKEN, Finding.UNKNOWN_SENDERS}
    assert set(OF_FINDINGS) == set(Finding) - older
