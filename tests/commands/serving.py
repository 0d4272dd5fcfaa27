"""A stand-in for the ingest process: holds the journal's lock and carries out what is asked, with our own pump."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gauge_ingest.journal import Lock
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request, Spool
from tests.commands.place import Place
from tests.worlds import Desk

Reload = Callable[[], Mapping[str, Any]]


def no_reload() -> Mapping[str, Any]:
    """For tests that never ask for it."""
    raise AssertionError("nobody asked for a reload")


@contextmanager
def service(place: Place, reload: Reload = no_reload) -> Iterator[list[Request]]:
    """The requests that it has carried out; ends with what it owes paid."""
    stop, ready, seen = threading.Event(), threading.Event(), []
    configuration = place.configuration()

    def serve() -> None:
        place.journal.parent.mkdir(exist_ok=True)
        with Lock(place.journal):
            desk = Desk(place.journal.parent, list(configuration.stations.values()), configuration.rules)
            desk.now = place.now
            spool = Spool.beside(place.journal)
            ready.set()
            while not stop.is_set():
                for one in spool.waiting():
                    seen.append(one)
                    spool.answer(one, carry_out(desk.pump, desk.journal, one, now=desk.now, reload=reload))
                    desk.settle()
                time.sleep(0.01)
            desk.journal.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(10)
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def write_status(
    place: Place,
    *,
    age_s: float = 0,
    connected: bool = True,
    alive: bool = True,
    heard_at: int | None = None,
    debts: int = 0,
    refused: str = "",
) -> None:
    """The status file as the ingest process writes it, so many real seconds ago."""
    status = {
        "at": place.now,
        "wall_at": int((time.time() - age_s) * 1000),
        "pid": os.getpid(),
        "broker": {"connected": connected, "detail": "127.0.0.1:1883" if connected else "connection refused"},
        "debts": debts,
        "outbound": {"alive": alive, "heard_at": heard_at},
        "configuration": {"refused": refused},
    }
    path = place.journal.with_name(place.journal.name + ".status.json")
    path.write_text(json.dumps(status), encoding="utf-8")
