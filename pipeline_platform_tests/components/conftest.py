"""Dagster's notes on itself are known here; its version is pinned."""

from pathlib import Path

import pytest

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
