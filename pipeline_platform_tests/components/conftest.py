"""Dagster's notes on itself are known here; its version is pinned."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.instance import instance
from pipeline_platform_tests.components.pace import Shop

_HERE = Path(__file__).parent
_KNOWN = (
    "dagster.BetaWarning",
    "dagster.PreviewWarning",
    "pydantic.PydanticDeprecatedSince20",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            for category in _KNOWN:
                item.add_marker(pytest.mark.filterwarnings(f"ignore::{category}"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything a test writes rests below its own folder."""
    monkeypatch.setenv("PIPELINE_PLATFORM_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance of its own."""
    with instance(home) as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path, home: Path, opened: dg.DagsterInstance) -> Shop:
    """The shop with a view over its orders."""
    return Shop(tmp_path, opened)
