"""The picture of a run as an SVG file: letters as text; bars, curves and marks as shapes that need no font."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from simulator.looking.plot import EIGHTHS, STYLES, Line, Style, cells

WIDTH, HEIGHT = 8, 18  # of a cell, in pixels
BORDER = 14
FONT_SIZE = 13.29  # at which DejaVu Sans Mono is 8 pixels wide
# Every reader has a monospace font; one from elsewhere would be fetched by each of them, and tell who reads.
FONTS = "'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', Consolas, Menlo, 'Courier New', monospace"
BACKGROUND = "#181a1f"
COLOURS: Mapping[Style, str] = {"plain": "#dee0e4", "strong": "#ffffff", "muted": "#8a8f98"}
_MIDDLE = HEIGHT // 2
# Lines, as rectangles in a cell: x, y, width, height.
_SHAPES: Mapping[str, tuple[tuple[float, float, float, float], ...]] = {
    "─": ((0, _MIDDLE, WIDTH, 1),),
    "│": ((WIDTH // 2, 0, 1, HEIGHT),),
    "└": ((WIDTH // 2, 0, 1, _MIDDLE + 1), (WIDTH // 2, _MIDDLE, WIDTH // 2, 1)),
    "┬": ((0, _MIDDLE, WIDTH, 1), (WIDTH // 2, _MIDDLE, 1, HEIGHT - _MIDDLE)),
    "━": ((0, _MIDDLE - 2, WIDTH, 4),),
    "◆": ((1, _MIDDLE - 4, WIDTH - 2, 8),),
}
_BRAILLE = 0x2800
_DOT = 2.6  # pixels
# The bit of each dot of a braille cell: column, row from above.
_DOTS = ((0x01, 0, 0), (0x02, 0, 1), (0x04, 0, 2), (0x40, 0, 3), (0x08, 1, 0), (0x10, 1, 1), (0x20, 1, 2), (0x80, 1, 3))


def svg(lines: Sequence[Line], *, title: str) -> str:
    """Return the file's text."""
    columns = max(sum(cells(piece.text) for piece in line) for line in lines)
    width, height = columns * WIDTH + 2 * BORDER, len(lines) * HEIGHT + 2 * BORDER
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="{BACKGROUND}"/>',
        f'<g font-family="{FONTS}" font-size="{FONT_SIZE}">',
    ]
    for row, line in enumerate(lines):
        column = 0
        for piece in line:
            parts += _piece(piece.text, piece.style, BORDER + column * WIDTH, BORDER + row * HEIGHT)
            column += cells(piece.text)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _piece(text: str, style: Style, x: int, y: int) -> Iterator[str]:
    colour = COLOURS.get(style) or STYLES[style]
    weight = ' font-weight="bold"' if style == "strong" else ""
    for _, run in groupby(text, key=lambda character: character if _is_shape(character) else cells(character)):
        part = "".join(run)
        width = cells(part) * WIDTH
        if _is_shape(part[0]):
            boxes = "".join(_box(part[0], x + index * WIDTH, y) for index in range(len(part)))
            yield f'<path fill="{colour}" d="{boxes}"/>'
        elif words := part.strip():
            left = x + cells(part[: len(part) - len(part.lstrip())]) * WIDTH
            where = f'x="{left}" y="{y + HEIGHT - 5}" textLength="{cells(words) * WIDTH}"'
            yield f'<text {where} fill="{colour}"{weight} xml:space="preserve">{escape(words)}</text>'
        x += width


def _is_shape(character: str) -> bool:
    return character in _SHAPES or character in EIGHTHS[1:] or ord(character) & ~0xFF == _BRAILLE


def _box(character: str, x: float, y: float) -> str:
    """Return the path of one cell."""
    if character in EIGHTHS:
        height = EIGHTHS.index(character) * HEIGHT / 8
        return _rectangle(x, y + HEIGHT - height, WIDTH, height)
    if character in _SHAPES:
        return "".join(_rectangle(x + left, y + top, *size) for left, top, *size in _SHAPES[character])
    dots = ord(character) - _BRAILLE
    return "".join(
        _rectangle(x + (column + 0.5) * WIDTH / 2 - _DOT / 2, y + (row + 0.5) * HEIGHT / 4 - _DOT / 2, _DOT, _DOT)
        for bit, column, row in _DOTS
        if dots & bit
    )


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"
