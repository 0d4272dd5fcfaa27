"""When a station was heard: what waited at the broker is no sign of life, a clock that is wrong is no silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.core.hearing import DRAINED_AFTER_MS, NEVER, Hearing, Line, heard, line
from gauge_ingest.core.watch import WATCHING, Surroundings

T0 = 1_784_109_900_000
MINUTE = 60_000
EVERY = 5 * MINUTE
BREAK = 750_000


def after(*messages: tuple[int, int]) -> Hearing:
    """The hearing after messages (received, sent), both in ms after T0."""
    hearing = NEVER
    for received_at, sent_at in messages:
        hearing = heard(hearing, received_at=T0 + received_at, sent_at=T0 + sent_at, break_ms=BREAK)
    return hearing


@pytest.mark.parametrize(
    ("messages", "heard_at"),
    [
        ([(3_000, 0)], 0),
        ([(3_000, 0), (EVERY + 3_000, EVERY)], EVERY + 3_000),
        ([(0, 0), (60 * MINUTE, EVERY), (60 * MINUTE, 2 * EVERY)], 2 * EVERY),  # waited at the broker
        ([(3_000, 0), (40 * MINUTE, 0)], 0),  # sent again
        ([(0, -60 * MINUTE), (EVERY, EVERY - 60 * MINUTE)], EVERY),  # an hour behind
        ([(0, 60 * MINUTE)], 0),  # an hour ahead
        ([(0, 60 * MINUTE), (EVERY, 60 * MINUTE + EVERY)], EVERY),
        ([(0, 60 * MINUTE), (40 * MINUTE, 60 * MINUTE)], 0),  # ahead, and sent again
        ([(0, 0), (EVERY, EVERY - 60 * MINUTE), (2 * EVERY, 2 * EVERY - 60 * MINUTE)], 2 * EVERY),  # set back
    ],
)
def test_the_earlier_of_coming_and_sending(messages: list[tuple[int, int]], heard_at: int) -> None:
    assert after(*messages).heard_at == T0 + heard_at


def test_a_station_is_back_since_it_came_and_not_since_what_it_speaks_of() -> None:
    hearing = after((0, 0), (60 * MINUTE, EVERY), (60 * MINUTE + 9, 2 * EVERY), (61 * MINUTE, 12 * EVERY))

    assert (hearing.since, hearing.came_at) == (T0 + 60 * MINUTE, T0 + 61 * MINUTE)


@given(st.lists(st.tuples(st.integers(0, 10**8), st.integers(-(10**9), 10**9)), max_size=20))
def test_nobody_is_heard_later_than_the_newest_message_came(messages: list[tuple[int, int]]) -> None:
    messages = sorted(messages)

    hearing = after(*messages)

    assert hearing.heard_at <= max((T0 + received_at for received_at, _ in messages), default=0)
    assert hearing.since <= hearing.came_at


@pytest.mark.parametrize(
    ("connected_ms", "drained", "settled"),
    [
        (None, True, False),
        (599_999, True, False),
        (600_000, True, True),
        (600_000, False, False),
        (DRAINED_AFTER_MS, False, True),
    ],
)
def test_a_line_is_settled_when_it_has_lasted_and_nothing_waits(
    *, connected_ms: int | None, drained: bool, settled: bool
) -> None:
    since = None if connected_ms is None else T0 - connected_ms

    found = line(Line(T0), Surroundings(connected_since=since, drained=drained), WATCHING.broker, now=T0)

    assert found.settled is settled
