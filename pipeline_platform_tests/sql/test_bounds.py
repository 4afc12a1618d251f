"""Bounds hold wherever the condition does, and say nothing where they are not sure."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline_platform.sql.bounds import bounds

TYPES = {"day": "date", "at": "timestamp", "n": "bigint", "name": "string", "share": "double"}
CASES: list[tuple[str, dict[str, tuple[Any, Any]]]] = [
    ("day = DATE '2026-01-15'", {"day": (date(2026, 1, 15), date(2026, 1, 15))}),
    ("day >= '2026-01-15' AND (n < -2)", {"day": (date(2026, 1, 15), None), "n": (None, -2)}),
    ("name IN ('b', 'a') AND name >= 'aa'", {"name": ("aa", "b")}),
    ("n BETWEEN 1 AND 5 AND n > 3", {"n": (3, 5)}),
    ("at < TIMESTAMP '2026-01-01 06:00:00'", {"at": (None, datetime(2026, 1, 1, 6, tzinfo=UTC))}),
    ("at >= '2026-01-01T06:00:00+06:00'", {"at": (datetime(2026, 1, 1, tzinfo=UTC), None)}),
    ("N = 1", {"n": (1, 1)}),
    ("n = 1 OR n = 2", {}),
    ("NOT n = 1", {}),
    ("n <> 1", {}),
    ("n + 1 = 2", {}),
    ("n = n", {}),
    ("share > 0.5", {}),
    ("day = 'soon'", {}),
    ("n IN (1, n)", {}),
    ("n NOT IN (1)", {}),
    ("n NOT BETWEEN 1 AND 2", {}),
    ("name = 5", {}),
    ("unknown = 1", {}),
    ("name LIKE 'a%'", {}),
    ("n = 1; DROP", {}),
]


@pytest.mark.parametrize(("condition", "expected"), CASES, ids=[c for c, _ in CASES])
def test_bounds_of(condition: str, expected: dict[str, tuple[Any, Any]]) -> None:
    assert bounds(condition, TYPES) == expected
