"""Tables of rules.toml that give a depth of rain for each duration and level: rain_mm, rise_mm and those of a class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from gauge_ingest.configuration.mistakes import Mistake, Place
from gauge_ingest.core.model import Threshold
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.spans import duration_text, parse_duration_s

WINDOWS_MAX = 32
WINDOW_MIN_S = 60
WINDOW_MAX_S = 72 * 3_600
RAIN_MAX_MM = 5_000.0


@dataclass(slots=True)
class Depths:
    """Reads a table of durations and levels. `levels` is None where they are wrong themselves."""

    place: Place
    levels: tuple[str, ...] | None
    mistakes: list[Mistake] = field(default_factory=list)

    def of(self, raw: object) -> tuple[Threshold, ...]:
        """The thresholds in order of duration and level."""
        if not isinstance(raw, Mapping) or not 1 <= len(raw) <= WINDOWS_MAX:
            remedy = f'must have 1 to {WINDOWS_MAX} lines like "30m" = {{ prepare = 6, immediate = 10 }}'
            self.mistakes.append(self.place.mistake(remedy))
            return ()
        rows: dict[int, tuple[str, dict[str, float]]] = {}
        for text, row in raw.items():
            window_s = self._window_s(text)
            levels_mm = self._row(text, row)
            if window_s is None:
                continue
            if window_s in rows:
                remedy = f"is the same duration as {rows[window_s][0]}: take one out"
                self.mistakes.append(self.place.at(text).mistake(remedy))
                continue
            rows[window_s] = (text, levels_mm)
        in_order = sorted(rows.items())
        self._check_durations([(text, levels_mm) for _, (text, levels_mm) in in_order])
        return tuple(
            Threshold(window_s=window_s, level=level, rain_mm=levels_mm[level])
            for window_s, (_, levels_mm) in in_order
            for level in self.levels or ()
            if level in levels_mm
        )

    def _window_s(self, text: str) -> int | None:
        try:
            window_s = parse_duration_s(text)
        except ValueError as error:
            self.mistakes.append(self.place.at(text).mistake(str(error)))
            return None
        if not WINDOW_MIN_S <= window_s <= WINDOW_MAX_S:
            bounds = f"{duration_text(WINDOW_MIN_S)} to {WINDOW_MAX_S // 3_600}h"
            self.mistakes.append(self.place.at(text).mistake(f"must be a duration of {bounds}, e.g. 30m"))
            return None
        return window_s

    def _row(self, text: str, row: object) -> dict[str, float]:
        """The thresholds of one duration that are right by themselves; they must rise with the level."""
        place = self.place.at(text)
        if not isinstance(row, Mapping) or not row:
            self.mistakes.append(place.mistake("must be written like { prepare = 6, immediate = 10 }"))
            return {}
        levels_mm: dict[str, float] = {}
        for level, rain_mm in row.items():
            if self.levels is not None and level not in self.levels:
                self.mistakes.append(place.at(level).mistake(f"unknown level; {nearest(level, self.levels)}"))
            elif isinstance(rain_mm, bool) or not isinstance(rain_mm, int | float) or not isfinite(rain_mm):
                self.mistakes.append(place.at(level).mistake("must be a number of millimetres, e.g. 10", rain_mm))
            elif not 0 < rain_mm <= RAIN_MAX_MM:
                remedy = f"must be greater than 0 and at most {RAIN_MAX_MM:g}, e.g. 10"
                self.mistakes.append(place.at(level).mistake(remedy, rain_mm))
            else:
                levels_mm[level] = float(rain_mm)
        lower: tuple[str, float] | None = None
        for level in [level for level in self.levels or () if level in levels_mm]:
            if lower is not None and levels_mm[level] <= lower[1]:
                remedy = f"must be greater than {lower[1]:g}, the threshold of the lower level {lower[0]}"
                self.mistakes.append(place.at(level).mistake(remedy, levels_mm[level]))
            lower = (level, levels_mm[level])
        return levels_mm

    def _check_durations(self, rows: list[tuple[str, dict[str, float]]]) -> None:
        """A threshold never falls as the duration grows."""
        for level in self.levels or ():
            shorter: tuple[str, float] | None = None
            for text, levels_mm in rows:
                if level not in levels_mm:
                    continue
                if shorter is not None and levels_mm[level] < shorter[1]:
                    remedy = f"must be at least {shorter[1]:g}, the threshold of the shorter {shorter[0]}"
                    self.mistakes.append(self.place.at(text, level).mistake(remedy, levels_mm[level]))
                shorter = (text, levels_mm[level])
