"""The page behind the link: looking acknowledges nothing, the button does, through the spool and with an answer."""

import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from sqlite3 import DatabaseError
from typing import Any, NamedTuple

from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.core.people import Person
from gauge_ingest.desk import links
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.limits import BAD_A_MINUTE_MAX, BadLinks
from gauge_ingest.desk.page import COMMENT_MAX, Notice, Seen, alert_page, trouble_page
from gauge_ingest.desk.words import LANGUAGES
from gauge_ingest.journal import JournalUnavailable, Reader
from gauge_ingest.spool import Request, Spool

log = logging.getLogger(__name__)

ACKNOWLEDGE = "acknowledge"  # what the ingest process calls it
ANSWER_MAX_S = 10.0
LOOK_EVERY_S = 0.5
WAITING_MAX = 16  # people who wait for an answer at the same time
EVERY_LANGUAGE = tuple(LANGUAGES)

_JOINER = "\u200d"  # within one emoji
_EVENT_DIGITS_MAX = 18


class Answer(NamedTuple):
    """A status and the page that goes with it; `""` where there is none."""

    status: int
    page: str


class _Trouble(Exception):
    """There is no page of an alert: which page there is instead."""

    def __init__(self, status: int, key: str, languages: Sequence[str], alert_id: int | None = None) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.languages = languages
        self.alert_id = alert_id


class AlertDesk:
    """Answers for links. Each call opens the journal for itself, so that any thread may make it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._bad = BadLinks()
        self._closing = threading.Event()
        self._waiting = threading.BoundedSemaphore(WAITING_MAX)

    def close(self) -> None:
        """Wait for no more answers."""
        self._closing.set()

    def look(self, token: str, *, client: str) -> Answer:
        """The page of an alert. Programs follow links, too: it acknowledges nothing."""
        try:
            return self._page(200, self._seen(token, client))
        except _Trouble as trouble:
            return self._no_page(trouble)

    def say(self, token: str, form: Mapping[str, str], *, client: str) -> Answer:
        """Acknowledge what the form was shown with, unless the alert has risen since; the page says which."""
        try:
            seen = self._seen(token, client)
            return self._said(seen, form)
        except _Trouble as trouble:
            return self._no_page(trouble)

    def _said(self, seen: Seen, form: Mapping[str, str]) -> Answer:
        comment, shown = one_line(form.get("comment", "")), form.get("seen", "")
        if form.get("token") != seen.token or not (shown.isdecimal() and len(shown) <= _EVENT_DIGITS_MAX):
            return self._page(400, seen, Notice("incomplete"), comment)
        if len(comment) > COMMENT_MAX:
            return self._page(400, seen, Notice("too_long"), comment)
        if seen.newest != int(shown):
            return self._page(409, seen, Notice("rose"), comment)
        body = {"alert": seen.alert.id, "seen": seen.newest, "who": seen.person.name}
        answer = self._asked({**body, "comment": comment} if comment else body, seen.person.name)
        after = self._again(seen)
        if answer is not None and answer.get("ok"):
            return self._page(200, after, Notice("done", good=True))
        if after.newest != seen.newest:
            return self._page(409, after, Notice("rose"), comment)
        if answer is None:  # it may have been carried out all the same
            if after.acknowledged:
                return self._page(200, after, Notice("done", good=True))
            return self._page(503, after, Notice("unanswered"), comment)
        return self._page(409, after, Notice("refused", detail=str(answer.get("error", ""))), comment)

    def _asked(self, body: Mapping[str, Any], who: str) -> Mapping[str, Any] | None:
        """The answer of the ingest process, or None when it does not come in time."""
        if not self._waiting.acquire(blocking=False):
            return None
        try:
            return self._answered(Request(str(uuid.uuid4()), ACKNOWLEDGE, dict(body), who))
        except (OSError, ValueError) as error:
            log.error("the ingest process cannot be asked through the spool error=%s", error)
            return None
        finally:
            self._waiting.release()

    def _answered(self, request: Request) -> Mapping[str, Any] | None:
        spool, until_s = Spool.beside(self._known.journal), time.monotonic() + ANSWER_MAX_S
        try:
            spool.leave(request)
            while not spool.wait(request, LOOK_EVERY_S):
                if time.monotonic() >= until_s or self._closing.is_set():
                    break
        finally:
            answer = spool.take_back(request)
        return answer

    # --- from a token to an alert --------------------------------------------------------------------------------

    def _seen(self, token: str, client: str) -> Seen:
        linked, person = self._linked(token, client)
        alert, events = self._found(linked.alert_id, person)
        return Seen(alert, events, person, token, linked.event_id)

    def _again(self, seen: Seen) -> Seen:
        alert, events = self._found(seen.alert.id, seen.person)
        return Seen(alert, events, seen.person, seen.token, seen.linked)

    def _linked(self, token: str, client: str) -> tuple[links.Link, Person]:
        known = self._known
        try:
            linked = links.read(known.secret, token, link_hours=known.link_hours, now=known.now())
        except links.Unusable as unusable:
            raise self._unusable(unusable, client) from None
        person = known.people.get(linked.person_id)
        if person is None:
            raise _Trouble(403, "stranger", EVERY_LANGUAGE, linked.alert_id)
        return linked, person

    def _unusable(self, unusable: links.Unusable, client: str) -> _Trouble:
        if unusable.fault is links.Fault.EXPIRED and unusable.link is not None:
            person = self._known.people.get(unusable.link.person_id)
            languages = EVERY_LANGUAGE if person is None else (person.language,)
            return _Trouble(410, "expired", languages, unusable.link.alert_id)
        count = self._bad.count(client)
        if count == 1:  # once a minute from each address; never the link itself
            log.info("link refused reason=%s client=%s", unusable.fault, client)
        return _Trouble(403 if count <= BAD_A_MINUTE_MAX else 429, "forged", EVERY_LANGUAGE)

    def _found(self, alert_id: int, person: Person) -> tuple[Alert, Sequence[AlertEvent]]:
        try:
            with closing(Reader.open(self._known.journal)) as reader:
                alert = reader.alerts.one(alert_id)
                events = [] if alert is None else reader.alerts.events(alert_id)
        except (JournalUnavailable, DatabaseError, OSError) as error:
            log.error("the journal cannot be read error=%s", error)
            raise _Trouble(503, "unavailable", (person.language,), alert_id) from error
        if alert is None:
            raise _Trouble(404, "missing", (person.language,), alert_id)
        return alert, events

    def _page(self, status: int, seen: Seen, notice: Notice | None = None, comment: str = "") -> Answer:
        shown = Seen(seen.alert, seen.events, seen.person, seen.token, seen.linked, notice, comment[:COMMENT_MAX])
        return Answer(status, alert_page(shown, self._known, now=self._known.now()))

    def _no_page(self, trouble: _Trouble) -> Answer:
        if trouble.status == 429:
            return Answer(429, "")
        alert_id = trouble.alert_id
        options = self._known.drill_options
        commands = [f"gauge-ingest alerts{options}"]
        if alert_id is not None and trouble.key != "missing":
            commands.append(f"gauge-ingest alerts acknowledge {alert_id}{options}")
        values = {"hours": self._known.link_hours, "alert": alert_id}
        page = trouble_page(trouble.languages, trouble.key, commands=commands, drill=bool(options), **values)
        return Answer(trouble.status, page)


def one_line(text: str) -> str:
    """What a person wrote as one line of printable characters: line breaks and the like become spaces."""
    return " ".join("".join(one if one.isprintable() or one == _JOINER else " " for one in text).split())
