"""Wherever a command names a place it says what people call it, a basin as well as a station."""

from dataclasses import replace

from gauge_ingest.core.days import day_end
from gauge_ingest.messages.samples import SAMPLES
from tests.commands.place import Place
from tests.worlds import HOUR

ENDS = day_end("2026-07-15")


def basin_alert(place: Place) -> None:
    """An alert at the shipped basin, and a silence of it."""
    sample = SAMPLES["raised"]
    at = ENDS - HOUR
    alert = replace(sample.alert, id=1, scope="mountains", rained_since=at, rained_until=at, raised_at=at, known_at=at)
    event = replace(sample.event, alert_id=1, scope="mountains", at=at, known_at=at)
    with place.desk() as desk:
        desk.journal.save_alerts([alert], [event], 1)
    place.now = ENDS - HOUR // 2
    place.json("silence", "mountains", "--for", "20m", "--why", "an exercise")


def test_a_basin_is_called_by_its_name_everywhere(place: Place) -> None:
    basin_alert(place)

    asked = (("alerts",), ("alerts", "show", "1"), ("handover",), ("silences", "list"), ("silences", "show", "1"))
    for words in asked:
        assert "南部山区 (mountains)" in place.run(*words, columns=160).stdout, words
    place.now = ENDS + HOUR
    day = place.run("report", "daily").stdout
    assert "1  mountains 南部山区  flash_flood  immediate  STANDS" in day
    assert "1  mountains 南部山区  2026-07-16 07:30 to 2026-07-16 07:50" in day
    report = place.json("report", "daily")
    assert [(one["scope"], one["name"]) for one in report["alerts"]] == [("mountains", "南部山区")]


def test_who_enters_a_silence_is_told_its_place_by_name(place: Place) -> None:
    basin_alert(place)

    said = place.run("silence", "HTB01", "--for", "20m", "--why", "an exercise").stdout

    assert "silence 2 of 石门 (HTB01): " in said


def test_a_silent_station_is_named_first_thing_in_the_hand_over(place: Place) -> None:
    with place.desk():
        pass

    assert "石门 (HTB01), 雀尔沟镇 (HTB02)" in place.run("handover", columns=200).stdout
