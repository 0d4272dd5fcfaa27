"""The validators, made ready once: reading the schema takes longer than a test."""

import pytest

from tests.cap.alerts import Validators


@pytest.fixture(scope="session")
def validators() -> Validators:
    return Validators()
