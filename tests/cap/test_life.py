"""The messages of one alert, one after the other: what each is to those before it."""

from dataclasses import replace

from gauge_ingest.core.model import EventKind
from gauge_ingest.notifiers.cap_chain import Told
from gauge_ingest.notifiers.cap_document import document
from tests.cap.alerts import EPOCH, Validators, event, issuer, published, said, told
from tests.worlds import MINUTE

LIFE = told(
    event(1),
    event(2, EventKind.ACKNOWLEDGED, who="李"),
    event(3, EventKind.STRENGTHENED, "immediate"),
    event(4, EventKind.ESCALATED, "immediate"),
    event(5, EventKind.EASED, "prepare"),
    event(6, EventKind.CLEARED, ""),
    event(7, EventKind.RAISED, "prepare"),
    event(8, EventKind.LAPSED, ""),
    event(9, EventKind.WITHDRAWN, "immediate", reason="a correction"),
)


def test_a_whole_life_is_an_alert_then_updates_then_a_cancel(validators: Validators) -> None:
    documents = published(issuer(), LIFE)

    for one in documents:
        validators.check(one)
    kinds = [said(one, "msgType")[0] for one in documents]
    assert kinds == ["Alert", *["Update"] * 5, "Cancel"]
    levels = [said(one, "severity")[0] for one in documents]
    assert levels == ["Severe", "Extreme", "Severe", "Minor", "Severe", "Severe", "Unknown"]


def test_each_message_refers_to_every_one_before_it_by_sender_identifier_and_time() -> None:
    documents = published(issuer(), LIFE)

    earlier: list[str] = []
    for one in documents:
        assert said(one, "references") == ([" ".join(earlier)] if earlier else [])
        earlier.append(",".join(said(one, name)[0] for name in ("sender", "identifier", "sent")))
    assert len(set(earlier)) == len(documents)


def test_sent_never_goes_back_even_when_our_clock_does(validators: Validators) -> None:
    back = replace(event(3, EventKind.STRENGTHENED, "immediate"), at=event(1).at - 5 * MINUTE)

    documents = published(issuer(), told(event(1), event(2, EventKind.EASED), back))

    sent = [said(one, "sent")[0] for one in documents]
    assert sent == sorted(sent)
    assert sent[2] == sent[1] > sent[0]
    validators.check(documents[2])


def test_a_document_depends_on_nothing_that_was_told_after_it() -> None:
    for number in (1, 3, 5, 6, 7, 8, 9):
        until = told(*[one for one in LIFE.events if one.id <= number])

        assert document(issuer(), number, until) == document(issuer(), number, LIFE) is not None


def test_what_is_recorded_only_makes_no_message_and_the_first_that_is_sent_is_the_alert() -> None:
    events = told(event(1, sent=False), event(2, EventKind.STRENGTHENED, "immediate"), event(3, EventKind.CLEARED, ""))

    documents = published(issuer(), events)

    assert [said(one, "msgType")[0] for one in documents] == ["Alert", "Update"]
    assert f"{EPOCH}-7-1" not in said(documents[1], "references")[0]


def test_an_end_of_what_nobody_was_told_of_makes_no_message() -> None:
    for kind in (EventKind.CLEARED, EventKind.LAPSED, EventKind.WITHDRAWN):
        assert published(issuer(), told(event(1, sent=False), event(2, kind, ""))) == []


def test_the_same_event_of_another_journal_is_another_message() -> None:
    first, other = (published(issuer(), told(event(1))), published(issuer(), LIFE._replace(epoch="fedcba")))

    assert said(first[0], "identifier") != said(other[0], "identifier")


def test_after_a_restore_what_was_published_keeps_its_identifier_and_what_follows_refers_to_it() -> None:
    before = [said(one, "identifier")[0] for one in published(issuer(), LIFE)]
    restored = Told("fedcba9876543210", LIFE.events, (("1111", 0), (EPOCH, 5)))

    after = published(issuer(), restored)

    identifiers = [said(one, "identifier")[0] for one in after]
    assert identifiers[:3] == before[:3]  # events 1, 3 and 5
    assert identifiers[3] == "fedcba9876543210-7-6"
    assert [one.split(",")[1] for one in said(after[3], "references")[0].split()] == before[:3]
