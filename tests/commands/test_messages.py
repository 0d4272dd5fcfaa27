"""messages: what people would be told, as a command prints it; of an alert in the journal, of a sample."""

import re

from gauge_ingest.messages import LANGUAGES
from gauge_ingest.messages.samples import NAMES
from tests.commands.place import Place
from tests.commands.test_alerts import storm


def test_every_sample_is_shown_in_both_languages_and_forms_without_a_journal(place: Place) -> None:
    listed = [row["sample"] for row in place.json("messages", "samples")]
    assert tuple(listed) == tuple(NAMES)

    for language in LANGUAGES:
        whole = place.run("messages", "preview", "--sample", "group", "--language", language)
        short = place.run("messages", "preview", "--sample", "drill", "--language", language, "--form", "short")

        assert whole.exit_code == short.exit_code == 0
        assert "31.5" in whole.stdout
        assert len(short.stdout.strip()) <= 70
        assert short.stdout.startswith("演习DRILL")
    assert not place.journal.exists()


def test_a_sample_says_what_the_countys_own_plan_says(place: Place) -> None:
    (place.config / "actions.toml").write_text('[actions.immediate]\nzh = "敲锣"\n', encoding="utf-8")

    assert "处置：敲锣" in place.run("messages", "preview", "--sample", "raised").stdout


def test_the_message_of_a_real_alert_is_shown_as_it_would_be_sent(place: Place) -> None:
    with place.desk() as desk:
        storm(desk)
    (alert, *_) = place.json("alerts", "--all")

    message = place.json("messages", "preview", "--alert", str(alert["id"]), "--language", "en")
    text = place.run("messages", "preview", "--alert", str(alert["id"]))

    assert message["event"] == alert["events"][-1]["id"]
    assert alert["scope"] in message["text"]
    assert re.search(r"\d mm in \d+ (min|h)", message["text"])
    assert f"预警编号 {alert['id']}" in text.stdout


def test_wrong_use_is_told_with_the_nearest_name(place: Place) -> None:
    wrong = {
        "did you mean drill?": ("--sample", "dril"),
        "messages samples lists them": ("--sample", "zzz"),
        "what is raised? write --sample raised": ("raised",),
        "what is 12? write --alert 12": ("12",),
        "known: en, zh": ("--sample", "drill", "--language", "Chinese"),
        "did you mean short?": ("--sample", "drill", "--form", "shrt"),
        "name an alert of the journal": (),
        "no journal": ("--alert", "7"),
    }
    for words, options in wrong.items():
        answer = place.run("messages", "preview", *options)

        assert answer.exit_code in (2, 3)
        assert words in answer.stderr


def test_an_alert_that_is_not_there_is_named(place: Place) -> None:
    with place.desk():
        pass

    answer = place.run("messages", "preview", "--alert", "7")

    assert answer.exit_code == 2
    assert "there is no alert 7" in answer.stderr


def test_the_check_tells_what_is_wrong_with_a_template_and_check_does_too(place: Place) -> None:
    assert "messages are in order" in place.run("messages", "check").stdout
    (place.config / "messages" / "zh").mkdir(parents=True)
    (place.config / "messages" / "zh" / "text.txt.j2").write_text("{{ headlin }}", encoding="utf-8")

    answer = place.run("messages", "check")

    assert answer.exit_code == 2
    assert answer.stdout == "messages/zh/text.txt.j2: line 1: no such name: headlin; did you mean headline?\n"
    assert place.json("messages", "check", status=2)["ok"] is False
    assert place.run("check").exit_code == 2
