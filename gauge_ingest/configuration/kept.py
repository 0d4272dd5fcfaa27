"""The configuration that was accepted last, kept beside the journal: what stands in for a folder that is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.configuration import overrides
from gauge_ingest.configuration.files import read_table
from gauge_ingest.configuration.loading import Configuration, is_folder, load, secret_text
from gauge_ingest.configuration.mistakes import ConfigurationRefused, Mistake
from gauge_ingest.configuration.overrides import DRILLS, read_settings
from gauge_ingest.core.model import MINUTE_MS
from gauge_ingest.core.spans import instant_text

KEPT = "accepted-config"
BEFORE = ".old"  # what the copy before is called until the new one has its name
TOLD_CHARACTERS_MAX = 300  # of a mistake, where all that is told is the first one
_JOURNAL = ("journal", "path")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with a folder, and when the one that stands in for it was accepted (real time)."""

    mistakes: tuple[Mistake, ...]
    accepted_at: int

    @property
    def accepted(self) -> str:
        """When, to the minute."""
        return instant_text(self.accepted_at // MINUTE_MS * MINUTE_MS)

    @property
    def where(self) -> str:
        """File and key of the first mistake."""
        first = self.mistakes[0]
        return f"{first.file}: {first.key}" if first.key else first.file

    def __str__(self) -> str:
        """The first mistake in one line. It goes to people and to the broker: no value, which may be an address."""
        first = first_of([replace(one, value="") for one in self.mistakes])
        return f"the configuration on disk is refused: {first}; running on the one accepted at {self.accepted}"


class Usable(NamedTuple):
    """A configuration, the folder that it was read from, and why that is not the folder that was asked for."""

    configuration: Configuration
    directory: Path
    refusal: Refusal | None = None


def kept_beside(journal: Path) -> Path:
    """Where the files of the accepted configuration are kept."""
    return journal.parent / KEPT


def copy_before(kept: Path) -> Path:
    """Where the copy before is, while another one takes its place."""
    return kept.with_name(kept.name + BEFORE)


def usable(directory: Path, environ: Mapping[str, str]) -> Usable:
    """The configuration in a folder, else the accepted one that is kept; raises ConfigurationRefused without either."""
    try:
        return Usable(load(directory, environ), directory)
    except ConfigurationRefused as refused:
        return stand_in(directory, environ, refused)


def stand_in(directory: Path, environ: Mapping[str, str], refused: ConfigurationRefused) -> Usable:
    """The accepted configuration in place of a folder that is refused; raises ConfigurationRefused where none loads.

    It is read under the environment as it is: what is wrong there is wrong for both (decision 0020).
    """
    journal = _journal(directory, environ)
    kept = None if journal is None else kept_beside(journal)
    if kept is not None and not is_folder(kept):  # the power went while one took the other's place
        kept = copy_before(kept)
    if kept is None or not is_folder(kept):
        raise refused
    try:
        configuration = load(kept, environ)
        accepted_at = kept.stat().st_mtime_ns // 1_000_000
    except ConfigurationRefused as error:
        raise _neither(refused, kept, first_of(error.mistakes)) from None
    except OSError as error:
        raise _neither(refused, kept, str(error)) from None
    if configuration.settings.journal_path != journal:
        raise _neither(refused, kept, f"its journal is {configuration.settings.journal_path}")
    return Usable(configuration, kept, Refusal(refused.mistakes, accepted_at))


def first_of(mistakes: Sequence[Mistake]) -> str:
    """The first mistake in one line, and how many there are beside it."""
    text = str(mistakes[0])
    text = text if len(text) <= TOLD_CHARACTERS_MAX else f"{text[:TOLD_CHARACTERS_MAX]}…"
    return f"{text} (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else text


def _neither(refused: ConfigurationRefused, kept: Path, why: str) -> ConfigurationRefused:
    return ConfigurationRefused([*refused.mistakes, Mistake(str(kept), "", "", f"cannot stand in for it: {why}")])


def _journal(directory: Path, environ: Mapping[str, str]) -> Path | None:
    """The journal of a folder that is refused; None where a mistake may hide where it is.

    The default counts only where nothing is wrong with the settings: a section [jurnal] means another journal.
    """
    table = read_table(directory / overrides.FILE, [])
    if table is None and directory.absolute().parent.parent.name == DRILLS:
        return None  # GAUGE_JOURNAL_PATH is that of the real service
    read = read_settings(table or {}, environ, secret_text)
    section = (table or {}).get("journal")
    said = _JOURNAL in read.overrides or (isinstance(section, Mapping) and "path" in section)
    if _JOURNAL in read.wrong or not (said or (table is not None and not read.mistakes)):
        return None
    return read.settings.journal_path
