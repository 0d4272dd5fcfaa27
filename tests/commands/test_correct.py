"""correct and corrections: what a person says of rain, with and without a service; refusals; the log."""

import json
import uuid
from typing import Any

import pytest

from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request
from tests.commands.place import Place
from tests.commands.serving import no_reload, service
from tests.worlds import HOUR, MINUTE, T0, Desk, message, text

HOUR_OF_IT = ("--since", text(T0), "--until", text(T0 + 60 * MINUTE))
WHY = ("--why", "bucket emptied at the visit", "--who", "wang")


def a_storm(place: Place) -> None:
    """Twenty millimetres in forty minutes at HTB01, told every five minutes, then nothing."""
    with place.desk() as desk:
        for minute in range(0, 121, 5):
            desk.now = T0 + minute * MINUTE
            desk.take(message([(desk.now, 100 + min(minute, 40))], seq=minute))
            desk.settle()


def rain_of(place: Place) -> list[dict[str, Any]]:
    return list(place.json("history", "HTB01", "--since", "3h", "--every", "raw"))


def test_a_dry_run_shows_rain_before_and_after_and_the_alerts_and_changes_nothing(place: Place) -> None:
    a_storm(place)
    before = rain_of(place)

    seen = place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY, "--dry-run")

    assert seen == {
        "dry_run": True,
        "correction": {
            "id": None,
            "at": text(place.now),
            "who": "wang",
            "kind": "void",
            "station": "HTB01",
            "since": text(T0),
            "until": text(T0 + HOUR),
            "rain_mm": None,
            "why": "bucket emptied at the visit",
            "undoes": None,
            "undone_by": None,
        },
        "readings": 12,
        "rain_mm": {"before": 20.0, "after": 0.0},
        "rain_mm_max": {"before": 20.0, "after": 0.0},
        "alerts": [{"id": 1, "rule": "flash_flood", "scope": "HTB01", "level": "immediate", "state": "raised"}],
    }
    assert rain_of(place) == before
    assert place.json("corrections", "log") == []


@pytest.mark.parametrize("serving", [False, True])
def test_a_voided_storm_is_gone_from_rain_and_alerts_and_its_undoing_brings_it_back(
    place: Place, *, serving: bool
) -> None:
    a_storm(place)
    before, counts = rain_of(place), place.json("readings", "HTB01", "--since", "3h")

    if serving:
        with service(place) as seen:
            done = place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY)
        assert [(one.what, one.body["who"]) for one in seen] == [("correct", "wang")]
    else:
        done = place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY)

    assert (done["dry_run"], done["correction"]["id"]) == (False, 1)
    assert [(one["tips"], one["coverage"], one["flag"], one["step"]) for one in rain_of(place)[1:13]] == [
        (0, 0.0, 9, "voided")
    ] * 12
    (alert,) = place.json("alerts", "--all")
    assert alert["state"] == "withdrawn"
    assert alert["reason"] == "withdrawn by correction 1 (void, by wang): bucket emptied at the visit"
    after = place.json("readings", "HTB01", "--since", "3h")
    assert [one["count"] for one in after] == [one["count"] for one in counts]

    place.json("correct", "undo", "1", "--why", "it did rain")

    assert rain_of(place) == before
    assert [one["state"] for one in place.json("alerts")] == ["raised"]


def test_a_storage_gauge_replaces_confirms_and_marks_a_visit(place: Place) -> None:
    a_storm(place)

    replaced = place.json("correct", "replace", "HTB01", *HOUR_OF_IT, *WHY, "--rain-mm", "24.5")
    visited = place.json("correct", "visit", "HTB01", "--since", text(T0), "--until", text(T0 + 5 * MINUTE), *WHY)
    confirmed = place.json("correct", "confirm", "HTB01", "--since", "70m", "--until", "60m", *WHY)

    assert replaced["rain_mm"] == {"before": 20.0, "after": 24.5}
    assert (visited["rain_mm"]["after"], visited["rain_mm_max"]["after"]) == (0.0, 2.5)
    assert [one["id"] for one in visited["alerts"]] == [1]  # raised later, on a window that reaches back to the visit
    assert confirmed["readings"] == 2
    rain = rain_of(place)
    assert [(one["tips_min"], one["tips_max"], one["flag"], one["step"]) for one in rain[1:3]] == [
        (0, 5, 4, "steady"),
        (6, 6, 1, "corrected"),
    ]
    assert sum(one["tips"] for one in rain[2:11]) == 49 - 6  # the visit takes its share of the depth with it
    assert {one["step"] for one in rain[11:]} == {"steady"}


