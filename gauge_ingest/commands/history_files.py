"""History as CSV, JSON and Parquet, and how answers become files: whole or not at all, never over another unasked."""

import csv
import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from io import BytesIO, StringIO
from pathlib import Path

from gauge_ingest.commands.output import Status, stop
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.history import Document, Every

# Of a column by its name: instants, whole numbers; all others are millimetres and shares.
_WORDS, _INSTANTS = ("station", "step"), ("since", "until")
_WHOLE = ("tips", "tips_min", "tips_max", "flag", "duration_s")


class Form(StrEnum):
    """What an answer looks like."""

    TABLE = "table"
    PLOT = "plot"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    SVG = "svg"
    PNG = "png"

    @property
    def is_picture(self) -> bool:
        """Whether it is drawn."""
        return self in (Form.SVG, Form.PNG)


SUFFIXES = {".txt": Form.TABLE, **{f".{form}": form for form in Form if form not in (Form.TABLE, Form.PLOT)}}
PICTURES = {suffix: form for suffix, form in SUFFIXES.items() if form.is_picture}


def form_of(option: str, path: Path, suffixes: dict[str, Form]) -> Form:
    """The form that a file's name asks for, or an end that says which names there are."""
    form = suffixes.get(path.suffix.lower())
    if form is None:
        *others, last = suffixes
        advice = "" if suffixes is PICTURES else ", or say --format"
        stop(Status.WRONG_USE, f"{option} {path}: choose a name that ends in {', '.join(others)} or {last}{advice}")
    return form


def check_place(option: str, path: Path, *, force: bool) -> None:
    """An end with what would be right where a file cannot be written, before anything is looked up."""
    if not path.parent.is_dir():
        stop(Status.WRONG_USE, f"{option} {path}: there is no folder {path.parent}; make it, or name another")
    if path.is_dir():
        stop(Status.WRONG_USE, f"{option} {path}: is a folder; name a file in it")
    if path.exists() and not force:
        stop(Status.WRONG_USE, f"{option} {path}: is there already; choose another name, or say --force to replace it")


def write(option: str, path: Path, content: bytes) -> None:
    """Put a file in its place, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        stop(Status.WRONG_USE, f"{option} {path}: cannot be written: {error.strerror}")


def as_csv(every: Every, rows: Sequence[Document]) -> bytes:
    """A heading and a line for each row; what is unknown is empty. UTF-8, lines end with a line feed."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, every.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_json(every: Every, rows: Sequence[Document]) -> bytes:  # noqa: ARG001 - as every form is asked
    """One document: a list of rows, a row on each line."""
    lines = ",\n ".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return f"[{lines}]\n".encode()


def as_parquet(every: Every, rows: Sequence[Document]) -> bytes:
    """A table with a column for each key: instants as timestamps of milliseconds at +08:00."""
    import pyarrow
    from pyarrow import parquet

    instant = pyarrow.timestamp("ms", tz="+08:00")
    arrays, fields = [], []
    for name in every.columns:
        values = [row[name] for row in rows]
        if name in _INSTANTS or name.endswith("_until"):
            values = [None if value is None else parse_instant(value) for value in values]
            kind = instant
        elif name in _WORDS:
            kind = pyarrow.string()
        else:
            kind = pyarrow.int64() if name in _WHOLE else pyarrow.float64()
        arrays.append(pyarrow.array(values, kind))
        fields.append(pyarrow.field(name, kind))
    written = BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields)), written)
    return written.getvalue()


WRITERS: dict[Form, Callable[[Every, Sequence[Document]], bytes]] = {
    Form.CSV: as_csv,
    Form.JSON: as_json,
    Form.PARQUET: as_parquet,
}
