"""A run for each test."""

from pathlib import Path

import pytest

from tests.account.runs import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)