def test_the_log_has_who_when_and_why_and_what_was_undone(place: Place) -> None:
    a_storm(place)
    place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY)
    place.json("correct", "undo", "1", "--why", "又查了一遍", "--who", "李")
    place.now += HOUR
    place.json("correct", "confirm", "HTB02", *HOUR_OF_IT, *WHY)

    log = place.json("corrections", "log")

    assert [(one["id"], one["kind"], one["undoes"], one["undone_by"]) for one in log] == [
        (1, "void", None, 2),
        (2, "undo", 1, None),
        (3, "confirm", None, None),
    ]
    assert (log[1]["who"], log[1]["why"], log[1]["station"]) == ("李", "又查了一遍", "HTB01")
    assert [one["id"] for one in place.json("corrections", "log", "HTB02")] == [3]
    assert [one["id"] for one in place.json("corrections", "log", "--since", "30m")] == [3]
    shown = place.run("corrections", "log").stdout
    for words in ("3 corrections", "undone by 2", "undo of 1", "又查了一遍"):
        assert words in shown


def test_the_table_of_readings_shows_what_was_said_before(place: Place) -> None:
    a_storm(place)
    place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY)

    (_, first, *_) = place.json("readings", "HTB01", "--since", "3h", "--history")
    shown = place.run("readings", "HTB01", "--since", "3h", "--history").stdout

    assert first["reasons"] == "correction 1: void, by wang: bucket emptied at the visit"
    assert [(one["tips"], one["step"], one["flag"], one["reasons"]) for one in first["history"]] == [
        (5, "steady", 1, None)
    ]
    assert first["history"][0]["until"] == text(place.now)
    assert "voided" in shown
    assert "until 07-15 20:00" in shown


@pytest.mark.parametrize("columns", [80, 40])
def test_times_and_counts_are_whole_where_there_are_few_columns(place: Place, columns: int) -> None:
    a_storm(place)
    place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY)
    whole = place.run("readings", "HTB01", "--since", "3h", "--history", columns=300).stdout

    shown = place.run("readings", "HTB01", "--since", "3h", "--history", columns=columns).stdout

    def begins(text: str) -> list[list[str]]:
        """Of each row the times and the count: five words, or three of a former verdict."""
        lines = [line for line in text.splitlines() if line.startswith(("07-15", "until"))]
        return [line.split()[: 3 if line.startswith("until") else 5] for line in lines]

    assert begins(shown) == begins(whole)
    assert begins(shown)[1:3] == [["07-15", "18:05:00", "+0", "s", "105"], ["until", "07-15", "20:00"]]


def test_words_for_people_say_what_was_entered(place: Place) -> None:
    a_storm(place)

    dry = place.run("correct", "visit", "HTB01", *HOUR_OF_IT, *WHY, "--dry-run").stdout
    done = place.run("correct", "visit", "HTB01", *HOUR_OF_IT, *WHY).stdout

    assert "nothing was changed" in dry
    assert "correction 1: visit, by wang, of HTB01 2026-07-15 18:00 - 2026-07-15 19:00" in done
    assert "rain      20 mm -> 0 mm, at most 20 mm" in done
    assert "alert     1 flash_flood immediate, raised" in done


LONG = "x" * 501
SPAN = HOUR_OF_IT
REFUSED = [
    (("void", "HTB9", *SPAN, *WHY), "HTB9"),
    (("void", "HTB01", "--since", text(T0 + HOUR), "--until", text(T0), *WHY), "must be before"),
    (("void", "HTB01", "--since", "1h", "--until", text(T0 + 3 * HOUR), *WHY), "must not be later than now"),
    (("void", "HTB01", "--since", "401d", "--until", "1h", *WHY), "401.0 days, more than the 400 of one void"),
    (("replace", "HTB01", "--since", "32d", "--until", "1h", "--rain-mm", "1", *WHY), "more than the 31"),
    (("void", "HTB01", *SPAN, "--why", " "), "why: must be 1 to 500"),
    (("void", "HTB01", *SPAN, "--why", LONG), "why: must be 1 to 500"),
    (("void", "HTB01", *SPAN, "--why", "a\nb"), "why: must be 1 to 500"),
    (("void", "HTB01", *SPAN, "--why", "a", "--who", "\x1b[2J"), "who: must be 1 to 100"),
    (("replace", "HTB01", *SPAN, "--rain-mm", "5.3", *WHY), "nearest are 5 or 5.5"),
    (("replace", "HTB01", *SPAN, "--rain-mm=-1", *WHY), "from 0"),
    (("replace", "HTB01", *SPAN, "--rain-mm", "nan", *WHY), "from 0"),
    (("replace", "HTB01", *SPAN, "--rain-mm", "1e300", *WHY), "at most 481 mm can fall"),
    (("replace", "HTB02", *SPAN, "--rain-mm", "1", *WHY), "nothing to hang on"),
    (("undo", "7", *WHY), "there is no such correction"),
]


