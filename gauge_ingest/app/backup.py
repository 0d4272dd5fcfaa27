"""The calendar job that copies the journal each day: on a thread of its own, for it may take minutes."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from gauge_ingest.backup.folder import name_at, tidy
from gauge_ingest.backup.making import make
from gauge_ingest.configuration.settings import BackupSettings
from gauge_ingest.core.days import due_at
from gauge_ingest.jobs import BACKED_UP
from gauge_ingest.journal.copying import Uncopied
from gauge_ingest.outbound import Positions

log = logging.getLogger("gauge_ingest")

RETRY_S = 1_800.0


class DailyBackup:
    """Begins a backup when one is due and none is being made. What fails is remembered, told and tried again."""

    def __init__(
        self,
        journal: Path,
        settings: BackupSettings,
        remembered: Positions,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._remembered = remembered
        self._now = now
        self._monotonic = monotonic
        self._try_at = 0.0
        self._busy: threading.Thread | None = None
        if not settings.folder:
            remembered.not_wanted(BACKED_UP)

    def begin_when_due(self) -> bool:
        """Begin one if it is time; True, for its end is remembered by itself."""
        if self._busy is not None and self._busy.is_alive():
            return True
        if self._settings.folder and self._is_due() and self._monotonic() >= self._try_at:
            # Ends with the process, in the middle of it too: what is half written is removed by the next.
            self._busy = threading.Thread(target=self.make, name="backup", daemon=True)
            self._busy.start()
        return True

    def wait(self) -> None:
        """Until what was begun has ended."""
        if self._busy is not None:
            self._busy.join()

    def make(self) -> None:
        """Make one, keep so many, and remember how it went."""
        folder, at, begun_s = Path(self._settings.folder), self._now(), self._monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made = make(self._journal, folder / name_at(at), now=at).checked
            tidy(folder, keep=self._settings.keep, made=made.path)
        except (Uncopied, OSError) as error:
            self._try_at = self._monotonic() + RETRY_S
            self._remembered.failed(BACKED_UP, str(error), at)
            log.error("no backup was made reason=%s", error)
            return
        self._remembered.done(BACKED_UP, at)
        took_s = self._monotonic() - begun_s
        log.info("backup made file=%s bytes=%d took_s=%.1f", made.path, made.size, took_s)

    def _is_due(self) -> bool:
        hours, minutes = self._settings.at.split(":")
        now, last = self._now(), self._remembered.last_done(BACKED_UP)
        newest = due_at(int(hours) * 60 + int(minutes), now=now, done=(), most=1)[-1]
        return last is None or last < newest or last > now
