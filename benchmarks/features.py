"""As-of joins by both clocks against DuckDB, and the demo's feature set for a year."""

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from benchmarks.measure import run
from benchmarks.report import megabytes, table

START_US = 1_735_689_600_000_000  # 2025-01-01T00:00:00Z
SPAN_US = 30 * 86_400_000_000
COLUMNS = [f"f{n}" for n in range(8)]
SIZES: dict[str, dict[str, Any]] = {
    "10,000 keys": {"rows": 1_000_000, "keys": 10_000},
    "100 skewed keys": {"rows": 1_000_000, "keys": 100, "skewed": True},
    "ten times the rows": {"rows": 10_000_000, "keys": 10_000},
}
_TIMES = 3
_INSTANT = pl.Datetime("us", "UTC")
# The fastest of three right formulations: rank the rows, carry the best rank seen, join by it.
_DUCKDB = """
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY event_ts, available_at, {f}) AS rank
    FROM '{folder}/facts.parquet'
), known AS (
    SELECT key, greatest(event_ts, available_at) AS known,
        max(rank) OVER (PARTITION BY key ORDER BY greatest(event_ts, available_at)) AS best
    FROM ranked
), found AS (
    SELECT s.id, s.key, s.at, k.best FROM '{folder}/spine.parquet' AS s
    ASOF LEFT JOIN known AS k ON s.key = k.key AND s.at >= k.known
)
SELECT id, {f} FROM found LEFT JOIN ranked AS r ON r.key = found.key AND r.rank = found.best
"""


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


def as_of(folder: Path) -> str:
    """From Parquet files to rows in memory, every run in a process of its own."""
    rows = []
    for title, size in SIZES.items():
        place = folder / title.replace(" ", "-")
        write(place, **size)
        ours, theirs = ([_run(side, place) for _ in range(_TIMES)] for side in ("ours", "duckdb"))
        assert ours[0]["sums"] == theirs[0]["sums"], (ours[0], theirs[0])
        mine, other = (median(answer["s"] for answer in side) for side in (ours, theirs))
        peak = max(answer["peak"] for answer in ours)
        rows.append((title, mine, other, mine / other, megabytes(peak)))
    return table(["100,000 spine rows against", "ours s", "DuckDB s", "ratio", "our peak"], rows)


def year(folder: Path) -> str:
    """`feature.flight_delay` over the demo's lake, which the demo has to have built."""
    home = _home(folder)
    rows = []
    for title, limit in (("a year at once", 2_000_000), ("in slabs of 50,000 rows", 50_000)):
        found = run([sys.executable, "-m", __name__, "year", str(home), str(limit)])
        rows.append((title, found.answer["s"], found.cpu_s, megabytes(found.peak_bytes)))
    return table(["feature.flight_delay", "seconds", "CPU seconds with start", "peak"], rows)


def _home(folder: Path) -> Path:
    command = [str(Path(sys.executable).with_name("pipeline-platform")), "demo"]
    run(command, {"PIPELINE_PLATFORM_HOME": str(folder)})
    return folder


def _run(side: str, folder: Path) -> dict[str, Any]:
    found = run([sys.executable, "-m", __name__, side, str(folder)])
    return found.answer | {"peak": found.peak_bytes}


def _ours(folder: Path) -> dict[str, Any]:
    from pipeline_platform.contracts.features import AsOf, Feature
    from pipeline_platform.features import kernel

    group = AsOf(
        "serving.facts",
        (("key", "key"),),
        "event_ts",
        "available_at",
        tuple(Feature(name, name) for name in COLUMNS),
    )

    def work() -> pl.DataFrame:
        spine = pl.read_parquet(folder / "spine.parquet").select(
            "id", pl.col("key").alias(kernel.spine_key(0, 0)), pl.col("at").alias(kernel.AT)
        )
        facts = pl.read_parquet(folder / "facts.parquet").select(
            pl.col("key").alias(kernel.source_key(0)),
            pl.col("event_ts").alias(kernel.EVENT),
            pl.col("available_at").alias(kernel.AVAILABLE),
            *(pl.col(name).alias(kernel.source_value(n)) for n, name in enumerate(COLUMNS)),
        )
        return spine.select("id").hstack(kernel.features(spine, [facts], [group]))

    return _timed(work)


def _duckdb(folder: Path) -> dict[str, Any]:
    import duckdb

    connection = duckdb.connect()
    text = _DUCKDB.format(folder=folder, f=", ".join(COLUMNS))
    return _timed(lambda: connection.sql(text).pl())


def _timed(work: Callable[[], pl.DataFrame]) -> dict[str, Any]:
    started = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - started
    ordered = found.sort("id").fill_null(-1.0)
    sums = [round(float((ordered[name] * (ordered["id"] + 1)).sum()), 3) for name in COLUMNS]
    return {"s": seconds, "sums": sums}


def _year(home: Path, limit: int) -> dict[str, Any]:
    from pipeline_platform.contracts.windows import DayWindow
    from pipeline_platform.engine.sail import SailEngine
    from pipeline_platform.features.build import build
    from pipeline_platform.lake.lake import Lake
    from pipeline_platform.settings import prepare_process
    from pipeline_platform_tests.features.flight_delay import FLIGHT_DELAY

    prepare_process("sail")
    window = DayWindow(date(2013, 1, 1), date(2014, 1, 2))
    started = time.perf_counter()
    lake, engine = Lake(home / "lake"), SailEngine()
    built = build(FLIGHT_DELAY, window, engine=engine, lake=lake, slab_rows=limit)
    return {"s": time.perf_counter() - started, "rows": built.rows}


def main(side: str, folder: str, limit: str = "") -> None:
    """Do one side's work and print what it took."""
    place = Path(folder)
    if side == "year":
        print(json.dumps(_year(place, int(limit))))
    else:
        print(json.dumps(_ours(place) if side == "ours" else _duckdb(place)))


if __name__ == "__main__":
    main(*sys.argv[1:])
