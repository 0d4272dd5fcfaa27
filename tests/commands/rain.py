"""Rain of several days with everything in it that a station can do."""

import random
from typing import Any

from tests.worlds import HOUR, T0, Desk, message, text


def fill(desk: Desk, seed: int, *, hours: int = 100) -> None:
    """Days with gaps of all lengths, event reports, tests, void counts, reboots and counts nobody confirms."""
    draw = random.Random(seed)
    instant, counter, seq, boot = T0 - hours * HOUR + draw.randrange(300) * 1000, 65_400, 0, 1
    while instant < T0 + 2 * HOUR:
        seq += 1
        if draw.random() < 0.02:
            counter, boot = draw.randrange(3), boot + 1
        counter = (counter + (draw.randrange(5) if draw.random() < 0.3 else 0)) % 65_536
        readings: list[Any] = [(instant, counter)]
        if draw.random() < 0.04:
            readings.append((instant, draw.randrange(65_536)))
        if draw.random() < 0.04:
            readings.append({"observed_at": text(instant + 30_000), "count": counter + 40, "kind": "test"})
        desk.now = instant + 2_000
        desk.take(message(readings, seq=seq, boot=boot))
        if draw.random() < 0.3:
            desk.settle()
        steps = {300_000: 100, 71_000: 10, 299_500: 10, 900_000: 5, 5 * HOUR: 2, 26 * HOUR: 0.2}
        instant += draw.choices(list(steps), list(steps.values()))[0]
