"""Every test runs in UTC; strategies never depend on the machine's speed."""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from pipeline_platform.settings import PROJECT

os.environ["TZ"] = "UTC"
time.tzset()

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def chosen_project() -> Iterator[None]:
    """A command that is called in this process chooses its project for that call alone."""
    before = os.environ.get(PROJECT)
    yield
    if before is None:
        os.environ.pop(PROJECT, None)
    else:
        os.environ[PROJECT] = before
