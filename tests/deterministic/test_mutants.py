"""Faults put into the service on purpose: the worlds of CI notice each of them."""

import pytest

from tests.deterministic.many import CI_SEEDS, Caught, catch_all
from tests.deterministic.mutants import MUTANTS

SLOW_S = 1_800
# Which promise must speak: another one would mean that the worlds noticed something else.
SPOKEN_BY = {
    "acknowledged before the commit": {"acknowledged means committed"},
    "auto-ack": {"acknowledged means committed"},
    "clean session": {"nothing is lost"},
    "neighbour not derived anew": {"increments", "rain"},
    "late report owes nothing": {"increments"},
    "wrap off by one": {"rain"},
    "rule state in memory only": {"as in a clean run", "alert events"},
    "position moved before the write": {"position"},
    "alert event outside the transaction": {"alert events"},
}


@pytest.fixture(scope="module")
def caught() -> dict[str, Caught]:
    return {one.mutant: one for one in catch_all()}


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_fault_that_would_lose_rain_is_noticed_by_a_world_of_ci(mutant: str, caught: dict[str, Caught]) -> None:
    found = caught[mutant]

    assert found.seed in CI_SEEDS, f"{mutant}: no world noticed"
    assert found.invariant in SPOKEN_BY[mutant], found.what
