"""Pictures of history as files: SVG as it is drawn, or PNG made from it."""

from collections.abc import Sequence

from gauge_ingest.commands.history_files import Form
from gauge_ingest.commands.history_svg import PANELS_MAX, WINDOWS_MAX, Panel, svg
from gauge_ingest.commands.output import Status, notice, stop
from gauge_ingest.commands.svg_shapes import FONTS
from gauge_ingest.core.fixed import STEPS_MS, Fixed
from gauge_ingest.core.model import Rule, Station
from gauge_ingest.history import Question, Rain

SCALE = 2.0  # dots of a PNG for each of the SVG: sharp on a telephone, and in print


def drawn(form: Form, told: Sequence[tuple[Station, Rain]], question: Question, rules: Sequence[Rule]) -> bytes:
    """The picture of windows, or an end that says why there is none."""
    panels = [Panel(station, [one for one in rain if isinstance(one, Fixed)]) for station, rain in told]
    if len(panels) > PANELS_MAX:
        stop(Status.WRONG_USE, f"{len(panels)} stations are too many for a picture: choose at most {PANELS_MAX}")
    most = max(len(one.windows) for one in panels)
    if most > WINDOWS_MAX:
        stop(
            Status.WRONG_USE,
            f"--every {question.every}: {most} windows are too many for a picture, more than {WINDOWS_MAX}:"
            " choose a longer step or a shorter time",
        )
    text = svg(panels, every=question.every, rules=rules, step_ms=STEPS_MS.get(question.every))
    return text.encode() if form is Form.SVG else _png(text)


def _png(text: str) -> bytes:
    """Drawn with the fonts of this machine; a notice where none of them knows Chinese."""
    if not knows_chinese():
        notice("no font of this machine has Chinese: the picture's words have gaps; install fonts-noto-cjk")
    return _dots(text, scale=SCALE)


def knows_chinese(*, fonts: bool = True) -> bool:
    """Whether a character of a station's name looks other than one that no font has. `fonts`: those of the machine."""
    shapes = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" font-family="{FONTS}" font-size="24">'
        f'<text x="2" y="26">{character}</text></svg>'
        for character in ("门", "\U0010fffd")
    ]
    known, unknown = (_dots(shape, scale=1.0, fonts=fonts) for shape in shapes)
    return known != unknown


def _dots(text: str, *, scale: float, fonts: bool = True) -> bytes:
    import resvg_py  # loaded by those alone who want a PNG

    return resvg_py.svg_to_bytes(svg_string=text, zoom=scale, background="#ffffff", skip_system_fonts=not fonts)
