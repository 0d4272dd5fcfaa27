"""The page behind the link: looking acknowledges nothing, the button once, and never what was not shown."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser

import httpx
import pytest

from gauge_ingest.core.people import Person
from gauge_ingest.desk import acknowledging
from gauge_ingest.desk.acknowledging import one_line
from gauge_ingest.desk.page import COMMENT_MAX
from gauge_ingest.desk.words import EN, ZH
from gauge_ingest.requests import ACKNOWLEDGE, COMMENT, carry_out
from gauge_ingest.spool import Request, Spool
from tests.commands.place import Place
from tests.commands.serving import no_reload, service
from tests.commands.test_acknowledge import IMMEDIATE, asked, prepare, rain
from tests.desk.serving import LI, OTHER_SECRET, PEOPLE, WANG, known_of, path_of, press, serving
from tests.simulation.service import until
from tests.worlds import HOUR, MINUTE, T0, Desk

PAGE_BYTES_MAX = 20_000
TAGS = {
    *("html", "html lang", "head", "meta", "meta charset", "meta name", "meta content", "title", "style", "body"),
    *("main", "header", "header class", "h1", "h2", "p", "p class", "p role", "small", "b", "strong", "footer"),
    *("dl", "div", "dt", "dd", "span", "span class", "section", "section class", "ol", "li", "time"),
    *("form", "form method", "form accept-charset", "form autocomplete", "input", "input type", "input name"),
    *("input value", "label", "label for", "textarea", "textarea id", "textarea name", "textarea rows"),
    *("textarea maxlength", "button", "button type"),
}


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    prepare(place)
    with serving(known_of(place)) as found:
        yield found


def parsed(page: str) -> tuple[set[str], str]:
    """The tags and the attributes of a page as a browser reads them, and its text."""
    tags, words = set[str](), []

    class Reading(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.update({tag, *(f"{tag} {name}" for name, _ in attrs)})

        def handle_data(self, data: str) -> None:
            words.append(data)

    Reading().feed(page)
    return tags, "".join(words)


def told(place: Place) -> list[tuple[str, str, str]]:
    """What stands with the alert: kind, who, words."""
    (alert,) = place.json("alerts", "--all")
    return [(one["kind"], one["who"] or "", one["reason"]) for one in alert["events"]]


def test_the_page_says_what_where_since_when_how_much_and_how_sure(place: Place, client: httpx.Client) -> None:
    chinese, english = client.get(path_of(place)), client.get(path_of(place, LI))

    for words in ("准备转移", "石门 HTB01", "30 分钟内 6.0 毫米", "阈值 6.0 毫米", "7月15日 18:10", "2 分钟前"):
        assert words in chinese.text
    for words in ("PREPARE TO MOVE", "石门 HTB01", "6.0 mm in 30 min", "threshold 6.0 mm", "15 Jul 18:10", "2 min ago"):
        assert words in english.text
    assert "50%" in chinese.text, "what reports do not cover is said"
    assert (ZH["not_acknowledged"] in chinese.text, EN["not_acknowledged"] in english.text) == (True, True)
    assert ("王伟" in chinese.text, "Li Na" in english.text) == (True, True)


def test_the_page_needs_nothing_from_elsewhere_and_is_small(place: Place, client: httpx.Client) -> None:
    page = client.get(path_of(place))

    assert len(page.content) < PAGE_BYTES_MAX
    assert not re.search(r"<script|<link|<img|src=|href=|style=|https?:|@import|url\(", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "noindex" in page.headers["x-robots-tag"]


def test_looking_a_hundred_times_acknowledges_nothing(place: Place, client: httpx.Client) -> None:
    with service(place) as requests:
        for _ in range(50):
            assert client.get(path_of(place)).status_code == 200
            assert client.head(path_of(place)).status_code == 200

    assert requests == []
    assert told(place) == [("raised", "", "")]


def test_the_button_acknowledges_under_the_persons_name_with_the_comment(place: Place, client: httpx.Client) -> None:
    with service(place) as requests:
        page = press(client, client.get(path_of(place)), comment="正在打电话\n给 石门村 ")

    assert page.status_code == 200
    assert ZH["done"] in page.text
    assert "王伟 已确认，7月15日 18:12" in page.text
    assert "<form" not in page.text
    assert told(place) == [("raised", "", ""), ("acknowledged", "王伟", "正在打电话 给 石门村")]
    assert [one.what for one in requests] == [ACKNOWLEDGE] == [acknowledging.ACKNOWLEDGE]


def test_pressing_twice_acknowledges_once_and_another_person_is_heard_too(place: Place, client: httpx.Client) -> None:
    with service(place):
        page, other = client.get(path_of(place)), client.get(path_of(place, LI))
        threads = [threading.Thread(target=press, args=(client, page)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        again, second = press(client, page), press(client, other)

    assert (again.status_code, second.status_code) == (200, 200)
    assert [one[:2] for one in told(place)] == [("raised", ""), ("acknowledged", "王伟"), ("acknowledged", "Li Na")]


def test_what_rose_while_somebody_read_is_not_acknowledged_unseen(place: Place, client: httpx.Client) -> None:
    page = client.get(path_of(place))
    with place.desk() as desk:
        rain(desk, 15, IMMEDIATE)
    with service(place) as requests:
        refused = press(client, page, comment="在路上")

        assert refused.status_code == 409
        assert ZH["rose"] in refused.text
        assert ("立即转移" in refused.text, "在路上" in refused.text) == (True, True)
        assert requests == []
        assert press(client, refused).status_code == 200

    assert [one[0] for one in told(place)] == ["raised", "strengthened", "acknowledged"]


def test_a_page_opened_from_an_older_message_says_that_the_alert_has_risen(place: Place, client: httpx.Client) -> None:
    assert ZH["newer"] not in client.get(path_of(place)).text
    with place.desk() as desk:
        rain(desk, 15, IMMEDIATE)

    assert ZH["newer"] in client.get(path_of(place)).text
    assert ZH["newer"] not in client.get(path_of(place, event_id=2)).text


def test_without_an_answer_nothing_counts_as_acknowledged(
    place: Place, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "ANSWER_MAX_S", 0.3)

    page = press(client, client.get(path_of(place, LI)), comment="on my way")

    assert page.status_code == 503
    assert EN["unanswered"] in page.text
    assert ("on my way" in page.text, "<form" in page.text) == (True, True)
    assert told(place) == [("raised", "", "")]
    assert list((place.journal.parent / "spool").iterdir()) == [], "a request left behind would be carried out later"
    with service(place):
        assert press(client, page, comment="on my way").status_code == 200


def meanwhile(place: Place, client: httpx.Client, does: Callable[[Desk, Request], None]) -> httpx.Response:
    """The answer to the button, where something is done while its request waits in the spool."""
    page, answers = client.get(path_of(place)), list[httpx.Response]()
    thread = threading.Thread(target=lambda: answers.append(press(client, page, comment="在路上")))
    thread.start()
    spool = Spool.beside(place.journal)
    until(spool.waiting, within_s=10, what="the request")
    (request,) = spool.waiting()
    with place.desk() as desk:
        does(desk, request)
    thread.join()
    return answers[0]


def test_what_rises_while_the_request_waits_is_not_acknowledged_unseen(place: Place, client: httpx.Client) -> None:
    def does(desk: Desk, request: Request) -> None:
        rain(desk, 15, IMMEDIATE)
        answer = carry_out(desk.pump, desk.journal, request, now=desk.now, reload=no_reload)
        Spool.beside(place.journal).answer(request, answer)

    page = meanwhile(place, client, does)

    assert page.status_code == 409
    assert (ZH["rose"] in page.text, "立即转移" in page.text, "在路上" in page.text) == (True, True, True)
    assert [one[0] for one in told(place)] == ["raised", "strengthened"]


def test_what_was_entered_and_never_answered_is_shown_as_entered(
    place: Place, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "ANSWER_MAX_S", 1.5)

    def does(desk: Desk, request: Request) -> None:
        carry_out(desk.pump, desk.journal, request, now=desk.now, reload=no_reload)

    page = meanwhile(place, client, does)

    assert page.status_code == 200
    assert ZH["done"] in page.text
    assert told(place)[1:] == [("acknowledged", "王伟", "在路上")]


def test_a_link_that_was_forged_or_made_with_another_secret_is_refused(place: Place, client: httpx.Client) -> None:
    good = path_of(place)
    changed = good[:-1] + ("1" if good[-1] == "0" else "0")
    for bad in (changed, good[:-8], "/a/x", path_of(place, secret=OTHER_SECRET)):
        page = client.get(bad)

        assert page.status_code == 403
        assert (ZH["forged_why"] in page.text, EN["forged_why"] in page.text) == (True, True)
        assert "gauge-ingest alerts" in page.text
        assert "准备转移" not in page.text
        assert client.post(bad, data={"token": bad[3:], "seen": "1"}).status_code == 403
    assert told(place) == [("raised", "", "")]


def test_an_old_link_says_what_to_do_instead_in_the_persons_language(place: Place, client: httpx.Client) -> None:
    old = path_of(place, LI)
    page = client.get(old)
    place.now += 49 * HOUR

    with service(place):
        refused, pressed = client.get(old), press(client, page)

    assert (refused.status_code, pressed.status_code) == (410, 410)
    assert EN["expired"] in refused.text
    assert "gauge-ingest alerts acknowledge 1" in refused.text
    assert ZH["expired"] not in refused.text
    assert told(place) == [("raised", "", "")]


def test_an_alert_or_a_person_that_is_not_there_is_said_so(place: Place, client: httpx.Client) -> None:
    assert client.get(path_of(place, alert_id=2)).status_code == 404
    page = client.get(path_of(place, Person("gone", "", "zh", ())))

    assert page.status_code == 403
    assert (ZH["stranger_why"] in page.text, EN["stranger_why"] in page.text) == (True, True)


def test_without_a_journal_the_page_says_so_and_acknowledges_nothing(place: Place) -> None:
    with serving(known_of(place)) as client:
        page = client.get(path_of(place))
        pressed = client.post(path_of(place), data={"token": path_of(place)[3:], "seen": "1"})
    place.journal.parent.mkdir()
    place.journal.write_bytes(b"this is no journal" * 1_000)
    with serving(known_of(place)) as client:
        broken = client.get(path_of(place))

    for one in (page, pressed, broken):
        assert one.status_code == 503
        assert ZH["unavailable_why"] in one.text


@pytest.mark.parametrize(
    "comment", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }} &amp;"]
)
def test_what_people_and_files_say_is_shown_and_never_run(place: Place, comment: str) -> None:
    prepare(place)
    named = Person("wang", f"王 {comment}", "zh", ())
    known = replace(known_of(place, people={**PEOPLE, "wang": named}), names={"HTB01": f"石门 {comment}"})
    with serving(known) as client, service(place):
        before = client.get(path_of(place))
        after = press(client, before, comment=comment)
        other = client.get(path_of(place, LI))

    assert after.status_code == 200
    assert told(place)[1] == ("acknowledged", named.name, comment)
    for page in (before, after, other):
        tags, words = parsed(page.text)
        assert tags <= TAGS
        assert comment in words


def test_a_form_that_is_none_acknowledges_nothing(place: Place, client: httpx.Client) -> None:
    path = path_of(place)
    token = path[3:]
    with service(place) as requests:
        for form, status in (
            ({}, 400),
            ({"token": token}, 400),
            ({"token": token, "seen": "1e0"}, 400),
            ({"token": token, "seen": "-1"}, 400),
            ({"token": token, "seen": "9" * 30}, 400),
            ({"token": token, "seen": "2"}, 409),
            ({"token": path_of(place, LI)[3:], "seen": "1"}, 400),
            ({"token": token, "seen": "1", "comment": "长" * (COMMENT_MAX + 1)}, 400),
            ({"token": token, "seen": "1", "comment": "x" * 5_000}, 413),
        ):
            assert client.post(path, data=form).status_code == status, form
        assert client.post(path, content=b"\xff\xfe", headers={"content-type": "text/plain"}).status_code == 400
        assert client.post(path, json={"token": token, "seen": 1}).status_code == 400
        assert client.post(path, content="&".join(["a=b"] * 20)).status_code == 400

    assert requests == []


def test_the_longest_comment_fits_into_the_form(place: Place, client: httpx.Client) -> None:
    with service(place):
        assert press(client, client.get(path_of(place)), comment="长" * COMMENT_MAX).status_code == 200

    assert told(place)[1][2] == "长" * COMMENT_MAX


def test_a_comment_becomes_one_printable_line() -> None:
    assert (
        one_line(" a\r\n\tb\u2028c\x1b[31m\u3000d \U0001f469\u200d\U0001f692 ")
        == "a b c [31m d \U0001f469\u200d\U0001f692"
    )
    assert one_line("\x00\u200b\ufeff") == ""


def test_an_alert_that_has_ended_says_so_and_asks_nobody(place: Place, client: httpx.Client) -> None:
    with place.desk() as desk:
        for minute in range(15, 40 * 60, 5):
            rain(desk, minute, 6)
    place.now = T0 + 40 * HOUR

    page = client.get(path_of(place, LI))

    assert EN["cleared_state"] in page.text
    assert EN["ended"] in page.text
    assert "<form" not in page.text


def test_strangers_are_slowed_down_and_people_with_a_good_link_never(
    place: Place, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        statuses = [client.get(f"/a/{number}").status_code for number in range(25)]
        good = client.get(path_of(place))

    assert statuses == [403] * 20 + [429] * 5
    assert good.status_code == 200
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    )
    assert ours.count("link refused") == 1
    assert path_of(place)[3:] not in ours
    assert "/a/" not in ours


def test_a_page_stays_small_when_much_was_said(place: Place, client: httpx.Client) -> None:
    with place.desk() as desk:
        for number in range(60):
            asked(desk, COMMENT, str(number), alert=1, comment=f"{number} " + "长" * 490)
            asked(desk, ACKNOWLEDGE, f"a{number}", alert=1, seen=1, who=f"{number}", comment="长" * 500)
    place.now += 5 * MINUTE

    page = client.get(path_of(place, LI))

    assert "59 长" in page.text
    assert "101 earlier" in page.text
    assert len(page.content) < PAGE_BYTES_MAX
    assert WANG.name not in page.text
