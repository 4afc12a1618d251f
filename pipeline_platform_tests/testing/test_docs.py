"""The page on testing does what it shows: its files are written, its tests run."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(?:#|--) (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PYTHON = [(path, text) for language, path, text in BLOCKS if language == "python"]


def shown_tests() -> list[tuple[str, Callable[[], None]]]:
    found = []
    for path, text in PYTHON:
        names: dict[str, Any] = {}
        exec(compile(text, path, "exec"), names)
        found += [(f"{path}::{n}", f) for n, f in names.items() if n.startswith("test_")]
    return found


def test_every_block_is_a_file() -> None:
    assert len(BLOCKS) == PAGE.count("```") / 2 == 9


@pytest.mark.parametrize(("name", "shown"), shown_tests(), ids=[n for n, _ in shown_tests()])
def test_the_page(
    name: str, shown: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, path, text in BLOCKS:
        if language != "python":
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    shown()
