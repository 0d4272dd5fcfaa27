"""An alert that still stands is renewed before its newest message expires: once in each period, whatever restarts."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gauge_ingest.core.model import EventKind, State
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.notifiers import NotifierUnavailable
from gauge_ingest.notifiers.cap import CapNotifier
from gauge_ingest.notifiers.cap_document import messages, written
from gauge_ingest.notifiers.cap_feed import CapFolder
from gauge_ingest.outbound import NotifierFollower, Positions
from tests.cap.alerts import Validators, event, issuer, parameters, said, settings, told
from tests.cap.storms import STATIONS, cap_of, files
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule

ATOM = "{http://www.w3.org/2005/Atom}"
HOURS: dict[str, Any] = {"expires_h": 4}  # a message is renewed after three
STANDS = told(event(1))
SECOND = 1_000


def storm(folder: Path) -> Desk:
    """One alert, raised at T0 and 10 minutes, that stands from then on."""
    desk = Desk(folder, list(STATIONS.values()), [rule("HTB01", lapse_s=7 * 24 * 3_600)])
    for number, count in enumerate((100, 108, 116)):
        desk.now = T0 + number * 5 * MINUTE + 2_000
        desk.take(message([(T0 + number * 5 * MINUTE, count)], seq=number))
        desk.settle()
    return desk


class Living:
    """An outbound process over a folder that is started anew for each look, as after a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def look(self, at: int) -> dict[str, bytes]:
        """What lies in the folder after a life that begins at an instant and ends when nothing is left to tell."""
        positions = Positions(self.folder / "outbound.db")
        follower = NotifierFollower(
            cap_of(self.folder, now=lambda: at, **HOURS),
            self.folder / "journal.db",
            positions,
            now=lambda: at,
            retry_max_s=1,
        )
        while follower.step() == 0.0:
            pass
        follower.close()
        positions.close()
        return {name: content for name, content in files(self.folder).items() if name != "feed.xml"}


def sent_at(content: bytes) -> int:
    return parse_instant(said(content, "sent")[0])


def test_what_stands_is_an_update_before_it_expires_and_holds_on(validators: Validators) -> None:
    who = issuer(HOURS)
    links = messages(who, STANDS, now=event(1).at + 13 * HOUR)

    documents = [written(who, links[:number]).content for number in range(1, len(links) + 1)]

    assert len(documents) == 5
    for one in documents:
        validators.check(one)
    assert [said(one, "msgType")[0] for one in documents] == ["Alert", *["Update"] * 4]
    for before, after in pairwise(documents):
        expires = datetime.fromisoformat(said(before, "expires")[0])
        assert datetime.fromisoformat(said(after, "sent")[0]) < expires
        assert said(before, "identifier")[0] in said(after, "references")[0]
    assert {said(one, "severity")[0] for one in documents} == {"Severe"}
    assert [parameters(one).get("renewal") for one in documents] == [None, "1", "2", "3", "4"]
    assert "仍然有效" in said(documents[1], "headline")[0]
    assert "STILL IN FORCE" in said(documents[1], "headline")[1]
    assert "预警仍未解除" in said(documents[1], "description")[0]


def test_a_renewal_refers_to_every_event_and_to_no_renewal_that_has_expired() -> None:
    who = issuer(HOURS)
    events = told(event(1), event(2, EventKind.STRENGTHENED, "immediate"))
    links = messages(who, events, now=event(2).at + 400 * HOUR)

    references = said(written(who, links).content, "references")[0].split()

    epoch = events.epoch
    numbers = [one.split(",")[1].removeprefix(f"{epoch}-7-") for one in references]
    assert numbers == ["1", "2", "2-132"]


def test_an_end_refers_to_the_renewals_before_it_and_nothing_is_renewed_after_it() -> None:
    who = issuer(HOURS)
    at = event(1).at + 7 * HOUR
    over = replace(event(2, EventKind.CLEARED, ""), at=at)
    links = messages(who, told(event(1), over), now=at + 100 * HOUR)

    assert [(link.event.id, link.renewal) for link in links] == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert f"{STANDS.epoch}-7-1-2," in said(written(who, links).content, "references")[0]
    assert said(written(who, links).content, "responseType") == ["AllClear"] * 2


def test_a_renewal_waits_until_an_end_before_it_would_have_been_recorded() -> None:
    due_at = event(1).at + 3 * HOUR

    early, later = (messages(issuer(HOURS), STANDS, now=due_at + wait * MINUTE) for wait in (4, 6))

    assert [len(early), len(later)] == [1, 2]
    assert later[1].sent_at <= due_at


@pytest.mark.parametrize("kind", [EventKind.CLEARED, EventKind.LAPSED, EventKind.WITHDRAWN])
def test_an_end_that_is_recorded_only_ends_the_renewals_too(kind: EventKind) -> None:
    over = replace(event(2, kind, ""), at=event(1).at + HOUR, sent=False)

    links = messages(issuer(HOURS), told(event(1), over), now=event(1).at + 100 * HOUR)

    assert [link.renewal for link in links] == [0]


