"""The stores on which every test of the lake runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_platform.lake.lake import Lake

STORES: dict[str, Callable[[Path], Lake]] = {"folder": lambda path: Lake(path / "lake")}


@pytest.fixture(params=STORES)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake; another store is another entry in STORES."""
    return STORES[request.param](tmp_path)
