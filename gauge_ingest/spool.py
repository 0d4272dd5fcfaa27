"""Requests of people and commands to the ingest process: files in a folder, left by one side, answered by the other."""

import json
import os
import re
import stat
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

REQUEST, ANSWER, HALF, BAD = ".request.json", ".answer.json", ".half", ".bad"
REQUEST_BYTES_MAX = 1_048_576
WAITING_MAX = 10  # requests of one look into the folder
LOOK_EVERY_S = 0.05
# An answer that nobody fetched (its asker was killed), or a file half written, goes after so long.
LEFT_BEHIND_S = 3_600

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Request(NamedTuple):
    """Something that the ingest process is asked to do. `id` is remembered: a request is carried out once."""

    id: str
    what: str
    body: dict[str, Any]
    who: str


class Unanswered(Exception):
    """No answer came in time, and the request was taken back. It may have been carried out all the same."""


class Spool:
    """The folder beside the journal that holds requests and answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def beside(cls, journal: Path) -> "Spool":
        """The spool of a journal."""
        return cls(journal.with_name("spool"))

    # --- the side that asks ------------------------------------------------------------------------------------

    def ask(self, what: str, body: Mapping[str, Any], who: str, timeout_s: float) -> dict[str, Any]:
        """Leave a request and wait for its answer; raises Unanswered when there is none in time."""
        request = Request(str(uuid.uuid4()), what, dict(body), who)
        self.leave(request)
        try:
            self.wait(request, timeout_s)
        finally:
            answer = self.take_back(request)
        if answer is None:
            raise Unanswered(f"no answer within {timeout_s:g} s")
        return answer

    def leave(self, request: Request) -> None:
        """Leave a request to whoever carries it out; whoever leaves one takes it back."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {"what": request.what, "who": request.who, "body": request.body}
        self._write(self._path(request, REQUEST), content)

    def wait(self, request: Request, timeout_s: float) -> bool:
        """Wait for the answer to a request; whether it is there."""
        answer, until_s = self._path(request, ANSWER), time.monotonic() + timeout_s
        while not answer.exists():
            if time.monotonic() >= until_s:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def take_back(self, request: Request) -> dict[str, Any] | None:
        """Remove a request that was left; its answer, if it has come."""
        answer = self._path(request, ANSWER)
        self._path(request, REQUEST).unlink(missing_ok=True)
        # Looked at after the request is gone: the answer is written before the other side removes it.
        if not answer.exists():
            return None
        found = json.loads(answer.read_text(encoding="utf-8"))
        answer.unlink(missing_ok=True)
        return dict(found)

    # --- the side that carries out -----------------------------------------------------------------------------

    def waiting(self) -> list[Request]:
        """The requests that wait, the oldest first, at most WAITING_MAX; what cannot be read is moved aside."""
        try:
            entries = list(os.scandir(self._folder))
        except FileNotFoundError:
            return []
        found: list[tuple[int, Path, os.stat_result]] = []
        for entry in entries:
            if entry.name.endswith(REQUEST):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # taken back meanwhile
                    continue
                found.append((status.st_mtime_ns, Path(entry.path), status))
        requests: list[Request] = []
        for _, path, status in sorted(found, key=lambda one: one[:2])[:WAITING_MAX]:
            try:
                requests.append(_request(path, status))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, RecursionError):
                self._set_aside(path)
        return requests

    def answer(self, request: Request, answer: Mapping[str, Any]) -> None:
        """Answer a request and remove it; nobody waits for the answer to one that was taken back."""
        path = self._path(request, REQUEST)
        if not path.exists():
            return
        written = self._write(self._path(request, ANSWER), answer)
        path.unlink(missing_ok=True)
        self._sweep(before=written - LEFT_BEHIND_S)

    def _path(self, request: Request, what: str) -> Path:
        return self._folder / f"{request.id}{what}"

    def _sweep(self, *, before: float) -> None:
        """Remove what was left behind before an instant of the file system's own clock."""
        for entry in list(os.scandir(self._folder)):
            if entry.name.endswith((ANSWER, HALF)):
                try:
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        Path(entry.path).unlink()
                except FileNotFoundError:  # fetched meanwhile
                    continue

    def _set_aside(self, path: Path) -> None:
        try:
            path.replace(path.with_name(path.name + BAD))
        except FileNotFoundError:
            return

    def _write(self, path: Path, content: Mapping[str, Any]) -> float:
        """The whole file or none, also after a crash; the answer is when it was written by the file system's clock."""
        half = path.with_name(path.name + HALF)
        with half.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
            written = os.fstat(file.fileno()).st_mtime
        half.replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return written


def _request(path: Path, status: os.stat_result) -> Request:
    """The request in a file; OSError or ValueError when it is none."""
    request_id = path.name.removesuffix(REQUEST)
    if not stat.S_ISREG(status.st_mode) or status.st_size > REQUEST_BYTES_MAX or _ID.fullmatch(request_id) is None:
        raise ValueError(f"{path.name}: no request")
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise ValueError(f"{path.name}: no request")
    what, who, body = found.get("what"), found.get("who"), found.get("body")
    if not isinstance(what, str) or not isinstance(who, str) or not isinstance(body, dict):
        raise ValueError(f"{path.name}: no request")
    json.dumps(found, ensure_ascii=False).encode()  # half a character is text to JSON, and to nobody else: ValueError
    return Request(request_id, what, body, who)
