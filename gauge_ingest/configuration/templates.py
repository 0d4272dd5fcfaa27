"""messages/: templates of one's own for what people are told, read and checked before anything depends on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gauge_ingest.configuration.files import read_text
from gauge_ingest.configuration.mistakes import Mistake, Place

FOLDER = "messages"
FILES_MAX = 100
FILE_BYTES_MAX = 32 * 1024


@dataclass(slots=True)
class TemplatesRead:
    """The templates of a folder by file, such as zh/text.txt.j2, and every mistake in them."""

    templates: Mapping[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def read_templates(directory: Path) -> TemplatesRead:
    """The templates below a folder of the configuration; none where it has no such folder."""
    read = TemplatesRead()
    folder = directory / FOLDER
    if not folder.is_dir():
        return read
    paths = sorted(path for path in folder.glob("*/*") if not _of_an_editor(path.name))
    if len(paths) > FILES_MAX:
        read.mistakes.append(Place(FOLDER).mistake(f"has {len(paths)} files, more than {FILES_MAX}"))
        return read
    found = {}
    for path in paths:
        file = path.relative_to(folder).as_posix()
        try:
            found[file] = read_text(path, FILE_BYTES_MAX)
        except OSError as error:
            read.mistakes.append(Place(f"{FOLDER}/{file}").mistake(f"cannot be read ({error.strerror})"))
        except ValueError as error:
            read.mistakes.append(Place(f"{FOLDER}/{file}").mistake(f"cannot be read: {error}"))
    read.templates = found
    if found:
        from gauge_ingest.messages.checking import check_templates  # Jinja2 is loaded only where it is needed

        read.mistakes += [
            Mistake(f"{FOLDER}/{one.file}", f"line {one.line}" if one.line else "", "", one.what)
            for one in check_templates(found)
        ]
    return read


def _of_an_editor(name: str) -> bool:
    """Hidden files and copies that editors leave behind."""
    return name.startswith(".") or name.endswith("~")
