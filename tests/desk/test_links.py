"""Links: what was signed is read back; cut, forged, borrowed or old ones are not."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.desk.links import PATH, TOKEN_CHARACTERS_MAX, Fault, Link, Unusable, link, read
from tests.desk.serving import OTHER_SECRET, SECRET
from tests.worlds import HOUR, MINUTE, T0

URL = "https://rain.example.org"


def token(*, alert_id: int = 1234, event_id: int = 5678, person_id: str = "wang", secret: str = SECRET) -> str:
    whole = link(secret, URL, alert_id=alert_id, event_id=event_id, person_id=person_id, now=T0)
    assert whole.startswith(URL + PATH)
    return whole.removeprefix(URL + PATH)


def fault(text: str, *, secret: str = SECRET, now: int = T0) -> Fault:
    with pytest.raises(Unusable) as caught:
        read(secret, text, link_hours=48, now=now)
    return caught.value.fault


@given(
    alert_id=st.integers(1, 2**63 - 1),
    event_id=st.integers(1, 2**63 - 1),
    person_id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
)
def test_what_was_signed_is_read_back(alert_id: int, event_id: int, person_id: str) -> None:
    made = token(alert_id=alert_id, event_id=event_id, person_id=person_id)

    assert read(SECRET, made, link_hours=48, now=T0) == Link(alert_id, event_id, person_id)
    assert set(made) <= set(string.ascii_letters + string.digits + "-_.~"), "every program may have it in an address"
    assert made[-1].isalnum(), "programs for messages cut a link before a last - or _"


def test_a_link_leaves_room_in_an_sms() -> None:
    assert len(token()) == 40
    assert len(token(alert_id=99_999, event_id=999_999, person_id="wang_xiaoming")) <= 55


def test_a_token_that_was_changed_anywhere_is_no_link() -> None:
    made = token()
    for place, letter in enumerate(made):
        changed = made[:place] + ("b" if letter == "a" else "a") + made[place + 1 :]

        assert fault(changed) in {Fault.FORGED, Fault.MALFORMED}, place
    for cut in range(len(made)):
        assert fault(made[:cut]) in {Fault.FORGED, Fault.MALFORMED}, cut
    assert fault(made + "1") is Fault.FORGED


@pytest.mark.parametrize("text", ["", "x", "." * 43, "a" * 22 + ".wang.1.1.1\n", "é" * 40, "a" * 10_000])
def test_what_is_no_token_is_malformed(text: str) -> None:
    assert fault(text) is Fault.MALFORMED


def test_the_length_of_a_token_is_bounded() -> None:
    assert fault(token(person_id="w" * TOKEN_CHARACTERS_MAX)) is Fault.MALFORMED


def test_a_link_of_another_secret_or_of_none_is_forged() -> None:
    assert fault(token(secret=OTHER_SECRET)) is Fault.FORGED
    assert fault(token(), secret="") is Fault.FORGED
    assert fault(token(secret=""), secret="") is Fault.FORGED, "without a secret nothing is ours"


def test_a_link_works_until_its_hours_are_over_and_then_says_whose_it_was() -> None:
    made = token()

    assert read(SECRET, made, link_hours=48, now=T0 + 48 * HOUR) == Link(1234, 5678, "wang")
    with pytest.raises(Unusable) as caught:
        read(SECRET, made, link_hours=48, now=T0 + 48 * HOUR + MINUTE)
    assert caught.value.fault is Fault.EXPIRED
    assert caught.value.link == Link(1234, 5678, "wang")


def test_a_clock_that_was_set_back_makes_no_link_invalid() -> None:
    assert read(SECRET, token(), link_hours=1, now=T0 - 30 * HOUR).alert_id == 1234
