"""The truth file: cut off, wrong in a line, with events that nobody knows."""

from pathlib import Path

import pytest

from gauge_ingest.account.truth import TruthRefused, read_truth
from tests.account.runs import Run

TIP = '{"event": "tip", "station": "HTB01", "at": "2026-07-15T18:00:01.000+08:00"}\n'
START = '{"event": "start", "scenario": "s", "seed": 1, "minutes": 9, "stations": ["HTB01", "HTB02"]}\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "truth.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_that_was_cut_off_within_a_line_is_read_up_to_there(tmp_path: Path) -> None:
    truth = read_truth(written(tmp_path, TIP + TIP + TIP[:30]))

    assert truth.cut_line == 3
    assert len(truth.events["HTB01"]) == 2
    assert truth.ended_at is None


def test_the_account_of_a_cut_file_says_so_and_leaves_later_rain_alone(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3)
    logger.report(5)
    told = len(run.lines)
    logger.tip(8)
    logger.report(10)
    run.write()
    lines = run.path.read_text(encoding="utf-8").splitlines(keepends=True)
    run.path.write_text("".join(lines[:told]) + lines[told][:40], encoding="utf-8")

    account = run.joined()

    assert account.closes
    assert any("breaks off in line" in notice for notice in account.notices)
    (one,) = account.stations
    assert (one.rain.turned_tips, one.rain.stored_tips, one.readings.made, one.rain.water) == (1, 1, 2, None)


def test_a_file_without_an_end_says_that_its_simulator_was_killed_or_still_runs(run: Run) -> None:
    run.logger().report(0)

    account = run.account(ended=False)

    assert any("has no end" in notice for notice in account.notices)


def test_unknown_events_are_passed_over_and_counted(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    for _ in range(3):
        run.tell("comet", "HTB01", 3, brightness=4)
    run.tell("eclipse", "HTB01", 4)

    account = run.account()

    assert account.closes
    assert any("comet (3), eclipse (1)" in notice for notice in account.notices)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("nonsense\n", "is no JSON object: 'nonsense"),
        ("[1]\n", "is no JSON object: [1]"),
        ('{"station": "HTB01"}\n', "event: must be a text"),
        (TIP.replace("+08:00", ""), "tip: at: must be an instant with its offset"),
        (TIP.replace('"HTB01"', "7"), "tip: station: must be a text, is 7"),
        (TIP.replace('"tip"', '"missed"'), "missed: cause: must be a text, is missing"),
        (TIP.replace('"tip"', '"tip", "service": 1'), "tip: service: must be true or false, is 1"),
        (TIP.replace('"tip"', '"puback", "number": true'), "puback: number: must be a whole number, is True"),
        (TIP.replace('"tip"', '"puback", "number": 4'), "puback: message 4 was never made"),
        (START, "start: another run begins here"),
        (START.replace('["HTB01", "HTB02"]', "[1]"), "start: stations: must be a list of texts"),
        ('{"event": "end", "outstanding": 1.5}\n', "end: outstanding: must be a whole number, is 1.5"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_what_it_must_be(run: Run, line: str, what: str) -> None:
    run.path.write_text(TIP + line + TIP, encoding="utf-8")

    with pytest.raises(TruthRefused) as refused:
        run.joined()

    assert str(refused.value).startswith(f"{run.path}:2: ")
    assert what in str(refused.value)


def test_a_message_dropped_for_an_unknown_reason_is_refused(run: Run) -> None:
    logger = run.logger()
    logger.report(0, fate="memory_eaten")

    with pytest.raises(TruthRefused, match="why: must be one of memory_full, memory_lost, is 'memory_eaten'"):
        run.account()


def test_a_file_that_tells_of_no_station_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TruthRefused, match="tells of no station"):
        read_truth(written(tmp_path, ""))
    with pytest.raises(TruthRefused, match="No such file"):
        read_truth(tmp_path / "nowhere.jsonl")


def test_a_station_that_the_start_names_has_its_place_even_when_nothing_happened(tmp_path: Path) -> None:
    truth = read_truth(written(tmp_path, START + TIP.replace("HTB01", "HTB02")))

    assert {station: len(events) for station, events in truth.events.items()} == {"HTB01": 0, "HTB02": 1}
