"""Puts another file in the place of a journal: at each moment, killed or not, the old one is whole or the new one is.

What is to be done is written down first, and done; whoever opens the journal to write finishes what was left undone.
"""

import json
import os
from errno import EEXIST
from pathlib import Path

# The write-ahead log goes first: beside another journal SQLite would take its pages into that one.
_PARTS = ("-wal", "-shm", "-journal", "")


def staged(journal: Path) -> Path:
    """Where a file is made ready that is to take a journal's place: on the same file system."""
    return journal.with_name(f"{journal.name}.restoring")


def switch(journal: Path, aside: Path) -> None:
    """Put the staged file in the journal's place, and what was there into the folder `aside`, which is made.

    The caller holds the journal's lock, and the staged file is on the disk. Raises OSError.
    """
    order = _order(journal)
    beside = order.with_name(order.name + ".half")
    beside.write_text(json.dumps({"aside": aside.name}), encoding="utf-8")
    sync(beside)
    beside.replace(order)
    sync(journal.absolute().parent)
    finish(journal)


def finish(journal: Path) -> bool:
    """Do what is left of a switch that was begun; whether there was one. Each step may be repeated."""
    order = _order(journal)
    if not order.exists():
        return False
    folder, fresh = journal.absolute().parent, staged(journal)
    if fresh.exists():  # else the new one is in its place already
        aside = folder / str(json.loads(order.read_text(encoding="utf-8"))["aside"])
        aside.mkdir(exist_ok=True)
        for part in _PARTS:
            old = journal.with_name(journal.name + part)
            if old.exists():
                if (aside / old.name).exists():  # nothing that is aside is written over
                    raise FileExistsError(EEXIST, os.strerror(EEXIST), str(aside / old.name))
                old.rename(aside / old.name)
        sync(aside)
        sync(folder)
        fresh.rename(journal)
        sync(folder)
    order.unlink()
    sync(folder)
    return True


def _order(journal: Path) -> Path:
    return journal.with_name(f"{journal.name}.switch.json")


def sync(path: Path) -> None:
    """Everything of a file or a folder is on the disk when this returns; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
