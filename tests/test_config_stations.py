"""Corrections and calibrations in stations.toml: read, dated, refused in a sentence, absent where nobody wrote any."""

import json
from pathlib import Path

import pytest

from gauge_ingest.configuration import Configuration, load
from gauge_ingest.core.calibration import PowerCurve, TipLoss
from gauge_ingest.core.model import Deployment
from gauge_ingest.core.spans import parse_instant
from tests.test_config import DEPLOYMENT, STATION, mistakes, write

LATER = "[[stations.HTB01.deployments]]\nsince = 2028-04-01T08:00:00+08:00\n"
TIP_LOSS = "correction = { tip_time_s = 0.45 }\n"
CURVE = "correction = { a = 1.02, b = 1.05, mm_per_h_max = 300 }\n"
CALIBRATED = "calibrated_at = 2027-03-30T10:00:00+08:00\n"


def loaded(folder: Path, stations: str) -> Configuration:
    write(folder, stations=stations)
    return load(folder, {})


def deployments(folder: Path, stations: str) -> tuple[Deployment, ...]:
    return loaded(folder, stations).stations["HTB01"].deployments


def test_without_a_correction_what_is_counted_stands(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, STATION + DEPLOYMENT)

    assert [one.calibration for one in configuration.stations["HTB01"].deployments] == [None, None]
    assert not configuration.stations["HTB01"].corrects


def test_both_forms_of_a_correction_are_read(tmp_path: Path) -> None:
    first, second = deployments(tmp_path, STATION + TIP_LOSS + LATER + CURVE)

    assert first.calibration == TipLoss(0.45)
    assert second.calibration == PowerCurve(a=1.02, b=1.05, mm_per_h_max=300.0, mm_per_h_min=2.0)


def test_a_correction_and_its_date_hold_until_a_later_deployment_changes_them(tmp_path: Path) -> None:
    found = deployments(tmp_path, STATION + TIP_LOSS + CALIBRATED + DEPLOYMENT + LATER + CURVE)

    calibrated_at = parse_instant("2027-03-30T10:00:00+08:00")
    assert [one.calibration for one in found] == [TipLoss(0.45), TipLoss(0.45), found[2].calibration]
    assert isinstance(found[2].calibration, PowerCurve)
    assert [one.calibrated_at for one in found] == [calibrated_at] * 3
    assert [one.bucket_depth_mm for one in found] == [0.5, 0.2, 0.2]


@pytest.mark.parametrize("key", [TIP_LOSS, CALIBRATED])
def test_either_key_alone_makes_a_deployment(tmp_path: Path, key: str) -> None:
    first, second = deployments(tmp_path, STATION + LATER + key)

    assert (first.calibration, first.calibrated_at) == (None, None)
    assert (second.calibration, second.calibrated_at) != (None, None)


def test_the_text_of_a_configuration_without_corrections_is_what_it_was_before_there_were_any(tmp_path: Path) -> None:
    stations = json.loads(loaded(tmp_path, STATION + DEPLOYMENT).text)["stations"]["HTB01"]

    # Else every start after an update would derive every record anew.
    placed = {"counter_modulus": 65536, "elevation_m": 1250.0, "latitude": 43.75, "longitude": 86.57}
    since = parse_instant("2027-04-01T08:00:00+08:00")
    assert stations == {
        "deployments": [
            {"since": 0, "bucket_depth_mm": 0.5, **placed},
            {"since": since, "bucket_depth_mm": 0.2, **placed},
        ],
        "intensity_max_mm_per_min": 8.0,
        "name": "石门",
        "neighbours": "60 km",
        "report_every_s": 300,
    }


def test_the_text_names_a_correction_with_its_deployment_and_a_calibration_beside_them(tmp_path: Path) -> None:
    text = loaded(tmp_path, STATION + LATER + CURVE + CALIBRATED).text
    stations = json.loads(text)["stations"]["HTB01"]

    plain, corrected = stations["deployments"]
    assert "calibration" not in plain
    assert corrected["calibration"] == {"a": 1.02, "b": 1.05, "mm_per_h_max": 300.0, "mm_per_h_min": 2.0}
    assert stations["calibrated_at"] == [None, parse_instant("2027-03-30T10:00:00+08:00")]
    assert not any("calibrated_at" in one for one in stations["deployments"])


@pytest.mark.parametrize(
    ("written", "key", "remedy"),
    [
        ("correction = 0.45", "correction", "must be written like { tip_time_s = 0.45 } or { a = 1.02"),
        ("correction = {}", "correction", "must be written like { tip_time_s = 0.45 } or { a = 1.02"),
        ("correction = { tip_tme_s = 1 }", "correction", "must be written like { tip_time_s = 0.45 }"),
        ("correction = { tip_time_s = -0.1 }", "correction.tip_time_s", "at least 0, e.g. 0.45"),
        ("correction = { tip_time_s = 450 }", "correction.tip_time_s", "at most 2, e.g. 0.45"),
        ("correction = { tip_time_s = '1' }", "correction.tip_time_s", "a number without quotes, e.g. 0.45"),
        ("correction = { tip_time_s = 1, a = 1 }", "correction", "tip_time_s and a are two forms: write {"),
        ("correction = { tip_time_s = 1, x = 1 }", "correction.x", "unknown key; known: tip_time_s"),
        ("correction = { a = 1, b = 1 }", "correction.mm_per_h_max", "is required, e.g. 300"),
        ("correction = { a = 0, b = 1, mm_per_h_max = 300 }", "correction.a", "greater than 0, e.g. 1.02"),
        ("correction = { a = 1, b = 2.5, mm_per_h_max = 300 }", "correction.b", "at most 2, e.g. 1.05"),
        (
            "correction = { a = 1, b = 1, mm_per_h_mx = 300, mm_per_h_max = 300 }",
            "correction.mm_per_h_mx",
            "did you mean",
        ),
        (
            "correction = { a = 1, b = 1, mm_per_h_max = 2 }",
            "correction.mm_per_h_max",
            "must be greater than mm_per_h_min, which is 2",
        ),
        (
            "correction = { a = 1.02, b = 1.5, mm_per_h_max = 300 }",
            "correction",
            "makes 17.7 times of 300 mm/h, which must be from 0.5 to 2 times",
        ),
        (
            "correction = { a = 0.4, b = 1.1, mm_per_h_max = 300 }",
            "correction",
            "makes 0.429 times of 2 mm/h, which must be from 0.5 to 2 times",
        ),
        ("calibrated_at = 2027-04-01", "calibrated_at", "an instant with its offset and without quotes, e.g. 2027-04"),
        ("calibrated_at = 2027-04-01T08:00:00", "calibrated_at", "must have an offset, e.g. 2027-04-01T08:00:00+08:00"),
        ("calibrated = true", "calibrated", "did you mean calibrated_at?"),
    ],
)
@pytest.mark.parametrize(
    ("before", "after", "place"),
    [(STATION, DEPLOYMENT, "stations.HTB01"), (STATION + DEPLOYMENT, LATER, "stations.HTB01.deployments[1]")],
)
def test_a_mistake_is_told_once_with_its_place_and_its_remedy(
    tmp_path: Path, written: str, key: str, remedy: str, before: str, after: str, place: str
) -> None:
    write(tmp_path, stations=f"{before}{written}\n{after}elevation_m = 1300\n")

    (found,) = mistakes(tmp_path)

    assert (found.file, found.key) == ("stations.toml", f"{place}.{key}")
    assert remedy in found.remedy
