"""The folder of CAP documents: one file each, written whole or not at all, and an Atom feed made from the files."""

import logging
import os
import re
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from gauge_ingest.core.spans import BEIJING, instant_text
from gauge_ingest.notifiers.cap_document import NAMESPACE, Document
from gauge_ingest.notifiers.cap_text import clean
from gauge_ingest.notifiers.settings import CapSettings

log = logging.getLogger(__name__)

FEED = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
ENTRY_CHARACTERS_MAX = 2_000

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILE = re.compile(r"(?P<epoch>[0-9a-z]+)-(?P<alert>[0-9]+)-(?P<event>[0-9]+)(?:-(?P<renewal>[0-9]+))?\.xml")
_OURS = re.compile(rf"{_FILE.pattern}|\.{_FILE.pattern.replace('?P<', '?P<part_')}\.part")
_CAP = f"{{{NAMESPACE}}}"


class Entry(NamedTuple):
    """What the feed says of one file."""

    sent: str
    order: tuple[int, int]  # number of the event, and of its renewal
    identifier: str
    path: str  # in the folder
    title: str
    summary: str
    status: str


class CapFolder:
    """Where documents are kept: FOLDER/DAY/IDENTIFIER.xml, and FOLDER/feed.xml. Raises OSError, with nothing half done.

    A file that is there stays as it is: what was published under an identifier is never said otherwise.
    """

    def __init__(self, settings: CapSettings) -> None:
        self._root = Path(settings.folder)
        self._settings = settings
        self._read: dict[Path, Entry | None] = {}  # of the files that the feed looked at last: none ever changes

    def prepare(self, now: int) -> None:
        """Make the folder, and write the feed whatever it held: a folder that takes no files shows now."""
        self._write(self._root / FEED, self._feed(now))

    def keep(self, document: Document, now: int) -> None:
        """Write a document unless it is there; then what is too old goes, and the feed follows."""
        path = self._path(document.identifier, document.sent_at)
        if not path.exists():
            self._write(path, document.content)
        self._prune(now)
        feed, content = self._root / FEED, self._feed(now)
        if not feed.exists() or feed.read_bytes() != content:
            self._write(feed, content)

    def lacks(self, identifier: str, sent_at: int, now: int) -> bool:
        """Whether a document is not there although it is not too old to be kept."""
        path = self._path(identifier, sent_at)
        return path.parent.name >= self._oldest_day(now) and not path.exists()

    def _path(self, identifier: str, sent_at: int) -> Path:
        return self._root / instant_text(sent_at)[:10] / f"{identifier}.xml"

    def _write(self, path: Path, content: bytes) -> None:
        """A file that is whole under its name, on the disk, or not there."""
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
            _settle(path.parent.parent)
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            with suppress(OSError):  # the first error is the one to tell of
                part.unlink(missing_ok=True)
            raise
        _settle(path.parent)

    def _feed(self, now: int) -> bytes:
        entries = self._entries()
        name = f"{self._settings.sender}/{self._settings.feed_title}"
        root = ET.Element("feed", xmlns=ATOM)
        ET.SubElement(root, "id").text = _urn(name)
        ET.SubElement(root, "title").text = clean(self._settings.feed_title, ENTRY_CHARACTERS_MAX)
        ET.SubElement(root, "updated").text = max((one.sent for one in entries), default=instant_text(now - now % 1000))
        author = ET.SubElement(root, "author")
        ET.SubElement(author, "name").text = clean(self._settings.sender_name, 200) or self._settings.sender
        for one in entries:
            entry = ET.SubElement(root, "entry")
            ET.SubElement(entry, "id").text = _urn(f"{self._settings.sender}/{one.identifier}")
            ET.SubElement(entry, "title").text = one.title
            ET.SubElement(entry, "updated").text = one.sent
            ET.SubElement(entry, "category", term=one.status, scheme=NAMESPACE)
            ET.SubElement(entry, "link", rel="alternate", type=CAP_TYPE, href=one.path)
            ET.SubElement(entry, "summary").text = one.summary
        ET.indent(root)
        content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return content + b"\n"

    def _entries(self) -> list[Entry]:
        """The newest documents, newest first, as their files say."""
        wanted, found = self._settings.feed_entries, list[Entry]()
        read: dict[Path, Entry | None] = {}
        for day in self._days():
            of_day = {path: self._read[path] if path in self._read else _entry(path) for path in _newest(day, wanted)}
            read |= of_day
            found += sorted(filter(None, of_day.values()), key=lambda one: (one.sent, one.order), reverse=True)
            if len(found) >= wanted:
                break
        self._read = read
        return found[:wanted]

    def _days(self) -> list[Path]:
        """The folders of days, the newest first."""
        if not self._root.is_dir():
            return []
        return sorted((one for one in self._root.iterdir() if _DAY.fullmatch(one.name) and one.is_dir()), reverse=True)

    def _prune(self, now: int) -> None:
        oldest = self._oldest_day(now)
        for day in self._days():
            if day.name >= oldest:
                continue
            for path in [path for path in day.iterdir() if _OURS.fullmatch(path.name)]:
                path.unlink()
            if not any(day.iterdir()):
                day.rmdir()

    def _oldest_day(self, now: int) -> str:
        """The first day that is kept, or "" when every day is."""
        if not self._settings.keep_days:
            return ""
        today = datetime.fromisoformat(instant_text(now)).astimezone(BEIJING)
        return (today - timedelta(days=self._settings.keep_days)).strftime("%Y-%m-%d")


def _newest(day: Path, files_max: int) -> list[Path]:
    """The files of a day that may stand in the feed: of each journal so many, for its events are numbered in order.

    All renewals may: an old event is renewed late.
    """
    of_epochs: dict[str, list[tuple[int, Path]]] = {}
    renewals: list[Path] = []
    for path in day.iterdir():
        if (found := _FILE.fullmatch(path.name)) is None:
            continue
        if found["renewal"]:
            renewals.append(path)
        else:
            of_epochs.setdefault(found["epoch"], []).append((int(found["event"]), path))
    return renewals + [path for files in of_epochs.values() for _, path in sorted(files, reverse=True)[:files_max]]


def _order(path: Path) -> tuple[int, int]:
    found = _FILE.fullmatch(path.name)
    assert found is not None
    return int(found["event"]), int(found["renewal"] or 0)


def _entry(path: Path) -> Entry | None:
    """What the feed says of a file, or None when it is no CAP document."""
    try:
        root = ET.fromstring(path.read_bytes())  # noqa: S314 - files that we wrote ourselves
    except ET.ParseError as error:
        log.warning("left out of the feed, for it is no CAP document file=%s reason=%s", path, error)
        return None
    info = root.find(f"{_CAP}info")
    first = info if info is not None else root
    identifier = root.findtext(f"{_CAP}identifier", path.stem)
    title = first.findtext(f"{_CAP}headline", identifier)
    return Entry(
        sent=root.findtext(f"{_CAP}sent", ""),
        order=_order(path),
        identifier=identifier,
        path=f"{path.parent.name}/{path.name}",
        title=title,
        summary=clean(first.findtext(f"{_CAP}description", title), ENTRY_CHARACTERS_MAX),
        status=root.findtext(f"{_CAP}status", ""),
    )


def _urn(name: str) -> str:
    """An id for Atom that is the same for the same name, and another one's for any other."""
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def _settle(folder: Path) -> None:
    """What was renamed in a folder stays so when the power goes."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
