"""What every test may use."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout under test."""
    return Path(__file__).resolve().parent.parent
