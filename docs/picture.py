"""Draws docs/demo.svg: what `gauge-ingest demo` shows, at the moment when several stations stand at the highest level.

python docs/picture.py    runs the demonstration in a folder of its own (about two minutes) and writes docs/demo.svg
"""

import re
import signal
import subprocess
import sys
import tempfile
import time
from html import escape, unescape
from io import StringIO
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from gauge_ingest.configuration import load
from gauge_ingest.core.model import EventKind
from gauge_ingest.demo.screen import Scene, draw, look
from gauge_ingest.demo.stage import FOLDER
from gauge_ingest.journal import JournalUnavailable, Reader

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "demo.svg"
COLUMNS = 118
STATIONS_MIN = 3  # stations at the highest level that the picture must show
RUN_MAX_S = 180.0
LOOK_EVERY_S = 0.3
CELL = 12.2  # pixels, as rich draws them
# Every reader has a monospace font; one from elsewhere would be fetched by each of them, and tell who reads.
FONTS = "'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', Consolas, Menlo, 'Courier New', monospace"
THEME = TerminalTheme(
    (24, 26, 31),
    (222, 224, 228),
    [
        *[(40, 44, 52), (224, 80, 80), (120, 190, 110), (230, 190, 90)],
        *[(90, 150, 230), (190, 130, 220), (90, 190, 200), (222, 224, 228)],
    ],
)


def main() -> int:
    """Draw the picture; 1 when the demonstration never came to what it should show."""
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        command = [sys.executable, "-m", "gauge_ingest", "demo", "--config", str(ROOT / "config")]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as demo:  # noqa: S603 - our own program
            try:
                scene = _awaited(Path(folder) / FOLDER / "journal.db", demo)
            finally:
                demo.send_signal(signal.SIGINT)  # it ends its parts at Ctrl-C alone
    if scene is None:
        Console(stderr=True).print("the demonstration ended before enough stations stood at the highest level")
        return 1
    PICTURE.write_text(_svg(scene), encoding="utf-8")
    return 0


def _awaited(journal: Path, demo: "subprocess.Popen[bytes]") -> Scene | None:
    """The first scene worth showing, or None."""
    configuration = load(ROOT / "config", {})
    rule = configuration.rules[0]
    until = time.monotonic() + RUN_MAX_S
    while demo.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
        try:
            reader = Reader.open(journal)
        except JournalUnavailable:
            continue
        scene = look(reader, configuration.stations, rule, now=reader.newest_received_at())
        reader.close()
        highest = sum(alert.level == rule.levels[-1] for alert in scene.alerts.values())
        if highest >= STATIONS_MIN and any(event.kind is EventKind.STRENGTHENED for event in scene.events):
            return scene
    return None


def _svg(scene: Scene) -> str:
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(draw(scene, title="a storm over Hutubi"))
    svg = console.export_svg(title="make demo", theme=THEME, unique_id="demo")
    svg = re.sub(r"@font-face\s*\{[^}]*\}\s*", "", svg)
    svg = re.sub(r"font-family:\s*[^;]+;", f"font-family: {FONTS};", svg)
    svg = re.sub(r"<!--.*?-->\s*", "", svg)
    return re.sub(r'<text ([^>]*?)x="([0-9.]+)"([^>]*?)textLength="[0-9.]+"([^>]*)>([^<]*)</text>', _spaced, svg)


def _spaced(found: "re.Match[str]") -> str:
    """A text with the characters of two cells apart from the others: rich gives each of them the width of one."""
    before, x, between, after, content = found.groups()
    at, texts = float(x), []
    for _, run in groupby(unescape(content), key=cell_len):
        text = "".join(run)
        length = cell_len(text) * CELL
        words = escape(text).replace(" ", "&#160;")
        texts.append(f'<text {before}x="{at:.1f}"{between}textLength="{length:.1f}"{after}>{words}</text>')
        at += length
    return "".join(texts)


if __name__ == "__main__":
    raise SystemExit(main())
