"""quarantine: what could not be admitted, shown and taken in again, with and without a service."""

import base64
import re
import threading

import pytest

from gauge_ingest.journal import Lock, Reader
from gauge_ingest.pump import Delivery
from gauge_ingest.requests import REPLAYED_MAX
from gauge_ingest.spool import Spool
from tests.commands.place import Place
from tests.commands.serving import service
from tests.worlds import MINUTE, T0, message, text

NEW_STATION = """
[stations.HTB06]
name = "新站"
latitude = 43.9
longitude = 86.6
elevation_m = 900
bucket_depth_mm = 0.5
"""


def stranger(place: Place) -> None:
    """Two messages of a station that is configured only afterwards."""
    with place.desk() as desk:
        desk.now = T0 + 10 * MINUTE
        desk.take(message([(T0, 10)], station_id="HTB06"), message([(T0 + 5 * MINUTE, 14)], station_id="HTB06", seq=2))
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(NEW_STATION)


def test_the_list_has_every_key_and_the_payload_as_it_came(place: Place) -> None:
    with place.desk() as desk:
        desk.take(Delivery("rain/v1/HTB01/up", b"\xff\x00nonsense"))

    (entry,) = place.json("quarantine", "list")

    assert base64.b64decode(entry.pop("payload_base64")) == b"\xff\x00nonsense"
    assert re.search("JSON|json", entry.pop("reason"))
    assert entry == {
        "id": 1,
        "received_at": "2026-07-15T18:00:00+08:00",
        "station": "HTB01",
        "topic": "rain/v1/HTB01/up",
    }
    assert place.json("quarantine", "show", "1") == place.json("quarantine", "list")[0]


def test_an_unknown_entry_is_wrong_use(place: Place) -> None:
    with place.desk():
        pass

    result = place.run("quarantine", "show", "9")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "no entry 9" in result.stderr


@pytest.mark.parametrize("columns", [80, 120])
def test_a_payload_cannot_move_the_cursor_of_who_reads_it(place: Place, columns: int) -> None:
    with place.desk() as desk:
        desk.take(Delivery("rain/v1/\x1b[2J/up", b"\x1b[31m\r\n{}"), Delivery("rain/v1/HTB01/up", b"{}"))

    for arguments in (["list"], ["show", "1"]):
        result = place.run("quarantine", *arguments, columns=columns)

        assert result.exit_code == 0
        assert "\x1b" not in result.stdout
        assert "\r" not in result.stdout
        assert "\\x1b" in result.stdout


def test_a_stranger_that_is_configured_by_now_is_replayed_without_a_service(place: Place) -> None:
    stranger(place)

    answer = place.json("quarantine", "replay", "1", "2")

    assert [(one["id"], one["ok"], one["reasons"]) for one in answer] == [(1, True, []), (2, True, [])]
    assert place.json("quarantine", "list") == []
    rain = place.json("history", "HTB06", "--since", "24h", "--every", "raw")
    assert [row["tips"] for row in rain] == [0, 4]
    readings = place.json("readings", "HTB06", "--since", "24h")
    assert {row["received_at"] for row in readings} == {"2026-07-15T18:10:00+08:00"}


def test_a_service_that_runs_replays_and_the_command_leaves_the_journal_alone(place: Place) -> None:
    stranger(place)

    with service(place) as seen:
        answer = place.json("quarantine", "replay", "1", "2")

    assert [one["ok"] for one in answer] == [True, True]
    assert [(one.what, one.body) for one in seen] == [("replay", {"ids": [1, 2]})]
    assert [row["tips"] for row in place.json("history", "HTB06", "--since", "24h", "--every", "raw")] == [0, 4]
    assert list((place.journal.parent / "spool").iterdir()) == []


