"""How many seeds a test is played with: a few for each change, all of them with `make properties`."""

import os

import pytest

ALL = "GAUGE_TEST_ALL_SEEDS"  # set to anything


def seeds(few: int, many: int) -> pytest.MarkDecorator:
    """The argument `seed` of a test that is slow with each seed and proves more with each.

    What a change breaks shows with the first few: those of a test must notice what the test is there to notice.
    """
    return pytest.mark.parametrize(
        "seed", [pytest.param(seed, marks=pytest.mark.seeded) for seed in range(many if os.environ.get(ALL) else few)]
    )
