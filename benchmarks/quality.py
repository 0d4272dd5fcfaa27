"""`python -m benchmarks.quality`: the service's checks over records that others measured, flagged and worked out."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as Drawn

from benchmarks import quality_amsterdam, quality_peaks, quality_tips
from benchmarks.quality_assess import NotAssessed, assess
from benchmarks.quality_figures import Part
from benchmarks.quality_records import amsterdam, imhea

QUICK_ROWS = 3_000  # of each gauge: the first hundreds after the dead one is found out, and the first visits
WIDTH = 150  # of the tables where nobody's terminal says
NOTES = """\
flags are the service's final ones, by `gauge-ingest quality assess`: 3 suspect, 4 fail; the checks see the rows in \
order of time, as they would arrive; delay: from a row's own time until its flag was decided
pypwsqc 0.3.0 (fz: false zero, hi: high influx, so: station outlier) and SEPARATE 1.1 were not run here: what they \
said stands beside the records (tests/records/gauges)
double tips are so by their times alone (iMHEA: at most 1.1 s after the tip before); the technicians removed none
""".splitlines()


def main() -> None:
    """Assess, print, and end with status 1 when a wanted figure does not hold, 2 when the checks could not be run."""
    chosen = _arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            parts = [_timed(name, Path(folder), QUICK_ROWS if chosen.quick else None) for name in chosen.only]
    except NotAssessed as error:
        sys.exit(_failed(str(error)))
    if chosen.json:
        sys.stdout.write(json.dumps(_document(parts), indent=1, ensure_ascii=False) + "\n")
    else:
        show(parts, Console() if sys.stdout.isatty() else Console(width=WIDTH))
    sys.exit(0 if chosen.quick or all(wanted.holds for part in parts for wanted in part.wanted) else 1)


def show(parts: Sequence[Part], console: Console) -> None:
    """The tables, what they mean, and one line for each wanted figure."""
    for part in parts:
        for table in part.tables:
            drawn = Drawn(*table.heads, title=f"{part.name}: {table.title}", title_justify="left", box=SIMPLE)
            for row in table.rows:
                drawn.add_row(*row)
            console.print(drawn)
    for note in NOTES:
        console.print(f"· {note}", highlight=False)
    for part in parts:
        for wanted in part.wanted:
            console.print(f"{part.name}: {wanted.line()}", highlight=False, style="" if wanted.holds else "bold red")


def _amsterdam(folder: Path, steps_max: int | None) -> Part:
    record = amsterdam(steps_max)
    return quality_amsterdam.figures(record, assess(record.rows(), record.sites, folder, tips=False))


def _imhea(folder: Path, rows_max: int | None) -> Part:
    record = imhea(rows_max)
    rows, sites = quality_tips.rows(record), quality_tips.sites(record)
    return quality_tips.figures(record, assess(rows, sites, folder, tips=True))


def _separate(_folder: Path, _rows_max: int | None) -> Part:
    return quality_peaks.figures()


# Name -> what runs it in a folder, over so many rows of each gauge (None: all).
PARTS: Mapping[str, Callable[[Path, int | None], Part]] = {
    "amsterdam": _amsterdam,
    "imhea": _imhea,
    "separate": _separate,
}


def _document(parts: Sequence[Part]) -> dict[str, Any]:
    return {
        part.name: {
            "tables": [
                {"title": one.title, "rows": [dict(zip(one.heads, row, strict=True)) for row in one.rows]}
                for one in part.tables
            ],
            "wanted": [{**one._asdict(), "holds": one.holds} for one in part.wanted],
        }
        for part in parts
    }


def _timed(name: str, folder: Path, rows_max: int | None) -> Part:
    _progress(f"{name} …")
    begun = time.perf_counter()
    part = PARTS[name](folder, rows_max)
    _progress(f"{name}: {time.perf_counter() - begun:.1f} s")
    return part


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="these records alone")
    parser.add_argument(
        "--quick", action="store_true", help="the beginning of each record: shows that it works, judges nothing"
    )
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    return parser.parse_args()


def _failed(words: str) -> int:
    sys.stderr.write(words + "\n")
    return 2


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main()
