"""Requests left as files, carried out and answered by another process."""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.spool import LEFT_BEHIND_S, REQUEST_BYTES_MAX, WAITING_MAX, Request, Spool, Unanswered


def leave(folder: Path, content: bytes, *, name: str | None = None, at_s: float = 1_000.0) -> Path:
    """A file as another program would leave it."""
    folder.mkdir(exist_ok=True)
    path = folder / (name or f"{uuid.uuid4()}.request.json")
    path.write_bytes(content)
    os.utime(path, (at_s, at_s))
    return path


def request(what: str = "replay", **body: Any) -> bytes:
    return json.dumps({"what": what, "who": "duty", "body": body}).encode()


@contextmanager
def answering(spool: Spool) -> Iterator[list[Request]]:
    """A service that answers whatever is asked with what it was asked."""
    stop, seen = threading.Event(), []

    def serve() -> None:
        while not stop.is_set():
            for one in spool.waiting():
                seen.append(one)
                spool.answer(one, {"ok": True, "echo": one.body})
            time.sleep(0.005)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_what_is_asked_is_answered_and_nothing_stays_behind(tmp_path: Path) -> None:
    spool = Spool.beside(tmp_path / "journal.db")

    with answering(spool) as seen:
        answer = spool.ask("replay", {"ids": [7], "why": "石门"}, "duty", 5)

    assert answer == {"ok": True, "echo": {"ids": [7], "why": "石门"}}
    assert [(one.what, one.who) for one in seen] == [("replay", "duty")]
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_request_that_nobody_answers_is_taken_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")

    with pytest.raises(Unanswered):
        spool.ask("reload", {}, "duty", 0.1)

    assert spool.waiting() == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_request_that_was_taken_back_gets_no_answer_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    path = leave(tmp_path, request())
    (taken,) = spool.waiting()
    path.unlink()

    spool.answer(taken, {"ok": True})

    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_came_as_patience_ended_is_still_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)

    def answer_now(_: float) -> None:
        for one in spool.waiting():
            spool.answer(one, {"ok": True})

    monkeypatch.setattr("gauge_ingest.spool.time.sleep", answer_now)

    assert spool.ask("reload", {}, "duty", 1e-3) == {"ok": True}


def test_requests_come_in_order_of_time_and_not_too_many_at_once(tmp_path: Path) -> None:
    for second in range(WAITING_MAX + 3, 0, -1):
        leave(tmp_path, request(number=second), at_s=1_000.0 + second)

    waiting = Spool(tmp_path).waiting()

    assert [one.body["number"] for one in waiting] == list(range(1, WAITING_MAX + 1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"what": 1, "who": "x", "body": {}}',
        b'{"what": "replay", "who": "x"}',
        b'{"what": "replay", "who": "x", "body": []}',
        b'{"what": "replay", "who": "\\ud800", "body": {}}',
        b"[" * 100_000,
        request(why="x" * REQUEST_BYTES_MAX),
    ],
)
def test_what_is_no_request_is_moved_aside_and_the_others_are_served(tmp_path: Path, content: bytes) -> None:
    bad, good = leave(tmp_path, content), leave(tmp_path, request(), at_s=2_000.0)

    waiting = Spool(tmp_path).waiting()

    assert [one.id for one in waiting] == [good.name.removesuffix(".request.json")]
    assert not bad.exists()
    assert bad.with_name(bad.name + ".bad").read_bytes() == content


def test_a_pipe_or_a_strange_name_does_not_stop_the_service(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{uuid.uuid4()}.request.json")
    (tmp_path / f"{uuid.uuid4()}.request.json").mkdir()
    leave(tmp_path, request(), name="../".replace("/", "_") + "x.request.json")

    assert Spool(tmp_path).waiting() == []
    assert len(list(tmp_path.glob("*.bad"))) == 3


def test_a_folder_that_is_not_there_holds_no_requests(tmp_path: Path) -> None:
    assert Spool(tmp_path / "spool").waiting() == []


def test_what_killed_commands_left_behind_goes_after_an_hour(tmp_path: Path) -> None:
    now_s = time.time()
    old = leave(tmp_path, b"{}", name="old.answer.json", at_s=now_s - LEFT_BEHIND_S - 60)
    half = leave(tmp_path, b"{", name="x.request.json.half", at_s=now_s - LEFT_BEHIND_S - 60)
    young = leave(tmp_path, b"{}", name="young.answer.json", at_s=now_s - LEFT_BEHIND_S + 60)
    leave(tmp_path, request())
    spool = Spool(tmp_path)

    spool.answer(spool.waiting()[0], {"ok": True})

    assert [path.exists() for path in (old, half, young)] == [False, False, True]
