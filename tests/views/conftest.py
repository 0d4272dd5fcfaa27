"""One InfluxDB with the storm in it for all tests of this folder: they only read."""

from collections.abc import Iterator

import pytest

from tests.views.storm import Storm, copied_storm


@pytest.fixture(scope="session")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """The storm, in a journal and in an InfluxDB of its own."""
    with copied_storm(tmp_path_factory.mktemp("storm")) as made:
        yield made
