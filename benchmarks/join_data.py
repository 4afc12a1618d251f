"""Rows for as-of joins: a spine, and facts with two instants and eight columns."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

START_US = 1_735_689_600_000_000  # 2025-01-01T00:00:00Z
SPAN_US = 30 * 86_400_000_000
COLUMNS = [f"f{n}" for n in range(8)]
_INSTANT = pl.Datetime("us", "UTC")


def write(
    folder: Path, *, rows: int, keys: int, skewed: bool = False, spine: int = 100_000
) -> None:
    """Write `spine.parquet` (id, key, at) and `facts.parquet` (key, both instants, f0 to f7).

    Instants spread over a month; half of the facts become available up to a day late. Skewed
    keys follow Zipf's law. The same arguments give the same rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(7)
    chance = 1 / np.arange(1, keys + 1) if skewed else np.ones(keys)
    chance /= chance.sum()
    at = START_US + draw.integers(0, SPAN_US, spine)
    points = {"id": np.arange(spine), "key": draw.choice(keys, spine, p=chance)}
    pl.DataFrame(points | {"at": _instants(at)}).write_parquet(folder / "spine.parquet")
    event = START_US + draw.integers(0, SPAN_US, rows)
    late = draw.integers(0, 86_400_000_000, rows) * draw.integers(0, 2, rows)
    facts = {
        "key": draw.choice(keys, rows, p=chance),
        "event_ts": _instants(event),
        "available_at": _instants(event + late),
    }
    values = {name: draw.random(rows) for name in COLUMNS}
    pl.DataFrame(facts | values).write_parquet(folder / "facts.parquet")


def _instants(microseconds: Any) -> pl.Series:
    return pl.Series(microseconds).cast(_INSTANT)
