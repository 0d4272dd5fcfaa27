"""Under which name an acknowledgement is told: an id gives the person, a stranger is let pass and told so."""

import getpass

import pytest

from tests.commands.place import Place
from tests.commands.serving import service
from tests.commands.test_acknowledge import prepare
from tests.commands.test_duty import peopled


@pytest.mark.parametrize(
    ("typed", "recorded", "warning"),
    [
        ("liu", "刘伟", ""),
        ("LIU", "刘伟", ""),
        ("刘伟", "刘伟", ""),
        (
            "不存在",
            "不存在",
            "nobody in people.toml is called 不存在; recorded all the same; known: liu (刘伟), chen (陈",
        ),
        ("chne", "chne", "did you mean chen (陈"),
    ],
)
def test_an_acknowledgement_is_told_under_a_name_that_people_know(
    place: Place, typed: str, recorded: str, warning: str
) -> None:
    peopled(place)
    prepare(place)

    with service(place) as seen:
        done = place.run("alerts", "acknowledge", "1", "--who", typed)

    assert done.exit_code == 0
    assert [one.body["who"] for one in seen] == [recorded]
    assert warning in done.stderr if warning else done.stderr == ""


def test_whoever_names_nobody_is_the_user_of_the_machine_and_told_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    peopled(place)
    prepare(place)
    monkeypatch.setattr(getpass, "getuser", lambda: "root")

    done = place.run("alerts", "comment", "1", "on my way")

    assert done.exit_code == 0
    assert "nobody in people.toml is called root" in done.stderr
    assert place.json("alerts", "show", "1")["events"][-1]["who"] == "root"


def test_without_people_any_name_is_as_good_as_another_and_without_a_service_nobody_hears(place: Place) -> None:
    prepare(place)

    alone = place.run("alerts", "acknowledge", "1", "--who", "anybody")
    with service(place):
        heard = place.run("alerts", "acknowledge", "1", "--who", "somebody")
    again = place.run("alerts", "acknowledge", "7", "--who", "anybody")

    assert alone.stderr == "no service runs: it is recorded, and nobody hears of it until the service runs again\n"
    assert heard.stderr == ""
    assert "nobody hears" not in again.stderr
