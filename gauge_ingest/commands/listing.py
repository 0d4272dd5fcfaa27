"""A table that fits a narrow terminal: sentences give way, then names, then headings; a number is never cut."""

from collections.abc import Callable, Iterable, Mapping

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Column, Table
from rich.text import Text

EASY_COLUMNS = 20  # a sentence is made narrower than this only when names are as narrow as they can be
WORD_COLUMNS_MAX = 10  # longer words may be folded, those of sentences only where else nothing fits
_COLUMNS_MIN, _GAP = 8, 2


class Listing(Table):
    """Columns justified to the right hold numbers, those with `no_wrap` unset sentences, all others names.

    Where not even folded words leave room, lines are longer than the terminal and go on in its next line.
    """

    least: Mapping[str, int] = {}

    @property
    def natural_columns(self) -> int:
        """How broad it is where nothing gives way."""
        return sum(map(_natural, self.columns)) + self._gaps

    @property
    def _gaps(self) -> int:
        return _GAP * (len(self.columns) - 1)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, fitted to the room that there is."""
        if self.natural_columns > options.max_width:
            widths = self._fitted(options.max_width - self._gaps)
            for column, broad in zip(self.columns, widths, strict=True):
                column.width, column.no_wrap, column.overflow = broad, False, "fold"
            options = options.update_width(max(options.max_width, sum(widths) + self._gaps))
        yield from super().__rich_console__(console, options)

    def _fitted(self, room: int) -> list[int]:
        sentences = [not column.no_wrap for column in self.columns]
        numbers = [column.justify == "right" for column in self.columns]
        widths, floors = list(map(_natural, self.columns)), list(map(self._floor, self.columns))
        easy = [min(EASY_COLUMNS, broad) for broad in widths]
        words = [
            max(floor, min(_most(_words, one.cells), easy_columns))
            for one, floor, easy_columns in zip(self.columns, floors, easy, strict=True)
        ]
        all_of = range(len(widths))
        _narrow(widths, easy, [one for one in all_of if sentences[one]], room)
        _narrow(widths, floors, [one for one in all_of if not sentences[one] and not numbers[one]], room)
        _narrow(widths, words, [one for one in all_of if sentences[one]], room)
        _narrow(widths, floors, all_of, room)
        return widths

    def _floor(self, column: Column) -> int:
        """How narrow a column can be made."""
        heading = _most(_words, [column.header])
        if column.justify == "right":
            return max(_most(_lines, column.cells), heading)
        words = min(_most(_words, column.cells), WORD_COLUMNS_MAX)
        least = max(_COLUMNS_MIN, self.least.get(_plain(column.header), 0))
        return min(_natural(column), max(words, heading, least))


def _narrow(widths: list[int], floors: list[int], places: Iterable[int], room: int) -> None:
    """The broadest of these columns gives way first, until all fit or none can any more."""
    places = [*places]
    while sum(widths) > room:
        able = [one for one in places if widths[one] > floors[one]]
        if not able:
            return
        widths[max(able, key=widths.__getitem__)] -= 1


def _natural(column: Column) -> int:
    return _most(_lines, [column.header, *column.cells])


def _most(parts: Callable[[str], list[str]], cells: Iterable[RenderableType]) -> int:
    return max((cell_len(part) for cell in cells for part in parts(_plain(cell))), default=0)


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _words(text: str) -> list[str]:
    return text.split()


def _plain(cell: RenderableType) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)