def test_a_change_of_the_level_begins_the_period_anew_and_what_people_say_does_not() -> None:
    who = issuer(HOURS)
    seen = replace(event(2, EventKind.ACKNOWLEDGED, who="li"), at=event(1).at + 2 * HOUR)
    higher = replace(event(3, EventKind.STRENGTHENED, "immediate"), at=event(1).at + 2 * HOUR)

    acknowledged = messages(who, told(event(1), seen), now=event(1).at + 4 * HOUR)
    strengthened = messages(who, told(event(1), higher), now=event(1).at + 4 * HOUR)

    assert [(link.event.id, link.renewal) for link in acknowledged] == [(1, 0), (1, 1)]
    assert [(link.event.id, link.renewal) for link in strengthened] == [(1, 0), (3, 0)]


def test_what_nobody_was_told_of_and_findings_without_documents_are_not_renewed() -> None:
    later = event(1).at + 100 * HOUR
    finding = event(1, rule="station_silent", level="notice", evidence=None)

    assert messages(issuer(HOURS), told(event(1, sent=False)), now=later) == []
    assert messages(issuer(HOURS), told(finding), now=later) == []


def test_each_period_has_one_renewal_however_often_the_process_begins_anew(
    tmp_path: Path, validators: Validators
) -> None:
    storm(tmp_path).journal.close()
    living, raised_at = Living(tmp_path), T0 + 5 * MINUTE
    seen: dict[str, bytes] = {}

    for hours in (0.5, 1, 2.9, 3.2, 3.2, 3.3, 5.9, 6.2, 6.3):
        now = living.look(raised_at + int(hours * HOUR))
        assert {name: now[name] for name in seen} == seen, "what was published stays as it is"
        seen = now

    renewals = [one for one in seen.values() if parameters(one).get("renewal")]
    assert [parameters(one)["renewal"] for one in sorted(renewals, key=sent_at)] == ["1", "2"]
    for one in seen.values():
        validators.check(one)


def test_after_a_standstill_each_period_that_was_missed_has_its_message_and_the_last_one_holds(tmp_path: Path) -> None:
    storm(tmp_path).journal.close()
    now = T0 + 50 * HOUR

    found = Living(tmp_path).look(now)

    newest = max(found.values(), key=sent_at)
    assert datetime.fromisoformat(said(newest, "expires")[0]).timestamp() * SECOND > now
    assert len({sent_at(one) for one in found.values()}) == len(found)
    names = {said(one, "identifier")[0] for one in found.values()}
    assert all(part.split(",")[1] in names for part in said(newest, "references")[0].split())


def test_an_end_that_comes_after_a_standstill_finds_what_it_refers_to_in_the_folder(tmp_path: Path) -> None:
    desk = storm(tmp_path)
    at = T0 + 8 * HOUR
    (alert,) = desk.journal.reader.alerts.all()
    events = desk.journal.reader.alerts.events(alert.id)
    over = replace(events[-1], id=0, kind=EventKind.CLEARED, level="", at=at, known_at=at)
    desk.journal.save_alerts([replace(alert, state=State.CLEARED, rained_until=at, ended_at=at)], [over], 1)
    desk.journal.close()

    found = Living(tmp_path).look(at + 30 * HOUR)

    names = {said(one, "identifier")[0] for one in found.values()}
    last = next(one for one in found.values() if said(one, "responseType") == ["AllClear"] * 2)
    referred = [part.split(",")[1] for part in said(last, "references")[0].split()]
    assert any(name.count("-") == 3 for name in referred)
    assert set(referred) <= names


def test_a_renewal_that_is_too_old_to_be_kept_is_not_written_again(tmp_path: Path) -> None:
    storm(tmp_path).journal.close()
    now = T0 + 24 * 10 * HOUR

    notifier = cap_of(tmp_path, now=lambda: now, keep_days=2, **HOURS)
    notifier.renew()
    first = files(tmp_path)
    notifier.renew()

    assert files(tmp_path) == first
    folder = CapFolder(settings(folder=str(tmp_path / "cap"), keep_days=2))
    assert [folder.lacks("a-1-1-1", at, now) for at in (T0, now)] == [False, True]
    assert {Path(name).parent.name for name in first} - {""} == {"2026-07-23", "2026-07-24", "2026-07-25"}


def test_a_renewal_that_the_folder_does_not_take_is_written_when_it_does(tmp_path: Path) -> None:
    storm(tmp_path).journal.close()
    in_the_way = tmp_path / "cap"
    in_the_way.write_text("a file", "utf-8")
    notifier: CapNotifier = cap_of(tmp_path, now=lambda: T0 + 4 * HOUR, **HOURS)

    with pytest.raises(NotifierUnavailable, match="must be able to write files"):
        notifier.renew()
    in_the_way.unlink()
    notifier.renew()

    assert [name for name in files(tmp_path) if name.endswith("-1.xml")]


def test_the_feed_names_a_renewal_of_an_old_alert_before_a_newer_alert_of_the_morning(tmp_path: Path) -> None:
    who = issuer({"folder": str(tmp_path / "cap"), "feed_entries": 1, **HOURS})
    newer = told(event(5))
    folder, links = CapFolder(who.settings), messages(who, STANDS, now=event(1).at + 4 * HOUR)

    for made in (written(who, messages(who, newer)), written(who, links)):
        folder.keep(made, T0 + 4 * HOUR)

    titles = [one.text or "" for one in ET.fromstring(files(tmp_path)["feed.xml"]).iter(f"{ATOM}title")]  # noqa: S314 - our own
    assert len(titles) == 2
    assert "仍然有效" in titles[1]
