"""Shapes and words of SVG files, for mail and print: on white, nothing fetched, readable without colour."""

from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width

from gauge_ingest.commands.output import plain

# Names in the order in which a reader's machine is asked; nothing is fetched.
FONTS = "'Noto Sans', 'DejaVu Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', Arial, sans-serif"
INK, FAINT, LINE = "#1a1a1a", "#555555", "#c4c4c4"
RAIN = "#0072b2"
# Told apart by the colour-blind, and by their lightness on a printer without colour (after Okabe and Ito).
DOUBTED = "#e69f00"
SILENT, LANE = "#d6d6d6", "#f4f4f4"
# By the grade of a level, from look to act at once; told apart by lightness, too.
LEVEL_COLOURS = {1: "#7fb2e5", 2: "#f0d21f", 3: "#f28e2b", 4: "#b10026"}
_LETTER = 0.56  # width of a letter, of its size
_ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def round_up(value_mm: float) -> float:
    """The next figure that reads well on an axis."""
    step = 1.0
    while value_mm > step * 10.0:
        step *= 10.0
    return next(step * part for part in _ROUND if value_mm <= step * part)


def width(words: str, *, size: int) -> float:
    """About how broad a line is; a Chinese character is as broad as high."""
    return size * sum(1.0 if east_asian_width(character) in "WF" else _LETTER for character in words)


def text(
    x: float, y: float, words: str, *, size: int = 12, weight: str = "", colour: str = "", anchor: str = ""
) -> str:
    """A line of words; y is where it stands."""
    told = {"font-size": "" if size == 12 else size, "font-weight": weight, "fill": colour, "text-anchor": anchor}
    more = "".join(f' {name}="{value}"' for name, value in told.items() if value)
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(plain(words))}</text>'


def box(x: float, y: float, broad: float, high: float, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{broad:.1f}" height="{high:.1f}" fill="{colour}"/>'


def frame(x: float, y: float, broad: float, high: float, colour: str) -> str:
    """The dashed outline of a rectangle."""
    where = f'x="{x:.1f}" y="{y:.1f}" width="{broad:.1f}" height="{high:.1f}"'
    return f'<rect {where} fill="none" stroke="{colour}" stroke-width="1.2" stroke-dasharray="3 2"/>'


def line(x1: float, y1: float, x2: float, y2: float, *, colour: str = LINE, dashes: str = "") -> str:
    """A straight line, dashed where lengths of dashes are given."""
    where = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line {where} stroke="{colour}" stroke-width="0.7"{dashed}/>'


def course(points: Sequence[tuple[float, float]], colour: str) -> str:
    """A line through points."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"/>'


def hatching(name: str, colour: str, *, apart: int) -> str:
    """A pattern of slanting lines, to fill a rectangle with by `url(#name)`."""
    size = f'width="{apart}" height="{apart}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"'
    return f'<pattern id="{name}" {size}><rect width="1.4" height="{apart}" fill="{colour}"/></pattern>'


def pointer(x: float, y: float, colour: str) -> str:
    """A small triangle that points down to a place."""
    return f'<path d="M{x - 4:.1f} {y - 7:.1f}h8l-4 6z" fill="{colour}"/>'