def test_a_service_that_does_not_answer_is_unreachable(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger(place)
    monkeypatch.setattr("gauge_ingest.commands.writing.ANSWER_MAX_S", 0.1)

    with Lock(place.journal):
        result = place.run("quarantine", "replay", "1", "--json")

    assert (result.exit_code, result.stdout) == (3, "")
    assert "taken back" in result.stderr


def test_what_still_cannot_be_admitted_stays_and_says_why(place: Place) -> None:
    with place.desk() as desk:
        unknown = message([(T0, 10)], station_id="HTB77")
        too_long = Delivery("rain/v1/HTB01/up", b" " * 300_000)
        desk.take(unknown, Delivery("rain/v1/HTB01/up", b"nonsense"), too_long)

    answer = place.json("quarantine", "replay", "1", "2", "3", "4", status=1)

    assert [one["ok"] for one in answer] == [False] * 4
    for one, reason in zip(answer, ("not in stations.toml", "JSON", "cut", "no entry 4"), strict=True):
        assert reason in one["reasons"][0]
    assert len(place.json("quarantine", "list")) == 3
    shown = place.run("quarantine", "replay", "1")
    assert (shown.exit_code, "STAYS" in shown.stdout) == (1, True)


def test_a_reading_that_is_mended_is_taken_in_alone_and_a_second_time_changes_nothing(place: Place) -> None:
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(NEW_STATION + "counter_modulus = 100\n")
    with place.desk() as desk:
        desk.now = T0 + 10 * MINUTE
        desk.take(message([(T0, 10), (T0 + 5 * MINUTE, 120)], station_id="HTB06"))
    mended = (place.config / "stations.toml").read_text(encoding="utf-8").replace("counter_modulus = 100\n", "")
    (place.config / "stations.toml").write_text(mended, encoding="utf-8")

    first, second = place.json("quarantine", "replay", "1"), place.json("quarantine", "replay", "1")

    assert (first[0]["ok"], first[0]["readings"]) == (True, 1)
    assert second == [{"id": 1, "ok": True, "readings": 0, "reasons": ["was replayed before"]}]
    assert [row["count"] for row in place.json("readings", "HTB06", "--since", "24h")] == [10, 120]


def test_good_readings_of_a_message_come_in_though_another_is_refused_again(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + 10 * MINUTE
        bad = {"observed_at": text(T0 + MINUTE), "count": -1}
        desk.take(message([(T0, 10), bad, (T0 + 5 * MINUTE, 12)], station_id="HTB06"))
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(NEW_STATION)

    (answer,) = place.json("quarantine", "replay", "1", status=1)

    assert (answer["ok"], answer["readings"], len(answer["reasons"])) == (False, 2, 1)
    assert len(place.json("quarantine", "list")) == 1
    assert [row["count"] for row in place.json("readings", "HTB06", "--since", "24h")] == [10, 12]


def test_many_entries_go_in_several_requests(place: Place) -> None:
    with place.desk() as desk:
        desk.take(*(message([(T0 - n * MINUTE, n)], station_id="HTB06", seq=n) for n in range(REPLAYED_MAX + 2)))
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(NEW_STATION)

    with service(place) as seen:
        answer = place.json("quarantine", "replay", *map(str, range(1, REPLAYED_MAX + 3)))

    assert [one["id"] for one in answer] == list(range(1, REPLAYED_MAX + 3))
    assert all(one["ok"] for one in answer)
    assert [len(one.body["ids"]) for one in seen] == [REPLAYED_MAX, 2]


def test_without_a_journal_replay_makes_none(place: Place) -> None:
    result = place.run("quarantine", "replay", "1")

    assert result.exit_code == 3
    assert "has the service run yet" in result.stderr
    assert not place.journal.exists()


def test_two_commands_at_once_are_both_carried_out(place: Place) -> None:
    with place.desk() as desk:
        desk.take(*(message([(T0 - n * MINUTE, n)], station_id="HTB06", seq=n) for n in range(2)))
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(NEW_STATION)
    answers: list[object] = []

    with service(place):
        # CliRunner is one at a time: the second asks through the spool itself.
        asker = threading.Thread(
            target=lambda: answers.append(Spool.beside(place.journal).ask("replay", {"ids": [2]}, "other", 10))
        )
        asker.start()
        answer = place.json("quarantine", "replay", "1")
        asker.join()

    assert answer[0]["ok"]
    assert answers == [{"ok": True, "replayed": [{"id": 2, "ok": True, "readings": 1, "reasons": []}]}]
    reader = Reader.open(place.journal)
    assert reader.quarantine_size() == 0
    reader.close()
