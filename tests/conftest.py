"""What every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine makes an example slow, never wrong. A law over a store takes one site for all its
# examples, and each example undoes what it did.
_ALLOWED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("queke", deadline=None, suppress_health_check=_ALLOWED)
settings.load_profile("queke")

os.environ["QUEKE_WHO"] = "测试员"  # who decides, unless a test says: commands ask for it
os.environ["LANGUAGE"] = "en"  # what commands say, unless a test asks for the other


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout under test."""
    return Path(__file__).resolve().parent.parent