def test_what_cannot_be_is_refused_with_what_would_be_right(place: Place) -> None:
    a_storm(place)

    for words, reason in REFUSED:
        result = place.run("correct", *words)

        assert (result.exit_code, result.stdout) == (2, "")
        assert reason in result.stderr
        assert "\x1b" not in result.stderr
    assert place.json("corrections", "log") == []


def test_what_is_undone_cannot_be_undone_twice(place: Place) -> None:
    a_storm(place)
    place.json("correct", "void", "HTB01", *HOUR_OF_IT, *WHY)
    place.json("correct", "undo", "1", *WHY)

    result = place.run("correct", "undo", "1", *WHY)

    assert result.exit_code == 2
    assert "correction 2 has undone it" in result.stderr


def ask(desk: Desk, body: dict[str, Any], request_id: str | None = None) -> dict[str, Any]:
    request = Request(request_id or str(uuid.uuid4()), "correct", json.loads(json.dumps(body)), "duty")
    return carry_out(desk.pump, desk.journal, request, now=desk.now, reload=no_reload)


def asking(**changes: Any) -> dict[str, Any]:
    """A good request, with some keys changed, or gone where None is given."""
    body = {"kind": "visit", "station": "HTB01", "since": T0, "until": T0 + HOUR, "why": "door open", **changes}
    return {key: value for key, value in body.items() if value is not None}


SENSELESS = [
    (asking(kind="burn"), "kind 'burn': must be one of void, replace, confirm, visit, undo"),
    (asking(kind=["void"]), "must be one of"),
    (asking(station=None), "station: a correction of the kind visit needs station"),
    (asking(rain_mm=2.0), "rain_mm: a correction of the kind visit knows no rain_mm"),
    (asking(undoes=1), "knows no undoes"),
    (asking(station=7), "station 7: is not in stations.toml"),
    (asking(since="yesterday"), "since 'yesterday': must be an instant in milliseconds"),
    (asking(until=True), "until True: must be an instant"),
    (asking(since=-5), "since -5"),
    (asking(kind="replace", rain_mm=True), "rain_mm True"),
    (asking(kind="replace", rain_mm="5"), "rain_mm '5'"),
    (asking(why=None), "why: must be"),
    (asking(who=""), "who: must be"),
    ({"kind": "undo", "undoes": 1 << 80, "why": "a"}, "there is no such correction"),
    ({"kind": "undo", "undoes": True, "why": "a"}, "there is no such correction"),
]


def test_a_request_that_makes_no_sense_is_answered_with_the_key_and_nothing_is_done(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + 2 * HOUR
        for body, reason in SENSELESS:
            answer = ask(desk, body)

            assert answer["ok"] is False
            assert reason in answer["error"]
        assert desk.journal.reader.corrections.entries() == []


def test_a_request_that_comes_again_is_entered_once_and_named_by_its_machine_without_a_name(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + 2 * HOUR
        request_id = str(uuid.uuid4())

        first, again = ask(desk, asking(), request_id), ask(desk, asking(), request_id)

        assert first == again
        assert [one.who for one in desk.journal.reader.corrections.entries()] == ["duty"]


def test_readings_that_wait_for_their_derivation_ask_for_patience(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0 + MINUTE, 5)]))

        answer = ask(desk, asking(kind="replace", rain_mm=1.0))

        assert "still to be derived" in answer["error"]


def test_a_depth_across_two_buckets_is_refused(place: Place) -> None:
    stations = (place.config / "stations.toml").read_text(encoding="utf-8")
    later = f"\n[[stations.HTB01.deployments]]\nsince = {text(T0 + 30 * MINUTE)}\nbucket_depth_mm = 0.2\n"
    (place.config / "stations.toml").write_text(stations + later, encoding="utf-8")
    a_storm(place)

    result = place.run("correct", "replace", "HTB01", *HOUR_OF_IT, *WHY, "--rain-mm", "1")

    assert result.exit_code == 2
    assert "the bucket was changed between them" in result.stderr


def test_where_older_readings_are_deleted_a_span_begins_with_the_first_that_is_kept(place: Place) -> None:
    a_storm(place)
    with place.desk() as desk:
        desk.now = T0 + 2 * HOUR
        desk.journal._db.execute("DELETE FROM reading WHERE observed_at < ?", (T0 + 30 * MINUTE,))

        answer = ask(desk, asking())
        later = ask(desk, asking(since=T0 + 30 * MINUTE))

    assert answer["error"].endswith(f"older readings are deleted; begin at {text(T0 + 30 * MINUTE)}")
    assert later["ok"]


def test_a_station_of_which_all_is_void_has_no_rain_and_not_none_of_it(place: Place) -> None:
    a_storm(place)

    place.json("correct", "void", "HTB01", "--since", "3h", "--until", text(place.now), *WHY)

    (row,) = [one for one in place.json("stations") if one["station"] == "HTB01"]
    assert row["rain_mm"]["3h"] is None
