"""What tests of live runs start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.far_side import Mosquitto, Subscriber


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.process.kill()
    broker.process.wait()


@pytest.fixture
def subscriber(mosquitto: Mosquitto) -> Iterator[Subscriber]:
    listener = Subscriber(mosquitto.port)
    assert listener.subscribed.wait(10.0)
    yield listener
    listener.client.disconnect()
    listener.client.loop_stop()
