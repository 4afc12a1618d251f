"""One engine for the process, an empty lake per test."""

from pathlib import Path

import pytest

from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.settings import prepare_process


@pytest.fixture(scope="session")
def engine() -> SailEngine:
    prepare_process("sail")
    return SailEngine()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")
