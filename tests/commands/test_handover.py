"""handover: what the next shift must know stands on one screen, the most pressing thing first."""

from dataclasses import replace

from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import EventKind
from gauge_ingest.outbound.silenced import silenced_by
from gauge_ingest.pump.silences import held_back_in
from tests.commands.place import Place
from tests.commands.test_silences import place as place
from tests.commands.test_silences import rain
from tests.worlds import HOUR, MINUTE, T0, message, text


def test_a_quiet_shift_says_so(place: Place) -> None:
    with place.desk() as desk:
        for number, one in enumerate(place.configuration().stations):
            desk.now = T0 + 6 * MINUTE
            desk.take(message([(T0 + 5 * MINUTE, 100)], seq=50 + number, station_id=one))
    place.now = T0 + 7 * MINUTE

    shift = place.json("handover", "--since", "8h")
    shown = place.run("handover").stdout

    assert (shift["first"], shift["stands"], shift["gone"], shift["stations"]) == ([], [], [], [])
    assert "do first: nothing" in shown
    assert "alerts that stand: none" in shown


def test_what_is_not_acknowledged_and_what_is_silenced_comes_first(place: Place) -> None:
    rain(place, 5, 5)
    place.json("silence", "HTB01", "--for", "2h", "--why", "new bucket", "--who", "王伟")
    place.json("silence", "HTB02", "--from", text(T0 + 24 * HOUR), "--for", "3h", "--why", "a visit", "--who", "li")

    shift = place.json("handover")
    assert shift["first"][0] == "nobody has acknowledged alert 1: gauge-ingest alerts acknowledge 1"
    assert shift["stands"][0]["silence"] is None, "it was told before the silence"
    assert [one["state"] for one in shift["silences"]] == ["in force", "planned"]
    place.json("alerts", "acknowledge", "1", "--who", "li")
    assert not [one for one in place.json("handover")["first"] if "alert 1" in one]
    rain(place, 10, 10)

    shift = place.json("handover")
    shown = place.run("handover").stdout

    assert shift["first"][0] == "alert 1 is held back from people by silence 1: is that still right?"
    assert shift["stands"][0]["silence"] == 1
    silent = "雀尔沟镇 (HTB02), 石梯子乡 (HTB03), 独山子村 (HTB04), 工业园区 (HTB05)"
    assert f"nothing is heard from {silent}: rain there raises no alert" in shift["first"]
    assert "SILENCED until 07-15 20:06 by 王伟" in shown
    assert len(shown.splitlines()) < 40


def test_what_came_and_went_is_told_with_whether_anybody_saw_it(place: Place) -> None:
    rain(place, 5, 5)
    for minute in range(10, 120, 5):
        rain(place, minute, 5)

    shift = place.json("handover")

    (gone,) = shift["gone"]
    assert (gone["peak"], gone["state"], gone["acknowledged"]) == ("blue", "cleared", False)
    assert "nobody acknowledged it" in place.run("handover").stdout
    assert place.json("handover", "--since", "10m")["gone"] == []


def test_whoever_delivers_and_whoever_escalates_hear_of_a_silence_alike(place: Place) -> None:
    place.json("silence", "HTB01", "--for", "2h", "--why", "new bucket", "--who", "wang")
    rain(place, 5, 5)

    with place.desk() as desk:
        rules = place.configuration().rules
        why = silenced_by({rule.id: rule.levels for rule in rules})
        (alert,), (event,) = desk.journal.reader.alerts.all(), desk.journal.reader.alerts.events(1)

        said = why(desk.journal.reader, event, [event], level_of("blue"))

        assert said == f"silence 1 by wang until {text(T0 + MINUTE + 2 * HOUR)}: new bucket"
        assert held_back_in(desk.journal, rules)(alert, [event])
        assert why(desk.journal.reader, event, [event], level_of("red")) == ""
        ended = replace(event, id=2, kind=EventKind.CLEARED, at=T0 + 5 * HOUR)
        assert why(desk.journal.reader, ended, [event, ended], level_of("blue")) == said, (
            "nobody knew of it, nobody hears of its end"
        )


def test_each_persons_words_stand_with_that_person(place: Place) -> None:
    rain(place, 5, 5)
    place.json("alerts", "comment", "1", "the bridge is gone", "--who", "刘伟")
    place.json("alerts", "acknowledge", "1", "--comment", "on my way", "--who", "王伟")

    (standing,) = place.json("handover")["stands"]
    shown = " ".join(place.run("handover").stdout.split())

    assert "acknowledged by 王伟 just now: on my way; 刘伟 just now: the bridge is gone" in shown
    assert (standing["acknowledged_by"], standing["commented_by"], standing["comment"]) == (
        *("王伟", "刘伟"),
        "the bridge is gone",
    )
