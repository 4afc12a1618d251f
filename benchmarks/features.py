"""As-of joins by both clocks against DuckDB, and the demo's feature set for a year."""

import time
from pathlib import Path

import numpy as np
import polars as pl

START_US = 1_735_689_600_000_000  # 2025-01-01T00:00:00Z
SPAN_US = 30 * 86_400_000_000
INSTANT = pl.Datetime("us", "UTC")


def write(
    folder: Path, *, spine: int, rows: int, keys: int, skewed: bool = False, columns: int = 8
) -> None:
    """Write `spine.parquet` (id, key, at) and `facts.parquet` (key, event_ts, available_at, f0...).

    Instants spread over a month; half of the facts become available up to a day late. Skewed
    keys follow Zipf's law. The same arguments give the same rows.
    """
    draw = np.random.default_rng(7)
    chance = 1 / np.arange(1, keys + 1) if skewed else np.ones(keys)
    folder.mkdir(parents=True, exist_ok=True)
    at = START_US + draw.integers(0, SPAN_US, spine)
    chosen = draw.choice(keys, spine, p=chance / chance.sum())
    pl.DataFrame(
        {"id": np.arange(spine), "key": chosen, "at": pl.Series(at).cast(INSTANT)}
    ).write_parquet(folder / "spine.parquet")
    event = START_US + draw.integers(0, SPAN_US, rows)
    late = draw.integers(0, 86_400_000_000, rows) * draw.integers(0, 2, rows)
    facts = {
        "key": draw.choice(keys, rows, p=chance / chance.sum()),
        "event_ts": pl.Series(event).cast(INSTANT),
        "available_at": pl.Series(event + late).cast(INSTANT),
    } | {f"f{n}": draw.random(rows) for n in range(columns)}
    pl.DataFrame(facts).write_parquet(folder / "facts.parquet")
